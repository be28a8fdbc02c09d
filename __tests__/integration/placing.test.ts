import { execFileSync, spawn } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cachePath } from '../../src/modcache/cache-entry.ts';
import { place, removeWrong } from '../../src/modcache/placing.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { goEnvironment, hasGo, runGo, sharedBuildCache } from '../support/go.ts';
import { makeModule, makeModuleSet, tamperModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import { placeAll, type Serving, servingsOf } from '../support/placing.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const goTest = (await hasGo()) ? test : test.skip;
const spaces = await canUnshare();
const namespaceTest = spaces.ok ? test : test.skip;
const rootTest = process.getuid?.() === 0 ? test : test.skip;
const posixTest = process.platform === 'win32' ? test.skip : test;

const MODULE = makeModule({ path: 'example.com/Acme/a', version: 'v1.0.0' });
const ALONE = path.resolve('__tests__/support/placing-alone.ts');

function cacheOf(root: string): string {
  return path.join(root, 'gopath', 'pkg', 'mod');
}

function beside(goModCache: string, { file }: Serving, ending: string): string {
  return cachePath(goModCache, file).replace(/[a-z]+$/, ending);
}

interface Entry {
  readonly type: string;
  readonly mode: number;
  readonly content: string;
}

/** What is below a directory, by relative name, without following links. */
async function snapshot(directory: string): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  for (const name of names.sort()) {
    const stats = await lstat(path.join(directory, name));
    const type = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    const content = stats.isFile() ? await readFile(path.join(directory, name), 'base64') : '';
    entries.set(name, { type, mode: stats.mode & 0o7777, content });
  }
  return entries;
}

