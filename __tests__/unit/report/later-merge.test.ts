import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { type LaterAddition, withLaterSteps } from '../../../src/report/later-merge.ts';
import { makeRedactor } from '../../../src/report/redaction.ts';
import type { Report } from '../../../src/report/report.ts';
import { renderReportJson } from '../../../src/report/report-json.ts';
import { ATTACKS } from '../../support/inert.ts';
import { FOUND, NONE, NOT_FOUND, question, transient } from '../../support/sample-later.ts';
import { makeReport, probed, unhealthy } from '../../support/sample-report.ts';

const schema = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));
const isValid = new Ajv({ strict: true, allErrors: true }).compile(schema);
/** Without the userinfo that only a test has in it. */
const PLAN: Report['plan'] = { ...makeReport().plan, skipped: [] };
const ADDITION: LaterAddition = { laterSteps: FOUND, findings: [transient('example.com/a@v1.0.0')] };

function written(changes: Partial<Report> = {}): string {
  return renderReportJson(makeReport(changes), (text) => text);
}

function merged(text: string, addition: LaterAddition = ADDITION): Report {
  const result = withLaterSteps(text, addition) ?? '';
  const report: Report = JSON.parse(result);
  isValid(report);
  expect(isValid.errors).toBeNull();
  return report;
}

describe('withLaterSteps', () => {
  test('adds what was found, where a report has it, and leaves the rest as it was', () => {
    const hosts = ['fast.example', 'later.example'];
    const report = merged(written({ plan: PLAN, secondUse: 'x' }), { ...ADDITION, hosts });
    const { laterSteps, ...rest } = report;
    expect(laterSteps).toEqual(FOUND);
    expect(rest).toEqual({
      ...makeReport({ plan: PLAN, secondUse: 'x' }),
      hosts: ['fast.example', 'broken.example', 'later.example'],
      findings: ADDITION.findings,
      failureClass: 'infrastructure',
    });
    const names = Object.keys(report);
    expect(names.indexOf('laterSteps')).toBe(names.indexOf('secondUse') - 1);
  });

  test('the class is that of all findings, whatever stood there', () => {
    const findings = findingsOfProbe([probed('https://a.example', unhealthy('truncated'))]);
    const text = written({ findings, failureClass: 'integrity' });
    expect(merged(text).failureClass).toBe('infrastructure');
    expect(merged(text, { laterSteps: FOUND, findings: [NOT_FOUND] }).failureClass).toBe('not-found');
    expect(merged(written(), { laterSteps: NONE, findings: [] }).failureClass).toBe('none');
  });

  test('a finding of both steps stands there once; a second merge replaces the first', () => {
    const text = written({ findings: [NOT_FOUND] });
    const again = { ...NOT_FOUND, evidence: ['later'] };
    const { findings } = merged(text, { laterSteps: FOUND, findings: [again, ...ADDITION.findings] });
    expect(findings).toEqual([NOT_FOUND, ...ADDITION.findings]);
    const twice = merged(withLaterSteps(text, ADDITION) ?? '', { ...ADDITION, laterSteps: NONE });
    expect(twice.laterSteps).toEqual(NONE);
    expect(twice.findings).toHaveLength(2);
  });

  test('more modules than a report holds are cut', () => {
    const asked = Array.from({ length: 30 }, (_, id) => question(`m.example/${id}`));
    expect(
      merged(written(), { ...ADDITION, laterSteps: { ...FOUND, asked } }).laterSteps?.asked,
    ).toHaveLength(20);
  });

  test('what is added is redacted, and what stood there too', () => {
    const { redact } = makeRedactor([{ password: 'canary-pass' }]);
    const laterSteps = { ...FOUND, reason: 'https://u:canary-pass@h/x?canary' };
    const text = withLaterSteps(written({ notes: ['canary-pass'] }), { ...ADDITION, laterSteps }, redact);
    expect(text).toContain('***');
    expect(text).not.toContain('canary');
    expect(withLaterSteps(written(), { ...ADDITION, laterSteps })).not.toContain('canary');
  });

  test.each(ATTACKS)('whoever wrote the file, the result is inert: %j', (evil) => {
    const text = JSON.stringify(makeReport({ notes: [evil], secondUse: evil, hosts: [evil] }));
    const laterSteps = { ...FOUND, reason: evil };
    const result = withLaterSteps(text, { laterSteps, findings: [{ ...NOT_FOUND, title: evil }] }) ?? '';
    expect(result).toContain('laterSteps');
    expect(result).not.toMatch(/::|##\[|[\r\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028]/);
  });

  const report = makeReport();
  test.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{"schema":1'],
    ['no object', '1'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['an object of somebody else', '{}'],
    ['another schema', JSON.stringify({ ...report, schema: 2 })],
    ['a schema that is a text', JSON.stringify({ ...report, schema: '1' })],
    ['the schema alone', '{"schema":1}'],
    ['a property that we do not write', JSON.stringify({ ...report, extra: 1 })],
    ['a property of another kind', JSON.stringify({ ...report, chain: [] })],
    ['a list of another kind', JSON.stringify({ ...report, notes: {} })],
    ['no findings', JSON.stringify({ ...report, findings: undefined })],
    ['findings that are none', JSON.stringify({ ...report, findings: [null] })],
    ['a severity that is none', JSON.stringify({ ...report, findings: [{ ...NOT_FOUND, severity: 'x' }] })],
    ['a class that is none', JSON.stringify({ ...report, findings: [{ ...NOT_FOUND, class: 'none' }] })],
    ['a finding without id', JSON.stringify({ ...report, findings: [{ ...NOT_FOUND, id: undefined }] })],
    ['a finding without subject', JSON.stringify({ ...report, findings: [{ ...NOT_FOUND, subject: 1 }] })],
    ['hosts that are no texts', JSON.stringify({ ...report, hosts: [{}] })],
    ['a name that is a command', JSON.stringify({ ...report, go: { '::error::x': 1 } })],
    ['a prototype', JSON.stringify(report).replace('{"version"', '{"__proto__":{},"version"')],
    [
      'a bottomless depth',
      JSON.stringify(report).replace('"notes":[', `"notes":[${'['.repeat(1e6)}${']'.repeat(1e6)},`),
    ],
    ['a great depth', JSON.stringify({ ...report, notes: [JSON.parse('['.repeat(50) + ']'.repeat(50))] })],
    ['what indentation makes too large', JSON.stringify({ ...report, notes: Array(1_500_000).fill(0) })],
  ])('is undefined for %s', (_name, text) => {
    expect(withLaterSteps(text, ADDITION)).toBeUndefined();
  });
});
