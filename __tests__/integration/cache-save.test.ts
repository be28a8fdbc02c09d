import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { layOutArchive } from '../../src/modcache/archive-root.ts';
import { type SaveResult, saveInProcess } from '../../src/runner/cache-save.ts';
import { cacheVersion } from '../../src/runner/cache-version.ts';
import { createClosing } from '../../src/runner/closing.ts';
import { type CacheFault, type CacheServerOptions, startCacheServer } from '../support/cache-server.ts';
import { fillModCache, lookUpOurWay, presenceOf, restoreOurWay, wantedOf } from '../support/caching.ts';
import type { Answer } from '../support/faults.ts';
import { makeModuleSet } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const SCRIPT = path.resolve('src/save.ts');
const KEY = 'setup-goproxy-v1--0123456789abcdef';
const posixTest = process.platform === 'win32' ? test.skip : test;

// The process that saves takes the service from the environment of the step, as it is at that time.
let saved: NodeJS.ProcessEnv;
beforeEach(() => {
  saved = { ...process.env };
  for (const name of Object.keys(process.env))
    if (/^(?:ACTIONS|GITHUB|RUNNER)_/.test(name)) delete process.env[name];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  Object.assign(process.env, saved);
});

interface Saving {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly script?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

async function save(
  dir: TempDir,
  env: Readonly<Record<string, string>>,
  { timeoutMs = 50_000, signal = new AbortController().signal, script = SCRIPT, extra = {} }: Saving = {},
): Promise<SaveResult> {
  const root = dir.join('root');
  await mkdir(path.join(root, 'gomod'), { recursive: true });
  await writeFile(path.join(root, 'gomod', 'file'), 'content\n');
  Object.assign(process.env, env, extra, { NODE_NO_WARNINGS: '1' });
  return await saveInProcess({ root, key: KEY, script, timeoutMs, closing: createClosing(), signal });
}

async function saveTo(version: 'v1' | 'v2', options: CacheServerOptions, saving: Saving = {}) {
  await using dir = await makeTempDir();
  await using server = await startCacheServer(options);
  if (options.likeAct === undefined && saving.extra?.['EXISTS'] === '1') {
    server.put(KEY, cacheVersion(['gomod'], 'zstd'), Buffer.from('x'));
  }
  const result = await save(dir, server.environment(version), saving);
  expect(processesBelow(dir.path)).toEqual([]);
  // Its archive and whatever else it left is below the private root, which its owner removes.
  expect(await readdir(dir.path)).toEqual(['root']);
  return { result, server };
}

/** Returns the command lines of processes that work in, or with, a directory. */
function processesBelow(directory: string): readonly string[] {
  if (process.platform === 'win32') return [];
  const lines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(directory) || line.includes(SCRIPT));
}

function fault(route: CacheFault['route'], what: object): CacheServerOptions {
  return { faults: [{ route, ...what } as CacheFault] };
}

const notSaved = (reason: string) => ({ kind: 'not-saved', reason });
const OTHER_JOB = 'another job saves, or has saved, the same modules';

describe.each(['v1', 'v2'] as const)('the cache service %s', (version) => {
  test('takes modules that another job gets', async () => {
    await using dir = await makeTempDir();
    await using server = await startCacheServer();
    const modules = makeModuleSet(5);
    const files = wantedOf(modules);
    await fillModCache(dir.join('mod'), modules);
    await mkdir(dir.join('root'));
    const { signal } = new AbortController();
    await layOutArchive({ goModCache: dir.join('mod'), files, root: dir.join('root'), signal });
    const env = server.environment(version);
    expect(await save(dir, env)).toEqual({ kind: 'saved' });
    const found = await lookUpOurWay(env, { primary: KEY, prefixes: [] });
    const archive = await restoreOurWay(found, { goModCache: dir.join('other'), wanted: files });
    // The one file that is none of a module is what `save` adds.
    expect([...archive.refused]).toEqual([['foreign-name', 1]]);
    expect(await presenceOf(dir.join('other'), files)).toMatchObject({ wholeness: 'complete' });
  });

  test.each<[string, CacheServerOptions, string]>([
    ['read-only', { deny: 'write' }, 'the cache is read-only in this job'],
    [
      '429',
      fault('create', {
        kind: 'status',
        status: 429,
        body: version === 'v1' ? '' : '{}',
        headers: { 'retry-after': '60' },
      }),
      'the cache service limits requests (429)',
    ],
    [
      'refuses the token',
      fault('create', { kind: 'status', status: 401, body: version === 'v1' ? '' : '{}' }),
      'the cache service answered 401',
    ],
    [
      'resets',
      fault('create', { kind: 'reset-before-headers' }),
      'the cache service cannot be reached (ECONNRESET)',
    ],
    ['refuses the upload', fault('store-upload', { kind: 'status', status: 403 }), '403'],
  ])('%s', async (name, options, reason) => {
    // v1 of the library waits 5 s before its only other attempt.
    const { result, server } = await saveTo(version, options);
    expect(server.entries).toEqual([]);
    expect(result).toEqual(notSaved(expect.stringContaining(reason) as unknown as string));
    expect((result as { reason: string }).reason).not.toMatch(/\n|https?:/);
    if (name === 'read-only') expect(result).toEqual(notSaved(reason));
  });

  test('has it already', async () => {
    const { result } = await saveTo(version, {}, { extra: { EXISTS: '1' } });
    expect(result).toEqual(notSaved(OTHER_JOB));
  });

  posixTest.each<[string, CacheServerOptions]>([
    ['hangs in the reservation', fault('create', { kind: 'headers-never' })],
    ['hangs in the upload', fault('store-upload', { kind: 'headers-never' })],
    ['hangs at the end', fault('finalize', { kind: 'headers-never' })],
    [
      'answers 500 again and again',
      fault('create', { kind: 'status', status: 503, body: version === 'v1' ? '' : '{}' }),
    ],
  ])('%s: it ends in time, and all that it started', async (_, options) => {
    const { result } = await saveTo(version, options, { timeoutMs: 3000 });
    expect(result).toEqual(notSaved('it took longer than 3 s'));
  });
});

