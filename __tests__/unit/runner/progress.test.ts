import { describe, expect, test } from '@jest/globals';
import { createLog } from '../../../src/runner/log.ts';
import { startProgress } from '../../../src/runner/progress.ts';

/** A teller whose time passes when the test says so. */
function tellerOn(columns?: number) {
  const shown: string[] = [];
  const ticks: { readonly ms: number; readonly show: () => void }[] = [];
  const nothing = () => {};
  const log = createLog({
    line: (text) => shown.push(text),
    mask: nothing,
    startGroup: nothing,
    endGroup: nothing,
    annotate: nothing,
    debug: nothing,
  });
  log.protect([{ user: 'ci', password: 'canary-password' }]);
  const terminal = columns === undefined ? undefined : { columns, write: (text: string) => shown.push(text) };
  const teller = startProgress({
    log,
    terminal,
    every: (ms, show) => {
      const tick = { ms, show };
      ticks.push(tick);
      return () => ticks.splice(ticks.indexOf(tick), 1);
    },
  });
  const tick = () => {
    for (const { show } of ticks) show();
  };
  return { teller, shown, ticks, tick };
}

describe('on a runner', () => {
  test('a line every five seconds, with the latest text', () => {
    const { teller, shown, ticks, tick } = tellerOn();
    expect(ticks.map(({ ms }) => ms)).toEqual([5000]);
    for (const text of ['1 of 3', '2 of 3']) teller.tell(text);
    expect(shown).toEqual([]);
    tick();
    expect(shown).toEqual(['2 of 3']);
  });

  test('no line where nothing new was told', () => {
    const { teller, shown, tick } = tellerOn();
    tick();
    teller.tell('1 of 3');
    for (let count = 0; count < 3; count++) tick();
    expect(shown).toEqual(['1 of 3']);
  });

  test('nothing after it was stopped', () => {
    const { teller, shown, ticks } = tellerOn();
    teller.tell('1 of 3');
    teller.stop();
    expect(ticks).toEqual([]);
    expect(shown).toEqual([]);
  });

  test('no password and no workflow command', () => {
    const { teller, shown, tick } = tellerOn();
    teller.tell('canary-password\n::error::x');
    tick();
    expect(shown.join()).not.toContain('canary');
    expect(shown.join()).not.toMatch(/^::error::/m);
  });
});

describe('on a terminal', () => {
  test('one line is written again and again, and cleared at the end', () => {
    const { teller, shown, ticks, tick } = tellerOn(80);
    expect(ticks.map(({ ms }) => ms)).toEqual([100]);
    teller.tell('1 of 3, a longer line');
    tick();
    teller.tell('2 of 3');
    tick();
    teller.stop();
    expect(shown).toEqual(['\r\x1b[K1 of 3, a longer line', '\r\x1b[K2 of 3', '\r\x1b[K']);
    expect(ticks).toEqual([]);
  });

  test.each([
    [10, 'fetching:'],
    [2, 'f'],
    [1, ''],
    [0, ''],
  ])('of %i columns keeps one free, for a full line would wrap', (columns, expected) => {
    const { teller, shown, tick } = tellerOn(columns);
    teller.tell('fetching: 1 of 3');
    tick();
    expect(shown).toEqual([`\r\x1b[K${expected}`]);
  });

  test('no password, not even a part of one that the cut would leave', () => {
    const { teller, shown, tick } = tellerOn(16);
    teller.tell('fetch canary-password');
    tick();
    expect(shown.join()).not.toContain('canary');
  });
});

test('its own timer holds no process', () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const { stop } = startProgress({ log: createLog(), terminal: undefined });
  const during = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  stop();
  expect(during).toBe(before);
});
