import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GoRuleError } from '../../../src/go/go-rule-error.ts';
import {
  checkFilePath,
  checkImportPath,
  checkModulePath,
  escapePath,
  splitPathVersion,
  unescapePath,
} from '../../../src/go/module-path.ts';

/** A path with what module, import and file paths each make of it: m, i, f for allowed, a dash for refused. */
const PATHS: readonly (readonly [string, string])[] = [
  ['github.com/pkg/errors', 'mif'],
  ['github.com/Azure/azure-sdk-for-go', 'mif'],
  ['Github.com/pkg/errors', '-if'],
  ['example.com', 'mif'],
  ['example', '-if'],
  ['go', '-if'],
  ['', '---'],
  ['/example.com', '---'],
  ['example.com/', '---'],
  ['example.com//x', '---'],
  ['-example.com/x', '--f'],
  ['example.com/-x', 'mif'],
  ['example.com/.x', '-if'],
  ['example.com/x.', '---'],
  ['example.com/x..y', 'mif'],
  ['example.com/.', '---'],
  ['example.com/..', '---'],
  ['../x.y', '---'],
  ['.example.com/x', '-if'],
  ['a_b.com/x', '-if'],
  ['a~b.com/x', '-if'],
  ['example.com/a+b', '-if'],
  ['example.com/a b', '--f'],
  ['example.com/a@v1.0.0', '--f'],
  ['example.com/a!b', '--f'],
  ['example.com/{a}', '--f'],
  ['example.com/a\\b', '---'],
  ['example.com/a:b', '---'],
  ['example.com/a*b', '---'],
  ["example.com/a'b", '---'],
  ['example.com/a"b', '---'],
  ['example.com/a`b', '---'],
  ['example.com/a|b', '---'],
  ['example.com/a\0b', '---'],
  ['example.com/a\nb', '---'],
  ['example.com/a\x7f', '---'],
  ['example.com/\u00e9', '--f'],
  ['example.com/\u65e5\u672c', '--f'],
  ['example.com/e\u0301', '---'],
  ['example.com/\u{1f600}', '---'],
  ['example.com/\u{1d49c}', '--f'],
  ['example.com/\ud835', '---'],
  ['example.com/\ufffd', '---'],
  ['example.com/con', '---'],
  ['example.com/CoN/x', '---'],
  ['example.com/nul.txt', '---'],
  ['example.com/com1', '---'],
  ['example.com/com0', 'mif'],
  ['example.com/lpt9.a.b', '---'],
  ['example.com/lpt10', 'mif'],
  ['example.com/x.con', 'mif'],
  ['example.com/console', 'mif'],
  ['con.com/x', '---'],
  ['example.com/x~1', '--f'],
  ['example.com/x~12.go', '--f'],
  ['example.com/x.go~1', 'mif'],
  ['example.com/x~', 'mif'],
  ['example.com/x~a1', 'mif'],
  ['example.com/~1x', 'mif'],
  ['example.com/x/v2', 'mif'],
  ['example.com/x/v1', '-if'],
  ['example.com/x/v0', '-if'],
  ['example.com/x/v02', '-if'],
  ['example.com/x/v2.1', '-if'],
  ['example.com/x/v2x', 'mif'],
  ['example.com/v', 'mif'],
  ['gopkg.in/yaml.v2', 'mif'],
  ['gopkg.in/yaml.v0', 'mif'],
  ['gopkg.in/yaml.v01', '-if'],
  ['gopkg.in/yaml.v2-unstable', 'mif'],
  ['gopkg.in/yaml.v0-unstable', '-if'],
  ['gopkg.in/yaml', '-if'],
  ['gopkg.in/yaml/v2', '-if'],
];

describe('checkModulePath, checkImportPath, checkFilePath', () => {
  test.each(PATHS)('%j is %s', (path, allowed) => {
    const accepts = (check: (path: string) => void, letter: string) => {
      try {
        check(path);
        return letter;
      } catch (error) {
        expect(error).toBeInstanceOf(GoRuleError);
        expect((error as GoRuleError).code).toBe('module-path');
        return '-';
      }
    };
    const found = accepts(checkModulePath, 'm') + accepts(checkImportPath, 'i') + accepts(checkFilePath, 'f');
    expect(found).toBe(allowed);
  });

  test('the message names the path, the rule and the character', () => {
    expect(() => checkModulePath('example.com/a b')).toThrow(
      'malformed module path "example.com/a b": invalid char " "',
    );
  });
});

