import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../src/go/project-files.ts';
import { computeWantedSet } from '../../src/go/wanted-set.ts';
import { archiveName } from '../../src/modcache/archive-name.ts';
import { layOutArchive } from '../../src/modcache/archive-root.ts';
import { cachePath } from '../../src/modcache/cache-entry.ts';
import { cacheable, keyOf } from '../../src/modcache/cache-key.ts';
import { fillModCache, wantedOf } from '../support/caching.ts';
import { makeModule, makeModuleSet, tamperModule, writeProject } from '../support/modules.ts';
import { snapshotTree } from '../support/sentinel-tree.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const MODULES = makeModuleSet(11);
const FILES = wantedOf(MODULES);
const { signal } = new AbortController();
const MODULE = makeModule({ path: 'example.com/Acme/a', version: 'v1.0.0' });
const [MOD, INFO, ZIP] = wantedOf([MODULE]) as [(typeof FILES)[0], (typeof FILES)[0], (typeof FILES)[0]];

interface World {
  readonly goModCache: string;
  readonly root: string;
}

async function makeWorld(dir: TempDir, modules = [MODULE]): Promise<World> {
  const world = { goModCache: dir.join('mod'), root: dir.join('root') };
  await fillModCache(world.goModCache, modules);
  await mkdir(world.root);
  return world;
}

function inArchive({ root }: World, file: typeof ZIP): string {
  return path.join(root, ...archiveName(file).split('/'));
}