test('a page in place of an answer', async () => {
  const page = { kind: 'status', status: 200, contentType: 'text/html', body: '<html>login</html>' };
  const { result } = await saveTo('v1', fault('create', page));
  expect(result).toMatchObject({ kind: 'not-saved' });
});

test.each([
  ['none', {}, 'cannot be|did not take'],
  [
    'one that is not there',
    {
      ACTIONS_CACHE_SERVICE_V2: 'True',
      ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/',
      ACTIONS_RUNTIME_TOKEN: 'x',
    },
    'cannot be reached \\(ECONNREFUSED\\)',
  ],
  [
    'a read-only one',
    { ACTIONS_CACHE_MODE: 'read', ACTIONS_CACHE_URL: 'http://127.0.0.1:1/' },
    'read-only in this job \\(ACTIONS_CACHE_MODE\\)',
  ],
])('the service: %s', async (_, env, reason) => {
  await using dir = await makeTempDir();
  expect(await save(dir, env)).toEqual(notSaved(expect.stringMatching(reason) as unknown as string));
});

test('the step ends before', async () => {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const change = (answer: Answer) => {
    resolve();
    return answer;
  };
  const options = {
    faults: [
      { route: 'create', kind: 'change', change } as CacheFault,
      ...(fault('store-upload', { kind: 'headers-never' }).faults ?? []),
    ],
  };
  void promise.then(() => abort.abort());
  const { result } = await saveTo('v2', options, { signal: abort.signal });
  expect(result).toEqual(notSaved('the step was ended'));
  const { result: second } = { result: await saveAborted(abort.signal) };
  expect(second).toEqual(notSaved('the step was ended'));
});

async function saveAborted(signal: AbortSignal): Promise<SaveResult> {
  await using dir = await makeTempDir();
  return await save(dir, {}, { signal, script: '/does/not/exist' });
}

test.each([
  ['that is not there', '/does/not/exist.js', 'the process that saves ended early'],
  ['that says nothing', path.resolve('__tests__/support/temp.ts'), 'the process that saves ended early'],
])('a script %s', async (_, script, reason) => {
  await using dir = await makeTempDir();
  expect(await save(dir, {}, { script })).toEqual(notSaved(reason));
});

test('no place for the archive', async () => {
  await using dir = await makeTempDir();
  await mkdir(dir.join('root', 'gomod'), { recursive: true });
  await writeFile(dir.join('root', 'temp'), 'a file');
  expect(await save(dir, {})).toEqual(notSaved('there is no place for its archive'));
});

test('the process that saves gets no inputs and no states', async () => {
  await using dir = await makeTempDir();
  const script = dir.join('told.mjs');
  await writeFile(
    script,
    `const names = Object.keys(process.env).filter((name) => /^(INPUT|STATE|RUNNER_DEBUG|ACTIONS_X)/.test(name));
     console.log('::warning::names ' + names.join(' ') + ' in ' + process.cwd() + ' ' + process.env.GITHUB_WORKSPACE);
     process.send({ id: -1 }, () => process.exit(0));`,
  );
  const extra = { INPUT_PROXIES: 'secret', STATE_x: 'y', RUNNER_DEBUG: '1', ACTIONS_X: 'z' };
  const result = await save(dir, {}, { script, extra });
  expect(result).toEqual(notSaved(expect.stringContaining('names ACTIONS_X in ') as unknown as string));
  expect((result as { reason: string }).reason).toContain(dir.join('root'));
});
