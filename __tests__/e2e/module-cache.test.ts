import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  archiveOf,
  type CacheWorld,
  entryName,
  makeDeepSite,
  openWorld,
  primaryKey,
  putArchive,
  toldOf,
  whyNotRestored,
  whyNotSaved,
  zipsAsked,
} from '../support/cached-jobs.ts';
import { runLibrary } from '../support/caching.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import {
  annotationTexts,
  cacheDownload,
  filesOf,
  harmOf,
  makeSite,
  readReport,
  type Site,
} from '../support/job.ts';
import { makeModule, makeModuleSet, tamperModule, writeFileProxy } from '../support/modules.ts';
import { downloadOf, leftInCache, readDownload } from '../support/prefetching.ts';
import { startProxy } from '../support/proxy-server.ts';
import { namesIn } from '../support/stored-archives.ts';

const goIsHere = await hasGo();
/** Without go the test is shown as skipped, under a name that says why. */
const testWithGo = goIsHere ? test.concurrent : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

const MODULES = makeModuleSet(12, { totalBytes: 240_000 });
/** Two of them are other ones now. */
const CHANGED = [...MODULES.slice(2), ...makeModuleSet(2, { prefix: 'new.example', seed: 2 })];

function cacheOf(site: Site): string {
  return path.join(site.home, 'go', 'pkg', 'mod');
}

function namesOf(modules: typeof MODULES): readonly string[] {
  return modules
    .flatMap((module) => (['info', 'mod', 'zip'] as const).map((kind) => entryName(module, kind)))
    .sort();
}

describe.each(['v1', 'v2'] as const)('one job after the other with the cache service %s', (service) => {
  test.concurrent('cold and saving; an exact hit elsewhere; another go.sum', async () => {
    await using world = await openWorld(MODULES);
    await using coldSite = await makeSite({ modules: MODULES });
    const cold = await world.job(coldSite, { service });
    expect(harmOf(cold)).toEqual([]);
    expect(whyNotRestored(cold)).toBe('no archive has this key, or begins like it');
    expect(cold.main.outputs).toMatchObject({
      'cache-hit': 'false',
      'cache-primary-key': primaryKey(MODULES),
      'cache-matched-key': '',
      'modules-fetched': '12',
    });
    expect(toldOf(cold.post, 'cache saved: ')).toContain(primaryKey(MODULES));
    expect(world.cache.entries.map(({ key }) => key)).toEqual([primaryKey(MODULES)]);
    expect(await namesIn(world.cache.entries[0]!)).toEqual(namesOf(MODULES));

    await using warmSite = await makeDeepSite(MODULES, 4);
    const zipsBefore = zipsAsked(world.proxy).length;
    const warm = await world.job(warmSite, { service });
    expect(harmOf(warm)).toEqual([]);
    expect(toldOf(warm.main, 'cache restored: ')).toContain('exact match, 36 files of 12 modules');
    expect(warm.main.outputs).toMatchObject({
      'cache-hit': 'true',
      'cache-primary-key': primaryKey(MODULES),
      'cache-matched-key': primaryKey(MODULES),
      'modules-fetched': '0',
    });
    expect(zipsAsked(world.proxy).length).toBe(zipsBefore);
    expect(await readDownload(cacheOf(warmSite))).toEqual(downloadOf(MODULES));
    expect(await leftInCache(cacheOf(warmSite))).toEqual([]);
    expect(whyNotSaved(warm)).toBe('the same modules are saved already');
    expect(world.cache.requests.filter(({ route }) => route === 'create').length).toBe(1);
    await expectPrefixHit(world, service);
  });
});

/** Only what the archive lacks is fetched, and only what is wanted now is saved. */
async function expectPrefixHit(world: CacheWorld, service: 'v1' | 'v2'): Promise<void> {
  await using other = await startProxy({ modules: CHANGED });
  await using site = await makeSite({ modules: CHANGED });
  const job = await world.job(site, { service, inputs: { proxies: other.url } });
  expect(harmOf(job)).toEqual([]);
  expect(toldOf(job.main, 'cache restored: ')).toContain('prefix match, 30 files of 10 modules');
  expect(toldOf(job.main, 'matched: ')).toBe(primaryKey(MODULES));
  expect(toldOf(job.main, 'entries of the archive: ')).toContain('6 not wanted here');
  expect(job.main.outputs).toMatchObject({
    'cache-hit': 'false',
    'cache-primary-key': primaryKey(CHANGED),
    'cache-matched-key': primaryKey(MODULES),
    'modules-fetched': '2',
  });
  const added = filesOf(CHANGED.slice(10)).filter((file) => file.endsWith('.zip'));
  const asked = [...zipsAsked(other)].sort();
  expect(asked.filter((zip) => added.includes(zip))).toEqual([...added].sort());
  // One is the sample of the measuring, which began before anybody knew what the archive has.
  expect(asked.filter((zip) => !added.includes(zip)).length).toBeLessThanOrEqual(1);
  expect(await readDownload(cacheOf(site))).toEqual(downloadOf(CHANGED));
  expect(toldOf(job.post, 'cache saved: ')).toContain('36 files');
  expect(world.cache.entries.map(({ key }) => key)).toEqual([primaryKey(MODULES), primaryKey(CHANGED)]);
  expect(await namesIn(world.cache.entries[1]!)).toEqual(namesOf(CHANGED));
}

