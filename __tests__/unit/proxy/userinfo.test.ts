import { describe, expect, test } from '@jest/globals';
import { blankUserinfo, hasInsecureUserinfo, removeUserinfo } from '../../../src/proxy/userinfo.ts';

describe('removeUserinfo and blankUserinfo', () => {
  test.each([
    ['nothing to remove', 'https://a.example,direct', 'https://a.example,direct', 'https://a.example,direct'],
    ['a URL', 'https://u:p@a.example/x', 'https://a.example/x', 'https://@a.example/x'],
    [
      'every entry of a list',
      'https://u:p@a.example|http://t@b.example,direct',
      'https://a.example|http://b.example,direct',
      'https://@a.example|http://@b.example,direct',
    ],
    ['without a scheme', 'u:p@a.example', 'a.example', '@a.example'],
    ['an @ in the password', 'https://u:p@ss@a.example', 'https://a.example', 'https://@a.example'],
    ['an @ in the path stays', 'https://a.example/x@y', 'https://a.example/x@y', 'https://a.example/x@y'],
    [
      'the URL in GOSUMDB',
      'sum.golang.org https://u:p@s.example',
      'sum.golang.org https://s.example',
      'sum.golang.org https://@s.example',
    ],
  ])('%s', (_, value, removed, blanked) => {
    expect([removeUserinfo(value), blankUserinfo(value)]).toEqual([removed, blanked]);
  });
});

test.each([
  ['https://u:p@a.example', false],
  ['http://a.example,https://u@b.example', false],
  ['http://a.example/x@y', false],
  ['https://a.example|http://u:p@b.example', true],
  [' HTTP://u@b.example', true],
])('hasInsecureUserinfo %s', (value, expected) => {
  expect(hasInsecureUserinfo(value)).toBe(expected);
});
