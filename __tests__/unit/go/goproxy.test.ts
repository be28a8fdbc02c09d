import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GoRuleError } from '../../../src/go/go-rule-error.ts';
import {
  formatGoproxy,
  type GoproxyEntry,
  groupByPipe,
  isOnlyPolicy,
  parseGoproxy,
  parseGoproxyEntry,
  parseGoproxyList,
  redactEntry,
} from '../../../src/go/goproxy.ts';

/** kind, URL and separator of each entry, in one line. */
function outline(entries: readonly GoproxyEntry[]): string {
  return entries
    .map((entry) => `${'url' in entry ? entry.url.href : entry.kind}${entry.separator}`)
    .join(' ');
}

describe('parseGoproxy accepts', () => {
  test.each([
    ['one proxy', 'https://a.test', 'https://a.test/'],
    [
      'both separators, each with the entry before it',
      'https://a.test|https://b.test,direct',
      'https://a.test/| https://b.test/, direct',
    ],
    ['white space around entries', ' https://a.test , direct ', 'https://a.test/, direct'],
    ['white space as Go sees it', '\u0085https://a.test\u00a0', 'https://a.test/'],
    ['empty entries anywhere', ',|https://a.test, ,|https://b.test,', 'https://a.test/, https://b.test/'],
    ['the first separator of several', 'https://a.test|,https://b.test', 'https://a.test/| https://b.test/'],
    ['a separator at the end, which separates nothing', 'https://a.test|', 'https://a.test/'],
    ['off', 'off', 'off'],
    ['direct', 'direct', 'direct'],
    ['what follows direct only to ignore it, even when broken', 'direct|ftp://x', 'direct'],
    ['what follows off only to ignore it', 'https://a.test,off,noproxy', 'https://a.test/, off'],
    ['a host without a scheme', 'proxy.corp.test', 'https://proxy.corp.test/'],
    ['a host without a dot but with a port', 'localhost:8080', 'https://localhost:8080/'],
    ['a host and a path without a scheme', 'host/path', 'https://host/path'],
    ['http', 'http://a.test/x', 'http://a.test/x'],
    ['a scheme in upper case', 'HTTPS://a.test', 'https://a.test/'],
    ['userinfo', 'https://u%40x:p@a.test', 'https://u%40x:p@a.test/'],
    ['a query', 'https://a.test/x?y=z', 'https://a.test/x?y=z'],
    ['a fragment, which is never sent', 'https://a.test/x#y', 'https://a.test/x'],
    ['a backslash in a path, which is no slash', 'https://a.test/x\\y', 'https://a.test/x%5Cy'],
    ['a space in a path', 'https://a.test/x y', 'https://a.test/x%20y'],
    ['IPv6', 'http://[::1]:8080/x', 'http://[::1]:8080/x'],
    ['an empty port', 'https://a.test:/x', 'https://a.test/x'],
    ['file', 'file:///srv/proxy', 'file:///srv/proxy'],
    ['file on Windows', 'file:///C:/proxy', 'file:///C:/proxy'],
  ])('%s', (_, value, expected) => {
    expect(outline(parseGoproxy(value))).toBe(expected);
  });
});

describe('parseGoproxy refuses', () => {
  test.each([
    ['nothing', '', 'has no entries'],
    ['only separators', ', |', 'has no entries'],
    ['a word', 'noproxy', 'it must be a URL'],
    [
      'a bad entry behind a good one',
      'https://a.test,ftp://b.test',
      'its scheme must be https, http or file',
    ],
    ['direct in another case', 'https://a.test,Direct', 'the word must be in lower case'],
    ['an absolute path', '/srv/proxy', 'it must be a URL'],
    ['two slashes without a scheme', '//a.test/x', 'it must be a URL'],
    ['a Windows path', 'C:\\proxy', 'file:///C:/…'],
    ['a Windows path with slashes', 'C:/proxy', 'file:///C:/…'],
    ['file with a host', 'file://host/x', 'nothing else'],
    ['file with a drive as host', 'file://C:/x', 'nothing else'],
    ['file with a query', 'file:///x?y', 'nothing else'],
    ['file with an empty query', 'file:///x?', 'nothing else'],
    ['file with userinfo', 'file://u@/x', 'nothing else'],
    ['file with a fragment', 'file:///x#y', 'nothing else'],
    ['file without slashes', 'file:/x', 'nothing else'],
    ['no slashes behind the scheme', 'https:a.test', 'its port is not a number'],
    ['one slash behind the scheme', 'https:/a.test', 'it names no host'],
    ['no host', 'https:///x', 'it names no host'],
    ['a port of letters', 'https://a.test:port', 'its port is not a number'],
    ['two ports', 'https://a.test:1:2', 'its port is not a number'],
    ['a port that does not exist', 'https://a.test:65536', 'host or port is not valid'],
    ['a space in the host', 'https://a.test direct', 'a character that is not allowed'],
    ['a backslash in the host', 'https://a\\b.test', 'a character that is not allowed'],
    ['an escaped letter in the host', 'https://%61.test', 'a character that is not allowed'],
    ['a broken escape', 'https://a.test/%zz', 'a percent sign'],
    ['a broken escape in userinfo', 'https://u:%zz@a.test', 'a percent sign'],
    ['a character that userinfo may not have', 'https://u:p^@a.test', 'must be percent-encoded'],
    ['an unclosed IPv6 address', 'https://[::1', 'brackets'],
    ['brackets inside a host', 'https://a[::1]', 'brackets'],
    ['a line break', 'https://a.test/\nx', 'a control character'],
    ['a number that WHATWG takes for an address', 'https://127.1', 'not an IPv4 address'],
    ['a colon first', '://a.test', 'no scheme before its colon'],
  ])('%s', (_, value, message) => {
    expect(() => parseGoproxy(value)).toThrow(message);
    expect(() => parseGoproxy(value)).toThrow(expect.objectContaining({ code: 'goproxy' }));
  });

  test.each([
    'https://user:s3cret^@a.test',
    'https://user:s3cret',
    'ftp://s3cret@a.test',
    'https://a.test:1:2?token=s3cret',
    'https://user:s3c/s3cret@a.test',
    'file://user:s3cret@host/x',
    's3cret@[x',
  ])('%s without a secret in the message', (value) => {
    const error = catchError(() => parseGoproxy(value));
    expect(error).toBeInstanceOf(GoRuleError);
    expect(error.message).not.toContain('s3c');
  });
});

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

