import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseGoDuration } from '../../../src/go/duration.ts';
import { GoRuleError } from '../../../src/go/go-rule-error.ts';

describe('parseGoDuration', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['+0', 0],
    ['0s', 0],
    ['3s', 3000],
    ['1500ms', 1500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['2m3s', 123_000],
    ['1h30m', 5_400_000],
    ['1h1h', 7_200_000],
    ['10m', 600_000],
    ['-1.5h', -5_400_000],
    ['+5s', 5000],
    ['1us', 0.001],
    ['1\u00b5s', 0.001],
    ['1\u03bcs', 0.001],
    ['1ns', 0.000001],
    ['0.9ns', 0],
    ['0.3333333333333333333h', 1_200_000],
    ['0.100000000000000000000s', 100],
    ['0.9223372036854775807h', 3_320_413.933267],
    ['9223372036854775807ns', 9_223_372_036_854.775],
    ['-9223372036854775808ns', -9_223_372_036_854.775],
  ])('%s is %s ms', (text, ms) => {
    expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
  });

  test.each([
    '',
    '3',
    '-',
    '+',
    's',
    '.s',
    '3 s',
    ' 3s',
    '3s ',
    '3S',
    '3sec',
    '3d',
    '1e3s',
    '--3s',
    '3s-1s',
    '1,5s',
    '9223372036854775808ns',
    '-9223372036854775809ns',
    '3000000h',
    '0x1s',
    '\u0663s',
    '3s\n',
  ])('%j is refused', (text) => {
    expect(() => parseGoDuration(text)).toThrow(GoRuleError);
    expect(() => parseGoDuration(text)).toThrow(/^invalid duration ".*": .+; allowed are Go durations/);
  });

  test('a hostile length is refused before it costs time', () => {
    expect(() => parseGoDuration(`${'9'.repeat(10_000_000)}s`)).toThrow('longer than 100 characters');
  });

  test('what is below zero is refused when asked', () => {
    expect(() => parseGoDuration('-1s', { refuseNegative: true })).toThrow('it is below zero');
    expect(parseGoDuration('-0s', { refuseNegative: true })).toBe(0);
    expect(parseGoDuration('1s', { refuseNegative: true })).toBe(1000);
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [320, '320ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [1050, '1.05s'],
    [60_000, '1m0s'],
    [123_000, '2m3s'],
    [3_600_000, '1h0m0s'],
    [5_400_007, '1h30m0.007s'],
    [-1500, '-1.5s'],
    [0.4, '400\u00b5s'],
    [0.9999, '1ms'],
    [0.0001, '0s'],
    [-0.0001, '0s'],
    [43.218291, '43ms'],
    [999.7, '1s'],
    [59_999.9, '1m0s'],
    [Number.NaN, 'NaNms'],
    [Number.POSITIVE_INFINITY, 'Infinityms'],
  ])('%s ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('whole milliseconds come back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9e12, max: 9e12 }), (ms) => {
        expect(parseGoDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test('any text is a finite number of milliseconds or refused', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+]?(?:[0-9]{0,20}\.?[0-9]{0,25}(?:h|m|s|ms|us|ns)){0,3}$/),
    );
    fc.assert(
      fc.property(text, (value) => {
        try {
          expect(Number.isFinite(parseGoDuration(value))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(GoRuleError);
        }
      }),
    );
  });
});
