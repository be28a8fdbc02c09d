import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Breaker,
  type BreakerEvent,
  beginAttempt,
  endAttempt,
  isResting,
  NEW_BREAKER,
} from '../../../src/fetch/breaker.ts';
import { FETCH_POLICY } from '../../../src/fetch/fetch-policy.ts';

const POLICY = FETCH_POLICY.breaker;

/** Attempts one after the other, all at the same time. */
function breakerAfter(events: readonly BreakerEvent[], start: Breaker = NEW_BREAKER, now = 0): Breaker {
  return events.reduce((breaker, event) => {
    const begun = beginAttempt(breaker, now);
    return endAttempt(begun.breaker, { event, trial: begun.trial, now }, POLICY);
  }, start);
}

const G = 'good';
const F = 'failed';
const V = 'void';

describe('a breaker', () => {
  test.each<[string, readonly BreakerEvent[], boolean]>([
    ['two in a row', [F, F], false],
    ['three in a row', [F, F, F], true],
    ['three that are not in a row', [F, F, G, F], false],
    ['called off attempts do not count', [F, V, F, V], false],
    ['called off attempts do not break the row', [F, F, V, F], true],
    ['four of ten', [F, G, F, G, F, G, F, G, G, G], false],
    ['five of ten', [F, G, F, G, F, G, F, G, F], true],
    ['five, but of more than ten', [F, G, F, G, F, G, G, G, G, G, F, G, F], false],
  ])('%s', (_name, events, resting) => {
    expect(isResting(breakerAfter(events), 0)).toBe(resting);
  });

  test('rests 5 s, then lets one try through, and rests twice as long when that fails, at most 60 s', () => {
    let breaker = breakerAfter([F, F, F]);
    let now = 0;
    for (const restMs of [5000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(isResting(breaker, now + restMs - 1)).toBe(true);
      now += restMs;
      expect(isResting(breaker, now)).toBe(false);
      const begun = beginAttempt(breaker, now);
      expect(begun.trial).toBe(true);
      expect(isResting(begun.breaker, now)).toBe(true);
      expect(beginAttempt(begun.breaker, now).trial).toBe(false);
      breaker = endAttempt(begun.breaker, { event: F, trial: true, now }, POLICY);
    }
  });

  test('whose try succeeds is as new', () => {
    const open = breakerAfter([F, F, F]);
    expect(breakerAfter([G], open, 5000)).toEqual({ kind: 'closed', recent: [true] });
  });

  test('whose try was called off gives the next one the chance', () => {
    const breaker = breakerAfter([V], breakerAfter([F, F, F]), 5000);
    expect(isResting(breaker, 5000)).toBe(false);
    expect(beginAttempt(breaker, 5000).trial).toBe(true);
  });

  test('failures that began before the rest do not prolong it', () => {
    const open = breakerAfter([F, F, F]);
    expect(endAttempt(open, { event: F, trial: false, now: 3000 }, POLICY)).toEqual(open);
  });

  test('never stays shut: after the longest rest one try is let through', () => {
    const events = fc.array(fc.tuple(fc.constantFrom<BreakerEvent>(G, F, V), fc.nat(70_000)));
    fc.assert(
      fc.property(events, (list) => {
        let now = 0;
        let breaker: Breaker = NEW_BREAKER;
        for (const [event, passed] of list) {
          now += passed;
          const begun = beginAttempt(breaker, now);
          breaker = endAttempt(begun.breaker, { event, trial: begun.trial, now }, POLICY);
          expect(breaker.kind).not.toBe('half-open');
        }
        expect(isResting(breaker, now + POLICY.restCapMs)).toBe(false);
      }),
    );
  });
});
