import { describe, expect, test } from '@jest/globals';
import {
  BoundsWatch,
  type Movement,
  type PhaseBounds,
  watchBounds,
} from '../../../src/prefetch/phase-bounds.ts';
import type { EarlyEnd } from '../../../src/prefetch/prefetch-result.ts';

const MEBIBYTE = 1 << 20;

/** One look: milliseconds since the start, files settled, bytes of bodies. */
type Look = readonly [ms: number, settled: number, bytes: number];

/** Looks one after the other; returns the first end and when it was seen. */
function watched(bounds: PhaseBounds, looks: readonly Look[]): string {
  const startedAt = 5_000_000;
  const watch = new BoundsWatch(bounds, startedAt);
  for (const [ms, settled, bytes] of looks) {
    const why = watch.look(startedAt + ms, { settled, bytes });
    if (why !== undefined) return `${why} at ${ms}`;
  }
  return 'goes on';
}

function everySecond(seconds: number, at: (second: number) => Movement): readonly Look[] {
  return Array.from({ length: seconds }, (_, index) => {
    const { settled, bytes } = at(index + 1);
    return [(index + 1) * 1000, settled, bytes];
  });
}

const LONG = { timeoutMs: 600_000 };

describe('when a prefetch ends by its bounds', () => {
  test.each<[string, PhaseBounds, readonly Look[], string]>([
    [
      'the timeout is over',
      { timeoutMs: 5000 },
      [
        [4999, 1, 0],
        [5000, 2, 0],
      ],
      'timeout at 5000',
    ],
    [
      'the timeout, however much moves',
      { timeoutMs: 60_000 },
      everySecond(70, (second) => ({ settled: second, bytes: second * 2 * MEBIBYTE })),
      'timeout at 60000',
    ],
    [
      'the timeout comes first when both are over',
      { timeoutMs: 30_000 },
      [[30_000, 0, 0]],
      'timeout at 30000',
    ],
    ['nothing for 30 s', LONG, everySecond(40, () => ({ settled: 0, bytes: 0 })), 'idle at 30000'],
    [
      'nothing for 30 s after a file',
      LONG,
      everySecond(70, (second) => ({ settled: second < 20 ? 0 : 1, bytes: 0 })),
      'idle at 50000',
    ],
    [
      'a file every 29 s',
      LONG,
      everySecond(200, (second) => ({ settled: Math.floor(second / 29), bytes: 0 })),
      'goes on',
    ],
    [
      'a large zip of which a mebibyte comes every 29 s',
      LONG,
      everySecond(200, (second) => ({ settled: 0, bytes: Math.floor(second / 29) * MEBIBYTE })),
      'goes on',
    ],
    [
      'a mebibyte that comes in small pieces',
      LONG,
      everySecond(200, (second) => ({ settled: 0, bytes: Math.ceil(second * (MEBIBYTE / 29)) })),
      'goes on',
    ],
    [
      'a trickle of less than a mebibyte in 30 s',
      LONG,
      everySecond(70, (second) => ({ settled: 0, bytes: second * 30_000 })),
      'idle at 30000',
    ],
    [
      'one byte less than a mebibyte',
      LONG,
      [
        [1000, 0, MEBIBYTE - 1],
        [30_000, 0, MEBIBYTE - 1],
      ],
      'idle at 30000',
    ],
    [
      'exactly a mebibyte',
      LONG,
      [
        [1000, 0, MEBIBYTE],
        [30_000, 0, MEBIBYTE],
      ],
      'goes on',
    ],
    [
      'a mebibyte counts once',
      LONG,
      everySecond(40, () => ({ settled: 0, bytes: MEBIBYTE })),
      'idle at 31000',
    ],
    [
      'an idle time of its own',
      { ...LONG, idleMs: 200 },
      [
        [199, 0, 0],
        [200, 1, 0],
        [399, 1, 0],
        [400, 1, 0],
      ],
      'idle at 400',
    ],
  ])('%s', (_, bounds, looks, expected) => {
    expect(watched(bounds, looks)).toBe(expected);
  });
});

describe('the watch', () => {
  const clockOf = (now: () => number) => ({ now, epoch: now, random: () => 0, sleep: async () => {} });

  test('says once why, by the clock that it was given', async () => {
    let now = 1_000_000;
    const ends: EarlyEnd[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = watchBounds(
      { timeoutMs: 5 },
      {
        clock: clockOf(() => now++),
        movement: () => ({ settled: 0, bytes: 0 }),
        end: (why) => {
          ends.push(why);
          setTimeout(resolve, 60);
        },
      },
    );
    await promise;
    stop();
    expect(ends).toEqual(['timeout']);
  });

  test('says nothing after it was stopped', async () => {
    const ends: EarlyEnd[] = [];
    let now = 0;
    const stop = watchBounds(
      { timeoutMs: 2, idleMs: 1 },
      {
        clock: clockOf(() => now),
        movement: () => ({ settled: 0, bytes: 0 }),
        end: (why) => ends.push(why),
      },
    );
    stop();
    now = 1000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ends).toEqual([]);
  });
});
