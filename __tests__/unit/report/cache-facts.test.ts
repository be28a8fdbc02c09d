import { expect, test } from '@jest/globals';
import type { RestoreOutcome } from '../../../src/modcache/restore-outcome.ts';
import { cacheFacts } from '../../../src/report/cache-facts.ts';
import { KEY, restored, wrongEntry } from '../../support/sample-cache.ts';
import { wantedFile } from '../../support/sample-prefetch.ts';

const NOTHING = {
  ...{ exact: false, modules: 0, files: 0, bytes: 0, archiveBytes: 0, ms: 0, entries: 0 },
  refused: { 'foreign-name': 0, 'not-a-file': 0, duplicate: 0, 'too-large': 0 },
  ...{ wrong: [], moreWrong: 0 },
};
const MADE = {
  primaryKey: KEY.primary,
  ingredients: { format: 'setup-goproxy-v1', suffix: 'api', lines: 2, modules: 1, privateModules: 1 },
};

test.each<[string, RestoreOutcome, object]>([
  ['skipped', { kind: 'skipped', reason: 'x' }, { status: 'skipped', reason: 'x' }],
  [
    'skipped with a key',
    { kind: 'skipped', key: KEY, reason: 'x' },
    { status: 'skipped', reason: 'x', ...MADE },
  ],
  [
    'a miss',
    { kind: 'miss', key: KEY, hosts: [] },
    { status: 'miss', reason: 'no archive has this key, or begins like it', ...MADE },
  ],
  [
    'trouble',
    { kind: 'trouble', hosts: [], key: KEY, reason: 'x' },
    { status: 'trouble', reason: 'x', ...MADE },
  ],
  [
    'trouble with what matched',
    { kind: 'trouble', hosts: [], key: KEY, reason: 'x', matchedKey: 'y' },
    { status: 'trouble', reason: 'x', matchedKey: 'y', ...MADE },
  ],
])('%s brings nothing', (_name, outcome, expected) => {
  expect(cacheFacts(outcome)).toEqual({ ...NOTHING, ...expected });
});

test('what was restored is counted, modules once', () => {
  const files = [
    wantedFile('m.example/x'),
    wantedFile('m.example/x', 'mod'),
    wantedFile('m.example/x@v1.1.0', 'mod'),
  ];
  const archive = {
    refused: new Map([
      ['foreign-name', 3],
      ['too-large', 1],
    ] as const),
    entries: 8,
    wrong: [wrongEntry('m.example/y'), wrongEntry('m.example/z', 'info')],
  };
  const outcome = restored(files, { archive, isExact: false, matchedKey: 'old', cutShort: 'it broke off' });
  expect(cacheFacts(outcome)).toEqual({
    status: 'restored',
    ...MADE,
    ...{ matchedKey: 'old', exact: false, modules: 2, files: 3, bytes: 3000, archiveBytes: 97_000_000 },
    ...{ ms: 1400, entries: 8, cutShort: 'it broke off' },
    refused: { 'foreign-name': 3, 'not-a-file': 0, duplicate: 0, 'too-large': 1 },
    wrong: ['m.example/y@v1.0.0 .zip', 'm.example/z@v1.0.0 .info'],
    moreWrong: 0,
  });
  expect(cacheFacts(restored(files))).not.toHaveProperty('cutShort');
});

test('an exact match is one; the format of a key without suffix is the same', () => {
  const key = { ...KEY, prefix: 'setup-goproxy-v1--', ingredients: { ...KEY.ingredients, suffix: '' } };
  const facts = cacheFacts(restored([], { key }));
  expect(facts.exact).toBe(true);
  expect(facts.ingredients?.format).toBe('setup-goproxy-v1');
});

test('a great many wrong files are counted', () => {
  const wrong = Array.from({ length: 130 }, (_, id) => wrongEntry(`m.example/${id}`));
  const facts = cacheFacts(restored([], { archive: { wrong } }));
  expect([facts.wrong.length, facts.moreWrong]).toEqual([100, 30]);
});
