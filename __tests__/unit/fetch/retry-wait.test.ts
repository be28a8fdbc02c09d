import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jitterMs, retryAfterMs } from '../../../src/fetch/retry-wait.ts';

const NOW = Date.UTC(2026, 8, 1, 12, 0, 0);

describe('retryAfterMs', () => {
  test.each<[string, string | undefined, number | undefined]>([
    ['none', undefined, undefined],
    ['seconds', '3', 3000],
    ['no wait', '0', 0],
    ['white space around', ' 2 ', 2000],
    ['more than the cap', '3600', 10_000],
    ['a date', 'Tue, 01 Sep 2026 12:00:04 GMT', 4000],
    ['a date beyond the cap', 'Tue, 01 Sep 2026 13:00:00 GMT', 10_000],
    ['a date of the past', 'Mon, 31 Aug 2026 12:00:00 GMT', 0],
    ['a fraction', '1.5', undefined],
    ['negative', '-1', undefined],
    ['text', 'soon', undefined],
    ['another date form', '2026-09-01T12:00:04Z', undefined],
    ['an unknown month', 'Tue, 01 Foo 2026 12:00:04 GMT', undefined],
    ['digits without end', '9'.repeat(400), undefined],
  ])('%s', (_name, value, expected) => {
    expect(retryAfterMs(value, NOW, 10_000)).toBe(expected);
  });

  test('is never above the cap or below 0, whatever the header holds', () => {
    const seconds = fc.nat().map(String);
    const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), seconds, dates), (value) => {
        const ms = retryAfterMs(value, NOW, 10_000) ?? 0;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('jitterMs', () => {
  const backoff = { baseMs: 100, capMs: 2000 };
  test.each<[number, number, number]>([
    [1, 0, 0],
    [1, 0.5, 50],
    [2, 0.5, 100],
    [4, 0.5, 400],
    [6, 0.5, 1000],
    [60, 0.5, 1000],
  ])('after %d failures, at %d: %d ms', (failures, random, expected) => {
    expect(jitterMs(failures, random, backoff)).toBe(expected);
  });
});
