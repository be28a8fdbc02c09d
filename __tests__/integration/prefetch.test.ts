import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FETCH_POLICY } from '../../src/fetch/fetch-policy.ts';
import { escapePath } from '../../src/go/module-path.ts';
import { escapeVersion } from '../../src/go/version.ts';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { cachePath } from '../../src/modcache/cache-entry.ts';
import type { PrefetchProgress } from '../../src/prefetch/prefetch.ts';
import { PATIENT } from '../support/fetching.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { makeModule, makeModuleSet, tamperModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import {
  digest,
  downloadOf,
  endOfFile,
  endsOf,
  leftInCache,
  prefetchFrom,
  readDownload,
  wantedOf,
  wrongIn,
} from '../support/prefetching.ts';
import { startProxy } from '../support/proxy-server.ts';
import { makeTempDir } from '../support/temp.ts';

const goIsHere = await hasGo();
const goTest = goIsHere ? test : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';
const spaces = await canUnshare();
const namespaceTest = spaces.ok ? test : test.skip;
const whySpaces = spaces.ok ? '' : ` (skipped: ${spaces.reason})`;
const posixTest = process.platform === 'win32' ? test.skip : test;

function cacheOf(root: string): string {
  return path.join(root, 'gopath', 'pkg', 'mod');
}

const MODULES = makeModuleSet(40);
const FILES = wantedOf(MODULES);

describe('a healthy proxy', () => {
  test('all of a set: each file asked for once, over at most 40 connections, placed byte for byte', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES, latencyMs: 60 });
    const goModCache = cacheOf(temp.path);
    const progress: PrefetchProgress[] = [];
    const result = await prefetchFrom({
      goModCache,
      missing: FILES,
      from: [{ url: server.url }],
      set: { policy: PATIENT },
      onProgress: (now) => progress.push(now),
    });
    expect(endsOf(result)).toEqual({ placed: 120 });
    expect(result.files.map(({ file }) => file)).toEqual(FILES);
    expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES));
    expect(await leftInCache(goModCache)).toEqual([]);
    expect(result.earlyEnd).toBeUndefined();
    expect(new Set(server.requests.map((request) => request.path)).size).toBe(120);
    expect(server.requests.length).toBe(120);
    expect(result).toMatchObject({ requests: 120, contacted: [server.host] });
    expect(result.tallies).toMatchObject([{ asked: 120, fetched: 120, failed: 0, notFound: 0 }]);
    const sizes = FILES.map((file) => cachePath(goModCache, file)).map(
      async (file) => (await lstat(file)).size,
    );
    expect(result.bytes).toBe((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0));
    expect(server.connections).toBeLessThanOrEqual(40);
    expect(server.connections).toBeGreaterThan(16);
    expect(progress.map(({ settled }) => settled)).toEqual(FILES.map((_, index) => index + 1));
    expect(progress.at(-1)).toMatchObject({ files: 120, settled: 120, failed: 0 });
  });

  posixTest('the files have the mode of any other file that this user makes', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    await writeFile(temp.join('any'), '');
    const { mode } = await lstat(temp.join('any'));
    const missing = FILES.slice(0, 9);
    await prefetchFrom({ goModCache: cacheOf(temp.path), missing, from: [{ url: server.url }] });
    for (const file of missing) {
      const name = cachePath(cacheOf(temp.path), file);
      expect([name, (await lstat(name)).mode]).toEqual([name, mode]);
    }
  });

  test('zips that the probe has kept are not asked for again', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const goModCache = cacheOf(temp.path);
    const kept = MODULES.map((module) => ({ module, proxy: 'https://probed.example', bytes: module.zip }));
    const result = await prefetchFrom({ goModCache, missing: FILES, kept, from: [{ url: server.url }] });
    expect(endsOf(result)).toEqual({ placed: 120 });
    expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES));
    expect(server.requests.filter((request) => request.path.endsWith('.zip'))).toEqual([]);
    const zips = result.files.filter(({ file }) => file.kind === 'zip');
    expect(new Set(zips.map((file) => file.kind === 'placed' && file.proxy))).toEqual(
      new Set(['https://probed.example']),
    );
    expect(zips.every((file) => file.kind === 'placed' && file.fromProbe && file.attempts.length === 0)).toBe(
      true,
    );
    expect(result.files.filter((file) => file.kind === 'placed' && file.fromProbe).length).toBe(40);
  });

  test('the zip that is known to be the largest is among the first', async () => {
    await using temp = await makeTempDir();
    const last = makeModule({ path: 'example.com/last', version: 'v1.0.0' });
    const modules = [...makeModuleSet(70), last];
    await using server = await startProxy({ modules, latencyMs: 60 });
    const sizes = new Map([['example.com/last@v1.0.0', 1e9]]);
    const missing = wantedOf(modules).filter(({ kind }) => kind === 'zip');
    await prefetchFrom({ goModCache: cacheOf(temp.path), missing, sizes, from: [{ url: server.url }] });
    const asked = server.requests.map((request) => request.path);
    // The others of the first 40 are asked for at the same time.
    expect(asked.indexOf('/example.com/last/@v/v1.0.0.zip')).toBeLessThan(40);
    expect(asked.length).toBe(71);
  });

  test('nothing to fetch: nothing is asked', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const result = await prefetchFrom({ goModCache: cacheOf(temp.path), from: [{ url: server.url }] });
    expect(result).toMatchObject({ files: [], requests: 0, bytes: 0 });
    expect(server.connections).toBe(0);
    expect(await leftInCache(cacheOf(temp.path))).toEqual([]);
  });
});

