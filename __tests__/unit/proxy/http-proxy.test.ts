import { describe, expect, test } from '@jest/globals';
import {
  httpProxyLabel,
  proxyAuthorization,
  readHttpProxySettings,
  routeTo,
} from '../../../src/proxy/http-proxy.ts';

/** One question to the HTTP proxy settings of an environment. */
interface HttpProxyRow {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Host and port of the HTTP proxy's URL, `direct`, or `refused`. */
  readonly route: string;
}

const BOTH = { HTTP_PROXY: 'http://plain.test:3128', HTTPS_PROXY: 'http://secure.test:3129' };
const without = (noProxy: string) => ({ ...BOTH, NO_PROXY: noProxy });

/** Every row was compared with net/http.ProxyFromEnvironment of go 1.26. */
const HTTP_PROXY_ROWS: readonly HttpProxyRow[] = [
  { name: 'nothing set', env: {}, url: 'https://proxy.golang.org', route: 'direct' },
  { name: 'HTTP_PROXY is for http', env: BOTH, url: 'http://a.test', route: 'plain.test:3128' },
  { name: 'HTTPS_PROXY is for https', env: BOTH, url: 'https://a.test', route: 'secure.test:3129' },
  {
    name: 'HTTPS_PROXY is not HTTP_PROXY',
    env: { HTTP_PROXY: 'http://plain.test:1' },
    url: 'https://a.test',
    route: 'direct',
  },
  {
    name: 'lower case counts',
    env: { https_proxy: 'http://low.test:1' },
    url: 'https://a.test',
    route: 'low.test:1',
  },
  {
    name: 'upper case first',
    env: { https_proxy: 'http://low.test:1', HTTPS_PROXY: 'http://up.test:2' },
    url: 'https://a.test',
    route: 'up.test:2',
  },
  {
    name: 'an empty upper case is none',
    env: { https_proxy: 'http://low.test:1', HTTPS_PROXY: '' },
    url: 'https://a.test',
    route: 'low.test:1',
  },
  {
    name: 'host:port means http',
    env: { HTTPS_PROXY: 'bare.test:3128' },
    url: 'https://a.test',
    route: 'bare.test:3128',
  },
  {
    name: 'a host alone means http',
    env: { HTTPS_PROXY: 'bare.test' },
    url: 'https://a.test',
    route: 'bare.test',
  },
  {
    name: 'an address and port',
    env: { HTTPS_PROXY: '192.0.2.1:3128' },
    url: 'https://a.test',
    route: '192.0.2.1:3128',
  },
  {
    name: 'no URL at all is ignored',
    env: { HTTPS_PROXY: '%zz' },
    url: 'https://a.test',
    route: 'direct',
  },
  {
    name: 'ALL_PROXY is not read',
    env: { ALL_PROXY: 'http://all.test:1' },
    url: 'https://a.test',
    route: 'direct',
  },
  {
    name: 'HTTP_PROXY in a CGI environment',
    env: { ...BOTH, REQUEST_METHOD: 'GET' },
    url: 'http://a.test',
    route: 'refused',
  },
  {
    name: 'HTTPS_PROXY in a CGI environment',
    env: { ...BOTH, REQUEST_METHOD: 'GET' },
    url: 'https://a.test',
    route: 'secure.test:3129',
  },
  { name: 'localhost is exempt', env: BOTH, url: 'https://localhost:8443', route: 'direct' },
  { name: 'below localhost is not', env: BOTH, url: 'https://a.localhost', route: 'secure.test:3129' },
  { name: '127/8 is exempt', env: BOTH, url: 'http://127.9.8.7', route: 'direct' },
  { name: '::1 is exempt', env: BOTH, url: 'http://[::1]:80', route: 'direct' },
  { name: 'other addresses are not', env: BOTH, url: 'http://192.0.2.1', route: 'plain.test:3128' },
  { name: '*', env: without('a.example, * , b.example'), url: 'https://a.test', route: 'direct' },
  { name: 'a domain itself', env: without('corp.test'), url: 'https://corp.test', route: 'direct' },
  { name: 'below a domain', env: without('corp.test'), url: 'https://go.corp.test', route: 'direct' },
  {
    name: 'not what only ends alike',
    env: without('corp.test'),
    url: 'https://notcorp.test',
    route: 'secure.test:3129',
  },
  { name: 'a leading dot: below', env: without('.corp.test'), url: 'https://go.corp.test', route: 'direct' },
  {
    name: 'a leading dot: not itself',
    env: without('.corp.test'),
    url: 'https://corp.test',
    route: 'secure.test:3129',
  },
  { name: '*.domain: below', env: without('*.corp.test'), url: 'https://go.corp.test', route: 'direct' },
  {
    name: '*.domain: not itself',
    env: without('*.corp.test'),
    url: 'https://corp.test',
    route: 'secure.test:3129',
  },
  { name: 'upper case in NO_PROXY', env: without('CORP.test'), url: 'https://go.corp.test', route: 'direct' },
  {
    name: 'white space and empty entries',
    env: without(' , corp.test ,,'),
    url: 'https://corp.test',
    route: 'direct',
  },
  {
    name: 'a domain with its port',
    env: without('corp.test:8443'),
    url: 'https://corp.test:8443',
    route: 'direct',
  },
  {
    name: 'a domain with another port',
    env: without('corp.test:8443'),
    url: 'https://corp.test',
    route: 'secure.test:3129',
  },
  { name: "the scheme's own port", env: without('corp.test:443'), url: 'https://corp.test', route: 'direct' },
  {
    name: 'a port alone is ignored',
    env: without(':443'),
    url: 'https://corp.test',
    route: 'secure.test:3129',
  },
  { name: 'an address', env: without('192.0.2.1'), url: 'http://192.0.2.1:8080', route: 'direct' },
  {
    name: 'an address is no prefix',
    env: without('192.0.2'),
    url: 'http://192.0.2.1',
    route: 'plain.test:3128',
  },
  {
    name: 'an address with its port',
    env: without('192.0.2.1:80'),
    url: 'http://192.0.2.1',
    route: 'direct',
  },
  {
    name: 'an address with another port',
    env: without('192.0.2.1:81'),
    url: 'http://192.0.2.1',
    route: 'plain.test:3128',
  },
  { name: 'IPv6', env: without('2001:db8::1'), url: 'http://[2001:db8:0::1]', route: 'direct' },
  {
    name: 'IPv6 with its port',
    env: without('[2001:db8::1]:80'),
    url: 'http://[2001:db8::1]',
    route: 'direct',
  },
  { name: 'CIDR', env: without('192.0.2.0/25'), url: 'http://192.0.2.100', route: 'direct' },
  {
    name: 'outside the CIDR',
    env: without('192.0.2.0/25'),
    url: 'http://192.0.2.200',
    route: 'plain.test:3128',
  },
  { name: 'CIDR of IPv6', env: without('2001:db8::/32'), url: 'http://[2001:db8:1::1]', route: 'direct' },
  {
    name: 'CIDR is not for names',
    env: without('0.0.0.0/0'),
    url: 'http://a.test',
    route: 'plain.test:3128',
  },
  {
    name: 'a CIDR that is none',
    env: without('192.0.2.0/33'),
    url: 'http://192.0.2.1',
    route: 'plain.test:3128',
  },
];

