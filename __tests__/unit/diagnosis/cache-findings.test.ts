import { describe, expect, test } from '@jest/globals';
import {
  CACHE_ENTRIES,
  findingsOfCache,
  restoredNames,
  restoreUnverified,
} from '../../../src/diagnosis/cache-findings.ts';
import type { RestoreOutcome } from '../../../src/modcache/restore-outcome.ts';
import type { PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import { annotate } from '../../../src/report/annotations.ts';
import { KEY, restored, wrongEntry } from '../../support/sample-cache.ts';
import { failed, placed, ran, wantedFile } from '../../support/sample-prefetch.ts';

const SKIPPED: PrefetchOutcome = { kind: 'skipped', reason: 'x' };
const ONE = restored([], { archive: { wrong: [wrongEntry('m.example/x')] } });
const TWO = restored([], { archive: { wrong: [wrongEntry('m.example/x'), wrongEntry('m.example/y')] } });

describe('a poisoned archive', () => {
  test('is a failure of integrity, and names file, hashes and key, and how to be rid of it', () => {
    const [finding, ...rest] = findingsOfCache({ restore: ONE, prefetch: SKIPPED });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      ...{ id: 'cache-poisoned', class: 'integrity', severity: 'failure', rerunHelps: 'no', subject: '' },
      evidence: [
        'the zip file of m.example/x@v1.0.0 has the hash h1:a, go.sum allows h1:b',
        `archive: ${KEY.primary}`,
      ],
      copy: [`gh cache delete ${KEY.primary}`],
    });
    expect(annotate([finding!])).toMatchObject([
      { level: 'error', message: expect.stringContaining(`gh cache delete ${KEY.primary}`) },
    ]);
  });

  test.each<[string, RestoreOutcome, PrefetchOutcome, string]>([
    ['fetched', ONE, ran([placed('m.example/x')]), 'not placed, but fetched again and verified'],
    [
      'all fetched',
      TWO,
      ran([placed('m.example/x'), placed('m.example/y')]),
      'not placed, but fetched again and verified',
    ],
    [
      'some fetched',
      TWO,
      ran([placed('m.example/x'), failed('m.example/y', 'infrastructure')]),
      'not placed; 1 fetched again and verified, 1 could not be fetched',
    ],
    ['failed', ONE, ran([failed('m.example/x', 'infrastructure')]), 'not placed, and not fetched either'],
    ['others came', ONE, ran([placed('m.example/z')]), 'not placed, and not fetched either'],
    [
      'all failed',
      TWO,
      ran([failed('m.example/x', 'not-found')]),
      'not placed, and not fetched, so go asks for them when it needs them',
    ],
    ['skipped', ONE, SKIPPED, 'not placed, and nothing was fetched: go asks for it when it needs it'],
    [
      'impossible',
      TWO,
      { kind: 'impossible', reason: 'x' },
      'not placed, and nothing was fetched: go asks for them when it needs them',
    ],
  ])('what became of its files: %s', (_name, restore, prefetch, consequence) => {
    expect(findingsOfCache({ restore, prefetch })[0]?.consequence).toBe(consequence);
  });

  const prefixed = `${KEY.prefix}${'0'.repeat(64)}`;
  test.each<[string, string, boolean, readonly string[] | undefined]>([
    ['exact: in our own words', KEY.primary.toLowerCase(), true, [`gh cache delete ${KEY.primary}`]],
    ['a prefix match: as it is', prefixed, false, [`gh cache delete ${prefixed}`]],
    ['made up', `${KEY.prefix}$(rm -rf ~)`, false, undefined],
    ['a flag', '--all', false, undefined],
    ['two lines', `${prefixed}\nrm`, false, undefined],
    ['endless', `${KEY.prefix}${'0'.repeat(400)}`, false, undefined],
  ])('the key to delete, %s', (_name, matchedKey, isExact, copy) => {
    const [finding] = findingsOfCache({ restore: { ...ONE, matchedKey, isExact }, prefetch: SKIPPED });
    expect(finding?.copy).toEqual(copy);
  });

  test('a great many files are counted, and the archive still named', () => {
    const wrong = Array.from({ length: 40 }, (_, id) => wrongEntry(`m.example/${id}`));
    const [finding] = findingsOfCache({ restore: restored([], { archive: { wrong } }), prefetch: SKIPPED });
    expect(finding?.evidence).toHaveLength(17);
    expect(finding?.evidence.slice(-2)).toEqual(['and 25 more files', `archive: ${KEY.primary}`]);
  });
});

const CLEAN = restored([wantedFile('m.example/x')]);
test.each<[string, RestoreOutcome, boolean]>([
  ['a wrong file', ONE, true],
  ['none', CLEAN, false],
  ['skipped', { kind: 'skipped', reason: '' }, false],
  ['a miss', { kind: 'miss', key: KEY, hosts: [] }, false],
  ['trouble', { kind: 'trouble', hosts: [], key: KEY, reason: '' }, false],
])('unverified, %s: %s', (_name, outcome, expected) => {
  expect(restoreUnverified(outcome)).toBe(expected);
  expect(findingsOfCache({ restore: outcome, prefetch: SKIPPED })).toHaveLength(expected ? 1 : 0);
});

test('what was restored, by name', () => {
  expect([...restoredNames(CLEAN)]).toEqual(['m.example/x@v1.0.0 .zip']);
  expect(restoredNames(ONE).size).toBe(0);
  expect(restoredNames({ kind: 'miss', key: KEY, hosts: [] }).size).toBe(0);
});

test.each([
  [1, '1 module was extracted before this action ran, and go uses its files unchecked'],
  [128, '128 modules were extracted before this action ran, and go uses their files unchecked'],
])('%d extracted trees are a notice with the lines to copy', (extractedTrees, title) => {
  const [finding] = findingsOfCache({ restore: CLEAN, prefetch: SKIPPED, extractedTrees });
  expect(finding).toMatchObject({
    ...{ id: 'extracted-trees', severity: 'notice', title },
    copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod, cache: false } }'],
  });
});

test('no extracted trees are no finding', () => {
  expect(findingsOfCache({ restore: CLEAN, prefetch: SKIPPED, extractedTrees: 0 })).toEqual([]);
});

test.each(Object.entries(CACHE_ENTRIES))('%s says what, who and what to do', (id, entry) => {
  expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  expect(entry.title).toMatch(/[^.]$/);
  expect(entry.title.length).toBeLessThan(110);
  expect(entry.remedy).toMatch(/^[^{}]*\.$/);
});
