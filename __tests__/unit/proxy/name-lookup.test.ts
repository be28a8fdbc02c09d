import { describe, expect, test } from '@jest/globals';
import { findInHosts, parseResolvConf, searchNames } from '../../../src/proxy/name-lookup.ts';

const HOSTS =
  '# comment\n127.0.0.1 localhost\n192.0.2.1\tproxy.test  Alias.test # 192.0.2.9 not.test\n::1 proxy.test\r\njunk proxy.test\n';

describe('findInHosts', () => {
  test.each<[string, readonly string[]]>([
    ['proxy.test', ['192.0.2.1', '::1']],
    ['PROXY.test', ['192.0.2.1', '::1']],
    ['proxy.test.', ['192.0.2.1', '::1']],
    ['alias.test', ['192.0.2.1']],
    ['not.test', []],
    ['192.0.2.1', []],
  ])('%s', (name, expected) => {
    expect(findInHosts(HOSTS, name).map(({ address }) => address)).toEqual(expected);
  });
});

describe('searchNames', () => {
  test.each<[string, string, readonly string[]]>([
    ['proxy.test', '', ['proxy.test']],
    ['proxy.test', 'search a.test b.test', ['proxy.test', 'proxy.test.a.test', 'proxy.test.b.test']],
    ['athens', 'search a.test', ['athens.a.test', 'athens']],
    ['athens.svc', 'search a.test\noptions timeout:1 ndots:5', ['athens.svc.a.test', 'athens.svc']],
    ['proxy.test.', 'search a.test', ['proxy.test']],
    ['athens', 'search old.test\ndomain a.test', ['athens.a.test', 'athens']],
    ['athens', 'search . a.test. # x', ['athens.a.test', 'athens']],
    ['athens', 'options ndots:0\nsearch a.test', ['athens', 'athens.a.test']],
    ['athens', 'options ndots:x\nsearch a.test', ['athens.a.test', 'athens']],
  ])('%s with %j', (name, conf, expected) => {
    expect(searchNames(name, parseResolvConf(conf))).toEqual(expected);
  });
});
