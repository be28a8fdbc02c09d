import { mkdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { layOutArchive } from '../../src/modcache/archive-root.ts';
import { keyOf } from '../../src/modcache/cache-key.ts';
import { findCacheService } from '../../src/runner/cache-service.ts';
import { cacheVersion } from '../../src/runner/cache-version.ts';
import type { LibraryAvailability } from '../support/cache-library.ts';
import { type CacheRequest, startCacheServer } from '../support/cache-server.ts';
import {
  fillModCache,
  lookUpOurWay,
  pathWithoutZstd,
  presenceOf,
  restoreOurWay,
  runLibrary,
  wantedOf,
} from '../support/caching.ts';
import { makeModuleSet } from '../support/modules.ts';
import { makeTempDir } from '../support/temp.ts';

const KEY = 'setup-goproxy-v1-Suffix.1-0123456789abcdef';
const PREFIX = 'setup-goproxy-v1-Suffix.1-';

/** What a service decides by, of a request. */
function essence({ method, target, headers, json }: CacheRequest) {
  const { authorization, accept } = headers;
  const isV1 = method === 'GET';
  return { method, target, authorization, json, ...(isV1 ? { accept } : { type: headers['content-type'] }) };
}

describe.each(['v1', 'v2'] as const)('the cache service %s', (version) => {
  test('is asked by us as by the library, which asks for the compression of its machine only', async () => {
    await using dir = await makeTempDir();
    await using server = await startCacheServer();
    const env = { ...server.environment(version), RUNNER_TEMP: dir.path };
    const command = { do: 'lookup', paths: ['gomod'], key: KEY, restoreKeys: [PREFIX] } as const;
    await runLibrary(command, { env });
    await runLibrary(command, { env: { ...env, PATH: await pathWithoutZstd(dir) } });
    const theirs = server.requests.map(essence);
    await lookUpOurWay(env, { primary: KEY, prefixes: [PREFIX] });
    const ours = server.requests.slice(theirs.length).map(essence);
    expect(theirs).toHaveLength(2);
    expect(ours).toEqual(theirs);
    if (version === 'v2') {
      const wanted = { key: KEY, restore_keys: [PREFIX], version: cacheVersion(['gomod'], 'zstd') };
      expect(theirs[0]?.json).toEqual(wanted);
    }
  });

  test('is asked without other keys as by the library', async () => {
    await using server = await startCacheServer();
    const env = server.environment(version);
    await runLibrary({ do: 'lookup', paths: ['gomod', 'b'], key: KEY, restoreKeys: [] }, { env });
    await lookUpOurWay(env, { primary: KEY, prefixes: [], paths: ['gomod', 'b'] });
    const [theirs, ours] = server.requests.map(essence);
    expect(ours).toEqual(theirs);
  });

  test.each(['zstd', 'gzip'] as const)('gives us what the library saved with %s', async (compression) => {
    await using dir = await makeTempDir();
    await using server = await startCacheServer();
    const modules = makeModuleSet(12, { totalBytes: 600_000 });
    const files = wantedOf(modules);
    await fillModCache(dir.join('saver'), modules);
    const root = dir.join('private-root');
    await mkdir(root);
    await layOutArchive({ goModCache: dir.join('saver'), files, root, signal: new AbortController().signal });
    const { primary, prefix } = keyOf(files, '');
    const env = { ...server.environment(version), GITHUB_WORKSPACE: root, RUNNER_TEMP: dir.path };
    const PATH = compression === 'gzip' ? { PATH: await pathWithoutZstd(dir) } : {};
    const saved = await runLibrary(
      { do: 'save', paths: ['gomod'], key: primary },
      { env: { ...env, ...PATH }, cwd: root },
    );
    expect(saved).toMatchObject({ value: expect.any(Number) });
    expect(server.entries.map(({ key }) => key)).toEqual([primary]);

    const exact = await lookUpOurWay(env, { primary, prefixes: [prefix] });
    expect(exact).toMatchObject({ kind: 'hit', matchedKey: primary, compression });
    const other = await lookUpOurWay(env, { primary: `${prefix}other`, prefixes: [prefix] });
    expect(other).toMatchObject({ kind: 'hit', matchedKey: primary, compression });

    const limits = { bytes: 1 << 30, stallMs: 5000, rangeBytes: 100_000, lanes: 3 };
    const goModCache = dir.join('elsewhere', 'deeper', 'mod');
    const archive = await restoreOurWay(exact, { goModCache, wanted: files, limits });
    expect(server.requests.filter(({ route }) => route === 'store-download').length).toBeGreaterThan(4);
    expect(archive.cutShort).toBeUndefined();
    expect(archive.wrong).toEqual([]);
    expect(archive.placed).toHaveLength(files.length);
    // The library puts directories in too.
    expect(archive.entries).toBeGreaterThan(files.length);
    expect([...archive.refused]).toEqual([]);
    expect(await presenceOf(goModCache, files)).toMatchObject({ wholeness: 'complete', wrong: [] });
  });

  test('refuses to read, which is no miss', async () => {
    await using server = await startCacheServer({ deny: 'read' });
    const found = await lookUpOurWay(server.environment(version), { primary: KEY, prefixes: [] });
    expect(found).toEqual({ kind: 'trouble', reason: 'the cache service refuses to read in this job (403)' });
  });
});

test.each(['linux', 'win32', 'darwin'])(
  'the version of an archive is the library’s on %s',
  async (platform) => {
    const paths = ['gomod', '~/x', 'a|b'];
    const { value } = await runLibrary({ do: 'versions', paths, platform });
    expect({ zstd: cacheVersion(paths, 'zstd'), gzip: cacheVersion(paths, 'gzip') }).toEqual(value);
  },
);

const V2 = { ACTIONS_CACHE_SERVICE_V2: 'True', ACTIONS_RESULTS_URL: 'https://results.test/' };
const V1 = { ACTIONS_CACHE_URL: 'https://cache.test/token/' };
const TOKEN = { ACTIONS_RUNTIME_TOKEN: 'token' };
const BOTH = { ...V1, ...V2, ...TOKEN };
const server = (url: string) => ({ GITHUB_SERVER_URL: url });
const mode = (value: string) => ({ ACTIONS_CACHE_MODE: value });

const ENVIRONMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  nothing: {},
  'v1 only': V1,
  'v1 with a token': { ...V1, ...TOKEN },
  'v2 only': { ...V2, ...TOKEN },
  both: BOTH,
  'both without the flag': { ...BOTH, ACTIONS_CACHE_SERVICE_V2: '' },
  'the flag is "false"': { ...BOTH, ACTIONS_CACHE_SERVICE_V2: 'false' },
  'the flag is "0"': {
    ...V1,
    ...TOKEN,
    ACTIONS_RESULTS_URL: 'https://r.test',
    ACTIONS_CACHE_SERVICE_V2: '0',
  },
  'the flag without its URL': { ...V1, ...TOKEN, ACTIONS_CACHE_SERVICE_V2: 'True' },
  'an empty URL': { ...BOTH, ACTIONS_RESULTS_URL: '' },
  'results without the flag': { ACTIONS_RESULTS_URL: 'https://r.test', ...TOKEN },
  'github.com': { ...BOTH, ...server('https://github.com') },
  'GitHub.COM and a path': { ...BOTH, ...server('https://GitHub.COM/') },
  'a tenant of ghe.com': { ...BOTH, ...server('https://acme.ghe.com') },
  'ghe.com itself': { ...BOTH, ...server('https://ghe.com') },
  'something.localhost': { ...BOTH, ...server('http://github.localhost:3000') },
  'localhost itself': { ...BOTH, ...server('http://localhost:3000') },
  'an address': { ...BOTH, ...server('http://127.0.0.1:3000') },
  'an enterprise server': { ...BOTH, ...server('https://github.acme.test') },
  'an enterprise server without v1': { ...V2, ...TOKEN, ...server('https://github.acme.test') },
  'a name that ends alike': { ...BOTH, ...server('https://evilgithub.com') },
  'a name that begins alike': { ...BOTH, ...server('https://github.com.evil.test') },
  'a forge of others': { ...V1, ...server('https://codeberg.org') },
  'an empty server': { ...BOTH, ...server('') },
  'mode none': { ...BOTH, ...mode('none') },
  'mode read': { ...BOTH, ...mode('read') },
  'mode write': { ...BOTH, ...mode('write') },
  'mode write-only': { ...BOTH, ...mode('write-only') },
  'mode READ with spaces': { ...BOTH, ...mode(' READ ') },
  'mode of the future': { ...BOTH, ...mode('append') },
  'an empty mode': { ...BOTH, ...mode('') },
  'mode read and v1': { ...V1, ...mode('read') },
};