describe('layOutArchive', () => {
  test('links zips and go.mod files, and holds nothing else', async () => {
    await using dir = await makeTempDir();
    const world = await makeWorld(dir, [...MODULES, MODULE]);
    const before = await snapshotTree(world.goModCache);
    const layout = await layOutArchive({ ...world, files: FILES, signal });
    const tree = await snapshotTree(world.root);
    const there = [...tree].filter(([, { type }]) => type === 'file');
    expect(there.map(([name]) => name).sort()).toEqual(FILES.map(archiveName).sort());
    expect(layout).toEqual({
      files: FILES.length,
      bytes: there.reduce((sum, [, { size }]) => sum + size, 0),
    });
    for (const file of FILES) {
      const [source, target] = await Promise.all([
        stat(cachePath(world.goModCache, file)),
        stat(inArchive(world, file)),
      ]);
      expect(source.ino === target.ino).toBe(file.kind !== 'info');
    }
    expect(await snapshotTree(world.goModCache)).toEqual(before);
  });

  test('rewrites an info file as go writes it, in the archive only', async () => {
    await using dir = await makeTempDir();
    const world = await makeWorld(dir);
    const source = cachePath(world.goModCache, INFO);
    const own =
      '{"Version":"v1.0.0","Time":"2024-02-03T04:05:06Z","Origin":{"VCS":"git","URL":"https://corp.test/x"}}';
    await writeFile(source, own);
    await layOutArchive({ ...world, files: [INFO], signal });
    const kept = '{"Version":"v1.0.0","Time":"2024-02-03T04:05:06Z"}';
    expect(await readFile(inArchive(world, INFO), 'utf8')).toBe(kept);
    expect(await readFile(source, 'utf8')).toBe(own);
  });

  const outside = (dir: TempDir) => dir.join('outside');
  test.each<[string, typeof ZIP, (target: string, dir: TempDir) => Promise<unknown>, string]>([
    [
      'a zip with another content',
      ZIP,
      (target) => replace(target, tamperModule(MODULE).zip),
      'modcache-wrong-hash',
    ],
    ['a zip that is none', ZIP, (target) => replace(target, 'x'), 'modcache-broken-zip'],
    ['a go.mod with another content', MOD, (target) => replace(target, 'module x\n'), 'modcache-wrong-hash'],
    [
      'an info file of another version',
      INFO,
      (target) => replace(target, '{"Version":"v0.9.0"}'),
      'modcache-wrong-info',
    ],
    ['an info file that is none', INFO, (target) => replace(target, 'x'), 'modcache-wrong-info'],
    [
      'an info file of 65 KiB',
      INFO,
      (target) => replace(target, Buffer.alloc(65 << 10, ' ')),
      'modcache-too-large',
    ],
    ['a missing zip', ZIP, (target) => unlink(target), 'modcache-failed'],
    ['a directory', ZIP, (target) => unlink(target).then(() => mkdir(target)), 'modcache-'],
    [
      'a symbolic link to the right zip',
      ZIP,
      async (target, dir) => {
        await link(target, outside(dir));
        await unlink(target);
        await symlink(outside(dir), target);
      },
      'modcache-corrupt-link',
    ],
    [
      'a symbolic link to the right info file',
      INFO,
      async (target, dir) => {
        await link(target, outside(dir));
        await unlink(target);
        await symlink(outside(dir), target);
      },
      'modcache-corrupt-link',
    ],
    [
      'a fifo',
      ZIP,
      async (target) => {
        await unlink(target);
        execFileSync('mkfifo', [target]);
      },
      'modcache-corrupt-entry',
    ],
  ])('refuses %s', async (_, file, spoil, code) => {
    await using dir = await makeTempDir();
    const world = await makeWorld(dir);
    await spoil(cachePath(world.goModCache, file), dir);
    const laying = layOutArchive({ ...world, files: [file], signal });
    await expect(laying).rejects.toMatchObject({
      name: 'ModCacheError',
      code: expect.stringContaining(code),
    });
  });

  test('refuses a place that is taken', async () => {
    await using dir = await makeTempDir();
    const world = await makeWorld(dir);
    for (const file of [ZIP, INFO]) {
      await mkdir(path.dirname(inArchive(world, file)), { recursive: true });
      await symlink(dir.join('elsewhere'), inArchive(world, file));
      await expect(layOutArchive({ ...world, files: [file], signal })).rejects.toMatchObject({
        name: 'ModCacheError',
      });
    }
    expect(await stat(dir.join('elsewhere')).catch(() => undefined)).toBeUndefined();
  });

  test('ends with the reason of the signal', async () => {
    await using dir = await makeTempDir();
    const world = await makeWorld(dir);
    const reason = new Error('over');
    await expect(layOutArchive({ ...world, files: [ZIP], signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });
});

async function replace(target: string, content: string | Uint8Array): Promise<void> {
  await unlink(target);
  await writeFile(target, content);
}

/** Makes a directory on another device than the temp directory, undefined where there is none. */
async function makeOtherDevice(): Promise<string | undefined> {
  try {
    const made = await mkdtemp('/dev/shm/setup-goproxy-test-');
    const [one, other] = await Promise.all([stat(made), stat(path.resolve('.'))]);
    if (one.dev !== other.dev) return made;
    await rm(made, { recursive: true });
  } catch {
    // No tmpfs that can be written.
  }
  return undefined;
}

const device = await makeOtherDevice();
const deviceTest = device === undefined ? test.skip : test;

deviceTest('another device gets copies, of regular files only', async () => {
  await using dir = await makeTempDir();
  const world = { ...(await makeWorld(dir)), root: device ?? '' };
  try {
    await layOutArchive({ ...world, files: [MOD, INFO, ZIP], signal });
    expect(Buffer.compare(await readFile(inArchive(world, ZIP)), MODULE.zip)).toBe(0);
    const source = cachePath(world.goModCache, MOD);
    await unlink(inArchive(world, MOD));
    await link(source, dir.join('outside'));
    await unlink(source);
    await symlink(dir.join('outside'), source);
    await expect(layOutArchive({ ...world, files: [MOD], signal })).rejects.toMatchObject({
      code: 'modcache-corrupt-entry',
    });
  } finally {
    await rm(world.root, { recursive: true, force: true });
  }
});

describe('the key of a real project', () => {
  const modules = makeModuleSet(10);
  const indirect = makeModule({ path: 'example.com/old', version: 'v1.0.0' });

  async function keyWith(dir: TempDir, { goVersion = '1.21', privately = '' } = {}) {
    const directory = dir.join(`app${goVersion}${privately.length}`);
    // go.sum has the zip of a module that go.mod does not require.
    await writeProject(directory, { modules: [...modules, indirect], requires: modules, goVersion });
    const project = await readProject({
      directory,
      workspace: dir.path,
      gowork: 'off',
      goflags: '',
      dependencyGlobs: [],
      signal,
    });
    const wanted = computeWantedSet(project, {
      isPrivate: (name) => (privately !== '' && name.startsWith(privately) ? 'goprivate' : 'no'),
    });
    return { key: keyOf(wanted.files, ''), files: wanted.files };
  }

  test('is another one under another go line or GOPRIVATE, the same without a reason', async () => {
    await using dir = await makeTempDir();
    const plain = await keyWith(dir);
    expect((await keyWith(dir, { goVersion: '1.22' })).key).toEqual(plain.key);
    expect((await keyWith(dir, { goVersion: '1.16' })).key.primary).not.toBe(plain.key.primary);
    const hidden = await keyWith(dir, { privately: 'example.com/Acme/' });
    expect(hidden.key.primary).not.toBe(plain.key.primary);
    expect(hidden.key.ingredients.privateModules).toBe(1);
    expect(cacheable(hidden.files).some(({ module }) => module.path.includes('Acme'))).toBe(false);
  });
});
