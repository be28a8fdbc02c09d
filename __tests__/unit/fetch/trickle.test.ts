import { describe, expect, test } from '@jest/globals';
import { isTrickle, TrickleWatch } from '../../../src/fetch/trickle.ts';

const POLICY = { bytesPerSecond: 10_000, windowMs: 10_000 };

/** Looks of which the body got `own` and all together `all` bytes in the whole window. */
const over = (own: number, all: number) =>
  Array.from({ length: 6 }, (_, at) => ({ own: (own * at) / 5, all: (all * at) / 5 }));

describe('isTrickle', () => {
  test.each<[string, readonly number[], boolean]>([
    ['nothing is known', [], false],
    ['no whole window is known', [0, 1, 2, 3, 4], false],
    ['a whole window of little', [0, 1, 2, 3, 4, 5], true],
    ['just enough', [0, 20_000, 40_000, 60_000, 80_000, 100_000], false],
    ['one byte less', [1, 20_000, 40_000, 60_000, 80_000, 100_000], true],
    ['all at once', [0, 0, 0, 0, 0, 100_000], false],
    ['much before, little since', [500_000, 500_001, 500_002, 500_003, 500_004, 500_005], true],
  ])('of a body alone: %s', (_name, totals, expected) => {
    const looks = totals.map((own) => ({ own, all: own }));
    expect(isTrickle(looks, 1, POLICY)).toBe(expected);
  });

  test.each([
    { name: 'its share of a slow link', own: 80_000, all: 32 * 80_000, trickle: false },
    { name: 'half of its share', own: 40_000, all: 32 * 80_000, trickle: false },
    { name: 'little beside fast ones', own: 80_000, all: 100_000_000, trickle: true },
    { name: 'its share of very little', own: 20_000, all: 32 * 20_000, trickle: true },
  ])('of 32 bodies: $name', ({ own, all, trickle }) => {
    expect(isTrickle(over(own, all), 32, POLICY)).toBe(trickle);
  });
});

describe('TrickleWatch', () => {
  const policy = { bytesPerSecond: 10_000, windowMs: 50 };

  /** Writes one byte, waits for several windows, and says how often it was called a trickle. */
  async function watchOf(sink: () => Promise<void>): Promise<number> {
    let trickles = 0;
    const meter = { bytes: 0, bodies: 0 };
    const watch = new TrickleWatch({ write: sink }, policy, meter, () => trickles++);
    void watch.write([Buffer.from('x')], 0);
    expect(meter).toEqual({ bytes: 1, bodies: 1 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    watch.stop();
    expect(meter.bodies).toBe(0);
    return trickles;
  }

  test('sees that nothing comes any more', async () => {
    expect(await watchOf(async () => {})).toBeGreaterThan(0);
  });

  test('sees a trickle also where the sink is busy with every piece', async () => {
    let trickles = 0;
    const sink = { write: () => new Promise<void>((resolve) => setTimeout(resolve, 2)) };
    const watch = new TrickleWatch(
      sink,
      { ...policy, windowMs: 500 },
      { bytes: 0, bodies: 0 },
      () => trickles++,
    );
    for (const endsAt = Date.now() + 5000; trickles === 0 && Date.now() < endsAt; ) {
      await watch.write([Buffer.from('x')], 0);
    }
    watch.stop();
    expect(trickles).toBeGreaterThan(0);
  });

  test('does not hold a slow sink against the peer', async () => {
    expect(await watchOf(() => new Promise(() => {}))).toBe(0);
  });
});
