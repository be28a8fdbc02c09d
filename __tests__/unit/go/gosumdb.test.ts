import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isGoDefault, parseGosumdb } from '../../../src/go/gosumdb.ts';

const KNOWN = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';

/** A verifier key with any algorithm and key; computed here, not by the product. */
function verifierKey(name: string, { algorithm = 1, key = publicKey() } = {}): string {
  const bytes = Buffer.concat([Buffer.from([algorithm]), key]);
  const hash = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex').slice(0, 8);
  return `${name}+${hash}+${bytes.toString('base64')}`;
}

function publicKey(): Buffer {
  return generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
}

describe('parseGosumdb accepts', () => {
  const own = verifierKey('sum.corp.test/db');
  test.each([
    ['off', 'off', { kind: 'off' }],
    ['the name that go knows', 'sum.golang.org', { kind: 'db', name: 'sum.golang.org', key: KNOWN }],
    ['its key', KNOWN, { kind: 'db', name: 'sum.golang.org', key: KNOWN }],
    [
      'a URL',
      'sum.golang.org https://sum.golang.org',
      { kind: 'db', name: 'sum.golang.org', key: KNOWN, url: 'https://sum.golang.org/' },
    ],
    [
      'the alias',
      'sum.golang.google.cn',
      { kind: 'db', name: 'sum.golang.org', key: KNOWN, url: 'https://sum.golang.google.cn/' },
    ],
    [
      'white space as strings.Fields does',
      ' sum.golang.org \t http://a.test/x ',
      { kind: 'db', name: 'sum.golang.org', key: KNOWN, url: 'http://a.test/x' },
    ],
    ['a key of a host and a path', own, { kind: 'db', name: 'sum.corp.test/db', key: own }],
    [
      'a hash in upper case',
      own.replace(/\+[0-9a-f]{8}\+/, (hash) => hash.toUpperCase()),
      { kind: 'db', name: 'sum.corp.test/db' },
    ],
  ])('%s', (_, value, expected) => {
    const parsed = parseGosumdb(value);
    const shown = parsed.kind === 'db' && parsed.url ? { ...parsed, url: parsed.url.href } : parsed;
    expect(shown).toMatchObject(expected);
    expect('url' in shown).toBe('url' in expected);
  });
});

describe('parseGosumdb refuses', () => {
  test.each([
    ['nothing', '', 'it is empty'],
    ['white space', ' ', 'it is empty'],
    ['three fields', 'sum.golang.org https://a.test b', 'it has 3 fields'],
    ['off with white space', ' off', 'no database whose key go knows'],
    ['an unknown name', 'sum.corp.test', 'no database whose key go knows'],
    ['the alias with a URL', 'sum.golang.google.cn https://a.test', 'no database whose key go knows'],
    ['the alias with white space', ' sum.golang.google.cn', 'no database whose key go knows'],
    ['a URL only', 'https://sum.golang.org', 'no database whose key go knows'],
    ['a key of another name', KNOWN.replace('sum.golang.org', 'sum.corp.test'), 'does not belong'],
    ['a short hash', KNOWN.replace('033de0ae', '33de0ae'), 'no database whose key go knows'],
    [
      'base64 without its padding',
      verifierKey('a.test', { key: Buffer.alloc(33) }).replace(/=+$/, ''),
      'no database whose key go knows',
    ],
    ['no key', 'a.test+00000000+', 'no database whose key go knows'],
    ['no name', '+00000000+AAAA', 'no database whose key go knows'],
    ['another algorithm', verifierKey('a.test', { algorithm: 2 }), 'not an Ed25519 key'],
    ['a key of another length', verifierKey('a.test', { key: Buffer.alloc(31) }), 'not an Ed25519 key'],
    ['a name with a slash at its end', verifierKey('a.test/'), 'a host, or a host and a path'],
    ['a name with a query', verifierKey('a.test?x'), 'a host, or a host and a path'],
    ['a name with userinfo', verifierKey('u@a.test'), 'a host, or a host and a path'],
    ['a name with an escape', verifierKey('a.test/%41'), 'a host, or a host and a path'],
    ['a name with a bad port', verifierKey('a.test:x'), 'a host, or a host and a path'],
    ['a URL without a scheme', 'sum.golang.org sum.golang.org', 'its scheme must be'],
    ['a URL of another scheme', 'sum.golang.org ftp://a.test', 'its scheme must be'],
    ['a URL without a host', 'sum.golang.org https:///x', 'it names no host'],
    ['a broken URL', 'sum.golang.org https://a.test:x', 'its port is not a number'],
  ])('%s', (_, value, message) => {
    expect(() => parseGosumdb(value)).toThrow(message);
    expect(() => parseGosumdb(value)).toThrow(expect.objectContaining({ code: 'gosumdb' }));
  });

  test('a URL without a secret in the message', () => {
    expect(() => parseGosumdb('sum.golang.org https://u:s3cret')).toThrow(/^((?!s3cret).)*$/);
  });
});

test.each([
  ['sum.golang.org', true],
  [KNOWN, false],
  ['sum.golang.org https://sum.golang.org', false],
  ['off', false],
  ['', false],
])('isGoDefault(%p) is %p', (value, expected) => {
  expect(isGoDefault(value)).toBe(expected);
});
