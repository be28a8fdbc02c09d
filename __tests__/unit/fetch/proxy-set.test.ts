import { describe, expect, test } from '@jest/globals';
import { openProxySet } from '../../../src/fetch/proxy-set.ts';
import type { Network } from '../../../src/proxy/http-client.ts';
import { candidate } from '../proxy/builders.ts';

function openSet() {
  let now = 1000;
  const set = openProxySet({
    chain: ['https://proxy.golang.org', 'https://goproxy.cn'].map((url, id) => ({
      candidate: candidate(id, url),
      separator: '|' as const,
    })),
    direct: true,
    network: {} as Network,
    clock: { now: () => now, epoch: () => 0, sleep: async () => {}, random: () => 0 },
  });
  const failing = () => set.health().health.map((one) => one.failing);
  return {
    set,
    failing,
    silentMs: () => set.health().silentMs,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const bytes = 10;

describe('a set', () => {
  test('counts silence from the first attempt on that nobody answered', () => {
    const { set, silentMs, pass } = openSet();
    pass(500);
    expect(silentMs()).toBe(0);
    const ticket = set.begin(0);
    pass(500);
    set.end(ticket, { meaning: 'infrastructure', bytes: 0 });
    pass(500);
    set.begin(1);
    expect(silentMs()).toBe(1000);
  });

  test.each(['fetched', 'not-found', 'refused', 'integrity'] as const)(
    'is not silent when somebody answers: %s',
    (meaning) => {
      const { set, silentMs, failing, pass } = openSet();
      set.end(set.begin(0), { meaning: 'infrastructure', bytes: 0 });
      expect(failing()).toEqual([true, false]);
      pass(500);
      set.end(set.begin(1), { meaning, bytes });
      pass(500);
      expect(silentMs()).toBe(0);
      expect(failing()).toEqual([false, false]);
    },
  );

  test('counts silence anew after an answer, for the attempts that are under way', () => {
    const { set, silentMs, pass } = openSet();
    set.begin(0);
    const answered = set.begin(1);
    pass(500);
    set.end(answered, { meaning: 'fetched', bytes });
    pass(300);
    expect(silentMs()).toBe(300);
  });

  test('takes what was called off for no answer and no failure', () => {
    const { set, silentMs, failing, pass } = openSet();
    set.end(set.begin(0), { meaning: 'cancelled', bytes: 0 });
    pass(500);
    expect(silentMs()).toBe(500);
    expect(failing()).toEqual([false, false]);
  });

  test('tells what each proxy did', () => {
    const { set } = openSet();
    for (const meaning of ['fetched', 'not-found', 'infrastructure', 'integrity', 'cancelled'] as const) {
      set.end(set.begin(0), { meaning, bytes });
    }
    const [first, second] = set.tallies();
    expect(first).toMatchObject({ asked: 5, fetched: 1, notFound: 1, failed: 2, bytes: 50, resting: false });
    expect(second).toMatchObject({ asked: 0 });
  });
});
