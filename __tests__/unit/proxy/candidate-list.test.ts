import { describe, expect, test } from '@jest/globals';
import {
  type CandidateOrigin,
  keepsPlaceWhenRefused,
  mayHearPrivatePaths,
} from '../../../src/proxy/candidate.ts';
import {
  CandidateListError,
  describeSkipped,
  type ListInput,
  MAX_CANDIDATES,
  parseCandidates,
} from '../../../src/proxy/candidate-list.ts';
import { candidate } from './builders.ts';

const parse = (text: string, input: ListInput = 'proxies') =>
  parseCandidates({ input, text, origin: input === 'proxies' ? 'input' : 'standby', firstId: 0 });

describe('what is taken', () => {
  test.each([
    ['nothing', '', []],
    ['white space only', ' \n \n', []],
    ['commas only', ' , ,\n', []],
    ['one URL', 'https://a.example', ['https://a.example']],
    ['lines', 'https://a.example\nhttps://b.example\n', ['https://a.example', 'https://b.example']],
    ['CRLF lines', 'https://a.example\r\nhttps://b.example\r\n', ['https://a.example', 'https://b.example']],
    ['commas', 'https://a.example,https://b.example', ['https://a.example', 'https://b.example']],
    [
      'a comma and a line end',
      'https://a.example,\nhttps://b.example,\n',
      ['https://a.example', 'https://b.example'],
    ],
    [
      'space around entries',
      '  https://a.example , \t https://b.example ',
      ['https://a.example', 'https://b.example'],
    ],
    ['plain http', 'http://a.example:8080/x', ['http://a.example:8080/x']],
    ['no scheme: https, as for go', 'a.example/goproxy', ['https://a.example/goproxy']],
    ['a file URL', 'file:///srv/goproxy', ['file:///srv/goproxy']],
    [
      'another path of the same host',
      'https://a.example/x,https://a.example/y',
      ['https://a.example/x', 'https://a.example/y'],
    ],
  ])('%s', (_, text, values) => {
    const { candidates, skipped } = parse(text);
    expect(candidates.map(({ exportValue }) => exportValue)).toEqual(values);
    expect(candidates.map(({ id }) => id)).toEqual(values.map((_value, index) => index));
    expect(skipped).toEqual([]);
  });

  test('a trailing slash stays in GOPROXY and goes from the base URL', () => {
    const [one] = parse('https://mirrors.aliyun.com/goproxy/').candidates;
    expect(one?.exportValue).toBe('https://mirrors.aliyun.com/goproxy/');
    expect(one?.url.href).toBe('https://mirrors.aliyun.com/goproxy');
    expect(one?.label).toBe('https://mirrors.aliyun.com/goproxy');
    expect(one?.publicProxy?.name).toBe('mirrors.aliyun.com');
  });

  test('userinfo becomes credentials, decoded, and stays in GOPROXY only', () => {
    const [one] = parse('https://me:s%40fe@a.example/x').candidates;
    expect(one?.credentials).toEqual({ user: 'me', password: 's@fe' });
    expect(one?.exportValue).toBe('https://me:s%40fe@a.example/x');
    expect([one?.url.href, one?.label]).toEqual(['https://a.example/x', 'https://a.example/x']);
  });

  test('without userinfo there are no credentials, and none for http, to which go never sends them', () => {
    expect(parse('https://a.example').candidates[0]).not.toHaveProperty('credentials');
    const insecure = candidate(0, 'http://u:p@a.example', 'inherited');
    expect(insecure).not.toHaveProperty('credentials');
    expect(insecure.url.href).toBe('http://a.example/');
  });

  test('files and web proxies are told apart', () => {
    const { candidates } = parse('file:///srv,https://a.example,http://b.example');
    expect(candidates.map(({ kind }) => kind)).toEqual(['file', 'http', 'http']);
  });

  test('userinfo that is no UTF-8 is taken as it is written', () => {
    expect(parse('https://u:%FF@a.example').candidates[0]?.credentials?.password).toBe('%FF');
  });

  test('a token as user name or password alone is no blank', () => {
    const { candidates } = parse('https://token@a.example,https://:token@b.example,https://me:@c.example');
    expect(candidates.map((one) => one.credentials)).toEqual([
      { user: 'token', password: '' },
      { user: '', password: 'token' },
      { user: 'me', password: '' },
    ]);
  });
});