describe('wrong files on disk', () => {
  const WRONG = MODULES[0]!;
  const wrong = wantedOf([WRONG]);
  const missing = wantedOf(MODULES.slice(1, 4));
  const tampered = tamperModule(WRONG);

  /** A zip that go would believe: its `.ziphash` is the honest one, and a tree is extracted. */
  async function plant(goModCache: string): Promise<{ readonly tree: string; readonly zipHash: string }> {
    const download = path.join(goModCache, 'cache', 'download');
    await writeFileProxy(download, [{ ...tampered, info: '{"Version":"v0.9.0"}' }]);
    const zip = cachePath(goModCache, wrong[2]!);
    await writeFile(`${zip}hash`, WRONG.zipHash);
    const tree = path.join(goModCache, `${escapePath(WRONG.path)}@${escapeVersion(WRONG.version)}`);
    await mkdir(tree, { recursive: true });
    await writeFile(path.join(tree, 'evil.go'), 'package evil\n');
    return { tree, zipHash: `${zip}hash` };
  }

  async function areThere(names: readonly string[]): Promise<readonly boolean[]> {
    return await Promise.all(
      names.map((name) =>
        lstat(name).then(
          () => true,
          () => false,
        ),
      ),
    );
  }

  test('are replaced, the extracted tree is gone', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const goModCache = cacheOf(temp.path);
    const { tree } = await plant(goModCache);
    expect((await wrongIn(goModCache, wrong)).length).toBe(3);
    const result = await prefetchFrom({ goModCache, missing, wrong, from: [{ url: server.url }] });
    expect(endsOf(result)).toEqual({ placed: 12 });
    expect(await areThere([tree])).toEqual([false]);
    const { [`${escapePath(WRONG.path)}/@v/${escapeVersion(WRONG.version)}.partial`]: mark, ...files } =
      await readDownload(goModCache);
    // Go's own mark for "extract afresh"; it removes it.
    expect(mark).toBe(digest(''));
    expect(files).toEqual(downloadOf(MODULES.slice(0, 4)));
    expect(await leftInCache(goModCache)).toEqual([]);
  });

  test.each(['left to go', 'failed'])('stay removed when no proxy has them (%s)', async (how) => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES.slice(1) });
    const goModCache = cacheOf(temp.path);
    const { tree, zipHash } = await plant(goModCache);
    const result = await prefetchFrom({
      ...{ goModCache, missing, wrong },
      from: [{ url: server.url }],
      set: { direct: how === 'left to go' },
    });
    const end = how === 'failed' ? 'failed not-found not-found' : 'left-to-go not-found';
    expect(endsOf(result)).toEqual({ placed: 9, [end]: 3 });
    const planted = [tree, zipHash, ...wrong.map((file) => cachePath(goModCache, file))];
    expect(await areThere(planted)).toEqual(planted.map(() => false));
  });

  test('all are removed before anything is asked for, so that no end of the phase leaves them', async () => {
    await using temp = await makeTempDir();
    const asking = Promise.withResolvers<void>();
    await using server = await startProxy({ modules: MODULES, faults: [{ kind: 'headers-never' }] });
    const goModCache = cacheOf(temp.path);
    const { tree, zipHash } = await plant(goModCache);
    const cancel = new AbortController();
    const running = prefetchFrom({
      ...{ goModCache, missing, wrong, signal: cancel.signal },
      from: [{ url: server.url }],
      set: { policy: FETCH_POLICY },
    });
    const poll = setInterval(() => server.requests.length > 0 && asking.resolve(), 1);
    await asking.promise;
    clearInterval(poll);
    const planted = [tree, zipHash, ...wrong.map((file) => cachePath(goModCache, file))];
    expect(await areThere(planted)).toEqual(planted.map(() => false));
    cancel.abort();
    await running;
  });

  posixTest('behind a link they stay as they are, are told, and the others arrive', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const goModCache = cacheOf(temp.path);
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside', 'secret'), 'secret');
    const zip = cachePath(goModCache, wrong[2]!);
    await mkdir(path.dirname(zip), { recursive: true });
    await symlink(temp.join('outside', 'secret'), zip);
    const result = await prefetchFrom({
      ...{ goModCache, missing, wrong: wrong.slice(2) },
      from: [{ url: server.url }],
    });
    expect(endsOf(result)).toEqual({ placed: 9, 'failed local modcache-corrupt-link': 1 });
    expect(server.requests.some((request) => request.path.includes('/mod0/'))).toBe(false);
    expect(await readFile(temp.join('outside', 'secret'), 'utf8')).toBe('secret');
    expect((await lstat(zip)).isSymbolicLink()).toBe(true);
  });
});

