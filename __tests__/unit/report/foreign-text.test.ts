import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Marked, type Token } from 'marked';
import {
  FOREIGN_TEXT_LIMIT,
  inertCodeBlock,
  inertCodeSpan,
  inertCopyLine,
  inertMermaidLabel,
  inertName,
  inertProse,
  inertText,
  lineSafe,
} from '../../../src/report/foreign-text.ts';

const FORBIDDEN = /::|##\[|[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;

describe('lineSafe', () => {
  test.each([
    ['a plain sentence', 'not found: bad upstream', 'not found: bad upstream'],
    ['indentation stays', '  two  spaces', '  two  spaces'],
    ['LF', 'a\n::error::x', 'a : :error: :x'],
    ['CRLF is one break', 'a\r\nb', 'a b'],
    ['a lone CR, at which the runner ends a line', 'a\r::error::x', 'a : :error: :x'],
    ['NEL, line and paragraph separator', 'a\x85b\u2028c\u2029d', 'a b c d'],
    ['NUL and DEL', 'a\0b\x7fc', 'abc'],
    ['a colour', '\x1b[31mred\x1b[0m', 'red'],
    ['a one-byte CSI', '\x9b31mred', 'red'],
    ['a window title', '\x1b]0;title\x07text', 'text'],
    ['a hyperlink', '\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['a string without end keeps its text', '\x1b]0;title', '0;title'],
    ['a sequence built by removing another', '\x1b[\x1b[0m31mred', '31mred'],
    ['bidi override and isolate', 'a\u202eb\u2066c\u061cd', 'abcd'],
    ['zero-width', 'a\u200bb\u200dc\ufeffd\u2060e\u00adf', 'abcdef'],
    ['tag characters', 'a\u{e0041}b', 'ab'],
    ['a command', '::add-mask::a', ': :add-mask: :a'],
    ['three colons', ':::', ': : :'],
    ['a command built by removal', ':\u200b:error:\x1b[0m:x', ': :error: :x'],
    ['the old form anywhere in a line', 'x ##[add-mask]a', 'x ## [add-mask]a'],
    ['the old form built by removal', '#\x07#\u200b[error]', '## [error]'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ])('%s', (_name, text, expected) => {
    expect(lineSafe(text)).toBe(expected);
  });
});

describe('inertText', () => {
  test.each([
    ['white space collapses', ' a \t\n b\u00a0 c ', 'a b c'],
    ['a URL is no link', 'see https://evil.example/x', 'see https:/ /evil.example/x'],
    ['nor is a bare host', 'see WWW.evil.example', 'see WWW .evil.example'],
  ])('%s', (_name, text, expected) => {
    expect(inertText(text)).toBe(expected);
  });

  test('keeps 200 characters and cuts the 201st', () => {
    expect(inertText('a'.repeat(200))).toBe('a'.repeat(200));
    expect(inertText('a'.repeat(201))).toBe(`${'a'.repeat(199)}\u2026`);
  });

  test('never splits a character beyond the basic plane', () => {
    expect(inertText('\u{1f600}'.repeat(201))).toBe(`${'\u{1f600}'.repeat(199)}\u2026`);
  });
});

test('inertName keeps a URL readable', () => {
  expect(inertName('https://goproxy.cn\n')).toBe('https://goproxy.cn');
});

describe('Markdown', () => {
  test.each([
    ['a pipe cannot end the cell', 'a|b', '`a\u00a6b`'],
    ['an escaped pipe neither', 'a\\|b', '`a\\\u00a6b`'],
    ['a backtick cannot end the span', 'a`b', "`a'b`"],
    ['nothing is a dash', ' \n', '`\u2014`'],
  ])('code span: %s', (_name, text, expected) => {
    expect(inertCodeSpan(text)).toBe(expected);
  });

  test.each([
    ['words stay', "It isn't there, is it?", "It isn't there, is it?"],
    ['numbers with a unit stay', 'first byte 12 ms, 30% more', 'first byte 12 ms, 30% more'],
    [
      'a URL becomes code, its comma does not',
      'of https://a.example/x, first',
      'of `https://a.example/x`, first',
    ],
    ['a mention', 'ask @octocat', 'ask `@octocat`'],
    ['an issue', 'see #1 and GH-12 and o/r#3', 'see `#1` and `GH-12` and `o/r#3`'],
    ['a ticket of a custom autolink', 'see PROJ-7', 'see `PROJ-7`'],
    ['a commit', 'at 0123abcdef', 'at `0123abcdef`'],
    ['a commit of letters only', 'at deadbeef.', 'at `deadbeef`.'],
    ['an e-mail address', 'ask a@b.example', 'ask `a@b.example`'],
    ['a bare host', 'see www.evil.example', 'see `www.evil.example`'],
    ['HTML', '<img src=x>', '`<img` `src=x>`'],
    ['a link', '[x](y)', '`[x](y)`'],
    ['emphasis', '**x** _y_', '`**x**` `_y_`'],
    ['a heading', '# x', '`#` x'],
    ['a number of a list', '1) a 2) b', '`1)` a 2) b'],
    ['a pipe', 'a | b', 'a `\u00a6` b'],
    ['an entity', '&lt;b&gt;', '`&lt;b&gt`;'],
  ])('prose: %s', (_name, text, expected) => {
    expect(inertProse(text)).toBe(expected);
  });

  test('a code block cannot be left', () => {
    const block = inertCodeBlock(['a\n```\n<b>', '```', '~~~', '  indented']);
    expect(new Marked().lexer(block).map((token) => token.type)).toEqual(['code']);
    expect(block.split('\n')).toHaveLength(6);
  });
});

test.each([
  ['    with: {}', '    with: {}'],
  ['  a   b ', '  a b'],
  ['\t\tx', '  x'],
  [`${' '.repeat(50)}x`, `${' '.repeat(20)}x`],
  ['   ', '   '],
  ['  ::error::x\n##[y', '  : :error: :x ## [y'],
])('a line to copy keeps its indentation: %j', (text, expected) => {
  expect(inertCopyLine(text)).toBe(expected);
});

test('a time of day is no emoji, and a word', () => {
  expect(inertProse('at 06:18:03 UTC, not :100: or 1:1234:2')).toBe(
    'at 06:18:03 UTC, not `:100`: or `1:1234:2`',
  );
});

test.each([
  ['a quote', 'a"]; click a "javascript:x"', 'a click a javascript x'],
  ['a URL', 'https://goproxy.cn/x', 'goproxy.cn/x'],
  ['a comment and a class', '%%{init}%% :::red', 'init red'],
  ['an entity', '#quot;', 'quot'],
  ['nothing left', '"""', '-'],
])('Mermaid label: %s', (_name, text, expected) => {
  expect(inertMermaidLabel(text)).toBe(expected);
});

/** Text that is likely to hold what must not come out. */
const hostile = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...'::##[]|`<>@/\\"\'*_~&.;-!()#: \t\r\n\x1b\x9b\x07\u200b\u202e\ud800'),
      },
      fc.constantFrom(
        'https://',
        'www.',
        '@octocat',
        '#1',
        'a@b.co',
        '\x1b[0m',
        '\x1b]8;;',
        '##[error]',
        '::error::',
      ),
      fc.constantFrom(
        'http://evil.example',
        'GH-1',
        'deadbeef',
        '<b>',
        '&lt;',
        '[x](y)',
        '```',
        '\u2028',
        '1.',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constant('word '),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('whatever comes in', () => {
  test.each([
    ['lineSafe', lineSafe],
    ['inertText', (text: string) => inertText(text)],
    ['inertName', (text: string) => inertName(text)],
    ['inertMermaidLabel', (text: string) => inertMermaidLabel(text)],
  ])('%s: nothing forbidden comes out, and once is enough', (_name, make) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const once = make(text);
        expect(once).not.toMatch(FORBIDDEN);
        expect(once.isWellFormed()).toBe(true);
        expect(make(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('once is enough for very long text too', () => {
    const once = lineSafe(':'.repeat(40_000));
    expect(lineSafe(once)).toBe(once);
    expect(once).not.toMatch(FORBIDDEN);
  });

  test.each([
    ['inertText', (text: string) => inertText(text)],
    ['inertMermaidLabel', (text: string) => inertMermaidLabel(text)],
  ])('%s: no link and at most 200 characters', (_name, make) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = make(text);
        expect(made).not.toMatch(/:\/\/|www\./i);
        expect([...made].length).toBeLessThanOrEqual(FOREIGN_TEXT_LIMIT);
      }),
    );
  });

  test.each([
    ['inertCodeSpan', (text: string) => inertCodeSpan(text)],
    ['inertProse', (text: string) => inertProse(text)],
  ])('%s is text and code only, also in a table cell', (_name, make) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = make(text);
        expect(made).not.toMatch(FORBIDDEN);
        const [table, ...rest] = new Marked({ gfm: true }).lexer(`| a | b |\n|---|---|\n| ${made} | end |\n`);
        expect(rest).toEqual([]);
        if (table?.type !== 'table') throw new Error('no table');
        expect(table['rows'][0][1].text).toBe('end');
        expect(kinds(table['rows'][0][0].tokens)).toEqual([]);
        expect(kinds(new Marked({ gfm: true }).lexer(`- ${made}\n`))).toEqual([]);
        expect(new Marked({ gfm: true }).lexer(`${made}\n`).map(({ type }) => type)).toEqual(
          made === '' ? ['space'] : ['paragraph'],
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('what prose leaves outside of code is no mention, reference or address', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const outside = inertProse(text).replace(/`[^`]*`/g, '');
        expect(outside).not.toMatch(/[@#<>&|[\]*_~\\]|\/\/|\p{L}\.\p{L}|\p{L}-\d|\b[0-9a-f]{7,40}\b/iu);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The kinds of tokens that are more than text and code. */
function kinds(tokens: readonly Token[]): readonly string[] {
  const harmless = ['text', 'codespan', 'paragraph', 'list', 'list_item', 'space', 'escape'];
  return tokens.flatMap((token) => [
    ...(harmless.includes(token.type) ? [] : [token.type]),
    ...('tokens' in token && token.tokens !== undefined ? kinds(token.tokens) : []),
    ...('items' in token ? kinds(token['items']) : []),
  ]);
}
