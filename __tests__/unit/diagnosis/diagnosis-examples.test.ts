import { describe, expect, test } from '@jest/globals';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import { diagnoseLog } from '../../../src/diagnosis/log-diagnosis.ts';
import { patternsOf } from '../../../src/diagnosis/recognition.ts';
import { renderDiagnoses } from '../../support/diagnoses-doc.ts';
import { LOG_EXAMPLES } from '../../support/diagnosis-example-logs.ts';
import { annotationText, exampleIds, examplesOf } from '../../support/diagnosis-examples.ts';

const ids: readonly string[] = catalogue().map(({ id }) => id);

describe('the examples of docs/diagnoses.md', () => {
  test('each id has one that is recognised, and no example is of an unknown id', () => {
    expect(renderDiagnoses().problems).toEqual([]);
    expect(exampleIds().filter((id) => !ids.includes(id))).toEqual([]);
  });

  test.each(ids)('%s is one annotation in each example, and says in what', (id) => {
    for (const { findings } of examplesOf(id)) {
      const titles = annotationText(findings).filter((line) => line.includes(`setup-goproxy: ${id}`));
      expect(titles).toHaveLength(1);
    }
  });

  test('each id of a pattern has an example of a log', () => {
    expect(ids.filter((id) => patternsOf(id).length > 0 && LOG_EXAMPLES[id] === undefined)).toEqual([]);
  });

  test.each(Object.entries(LOG_EXAMPLES))('what is written for %s is nothing else', (id, lines) => {
    expect(diagnoseLog(lines).map((one) => one.id)).toEqual([id]);
  });

  test('hosts and modules of the examples are nobody’s', () => {
    const { text } = renderDiagnoses();
    const hosts = [
      ...text.matchAll(/https?:\/\/(?:[^@/\s`'"]*@)?([a-z0-9.-]+\.[a-z]+)(?![a-z.]*\u2026)/g),
    ].map(([, host]) => host);
    const known = [
      /\.example$/,
      /^(?:sum|proxy)\.golang\.org$/,
      /^(?:golang\.org|github\.com|goproxy\.cn|gocenter\.io)$/,
    ];
    expect(hosts.filter((host) => !known.some((one) => one.test(host ?? '')))).toEqual([]);
  });
});