/** Places files with a staging directory of its own, and returns the code of the error, or what became of them. */
async function tryToPlace(goModCache: string, servings: readonly Serving[]) {
  try {
    await using staging = await openStaging(goModCache);
    return await placeAll(staging, servings);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

async function stagingsIn(goModCache: string): Promise<readonly string[]> {
  const names = await readdir(path.join(goModCache, 'cache'));
  return names.filter((name) => name !== 'download' && name !== 'lock');
}

describe('go with no network', () => {
  goTest('builds, vets, verifies and downloads a placed set, and rewrites nothing of it', async () => {
    await using temp = await makeTempDir();
    const modules = makeModuleSet(20);
    const goModCache = cacheOf(temp.path);
    expect(await tryToPlace(goModCache, modules.flatMap(servingsOf))).toEqual(Array(60).fill('placed'));
    const { directory } = await writeProject(temp.join('app'), { modules });
    const download = path.join(goModCache, 'cache', 'download');
    const before = await snapshot(download);
    const times = await mtimes(download, before);
    const env = goEnvironment(temp.path, { GOCACHE: sharedBuildCache() });
    for (const args of [
      ['build', './...'],
      ['vet', './...'],
      ['mod', 'verify'],
      ['mod', 'download'],
    ]) {
      expect({ args, ...(await runGo(args, { cwd: directory, env })) }).toMatchObject({ args, code: 0 });
    }
    // No "go: downloading": go believed what it found.
    const other = { ...env, GOCACHE: sharedBuildCache('other') };
    const again = await runGo(['build', './...'], { cwd: directory, env: other });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const after = await snapshot(download);
    for (const [name, entry] of before) expect([name, after.get(name)]).toEqual([name, entry]);
    expect(await mtimes(download, before)).toEqual(times);
    const added = [...after.keys()].filter((name) => !before.has(name));
    expect(added.filter((name) => !/\.lock$/.test(name))).toEqual([]);
    expect(await stagingsIn(goModCache)).toEqual([]);
  });

  async function mtimes(directory: string, entries: ReadonlyMap<string, Entry>) {
    const files = [...entries].filter(([, { type }]) => type === 'file');
    return await Promise.all(files.map(async ([name]) => (await stat(path.join(directory, name))).mtimeMs));
  }

  const umasks = [0o022, 0o077, 0o002] as const;
  (process.platform === 'win32' ? test.skip : goTest).each(umasks)(
    'has the modes and bytes that go gives with umask %o',
    async (umask) => {
      await using temp = await makeTempDir();
      const modules = makeModuleSet(10);
      await writeFileProxy(temp.join('proxy'), modules);
      const app = await writeProject(temp.join('app'), { modules });
      const earlier = process.umask(umask);
      try {
        const env = goEnvironment(temp.join('go'), { GOPROXY: `file://${temp.join('proxy')}` });
        expect(await runGo(['mod', 'download'], { cwd: app.directory, env })).toMatchObject({ code: 0 });
        await tryToPlace(cacheOf(temp.join('ours')), modules.flatMap(servingsOf));
      } finally {
        process.umask(earlier);
      }
      const inCache = async (root: string) => await snapshot(path.join(cacheOf(root), 'cache'));
      const go = new Map(
        [...(await inCache(temp.join('go')))].filter(([name]) => !/(lock|list)$/.test(name)),
      );
      expect(await inCache(temp.join('ours'))).toEqual(go);
    },
  );

  goTest('is not hindered by what go places at the same time, and does not hinder it', async () => {
    await using temp = await makeTempDir();
    const modules = makeModuleSet(30);
    await writeFileProxy(temp.join('proxy'), modules);
    const { directory } = await writeProject(temp.join('app'), { modules });
    const goModCache = cacheOf(temp.path);
    const env = goEnvironment(temp.path, {
      GOPROXY: `file://${temp.join('proxy')}`,
      GOCACHE: sharedBuildCache(),
    });
    const servings = modules.flatMap(servingsOf);
    const runs = await Promise.all([
      runGo(['build', './...'], { cwd: directory, env }),
      tryToPlace(goModCache, servings),
      runGo(['mod', 'download'], { cwd: directory, env }),
      tryToPlace(goModCache, [...servings].reverse()),
    ]);
    expect(runs[0]).toMatchObject({ code: 0 });
    expect(runs[2]).toMatchObject({ code: 0 });
    for (const results of [runs[1], runs[3]]) {
      expect(results).toHaveLength(90);
      expect(results).not.toContain('replaced');
    }
    const offline = {
      cwd: directory,
      env: goEnvironment(temp.path, { GOCACHE: sharedBuildCache('other') }),
    };
    expect(await runGo(['mod', 'verify'], offline)).toMatchObject({ code: 0 });
    expect(await runGo(['build', './...'], offline)).toMatchObject({ code: 0 });
  });
});

describe('a process that is killed while it places', () => {
  async function placeUntil(
    goModCache: string,
    args: readonly string[],
    lines: number,
    signal: NodeJS.Signals,
  ) {
    const child = spawn(process.execPath, [ALONE, goModCache, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text.split('placed\n').length - 1;
      if (seen >= lines && !child.killed) child.kill(signal);
    });
    return await new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
      child.on('close', (code, by) => resolve([code, by])),
    );
  }

  (process.platform === 'win32' ? test.skip : goTest).each([
    ['early', 1, ''],
    ['in the middle', 60, ''],
    ['in the middle, zips first', 60, 'reversed'],
    ['late', 140, 'reversed'],
  ])('%s leaves a module cache that go accepts', async (_, lines, how) => {
    await using temp = await makeTempDir();
    const modules = makeModuleSet(60);
    const goModCache = cacheOf(temp.path);
    expect(await placeUntil(goModCache, ['60', how], lines, 'SIGKILL')).toEqual([null, 'SIGKILL']);
    expect(await stagingsIn(goModCache)).toHaveLength(1);
    await writeFileProxy(temp.join('proxy'), modules);
    const { directory } = await writeProject(temp.join('app'), { modules });
    const env = goEnvironment(temp.path, {
      GOPROXY: `file://${temp.join('proxy')}`,
      GOCACHE: sharedBuildCache(),
    });
    expect(await runGo(['build', './...'], { cwd: directory, env })).toMatchObject({ code: 0 });
    expect(await runGo(['mod', 'verify'], { cwd: directory, env })).toMatchObject({ code: 0 });
    // The next run takes up where it ended; a day later one removes what was left.
    expect(await tryToPlace(goModCache, modules.flatMap(servingsOf))).toEqual(Array(180).fill('kept'));
    expect(await stagingsIn(goModCache)).toHaveLength(1);
    await using staging = await openStaging(goModCache, { now: Date.now() + 25 * 3600 * 1000 });
    expect(await stagingsIn(goModCache)).toEqual([path.basename(staging.directory)]);
  });

  posixTest('leaves nothing staged when its signal handler removes it', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    expect(await placeUntil(goModCache, ['60', 'remove-on-signal'], 20, 'SIGTERM')).toEqual([9, null]);
    expect(await stagingsIn(goModCache)).toEqual([]);
  });
});

