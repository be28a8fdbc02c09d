import { describe, expect, test } from '@jest/globals';
import { moduleFileUrl, sumdbSupportedUrl } from '../../../src/proxy/module-url.ts';

describe('moduleFileUrl', () => {
  test.each([
    [
      'https://proxy.golang.org',
      'github.com/BurntSushi/toml',
      'v1.2.0',
      'https://proxy.golang.org/github.com/%21burnt%21sushi/toml/@v/v1.2.0.mod',
    ],
    [
      'https://a.test/goproxy/',
      'example.com/m',
      'v2.0.0+incompatible',
      'https://a.test/goproxy/example.com/m/@v/v2.0.0+incompatible.mod',
    ],
    [
      'https://a.test/x%2Fy?token=1',
      'example.com/m',
      'v1.0.0-RC1',
      'https://a.test/x%2Fy/example.com/m/@v/v1.0.0-%21r%21c1.mod?token=1',
    ],
    [
      'http://a.test:8080',
      'example.com/a~b/v2',
      'v2.0.0',
      'http://a.test:8080/example.com/a~b/v2/@v/v2.0.0.mod',
    ],
  ])('%s %s@%s', (base, path, version, expected) => {
    expect(moduleFileUrl(new URL(base), { path, version }, 'mod').href).toBe(expected);
  });

  test('refuses what Go refuses, before it is a URL', () => {
    expect(() =>
      moduleFileUrl(new URL('https://a.test'), { path: 'a.test/../x', version: 'v1.0.0' }, 'mod'),
    ).toThrow();
  });
});

test('sumdbSupportedUrl is below the base', () => {
  expect(sumdbSupportedUrl(new URL('https://a.test/go'), 'sum.golang.org').href).toBe(
    'https://a.test/go/sumdb/sum.golang.org/supported',
  );
});
