import { describe, expect, test } from '@jest/globals';
import {
  checkPatterns,
  disclosureOf,
  matchPrefixPatterns,
  mergeGoprivate,
} from '../../../src/go/goprivate.ts';
import { matchPath } from '../../../src/go/path-match.ts';

/** Rows for path.Match; undefined is a malformed pattern. */
const MATCHES: readonly (readonly [string, string, boolean | undefined])[] = [
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['*', 'abc', true],
  ['*', '', true],
  ['*', 'a/b', false],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d', 'axbxcxd', true],
  ['a*b*c*d', 'axbxcx', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['**', 'ab', true],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['[^a]', '/', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['[x\\-]', '-', true],
  ['[a*]b', '*b', true],
  // Behind the star the second byte of é stands for itself, as in Go.
  ['*[^é]', 'é', true],
  ['*[^é]x', 'éx', true],
  ['[]a]', ']', undefined],
  ['[-]', '-', undefined],
  ['[x-]', 'x', undefined],
  ['[-x]', 'x', undefined],
  ['[a-b-c]', 'a', undefined],
  ['[', 'a', undefined],
  ['[^', 'a', undefined],
  ['[^bc', 'a', undefined],
  ['a[', 'ab', undefined],
  ['a[', 'x', undefined],
  ['a*[', 'x', undefined],
  ['\\', 'a', undefined],
  ['[\\', 'a', undefined],
  ['*x', 'xxx', true],
  ['?', '', false],
];

test.each(MATCHES)('matchPath(%p, %p) is %p', (pattern, name, expected) => {
  expect(matchPath(pattern, name)).toBe(expected);
});

test.each([
  ['', 'a.test/x', false],
  ['a.test', 'a.test', true],
  ['a.test', 'a.test/x/y', true],
  ['a.test', 'a.testing/x', false],
  ['a.test/', 'a.test/x', true],
  ['a.test//', 'a.test/x', false],
  ['/', 'a.test', false],
  ['a.test/x', 'a.test', false],
  ['a.test/x', 'a.test/x/v2', true],
  ['*.test', 'b.test/x', true],
  ['*.test', 'a.b.test/x', true],
  ['*.test', 'test/x', false],
  ['a.test/*', 'a.test', false],
  ['a.test/*', 'a.test/x/y', true],
  ['b.test,a.test', 'a.test/x', true],
  [',,a.test,', 'a.test/x', true],
  ['b.test, a.test', 'a.test/x', false],
  ['a.test ', 'a.test/x', false],
  ['A.test', 'a.test/x', false],
  ['a.test/X', 'a.test/x', false],
  ['[,a.test', 'a.test/x', true],
  ['none', 'a.test/x', false],
])('matchPrefixPatterns(%p, %p) is %p', (globs, target, expected) => {
  expect(matchPrefixPatterns(globs, target)).toBe(expected);
});

describe('checkPatterns', () => {
  test.each([
    '',
    'none',
    'a.test',
    '*.corp.test,github.com/acme/*',
    'a.test/',
    'a.test/[a-z]*',
    ',a.test,,',
    'github.com/Acme',
    'a\\.test',
    '~x.test',
  ])('accepts %p', (value) => {
    expect(() => checkPatterns('goprivate', value)).not.toThrow();
  });

  test.each([
    ['a.test, b.test', 'white space'],
    ['a.test\n', 'white space'],
    ['https://a.test', 'without it'],
    ['b.test,/a.test', 'begin with a slash'],
    ['.a.test', '*.example.com'],
    ['a.test/.x', 'begins with a dot'],
    ['a.test//x', 'two slashes'],
    ['a.test/[x', 'well-formed glob'],
    ['a.test;b.test', 'separate patterns with a comma'],
    ['git@a.test', 'have no "@"'],
    ['a.test:8080/x', 'have no ":"'],
    ['A.test/x', 'lower case'],
    ['"a.test"', 'have no'],
  ])('refuses %p', (value, message) => {
    const check = () => checkPatterns('gonoproxy', value);
    expect(check).toThrow(message);
    expect(check).toThrow(/^gonoproxy: /);
    expect(check).toThrow(expect.objectContaining({ code: 'goprivate' }));
  });

  test('shows no token of a pasted URL', () => {
    expect(() => checkPatterns('goprivate', 'https://s3cret@a.test/x')).toThrow(/^((?!s3cret).)*$/);
  });
});

/** GOPRIVATE, GONOPROXY and GONOSUMDB. */
type Three = readonly [string, string, string];
const patterns = ([goprivate, gonoproxy, gonosumdb]: Three) => ({ goprivate, gonoproxy, gonosumdb });

describe('mergeGoprivate', () => {
  const rows: readonly (readonly [string, Three, Three, Three, Record<string, string>])[] = [
    ['nothing with nothing', ['', '', ''], ['', '', ''], ['', '', ''], {}],
    ['nothing: unset ones are GOPRIVATE', ['a', '', ''], ['', '', ''], ['a', 'a', 'a'], {}],
    [
      'to GOPRIVATE alone: the others follow by themselves',
      ['a', '', ''],
      ['b', '', ''],
      ['a,b', 'a,b', 'a,b'],
      { GOPRIVATE: 'a,b' },
    ],
    [
      'to GOPRIVATE where both others are set',
      ['a', 'x', 'y'],
      ['b', '', ''],
      ['a,b', 'x,b', 'y,b'],
      { GOPRIVATE: 'a,b', GONOPROXY: 'x,b', GONOSUMDB: 'y,b' },
    ],
    ['to GOPRIVATE beside none', ['', 'none', ''], ['b', '', ''], ['b', 'none', 'b'], { GOPRIVATE: 'b' }],
    [
      'to GONOSUMDB alone, which begins as GOPRIVATE',
      ['a', '', ''],
      ['', '', 'c'],
      ['a', 'a', 'a,c'],
      { GONOSUMDB: 'a,c' },
    ],
    [
      'to all',
      ['', '', ''],
      ['a', 'b', 'c'],
      ['a', 'a,b', 'a,c'],
      { GOPRIVATE: 'a', GONOPROXY: 'a,b', GONOSUMDB: 'a,c' },
    ],
    ['to none itself', ['', 'none', ''], ['', 'b', ''], ['', 'b', ''], { GONOPROXY: 'b' }],
    ['none to an unset one', ['a', '', ''], ['', 'none', ''], ['a', 'none', 'a'], { GONOPROXY: 'none' }],
    ['none to a set one, which stays', ['a', 'x', ''], ['', 'none', ''], ['a', 'x', 'a'], {}],
    ['none to GOPRIVATE', ['a', '', ''], ['none', '', ''], ['a', 'a', 'a'], {}],
    [
      'what is there already, letter for letter',
      ['b,,a,b', '', ''],
      ['a,b', '', ''],
      ['b,,a,b', 'b,,a,b', 'b,,a,b'],
      {},
    ],
    [
      'duplicates, in their order',
      ['b,a,b', '', ''],
      ['c,a,c', '', ''],
      ['b,a,c', 'b,a,c', 'b,a,c'],
      { GOPRIVATE: 'b,a,c' },
    ],
    [
      'a set one that equals GOPRIVATE',
      ['a', 'a', ''],
      ['b', '', ''],
      ['a,b', 'a,b', 'a,b'],
      { GOPRIVATE: 'a,b', GONOPROXY: 'a,b' },
    ],
    [
      'white space of the environment as it is',
      ['a, b', '', ''],
      ['b', '', ''],
      ['a, b,b', 'a, b,b', 'a, b,b'],
      { GOPRIVATE: 'a, b,b' },
    ],
  ];
  test.each(rows)('adds %s', (...[, set, additions, expected, assignments]) => {
    const merged = mergeGoprivate({ set: patterns(set), additions: patterns(additions) });
    expect([merged.goprivate, merged.gonoproxy, merged.gonosumdb]).toEqual(expected);
    expect(Object.fromEntries(merged.assignments)).toEqual(assignments);
  });

  test.each(rows)('gives assignments that make go see the same: %s', (_, set, additions) => {
    const merged = mergeGoprivate({ set: patterns(set), additions: patterns(additions) });
    const afterwards = (name: 'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB', own: string) =>
      merged.assignments.get(name) ?? own;
    const goprivate = afterwards('GOPRIVATE', set[0]);
    expect([
      goprivate,
      afterwards('GONOPROXY', set[1]) || goprivate,
      afterwards('GONOSUMDB', set[2]) || goprivate,
    ]).toEqual([merged.goprivate, merged.gonoproxy, merged.gonosumdb]);
  });
});

test.each([
  ['public', 'b.test/x', ['a.test', 'a.test', 'a.test']],
  ['nobody', 'a.test/x', ['a.test', 'a.test', 'a.test']],
  ['nobody', 'a.test/x', ['', 'a.test', '']],
  ['given-only', 'a.test/x', ['a.test', 'none', 'a.test']],
  ['given-only', 'a.test/x', ['a.test', 'none', 'none']],
  ['given-only', 'a.test/x', ['', 'none', 'a.test']],
  ['nobody', 'a.test/x', ['a.test', '', '']],
  ['public', 'a.test/x', ['', '', '']],
] as const)('%s: %s under %p', (expected, path, three) => {
  expect(disclosureOf(path, patterns(three))).toBe(expected);
});