describe('a failure is contained', () => {
  const one = MODULES[1]!;
  const ofOne = ({ module }: { readonly module: { readonly path: string } }) => module.path === one.path;
  const zipOfOne = /\/mod1\/@v\/.*\.zip$/;

  test.each([
    [false, 'failed not-found not-found'],
    [true, 'left-to-go not-found'],
  ])('a module that nobody has, with direct %s', async (direct, end) => {
    await using temp = await makeTempDir();
    await using first = await startProxy({ modules: MODULES.filter((module) => module !== one) });
    await using second = await startProxy({ modules: [] });
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES, set: { policy: PATIENT, direct } },
      from: [{ url: first.url }, { url: second.url }],
    });
    expect(endsOf(result)).toEqual({ placed: 117, [end]: 3 });
    expect(result.files.filter(({ kind }) => kind !== 'placed').every(({ file }) => ofOne(file))).toBe(true);
    const tried = result.files.filter(({ file }) => ofOne(file)).map(({ attempts }) => attempts);
    for (const attempts of tried) expect(attempts.map(({ proxy }) => proxy)).toEqual([first.url, second.url]);
    expect(await readDownload(cacheOf(temp.path))).toEqual(downloadOf(MODULES, (file) => !ofOne(file)));
    expect(result.earlyEnd).toBeUndefined();
  });

  test.each(['zip', 'mod', 'info'] as const)('a .%s that nobody serves rightly', async (kind) => {
    await using temp = await makeTempDir();
    const fault =
      kind === 'info' ? ({ kind: 'wrong-version-info' } as const) : ({ kind: 'wrong-bytes' } as const);
    const faults = [{ ...fault, match: new RegExp(`/mod1/@v/.*\\.${kind}$`) }];
    await using first = await startProxy({ modules: MODULES, faults });
    await using second = await startProxy({ modules: MODULES, faults });
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES, set: { policy: PATIENT } },
      from: [{ url: first.url }, { url: second.url }],
    });
    const isBad = (file: WantedFile) => ofOne(file) && file.kind === kind;
    expect(endsOf(result)).toEqual({ placed: 119, 'failed integrity exhausted': 1 });
    const bad = result.files.find(({ file }) => isBad(file));
    expect(new Set(bad?.attempts.map(({ proxy }) => proxy))).toEqual(new Set([first.url, second.url]));
    expect(await readDownload(cacheOf(temp.path))).toEqual(downloadOf(MODULES, (file) => !isBad(file)));
    expect(await leftInCache(cacheOf(temp.path))).toEqual([]);
  });

  test('one proxy lies, the other one does not', async () => {
    await using temp = await makeTempDir();
    await using liar = await startProxy({
      modules: MODULES,
      faults: [{ kind: 'wrong-bytes', match: zipOfOne }],
    });
    await using honest = await startProxy({ modules: MODULES });
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES, set: { policy: PATIENT } },
      from: [{ url: liar.url }, { url: honest.url }],
    });
    expect(endsOf(result)).toEqual({ placed: 120 });
    expect(await readDownload(cacheOf(temp.path))).toEqual(downloadOf(MODULES));
    expect(honest.requests.map((request) => zipOfOne.test(request.path))).toEqual([true]);
  });

  test('a path that go refuses fails alone, and nothing outside is touched', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const [mod, info, zip] = FILES.slice(0, 3).map((file) => ({
      ...file,
      module: { path: '../../../outside', version: 'v1.0.0' },
    }));
    const result = await prefetchFrom({
      goModCache: cacheOf(temp.path),
      missing: [mod!, info!, ...FILES.slice(3, 9)],
      wrong: [zip!],
      from: [{ url: server.url }],
    });
    expect(endsOf(result)).toEqual({ placed: 6, 'failed infrastructure': 3 });
    expect(server.requests.length).toBe(6);
    expect(await readDownload(cacheOf(temp.path))).toEqual(downloadOf(MODULES.slice(1, 3)));
  });
});

