import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { cachePath } from '../../src/modcache/cache-entry.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { annotationTexts, harmOf, makeSite, pathsOf, readReport, type Site } from '../support/job.ts';
import { makeModuleSet, type SyntheticModule, tamperModule, writeFileProxy } from '../support/modules.ts';
import { downloadOf, leftInCache, readDownload, wantedOf, wrongIn } from '../support/prefetching.ts';
import { startProxy } from '../support/proxy-server.ts';

const goIsHere = await hasGo();
/** Without go the test is shown as skipped, under a name that says why. */
const testWithGo = goIsHere ? test : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

const MODULES = makeModuleSet(12, { totalBytes: 240_000 });

function cacheOf(site: Site): string {
  return path.join(site.home, 'go', 'pkg', 'mod');
}

describe('the job is cancelled while files are fetched', () => {
  const modules = makeModuleSet(40, { totalBytes: 1_500_000 });

  /** As a later job on the same runner: online, on the module cache that was left behind. */
  async function download(site: Site, served: readonly SyntheticModule[]) {
    await using server = await startProxy({ modules: served });
    const env = goEnvironment(site.dir.join('later'), { GOMODCACHE: cacheOf(site), GOPROXY: server.url });
    const codes = [];
    for (const args of [
      ['mod', 'download'],
      ['mod', 'verify'],
    ]) {
      const { code, stderr } = await runGo(args, { cwd: site.workspace, env });
      codes.push({ args, code, stderr });
    }
    return { codes, asked: server.requests.length };
  }

  const whens = [
    ['SIGINT', 'before the first file is there', /::group::Chain and environment/, 130],
    ['SIGINT', 'in the middle', /^fetching: [1-9]\d* of 120 files/m, 130],
    ['SIGTERM', 'in the middle', /^fetching: [1-9]\d* of 120 files/m, 143],
  ] as const;

  test.concurrent.each(whens)(
    'by %s, %s: nothing half is left',
    async (cancelSignal, when, cancelWhen, exitCode) => {
      // About half a minute for all of it.
      await using slow = await startProxy({ modules, bandwidthBytesPerSecond: 50_000 });
      await using site = await makeSite({ modules });
      const job = await site.job({ inputs: { proxies: slow.url }, cancelWhen, cancelSignal });
      expect(job.main).toMatchObject({ cancelled: true, exitCode, signal: null, lingering: false });
      expect(job.post.exitCode).toBe(0);
      expect(annotationTexts(job.main)).toEqual([]);
      // Nothing is told after the end.
      expect(job.main.stdout.trimEnd().split('\n').at(-1)).toBe('setup-goproxy: cancelled');
      expect(await leftInCache(cacheOf(site))).toEqual([]);
      const whole: Readonly<Record<string, string>> = downloadOf(modules);
      const left = await readDownload(cacheOf(site));
      for (const [name, content] of Object.entries(left))
        expect([name, content]).toEqual([name, whole[name]]);
      expect(Object.keys(left).length).toBeLessThan(Object.keys(whole).length);
      if (when === 'in the middle') expect(Object.keys(left).length).toBeGreaterThan(0);
      if (!goIsHere) return;
      const { codes } = await download(site, modules);
      expect(codes).toEqual([
        { args: ['mod', 'download'], code: 0, stderr: '' },
        { args: ['mod', 'verify'], code: 0, stderr: '' },
      ]);
      expect(await readDownload(cacheOf(site))).toMatchObject(whole);
    },
  );
});

