import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MATCHER_OWNERS, matcherFile, removeMatchers } from '../../../src/runner/matchers.ts';
import type { MatcherFile } from '../../support/issue-matchers.ts';
import { MatcherJob } from '../../support/matcher-job.ts';

const COMMITTED = matcherFile('dist/index.js');

test('the owners that post removes are those of the file', () => {
  const { problemMatcher }: MatcherFile = JSON.parse(readFileSync(COMMITTED, 'utf8'));
  expect(problemMatcher.map(({ owner }) => owner)).toEqual(MATCHER_OWNERS);
});

test('removing leaves the matchers of others, and may come when there are none', () => {
  const lines: string[] = [];
  removeMatchers((line) => lines.push(line));
  const job = new MatcherJob();
  job.add({ problemMatcher: [{ owner: 'go', pattern: [{ regexp: '(a)', message: 1 }] }] });
  job.add(JSON.parse(readFileSync(COMMITTED, 'utf8')));
  for (const _time of ['once', 'again']) {
    expect(job.read(lines.join('\n'))).toEqual([]);
    expect(job.owners).toEqual(['go']);
  }
  expect(job.failedCommands).toEqual([]);
});

test('what cannot be written is no error', () => {
  expect(() =>
    removeMatchers(() => {
      throw new Error('EPIPE');
    }),
  ).not.toThrow();
});