describe('a module cache that takes no files', () => {
  test('GOMODCACHE is relative', async () => {
    await using server = await startProxy({ modules: MODULES });
    const result = await prefetchFrom({ goModCache: 'mod', missing: FILES, from: [{ url: server.url }] });
    expect(result).toMatchObject({ earlyEnd: 'modcache', modcache: { code: 'modcache-not-absolute' } });
    expect(endsOf(result)).toEqual({ 'failed local modcache modcache-not-absolute': 120 });
    expect(server.requests).toEqual([]);
  });

  test.each(['', 'cache', 'cache/download'])('a file at GOMODCACHE/%s', async (name) => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const target = path.join(cacheOf(temp.path), name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, 'mine');
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES.slice(3), wrong: FILES.slice(0, 3) },
      from: [{ url: server.url }],
    });
    expect(result).toMatchObject({ earlyEnd: 'modcache', modcache: { code: 'modcache-corrupt-entry' } });
    expect(endsOf(result)).toEqual({ 'failed local modcache modcache-corrupt-entry': 120 });
    expect(await readFile(target, 'utf8')).toBe('mine');
    expect(server.requests).toEqual([]);
  });

  posixTest.each(['cache', 'cache/download'])('a link at GOMODCACHE/%s', async (name) => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const target = path.join(cacheOf(temp.path), name);
    await mkdir(path.dirname(target), { recursive: true });
    await mkdir(temp.join('outside'));
    await symlink(temp.join('outside'), target);
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES },
      from: [{ url: server.url }],
    });
    expect(result).toMatchObject({ earlyEnd: 'modcache', modcache: { code: 'modcache-corrupt-link' } });
    expect(await readDownload(temp.path)).toEqual({});
    expect(server.requests).toEqual([]);
  });

  posixTest(
    'a link deeper down: only what is behind it fails, and nothing is written through it',
    async () => {
      await using temp = await makeTempDir();
      await using server = await startProxy({ modules: MODULES });
      const goModCache = cacheOf(temp.path);
      await mkdir(path.join(goModCache, 'cache/download/example.com'), { recursive: true });
      await mkdir(temp.join('outside'));
      await symlink(temp.join('outside'), path.join(goModCache, 'cache/download/example.com/!acme'));
      const result = await prefetchFrom({ goModCache, missing: FILES, from: [{ url: server.url }] });
      const isBehind = ({ module }: WantedFile) => module.path.startsWith('example.com/Acme/');
      expect(endsOf(result)).toEqual({ placed: 108, 'failed local modcache-corrupt-link': 12 });
      for (const file of result.files) {
        expect([file.file.module.path, endOfFile(file) === 'placed']).toEqual([
          file.file.module.path,
          !isBehind(file.file),
        ]);
      }
      expect(result.earlyEnd).toBeUndefined();
      expect((await lstat(path.join(goModCache, 'cache/download/example.com/!acme'))).isSymbolicLink()).toBe(
        true,
      );
      expect(await wrongIn(temp.join('outside'), FILES)).toEqual([]);
      expect(await readDownload(goModCache)).toEqual({
        ...downloadOf(MODULES, (file) => !isBehind(file)),
        'example.com/!acme': 'no regular file',
      });
    },
  );

  interface Alone {
    readonly earlyEnd: string;
    readonly code: string;
    readonly requests: number;
    readonly ends: Readonly<Record<string, number>>;
    readonly wrong: readonly unknown[];
    readonly cache: readonly string[];
  }

  async function alone(mountOptions: string): Promise<Alone> {
    await using temp = await makeTempDir();
    const script = path.resolve('__tests__/support/prefetch-alone.ts');
    const { stdout, stderr, exitCode } = await runInNamespace(script, [temp.path, '200', mountOptions]);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    return JSON.parse(stdout) as Alone;
  }

  namespaceTest(
    `a disk that is full ends it; what fits is whole, nothing else is there${whySpaces}`,
    async () => {
      const { earlyEnd, code, requests, ends, wrong, cache } = await alone('size=1m');
      expect([earlyEnd, code]).toEqual(['modcache', 'modcache-disk-full']);
      const { placed = 0, ...failed } = ends;
      expect(placed).toBeGreaterThan(0);
      expect(placed).toBeLessThan(600);
      for (const end of Object.keys(failed))
        expect(end).toMatch(/^failed local( modcache)? modcache-disk-full$/);
      // The rest is not downloaded for nothing.
      expect(requests).toBeLessThan(600);
      expect(wrong).toEqual([]);
      expect(cache.filter((name) => /staging|partial/.test(name))).toEqual([]);
      const zips = cache.filter((name) => name.endsWith('.zip'));
      expect(cache).toEqual(expect.arrayContaining(zips.map((name) => `${name}hash`)));
    },
  );

  namespaceTest(`a read-only file system${whySpaces}`, async () => {
    const { earlyEnd, code, requests, ends, cache } = await alone('ro');
    expect([earlyEnd, code, requests]).toEqual(['modcache', 'modcache-read-only', 0]);
    expect(ends).toEqual({ 'failed local modcache modcache-read-only': 600 });
    expect(cache).toEqual([]);
  });
});