test('parseGoproxyList keeps what go ignores, without userinfo', () => {
  const list = parseGoproxyList('https://u:p@a.test,direct, https://v:q@b.test |off');
  expect(outline(list.entries)).toBe('https://u:p@a.test/, direct');
  expect(list.ignored).toEqual(['https://b.test', 'off']);
});

test('raw is what was written, userinfo included', () => {
  expect(parseGoproxy(' u:p@proxy.test/x ,direct').map((entry) => entry.raw)).toEqual([
    'u:p@proxy.test/x',
    'direct',
  ]);
});

test.each([
  ['', 'exactly one entry'],
  ['https://a.test,direct', 'exactly one entry'],
])('parseGoproxyEntry refuses %p', (text, message) => {
  expect(() => parseGoproxyEntry(text)).toThrow(message);
});

test.each([
  ['off', true],
  ['direct', true],
  ['file:///x', true],
  ['file:///x|file:///y,direct', true],
  ['https://a.test', false],
  ['file:///x,https://a.test,off', false],
  ['direct,https://a.test', true],
])('isOnlyPolicy(%s) is %p', (value, expected) => {
  expect(isOnlyPolicy(parseGoproxy(value))).toBe(expected);
});

test.each([
  ['a.test', 'a.test'],
  ['a.test,b.test', 'a.test / b.test'],
  ['a.test|b.test,c.test|d.test|direct', 'a.test b.test / c.test d.test direct'],
  ['a.test,b.test|c.test', 'a.test / b.test c.test'],
])('groupByPipe(%s) is %s', (value, expected) => {
  const groups = groupByPipe(parseGoproxy(value));
  expect(groups.map((group) => group.map((entry) => entry.raw).join(' ')).join(' / ')).toBe(expected);
});

describe('formatGoproxy', () => {
  test('is the inverse of parseGoproxy', () => {
    const entry = fc.constantFrom(
      'https://u:p@a.test/x',
      'b.test:8080',
      'file:///srv/x',
      'http://[::1]/',
      'direct',
      'off',
      '',
      ' c.test ',
    );
    const list = fc.array(fc.tuple(entry, fc.constantFrom(',', '|')), { minLength: 1 });
    fc.assert(
      fc.property(list, (tokens) => {
        const value = `d.test,${tokens.flat().join('')}`;
        const entries = parseGoproxy(value);
        expect(parseGoproxy(formatGoproxy(entries))).toEqual(entries);
      }),
    );
  });

  test('drops the separator of the last entry', () => {
    expect(formatGoproxy([parseGoproxyEntry('a.test', '|')])).toBe('a.test');
  });

  test('refuses an empty list and an entry without a separator before another', () => {
    expect(() => formatGoproxy([])).toThrow('must have an entry');
    const entries = [parseGoproxyEntry('direct', ','), parseGoproxyEntry('https://u:p@a.test')];
    expect(() => formatGoproxy(entries)).toThrow('GOPROXY entry "direct": only the last');
  });
});

test.each([
  ['https://u:p@a.test:8080/x?t=s#f', 'https://a.test:8080/x'],
  ['u:p@a.test', 'a.test'],
  ['https://u:p@q@a.test', 'https://a.test'],
  ['https://a.test:x', 'https://a.test:…'],
  ['http://[::1]:80/', 'http://[::1]:80/'],
  ['http://[::1]:x/', 'http://[::1]:…'],
  ['file:///C:/x', 'file:///C:/x'],
  [`https://${'a'.repeat(200)}`, `https://${'a'.repeat(91)}…`],
])('redactEntry(%s) is %s', (raw, expected) => {
  expect(redactEntry(raw)).toBe(expected);
});