describe('what is wrong in the module cache', () => {
  const [mod, info, zip] = servingsOf(MODULE);
  const tampered = tamperModule(MODULE);

  /** A module cache in which go has built the tampered module, beside a `.ziphash` that says it is the right one. */
  async function tamperedCache(temp: TempDir) {
    const goModCache = cacheOf(temp.path);
    const [, , tamperedZip] = servingsOf(tampered);
    await tryToPlace(goModCache, [mod, info, tamperedZip]);
    await writeFile(beside(goModCache, zip, 'ziphash'), MODULE.zipHash);
    const { directory } = await writeProject(temp.join('app'), { modules: [MODULE] });
    const env = goEnvironment(temp.path, { GOFLAGS: '', GOCACHE: sharedBuildCache() });
    expect(await runGo(['build', './...'], { cwd: directory, env })).toMatchObject({ code: 0 });
    const extracted = path.join(goModCache, 'example.com/!acme/a@v1.0.0');
    expect(await readdir(extracted)).toContain('tampered.go');
    // The index in GOCACHE names the files of an extracted directory by its path alone, and go believes that too
    // (modindex/read.go: moduleHash); what is not in the module cache is not healed there, so another build cache.
    return { goModCache, directory, env: { ...env, GOCACHE: sharedBuildCache('other') }, extracted };
  }

  goTest('a tampered zip that go built is replaced with all that go believed for it', async () => {
    await using temp = await makeTempDir();
    const { goModCache, directory, env, extracted } = await tamperedCache(temp);
    expect(await tryToPlace(goModCache, [mod, info, zip])).toEqual(['kept', 'kept', 'replaced']);
    expect(await readFile(beside(goModCache, zip, 'zip'))).toEqual(Buffer.from(MODULE.zip));
    await expect(lstat(extracted)).rejects.toThrow('ENOENT');
    expect(await stagingsIn(goModCache)).toEqual([]);
    expect(await runGo(['build', './...'], { cwd: directory, env })).toMatchObject({ code: 0 });
    expect(await readdir(extracted)).not.toContain('tampered.go');
    expect(await runGo(['mod', 'verify'], { cwd: directory, env })).toMatchObject({ code: 0 });
    await removeExtracted(extracted);
  });

  goTest('a tampered zip that cannot be replaced is removed, and go asks for it again', async () => {
    await using temp = await makeTempDir();
    const { goModCache, directory, env, extracted } = await tamperedCache(temp);
    {
      await using staging = await openStaging(goModCache);
      await removeWrong(staging, zip.file);
    }
    const names = await readdir(path.dirname(cachePath(goModCache, zip.file)));
    expect(names.sort()).toEqual(['v1.0.0.info', 'v1.0.0.lock', 'v1.0.0.mod', 'v1.0.0.partial']);
    const off = await runGo(['build', './...'], { cwd: directory, env });
    expect(off).toMatchObject({ code: 1, stderr: expect.stringContaining('GOPROXY=off') });
    await writeFileProxy(temp.join('proxy'), [MODULE]);
    const online = { ...env, GOPROXY: `file://${temp.join('proxy')}` };
    expect(await runGo(['build', './...'], { cwd: directory, env: online })).toMatchObject({ code: 0 });
    expect(await readdir(extracted)).not.toContain('tampered.go');
    await removeExtracted(extracted);
  });

  goTest.each([
    ['no .ziphash', undefined],
    ['a .ziphash of another zip', tampered.zipHash],
    ['an empty .ziphash', ''],
  ])('an extracted directory with %s is not believed once the zip is placed', async (_, zipHash) => {
    await using temp = await makeTempDir();
    const { goModCache, directory, env, extracted } = await tamperedCache(temp);
    await rm(beside(goModCache, zip, 'zip'));
    await rm(beside(goModCache, zip, 'ziphash'));
    if (zipHash !== undefined) await writeFile(beside(goModCache, zip, 'ziphash'), zipHash);
    expect(await tryToPlace(goModCache, [zip])).toEqual(['placed']);
    expect(await readFile(beside(goModCache, zip, 'ziphash'), 'utf8')).toBe(MODULE.zipHash);
    expect(await runGo(['build', './...'], { cwd: directory, env })).toMatchObject({ code: 0 });
    expect(await readdir(extracted)).not.toContain('tampered.go');
    await removeExtracted(extracted);
  });

  posixTest('a zip that is there with its .ziphash is kept without anything staged for it', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    expect(await tryToPlace(goModCache, [zip])).toEqual(['placed']);
    await using staging = await openStaging(goModCache);
    const staged = await staging.stage(zip.bytes);
    // Whoever stages now fails.
    await rm(staging.directory, { recursive: true });
    expect(await place(staging, staged, zip.file)).toBe('kept');
  });

  async function removeExtracted(directory: string): Promise<void> {
    await chmod(directory, 0o755);
  }

  rootTest('a read-only extracted tree is removed also without the rights of root', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const [first] = makeModuleSet(1);
    const [, , firstZip] = servingsOf(first!);
    await tryToPlace(goModCache, servingsOf(first!));
    await writeFile(beside(goModCache, firstZip, 'zip'), 'tampered');
    const deep = path.join(goModCache, `${first!.path}@${first!.version}`, 'x', 'y');
    await mkdir(deep, { recursive: true });
    await writeFile(path.join(deep, 'z.go'), '');
    execFileSync('chown', ['-R', '65534', temp.path]);
    for (const each of [deep, path.dirname(deep), path.dirname(path.dirname(deep))]) await chmod(each, 0o555);
    await chmod(temp.path, 0o755);
    const { codes, cache } = await placeAsNobody(goModCache);
    expect(codes).toEqual([]);
    expect(cache.filter((name) => name.includes('@v1'))).toEqual([]);
    expect(cache.filter((name) => name.includes('staging'))).toEqual([]);
    expect(await readFile(beside(goModCache, firstZip, 'zip'))).toEqual(Buffer.from(first!.zip));
  });

  posixTest.each([
    ['zip', (target: string) => mkdir(path.join(target, 'in', 'it'), { recursive: true })],
    ['mod', (target: string) => mkdir(path.join(target, 'in', 'it'), { recursive: true })],
    ['info', (target: string) => mkdir(target)],
    ['ziphash', (target: string) => mkdir(path.join(target, 'in'), { recursive: true })],
    ['zip', makeFifo],
    ['mod', makeFifo],
    ['info', makeFifo],
    ['ziphash', makeFifo],
    ['zip', (target: string) => writeFile(target, 'torn')],
    ['mod', (target: string) => writeFile(target, 'module x\n')],
    ['info', (target: string) => writeFile(target, '{"Version":"v0.9.0"}')],
    ['ziphash', (target: string) => writeFile(target, 'h1:torn')],
  ] as const)('in the place of %s is replaced (%#)', async (ending, plant) => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const target = beside(goModCache, zip, ending);
    await mkdir(path.dirname(target), { recursive: true });
    await plant(target);
    const results = await tryToPlace(goModCache, [mod, info, zip]);
    const placed = (kind: string) => (kind === ending ? 'replaced' : 'placed');
    expect(results).toEqual([placed('mod'), placed('info'), placed('zip')]);
    expect(await readFile(beside(goModCache, zip, 'zip'))).toEqual(Buffer.from(MODULE.zip));
    expect(await readFile(beside(goModCache, zip, 'mod'), 'utf8')).toBe(MODULE.mod);
    expect(await readFile(beside(goModCache, zip, 'info'), 'utf8')).toBe(MODULE.info);
    expect(await readFile(beside(goModCache, zip, 'ziphash'), 'utf8')).toBe(MODULE.zipHash);
    expect(await stagingsIn(goModCache)).toEqual([]);
  });

  async function makeFifo(target: string): Promise<void> {
    execFileSync('mkfifo', [target]);
  }
});

