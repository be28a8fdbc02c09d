import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GoRuleError } from '../../../src/go/go-rule-error.ts';
import {
  canonicalVersion,
  checkModuleVersion,
  compareModuleVersions,
  compareVersions,
  escapeVersion,
  formatModuleVersion,
  isPseudoVersion,
  isValidVersion,
  matchesPathMajor,
  pseudoVersionTime,
  unescapeVersion,
} from '../../../src/go/version.ts';

describe('isValidVersion, canonicalVersion', () => {
  test.each([
    ['v1.2.3', 'v1.2.3'],
    ['v1', 'v1.0.0'],
    ['v1.2', 'v1.2.0'],
    ['v0.0.0', 'v0.0.0'],
    ['v1.2.3-rc.1', 'v1.2.3-rc.1'],
    ['v1.2.3-0', 'v1.2.3-0'],
    ['v1.2.3-0a', 'v1.2.3-0a'],
    ['v1.2.3-01a', 'v1.2.3-01a'],
    ['v1.2.3-a-01', 'v1.2.3-a-01'],
    ['v1.2.3--01', 'v1.2.3--01'],
    ['v1.2.3-a--', 'v1.2.3-a--'],
    ['v1.2.3+meta', 'v1.2.3'],
    ['v1.2.3-rc.1+meta.01', 'v1.2.3-rc.1'],
    ['v2.0.0+incompatible', 'v2.0.0+incompatible'],
    ['v2.0.0-rc+incompatible', 'v2.0.0-rc+incompatible'],
    ['v2.0.0+incompatible.1', 'v2.0.0'],
    ['v123456789012345678901234567890.0.0', 'v123456789012345678901234567890.0.0'],
  ])('%s is canonically %s', (version, canonical) => {
    expect(isValidVersion(version)).toBe(true);
    expect(canonicalVersion(version)).toBe(canonical);
  });

  test.each([
    '',
    'v',
    '1.2.3',
    'V1.2.3',
    'v01.2.3',
    'v1.02.3',
    'v1.2.03',
    'v1.',
    'v1.2.',
    'v1.2.3.4',
    'v1-rc',
    'v1.2-rc',
    'v1+meta',
    'v1.2.3-',
    'v1.2.3+',
    'v1.2.3-01',
    'v1.2.3-a.01',
    'v1.2.3-a.01.b',
    'v1.2.3-a..b',
    'v1.2.3-.a',
    'v1.2.3-a.',
    'v1.2.3+a..b',
    'v1.2.3+.a',
    'v1.2.3+a.',
    'v1.2.3+a+b',
    'v1.2.3-+a',
    'v1.2.3-\u00e9',
    'v1.2.3 ',
    'v1.2.3\n',
    'v1.2.3_1',
    'none',
    'latest',
  ])('%j is no version', (version) => {
    expect(isValidVersion(version)).toBe(false);
    expect(canonicalVersion(version)).toBe('');
  });
});