describe('escapePath, unescapePath', () => {
  test.each([
    ['github.com/pkg/errors', 'github.com/pkg/errors'],
    ['github.com/Azure/azure-sdk-for-go', 'github.com/!azure/azure-sdk-for-go'],
    ['github.com/GoogleCloudPlatform/x', 'github.com/!google!cloud!platform/x'],
    ['example.com/AB', 'example.com/!a!b'],
  ])('%s is written %s', (path, escaped) => {
    expect(escapePath(path)).toBe(escaped);
    expect(unescapePath(escaped)).toBe(path);
  });

  test.each([
    'example.com/A',
    'example.com/!A',
    'example.com/!',
    'example.com/!1',
    'example.com/!!a',
    'x/!a',
    'example.com/\u00e9',
  ])('unescapePath refuses %j', (escaped) => {
    expect(() => unescapePath(escaped)).toThrow('invalid escaped module path');
  });

  test('escapePath refuses what is no module path', () => {
    expect(() => escapePath('../../etc')).toThrow(GoRuleError);
  });

  const element = fc.stringMatching(/^[A-Za-z0-9][-_~A-Za-z0-9]{0,8}[A-Za-z]$/);
  const modulePath = fc
    .tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,5}\.(?:com|org)$/), fc.array(element, { maxLength: 4 }))
    .map((parts) => parts.flat().join('/'))
    .filter((path) => {
      try {
        checkModulePath(path);
        return true;
      } catch {
        return false;
      }
    });

  test('unescape undoes escape, and what is escaped has no upper-case letter', () => {
    fc.assert(
      fc.property(modulePath, (path) => {
        expect(unescapePath(escapePath(path))).toBe(path);
        expect(escapePath(path)).not.toMatch(/[A-Z]/);
      }),
    );
  });

  test('paths that differ are escaped to names that differ also without regard to case', () => {
    fc.assert(
      fc.property(modulePath, modulePath, (a, b) => {
        if (a !== b) expect(escapePath(a).toLowerCase()).not.toBe(escapePath(b).toLowerCase());
      }),
    );
  });

  test('any text either escapes and comes back, or is refused with a GoRuleError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(unescapePath(escapePath(text))).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(GoRuleError);
        }
      }),
    );
  });
});

describe('splitPathVersion', () => {
  test.each([
    ['example.com/x', 'example.com/x', ''],
    ['example.com/x/v2', 'example.com/x', '/v2'],
    ['example.com/x/v10', 'example.com/x', '/v10'],
    ['example.com/xv2', 'example.com/xv2', ''],
    ['example.com/x.v2', 'example.com/x.v2', ''],
    ['example.com/x2', 'example.com/x2', ''],
    ['v2', 'v2', ''],
    ['gopkg.in/yaml.v2', 'gopkg.in/yaml', '.v2'],
    ['gopkg.in/a/yaml.v0', 'gopkg.in/a/yaml', '.v0'],
    ['gopkg.in/yaml.v3-unstable', 'gopkg.in/yaml', '.v3-unstable'],
  ])('%s is %s and %j', (path, prefix, pathMajor) => {
    expect(splitPathVersion(path)).toEqual({ prefix, pathMajor });
  });

  test.each([
    'example.com/x/v1',
    'example.com/x/v0',
    'example.com/x/v02',
    'example.com/x/v2.',
    'example.com/x/v',
    'gopkg.in/x',
    'gopkg.in/x.v',
    'gopkg.in/x.v00',
  ])('the end of %s breaks the rules, or is no version', (path) => {
    const split = splitPathVersion(path);
    // `/v` without digits is a plain element.
    expect(split).toEqual(path === 'example.com/x/v' ? { prefix: path, pathMajor: '' } : undefined);
  });
});
