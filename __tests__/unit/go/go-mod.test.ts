import { describe, expect, test } from '@jest/globals';
import { parseGoMod } from '../../../src/go/go-mod.ts';

const FULL = `module example.com/m // Deprecated: no
go 1.24.1
toolchain go1.24.3
require example.com/a v1.2
require (
	example.com/b/v2 v2.0.0 // indirect
	"example.com/c" v3.0.0+incompatible // indirect; because
)
exclude example.com/a v1.1.0
replace example.com/a => ./a
replace example.com/b/v2 v2.0.0 => example.com/d v0.0.0-20240102030405-0123456789ab
retract [v1.0.0, v1.1.0]
tool example.com/c/cmd
godebug default=go1.21
ignore ./static
`;

describe('parseGoMod', () => {
  test('reads every directive, versions made canonical', () => {
    expect(parseGoMod('go.mod', FULL)).toEqual({
      file: 'go.mod',
      module: 'example.com/m',
      go: '1.24.1',
      toolchain: 'go1.24.3',
      require: [
        { path: 'example.com/a', version: 'v1.2.0', indirect: false, line: 4 },
        { path: 'example.com/b/v2', version: 'v2.0.0', indirect: true, line: 6 },
        { path: 'example.com/c', version: 'v3.0.0+incompatible', indirect: true, line: 7 },
      ],
      exclude: [{ path: 'example.com/a', version: 'v1.1.0', line: 9 }],
      replace: [
        { old: { path: 'example.com/a' }, new: { kind: 'directory', directory: './a' }, line: 10 },
        {
          old: { path: 'example.com/b/v2', version: 'v2.0.0' },
          new: { kind: 'module', path: 'example.com/d', version: 'v0.0.0-20240102030405-0123456789ab' },
          line: 11,
        },
      ],
      retract: [{ low: 'v1.0.0', high: 'v1.1.0', line: 12 }],
      tool: [{ path: 'example.com/c/cmd', line: 13 }],
      godebug: [{ key: 'default', value: 'go1.21', line: 14 }],
      ignore: [{ path: './static', line: 15 }],
      problems: [],
    });
  });

  test('gives the same for CRLF', () => {
    expect(parseGoMod('go.mod', FULL.replaceAll('\n', '\r\n'))).toEqual(parseGoMod('go.mod', FULL));
  });

  test('keeps the right lines beside the wrong ones, and names line and rule without content', () => {
    const text =
      'module example.com/m\nrequire SECRET\nrequire example.com/a v1.0.0\nSECRET x\ngo SECRET\nrequire example.com/b SECRET\n';
    const mod = parseGoMod('sub/go.mod', text);
    expect(mod.require.map((r) => r.path)).toEqual(['example.com/a']);
    expect(mod.problems.map(({ file, line }) => [file, line])).toEqual(
      [2, 4, 5, 6].map((line) => ['sub/go.mod', line]),
    );
    expect(JSON.stringify(mod.problems)).not.toContain('SECRET');
  });

  test('a path replaced in two ways is a problem, the same way twice is none', () => {
    const twice = 'replace example.com/a => ./a\n';
    expect(parseGoMod('f', twice + twice).problems).toEqual([]);
    expect(parseGoMod('f', `${twice}replace example.com/a => ./b\n`).problems).toMatchObject([{ line: 2 }]);
  });

  test('tells at most a hundred problems of a file', () => {
    expect(parseGoMod('f', 'x\n'.repeat(5_000)).problems).toHaveLength(100);
  });

  test.each([
    ['\\x41\\101\\u0041\\U00000041', 'AAAA'],
    ['\\xc3\\xbc', '\u00FC'],
    ['\\a\\b\\f\\n\\r\\t\\v\\\\\\"', '\x07\b\f\n\r\t\v\\"'],
  ])('unquotes "%s" as strconv.Unquote does', (quoted, value) => {
    expect(parseGoMod('f', `ignore "${quoted}"\n`)).toMatchObject({
      ignore: [{ path: value }],
      problems: [],
    });
  });

  test.each(["\\'", '\\x4', '\\400', '\\u12', '\\U00110000', '\\udfff', '\\z', '\\8'])(
    'refuses the escape %s',
    (sequence) => {
      expect(parseGoMod('f', `ignore "${sequence}"\n`)).toMatchObject({
        ignore: [],
        problems: [{ line: 1 }],
      });
    },
  );
});