describe('routeTo', () => {
  test.each(HTTP_PROXY_ROWS)('$name', ({ env, url, route }) => {
    const found = routeTo(readHttpProxySettings(env), new URL(url));
    expect(found.kind === 'http-proxy' ? found.proxy.host : found.kind).toBe(route);
  });

  test('a value without a host, on which go fails, is refused', () => {
    const settings = readHttpProxySettings({ HTTPS_PROXY: 'a b' });
    const refused = { kind: 'refused', why: 'HTTPS_PROXY is set and names no host' };
    expect(routeTo(settings, new URL('https://a.test'))).toEqual(refused);
    expect(routeTo(settings, new URL('https://localhost'))).toEqual({ kind: 'direct' });
  });

  test('a SOCKS proxy is unsupported, and named by its scheme', () => {
    const settings = readHttpProxySettings({ HTTPS_PROXY: 'socks5://localhost:1080' });
    expect(routeTo(settings, new URL('https://a.test'))).toEqual({ kind: 'unsupported', scheme: 'socks5' });
  });
});

test('the login of an HTTP proxy is decoded, and never part of its label', () => {
  const proxy = new URL('http://us%65r:p%40ss%3A@proxy.test');
  expect(proxyAuthorization(proxy)).toBe(`Basic ${Buffer.from('user:p@ss:').toString('base64')}`);
  expect(proxyAuthorization(new URL('http://proxy.test'))).toBeUndefined();
  expect(httpProxyLabel(proxy)).toBe('proxy.test:80');
  expect(httpProxyLabel(new URL('https://u:p@proxy.test'))).toBe('proxy.test:443');
});