test.concurrent('an exact hit with several candidates asks none of them for a zip', async () => {
  await using world = await openWorld(MODULES);
  await using second = await startProxy({ modules: MODULES });
  putArchive(world.cache, MODULES, archiveOf(MODULES));
  await using site = await makeSite({ modules: MODULES });
  const job = await world.job(site, { inputs: { proxies: `${world.proxy.url}\n${second.url}` } });
  expect(harmOf(job)).toEqual([]);
  expect(job.main.outputs).toMatchObject({ 'cache-hit': 'true', 'modules-fetched': '0' });
  expect([...zipsAsked(world.proxy), ...zipsAsked(second)]).toEqual([]);
});

describe('a poisoned archive under our key', () => {
  const [first, second, third] = MODULES;
  const poisoned = archiveOf(MODULES, {
    [entryName(first!, 'zip')]: tamperModule(first!).zip,
    [entryName(first!, 'zip').replace(/zip$/, 'ziphash')]: first!.zipHash,
    [entryName(second!, 'mod')]: tamperModule(second!).mod,
    [entryName(third!, 'info')]: JSON.stringify({ Version: 'v9.9.9', Time: '2024-02-03T04:05:06Z' }),
    '../../escaped': 'x',
  });

  test.concurrent('is found, named and repaired, and the job goes on', async () => {
    await using world = await openWorld(MODULES);
    putArchive(world.cache, MODULES, poisoned);
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site);
    expect([job.main.exitCode, job.post.exitCode, job.main.parseErrors]).toEqual([0, 0, []]);
    const told = annotationTexts(job.main, 'error').join('\n');
    for (const module of [first!, second!]) expect(told).toContain(`${module.path}@${module.version}`);
    const { cache } = await readReport(job.main);
    expect([...(cache?.wrong ?? [])].sort()).toEqual(
      [
        expect.stringContaining(`${first!.path}@${first!.version}`),
        expect.stringContaining(`${second!.path}@${second!.version}`),
        expect.stringContaining(`${third!.path}@${third!.version}`),
      ].sort(),
    );
    expect(toldOf(job.main, 'entries of the archive: ')).toContain('2 not wanted here');
    expect(job.main.outputs).toMatchObject({
      'cache-hit': 'true',
      'modules-fetched': '3',
      'modules-failed': '0',
      'failure-class': 'integrity',
    });
    expect(await readDownload(cacheOf(site))).toEqual(downloadOf(MODULES));
  });

  test.concurrent('fails the step with fail-on: unverified, repaired all the same', async () => {
    await using world = await openWorld(MODULES);
    putArchive(world.cache, MODULES, poisoned);
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site, { inputs: { 'fail-on': 'unverified' } });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([1, 0]);
    expect(await readDownload(cacheOf(site))).toEqual(downloadOf(MODULES));
  });
});

describe('what go compiles after a poisoned cache', () => {
  const good = makeModule({ path: 'example.com/greet', version: 'v1.0.0' });
  const text = Buffer.from('package pgreet\n\nconst Path = "tampered"\n');
  const evil = makeModule({ ...good.source, files: { 'package.go': text } });
  const program = 'package main\n\nimport greet "example.com/greet"\n\nfunc main() { println(greet.Path) }\n';

  /** As a later step: without a network, and without the checks that only come with one. */
  async function runProgram(site: Site, root: string): Promise<string> {
    await writeFile(path.join(site.workspace, 'main.go'), program);
    const env = goEnvironment(root, { GOMODCACHE: cacheOf(site) });
    const { code, stderr } = await runGo(['run', '.'], { cwd: site.workspace, env });
    return `${code} ${stderr.trim()}`;
  }

  testWithGo(`the library restores it and go compiles it; ours does not${whyGo}`, async () => {
    await using world = await openWorld([good]);
    await using site = await makeSite({ modules: [good] });
    const env = { ...world.cache.environment('v2'), RUNNER_TEMP: site.dir.join('library') };
    const paths = [cacheOf(site)];
    const root = site.dir.join('later');
    // Another job's: the zip is another one, the .ziphash says that it is right.
    await writeFileProxy(cacheDownload(site), [{ ...good, zip: evil.zip }]);
    await writeFile(path.join(cacheDownload(site), 'example.com/greet/@v/v1.0.0.ziphash'), good.zipHash);
    const saved = await runLibrary({ do: 'save', paths, key: 'whole' }, { env, cwd: site.workspace });
    expect(saved).toMatchObject({ value: expect.any(Number) as unknown });
    await rm(cacheOf(site), { recursive: true });
    const restored = await runLibrary(
      { do: 'restore', paths, key: 'whole', restoreKeys: [] },
      { env, cwd: site.workspace },
    );
    expect(restored).toMatchObject({ value: 'whole' });
    expect(await runProgram(site, root)).toBe('0 tampered');

    putArchive(world.cache, [good], archiveOf([good], { [entryName(good, 'zip')]: evil.zip }));
    await using ours = await makeSite({ modules: [good] });
    const job = await world.job(ours);
    expect([job.main.exitCode, job.main.outputs['cache-hit']]).toEqual([0, 'true']);
    expect(await runProgram(ours, root)).toBe('0 example.com/greet');
  });
});
