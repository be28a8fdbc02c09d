import { describe, expect, test } from '@jest/globals';
import {
  DEAD_PROXIES,
  findDeadProxy,
  findPublicProxy,
  PUBLIC_PROXIES,
} from '../../../src/proxy/public-proxies.ts';

describe('findPublicProxy', () => {
  test.each([
    ['its base', 'https://proxy.golang.org', 'proxy.golang.org'],
    ['one trailing slash', 'https://mirrors.aliyun.com/goproxy/', 'mirrors.aliyun.com'],
    ['an alias', 'https://proxy.golang.com.cn', 'goproxy.io'],
    ['an alias with a path', 'https://proxy.golang.org/cached-only', 'proxy.golang.org'],
    ['upper case in the host', 'https://GOPROXY.cn', 'goproxy.cn'],
    ['the default port', 'https://goproxy.cn:443', 'goproxy.cn'],
    ['plain http: the same ears', 'http://goproxy.cn', 'goproxy.cn'],
    ['userinfo: the same ears', 'https://u:p@goproxy.cn', 'goproxy.cn'],
    ['a query: the same ears', 'https://goproxy.cn/?x=1', 'goproxy.cn'],
    ['the root label of DNS', 'https://goproxy.cn./', 'goproxy.cn'],
  ])('%s', (_, url, name) => {
    expect(findPublicProxy(new URL(url))?.name).toBe(name);
  });

  test.each([
    ['another host', 'https://goproxy.example.com'],
    ['a host that begins like one', 'https://goproxy.cn.example.com'],
    ['another port', 'https://goproxy.cn:8443'],
    ['another path on the host', 'https://mirrors.aliyun.com/other'],
    ['a file', 'file:///goproxy.cn'],
  ])('not %s', (_, url) => {
    expect(findPublicProxy(new URL(url))).toBeUndefined();
  });
});

test('a dead proxy is found by its base, and the living one beside it is not', () => {
  expect(findDeadProxy(new URL('https://gocenter.io/'))?.why).toContain('2021');
  expect(findDeadProxy(new URL('https://mirrors.cloud.tencent.com/golang'))).toBeDefined();
  expect(findDeadProxy(new URL('https://mirrors.cloud.tencent.com/go'))).toBeUndefined();
});

describe('the tables', () => {
  const bases = [
    ...PUBLIC_PROXIES.flatMap((one) => [one.base, ...one.aliases]),
    ...DEAD_PROXIES.map((one) => one.base),
  ];

  test('name each base once, as https URL without a trailing slash', () => {
    expect(new Set(bases).size).toBe(bases.length);
    for (const base of bases) expect(base).toMatch(/^https:\/\/[a-z0-9.-]+(?:\/[a-z-]+)*$/);
  });

  test.each([...PUBLIC_PROXIES, ...DEAD_PROXIES])('$base has evidence', ({ evidence }) => {
    expect(evidence.length).toBeGreaterThan(0);
  });

  test('have one primary proxy, which does not relay the checksum database', () => {
    const primary = PUBLIC_PROXIES.filter(({ role }) => role === 'primary');
    expect(primary.map(({ name, sumdb }) => [name, sumdb])).toEqual([['proxy.golang.org', 'none']]);
  });
});
