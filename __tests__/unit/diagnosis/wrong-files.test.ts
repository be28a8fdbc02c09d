import { describe, expect, test } from '@jest/globals';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';
import { describeFate, fateOfWrong, type WrongFate } from '../../../src/diagnosis/wrong-files.ts';
import type { PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import {
  answered,
  failed,
  leftToGo,
  PROXY_A,
  placed,
  ran,
  wantedFile,
} from '../../support/sample-prefetch.ts';

const REFUSED = { modcache: { code: 'modcache-read-only', message: 'read-only' } } as const;

test.each<[string, PrefetchOutcome, Partial<WrongFate>]>([
  ['placed', ran([placed('m.example/x')]), { replaced: 1 }],
  ['failed', ran([failed('m.example/x', 'infrastructure')]), { removed: 1 }],
  ['left to go', ran([leftToGo('m.example/x')]), { removed: 1 }],
  ['not begun', ran([failed('m.example/x', 'cancelled', { why: 'timeout' })]), { removed: 1 }],
  ['not removed', ran([failed('m.example/x', 'local', REFUSED)]), { left: 1 }],
  [
    'removed, and the new one not taken',
    ran([failed('m.example/x', 'local', { ...REFUSED, attempts: [answered(PROXY_A, 200, 'fetched')] })]),
    { removed: 1 },
  ],
  ['of another module', ran([placed('m.example/y')]), { left: 1 }],
  ['skipped', { kind: 'skipped', reason: 'x' }, { left: 1, leftBy: 'not-fetched' }],
  ['impossible', { kind: 'impossible', reason: 'x' }, { left: 1, leftBy: 'not-fetched' }],
])('a wrong file: %s', (_name, outcome, expected) => {
  expect(fateOfWrong([wantedFile('m.example/x')], outcome)).toEqual({
    ...{ replaced: 0, removed: 0, left: 0, leftBy: 'unwritable' },
    ...expected,
  });
});

test.each<[string, PrefetchOutcome, Partial<WrongFate>]>([
  [
    'nothing was left to fetch',
    { kind: 'skipped', reason: 'x' },
    { replaced: 1, left: 1, leftBy: 'not-fetched' },
  ],
  ['the other was fetched', ran([placed('m.example/y')]), { replaced: 2 }],
  ['the other failed', ran([failed('m.example/y', 'infrastructure')]), { replaced: 1, removed: 1 }],
])('a wrong file that was restored is replaced: %s', (_name, outcome, expected) => {
  const wrong = [wantedFile('m.example/x'), wantedFile('m.example/y')];
  expect(fateOfWrong(wrong, outcome, new Set(['m.example/x@v1.0.0 .zip']))).toEqual({
    ...{ replaced: 0, removed: 0, left: 0, leftBy: 'unwritable' },
    ...expected,
  });
});

describe('in words', () => {
  const none: WrongFate = { replaced: 0, removed: 0, left: 0, leftBy: 'not-fetched' };
  test.each<[Partial<WrongFate>, string]>([
    [{}, ''],
    [{ replaced: 1 }, 'replaced by a verified one'],
    [{ replaced: 2 }, 'replaced by verified ones'],
    [{ removed: 1 }, 'removed and could not be fetched'],
    [{ left: 2 }, 'left as they are, for nothing was fetched'],
    [{ left: 1, leftBy: 'unwritable' }, 'left as it is, for the module cache could not be written'],
    [
      { replaced: 3, removed: 1, left: 1 },
      '3 replaced by verified ones, 1 removed and could not be fetched, 1 left as it is, for nothing was fetched',
    ],
  ])('%j: %s', (fate, text) => {
    expect(describeFate({ ...none, ...fate })).toBe(text);
  });

  test('the finding about the module cache says it', () => {
    const facts = { wrongFiles: ['x'], sumdbWarnings: [] };
    const [finding] = findingsOfSetting({ ...facts, wrongFate: { ...none, replaced: 1 } });
    expect(finding?.consequence).toBe('replaced by a verified one');
    expect(findingsOfSetting(facts)[0]).not.toHaveProperty('consequence');
  });
});