describe('bounds', () => {
  const silent = { kind: 'headers-never', match: /\/mod1\/@v/ } as const;
  const patient = { policy: FETCH_POLICY };

  test.each([
    ['timeout', { timeoutMs: 1500 }],
    ['idle', { timeoutMs: 60_000, idleMs: 1500 }],
  ] as const)('%s: what came is placed, the rest is told', async (why, bounds) => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES, faults: [silent] });
    const goModCache = cacheOf(temp.path);
    const result = await prefetchFrom({
      ...{ goModCache, missing: FILES.slice(0, 12), bounds, set: patient },
      from: [{ url: server.url }],
    });
    expect(result.earlyEnd).toBe(why);
    expect(endsOf(result)).toEqual({ placed: 9, [`failed cancelled ${why}`]: 3 });
    const isSilent = ({ module }: WantedFile) => module.path === 'example.com/mod1';
    expect(await readDownload(goModCache)).toEqual(
      downloadOf(MODULES.slice(0, 4), (file) => !isSilent(file)),
    );
    expect(await leftInCache(goModCache)).toEqual([]);
  });

  test('files that nobody has begun are told too', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES, faults: [{ kind: 'headers-never' }] });
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: FILES, bounds: { timeoutMs: 300 }, set: patient },
      from: [{ url: server.url }],
    });
    expect(endsOf(result)).toEqual({ 'failed cancelled timeout': 120 });
    expect(result.files.map(({ file }) => file)).toEqual(FILES);
    expect(server.requests.length).toBeLessThanOrEqual(40);
  });

  test('one large zip that keeps coming is no idleness', async () => {
    await using temp = await makeTempDir();
    const large = makeModule({ path: 'example.com/large', version: 'v1.0.0', sizeBytes: 7 << 20 });
    await using server = await startProxy({ modules: [large], bandwidthBytesPerSecond: 3 << 20 });
    const result = await prefetchFrom({
      ...{ goModCache: cacheOf(temp.path), missing: wantedOf([large]), set: patient },
      bounds: { timeoutMs: 60_000, idleMs: 1500 },
      from: [{ url: server.url }],
    });
    expect(endsOf(result)).toEqual({ placed: 3 });
  });
});

