import { describe, expect, test } from '@jest/globals';
import { followRedirect, isRedirect } from '../../../src/proxy/redirect.ts';

const head = (location: string, status = 302) => ({ status, headers: { location } });

test.each<[number, string | undefined, boolean]>([
  [301, '/x', true],
  [302, '/x', true],
  [303, '/x', true],
  [307, '/x', true],
  [308, '/x', true],
  [300, '/x', false],
  [304, '/x', false],
  [302, undefined, false],
  [302, '', false],
  [200, '/x', false],
])('isRedirect %i to %s: %s', (status, location, expected) => {
  expect(isRedirect({ status, headers: location === undefined ? {} : { location } })).toBe(expected);
});

describe('followRedirect', () => {
  test.each([
    ['https://a.test/x', '/y?z=1', 'https://a.test/y?z=1'],
    ['https://a.test/x/y', 'z', 'https://a.test/x/z'],
    ['https://a.test/x', 'https://u:p@b.test/y#f', 'https://b.test/y'],
    ['http://a.test/x', 'https://b.test/', 'https://b.test/'],
    ['http://a.test/x', 'http://b.test/', 'http://b.test/'],
  ])('%s to %s', (from, location, expected) => {
    expect(followRedirect(new URL(from), head(location), 0).href).toBe(expected);
  });

  test.each([
    ['https://a.test/x', 'http://a.test/x?secret=canary', 0, 'redirect-insecure'],
    ['https://a.test/x', 'ftp://a.test/x', 0, 'redirect-insecure'],
    ['http://a.test/x', 'ftp://canary:canary@a.test/x', 0, 'protocol-error'],
    ['http://a.test/x', 'http://[canary', 0, 'protocol-error'],
    ['http://a.test/x', '/x', 9, 'redirect-loop'],
  ])('%s to %s after %i: %s', (from, location, followed, code) => {
    let thrown: unknown;
    try {
      followRedirect(new URL(from), head(location), followed);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, stage: 'http' });
    expect((thrown as Error).message).not.toContain('canary');
  });

  test('the ninth redirect is still followed', () => {
    expect(followRedirect(new URL('http://a.test/x'), head('/x'), 8).pathname).toBe('/x');
  });
});