describe('what is fetched', () => {
  test.concurrent('outputs count module versions, and a module that nobody has fails alone', async () => {
    await using server = await startProxy({ modules: MODULES.slice(1) });
    await using site = await makeSite({ modules: MODULES });
    const job = await site.job({ inputs: { proxies: server.url } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.outputs).toMatchObject({ 'modules-fetched': '11', 'modules-failed': '1' });
    expect(await readDownload(cacheOf(site))).toEqual(downloadOf(MODULES.slice(1)));
    expect(await leftInCache(cacheOf(site))).toEqual([]);
  });

  test.concurrent('left to go is neither fetched nor failed', async () => {
    await using server = await startProxy({ modules: MODULES.slice(1) });
    await using site = await makeSite({ modules: MODULES });
    const job = await site.job({ inputs: { proxies: server.url, direct: 'true' } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.outputs).toMatchObject({ 'modules-fetched': '11', 'modules-failed': '0' });
  });

  test.concurrent('a wrong file on disk is replaced, and counts as fetched', async () => {
    await using server = await startProxy({ modules: MODULES });
    await using site = await makeSite({ modules: MODULES });
    const [first, ...others] = MODULES;
    const download = path.join(cacheOf(site), 'cache', 'download');
    await writeFileProxy(download, [tamperModule(first!), ...others]);
    const files: readonly WantedFile[] = wantedOf(MODULES);
    const zip = cachePath(cacheOf(site), files[2]!);
    await writeFile(`${zip}hash`, first!.zipHash);
    const job = await site.job({ inputs: { proxies: server.url } });
    expect(job.main.exitCode).toBe(0);
    expect(job.main.outputs).toMatchObject({ 'modules-fetched': '1', 'modules-failed': '0' });
    expect(await wrongIn(cacheOf(site), files)).toEqual([]);
    expect(await readFile(zip)).toEqual(Buffer.from(first!.zip));
  });

  test.concurrent('a toolchain in go.sum never', async () => {
    await using server = await startProxy({ modules: MODULES });
    const hash = `h1:${Buffer.alloc(32, 7).toString('base64')}`;
    const version = 'v0.0.1-go1.99.0.linux-amd64';
    await using site = await makeSite({
      modules: MODULES,
      goSumLines: [
        `golang.org/toolchain ${version} ${hash}`,
        `golang.org/toolchain ${version}/go.mod ${hash}`,
        ...MODULES.flatMap((module) => module.goSumLines),
      ],
    });
    const job = await site.job({ inputs: { proxies: server.url } });
    expect(harmOf(job)).toEqual([]);
    expect(pathsOf(server).filter((name) => name.includes('toolchain'))).toEqual([]);
    expect(job.main.outputs).toMatchObject({ 'modules-fetched': '12', 'modules-failed': '0' });
  });

  test.concurrent('with a time that is over, the rest is counted as failed and the job goes on', async () => {
    await using server = await startProxy({
      modules: MODULES,
      // The probe is content with one of its samples.
      faults: [{ match: 'zip', kind: 'headers-never', afterRequests: 1 }],
    });
    await using site = await makeSite({ modules: MODULES });
    const job = await site.job({ inputs: { proxies: server.url, 'prefetch-timeout': '1s' } });
    expect(harmOf(job)).toEqual([]);
    expect(Number(job.main.outputs['modules-failed'])).toBeGreaterThan(0);
    const { prefetch } = await readReport(job.main);
    expect(new Set(prefetch?.failures.map(({ why }) => why))).toEqual(new Set(['timeout']));
    expect(await leftInCache(cacheOf(site))).toEqual([]);
    expect(await wrongIn(cacheOf(site), wantedOf(MODULES))).toEqual([]);
  });
});

describe('nothing is fetched', () => {
  test.concurrent.each([
    ['the input prefetch is false', { prefetch: 'false' }],
    ['the input mode is diagnose', { mode: 'diagnose' }],
  ])('when %s, and the log says so', async (reason, inputs) => {
    await using server = await startProxy({ modules: MODULES });
    await using site = await makeSite({ modules: MODULES });
    const job = await site.job({ inputs: { proxies: server.url, ...inputs } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.stdout).toContain(reason);
    // The probe asks for one of them, and for zips of which nothing reaches the disk.
    expect(pathsOf(server).filter((name) => name.endsWith('.mod')).length).toBe(1);
    expect(await readDownload(cacheOf(site))).toEqual({});
    expect(await leftInCache(cacheOf(site))).toEqual([]);
    expect(job.main.outputs).toMatchObject({ 'modules-fetched': '0', 'modules-failed': '0' });
  });

  test.concurrent('when nothing is wanted, and the log says so', async () => {
    await using server = await startProxy({ modules: MODULES });
    await using site = await makeSite();
    const job = await site.job({ inputs: { proxies: server.url } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.stdout).toContain('nothing is wanted');
    expect(await leftInCache(cacheOf(site))).toEqual([]);
  });

  test.concurrent('when nothing is missing: two requests, and the log says so', async () => {
    await using server = await startProxy({ modules: MODULES });
    await using site = await makeSite({ modules: MODULES });
    await writeFileProxy(path.join(cacheOf(site), 'cache', 'download'), MODULES);
    const job = await site.job({ inputs: { proxies: server.url } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.stdout).toContain('nothing is missing');
    expect(server.requests.length).toBe(2);
  });
});

testWithGo(`prefetch: true beside a go that needs all of it${whyGo}`, async () => {
  await using server = await startProxy({ modules: MODULES });
  await using site = await makeSite({ modules: MODULES });
  const job = await site.job({
    inputs: { proxies: server.url, prefetch: 'true' },
    steps: [
      async ({ env, workspace }) => {
        const before = server.requests.length;
        const goEnv = goEnvironment(site.dir.join('later'), { ...env, GOMODCACHE: cacheOf(site) });
        const { code, stderr } = await runGo(['mod', 'verify'], { cwd: workspace, env: goEnv });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(server.requests.length).toBe(before);
      },
    ],
  });
  expect(job.stepError).toBeUndefined();
  expect(harmOf(job)).toEqual([]);
});
