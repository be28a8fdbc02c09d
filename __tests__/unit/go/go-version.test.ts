import { describe, expect, test } from '@jest/globals';
import { compareGoVersions, isValidGoVersion, toolchainGoVersion } from '../../../src/go/go-version.ts';

describe('isValidGoVersion', () => {
  test.each([
    '1',
    '1.17',
    '1.17.0',
    '1.21',
    '1.21.0',
    '1.22rc1',
    '1.22beta2',
    '1.22rc',
    '1.5alpha1',
    '2.0',
    '0.1',
  ])('%s is one', (version) => expect(isValidGoVersion(version)).toBe(true));
  test.each([
    '',
    'go1.21',
    'v1.21',
    '1.',
    '1.21.',
    '01.2',
    '1.02',
    '1.21.01',
    '1.21.0rc1',
    '1.21rc01',
    '1.21RC1',
    '1.21.3.4',
    '1.21-x',
    ' 1.21',
    '1.21\n',
    '1rc1',
  ])('%j is none', (version) => expect(isValidGoVersion(version)).toBe(false));
});

test('compareGoVersions orders this list, pairwise', () => {
  const ascending = [
    'bad',
    '0.9',
    '1.4rc1',
    '1.9.2',
    '1.17',
    '1.20rc1',
    '1.20',
    '1.20.1',
    '1.21',
    '1.21alpha1',
    '1.21beta2',
    '1.21rc1',
    '1.21rc10',
    '1.21.0',
    '1.21.3',
    '1.21.10',
    '1.22',
    '1.100',
    '2',
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      expect([a, b, Math.sign(compareGoVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
    }
  }
});

test.each([
  ['1.17', '1.17.0'],
  ['1', '1.0'],
  ['bad', ''],
])('%s and %j are the same', (a, b) => {
  expect(compareGoVersions(a, b)).toBe(0);
});

test.each([
  ['go1.21.3', '1.21.3'],
  ['go1.21.3-custom', '1.21.3'],
  ['go1.22rc1', '1.22rc1'],
  ['go1.21 something', '1.21'],
  ['go1.21\tsomething', '1.21'],
  ['default', undefined],
  ['local', undefined],
  ['', undefined],
  ['1.21.3', undefined],
  ['go', undefined],
  ['go1.21.3-../x', undefined],
  ['go1.21.3\\x', undefined],
])('the toolchain %j is Go %s', (name, version) => {
  expect(toolchainGoVersion(name)).toBe(version);
});
