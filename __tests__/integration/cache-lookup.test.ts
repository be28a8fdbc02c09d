import { describe, expect, test } from '@jest/globals';
import { findCacheService, lookUp } from '../../src/runner/cache-service.ts';
import { cacheVersion } from '../../src/runner/cache-version.ts';
import { type CacheFault, type CacheServerOptions, startCacheServer } from '../support/cache-server.ts';
import { lookUpOurWay, withNetwork } from '../support/caching.ts';
import type { Answer } from '../support/faults.ts';

const ZSTD = cacheVersion(['gomod'], 'zstd');
const GZIP = cacheVersion(['gomod'], 'gzip');
const QUESTION = { primary: 'p-1', prefixes: ['p-'] };

describe.each(['v1', 'v2'] as const)('%s', (version) => {
  test.each<
    [
      string,
      readonly (readonly [string, string])[],
      { kind: string; matchedKey?: string; compression?: string },
    ]
  >([
    ['nothing', [], { kind: 'miss' }],
    ['another prefix', [['q-1', ZSTD]], { kind: 'miss' }],
    ['another version', [['p-1', 'f'.repeat(64)]], { kind: 'miss' }],
    ['the key itself, with zstd', [['p-1', ZSTD]], { kind: 'hit', matchedKey: 'p-1', compression: 'zstd' }],
    ['the key itself, with gzip', [['p-1', GZIP]], { kind: 'hit', matchedKey: 'p-1', compression: 'gzip' }],
    [
      'both',
      [
        ['p-1', GZIP],
        ['p-1', ZSTD],
      ],
      { kind: 'hit', matchedKey: 'p-1', compression: 'zstd' },
    ],
    [
      'the newest of a prefix',
      [
        ['p-2', ZSTD],
        ['p-3', ZSTD],
      ],
      { kind: 'hit', matchedKey: 'p-3', compression: 'zstd' },
    ],
    [
      'the key itself with gzip before another with zstd',
      [
        ['p-1', GZIP],
        ['p-2', ZSTD],
      ],
      { kind: 'hit', matchedKey: 'p-1', compression: 'gzip' },
    ],
    [
      'another with zstd before another with gzip',
      [
        ['p-2', ZSTD],
        ['p-3', GZIP],
      ],
      { kind: 'hit', matchedKey: 'p-2', compression: 'zstd' },
    ],
    [
      'the key as a prefix of another',
      [['p-10', ZSTD]],
      { kind: 'hit', matchedKey: 'p-10', compression: 'zstd' },
    ],
  ])('finds of %s', async (_, entries, expected) => {
    await using server = await startCacheServer();
    for (const [key, of] of entries) server.put(key, of, Buffer.from('x'));
    const found = await lookUpOurWay(server.environment(version), QUESTION);
    const { kind, matchedKey, compression } = found as {
      kind: string;
      matchedKey?: string;
      compression?: string;
    };
    expect({ kind, ...(kind === 'hit' ? { matchedKey, compression } : {}) }).toEqual(expected);
  });

  test('an exact key is one question', async () => {
    await using server = await startCacheServer({ likeAct: true });
    server.put('P-1', ZSTD, Buffer.from('x'));
    const found = await lookUpOurWay(server.environment(version), { primary: 'P-1', prefixes: ['p-'] });
    expect(found).toMatchObject({ kind: 'hit', matchedKey: 'p-1' });
    expect(server.requests).toHaveLength(1);
  });

  const page = { contentType: 'text/html', body: '<html>login</html>' };
  const change = (value: object) => ({
    kind: 'change' as const,
    change: (answer: Answer) => ({ ...answer, status: 200, body: Buffer.from(JSON.stringify(value)) }),
  });
  const hit = (url: unknown, key: unknown) =>
    change({ ok: true, signed_download_url: url, matched_key: key, archiveLocation: url, cacheKey: key });
  const NONSENSE = 'the cache service gave an answer that makes no sense';
  test.each<[string, object, string]>([
    ['500', { kind: 'status', status: 500 }, 'the cache service answered 500'],
    ['404 as a page', { kind: 'status', status: 404, ...page }, 'the cache service answered 404'],
    ['200 as a page', { kind: 'status', status: 200, ...page }, NONSENSE],
    ['a list', change([]), NONSENSE],
    ['403', { kind: 'status', status: 403 }, 'the cache service refuses to read in this job (403)'],
    ['429', { kind: 'status', status: 429 }, 'the cache service limits requests (429)'],
    [
      '429 for a while',
      { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
      'the cache service limits requests for 60 s (429)',
    ],
    [
      '429 with text of others',
      { kind: 'status', status: 429, headers: { 'retry-after': '::x' } },
      'the cache service limits requests (429)',
    ],
    ['a redirect', { kind: 'redirect-loop' }, 'the cache service answered 302'],
    ['a reset', { kind: 'reset-before-headers' }, 'the cache service cannot be asked (ECONNRESET)'],
    ['no end', { kind: 'endless-body' }, 'the cache service gave an answer of more than 64 KiB'],
    ['no URL', hit('x', 'p-1'), NONSENSE],
    ['a URL of a file', hit('file:///etc/passwd', 'p-1'), NONSENSE],
    ['a number for a key', hit('http://x.test/', 7), NONSENSE],
    ['a very long key', hit('http://x.test/', 'k'.repeat(513)), NONSENSE],
    ['neither', hit(undefined, undefined), NONSENSE],
  ])('trouble: %s', async (_, what, reason) => {
    const options: CacheServerOptions = { faults: [{ route: 'lookup', ...what } as CacheFault] };
    await using server = await startCacheServer(options);
    const found = await lookUpOurWay(server.environment(version), QUESTION);
    expect(found).toEqual({ kind: 'trouble', reason });
    expect(server.requests).toHaveLength(1);
  });

  test('trouble with the second question leaves the hit of the first', async () => {
    const faults = [{ route: 'lookup', kind: 'status', status: 500, afterRequests: 1 } as CacheFault];
    await using server = await startCacheServer({ faults });
    server.put('p-2', ZSTD, Buffer.from('x'));
    expect(await lookUpOurWay(server.environment(version), QUESTION)).toMatchObject({ matchedKey: 'p-2' });
  });

  test('the signal ends a question, with its own reason', async () => {
    await using server = await startCacheServer({ faults: [{ route: 'lookup', kind: 'headers-never' }] });
    const service = findCacheService(server.environment(version));
    if (service.kind === 'none') throw new Error(service.reason);
    const reason = new Error('over');
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 50);
    const asking = withNetwork((network) =>
      lookUp(service, { ...QUESTION, paths: ['gomod'] }, { ...network, signal: abort.signal }),
    );
    await expect(asking).rejects.toBe(reason);
  });
});
