import { describe, expect, test } from '@jest/globals';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import { CAUSES } from '../../../src/diagnosis/cause-table.ts';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';
import type { Cause, Verdict } from '../../../src/proxy/verdict.ts';
import { probed, unhealthy } from '../../support/sample-report.ts';

const ids: readonly string[] = catalogue().map(({ id }) => id);
const BASE = 'https://a.example';

describe('the catalogue of diagnoses', () => {
  test('has each id once, and a meaning for each', () => {
    expect(new Set(ids).size).toBe(ids.length);
    for (const { meaning } of catalogue()) expect(meaning).toMatch(/\.$/);
  });

  test('has every id that a finding can have', () => {
    const unknown = (['unauthorized', 'forbidden', 'login-required', 'not-found'] as const).map(
      (reason): Verdict => ({ kind: 'unknown', reason, status: 401, phases: {} }),
    );
    const verdicts = [
      ...(Object.keys(CAUSES) as Cause[]).map((cause) => unhealthy(cause)),
      ...[403, 429, 451, 500].map((status) => unhealthy('http-status', { status })),
      ...unknown,
    ];
    const findings = [
      ...verdicts.flatMap((verdict) => findingsOfProbe([probed(BASE, verdict)])),
      ...findingsOfSetting({
        wrongFiles: ['a'],
        inheritedWarning: 'b.',
        standbyNotice: 'c.',
        sumdbWarnings: ['d.'],
      }),
    ];
    expect(new Set(findings.map(({ id }) => id))).toEqual(new Set(ids));
  });
});