describe('the job is cancelled', () => {
  /** Ends within this, or something waits that should not: with the policy of a job a silent proxy alone takes longer. */
  const BOUND_MS = 4000;
  const patient = { policy: FETCH_POLICY };

  /** Prefetches, has `cancel` called by `when`, and checks that all that is left is right. */
  async function cancelled(
    server: Awaited<ReturnType<typeof startProxy>>,
    when: (moments: {
      readonly settled: (count: number) => Promise<void>;
      readonly asked: Promise<void>;
    }) => Promise<void> | undefined,
  ) {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const cancel = new AbortController();
    const asked = Promise.withResolvers<void>();
    const poll = setInterval(() => server.requests.length > 0 && asked.resolve(), 1);
    const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
    const moment = when({
      asked: asked.promise,
      settled: (count) => new Promise((resolve) => waiting.push({ count, resolve })),
    });
    if (moment === undefined) cancel.abort();
    const running = prefetchFrom({
      ...{ goModCache, missing: FILES, signal: cancel.signal, set: patient },
      from: [{ url: server.url }],
      onProgress: ({ settled }) => {
        for (const { count, resolve } of waiting) if (settled >= count) resolve();
      },
    });
    await moment;
    clearInterval(poll);
    cancel.abort();
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, BOUND_MS, 'late').unref());
    const result = await Promise.race([running, late]);
    if (result === 'late') throw new Error('the prefetch did not end');
    expect(result.earlyEnd).toBe('cancelled');
    expect(await leftInCache(goModCache)).toEqual([]);
    const nameOf = (file: WantedFile) => cachePath(goModCache, file);
    const placed = new Set(result.files.flatMap(({ kind, file }) => (kind === 'placed' ? nameOf(file) : [])));
    expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES, (file) => placed.has(nameOf(file))));
    const { placed: count = 0, 'failed cancelled cancelled': left = 0 } = endsOf(result);
    expect(count + left).toBe(FILES.length);
    // Nobody goes on behind the back of whoever was told that it ended.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES, (file) => placed.has(nameOf(file))));
    expect(await leftInCache(goModCache)).toEqual([]);
    return { count, result };
  }

  test('before it begins: nothing is asked, nothing written', async () => {
    await using server = await startProxy({ modules: MODULES });
    const { count } = await cancelled(server, () => undefined);
    expect([count, server.requests.length]).toEqual([0, 0]);
  });

  test('while the staging directory is made', async () => {
    await using server = await startProxy({ modules: MODULES });
    const { count } = await cancelled(server, () => Promise.resolve());
    expect(count).toBe(0);
  });

  test.each(['headers-never', 'body-stall'] as const)('while proxies are silent: %s', async (kind) => {
    await using server = await startProxy({ modules: MODULES, faults: [{ kind }] });
    const { count } = await cancelled(server, ({ asked }) => asked);
    expect(count).toBe(0);
  });

  test('while bodies come', async () => {
    await using server = await startProxy({ modules: MODULES, bandwidthBytesPerSecond: 200_000 });
    const { count } = await cancelled(server, ({ settled }) => settled(10));
    expect(count).toBeLessThan(120);
  });

  test.each([1, 2, 5, 20, 60, 119])('while files are placed: after %i', async (count) => {
    await using server = await startProxy({ modules: MODULES });
    await cancelled(server, ({ settled }) => settled(count));
  });

  test('by a signal handler that awaits nothing: what is staged is gone when it returns', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES, bandwidthBytesPerSecond: 200_000 });
    const goModCache = cacheOf(temp.path);
    const cancel = new AbortController();
    const removals: (() => void)[] = [];
    let forgotten = 0;
    let settled = () => {};
    const some = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const running = prefetchFrom({
      ...{ goModCache, missing: FILES, signal: cancel.signal },
      from: [{ url: server.url }],
      onProgress: () => settled(),
      onStaging: (removeNow) => {
        removals.push(removeNow);
        return () => forgotten++;
      },
    });
    await some;
    expect((await leftInCache(goModCache)).length).toBe(1);
    expect(forgotten).toBe(0);
    cancel.abort();
    for (const removeNow of removals) removeNow();
    expect(await leftInCache(goModCache)).toEqual([]);
    await running;
    expect(forgotten).toBe(1);
    expect(await leftInCache(goModCache)).toEqual([]);
    expect(await wrongIn(goModCache, FILES)).toEqual([]);
  });
});

