import { describe, expect, test } from '@jest/globals';
import { renderJobSummary, wantsSummary } from '../../../src/report/job-summary.ts';
import { laterText } from '../../../src/report/later-summary.ts';
import { FOUND, LONG_PATH, NONE, question, transient } from '../../support/sample-later.ts';
import { makeReport } from '../../support/sample-report.ts';

describe('laterText', () => {
  test('a list: each module with its evidence, below it who answered what', () => {
    expect(laterText({ laterSteps: { ...FOUND, reason: '20 s were over' } })).toEqual([
      'Go began 3 downloads that never came; 2 modules asked for again in 1.2\u00a0s.',
      '',
      'The search ended early: 20 s were over.',
      '',
      '- `example.com/a@v1.0.0` **can be had now**: go began the download at 06:18:03 UTC, and it never came',
      '  - `https://a.example`: the right file',
      '  - `go`: downloaded in 1.2 s',
      `- \`${LONG_PATH}@v1.0.0\` **still cannot be had**: go began the download at 06:18:03 UTC, and it never came`,
      '  - `https://a.example`: the right file',
      '  - `https://b.example` (standby): HTTP status 503, twice, and said `no healthy upstream`',
      '  - `go`: failed: 503',
    ]);
  });

  test('nothing found and not searched are one sentence; undecided is nothing', () => {
    expect(laterText({ laterSteps: NONE })).toEqual([
      'No download failed in this job, as far as the module cache shows.',
    ]);
    expect(laterText({ laterSteps: { ...NONE, status: 'skipped', reason: 'go is missing' } })).toEqual([
      'No search for failed downloads: go is missing.',
    ]);
    expect(laterText({})).toEqual([]);
  });

  test('a great many are bounded', () => {
    const asked = Array.from({ length: 50 }, (_, id) => question(`m.example/${id}`));
    const lines = laterText({ laterSteps: { ...FOUND, asked } });
    expect(lines.filter((line) => line.startsWith('- '))).toHaveLength(20);
  });
});

describe('the summary of a step that diagnoses', () => {
  const report = makeReport({ mode: 'diagnose', laterSteps: FOUND });

  test('has a folded part', () => {
    expect(renderJobSummary(report)).toContain(
      '<details><summary>Later steps</summary>\n\nGo began 3 downloads',
    );
    expect(renderJobSummary(makeReport())).not.toContain('Later steps');
  });

  test('names the modules that a finding has in its evidence only', () => {
    const findings = [transient('example.com/a@v1.0.0', `${LONG_PATH}@v1.0.0`)];
    expect(renderJobSummary({ ...report, findings })).toContain(
      `can be had now:\n  - \`example.com/a@v1.0.0\`\n  - \`${LONG_PATH}@v1.0.0\`\n- **Whose fault:**`,
    );
  });

  test('is written on its own when something was found', () => {
    const { chain } = makeReport();
    const quiet = { ...report, chain: { ...chain, after: chain.before } };
    expect(wantsSummary('auto', quiet, { failed: false })).toBe(true);
    expect(wantsSummary('auto', { ...quiet, laterSteps: NONE }, { failed: false })).toBe(false);
  });
});
