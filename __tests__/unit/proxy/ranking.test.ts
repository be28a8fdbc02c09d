import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  AVERAGE_ZIP_BYTES,
  bestHealthy,
  describePlace,
  estimateMs,
  estimateWorkload,
  rankProxies,
} from '../../../src/proxy/ranking.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { candidate, DEAD, figures, healthy, probed, REFUSED, UNMEASURED, wanted } from './builders.ts';

const NOTHING = { files: 0, bytes: 0 };
const JOB = { files: 400, bytes: 10_000_000 };
const at = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict, id) => probed(candidate(id, `https://p${id}.example`), verdict));
const orderOf = (verdicts: readonly Verdict[], workload = NOTHING) =>
  rankProxies(at(verdicts), workload).order.map((one) => one.candidate.id);

describe('estimateMs', () => {
  test.each([
    ['nothing to fetch: one round', 40, undefined, NOTHING, undefined, 40],
    ['40 files: one round', 40, undefined, { files: 40, bytes: 0 }, undefined, 40],
    ['41 files: two rounds', 40, undefined, { files: 41, bytes: 0 }, undefined, 80],
    ['ten rounds and ten megabytes', 40, 5_000_000, JOB, undefined, 2400],
    ['no throughput: that of others', 40, undefined, JOB, 10_000_000, 1400],
    ['no throughput at all: the rounds alone', 40, undefined, JOB, undefined, 400],
    ['a throughput of its own before that of others', 40, 5_000_000, JOB, 1, 2400],
    ['zero is no throughput', 40, 0, JOB, 10_000_000, 1400],
  ])('%s', (...[, firstByteMs, bytesPerSecond, workload, others, expected]) => {
    const own = bytesPerSecond === undefined ? {} : { bytesPerSecond };
    expect(estimateMs(figures(firstByteMs, own), workload, others)).toBe(expected);
  });

  test('a workload counts zips with their average and everything as a file', () => {
    const missing = [
      wanted('mod', 'a.example/x'),
      wanted('zip', 'a.example/x'),
      wanted('info', 'a.example/x'),
      wanted('zip', 'a.example/y'),
      wanted('mod', 'a.example/y'),
    ];
    expect(estimateWorkload(missing)).toEqual({ files: 5, bytes: 2 * AVERAGE_ZIP_BYTES });
  });
});

describe('order', () => {
  test.each([
    ['the fastest first', [healthy(500), healthy(50), healthy(250)], [1, 2, 0]],
    ['configured first within 100 ms', [healthy(150), healthy(50)], [0, 1]],
    ['not beyond 100 ms', [healthy(151), healthy(50)], [1, 0]],
    ['configured first within 30 %', [healthy(1300), healthy(1000)], [0, 1]],
    ['not beyond 30 %', [healthy(1301), healthy(1000)], [1, 0]],
    ['the first configured of several that are close', [healthy(900), healthy(120), healthy(60)], [1, 2, 0]],
    [
      'the same rule for every place, against the fastest that is left',
      [healthy(500), healthy(10), healthy(450)],
      [1, 0, 2],
    ],
    ['unhealthy ones leave', [DEAD, healthy(500), DEAD, healthy(50)], [3, 1]],
    ['unknown ones keep their place', [healthy(500), REFUSED, healthy(50)], [2, 1, 0]],
    ['unmeasured ones too', [UNMEASURED, healthy(500), healthy(50), UNMEASURED], [0, 2, 1, 3]],
    ['places are counted without the unhealthy ones', [DEAD, REFUSED, healthy(50)], [1, 2]],
    ['all unhealthy', [DEAD, DEAD], []],
  ])('%s', (_, verdicts, expected) => {
    expect(orderOf(verdicts)).toEqual(expected);
  });

  test('throughput beats latency when there is much to fetch, and not when there is nothing', () => {
    const near = healthy(10, { bytesPerSecond: 1_000_000 });
    const wide = healthy(200, { bytesPerSecond: 50_000_000 });
    expect(orderOf([near, wide], JOB)).toEqual([1, 0]);
    expect(orderOf([wide, near], NOTHING)).toEqual([1, 0]);
  });

  test('an unknown throughput counts as the median of the known ones', () => {
    const unknown = healthy(10);
    const slow = healthy(10, { bytesPerSecond: 1_000_000 });
    const fast = healthy(10, { bytesPerSecond: 20_000_000 });
    expect(orderOf([slow, unknown, fast], JOB)).toEqual([2, 1, 0]);
    // Ten rounds of 10 ms, and ten megabytes at 10.5 MB/s.
    const [first] = rankProxies(at([unknown, slow, fast]), JOB).order.filter((one) => one.candidate.id === 0);
    expect(first?.estimateMs).toBeCloseTo(100 + 10_000 / 10.5, 6);
  });

  test('the order of the verdicts does not count, the configured place does', () => {
    const all = at([healthy(60), healthy(50), healthy(70)]);
    expect(rankProxies(all.toReversed(), NOTHING).order.map((one) => one.candidate.id)).toEqual([0, 1, 2]);
  });
});

test('each place has its reason', () => {
  const { order } = rankProxies(at([healthy(60), REFUSED, healthy(50), UNMEASURED]), NOTHING);
  expect(order.map(({ place }) => place.kind)).toEqual([
    'configured-first',
    'kept-place',
    'fastest',
    'kept-place',
  ]);
  expect(order[0]?.place).toMatchObject({ fastest: { id: 2 }, fastestMs: 50 });
  expect(order[0] && describePlace(order[0])).toContain('https://p2.example');
  expect(order[1] && describePlace(order[1])).toContain('does not tell');
  expect(order[3] && describePlace(order[3])).toContain('no network to measure');
  expect(order.map(({ estimateMs: ms }) => ms)).toEqual([60, undefined, 50, undefined]);
  expect(bestHealthy(order.slice(1))?.candidate.id).toBe(2);
});

describe('for any verdicts', () => {
  const verdict = fc.oneof(
    fc
      .record({ ms: fc.integer({ min: 0, max: 5000 }), rate: fc.option(fc.integer({ min: 0, max: 1e8 })) })
      .map(({ ms, rate }) => healthy(ms, rate === null ? {} : { bytesPerSecond: rate })),
    fc.constantFrom(DEAD, REFUSED, UNMEASURED),
  );
  const workload = fc.record({ files: fc.nat(5000), bytes: fc.nat(1e9) });

  test('the ranking is a permutation of those that are not unhealthy, and the fixed ones keep their index', () => {
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 12 }), workload, (verdicts, work) => {
        const stay = at(verdicts).filter((one) => one.verdict.kind !== 'unhealthy');
        const { order } = rankProxies(at(verdicts), work);
        expect(new Set(order.map((one) => one.candidate.id))).toEqual(
          new Set(stay.map((one) => one.candidate.id)),
        );
        expect(order).toHaveLength(stay.length);
        for (const [index, one] of stay.entries()) {
          if (one.verdict.kind !== 'healthy') expect(order[index]?.candidate.id).toBe(one.candidate.id);
        }
      }),
    );
  });

  test('nobody has a later one behind it that is faster by more than 30 % and 100 ms', () => {
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 12 }), workload, (verdicts, work) => {
        const times = rankProxies(at(verdicts), work).order.flatMap((one) => one.estimateMs ?? []);
        for (const [index, ms] of times.entries()) {
          const fastest = Math.min(...times.slice(index));
          expect(ms).toBeLessThanOrEqual(Math.max(fastest * 1.3, fastest + 100));
        }
      }),
    );
  });
});