describe('compareVersions', () => {
  const ASCENDING = [
    'nonsense',
    'v0.0.0-20190101000000-abcdef123456',
    'v0.0.0',
    'v0.9.10',
    'v1.0.0-alpha',
    'v1.0.0-alpha.1',
    'v1.0.0-alpha.beta',
    'v1.0.0-beta',
    'v1.0.0-beta.2',
    'v1.0.0-beta.11',
    'v1.0.0-rc.1',
    'v1.0.0',
    'v1.0.1-0.20240102030405-abcdef123456',
    'v1.0.1',
    'v1.2.0',
    'v1.10.0',
    'v2.0.0+incompatible',
    'v9007199254740993.0.0',
    'v9007199254740994.0.0',
  ];

  test('orders this list', () => {
    for (const [i, a] of ASCENDING.entries()) {
      for (const [j, b] of ASCENDING.entries()) {
        expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  test.each([
    ['v1', 'v1.0.0'],
    ['v2.0.0', 'v2.0.0+incompatible'],
    ['v1.0.0+a', 'v1.0.0+b'],
    ['bad', 'worse'],
  ])('%s and %s are as high', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
    expect(compareVersions(b, a)).toBe(0);
  });

  const number = fc.nat({ max: 3 });
  const identifier = fc.constantFrom('0', '1', '10', 'a', 'b', 'A', 'rc', '-');
  const version = fc
    .tuple(
      number,
      number,
      number,
      fc.array(identifier, { maxLength: 3 }),
      fc.constantFrom('', '+incompatible'),
    )
    .map(([major, minor, patch, pre, build]) => {
      return `v${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}${build}`;
    });
  const anything = fc.oneof({ weight: 9, arbitrary: version }, fc.constantFrom('', 'x', 'v1.2.3.4'));
  const sign = (a: string, b: string) => Math.sign(compareVersions(a, b));

  test('is a total order of versions without build metadata', () => {
    fc.assert(
      fc.property(anything, anything, anything, (a, b, c) => {
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
        const plain = (v: string) => canonicalVersion(v).replace('+incompatible', '');
        expect(sign(a, b) === 0).toBe(plain(a) === plain(b));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('escapeVersion, unescapeVersion', () => {
  test.each([
    ['v1.0.0', 'v1.0.0'],
    ['v1.0.0-RC1', 'v1.0.0-!r!c1'],
    ['v2.0.0+incompatible', 'v2.0.0+incompatible'],
    ['Main', '!main'],
    ['feature-x', 'feature-x'],
    ['a~1', 'a~1'],
  ])('%s is written %s', (version, escaped) => {
    expect(escapeVersion(version)).toBe(escaped);
    expect(unescapeVersion(escaped)).toBe(version);
  });

  test.each(['', '.', '..', 'v1!', 'v1/x', 'v1\\x', 'v1.', 'nul', 'con.x', 'v\u00e9', 'v1\0', 'v1:x'])(
    'escapeVersion refuses %j',
    (version) => {
      expect(() => escapeVersion(version)).toThrow(GoRuleError);
    },
  );

  test.each(['v1.0.0-RC1', 'v1!', 'v1!1', 'v1!!a', '..', 'a/b', '', '\u00e9', '!con'])(
    'unescapeVersion refuses %j',
    (escaped) => {
      expect(() => unescapeVersion(escaped)).toThrow('invalid escaped version');
    },
  );

  test('unescape undoes escape, or it is refused', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^v1\.0\.0-[A-Za-z0-9]{0,9}$/));
    fc.assert(
      fc.property(text, (version) => {
        try {
          expect(unescapeVersion(escapeVersion(version))).toBe(version);
        } catch (error) {
          expect(error).toBeInstanceOf(GoRuleError);
        }
      }),
    );
  });
});

describe('isPseudoVersion, pseudoVersionTime', () => {
  test.each([
    ['v0.0.0-20191109021931-daa7c04131f5', '2019-11-09T02:19:31Z'],
    ['v4.0.0-20191109021931-daa7c04131f5', '2019-11-09T02:19:31Z'],
    ['v1.2.4-0.20191109021931-daa7c04131f5', '2019-11-09T02:19:31Z'],
    ['v1.2.3-pre.0.20191109021931-daa7c04131f5', '2019-11-09T02:19:31Z'],
    ['v1.2.3-rc.1.0.20191109021931-daa7c04131f5', '2019-11-09T02:19:31Z'],
    ['v2.0.1-0.20191109021931-daa7c04131f5+incompatible', '2019-11-09T02:19:31Z'],
    ['v0.0.0-20240229000000-A', '2024-02-29T00:00:00Z'],
    ['v0.0.0-00010101000000-000000000000', '0001-01-01T00:00:00Z'],
  ])('%s is of %s', (version, time) => {
    expect(isPseudoVersion(version)).toBe(true);
    expect(pseudoVersionTime(version)).toBe(time);
  });

  test.each([
    'v0.0.0-20230229000000-abcdef123456',
    'v0.0.0-20241301000000-abcdef123456',
    'v0.0.0-20240100000000-abcdef123456',
    'v0.0.0-20240101240000-abcdef123456',
    'v0.0.0-20240101006000-abcdef123456',
    'v0.0.0-20240101000060-abcdef123456',
  ])('%s is a pseudo-version without a time', (version) => {
    expect(isPseudoVersion(version)).toBe(true);
    expect(pseudoVersionTime(version)).toBeUndefined();
  });

  test.each([
    'v1.2.3',
    'v1.2.3-20191109021931-daa7c04131f5',
    'v1.2.3-pre.20191109021931-daa7c04131f5',
    'v0.0.0-2019110902193-daa7c04131f5',
    'v0.0.0-201911090219311-daa7c04131f5',
    'v0.0.0-20191109021931',
    'v0.0.0-20191109021931-',
    'v0.0.0-20191109021931-a.b',
    'v0.0.0-20191109021931-a+',
    'v0.0-20191109021931-abc',
    'v01.0.0-20191109021931-abc',
    '',
  ])('%j is none', (version) => {
    expect(isPseudoVersion(version)).toBe(false);
    expect(pseudoVersionTime(version)).toBeUndefined();
  });
});

describe('checkModuleVersion', () => {
  test.each([
    ['example.com/x', 'v1.2.3'],
    ['example.com/x', 'v0.0.0-20191109021931-daa7c04131f5'],
    ['example.com/x', 'v2.0.0+incompatible'],
    ['example.com/x/v2', 'v2.0.0'],
    ['example.com/x/v2', 'v2.0.0-rc1'],
    ['gopkg.in/yaml.v2', 'v2.4.0'],
    ['gopkg.in/yaml.v2-unstable', 'v2.4.0'],
    ['gopkg.in/check.v1', 'v1.0.0'],
    ['gopkg.in/check.v1', 'v0.0.0-20161208181325-20d25e280405'],
    ['gopkg.in/check.v0', 'v0.1.0'],
    ['golang.org/toolchain', 'v0.0.1-go1.21.0.linux-amd64'],
  ])('%s %s is accepted', (path, version) => {
    expect(() => checkModuleVersion({ path, version })).not.toThrow();
  });

  test.each([
    ['example.com/x', 'v2.0.0', 'should be v0 or v1, not v2'],
    ['example.com/x/v2', 'v1.0.0', 'should be v2, not v1'],
    ['example.com/x/v2', 'v2.0.0+incompatible', undefined],
    ['example.com/x/v2', 'v3.0.0+incompatible', 'should be v2, not v3'],
    ['gopkg.in/yaml.v2', 'v3.0.0', 'should be v2, not v3'],
    ['gopkg.in/yaml.v2', 'v0.0.0-20161208181325-20d25e280405', 'should be v2, not v0'],
    ['example.com/x', 'v1.2', 'not canonical, should be v1.2.0'],
    ['example.com/x', 'v1.2.3+meta', 'not canonical, should be v1.2.3'],
    ['example.com/x', 'latest', 'not a semantic version'],
    ['example.com/x', '', 'not a semantic version'],
    ['example.com/x', 'v1.0.0/../../x', 'not a semantic version'],
    ['example.com/x/v1', 'v1.0.0', 'malformed module path'],
    ['../x', 'v1.0.0', 'malformed module path'],
  ])('%s %s: %s', (path, version, fault) => {
    const check = () => checkModuleVersion({ path, version });
    if (fault === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(fault);
  });

  test('matchesPathMajor says the same of the major version', () => {
    expect(matchesPathMajor('v2.0.0', '/v2')).toBe(true);
    expect(matchesPathMajor('v2.0.0', '')).toBe(false);
    expect(matchesPathMajor('junk', '/v2')).toBe(false);
  });
});

describe('module versions', () => {
  test('formatModuleVersion', () => {
    expect(formatModuleVersion({ path: 'example.com/x', version: 'v1.0.0' })).toBe('example.com/x@v1.0.0');
    expect(formatModuleVersion({ path: 'example.com/x', version: '' })).toBe('example.com/x');
  });

  test('compareModuleVersions orders as go.sum', () => {
    const ordered = [
      ['example.com/B', 'v1.0.0'],
      ['example.com/a', 'v1.2.0'],
      ['example.com/a', 'v1.2.0/go.mod'],
      ['example.com/a', 'v1.10.0/go.mod'],
      ['example.com/a/b', 'v0.1.0'],
      ['example.com/b', 'v1.0.0-rc1'],
      ['example.com/b', 'v1.0.0'],
    ].map(([path = '', version = '']) => ({ path, version }));
    expect(ordered.toReversed().sort(compareModuleVersions)).toEqual(ordered);
  });
});
