import { describe, expect, test } from '@jest/globals';
import { modFlag, modfile, parseGoflags } from '../../../src/go/goflags.ts';

describe('parseGoflags', () => {
  test.each<[string, [string, string | undefined][]]>([
    ['', []],
    [' \t\r\n', []],
    [
      '-mod=vendor --trimpath',
      [
        ['mod', 'vendor'],
        ['trimpath', undefined],
      ],
    ],
    [
      `'-ldflags=-s -w' "-tags=a b"`,
      [
        ['ldflags', '-s -w'],
        ['tags', 'a b'],
      ],
    ],
    ['-mod=mod -mod=readonly', [['mod', 'readonly']]],
    ['-x=', [['x', '']]],
  ])('%j', (value, flags) => {
    expect([...parseGoflags(value).flags]).toEqual(flags);
  });

  test.each(['mod=vendor', '-', '--', '---x', '-=x', '--=x', `'-x`, '"-x', '-x word'])(
    'refuses %j',
    (value) => {
      expect(() => parseGoflags(value)).toThrow(expect.objectContaining({ code: 'goflags' }));
    },
  );

  test('does not quote a word, which can be part of a secret', () => {
    expect(() => parseGoflags('-ldflags=-X key=SECRET')).toThrow(/^word 2 of GOFLAGS/);
  });
});

describe('modFlag and modfile', () => {
  test.each([
    ['', undefined, undefined],
    ['-mod=', undefined, undefined],
    ['-mod=vendor -modfile=', 'vendor', undefined],
    ['--mod=mod', 'mod', undefined],
    ['-mod=vendor -mod=readonly -modfile=a.mod', 'readonly', 'a.mod'],
    ['-modcacherw', undefined, undefined],
  ])('%j', (value, mod, file) => {
    expect([modFlag(value), modfile(value)]).toEqual([mod, file]);
  });

  test.each([
    ['another mode', () => modFlag('-mod=auto')],
    ['-mod without a value', () => modFlag('-mod')],
    ['-modfile without a value', () => modfile('-modfile')],
    ['a -modfile of another name', () => modfile('-modfile=go.alt')],
  ])('refuses %s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'goflags' }));
  });
});
