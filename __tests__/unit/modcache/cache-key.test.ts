import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import { archiveName } from '../../../src/modcache/archive-name.ts';
import { cacheable, keyOf } from '../../../src/modcache/cache-key.ts';

function file(
  path: string,
  kind: WantedFile['kind'],
  more: Partial<WantedFile> & { version?: string } = {},
): WantedFile {
  const { version = 'v1.0.0', ...rest } = more;
  const hashes = kind === 'info' ? [] : [`h1:${kind}-of-${path}@${version}`];
  return { module: { path, version }, kind, hashes, disclosure: 'public', ...rest };
}

const A = [file('example.com/a', 'mod'), file('example.com/a', 'info'), file('example.com/a', 'zip')];
const B = [file('example.com/B', 'mod')];
const SECRET = [
  file('corp.test/secret', 'mod', { disclosure: 'given-only' }),
  file('corp.test/secret', 'zip', { disclosure: 'given-only' }),
];

describe('keyOf', () => {
  test('is the hash of the sorted lines of go.sum', () => {
    const lines = [
      'example.com/B@v1.0.0/go.mod h1:mod-of-example.com/B@v1.0.0\n',
      'example.com/a@v1.0.0 h1:zip-of-example.com/a@v1.0.0\n',
      'example.com/a@v1.0.0/go.mod h1:mod-of-example.com/a@v1.0.0\n',
    ];
    const hash = createHash('sha256').update(lines.join('')).digest('hex');
    expect(keyOf([...A, ...B, ...SECRET], 'x')).toEqual({
      primary: `setup-goproxy-v1-x-${hash}`,
      prefix: 'setup-goproxy-v1-x-',
      ingredients: { suffix: 'x', lines: 3, modules: 2, privateModules: 1 },
    });
  });

  test('begins with its prefix, has no comma and at most 160 characters', () => {
    const { primary, prefix } = keyOf(A, 'z'.repeat(64));
    expect(primary.startsWith(prefix)).toBe(true);
    expect(primary).toMatch(/^[\w.-]{1,160}$/);
  });

  test.each<[string, readonly WantedFile[], string]>([
    ['another suffix', A, 'y'],
    ['one zip more', [...A, file('example.com/c', 'zip')], 'x'],
    ['one go.mod more', [...A, ...B], 'x'],
    ['no zip', A.filter(({ kind }) => kind !== 'zip'), 'x'],
    ['another version', A.map((one) => ({ ...one, module: { ...one.module, version: 'v1.0.1' } })), 'x'],
    ['another hash', A.map((one) => ({ ...one, hashes: one.hashes.map((hash) => `${hash}x`) })), 'x'],
    [
      'one hash more',
      A.map((one) => ({ ...one, hashes: [...one.hashes, 'h1:other'].slice(one.kind === 'info' ? 2 : 0) })),
      'x',
    ],
    [
      'the same hash for a zip instead of a go.mod',
      A.map((one) => (one.kind === 'mod' ? { ...one, kind: 'zip' as const } : one)),
      'x',
    ],
    [
      'a module that a pattern matches now',
      A.map((one) => ({ ...one, disclosure: 'given-only' as const })),
      'x',
    ],
    ['nothing', [], 'x'],
  ])('is another one with %s', (_, files, suffix) => {
    expect(keyOf(files, suffix).primary).not.toBe(keyOf(A, 'x').primary);
  });

  test.each<[string, readonly WantedFile[]]>([
    ['info files, which go.sum does not cover', A.filter(({ kind }) => kind !== 'info')],
    ['private modules', [...SECRET, ...A]],
  ])('does not depend on %s', (_, files) => {
    expect(keyOf(files, 'x').primary).toBe(keyOf(A, 'x').primary);
  });

  test('does not depend on the order of files or hashes', () => {
    const many = [...A, ...B, file('example.com/d', 'mod', { hashes: ['h1:1', 'h1:2'] })];
    fc.assert(
      fc.property(fc.shuffledSubarray(many, { minLength: many.length }), fc.boolean(), (files, turned) => {
        const turn = (one: WantedFile) => ({
          ...one,
          hashes: turned ? [...one.hashes].reverse() : one.hashes,
        });
        return keyOf(files.map(turn), '').primary === keyOf(many, '').primary;
      }),
    );
  });
});

test('no file of a private module is cacheable', () => {
  expect(cacheable([...SECRET, ...A, ...SECRET])).toEqual(A);
});

test.each([
  ['example.com/Acme/a', 'v1.0.0', 'zip', 'gomod/example.com/!acme/a/@v/v1.0.0.zip'],
  ['example.com/a/v2', 'v2.0.0-RC1', 'mod', 'gomod/example.com/a/v2/@v/v2.0.0-!r!c1.mod'],
  ['gopkg.in/yaml.v3', 'v3.0.1', 'info', 'gomod/gopkg.in/yaml.v3/@v/v3.0.1.info'],
] as const)('%s@%s.%s is %s in an archive', (path, version, kind, name) => {
  expect(archiveName({ module: { path, version }, kind })).toBe(name);
});