test('the service is found where the library finds it, and may what it may', async () => {
  const { value } = await runLibrary({ do: 'availability', environments: Object.values(ENVIRONMENTS) });
  const theirs = value as readonly LibraryAvailability[];
  const ours = Object.values(ENVIRONMENTS).map((environment, index) => {
    const service = findCacheService(environment);
    const isThere = service.kind !== 'none';
    const { version, readable, writable } = theirs[index] as LibraryAvailability;
    return isThere
      ? { available: true, version: service.kind, readable: service.readable, writable: service.writable }
      : { available: false, version, readable, writable };
  });
  const named = (rows: readonly unknown[]) =>
    Object.fromEntries(Object.keys(ENVIRONMENTS).map((name, at) => [name, rows[at]]));
  expect(named(ours)).toEqual(named(theirs));
});

test.each([
  ['no token, which the library throws for', { ...V2 }, 'the runner gave no token for its cache service'],
  ['no URL', { ...V1, ACTIONS_CACHE_URL: 'cache.test' }, 'ACTIONS_CACHE_URL is no URL'],
  ['a URL of another kind', { ACTIONS_CACHE_URL: 'file:///etc/' }, 'ACTIONS_CACHE_URL is no http URL'],
])('there is no service with %s', (_, environment, reason) => {
  expect(findCacheService(environment)).toEqual({ kind: 'none', reason });
});