describe('links planted in the module cache', () => {
  const [mod, info, zip] = servingsOf(MODULE);
  const levels = [
    'cache',
    'cache/download',
    'cache/download/example.com',
    'cache/download/example.com/!acme',
    'cache/download/example.com/!acme/a',
    'cache/download/example.com/!acme/a/@v',
  ];
  const leaves = ['mod', 'info', 'zip', 'ziphash'].map((ending) => `${levels.at(-1)}/v1.0.0.${ending}`);
  const extracted = ['example.com', 'example.com/!acme', 'example.com/!acme/a@v1.0.0'];
  const cases = [...levels, ...leaves, ...extracted, `${levels.at(-1)}/v1.0.0.partial`].flatMap((name) => [
    [name, 'a directory'],
    [name, 'a file'],
    [name, 'nothing'],
  ]);

  posixTest.each(cases)('at %s to %s: nothing outside is touched', async (name, to) => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const outside = temp.join('outside');
    // What the link would make reachable: files with the names that are placed, and a tree with the names that go extracts.
    const bait = path.join('example.com', '!acme', 'a@v1.0.0');
    for (const part of [bait, '!acme/a@v1.0.0', 'a@v1.0.0', '@v', 'download']) {
      await mkdir(path.join(outside, part), { recursive: true });
      await writeFile(path.join(outside, part, 'v1.0.0.zip'), 'secret');
    }
    await writeFile(path.join(outside, 'file'), 'secret');
    await mkdir(path.join(goModCache, path.dirname(name)), { recursive: true });
    const aim =
      { 'a directory': outside, 'a file': path.join(outside, 'file') }[to] ?? path.join(outside, 'none');
    await symlink(aim, path.join(goModCache, name));
    const before = await snapshot(outside);
    const results = [];
    for (const serving of [mod, info, zip]) results.push(await tryToPlace(goModCache, [serving]));
    expect(await snapshot(outside)).toEqual(before);
    // The link itself stays, as evidence.
    expect((await lstat(path.join(goModCache, name))).isSymbolicLink()).toBe(true);
    expect(results).toEqual(expectedFor(name, to));
  });

  function expectedFor(name: string, to: string) {
    const corrupt = 'modcache-corrupt-link';
    if (levels.includes(name)) return [corrupt, corrupt, corrupt];
    const kinds = ['mod', 'info', 'zip'];
    if (leaves.includes(name) && !name.endsWith('ziphash')) {
      return kinds.map((kind) => (name.endsWith(kind) ? corrupt : ['placed']));
    }
    // Above the extracted directory a link is the user's business as long as there is nothing to remove behind it.
    const reachesNothing = extracted.includes(name) && !name.includes('@') && to !== 'a directory';
    return [['placed'], ['placed'], reachesNothing ? ['placed'] : corrupt];
  }

  posixTest('a link in an extracted tree that is removed is not followed', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    await mkdir(temp.join('outside', 'sub'), { recursive: true });
    await writeFile(temp.join('outside', 'sub', 'file'), 'secret');
    await chmod(temp.join('outside'), 0o555);
    const tree = path.join(goModCache, 'example.com/!acme/a@v1.0.0');
    await mkdir(tree, { recursive: true });
    await symlink(temp.join('outside'), path.join(tree, 'link'));
    await link(temp.join('outside', 'sub', 'file'), path.join(tree, 'hard'));
    const before = await snapshot(temp.join('outside'));
    expect(await tryToPlace(goModCache, [zip])).toEqual(['placed']);
    await expect(lstat(tree)).rejects.toThrow('ENOENT');
    expect(await snapshot(temp.join('outside'))).toEqual(before);
    await chmod(temp.join('outside'), 0o755);
  });

  posixTest('GOMODCACHE itself may be reached through a link', async () => {
    await using temp = await makeTempDir();
    await mkdir(temp.join('disk'));
    await symlink(temp.join('disk'), temp.join('link'));
    expect(await tryToPlace(temp.join('link', 'mod'), [mod])).toEqual(['placed']);
    expect(await readFile(cachePath(temp.join('disk', 'mod'), mod.file), 'utf8')).toBe(MODULE.mod);
    await symlink(temp.join('disk', 'mod'), temp.join('mod'));
    expect(await tryToPlace(temp.join('mod'), [mod])).toEqual(['kept']);
  });

  posixTest('dead staging directories are removed only when they are ours and no links', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const cache = path.join(goModCache, 'cache');
    const name = `setup-goproxy-staging-${'0123456789abcdef'.repeat(2)}`;
    const kept = [`${name}0`, `x${name}`, 'setup-goproxy-staging-', 'vcs'];
    for (const each of kept) await mkdir(path.join(cache, each), { recursive: true });
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside', 'file'), '');
    await symlink(temp.join('outside'), path.join(cache, name.replace('0', '1')));
    await mkdir(path.join(cache, name, 'sub'), { recursive: true });
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
    for (const each of [...kept, name]) await utimes(path.join(cache, each), longAgo, longAgo);
    const young = name.replace('0', '2');
    await mkdir(path.join(cache, young));
    await using staging = await openStaging(goModCache);
    const left = (await readdir(cache)).filter((each) => each !== 'download').sort();
    const own = path.basename(staging.directory);
    expect(left).toEqual([...kept, name.replace('0', '1'), young, own].sort());
    expect(await readdir(temp.join('outside'))).toEqual(['file']);
  });
});

