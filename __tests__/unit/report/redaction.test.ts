import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeRedactor, redactEntry, redactUrls } from '../../../src/report/redaction.ts';

describe('makeRedactor', () => {
  test.each([
    ['the password as given', { user: 'bob', password: 'p@ss/w:rd' }, 'is p@ss/w:rd it', 'is *** it'],
    ['URL-encoded', { user: 'bob', password: 'p@ss/w:rd' }, 'p%40ss%2Fw%3Ard', '***'],
    ['with hexadecimal in lower case', { user: 'bob', password: 'p@ss/w:rd' }, 'p%40ss%2fw%3ard', '***'],
    ['as Go encodes userinfo', { user: 'bob', password: 'a+b=c(d)' }, 'a+b=c%28d%29', '***'],
    ['as a WHATWG URL encodes it', { user: 'bob', password: "p$'/" }, "p$'%2F", '***'],
    ['encoded down to the unreserved characters', { user: 'bob', password: "p$'/" }, 'p%24%27%2F', '***'],
    ['URL-decoded, when the encoded form is given', { user: 'bob', password: 'p%40ss' }, 'p@ss', '***'],
    ['a percent sign that encodes nothing', { user: 'bob', password: '100%x' }, '100%x 100%25x', '*** ***'],
    ['inside of JSON', { user: 'bob', password: 'a"b\\c' }, '{"x":"a\\"b\\\\c"}', '{"x":"***"}'],
    ['as basic authorization', { user: 'bob', password: 'secret' }, 'Basic Ym9iOnNlY3JldA==', 'Basic ***'],
    ['every occurrence', { user: 'bob', password: 'secret' }, 'secret secret', '*** ***'],
    ['not the user name', { user: 'octocat', password: 'secret' }, 'octocat', 'octocat'],
    ['the user name without a password', { user: 'token123' }, 'token123', '***'],
    ['the user name beside a blank password', { user: 'token123', password: '' }, 'token123', '***'],
    [
      'the user name beside x-oauth-basic',
      { user: 'token123', password: 'x-oauth-basic' },
      'token123',
      '***',
    ],
    ['a user name that looks like a token', { user: 'ghp_abcdef', password: 'zzzz' }, 'ghp_abcdef', '***'],
  ])('replaces %s', (_name, secret, text, expected) => {
    expect(makeRedactor([secret]).redact(text)).toBe(expected);
  });

  test('the longest secret first: a part of it leaves nothing behind', () => {
    const secrets = [{ password: 'abcd' }, { password: 'abcdefgh' }];
    expect(makeRedactor(secrets).redact('abcdefgh')).toBe('***');
  });

  test('blank logins mask nothing', () => {
    const { masks, warnings, redact } = makeRedactor([{}, { user: '', password: '' }]);
    expect([masks, warnings, redact('a:b')]).toEqual([[], [], 'a:b']);
  });

  test('a very short password is masked, told, and not replaced in our text', () => {
    const { masks, warnings, redact } = makeRedactor([{ user: 'bob', password: 'abc' }]);
    expect(masks).toContain('abc');
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toContain('abc');
    expect(redact('abc https://bob:abc@host')).toBe('abc https://host');
  });

  test('four characters are enough to be replaced, without a warning', () => {
    const { warnings, redact } = makeRedactor([{ user: 'bob', password: 'abcd' }]);
    expect([warnings, redact('abcd')]).toEqual([[], '***']);
  });

  test('no text with the secret in any spelling keeps it', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 20 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (password, before, after) => {
        const { redact } = makeRedactor([{ user: 'bob', password }]);
        for (const form of [password, encodeURIComponent(password)]) {
          expect(redact(`${before}${form}${after}`)).not.toContain(form);
        }
      }),
    );
  });
});

describe('redactUrls', () => {
  test.each([
    ['user and password', 'https://bob:pw@host/x', 'https://host/x'],
    ['user only', 'https://token@host', 'https://host'],
    ['a blank login', 'https://:@host', 'https://host'],
    ['an @ in the password', 'https://bob:p@w@host', 'https://host'],
    ['each URL of a list', 'https://a:b@c,http://d:e@f|direct', 'https://c,http://f|direct'],
    ['any scheme', 'SOCKS5://a:b@c', 'SOCKS5://c'],
    ['not the @v of a module path', 'https://h/x/@v/v1.0.0.zip', 'https://h/x/@v/v1.0.0.zip'],
    ['the query', 'GET https://h/x?sig=abc&t=1 failed', 'GET https://h/x?\u2026 failed'],
    ['a query with an @ in it', 'https://h?user:pw@x', 'https://h?\u2026'],
    ['the fragment', 'https://h/x#token', 'https://h/x?\u2026'],
    ['nothing else', 'what? a@b #1', 'what? a@b #1'],
  ])('removes %s', (_name, text, expected) => {
    expect(redactUrls(text)).toBe(expected);
    expect(redactUrls(expected)).toBe(expected);
  });
});

test.each([
  ['a URL', 'https://bob:pw@host/x', 'https://host/x'],
  ['a slash in the password, which no parser takes', 'https://bob:p/w@host', 'https://host'],
  ['no scheme', 'bob:pw@host', '***@host'],
  ['a broken scheme', 'https:/bob:pw@host', '***@host'],
  ['no login', 'https://host/x?a=b', 'https://host/x?\u2026'],
])('redactEntry: %s', (_name, entry, expected) => {
  expect(redactEntry(entry)).toBe(expected);
});
