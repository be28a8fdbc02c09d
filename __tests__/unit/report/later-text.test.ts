import { describe, expect, test } from '@jest/globals';
import { boundLater, laterLine, laterLines } from '../../../src/report/later-text.ts';
import { logSections } from '../../../src/report/log-text.ts';
import { ATTACKS } from '../../support/inert.ts';
import { BAD, FOUND, LONG_PATH, NONE, question } from '../../support/sample-later.ts';
import { makeReport } from '../../support/sample-report.ts';

describe('the log about later steps', () => {
  test('one group with a line for the whole and one a module: who answered what, and what go said', () => {
    const groups = logSections(makeReport({ laterSteps: FOUND }));
    expect(groups.map(({ title }) => title).slice(-2)).toEqual(['Later steps', 'Hosts contacted and time']);
    expect(groups.at(-2)?.lines).toEqual([
      'go began 3 downloads that never came; 2 modules asked for again in 1.2 s',
      'example.com/a@v1.0.0 (go began the download at 06:18:03 UTC, and it never came) can be had now: https://a.example: the right file; go: downloaded in 1.2 s',
      `${LONG_PATH}@v1.0.0 (go began the download at 06:18:03 UTC, and it never came) still cannot be had: https://a.example: the right file; https://b.example (standby): HTTP status 503, twice; go: failed: 503`,
    ]);
  });

  test('a module that nobody may be asked for is told as that; why the search ended early is said', () => {
    const { go: _go, ...unasked } = question('example.com/p', { answers: [], isThere: false });
    expect(laterLines({ laterSteps: { ...FOUND, asked: [unasked], reason: '20 s were over' } })).toEqual([
      'go began 3 downloads that never came; 1 module asked for again in 1.2 s; the search ended early: 20 s were over',
      'example.com/p@v1.0.0 (go began the download at 06:18:03 UTC, and it never came) nobody could be asked',
    ]);
  });

  test('without traces, and without questions', () => {
    expect(laterLines({ laterSteps: { ...FOUND, traces: 0, asked: [] } })).toEqual([
      'nothing could be asked for again',
    ]);
  });

  test('outside of any group: nothing found, or why nothing was searched', () => {
    const line = 'no download failed in this job, as far as the module cache shows';
    expect(laterLine({ laterSteps: NONE })).toBe(line);
    expect(laterLine({ laterSteps: { ...NONE, reason: 'x' } })).toBe(`${line}; the search ended early: x`);
    expect(laterLine({ laterSteps: { ...NONE, status: 'skipped', reason: 'the job was cancelled' } })).toBe(
      'no search for failed downloads: the job was cancelled',
    );
    expect(laterLine({ laterSteps: FOUND })).toBeUndefined();
    expect(laterLine({})).toBeUndefined();
    expect(laterLines({ laterSteps: NONE })).toEqual([]);
    expect(laterLines({})).toEqual([]);
  });

  test.each(ATTACKS)('foreign text is inert: %j', (evil) => {
    const answers = [{ ...BAD, proxy: evil, answer: evil, body: evil }];
    const asked = [question(evil, { version: evil, evidence: evil, go: evil, answers })];
    const lines = laterLines({ laterSteps: { ...FOUND, reason: evil, asked } });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).not.toMatch(/::|##\[|[\r\n\x00-\x1f\u202a-\u202e\u2028]/);
  });
});

test('at most 20 modules, and 10 answers to each', () => {
  const asked = Array.from({ length: 30 }, () => question('m.example/x', { answers: Array(12).fill(BAD) }));
  const bounded = boundLater({ ...FOUND, asked });
  expect(bounded.asked).toHaveLength(20);
  expect(bounded.asked[0]?.answers).toHaveLength(10);
  expect(bounded).toMatchObject({ status: 'found', traces: 3, ms: 1240 });
});