describe('what a proxy serves', () => {
  const [mod, info, zip] = servingsOf(MODULE);
  const tampered = tamperModule(MODULE);
  const { version: Version } = MODULE;
  const bad: readonly (readonly [string, string, Serving])[] = [
    ['another zip', 'modcache-wrong-hash', { ...zip, bytes: tampered.zip }],
    [
      'a zip of which go.sum says nothing',
      'modcache-wrong-hash',
      { ...zip, file: { ...zip.file, hashes: [] } },
    ],
    ['a zip cut off', 'modcache-broken-zip', { ...zip, bytes: MODULE.zip.subarray(0, -9) }],
    ['a page instead of a zip', 'modcache-broken-zip', { ...zip, bytes: Buffer.from('<html>') }],
    ['an empty zip', 'modcache-broken-zip', { ...zip, bytes: Buffer.alloc(0) }],
    ['another mod', 'modcache-wrong-hash', { ...mod, bytes: Buffer.from(tampered.mod) }],
    ['an empty mod', 'modcache-wrong-hash', { ...mod, bytes: Buffer.alloc(0) }],
    ['a mod of 16 MiB and a byte', 'modcache-too-large', { ...mod, bytes: Buffer.alloc((16 << 20) + 1) }],
    ['an info that names another version', 'modcache-wrong-info', infoOf({ Version: 'v0.9.0' })],
    ['an info with an origin', 'modcache-wrong-info', infoOf({ Version, Origin: { URL: 'x' } })],
    ['an info with two versions', 'modcache-wrong-info', rawInfo('{"Version":"v0.9.0","Version":"v1.0.0"}')],
    ['an info with two spellings', 'modcache-wrong-info', rawInfo('{"Version":"v1.0.0","version":"v0.9.0"}')],
    ['an info with white space', 'modcache-wrong-info', rawInfo('{"Version": "v1.0.0"}')],
    ['an info that is null', 'modcache-wrong-info', rawInfo('null')],
    ['an info that is no JSON', 'modcache-wrong-info', rawInfo('<html>')],
    ['an info of 64 KiB and a byte', 'modcache-too-large', rawInfo(' '.repeat((64 << 10) + 1))],
    [
      'a path that leads out',
      'module-path',
      { ...mod, file: { ...mod.file, module: { path: '../../x', version: Version } } },
    ],
    [
      'a version that leads out',
      'version',
      { ...mod, file: { ...mod.file, module: { path: 'example.com/x', version: 'v1.0.0/../../x' } } },
    ],
  ];

  function rawInfo(text: string): Serving {
    return { ...info, bytes: Buffer.from(text) };
  }

  function infoOf(value: unknown): Serving {
    return rawInfo(JSON.stringify(value));
  }

  test.each(bad)('%s is not placed: %s', async (_, code, serving) => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    expect(await tryToPlace(goModCache, [serving])).toBe(code);
    const files = [...(await snapshot(temp.path))].filter(([, { type }]) => type !== 'directory');
    expect(files).toEqual([]);
    expect(await stagingsIn(goModCache)).toEqual([]);
  });

  test('a wrong zip leaves the right one that is there', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    await tryToPlace(goModCache, [mod, info, zip]);
    const before = await snapshot(goModCache);
    expect(await tryToPlace(goModCache, [{ ...zip, bytes: tampered.zip }])).toBe('modcache-wrong-hash');
    expect(await snapshot(goModCache)).toEqual(before);
  });

  goTest('a zip with another prefix, if go.sum names it, is left to go, which refuses it', async () => {
    await using temp = await makeTempDir();
    const other = makeModule({ path: 'example.com/other', version: 'v1.0.0' });
    const forged = { ...MODULE, zip: other.zip, zipHash: other.zipHash };
    expect(await tryToPlace(cacheOf(temp.path), servingsOf(forged))).toEqual(['placed', 'placed', 'placed']);
    const goSumLines = [`${MODULE.path} v1.0.0 ${other.zipHash}`, MODULE.goSumLines[1]];
    const { directory } = await writeProject(temp.join('app'), { modules: [MODULE], goSumLines });
    const build = await runGo(['build', './...'], {
      cwd: directory,
      env: goEnvironment(temp.path, { GOCACHE: sharedBuildCache() }),
    });
    expect(build.code).toBe(1);
    expect(build.stderr).toContain('path does not have prefix');
  });

  test('one of several hashes of go.sum is enough', async () => {
    await using temp = await makeTempDir();
    const file = { ...zip.file, hashes: [tampered.zipHash, MODULE.zipHash] };
    expect(await tryToPlace(cacheOf(temp.path), [{ ...zip, file }])).toEqual(['placed']);
  });

  test('an aborted signal ends it before anything is placed', async () => {
    await using temp = await makeTempDir();
    await using staging = await openStaging(cacheOf(temp.path));
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(place(staging, await staging.stage(zip.bytes), zip.file, { signal })).rejects.toThrow(
      'cancelled',
    );
    expect(await readdir(staging.directory)).toEqual([]);
    expect(await readdir(path.join(staging.goModCache, 'cache', 'download'))).toEqual([]);
  });
});

