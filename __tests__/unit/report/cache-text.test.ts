import { describe, expect, test } from '@jest/globals';
import type { RestoreOutcome } from '../../../src/modcache/restore-outcome.ts';
import { cacheFacts } from '../../../src/report/cache-facts.ts';
import { cacheLines, saveLines } from '../../../src/report/cache-text.ts';
import { sectionsBeforeFetch } from '../../../src/report/log-text.ts';
import { KEY, restored, wrongEntry } from '../../support/sample-cache.ts';
import { wantedFile } from '../../support/sample-prefetch.ts';
import { makeReport } from '../../support/sample-report.ts';

const lines = (outcome: RestoreOutcome) => cacheLines({ cache: cacheFacts(outcome) });
const EVIL = 'x\r::error::y\n##[add-mask]z\x1b[31m\u202e https://evil.example';
const FILES = [wantedFile('m.example/x'), wantedFile('m.example/x', 'mod')];
const KEY_LINES = [
  `key: ${KEY.primary}`,
  '  layout: setup-goproxy-v1',
  '  cache-suffix: api',
  '  hash lines: 2, of 1 module',
  '  private modules left out: 1',
  '  no OS, architecture or Go version',
];

test('an exact match: what came, the key and every ingredient', () => {
  expect(lines(restored(FILES))).toEqual([
    'cache restored: exact match, 2 files of 1 module (2 kB) from an archive of 97.0 MB in 1.4 s',
    ...KEY_LINES,
    'entries of the archive: 2; skipped: none',
  ]);
});

test('what was skipped, cut short and wrong is told', () => {
  const archive = {
    refused: new Map([
      ['foreign-name', 12],
      ['not-a-file', 1],
      ['duplicate', 2],
      ['too-large', 3],
    ] as const),
    entries: 20,
    wrong: [wrongEntry('m.example/y')],
  };
  const outcome = restored(FILES, { archive, isExact: false, matchedKey: 'old', cutShort: 'it broke off' });
  const told = lines(outcome);
  expect(told[0]).toMatch(/^cache restored: prefix match, /);
  expect(told.slice(7)).toEqual([
    'matched: old',
    'entries of the archive: 20; skipped: 12 not wanted here, 1 no regular file, 2 of a name that came before, 3 too large',
    'the rest of the archive was not read: it broke off',
    'wrong, and not placed: 1 file',
    '  m.example/y@v1.0.0 .zip',
  ]);
});

test('a great many wrong files are counted', () => {
  const wrong = Array.from({ length: 130 }, (_, id) => wrongEntry(`m.example/${id}`));
  const told = lines(restored([], { archive: { wrong } }));
  expect(told).toContain('wrong, and not placed: 130 files');
  expect(told.at(-1)).toBe('  and 30 more');
  expect(told.filter((line) => line.endsWith('.zip'))).toHaveLength(100);
});

test.each<[string, RestoreOutcome, readonly string[]]>([
  ['skipped', { kind: 'skipped', reason: 'nothing is wanted' }, ['cache not restored: nothing is wanted']],
  [
    'a miss',
    { kind: 'miss', hosts: [], key: KEY },
    ['cache not restored: no archive has this key, or begins like it', ...KEY_LINES],
  ],
  [
    'trouble',
    { kind: 'trouble', hosts: [], key: KEY, reason: 'it answered 503', matchedKey: 'old' },
    ['cache not restored: it answered 503', ...KEY_LINES, 'matched: old'],
  ],
])('%s says why, and what was looked for', (_name, outcome, expected) => {
  expect(lines(outcome)).toEqual(expected);
});

test('an empty suffix is said', () => {
  const key = { ...KEY, ingredients: { ...KEY.ingredients, suffix: '' } };
  expect(lines({ kind: 'miss', hosts: [], key })).toContain('  cache-suffix: (empty)');
});

describe('extracted trees', () => {
  test('are told with the advice, alone too', () => {
    expect(cacheLines({ extractedTrees: 128 })).toEqual([
      '128 modules were extracted before this action ran, and go uses their files unchecked; setup-go restores them unless it has `cache: false`',
    ]);
    expect(
      cacheLines({ cache: cacheFacts({ kind: 'miss', hosts: [], key: KEY }), extractedTrees: 1 }).at(-1),
    ).toMatch(/^1 module was extracted .* go uses its files/);
  });

  test('none are no line', () => {
    expect(cacheLines({ extractedTrees: 0 })).toEqual([]);
    expect(cacheLines({})).toEqual([]);
  });
});

test('the group is the last before the prefetch', () => {
  const report = makeReport({ cache: cacheFacts(restored(FILES)), extractedTrees: 2 });
  const last = sectionsBeforeFetch(report).at(-1);
  expect(last?.title).toBe('Module cache');
  expect(last?.lines).toEqual(cacheLines(report));
});

describe('saving', () => {
  test('what was saved, under which key', () => {
    const saved = {
      kind: 'saved',
      key: KEY.primary,
      files: 635,
      bytes: 96_200_000,
      elapsedMs: 2100,
    } as const;
    expect(saveLines(saved)).toEqual([`cache saved: 635 files, 96.2 MB, in 2.1 s, key ${KEY.primary}`]);
  });

  test('why not', () => {
    expect(saveLines({ kind: 'not-saved', reason: 'a pull request' })).toEqual([
      'cache not saved: a pull request',
    ]);
  });
});

test('every line is inert', () => {
  const key = {
    primary: EVIL,
    prefix: EVIL,
    ingredients: { ...KEY.ingredients, suffix: EVIL },
  };
  const hostile = { key, matchedKey: EVIL, cutShort: EVIL };
  const told = [
    ...lines(restored([], { ...hostile, isExact: false, archive: { wrong: [wrongEntry(EVIL)] } })),
    ...lines({ kind: 'trouble', hosts: [], ...hostile, reason: EVIL }),
    ...lines({ kind: 'skipped', reason: EVIL }),
    ...saveLines({ kind: 'not-saved', reason: EVIL }),
    ...saveLines({ kind: 'saved', key: EVIL, files: 1, bytes: 1, elapsedMs: 1 }),
  ];
  expect(told.filter((line) => line.includes('evil')).length).toBeGreaterThan(9);
  for (const line of told) expect(line).not.toMatch(/[\r\n\x1b\u202e]|::|##\[|https:\/\/evil/);
});
