import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Marked } from 'marked';
import { inertMarked } from '../../../src/report/marked-prose.ts';

describe('inertMarked', () => {
  test.each([
    ['Run `go clean -modcache -cache` before.', 'Run `go clean -modcache -cache` before.'],
    ['Check it (`go env -changed` tells).', 'Check it (`go env -changed` tells).'],
    ['Do it (`a: b`): it helps', 'Do it (`a: b`): it helps'],
    ['Set `a`: it helps', 'Set `a`: it helps'],
    ['no emoji after `a`:tada: x', 'no emoji after `a` `:tada`: x'],
    ['Remove it from `proxies`.', 'Remove it from `proxies`.'],
    ['`a`, or `b`', '`a`, or `b`'],
    ['Use https://a.example and `b`.', 'Use `https://a.example` and `b`.'],
    ['one `open', 'one open'],
    ['`a``b`', '`a` `b`'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(inertMarked(text)).toBe(expected);
  });

  test('whatever stands between backquotes or beside them, only text and code come out', () => {
    const piece = fc.constantFrom(
      ...['`', '``', '(', ')', '[a]', '(http://evil.example)', '<img>', '@octocat', '#1', '*', '_', '!', '|'],
      ...[
        'www.evil.example',
        '\n',
        ' ',
        'word',
        '.',
        '1)',
        '1.',
        '-',
        '+',
        '>',
        '~~~',
        '::error::',
        '##[x]',
        '\\',
        '&lt;',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = inertMarked(pieces.join(''));
        const html = new Marked({ gfm: true }).parse(`- a ${text}`, { async: false });
        expect(text).not.toMatch(/::|##\[|\n/);
        const bare = html.replace(/<code>[^<]*<\/code>/g, '');
        expect(bare).not.toMatch(/<(?!\/?(?:ul|li)>)/);
        expect(bare).not.toMatch(/evil|octocat|#1/);
      }),
    );
  });
});