describe('at the same time', () => {
  test.each(['missing', 'wrong'] as const)(
    'two of them, with all files %s, into one module cache',
    async (how) => {
      await using temp = await makeTempDir();
      await using server = await startProxy({ modules: MODULES, latencyMs: 5, jitter: 1 });
      const goModCache = cacheOf(temp.path);
      const download = path.join(goModCache, 'cache', 'download');
      if (how === 'wrong') await writeFileProxy(download, MODULES.map(tamperModule));
      const one = () => prefetchFrom({ goModCache, [how]: FILES, from: [{ url: server.url }] });
      const results = await Promise.all([one(), one()]);
      expect(results.map(endsOf)).toEqual([{ placed: 120 }, { placed: 120 }]);
      expect(await wrongIn(goModCache, FILES)).toEqual([]);
      const files = await readDownload(goModCache);
      if (how === 'missing') expect(files).toEqual(downloadOf(MODULES));
      for (const file of FILES)
        expect(files).toHaveProperty([path.relative(download, cachePath(goModCache, file))]);
      expect(await leftInCache(goModCache)).toEqual([]);
    },
  );

  goTest.each([0, 40])(
    `go mod download works on the same module cache, %i ms of latency${whyGo}`,
    async (latencyMs) => {
      await using temp = await makeTempDir();
      await using server = await startProxy({ modules: MODULES, latencyMs });
      const goModCache = cacheOf(temp.path);
      const { directory: cwd } = await writeProject(temp.join('app'), { modules: MODULES });
      const env = goEnvironment(temp.path, { GOPROXY: server.url });
      const [result, download] = await Promise.all([
        prefetchFrom({ goModCache, missing: FILES, from: [{ url: server.url }] }),
        runGo(['mod', 'download'], { cwd, env }),
      ]);
      expect(endsOf(result)).toEqual({ placed: 120 });
      expect(download).toMatchObject({ code: 0, stderr: '' });
      expect(await runGo(['mod', 'verify'], { cwd, env })).toMatchObject({
        code: 0,
        stdout: 'all modules verified\n',
      });
      expect(await wrongIn(goModCache, FILES)).toEqual([]);
      expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES));
      expect(await leftInCache(goModCache)).toEqual([]);
    },
  );

  goTest(`go goes on where a cancelled one stopped${whyGo}`, async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: MODULES });
    const goModCache = cacheOf(temp.path);
    const cancel = new AbortController();
    const result = await prefetchFrom({
      ...{ goModCache, missing: FILES, signal: cancel.signal },
      from: [{ url: server.url }],
      onProgress: ({ settled }) => settled > 50 && cancel.abort(),
    });
    expect(result.earlyEnd).toBe('cancelled');
    const { directory: cwd } = await writeProject(temp.join('app'), { modules: MODULES });
    const env = goEnvironment(temp.path, { GOPROXY: server.url });
    expect(await runGo(['mod', 'download'], { cwd, env })).toMatchObject({ code: 0, stderr: '' });
    expect(await runGo(['mod', 'verify'], { cwd, env })).toMatchObject({ code: 0 });
  });
});
