import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  makeDeepSite,
  openWorld,
  primaryKey,
  toldOf,
  whyNotSaved,
  zipsAsked,
} from '../support/cached-jobs.ts';
import { pathWithoutZstd } from '../support/caching.ts';
import { harmOf, makeSite } from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
import { downloadOf, leftInCache, readDownload } from '../support/prefetching.ts';

const MODULES = makeModuleSet(8, { totalBytes: 120_000 });

/** The gzip header; zstd's begins with 0x28. */
const GZIP = 0x1f;

/** A layout of a runner: how deep its directories are, and where GOMODCACHE is. */
type Layout = readonly [name: string, depth: number, goModCache: string | undefined];

const LAYOUTS: readonly Layout[] = [
  ['as go has it', 0, undefined],
  ['a deep home', 6, undefined],
  ['GOMODCACHE beside the workspace', 1, 'gomod'],
  ['GOMODCACHE far below', 3, 'a/b/c/d/e/f/gomod'],
];

describe('an archive travels', () => {
  test.concurrent.each(LAYOUTS)('from %s to every other layout', async (_name, depth, goModCache) => {
    await using world = await openWorld(MODULES);
    await using first = await makeDeepSite(MODULES, depth);
    const place = (dir: { join(...parts: string[]): string }, where: string | undefined) =>
      where === undefined ? {} : { GOMODCACHE: dir.join(...where.split('/')) };
    const saved = await world.job(first, { env: place(first.dir, goModCache) });
    expect(harmOf(saved)).toEqual([]);
    expect(toldOf(saved.post, 'cache saved: ')).toContain(primaryKey(MODULES));
    const before = zipsAsked(world.proxy).length;
    for (const [name, otherDepth, where] of LAYOUTS) {
      await using other = await makeDeepSite(MODULES, otherDepth);
      const job = await world.job(other, { env: place(other.dir, where) });
      expect({ name, harm: harmOf(job) }).toEqual({ name, harm: [] });
      expect(job.main.outputs).toMatchObject({ 'cache-hit': 'true', 'modules-fetched': '0' });
      expect(await readDownload(job.main.outputs['gomodcache'] ?? '')).toEqual(downloadOf(MODULES));
    }
    expect(zipsAsked(world.proxy).length).toBe(before);
    expect(world.cache.entries.length).toBe(1);
  });
});

describe('an archive is restored whoever packed it', () => {
  const onPosix = process.platform === 'win32' ? test.concurrent.skip : test.concurrent;
  onPosix.each([
    ['without zstd, restored with it', true],
    ['with zstd, restored without it', false],
  ])('saved %s', async (_name, savesWithout) => {
    await using world = await openWorld(MODULES);
    await using first = await makeSite({ modules: MODULES });
    await using second = await makeSite({ modules: MODULES });
    const envs = [first, second].map(async ({ dir }, index) =>
      savesWithout === (index === 0) ? { PATH: await pathWithoutZstd(dir) } : {},
    );
    const saved = await world.job(first, { env: await envs[0]! });
    expect(harmOf(saved)).toEqual([]);
    expect(toldOf(saved.post, 'cache saved: ')).toContain(primaryKey(MODULES));
    expect(world.cache.entries.map(({ bytes }) => bytes[0] === GZIP)).toEqual([savesWithout]);
    const before = zipsAsked(world.proxy).length;
    const restored = await world.job(second, { env: await envs[1]! });
    expect(harmOf(restored)).toEqual([]);
    expect(restored.main.outputs).toMatchObject({ 'cache-hit': 'true', 'modules-fetched': '0' });
    expect(zipsAsked(world.proxy).length).toBe(before);
    expect(whyNotSaved(restored)).toBe('the same modules are saved already');
    expect(world.cache.entries.length).toBe(1);
  });
});

describe('RUNNER_TEMP and GOMODCACHE on different devices', () => {
  const isHere = existsSync('/dev/shm');
  const withMemory = isHere ? test.concurrent : test.concurrent.skip;
  const why = isHere ? '' : ' (skipped: there is no /dev/shm)';

  withMemory.each([
    [`RUNNER_TEMP in memory${why}`, 'RUNNER_TEMP'],
    [`GOMODCACHE in memory${why}`, 'GOMODCACHE'],
  ])('%s', async (_name, variable) => {
    const memory = await mkdtemp('/dev/shm/setup-goproxy-e2e-');
    try {
      await using world = await openWorld(MODULES);
      for (const [index, hit] of ['false', 'true'].entries()) {
        await using site = await makeSite({ modules: MODULES });
        const own = path.join(memory, `${index}`);
        await mkdir(own);
        const job = await world.job(site, { env: { [variable]: own } });
        expect(harmOf(job)).toEqual([]);
        expect(job.main.outputs['cache-hit']).toBe(hit);
        const goModCache = job.main.outputs['gomodcache'] ?? '';
        expect(goModCache.startsWith(memory)).toBe(variable === 'GOMODCACHE');
        expect(await readDownload(goModCache)).toEqual(downloadOf(MODULES));
        expect(await leftInCache(goModCache)).toEqual([]);
        const temp = variable === 'RUNNER_TEMP' ? own : site.runnerTemp;
        expect((await readdir(temp)).filter((name) => name.includes('save'))).toEqual([]);
      }
      expect(world.cache.entries.length).toBe(1);
    } finally {
      await rm(memory, { recursive: true, force: true });
    }
  });
});
