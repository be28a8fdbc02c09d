import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseGoSum } from '../../../src/go/go-sum.ts';

const A = `h1:${'A'.repeat(43)}=`;
const B = `h1:${'B'.repeat(42)}A=`;
const EMPTY_GO_MOD = 'h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=';

const zip = (path: string, version: string, line: number, hash = A) =>
  ({ path, version, kind: 'zip', hash, line }) as const;
const mod = (path: string, version: string, line: number, hash = A) =>
  ({ path, version, kind: 'mod', hash, line }) as const;

describe('parseGoSum reads', () => {
  test.each([
    ['nothing', '', []],
    [
      'zip and go.mod lines',
      `example.com/x v1.0.0 ${A}\nexample.com/x v1.0.0/go.mod ${B}\n`,
      [zip('example.com/x', 'v1.0.0', 1), mod('example.com/x', 'v1.0.0', 2, B)],
    ],
    ['a last line without a line break', `example.com/x v1.0.0 ${A}`, [zip('example.com/x', 'v1.0.0', 1)]],
    [
      'CRLF',
      `example.com/x v1.0.0 ${A}\r\nexample.com/y v1.0.0 ${A}\r\n`,
      [zip('example.com/x', 'v1.0.0', 1), zip('example.com/y', 'v1.0.0', 2)],
    ],
    ['a BOM', `\ufeffexample.com/x v1.0.0 ${A}\n`, [zip('example.com/x', 'v1.0.0', 1)]],
    [
      'blank lines',
      `\n \n\t\r\n\u0085\u3000\nexample.com/x v1.0.0 ${A}\n\n`,
      [zip('example.com/x', 'v1.0.0', 5)],
    ],
    [
      'any white space',
      `  example.com/x\t\tv1.0.0\u00a0\u0085${A}\v\f\n`,
      [zip('example.com/x', 'v1.0.0', 1)],
    ],
    [
      'duplicates',
      `example.com/x v1.0.0 ${A}\n`.repeat(2),
      [zip('example.com/x', 'v1.0.0', 1), zip('example.com/x', 'v1.0.0', 2)],
    ],
    [
      'two hashes, in their order',
      `example.com/x v1.0.0 ${B}\nexample.com/x v1.0.0 ${A}\n`,
      [zip('example.com/x', 'v1.0.0', 1, B), zip('example.com/x', 'v1.0.0', 2)],
    ],
    [
      '+incompatible',
      `example.com/X v2.0.0+incompatible/go.mod ${A}`,
      [mod('example.com/X', 'v2.0.0+incompatible', 1)],
    ],
    [
      'a pseudo-version',
      `gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405 ${A}`,
      [zip('gopkg.in/check.v1', 'v0.0.0-20161208181325-20d25e280405', 1)],
    ],
    [
      'the hash of an empty go.mod as nothing',
      `example.com/x v1.0.0/go.mod ${EMPTY_GO_MOD}\nexample.com/y v1.0.0 ${A}\n`,
      [zip('example.com/y', 'v1.0.0', 2)],
    ],
  ])('%s', (_, text, lines) => {
    expect(parseGoSum('go.sum', text)).toEqual({ file: 'go.sum', lines, problems: [] });
  });

  test('ten thousand lines', () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `example.com/m${i} v1.0.${i} ${A}\n`).join('');
    const { lines, problems } = parseGoSum('go.sum', text);
    expect(lines).toHaveLength(10_000);
    expect(lines[9_999]).toEqual(zip('example.com/m9999', 'v1.0.9999', 10_000));
    expect(problems).toEqual([]);
  });
});

describe('parseGoSum tells the line and rule, and goes on, after', () => {
  test.each([
    ['two fields', `example.com/x v1.0.0`, 'wrong number of fields 2'],
    ['four fields', `example.com/x v1.0.0 ${A} x`, 'wrong number of fields 4'],
    ['a conflict mark', '<<<<<<< HEAD', 'wrong number of fields 2'],
    ['another algorithm', `example.com/x v1.0.0 h2:${'A'.repeat(43)}=`, 'unknown hash algorithm'],
    ['a short hash', 'example.com/x v1.0.0 h1:AAAA', 'malformed h1'],
    ['a hash whose last bits are set', `example.com/x v1.0.0 h1:${'B'.repeat(43)}=`, 'malformed h1'],
    ['a URL-safe hash', `example.com/x v1.0.0 h1:${'-'.repeat(42)}A=`, 'malformed h1'],
    ['a bad path', `../../etc v1.0.0 ${A}`, 'malformed module path'],
    ['a Windows device', `example.com/nul v1.0.0 ${A}`, 'malformed module path'],
    ['a BOM that is not the first', `\ufeffexample.com/x v1.0.0 ${A}`, 'malformed module path'],
    ['a bad version', `example.com/x latest ${A}`, 'malformed version'],
    ['a version out of its path', `example.com/x v1.0.0/../../x ${A}`, 'malformed version'],
    ['another suffix', `example.com/x v1.0.0/go.sum ${A}`, 'malformed version'],
    ['two suffixes', `example.com/x v1.0.0/go.mod/go.mod ${A}`, 'malformed version'],
    ['a short version', `example.com/x v1.0 ${A}`, 'malformed version'],
    ['the wrong major version', `example.com/x v2.0.0 ${A}`, 'malformed version'],
    ['NUL', `example.com/x\0 v1.0.0 ${A}`, 'control characters'],
    ['an escape', `\x1b[31mexample.com/x v1.0.0 ${A}`, 'control characters'],
    ['DEL in a dropped line', `\x7f v1.0.0/go.mod ${EMPTY_GO_MOD}`, 'control characters'],
  ])('%s', (_, line, rule) => {
    const text = `example.com/a v1.0.0 ${A}\n${line}\nexample.com/b v1.0.0 ${A}\n`;
    const { lines, problems } = parseGoSum('sub/go.sum', text);
    expect(lines.map((each) => each.path)).toEqual(['example.com/a', 'example.com/b']);
    expect(problems).toEqual([{ file: 'sub/go.sum', line: 2, rule: expect.stringContaining(rule) }]);
  });

  test('a rule is told again for the second line of a module', () => {
    const text = `nul.com/x v1.0.0 ${A}\nnul.com/x v1.0.0/go.mod ${A}\n`;
    expect(parseGoSum('go.sum', text).problems.map((problem) => problem.line)).toEqual([1, 2]);
  });

  test('a hundred problems, of the others only how many', () => {
    const { problems } = parseGoSum('go.sum', 'secret\n'.repeat(1000));
    expect(problems).toHaveLength(101);
    expect(problems[100]).toEqual({
      file: 'go.sum',
      line: 1000,
      rule: '900 more lines up to this one break a rule',
    });
    expect(JSON.stringify(problems)).not.toContain('secret');
  });
});

describe('parseGoSum and any text', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'example.com/x',
      'v1.0.0',
      'v1.0.0/go.mod',
      A,
      EMPTY_GO_MOD,
      ' ',
      '\n',
      '\r\n',
      '\0',
      '\ufeff',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );

  test('never throws; what it returns, written out, reads the same', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { lines } = parseGoSum('go.sum', pieces.join(''));
        const text = lines
          .map((each) => `${each.path} ${each.version}${each.kind === 'mod' ? '/go.mod' : ''} ${each.hash}\n`)
          .join('');
        const again = parseGoSum('go.sum', text);
        expect(again.problems).toEqual([]);
        expect(again.lines).toEqual(lines.map((each, index) => ({ ...each, line: index + 1 })));
      }),
    );
  });
});