describe('what is skipped, with the reason', () => {
  test.each([
    ['a blank line', '\nhttps://ok.example', 'blank', 1],
    ['an entry between commas', 'https://ok.example,,https://b.example', 'blank', 2],
    ['blank user and password', 'https://:@a.example\nhttps://ok.example', 'blank-userinfo', 1],
    ['blank userinfo', 'https://@a.example\nhttps://ok.example', 'blank-userinfo', 1],
    ['blank userinfo without a scheme', '@a.example\nhttps://ok.example', 'blank-userinfo', 1],
    ['blank userinfo over http', 'http://:@a.example\nhttps://ok.example', 'blank-userinfo', 1],
    ['a blank host', 'https://\nhttps://ok.example', 'no-host', 1],
    ['a blank host before a path', 'https:///goproxy\nhttps://ok.example', 'no-host', 1],
    ['a blank host before a port', 'https://:8080\nhttps://ok.example', 'no-host', 1],
    ['a blank host behind userinfo', 'https://u:p@\nhttps://ok.example', 'no-host', 1],
    ['the same base', 'https://ok.example\nhttps://ok.example', 'duplicate', 2],
    ['the same base in another spelling', 'https://ok.example\nhttps://u:p@OK.example:443/', 'duplicate', 2],
    ['the same base without scheme', 'https://ok.example\nok.example', 'duplicate', 2],
  ])('%s', (_, text, reason, place) => {
    const { candidates, skipped } = parse(text);
    expect(candidates[0]?.exportValue).toBe('https://ok.example');
    expect(skipped).toMatchObject([{ reason, place, input: 'proxies' }]);
  });

  test('the sentence names input, place and reason, and no userinfo', () => {
    const { skipped } = parse('https://ok.example\nhttps://hidden:canary@ok.example');
    const sentence = describeSkipped(skipped[0]!);
    expect(sentence).toBe(
      'Entry 2 of "proxies" (https://ok.example) is skipped: the same base URL is there already.',
    );
    expect(describeSkipped(parse('\nhttps://ok.example').skipped[0]!)).toContain(
      'Entry 1 of "proxies" is skipped',
    );
  });

  test('bases that are taken elsewhere', () => {
    const list = parseCandidates({
      input: 'mirrors',
      text: 'https://goproxy.cn\nhttps://goproxy.io',
      origin: 'standby',
      firstId: 1,
      taken: [candidate(0, 'https://goproxy.cn/')],
    });
    expect(list.candidates.map(({ id, label }) => [id, label])).toEqual([[1, 'https://goproxy.io']]);
    expect(list.skipped.map(({ reason }) => reason)).toEqual(['duplicate']);
  });
});

describe('what is refused, in one sentence', () => {
  test.each([
    ['a pipe', 'https://a.example|https://b.example', ['pipe', '"fallback"']],
    ['direct', 'https://a.example,direct', ['"direct"', '"fallback"', 'entry 2']],
    ['Direct', 'Direct', ['"direct"']],
    ['off', 'off', ['GOPROXY=off']],
    ['white space inside', 'https://a.example https://b.example', ['white space']],
    ['a lone CR', 'https://a.example\rhttps://b.example', ['white space']],
    ['another scheme', 'ftp://a.example', ['https, http or file']],
    ['a word', 'proxyword', ['scheme']],
    ['a query', 'https://a.example/?token=canary', ['query']],
    ['an empty query', 'https://a.example/?', ['query']],
    ['a fragment', 'https://a.example/#canary', ['fragment']],
    ['userinfo over http', 'http://user:canary@a.example', ['http URL', 'https']],
    ['a user name over http', 'HTTP://canary@a.example', ['http URL']],
    ['userinfo that must be escaped', 'https://user:can[ary@a.example', ['percent-encoded']],
    ['a bad port', 'https://a.example:canary', ['port']],
    ['a file URL with a host', 'file://host/x', ['file']],
    ['a Windows path', 'C:\\goproxy', ['file:///']],
  ])('%s', (_, text, parts) => {
    expect.assertions(4 + parts.length);
    try {
      parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(CandidateListError);
      const { code, input, message } = error as CandidateListError;
      expect([code, input]).toEqual(['candidate-list', 'proxies']);
      expect(message).toMatch(/^Input "proxies", entry \d+ ".*": .*\.$/);
      expect(message).not.toContain('canary');
      for (const part of parts) expect(message).toContain(part);
    }
  });

  test('a file as standby', () => {
    expect(() => parse('file:///srv', 'mirrors')).toThrow(/Input "mirrors".*standby/);
  });

  test('more candidates than allowed; duplicates and blanks do not count', () => {
    const many = (n: number) => Array.from({ length: n }, (_, index) => `https://p${index}.example`);
    const full = [...many(MAX_CANDIDATES), 'https://p0.example', 'https://'].join('\n');
    expect(parse(full).candidates).toHaveLength(MAX_CANDIDATES);
    expect(() => parse(many(MAX_CANDIDATES + 1).join('\n'))).toThrow(/names 21 proxies; at most 20/);
  });
});

describe('what a candidate may hear and how its refusal counts', () => {
  const rows: [CandidateOrigin, string, boolean, boolean][] = [
    ['input', 'https://a.example', true, true],
    ['input', 'https://goproxy.cn', false, false],
    ['inherited', 'https://a.example', true, true],
    ['inherited', 'https://goproxy.cn', false, true],
    ['default', 'https://proxy.golang.org', false, false],
    ['standby', 'https://a.example', false, false],
  ];
  test.each(rows)('%s %s', (origin, url, hears, keeps) => {
    const one = candidate(0, url, origin);
    expect([mayHearPrivatePaths(one), keepsPlaceWhenRefused(one)]).toEqual([hears, keeps]);
  });
});
