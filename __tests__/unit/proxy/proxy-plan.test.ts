import { describe, expect, test } from '@jest/globals';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import { asCandidates } from './builders.ts';

const DEFAULT = 'https://proxy.golang.org,direct';
const plan = (proxies: string, goproxy = DEFAULT, mirrors = 'https://goproxy.cn') =>
  planProxies({ proxies, mirrors, goproxy });

describe('candidates', () => {
  test.each([
    ['the default', '', DEFAULT, ['default https://proxy.golang.org']],
    ['the default for an empty GOPROXY', '', '', ['default https://proxy.golang.org']],
    ['the input', 'https://a.example', DEFAULT, ['input https://a.example']],
    [
      'the input before an inherited list',
      'https://a.example',
      'https://b.example',
      ['input https://a.example'],
    ],
    ['the input before a policy', 'https://a.example', 'off', ['input https://a.example']],
    [
      'the inherited list',
      '',
      'https://b.example|https://c.example,direct',
      ['inherited https://b.example', 'inherited https://c.example'],
    ],
    [
      'the inherited list when all given entries are blank',
      'https://:@a.example',
      'https://b.example',
      ['inherited https://b.example'],
    ],
    [
      'the default when all given entries are blank',
      'https://:@a.example',
      DEFAULT,
      ['default https://proxy.golang.org'],
    ],
    [
      'files and proxies of an inherited list',
      '',
      'file:///x,https://b.example',
      ['inherited file:///x', 'inherited https://b.example'],
    ],
    [
      'the same entry twice, for each place counts',
      '',
      'https://b.example,https://b.example',
      ['inherited https://b.example', 'inherited https://b.example'],
    ],
    [
      'proxy.golang.org alone is not the default',
      '',
      'https://proxy.golang.org',
      ['inherited https://proxy.golang.org'],
    ],
  ])('%s', (_, proxies, goproxy, expected) => {
    const { candidates, inherited } = asCandidates(plan(proxies, goproxy));
    expect(candidates.map(({ origin, label }) => `${origin} ${label}`)).toEqual(expected);
    expect(candidates.map(({ id }) => id)).toEqual(expected.map((_label, id) => id));
    expect(inherited !== undefined).toBe(expected[0]?.startsWith('inherited'));
  });

  test('an inherited entry keeps its writing and its query', () => {
    const [one] = asCandidates(plan('', 'b.example/x/?k=v,direct')).candidates;
    expect([one?.exportValue, one?.url.href, one?.label]).toEqual([
      'b.example/x/?k=v',
      'https://b.example/x?k=v',
      'https://b.example/x',
    ]);
  });

  test('skipped entries are told whatever is chosen', () => {
    expect(asCandidates(plan('https://:@a.example')).skipped).toHaveLength(1);
    expect(plan('https://:@a.example', 'off').skipped).toHaveLength(1);
  });
});

describe('standby', () => {
  test.each([
    ['beside the default', '', DEFAULT, 'https://goproxy.cn', ['https://goproxy.cn']],
    ['beside public ones', 'https://goproxy.io', DEFAULT, 'https://goproxy.cn', ['https://goproxy.cn']],
    [
      'not beside one that is not public',
      'https://goproxy.io\nhttps://a.example',
      DEFAULT,
      'https://goproxy.cn',
      [],
    ],
    ['not beside an inherited list', '', 'https://goproxy.io', 'https://goproxy.cn', []],
    ['not one that is a candidate', 'https://goproxy.cn', DEFAULT, 'https://goproxy.cn', []],
    ['none', '', DEFAULT, ' none ', []],
    ['empty', '', DEFAULT, '', []],
    [
      'several',
      '',
      DEFAULT,
      'https://goproxy.cn\nhttps://a.example',
      ['https://goproxy.cn', 'https://a.example'],
    ],
  ])('%s', (...[, proxies, goproxy, mirrors, expected]) => {
    const { candidates, standby } = asCandidates(plan(proxies, goproxy, mirrors));
    expect(standby.map(({ label }) => label)).toEqual(expected);
    expect(standby.map(({ id, origin }) => [id, origin])).toEqual(
      expected.map((_label, index) => [candidates.length + index, 'standby']),
    );
  });

  test('"none" beside another entry is refused', () => {
    expect(() => plan('', DEFAULT, 'none,https://goproxy.cn')).toThrow(/Input "mirrors".*only entry/);
  });

  test('a wrong value is refused even where no standby is used', () => {
    expect(() => plan('', 'https://b.example', 'ftp://x.example')).toThrow(/Input "mirrors"/);
    expect(() => plan('https://a.example', DEFAULT, 'ftp://x.example')).toThrow(/Input "mirrors"/);
  });
});

test.each([
  ['off', 'off'],
  ['file:///x,direct', 'file:// and direct'],
])('the reason names what the policy %s holds', (goproxy, words) => {
  const decided = plan('', goproxy);
  expect(decided.kind === 'policy' && decided.reason).toContain(`holds ${words} only`);
});

describe('policy: nothing is probed or exported', () => {
  test.each([
    ['off', 'off', undefined],
    ['direct alone', 'direct', undefined],
    ['files only', 'file:///x|file:///y', undefined],
    ['files and direct', 'file:///x,direct', undefined],
    ['off first: go ignores the rest', 'off,https://b.example', undefined],
    ['a value that go refuses', 'https://b.example,ftp://x', /scheme/],
    ['userinfo over http', 'http://u:canary@b.example,direct', /http URL/],
    ['too many', Array.from({ length: 21 }, (_, n) => `https://p${n}.example`).join(','), undefined],
  ])('%s', (_, goproxy, warning) => {
    const decided = plan('', goproxy);
    if (decided.kind !== 'policy') throw new Error('not a policy');
    if (warning === undefined) expect(decided.warning).toBeUndefined();
    else expect(decided.warning).toMatch(warning);
    expect(JSON.stringify(decided)).not.toContain('canary');
    expect(decided.reason).not.toBe('');
  });
});
