import { describe, expect, test } from '@jest/globals';
import type { EarlyEnd, PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import { prefetchFacts } from '../../../src/report/prefetch-facts.ts';
import {
  answered,
  failed,
  failure,
  leftToGo,
  PROXY_A,
  PROXY_B,
  placed,
  ran,
  tally,
  wantedFile,
} from '../../support/sample-prefetch.ts';
import { makeCandidate } from '../../support/sample-report.ts';

const M = 'm.example/x@v1.2.0';

test('what ran: modules, files, bytes, time, rate, requests, and who did what', () => {
  const standby = makeCandidate('https://s.example', 7, 'standby');
  const mod = { ...placed(M, 400_000), file: wantedFile(M, 'mod') };
  const files = [
    placed(M, 1_000_000),
    mod,
    placed('m.example/y', 600_000, true),
    leftToGo('m.example/z'),
    failed('m.example/w', 'access'),
  ];
  const tallies = [
    tally(PROXY_A, { asked: 5, fetched: 2, notFound: 1, failed: 2, bytes: 9 }),
    tally(PROXY_B, { asked: 0 }),
    tally(standby, { fetched: 0, failed: 1 }),
  ];
  expect(prefetchFacts(ran(files, { tallies, elapsedMs: 500, requests: 9 }))).toMatchObject({
    status: 'ran',
    modulesFetched: 2,
    modulesFailed: 1,
    modulesLeftToGo: 1,
    files: 3,
    filesFromProbe: 1,
    bytes: 2_000_000,
    ms: 500,
    bytesPerSecond: 2_800_000,
    requests: 9,
    proxies: [
      {
        label: 'https://a.example',
        standby: false,
        asked: 5,
        fetched: 2,
        notFound: 1,
        failed: 2,
        bytes: 9,
      },
      { label: 'https://s.example', standby: true, fetched: 0, failed: 1 },
    ],
    leftToGo: ['m.example/z@v1.0.0'],
    moreLeftToGo: 0,
  });
});

test.each([
  ['little', 50_000, 500],
  ['no time at all', 5_000_000, 3],
])('%s gives no rate', (_name, bytes, elapsedMs) => {
  expect(prefetchFacts(ran([placed(M, bytes)], { elapsedMs }))).not.toHaveProperty('bytesPerSecond');
});

describe('a failed file', () => {
  test('has module, version, kind, class and why, and what each proxy answered', () => {
    const attempts = [
      answered(PROXY_A, 503, 'infrastructure', 'overload'),
      answered(PROXY_B, 404, 'not-found'),
    ];
    const file = failed(M, 'infrastructure', {
      why: 'exhausted',
      attempts,
      failure: failure('http-status', 'answered 503'),
    });
    expect(prefetchFacts(ran([file])).failures).toEqual([
      {
        module: 'm.example/x',
        version: 'v1.2.0',
        kind: 'zip',
        class: 'infrastructure',
        why: 'exhausted',
        detail: 'answered 503',
        answers: [
          expect.objectContaining({
            proxy: 'https://a.example',
            answer: 'HTTP status 503',
            body: 'overload',
          }),
          expect.objectContaining({ proxy: 'https://b.example', answer: 'HTTP status 404', status: 404 }),
        ],
      },
    ]);
  });

  test('has the words of the module cache where that is at fault', () => {
    const modcache = { code: 'modcache-read-only', message: 'x is read-only' } as const;
    const [first] = prefetchFacts(ran([failed(M, 'local', { modcache })])).failures;
    expect(first).toMatchObject({ class: 'local', detail: 'x is read-only', answers: [] });
  });
});

test('lists are bounded, and the rest is counted', () => {
  const many = Array.from({ length: 120 }, (_, id) => id);
  const files = [
    ...many.map((id) => failed(`m.example/f${id}`, 'not-found')),
    ...many.map((id) => leftToGo(`m.example/l${id}`)),
  ];
  const facts = prefetchFacts(ran(files));
  expect([facts.failures.length, facts.moreFailures]).toEqual([100, 20]);
  expect([facts.leftToGo.length, facts.moreLeftToGo]).toEqual([100, 20]);
});

test('a module of which a file failed is not left to go as well', () => {
  const facts = prefetchFacts(ran([failed(M, 'not-found'), leftToGo(M)]));
  expect([facts.modulesFailed, facts.modulesLeftToGo, facts.leftToGo]).toEqual([1, 0, []]);
});

test.each<[EarlyEnd, string]>([
  ['timeout', 'ended early: prefetch-timeout was over'],
  ['idle', 'ended early: no file was completed for 30 s'],
  ['modcache', 'ended early: the disk is full'],
  ['cancelled', 'ended early: the job was cancelled'],
])('an early end by %s has its reason', (earlyEnd, reason) => {
  const modcache = { code: 'modcache-disk-full', message: 'the disk is full' } as const;
  expect(prefetchFacts(ran([], { earlyEnd, modcache })).reason).toBe(reason);
});

test.each<[PrefetchOutcome]>([
  [{ kind: 'skipped', reason: 'nothing is missing' }],
  [{ kind: 'impossible', reason: 'no proxy is healthy' }],
])('%j has its reason and no counts', (outcome) => {
  const { status, reason, ...counts } = prefetchFacts(outcome);
  expect({ kind: status, reason }).toEqual(outcome);
  expect(
    Object.values(counts).every((value) => value === 0 || (Array.isArray(value) && value.length === 0)),
  ).toBe(true);
});
