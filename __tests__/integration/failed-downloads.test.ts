import { execFileSync } from 'node:child_process';
import { lutimes, mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findFailedDownloads, findTriedRepositories } from '../../src/modcache/failed-downloads.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

let temp: TempDir;
let caches = 0;
beforeAll(async () => {
  temp = await makeTempDir();
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const SINCE = Date.parse('2026-01-02T03:04:05Z');
const NEW = new Date(SINCE + 60_000);
const OLD = new Date(SINCE - 60_000);
const posixTest = process.platform === 'win32' ? test.skip : test;
const V = 'example.com/a/@v';

/** Makes a module cache with these files, below cache/ unless they begin with a slash; all directories are old. */
async function makeCache(files: Readonly<Record<string, Date>>): Promise<string> {
  const root = temp.join(`cache-${++caches}`);
  const directories = new Set<string>();
  for (const [name, when] of Object.entries(files)) {
    const file = path.join(root, 'cache', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '');
    await utimes(file, when, when);
    directories.add(path.dirname(file));
  }
  for (const directory of directories) await utimes(directory, OLD, OLD);
  return root;
}

async function find(root: string, limits = {}): Promise<readonly string[]> {
  const { downloads } = await findFailedDownloads(root, { sinceMs: SINCE, signal, limits });
  return downloads.map(
    ({ module, trace, kind, atMs }) =>
      `${module.path}@${module.version} ${trace} ${kind} ${atMs === NEW.getTime() ? 'new' : atMs}`,
  );
}

const A = 'example.com/a@v1.0.0';

test.each<[string, Record<string, Date>, string[]]>([
  ['a lock alone', { 'v1.0.0.lock': NEW }, [`${A} lock zip new`]],
  ['a lock of an earlier job', { 'v1.0.0.lock': OLD }, []],
  ['a lock and its zip', { 'v1.0.0.lock': NEW, 'v1.0.0.zip': NEW }, []],
  ['a lock and the zip of another version', { 'v1.0.0.lock': NEW, 'v1.0.1.zip': NEW }, [`${A} lock zip new`]],
  ['a lock, and a zip that was verified and removed', { 'v1.0.0.lock': NEW, 'v1.0.0.ziphash': NEW }, []],
  [
    'a lock, and a hash of an earlier job',
    { 'v1.0.0.lock': NEW, 'v1.0.0.ziphash': OLD },
    [`${A} lock zip new`],
  ],
  ['a temporary zip', { 'v1.0.0.zip123.tmp': NEW }, [`${A} temp-file zip new`]],
  [
    'a temporary zip and its lock: one download',
    { 'v1.0.0.lock': NEW, 'v1.0.0.zip123.tmp': NEW },
    [`${A} temp-file zip new`],
  ],
  ['a temporary zip beside the zip', { 'v1.0.0.zip123.tmp': NEW, 'v1.0.0.zip': OLD }, []],
  ['a temporary zip of an earlier job', { 'v1.0.0.zip123.tmp': OLD }, []],
  [
    'temporary .mod and .info',
    { 'v1.0.0.mod1.tmp': NEW, 'v1.0.0.info999999999.tmp': NEW },
    [`${A} temp-file info new`, `${A} temp-file mod new`],
  ],
  ['a temporary .mod beside the .mod', { 'v1.0.0.mod1.tmp': NEW, 'v1.0.0.mod': NEW }, []],
  [
    'names that go does not write',
    { 'v1.0.0.zip.tmp': NEW, 'v1.0.0.zip1.tmp2': NEW, 'v1.0.0.ziphash1.tmp': NEW, 'v1.0.0.zip-1.tmp': NEW },
    [],
  ],
  [
    'versions that are none',
    { 'v1.lock': NEW, '1.0.0.lock': NEW, 'v1.0.0 x.lock': NEW, 'v2.0.0.lock': NEW, 'v1.0.0-R.lock': NEW },
    [],
  ],
  ['an escaped version', { 'v1.0.0-!r!c.1.lock': NEW }, ['example.com/a@v1.0.0-RC.1 lock zip new']],
])('%s', async (_, files, found) => {
  const inVersions = Object.entries(files).map(([name, when]) => [`download/${V}/${name}`, when]);
  const downloads = await find(await makeCache(Object.fromEntries(inVersions)));
  expect([...downloads].sort()).toEqual([...found].sort());
});

test.each<[string, string, string[]]>([
  ['an escaped path', 'github.com/!acme/x/@v', ['github.com/Acme/x@v1.0.0 lock zip new']],
  ['a toolchain', 'golang.org/toolchain/@v', ['golang.org/toolchain@v1.0.0 lock zip new']],
  ['a module that go unpacks and does not download', 'golang.org/fips140/@v', []],
  ['a path that is not escaped', 'github.com/Acme/x/@v', []],
  ['a path without a dot', 'acme/x/@v', []],
  ['no path', '@v', []],
  ['a control character', 'github.com/a\u001b[31m/x/@v', []],
  ['the checksum database', 'sumdb/sum.golang.org/lookup/example.com/a/@v', []],
  ['a directory that is not @v', 'example.com/a/v', []],
])('of %s', async (_, directory, found) => {
  expect(await find(await makeCache({ [`download/${directory}/v1.0.0.lock`]: NEW }))).toEqual(found);
});

describe('where an earlier job failed too', () => {
  const touch = (root: string) => utimes(path.join(root, 'cache/download', V), NEW, NEW);
  test.each<[string, Record<string, Date>, string[]]>([
    ['the directory has changed', { 'v1.0.0.lock': OLD, 'v1.0.0.mod': OLD }, [`${A} lock zip new`]],
    ['another file is new', { 'v1.0.0.lock': OLD, 'v1.0.1.info': NEW }, []],
    ['two versions lack their zips', { 'v1.0.0.lock': OLD, 'v1.0.1.lock': OLD }, []],
    ['the zip was removed', { 'v1.0.0.lock': OLD, 'v1.0.0.ziphash': OLD }, []],
    ['the zip is there', { 'v1.0.0.lock': OLD, 'v1.0.0.zip': OLD }, []],
  ])('%s', async (_, files, found) => {
    const inVersions = Object.entries(files).map(([name, when]) => [`download/${V}/${name}`, when]);
    const root = await makeCache(Object.fromEntries(inVersions));
    expect(await find(root)).toEqual([]);
    await touch(root);
    expect(await find(root)).toEqual(found);
  });
});

test('the oldest first', async () => {
  const later = new Date(NEW.getTime() + 5000);
  const root = await makeCache({
    'download/a.test/x/@v/v1.0.0.lock': later,
    'download/b.test/x/@v/v1.0.0.lock': NEW,
    'download/a.test/x/@v/v1.1.0.lock': NEW,
  });
  const { downloads } = await findFailedDownloads(root, { sinceMs: SINCE, signal });
  expect(downloads.map(({ module }) => `${module.path} ${module.version}`)).toEqual([
    'a.test/x v1.1.0',
    'b.test/x v1.0.0',
    'a.test/x v1.0.0',
  ]);
});

posixTest.each(['cache', 'cache/download', 'cache/download/example.com', `cache/download/${V}`])(
  'follows no link in place of %s',
  async (name) => {
    const root = await makeCache({ [`download/${V}/v1.0.0.lock`]: NEW });
    expect(await find(root)).toHaveLength(1);
    await rename(path.join(root, name), path.join(root, 'elsewhere'));
    await symlink(path.join(root, 'elsewhere'), path.join(root, name));
    expect(await find(root)).toEqual([]);
  },
);

posixTest('a link is no lock, and GOMODCACHE itself may be one', async () => {
  const root = await makeCache({ [`download/${V}/v1.0.0.lock`]: NEW, other: NEW });
  const link = path.join(root, 'cache/download', V, 'v1.0.1.lock');
  await symlink(path.join(root, 'cache/other'), link);
  await lutimes(link, NEW, NEW);
  await symlink(root, `${root}-link`);
  expect(await find(`${root}-link`)).toEqual([`${A} lock zip new`]);
});

test('our own staging directory is no evidence', async () => {
  const root = await makeCache({ [`download/${V}/v1.0.0.mod`]: OLD });
  await using staging = await openStaging(root);
  await using file = await staging.stage(Buffer.from('part of a zip'));
  expect(path.dirname(file.path)).toBe(staging.directory);
  const inside = path.join(staging.directory, V);
  await mkdir(inside, { recursive: true });
  await writeFile(path.join(inside, 'v1.0.0.lock'), '');
  expect(await find(root)).toEqual([]);
});

test.each([
  ['directories', { directories: 2 }],
  ['entries', { entries: 3 }],
  ['depth', { depth: 2 }],
  ['time', { timeMs: -1 }],
  ['downloads', { downloads: 1 }],
])('stops at the limit of %s and says so', async (_, limits) => {
  const root = await makeCache({
    [`download/${V}/v1.0.0.lock`]: NEW,
    [`download/${V}/v1.0.1.lock`]: NEW,
    'download/example.com/b/@v/v1.0.0.lock': NEW,
  });
  const options = { sinceMs: SINCE, signal };
  expect(await findFailedDownloads(root, options)).toMatchObject({ cutShort: false });
  const { downloads, cutShort } = await findFailedDownloads(root, { ...options, limits });
  expect(cutShort).toBe(true);
  expect(downloads.length).toBeLessThan(3);
});

test('spends nothing on the checksum database, which can be large', async () => {
  const root = await makeCache({
    [`download/${V}/v1.0.0.lock`]: NEW,
    'download/sumdb/sum.golang.org/tile/8/0/x001/234': NEW,
  });
  const limits = { directories: 4 };
  const { downloads, cutShort } = await findFailedDownloads(root, { sinceMs: SINCE, signal, limits });
  expect({ found: downloads.length, cutShort }).toEqual({ found: 1, cutShort: false });
});

test.each([
  ['nothing there', () => temp.join('nowhere')],
  ['a relative path', () => 'cache'],
  ['an empty path', () => ''],
])('%s: nothing is found', async (_, root) => {
  const options = { sinceMs: SINCE, signal };
  expect(await findFailedDownloads(root(), options)).toEqual({ downloads: [], cutShort: false });
  expect(await findTriedRepositories(root(), options)).toEqual([]);
});

test('an aborted signal', async () => {
  const root = await makeCache({ [`download/${V}/v1.0.0.lock`]: NEW, [`vcs/${'a'.repeat(64)}.info`]: NEW });
  const options = { sinceMs: SINCE, signal: AbortSignal.abort(new Error('enough')) };
  await expect(findFailedDownloads(root, options)).rejects.toThrow('enough');
  await expect(findTriedRepositories(root, options)).rejects.toThrow('enough');
});

describe('findTriedRepositories', () => {
  async function tried(text: string, name = `${'ab'.repeat(32)}.info`, when = NEW) {
    const root = await makeCache({ [`vcs/${name}`]: when });
    const file = path.join(root, 'cache/vcs', name);
    await writeFile(file, text);
    await utimes(file, when, when);
    return await findTriedRepositories(root, { sinceMs: SINCE, signal });
  }

  test.each([
    ['https', 'git3:https://host.test/a/b', 'https://host.test/a/b'],
    ['ssh', 'git3:ssh://git@host.test/a/b.git\n', 'ssh://host.test/a/b.git'],
    ['userinfo, query and fragment', 'git3:https://u:p@host.test/a?t=1#x', 'https://host.test/a'],
    ['mercurial', 'vcs1.hg:https://host.test/a', 'https://host.test/a'],
    ['an earlier layout of go', 'git2:https://host.test/a', 'https://host.test/a'],
  ])('%s', async (_, text, url) => {
    expect(await tried(text)).toEqual([{ url, atMs: NEW.getTime() }]);
  });

  test.each([
    ['no kind', 'https://host.test/a'],
    ['no URL', 'git3:host.test:a/b'],
    ['no host', 'git3:file:///home/secret'],
    ['a URL that does not parse', 'git3:https://host.test:port/a'],
    ['two lines', 'git3:https://host.test/a\ngit3:https://host.test/b'],
    ['more than 4 KiB', `git3:https://host.test/${'a'.repeat(4096)}`],
    ['nothing', ''],
  ])('nothing of %s', async (_, text) => {
    expect(await tried(text)).toEqual([]);
  });

  test('nothing of an earlier job, nor of another name', async () => {
    const text = 'git3:https://host.test/a';
    expect(await tried(text, undefined, OLD)).toEqual([]);
    expect(await tried(text, `${'a'.repeat(63)}.info`)).toEqual([]);
    expect(await tried(text, `${'a'.repeat(64)}.lock`)).toEqual([]);
  });

  posixTest('waits for no pipe and follows no link', async () => {
    const root = await makeCache({ 'vcs/other': NEW });
    const vcs = path.join(root, 'cache/vcs');
    await writeFile(path.join(root, 'target'), 'git3:https://host.test/a');
    await symlink(path.join(root, 'target'), path.join(vcs, `${'a'.repeat(64)}.info`));
    execFileSync('mkfifo', [path.join(vcs, `${'b'.repeat(64)}.info`)]);
    expect(await findTriedRepositories(root, { sinceMs: SINCE, signal })).toEqual([]);
  });
});
