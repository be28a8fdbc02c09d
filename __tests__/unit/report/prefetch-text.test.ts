import { describe, expect, test } from '@jest/globals';
import type { FileResult, PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import { logSections, sectionsAfterFetch, sectionsBeforeFetch } from '../../../src/report/log-text.ts';
import { prefetchFacts } from '../../../src/report/prefetch-facts.ts';
import { prefetchLines } from '../../../src/report/prefetch-text.ts';
import {
  answered,
  attempt,
  failed,
  failure,
  leftToGo,
  PROXY_A,
  PROXY_B,
  placed,
  ran,
  tally,
  wrongHash,
} from '../../support/sample-prefetch.ts';
import { makeCandidate, makeReport } from '../../support/sample-report.ts';

const lines = (outcome: PrefetchOutcome) => prefetchLines({ prefetch: prefetchFacts(outcome) });
const STANDBY = makeCandidate('https://s.example', 7, 'standby');

test('one line tells all of a good run', () => {
  const files = [placed('m.example/x', 1_000_000), placed('m.example/y', 200_000)];
  const tallies = [tally(PROXY_A, { fetched: 2 }), tally(STANDBY, { fetched: 1, failed: 1, notFound: 3 })];
  expect(lines(ran(files, { tallies, requests: 7 }))).toEqual([
    'fetched 2 modules (2 files, 1.2 MB) in 1.2 s (1.0 MB/s), 7 requests: https://a.example 2 files; https://s.example (standby) 1 file, 3 not found, 1 failed attempt',
  ]);
});

test('what the probe had brought is counted', () => {
  expect(lines(ran([placed('m.example/x', 9, true)], { tallies: [] }))).toEqual([
    'fetched 1 module (1 file, 9 B) in 1.2 s, 1 request',
    '1 zip of them had come with the probe',
  ]);
});

describe('a failed file', () => {
  test.each<[string, Extract<FileResult, { kind: 'failed' }>, readonly string[]]>([
    [
      'every proxy and its answer, and what it said',
      failed('m.example/x@v1.2.0', 'infrastructure', {
        attempts: [
          answered(PROXY_A, 503, 'infrastructure', 'come later'),
          answered(PROXY_A, 503, 'infrastructure'),
          wrongHash(STANDBY),
        ],
      }),
      [
        '  m.example/x@v1.2.0 .zip: https://a.example: HTTP status 503, twice; https://s.example (standby): wrong hash',
        '    https://a.example said: come later',
      ],
    ],
    [
      'not begun',
      failed('m.example/x', 'cancelled', { why: 'timeout' }),
      ['  m.example/x@v1.0.0 .zip: not asked for: prefetch-timeout was over'],
    ],
    [
      'begun, and cut off',
      failed('m.example/x', 'cancelled', { why: 'idle', attempts: [attempt(PROXY_A, 'cancelled')] }),
      ['  m.example/x@v1.0.0 .zip: https://a.example: no answer yet', '    nothing came for 30 s'],
    ],
    [
      'not taken by the module cache, though it came',
      failed('m.example/x', 'local', {
        modcache: { code: 'modcache-read-only', message: 'the file system is read-only' },
        attempts: [attempt(PROXY_A, 'fetched', { status: 200 })],
      }),
      ['  m.example/x@v1.0.0 .zip: the file system is read-only'],
    ],
    ['nobody knows why', failed('m.example/x', 'access'), ['  m.example/x@v1.0.0 .zip: not asked for']],
  ])('%s', (_name, file, expected) => {
    expect(lines(ran([file])).slice(1)).toEqual(['failed: 1 file', ...expected]);
  });
});

test('what is left to go is named, and why the phase ended', () => {
  expect(lines(ran([leftToGo('m.example/z')], { earlyEnd: 'idle' })).slice(1)).toEqual([
    'ended early: no file was completed for 30 s',
    'left to go, for no proxy that may be asked has them, and go has other sources: 1 module',
    '  m.example/z@v1.0.0',
  ]);
});

test('a great many are counted', () => {
  const many = Array.from({ length: 150 }, (_, id) => id);
  const told = lines(
    ran([
      ...many.map((id) => failed(`m.example/f${id}`, 'not-found')),
      ...many.map((id) => leftToGo(`m.example/l${id}`)),
    ]),
  );
  expect(told).toContain('failed: 150 files');
  expect(told.filter((line) => line === '  and 50 more')).toHaveLength(2);
  expect(told).toHaveLength(1 + 1 + 101 + 1 + 101);
});

test.each<[PrefetchOutcome, string]>([
  [{ kind: 'skipped', reason: 'nothing is missing' }, 'nothing is fetched: nothing is missing'],
  [{ kind: 'impossible', reason: 'no proxy is healthy' }, 'nothing can be fetched: no proxy is healthy'],
])('%j', (outcome, line) => {
  expect(lines(outcome)).toEqual([line]);
});

test('the log in two parts: what is known before, and what only after; together the whole', () => {
  const report = makeReport({ prefetch: prefetchFacts(ran([placed('m.example/x')])) });
  const titles = (sections: ReturnType<typeof logSections>) => sections.map(({ title }) => title);
  expect(titles(sectionsBeforeFetch(report))).toEqual([
    'Environment and wanted modules',
    'Candidates',
    'Chain and environment',
  ]);
  expect(titles(sectionsAfterFetch(report))).toEqual(['Prefetch', 'Hosts contacted and time']);
  expect(logSections(report)).toEqual([...sectionsBeforeFetch(report), ...sectionsAfterFetch(report)]);
});

test('every line is inert', () => {
  const evil = 'x\r::error::y\n##[add-mask]z\x1b[31m\u202e https://evil.example';
  const proxy = { ...PROXY_A, label: evil };
  const outcome = ran(
    [
      failed(evil, 'infrastructure', {
        why: 'exhausted',
        attempts: [
          attempt(proxy, 'infrastructure', { failure: failure('truncated', evil), body: evil }),
          attempt(PROXY_B, 'refused', { status: 403, body: evil }),
        ],
      }),
      failed(`${evil}2`, 'local', { modcache: { code: 'modcache-failed', message: evil } }),
      leftToGo(`${evil}3`),
    ],
    { tallies: [tally(proxy)], earlyEnd: 'modcache', modcache: { code: 'modcache-failed', message: evil } },
  );
  const told = [...lines(outcome), ...lines({ kind: 'skipped', reason: evil })];
  expect(told.length).toBeGreaterThan(9);
  for (const line of told) expect(line).not.toMatch(/[\r\n\x1b\u202e]|::|##\[/);
});
