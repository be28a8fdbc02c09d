import { describe, expect, test } from '@jest/globals';
import { credentialsFor, netrcPaths, parseNetrc } from '../../../src/go/netrc.ts';

const show = (text: string): string =>
  parseNetrc(text)
    .map((line) => `${line.machine}=${line.login}:${line.password}`)
    .join(' ');

test.each([
  ['nothing', '', ''],
  ['one line', 'machine a.test login u password p', 'a.test=u:p'],
  ['several lines', 'machine a.test\n  login u\n\tpassword p\n', 'a.test=u:p'],
  [
    'CRLF',
    'machine a.test login u password p\r\nmachine b.test login v password q\r\n',
    'a.test=u:p b.test=v:q',
  ],
  ['the password first', 'machine a.test password p login u', 'a.test=u:p'],
  ['unknown words', 'machine a.test account x login u password p', 'a.test=u:p'],
  ['what is incomplete', 'machine a.test login u\nmachine b.test login v password q', 'b.test=v:q'],
  [
    'a login before any machine, which counts for the next only if none names it',
    'login u password p\nmachine a.test password q',
    '',
  ],
  ['a word without its pair at the end of a line', 'machine\na.test login u password p', ''],
  [
    'a macro up to the empty line',
    'macdef init\nmachine a.test login u password p\n\nmachine b.test login v password q',
    'b.test=v:q',
  ],
  ['a macro that never ends', 'macdef init\r\nx\r\n\r\nmachine b.test login v password q', ''],
  [
    'default alone on its line, which ends the file',
    'machine a.test login u password p\ndefault\nmachine b.test login v password q',
    'a.test=u:p',
  ],
  [
    'default with a login, which go passes over',
    'default login anonymous password x\nmachine b.test login v password q',
    'b.test=v:q',
  ],
  [
    'the same machine twice',
    'machine a.test login u password p machine a.test login v password q',
    'a.test=u:p a.test=v:q',
  ],
])('parseNetrc reads %s', (_, text, expected) => {
  expect(show(text)).toBe(expected);
});

describe('credentialsFor', () => {
  const lines = parseNetrc(
    [
      'machine a.test login root password 1',
      'machine a.test login second password 2',
      'machine a.test/team login team password 3',
      'machine b.test:8443 login port password 4',
      'machine https://c.test/ login scheme password 5',
      'machine D.test login upper password 6',
      'machine http://e.test login plain password 7',
    ].join('\n'),
  );
  test.each([
    ['https://a.test/x', 'root'],
    ['https://a.test', 'root'],
    ['https://a.test/', 'root'],
    ['https://a.test/team', 'team'],
    ['https://a.test/team/x/@v/v1.0.0.zip', 'team'],
    ['https://a.test/teams', 'root'],
    ['http://a.test/x', undefined],
    ['https://u:p@a.test/x', undefined],
    ['https://a.test:8443/x', undefined],
    ['https://b.test:8443/x', 'port'],
    ['https://b.test/x', undefined],
    ['https://c.test/x', 'scheme'],
    ['https://sub.a.test/x', undefined],
    ['http://e.test/x', undefined],
    ['https://a.test/team?x=/y/z', 'root'],
  ])('of %s is %p', (url, user) => {
    expect(credentialsFor(lines, new URL(url))?.user).toBe(user);
    expect(credentialsFor(lines, url)?.user).toBe(user);
  });

  test('of a string are looked up letter for letter, as go does', () => {
    expect(credentialsFor(lines, 'https://D.test/x')).toEqual({ user: 'upper', password: '6' });
    expect(credentialsFor(lines, 'https://a.test:443/x')).toBeUndefined();
  });
});

test.each([
  ['linux', { HOME: '/home/u' }, ['/home/u/.netrc']],
  ['darwin', { HOME: '/Users/u', USERPROFILE: '/x' }, ['/Users/u/.netrc']],
  ['linux', { HOME: '/home/u', NETRC: '/run/netrc' }, ['/run/netrc']],
  ['linux', { HOME: '/home/u', NETRC: '' }, ['/home/u/.netrc']],
  ['linux', {}, []],
  ['win32', { UserProfile: 'C:\\Users\\u' }, ['C:\\Users\\u\\_netrc', 'C:\\Users\\u\\.netrc']],
  ['win32', { HOME: '/x' }, []],
] as const)('netrcPaths on %s with %p', (platform, env, expected) => {
  expect(netrcPaths(env, platform)).toEqual(expected);
});
