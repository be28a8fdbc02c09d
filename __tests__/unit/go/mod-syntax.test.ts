import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseModSyntax } from '../../../src/go/mod-syntax.ts';

describe('parseModSyntax', () => {
  test('keeps tokens as written, with line numbers and the comment that ends the line', () => {
    const text =
      '// top\nmodule "a b" // why\n\nrequire (\n\tx v1 // indirect\n\n\t// note\n\ty v2\n) // end\ngo 1.22';
    expect(parseModSyntax('go.mod', text)).toEqual({
      statements: [
        { kind: 'line', tokens: ['module', '"a b"'], line: 2, comment: '// why' },
        {
          kind: 'block',
          tokens: ['require'],
          line: 4,
          lines: [
            { tokens: ['x', 'v1'], line: 5, comment: '// indirect' },
            { tokens: ['y', 'v2'], line: 8, comment: '' },
          ],
        },
        { kind: 'line', tokens: ['go', '1.22'], line: 10, comment: '' },
      ],
    });
  });

  test.each([
    ['punctuation is a token each', 'a [b,c] {d}', ['a', '[', 'b', ',', 'c', ']', '{', 'd', '}']],
    ['parentheses in the middle of a line', 'a (b) ( ) c', ['a', '(', 'b', ')', '(', ')', 'c']],
    ['quotes in a word stay', `a"b'c`, [`a"b'c`]],
    ['back quotes keep backslashes', 'a `b\\`', ['a', '`b\\`']],
    ['an escaped quote does not end a string', 'a "b\\"c"', ['a', '"b\\"c"']],
    ['letters beyond the first plane', 'a \u{20000}b', ['a', '\u{20000}b']],
    ['slashes begin a comment inside a word', 'a b//c', ['a', 'b']],
    ['carriage returns are blanks', 'a\r b\r', ['a', 'b']],
  ])('%s', (_, text, tokens) => {
    expect(parseModSyntax('f', text).statements.map((s) => s.tokens)).toEqual([tokens]);
  });

  test.each([
    ['(\n', 'an opening parenthesis at the start of a line is a word', ['(']],
    ['a ()\n', 'an empty block', ['a']],
    ['a (\n)\n', 'an empty block over two lines', ['a']],
  ])('%j: %s', (text, _, tokens) => {
    expect(parseModSyntax('f', text).statements[0]?.tokens).toEqual(tokens);
  });

  test.each([
    ['block comment', 'a b\n/* c */', 2, 1],
    ['block comment in a word', 'a b/*c*/', 1, 0],
    ['string without an end', 'a\nb "c\n', 2, 1],
    ['string without an end at the end', 'a "b', 1, 0],
    ['string that ends in a backslash', 'a "b\\', 1, 0],
    ['block without an end, named where it began', 'a\nb (\nc\n', 2, 1],
    ['text behind a block', 'a (\nb\n) c\n', 3, 0],
    ['control character', 'a\nb \x07\n', 2, 1],
    ['byte order mark inside', 'a\nb\uFEFF\n', 2, 1],
    ['lone surrogate', 'a \ud800\n', 1, 0],
  ])('stops at a %s and keeps what was before', (_, text, line, statements) => {
    const syntax = parseModSyntax('sub/go.mod', text);
    expect(syntax.problem).toMatchObject({ file: 'sub/go.mod', line });
    expect(syntax.statements).toHaveLength(statements);
  });

  test('reads on behind a byte order mark, which go refuses', () => {
    const syntax = parseModSyntax('f', '\uFEFFmodule a\n');
    expect(syntax.problem).toMatchObject({ line: 1, rule: expect.stringContaining('byte order mark') });
    expect(syntax.statements[0]?.tokens).toEqual(['module', 'a']);
  });

  test('takes any text without throwing, and a problem never quotes it', () => {
    const piece = fc.constantFrom(
      '"',
      '`',
      '\\',
      '(',
      ')',
      '\n',
      '//',
      '/*',
      ' ',
      'SECRET',
      '\uFEFF',
      '\0',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { problem, statements } = parseModSyntax('f', pieces.join(''));
        expect(problem?.rule ?? '').not.toContain('SECRET');
        for (const { tokens } of statements) expect(tokens.length).toBeGreaterThan(0);
      }),
    );
  });

  test('time is linear: a long word, a long string, many lines and many comments', () => {
    const size = 1 << 20;
    for (const text of [
      'a'.repeat(size),
      `a "${'\\\\'.repeat(size)}"`,
      'a // b\n'.repeat(size / 8),
      '//'.repeat(size),
      '/'.repeat(size),
    ]) {
      expect(parseModSyntax('f', text).problem).toBeUndefined();
    }
  });
});