describe('a module cache that cannot be written', () => {
  test('a relative GOMODCACHE is refused', async () => {
    expect(await tryToPlace('mod', [])).toBe('modcache-not-absolute');
  });

  test.each(['', 'cache', 'cache/download'])('a file at GOMODCACHE/%s is an error', async (name) => {
    await using temp = await makeTempDir();
    await mkdir(path.dirname(temp.join('mod', name)), { recursive: true });
    await writeFile(temp.join('mod', name), 'mine');
    expect(await tryToPlace(temp.join('mod'), [])).toBe('modcache-corrupt-entry');
    expect(await readFile(temp.join('mod', name), 'utf8')).toBe('mine');
  });

  namespaceTest('a full disk: what fits is whole, nothing else is there', async () => {
    await using temp = await makeTempDir();
    const { stdout, exitCode } = await runInNamespace(ALONE, [temp.path, '40', 'tiny-disk']);
    expect(exitCode).toBe(0);
    const { codes, cache } = lastLine(stdout);
    expect(codes).toEqual(['modcache-disk-full']);
    expect(cache.filter((name) => /staging|partial/.test(name))).toEqual([]);
    const zips = cache.filter((name) => name.endsWith('.zip'));
    expect(cache).toEqual(expect.arrayContaining(zips.map((name) => `${name}hash`)));
  });

  namespaceTest('a read-only file system', async () => {
    await using temp = await makeTempDir();
    const { stdout } = await runInNamespace(ALONE, [temp.path, '1', 'read-only']);
    expect(lastLine(stdout).codes).toEqual(['modcache-read-only']);
  });

  rootTest("someone else's module cache", async () => {
    await using temp = await makeTempDir();
    await chmod(temp.path, 0o755);
    await mkdir(temp.join('mod'));
    const { codes, cache } = await placeAsNobody(temp.join('mod'));
    expect(codes).toEqual(['modcache-no-permission']);
    expect(cache).toEqual([]);
  });

  rootTest("someone else's directory of a module", async () => {
    await using temp = await makeTempDir();
    const goModCache = temp.join('mod');
    await mkdir(path.join(goModCache, 'cache/download/example.com'), { recursive: true });
    execFileSync('chown', [
      '65534',
      goModCache,
      ...['cache', 'cache/download'].map((d) => path.join(goModCache, d)),
    ]);
    await chmod(temp.path, 0o755);
    const { codes, cache } = await placeAsNobody(goModCache);
    expect(codes).toEqual(['modcache-no-permission']);
    expect(cache.sort()).toEqual(['cache', 'cache/download', 'cache/download/example.com']);
  });
});

