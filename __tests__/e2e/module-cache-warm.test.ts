import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  archiveOf,
  type CacheWorld,
  openWorld,
  primaryKey,
  putArchive,
  toldOf,
  whyNotRestored,
  whyNotSaved,
  zipsAsked,
} from '../support/cached-jobs.ts';
import { fillModCache, runLibrary } from '../support/caching.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { annotationTexts, cacheDownload, harmOf, makeSite, type Site } from '../support/job.ts';
import { makeModuleSet, tamperModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { digest, downloadOf, leftInCache, readDownload } from '../support/prefetching.ts';
import { runAction, type StageResult } from '../support/runner.ts';

const goIsHere = await hasGo();
/** Without go the test is shown as skipped, under a name that says why. */
const testWithGo = goIsHere ? test.concurrent : test.concurrent.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

const MODULES = makeModuleSet(6, { totalBytes: 60_000 });
const OTHERS = makeModuleSet(3, { prefix: 'other.example', seed: 3 });
const COMPLETE = 'the module cache was complete before this action ran';

function cacheOf(site: Site): string {
  return path.join(site.home, 'go', 'pkg', 'mod');
}

/** Returns each file and directory with what changes when somebody writes it. */
async function marksOf(root: string): Promise<Readonly<Record<string, string>>> {
  const marks: Record<string, string> = {};
  for (const name of await readdir(root, { recursive: true })) {
    const { ino, mtimeNs, ctimeNs, mode } = await lstat(path.join(root, name), { bigint: true });
    marks[name] = [ino, mtimeNs, ctimeNs, mode].join(' ');
  }
  return marks;
}

describe('a warm module cache', () => {
  test.concurrent('that is good is used as it is: no write, no request to the cache, nothing saved', async () => {
    await using world = await openWorld(MODULES);
    await using site = await makeSite({ modules: MODULES });
    await fillModCache(cacheOf(site), MODULES);
    const before = await marksOf(cacheOf(site));
    const job = await world.job(site);
    expect(harmOf(job)).toEqual([]);
    expect(await marksOf(cacheOf(site))).toEqual(before);
    expect(whyNotRestored(job)).toBe('nothing is missing');
    expect(whyNotSaved(job)).toBe(COMPLETE);
    expect(world.cache.requests).toEqual([]);
    expect(job.main.outputs).toMatchObject({
      'cache-hit': 'false',
      'cache-primary-key': primaryKey(MODULES),
      'cache-matched-key': '',
    });
  });

  test.concurrent.each([
    ['the archive', true],
    ['a proxy', false],
  ])('with a wrong zip: found, named, its tree removed, replaced from %s', async (_name, stored) => {
    await using world = await openWorld(MODULES);
    if (stored) putArchive(world.cache, MODULES, archiveOf(MODULES));
    await using site = await makeSite({ modules: MODULES });
    const [wrong] = MODULES;
    await fillModCache(cacheOf(site), MODULES);
    await writeFileProxy(cacheDownload(site), [{ ...wrong!, zip: tamperModule(wrong!).zip }]);
    await rm(path.join(cacheDownload(site), wrong!.path, '@v', 'list'));
    const tree = path.join(cacheOf(site), `${wrong!.path}@${wrong!.version}`);
    await mkdir(tree, { recursive: true });
    await writeFile(path.join(tree, 'package.go'), 'package tampered\n');
    const job = await world.job(site);
    expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
    expect(annotationTexts(job.main, 'error').join('\n')).toContain(
      `cache/download/${wrong!.path}/@v/${wrong!.version}.zip`,
    );
    // With the mark go extracts the module afresh, and removes it.
    const mark = { [`${wrong!.path}/@v/${wrong!.version}.partial`]: digest('') };
    expect(await readDownload(cacheOf(site))).toEqual({ ...downloadOf(MODULES), ...mark });
    expect(existsSync(tree)).toBe(false);
    expect(await leftInCache(cacheOf(site))).toEqual([]);
    expect(job.main.outputs).toMatchObject({
      'cache-hit': `${stored}`,
      'modules-fetched': stored ? '0' : '1',
      'failure-class': 'integrity',
    });
    expect(zipsAsked(world.proxy).length === 0).toBe(stored);
    expect(world.cache.entries.map(({ key }) => key)).toEqual([primaryKey(MODULES)]);
  });

  test.concurrent('that fail-on: unverified does not accept', async () => {
    await using world = await openWorld(MODULES);
    await using site = await makeSite({ modules: MODULES });
    await fillModCache(cacheOf(site), MODULES);
    await writeFileProxy(cacheDownload(site), [{ ...MODULES[0]!, zip: tamperModule(MODULES[0]!).zip }]);
    const job = await world.job(site, { inputs: { 'fail-on': 'unverified' } });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([1, 0]);
  });
});

describe(`with setup-go's cache: true${whyGo}`, () => {
  /** What setup-go does: the whole of GOMODCACHE and GOCACHE in one archive, by the library. */
  function setupGo(world: CacheWorld, site: Site) {
    const paths = [cacheOf(site), site.dir.join('later', 'gocache')];
    const env = { ...world.cache.environment('v2'), RUNNER_TEMP: site.dir.join('library') };
    const key = 'setup-go-Linux-x64-go-1.26-0123';
    const at = { env, cwd: site.workspace };
    return {
      restore: () => runLibrary({ do: 'restore', paths, key, restoreKeys: [] }, at),
      save: () => runLibrary({ do: 'save', paths, key }, at),
      // Trees as go leaves them are read-only.
      forget: () => runGo(['clean', '-modcache', '-cache'], { cwd: site.workspace, env: envOf(site, 'off') }),
    };
  }

  function envOf(site: Site, GOPROXY: string): Record<string, string> {
    return goEnvironment(site.dir.join('later'), { GOMODCACHE: cacheOf(site), GOPROXY, GOFLAGS: '' });
  }

  async function build(site: Site, goproxy: string): Promise<void> {
    const env = envOf(site, goproxy);
    for (const args of [
      ['build', './...'],
      ['mod', 'verify'],
    ]) {
      const { code, stderr } = await runGo(args, { cwd: site.workspace, env });
      // What go downloads it tells; nothing else.
      const told = stderr.split('\n').filter((line) => !/^(?:go: downloading .*)?$/.test(line));
      expect({ args, code, told }).toEqual({ args, code: 0, told: [] });
    }
  }

  testWithGo.each([
    ['before us', true],
    ['after us', false],
  ])('restoring %s: green, and no file is in the way', async (_name, comesFirst) => {
    await using world = await openWorld(MODULES);
    await using site = await makeSite({ modules: MODULES });
    const other = setupGo(world, site);
    await build(site, world.proxy.url);
    expect(await other.save()).toMatchObject({ value: expect.any(Number) as unknown });
    await other.forget();
    expect(existsSync(cacheOf(site))).toBe(false);
    putArchive(world.cache, MODULES, archiveOf(MODULES));
    const outputs: string[] = [];
    const restore = async () => {
      const restored = await other.restore();
      expect(restored.value).toBe('setup-go-Linux-x64-go-1.26-0123');
      outputs.push(restored.output);
    };
    if (comesFirst) await restore();
    const zips = zipsAsked(world.proxy).length;
    const job = await world.job(site, {
      steps: [
        async () => {
          if (!comesFirst) await restore();
          await build(site, 'off');
        },
      ],
    });
    expect(job.stepError).toBeUndefined();
    expect(harmOf(job)).toEqual([]);
    expect(zipsAsked(world.proxy).length).toBe(zips);
    // Its post comes after ours or before; the key is there.
    outputs.push((await other.save()).output);
    outputs.push(job.main.stdout, job.main.stderr, job.post.stdout, job.post.stderr);
    expect(outputs.join('\n')).not.toMatch(/File exists|Cannot open|Tar failed/i);
    if (comesFirst) {
      expect(whyNotRestored(job)).toBe('nothing is missing');
      expect(job.main.stdout).toContain('6 modules were extracted before this action ran');
      expect(job.main.stdout).toContain('cache: false');
      expect(whyNotSaved(job)).toBe(COMPLETE);
    } else {
      expect(job.main.outputs['cache-hit']).toBe('true');
      expect(job.main.stdout).not.toContain('extracted before this action ran');
      expect(whyNotSaved(job)).toBe('the same modules are saved already');
    }
    await other.forget();
  });
});

describe('two uses in one job', () => {
  /** main, main, post, post as the runner runs them: the last use is the first to be closed. */
  async function runTwice(
    world: CacheWorld,
    site: Site,
    [first, second]: readonly [Readonly<Record<string, string>>, Readonly<Record<string, string>>],
  ): Promise<readonly [StageResult, StageResult, StageResult, StageResult]> {
    const eventFile = site.dir.join('event.json');
    await writeFile(eventFile, JSON.stringify({ repository: { default_branch: 'main' } }));
    const env = {
      ...world.cache.environment('v2'),
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_EVENT_PATH: eventFile,
    };
    const base = { workspace: site.workspace, temp: site.dir.join('runner') };
    const inputs = [first, second].map((given) => ({ proxies: world.proxy.url, ...given }));
    const one = await runAction({ ...base, stage: 'main', env, inputs: inputs[0]! });
    const later = { ...env, ...one.env };
    const two = await runAction({ ...base, stage: 'main', env: later, inputs: inputs[1]! });
    const both = { ...later, ...two.env };
    const close = (main: StageResult, given: Readonly<Record<string, string>>) =>
      runAction({ ...base, stage: 'post', env: both, inputs: given, state: main.state });
    return [one, two, await close(two, inputs[1]!), await close(one, inputs[0]!)];
  }

  const keysAsked = (world: CacheWorld, route: string) =>
    world.cache.requests.filter((request) => request.route === route).map(({ json }) => json?.['key']);

  test.concurrent('the same again: nothing is looked for, restored, fetched or saved twice', async () => {
    await using world = await openWorld(MODULES);
    await using site = await makeSite({ modules: MODULES });
    const [one, two, closeTwo, closeOne] = await runTwice(world, site, [{}, {}]);
    expect(harmOf({ main: one, post: closeOne })).toEqual([]);
    expect(harmOf({ main: two, post: closeTwo })).toEqual([]);
    expect([one.outputs['modules-fetched'], two.outputs['modules-fetched']]).toEqual(['6', '0']);
    expect(whyNotRestored({ main: two })).toBe('nothing is missing');
    expect(whyNotSaved({ post: closeTwo })).toBe(COMPLETE);
    expect(toldOf(closeOne, 'cache saved: ')).toContain(primaryKey(MODULES));
    // Of zstd, then of gzip.
    expect(keysAsked(world, 'lookup')).toEqual([primaryKey(MODULES), primaryKey(MODULES)]);
    expect(keysAsked(world, 'create')).toEqual([primaryKey(MODULES)]);
  });

  test.concurrent('the same again after an exact hit: one download, and nothing is saved', async () => {
    await using world = await openWorld(MODULES);
    putArchive(world.cache, MODULES, archiveOf(MODULES));
    await using site = await makeSite({ modules: MODULES });
    const [one, two, closeTwo, closeOne] = await runTwice(world, site, [{}, {}]);
    expect(harmOf({ main: one, post: closeOne })).toEqual([]);
    expect(harmOf({ main: two, post: closeTwo })).toEqual([]);
    expect([one.outputs['cache-hit'], two.outputs['cache-hit']]).toEqual(['true', 'false']);
    expect(world.cache.requests.map(({ route }) => route)).toEqual(['lookup', 'store-download']);
    expect([whyNotSaved({ post: closeTwo }), whyNotSaved({ post: closeOne })]).toEqual([
      COMPLETE,
      'the same modules are saved already',
    ]);
  });

  test.concurrent('another working-directory: its own modules under its own key', async () => {
    await using world = await openWorld([...MODULES, ...OTHERS]);
    await using site = await makeSite();
    const [a, b] = ['a', 'b'] as const;
    await writeProject(path.join(site.workspace, a), { modules: MODULES });
    await writeProject(path.join(site.workspace, b), { modules: OTHERS });
    const [one, two, closeTwo, closeOne] = await runTwice(world, site, [
      { 'working-directory': a },
      { 'working-directory': b, 'cache-suffix': b },
    ]);
    expect(harmOf({ main: one, post: closeOne })).toEqual([]);
    expect(harmOf({ main: two, post: closeTwo })).toEqual([]);
    expect([one.outputs['modules-fetched'], two.outputs['modules-fetched']]).toEqual(['6', '3']);
    expect(toldOf(closeTwo, 'cache saved: ')).toContain(primaryKey(OTHERS, b));
    expect(toldOf(closeOne, 'cache saved: ')).toContain(primaryKey(MODULES));
    expect(keysAsked(world, 'create')).toEqual([primaryKey(OTHERS, b), primaryKey(MODULES)]);
    expect(zipsAsked(world.proxy).length).toBe(9);
  });
});