interface AloneResult {
  readonly codes: readonly string[];
  readonly cache: string[];
}

function lastLine(stdout: string): AloneResult {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** Places one module as a user without rights. */
async function placeAsNobody(goModCache: string): Promise<AloneResult> {
  const command = [ALONE, goModCache, '1'];
  return lastLine(execFileSync(process.execPath, command, { uid: 65534, gid: 65534, encoding: 'utf8' }));
}

describe('the staging directory', () => {
  posixTest('is ours alone, so that its files need no mode of their own', async () => {
    await using temp = await makeTempDir();
    await using staging = await openStaging(cacheOf(temp.path));
    expect((await lstat(staging.directory)).mode & 0o777).toBe(0o700);
    expect(path.basename(staging.directory)).not.toMatch(/\.tmp$/);
  });

  test('is removed with all in it after an exception', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    const failing = async () => {
      await using staging = await openStaging(goModCache);
      await staging.stage(Buffer.from('x'));
      throw new Error('the error of the work');
    };
    await expect(failing()).rejects.toThrow('the error of the work');
    expect(await stagingsIn(goModCache)).toEqual([]);
  });

  test('can be removed while files are made in it, and makes none after that', async () => {
    await using temp = await makeTempDir();
    const goModCache = cacheOf(temp.path);
    await using staging = await openStaging(goModCache);
    const making = Array.from({ length: 50 }, () => staging.stage(Buffer.from('x')));
    await making[0];
    staging.removeNow();
    expect(await stagingsIn(goModCache)).toEqual([]);
    for (const result of await Promise.allSettled(making)) {
      if (result.status === 'fulfilled') await result.value.discard();
      else expect(result.reason).toMatchObject({ name: 'ModCacheError' });
    }
    await expect(staging.create()).rejects.toMatchObject({ code: 'modcache-failed' });
    staging.removeNow();
    expect(await stagingsIn(goModCache)).toEqual([]);
  });

  test('a discarded file is gone and closed', async () => {
    await using temp = await makeTempDir();
    await using staging = await openStaging(cacheOf(temp.path));
    const staged = await staging.stage(Buffer.from('x'));
    await staged.discard();
    await staged.discard();
    expect(await readdir(staging.directory)).toEqual([]);
    expect(staged.handle.fd).toBe(-1);
  });
});
