import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import {
  annotationsOf,
  annotationTexts,
  askedOf,
  cacheDownload,
  cachedFiles,
  countsOf,
  filesOf,
  harmOf,
  makeSite,
  pathsOf,
  readReport,
  requestsOf,
  type Site,
} from '../support/job.ts';
import { makeModuleSet, type SyntheticModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import type { JobResult, StepContext } from '../support/runner.ts';

const ACTION = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')) as {
  outputs: Record<string, unknown>;
};
const goIsHere = await hasGo();
/** Without go the test is shown as skipped, under a name that says why. */
const testWithGo = goIsHere ? test.concurrent : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

const modules = makeModuleSet(6, { totalBytes: 60_000 });

/** Puts every file of the modules into the site's module cache, as a restored cache would. */
async function fillCache(site: Site, present: readonly SyntheticModule[]): Promise<void> {
  await writeFileProxy(cacheDownload(site), present);
}

async function writeGoEnv(site: Site, lines: Readonly<Record<string, string>>): Promise<void> {
  const folder = path.join(site.home, '.config', 'go');
  await mkdir(folder, { recursive: true });
  const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(folder, 'env'), text.join(''));
}

function goModCache(site: Site): string {
  return path.join(site.home, 'go', 'pkg', 'mod');
}

/** `go mod download` as a later step of the job runs it: with what was exported, in a module cache of its own. */
async function download(site: Site, { env, workspace }: StepContext) {
  const { GOPROXY: _unused, ...clean } = goEnvironment(site.dir.join('later'));
  return runGo(['mod', 'download'], { cwd: workspace, env: { ...clean, ...env, GOSUMDB: 'off' } });
}

describe('candidates of the input proxies', () => {
  test.concurrent('a fast, a slow and a broken one: the fast one is first, the broken one leaves', async () => {
    await using fast = await startProxy({ modules });
    await using slow = await startProxy({ modules, latencyMs: 250 });
    await using broken = await startProxy({
      modules,
      faults: [{ match: 'any', kind: 'status', status: 503 }],
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: [slow.url, broken.url, fast.url].join('\n'), 'probe-timeout': '10s' },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env).toEqual({
      GOPROXY: `${fast.url},${slow.url}`,
      SETUP_GOPROXY: expect.any(String) as unknown,
    });
    expect(Object.keys(job.main.outputs).sort()).toEqual(Object.keys(ACTION.outputs).sort());
    expect(job.main.outputs).toMatchObject({
      goproxy: `${fast.url},${slow.url}`,
      gosumdb: 'sum.golang.org',
      goprivate: '',
      'selected-proxy': fast.url,
      gomodcache: goModCache(site),
      'cache-hit': 'false',
      'modules-fetched': `${modules.length}`,
      'modules-failed': '0',
      'failure-class': 'none',
    });
    expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
    const report = await readReport(job.main);
    expect(report.chain).toMatchObject({ decision: 'exported', selected: fast.url });
    expect(report.plan.candidates.map(({ verdict }) => verdict.kind)).toEqual([
      'healthy',
      'unhealthy',
      'healthy',
    ]);
    expect(report.wanted).toMatchObject({ modules: 6, missing: 18 });
    expect(report.hosts).toEqual(expect.arrayContaining([fast.host, slow.host, broken.host]));
    expect(job.main.summary).toContain(fast.url);
    expect(job.main.summary).toContain(broken.url);
    expect(job.post.stdout).toContain('"schema": 1');
  });

  testWithGo(`a later step downloads with exactly the exported environment${whyGo}`, async () => {
    await using healthy = await startProxy({ modules });
    await using broken = await startProxy({
      modules,
      faults: [{ match: 'any', kind: 'reset-before-headers' }],
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      // Whatever go has in the end, it has fetched itself.
      inputs: { proxies: `${broken.url}\n${healthy.url}`, prefetch: 'false' },
      steps: [
        async (context) => {
          const before = broken.requests.length;
          const { code, stderr } = await download(site, context);
          expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
          expect(broken.requests.length).toBe(before);
        },
      ],
    });
    expect(job.stepError).toBeUndefined();
    expect(job.jobStatus).toBe('success');
    expect(await cachedFiles(site, modules)).toEqual([]);
    expect(pathsOf(healthy).filter((asked) => asked.endsWith('.zip')).length).toBeGreaterThanOrEqual(6);
  });

  test.concurrent('each missing file is asked for once beside the measuring', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const measured = await site.job({ inputs: { proxies: proxy.url, prefetch: 'false' } });
    const before = proxy.requests.length;
    expect(before).toBe(requestsOf(await readReport(measured.main)));
    expect(measured.main.outputs['modules-fetched']).toBe('0');
    expect(await cachedFiles(site, modules)).toEqual([]);
    const job = await site.job({ inputs: { proxies: proxy.url } });
    expect([...harmOf(measured), ...harmOf(job)]).toEqual([]);
    expect(proxy.requests.length - before).toBe(requestsOf(await readReport(job.main)));
    expect([...askedOf(proxy).slice(before)]).toEqual(expect.arrayContaining([...filesOf(modules)]));
    expect(job.main.outputs['modules-fetched']).toBe(`${modules.length}`);
    expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
  });

  testWithGo(`a later step needs no network for what was prefetched${whyGo}`, async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: proxy.url },
      steps: [
        async ({ env, workspace }) => {
          const before = proxy.requests.length;
          const goEnv = goEnvironment(site.dir.join('later'), { ...env, GOMODCACHE: goModCache(site) });
          for (const args of [
            ['mod', 'download'],
            ['mod', 'verify'],
            ['build', './...'],
          ]) {
            const { code, stderr } = await runGo(args, { cwd: workspace, env: goEnv });
            expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
          }
          expect(proxy.requests.length).toBe(before);
        },
      ],
    });
    expect(job.stepError).toBeUndefined();
    expect(harmOf(job)).toEqual([]);
  });

  testWithGo('nothing missing: two requests to the first candidate, none to the others', async () => {
    await using first = await startProxy({ modules });
    await using second = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await fillCache(site, modules);
    const job = await site.job({
      inputs: { proxies: `${first.url}\n${second.url}` },
    });
    expect(harmOf(job)).toEqual([]);
    expect((await readReport(job.main)).wanted).toMatchObject({ missing: 0 });
    expect(countsOf(first, second)).toEqual([2, 0]);
    expect(job.main.env['GOPROXY']).toBe(`${first.url},${second.url}`);
  });

  test.concurrent('nothing missing and the first fails: the others are asked', async () => {
    await using first = await startProxy({
      modules,
      faults: [{ match: 'any', kind: 'status', status: 502 }],
    });
    await using second = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await fillCache(site, modules);
    const job = await site.job({ inputs: { proxies: `${first.url}\n${second.url}` } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(second.url);
  });

  test.concurrent('no go.mod and no go.sum: a proxy is chosen all the same', async () => {
    await using proxy = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 404 }] });
    await using site = await makeSite();
    const job = await site.job({ inputs: { proxies: proxy.url } });
    expect(harmOf(job)).toEqual([]);
    // It does not have the pinned module: that says nothing of its health, and it keeps its place.
    expect(job.main.env['GOPROXY']).toBe(proxy.url);
  });

  test.concurrent('no go on PATH: the rest works', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { proxies: proxy.url }, env: { PATH: site.dir.join('empty') } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(proxy.url);
    expect((await readReport(job.main)).go).toMatchObject({ source: 'environment' });
    expect(job.main.outputs['gomodcache']).toBe(goModCache(site));
  });

  test.concurrent('mode diagnose measures every candidate and exports nothing', async () => {
    await using first = await startProxy({ modules });
    await using second = await startProxy({ modules, latencyMs: 40 });
    await using site = await makeSite({ modules });
    await fillCache(site, modules);
    const job = await site.job({
      inputs: { mode: 'diagnose', proxies: `${first.url}\n${second.url}`, goprivate: 'corp.example' },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env).toEqual({});
    expect(Math.min(...countsOf(first, second))).toBeGreaterThan(0);
    expect(job.main.outputs['selected-proxy']).toBe(first.url);
    expect(job.main.outputs['failure-class']).toBe('none');
  });
});

describe('an inherited GOPROXY', () => {
  test.concurrent.each(['off', 'direct', 'file:///nowhere', 'file:///nowhere,off'])(
    '%s is policy: nothing is asked or exported',
    async (goproxy) => {
      await using proxy = await startProxy({ modules });
      await using site = await makeSite({ modules });
      // Whatever would be asked would have to come through here.
      const env = { GOPROXY: goproxy, HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
      const job = await site.job({ env, inputs: { 'job-summary': 'always' } });
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env).toEqual({});
      expect(countsOf(proxy)).toEqual([0]);
      expect(proxy.connections).toBe(0);
      expect((await readReport(job.main)).plan.kind).toBe('policy');
      expect(job.main.outputs['goproxy']).toBe(goproxy);
      expect(annotationTexts(job.main)).toEqual([]);
    },
  );

  test.concurrent('pipes: the order changes and the broken one leaves; a comma is a boundary', async () => {
    // So many that the latency counts five times: on a busy machine the first byte alone does not tell.
    const many = makeModuleSet(60, { totalBytes: 300_000 });
    await using broken = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
    await using slow = await startProxy({ modules: many, latencyMs: 110 });
    await using fast = await startProxy({ modules: many });
    await using last = await startProxy({ modules: many });
    await using site = await makeSite({ modules: many });
    const job = await site.job({
      env: { GOPROXY: `${slow.url}|${broken.url}|${fast.url},${last.url},direct` },
      inputs: { 'probe-timeout': '10s' },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(`${fast.url}|${slow.url},${last.url},direct`);
  });

  test.concurrent('a comma between a slow and a fast one: the order stays', async () => {
    await using slow = await startProxy({ modules, latencyMs: 250 });
    await using fast = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ env: { GOPROXY: `${slow.url},${fast.url}` } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBeUndefined();
    expect(job.main.outputs['goproxy']).toBe(`${slow.url},${fast.url}`);
  });

  test.concurrent('an unhealthy one before a comma: a warning, and GOPROXY stays', async () => {
    await using broken = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
    await using healthy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ env: { GOPROXY: `${broken.url},${healthy.url}` } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBeUndefined();
    expect(annotationTexts(job.main, 'warning').join('\n')).toContain('inherited-goproxy');
    expect(annotationTexts(job.main, 'warning').join('\n')).toContain(broken.url);
  });

  testWithGo(`by go env -w it is as much policy as by the environment${whyGo}`, async () => {
    await using site = await makeSite({ modules });
    await writeGoEnv(site, { GOPROXY: 'off' });
    const job = await site.job();
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env).toEqual({});
    expect((await readReport(job.main)).plan.kind).toBe('policy');
  });

  test.concurrent('the input proxies wins over it', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ env: { GOPROXY: 'off' }, inputs: { proxies: proxy.url } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(proxy.url);
  });
});

describe('a second use in the job', () => {
  test.concurrent('with the same inputs asks nobody, fetches nothing and says the same', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const inputs = { proxies: proxy.url };
    const first = await site.job({ inputs });
    const asked = proxy.requests.length;
    const connections = proxy.connections;
    const second = await site.job({ inputs, env: first.main.env });
    expect(harmOf(second)).toEqual([]);
    expect(proxy.requests.length).toBe(asked);
    expect(proxy.connections).toBe(connections);
    const { report: _first, 'modules-fetched': inFirst, ...before } = first.main.outputs;
    const { report: _second, 'modules-fetched': inSecond, ...after } = second.main.outputs;
    expect(after).toEqual(before);
    expect([inFirst, inSecond]).toEqual([`${modules.length}`, '0']);
    expect(second.main.env).toEqual({});
    expect((await readReport(second.main)).plan.kind).toBe('reused');
  });

  test.concurrent('in another directory fetches what its own modules lack, and measures nothing', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite();
    await writeProject(path.join(site.workspace, 'a'), { modules: modules.slice(0, 4) });
    await writeProject(path.join(site.workspace, 'b'), { modules: modules.slice(2) });
    const inputs = { proxies: proxy.url };
    const first = await site.job({ inputs: { ...inputs, 'working-directory': 'a' } });
    const asked = proxy.requests.length;
    const second = await site.job({ inputs: { ...inputs, 'working-directory': 'b' }, env: first.main.env });
    expect([...harmOf(first), ...harmOf(second)]).toEqual([]);
    expect([...askedOf(proxy).slice(asked)].sort()).toEqual([...filesOf(modules.slice(4))].sort());
    expect(second.main.outputs['modules-fetched']).toBe(`${modules.slice(4).length}`);
    expect((await readReport(second.main)).plan.kind).toBe('reused');
  });

  test.concurrent('with other proxies measures again, and what we exported is no policy', async () => {
    await using one = await startProxy({ modules });
    await using other = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const first = await site.job({ inputs: { proxies: one.url } });
    const second = await site.job({ inputs: { proxies: other.url }, env: first.main.env });
    expect(harmOf(second)).toEqual([]);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(second.main.env['GOPROXY']).toBe(other.url);
    const report = await readReport(second.main);
    expect(report.plan.candidates.map(({ origin }) => origin)).toEqual(['input']);
  });

  test.concurrent.each([
    ['is no JSON', 'rubbish'],
    ['is of nobody', '{"schema":99}'],
    ['is huge', `{"schema":1,"selected":"${'x'.repeat(20_000)}"}`],
  ])('a SETUP_GOPROXY that %s is ignored and told', async (_name, state) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { proxies: proxy.url }, env: { SETUP_GOPROXY: state } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(proxy.url);
    expect((await readReport(job.main)).notes.join('\n')).toContain('SETUP_GOPROXY');
  });
});

describe('the GOPRIVATE family', () => {
  test.concurrent('an input alone is exported alone', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { proxies: proxy.url, goprivate: 'git.corp.example' } });
    const { GOPROXY: _goproxy, SETUP_GOPROXY: _state, ...exported } = job.main.env;
    // Unset, go takes the other two from GOPRIVATE, so that they need no export.
    expect(exported).toEqual({ GOPRIVATE: 'git.corp.example' });
    expect(job.main.outputs['goprivate']).toBe('git.corp.example');
  });

  test.concurrent('additions come behind what the environment has, and none stays none', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      env: { GOPRIVATE: 'a.example', GONOPROXY: 'none' },
      inputs: { proxies: proxy.url, goprivate: 'b.example', gonosumdb: 'c.example' },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPRIVATE']).toBe('a.example,b.example');
    expect(job.main.env['GONOPROXY']).toBeUndefined();
    expect(job.main.env['GONOSUMDB']).toBe('a.example,b.example,c.example');
  });

  testWithGo(`values of go env -w are what is added to${whyGo}`, async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await writeGoEnv(site, { GOPRIVATE: 'w.example' });
    const job = await site.job({ inputs: { proxies: proxy.url, goprivate: 'b.example' } });
    expect(job.main.env['GOPRIVATE']).toBe('w.example,b.example');
  });
});

describe('the job summary', () => {
  const rows = [
    ['always', true, true],
    ['never', false, false],
    ['auto', true, true],
    ['on-failure', false, true],
  ] as const;
  test.concurrent.each(rows)(
    '%s: written for a healthy run %s, for a failed one %s',
    async (mode, healthy, failed) => {
      await using good = await startProxy({ modules });
      await using bad = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
      await using site = await makeSite({ modules });
      const well = await site.job({ inputs: { proxies: good.url, 'job-summary': mode } });
      const ill = await site.job({ inputs: { proxies: bad.url, 'job-summary': mode } });
      expect([well.main.summary !== '', ill.main.summary !== '']).toEqual([healthy, failed]);
    },
  );

  test.concurrent('auto is silent when nothing was fetched and nothing chosen otherwise than configured', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const env = { GOPROXY: proxy.url };
    const measured = await site.job({ env, inputs: { prefetch: 'false' } });
    const fetched = await site.job({ env });
    const complete = await site.job({ env });
    expect([measured, fetched, complete].flatMap(harmOf)).toEqual([]);
    expect([measured, fetched, complete].map(({ main }) => main.summary !== '')).toEqual([
      false,
      true,
      false,
    ]);
  });
});

test.concurrent('no healthy proxy: the environment stays as it was, and one warning says why', async () => {
  await using dead = await startProxy({ faults: [{ kind: 'refuse' }] });
  await using broken = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
  await using site = await makeSite({ modules });
  const job = await site.job({ inputs: { proxies: `${dead.url}\n${broken.url}`, mirrors: 'none' } });
  expect(harmOf(job)).toEqual([]);
  expect(job.main.env['GOPROXY']).toBeUndefined();
  expect(annotationsOf(job.main).length).toBe(1);
  expect(annotationTexts(job.main, 'warning').length).toBe(1);
  expect(job.main.outputs).toMatchObject({ 'selected-proxy': '', 'failure-class': 'infrastructure' });
});

test.concurrent('fail-on no-healthy-proxy: one error, after everything was published', async () => {
  await using dead = await startProxy({ faults: [{ kind: 'refuse' }] });
  await using site = await makeSite({ modules });
  const job = await site.job({
    inputs: { proxies: dead.url, 'fail-on': 'no-healthy-proxy', goprivate: 'corp.example' },
  });
  expect(job.main.exitCode).toBe(1);
  expect(annotationTexts(job.main, 'error').length).toBe(1);
  expect(job.main.env['GOPRIVATE']).toBe('corp.example');
  expect(job.main.summary).not.toBe('');
  expect(await readReport(job.main)).toMatchObject({
    failureClass: 'infrastructure',
    // No later step is to blame, and nobody is asked for it.
    laterSteps: { status: 'skipped', asked: [] },
  });
  expect(job.post.exitCode).toBe(0);
});

describe('a wrong file in the module cache', () => {
  const wrong = modules[0]!;
  const [, , file = ''] = filesOf([wrong]);

  async function play(
    inputs: Readonly<Record<string, string>>,
    look: (job: JobResult, site: Site, again: () => Promise<JobResult>) => Promise<void>,
  ): Promise<void> {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await fillCache(site, modules);
    await writeFile(path.join(cacheDownload(site), file), 'PK tampered');
    const run = () => site.job({ inputs: { proxies: proxy.url, ...inputs } });
    await look(await run(), site, run);
  }

  test.concurrent('is named, and replaced by the right one', () =>
    play({}, async (job, site, again) => {
      expect(job.main.exitCode).toBe(0);
      expect(job.main.outputs['failure-class']).toBe('integrity');
      expect(annotationTexts(job.main).join('\n')).toContain(path.basename(file));
      const placed = await readFile(path.join(cacheDownload(site), file));
      expect(placed.equals(wrong.zip)).toBe(true);
      const next = await again();
      expect(harmOf(next)).toEqual([]);
      expect(next.main.outputs['failure-class']).toBe('none');
    }));

  test.concurrent('fails the step with fail-on unverified, although it was replaced', () =>
    play({ 'fail-on': 'unverified' }, async (job, site) => {
      expect(job.main.exitCode).toBe(1);
      expect(annotationTexts(job.main).join('\n')).toContain('mod0/@v/v1.1.0.zip');
      expect(job.post.exitCode).toBe(0);
      const placed = await readFile(path.join(cacheDownload(site), file));
      expect(placed.equals(wrong.zip)).toBe(true);
    }));

  test.concurrent('is told without the prefetch too', () =>
    play({ 'fail-on': 'unverified', prefetch: 'false' }, async (job) => {
      expect(job.main.exitCode).toBe(1);
      expect(job.main.outputs['failure-class']).toBe('integrity');
      expect(annotationTexts(job.main).join('\n')).toContain('mod0/@v/v1.1.0.zip');
    }));
});

test.concurrent('working-directory and globs choose whose modules are wanted', async () => {
  await using proxy = await startProxy({ modules });
  await using site = await makeSite();
  await writeProject(path.join(site.workspace, 'a'), { modules: modules.slice(0, 2) });
  await writeProject(path.join(site.workspace, 'b'), { modules: modules.slice(2, 5) });
  const one = await site.job({ inputs: { proxies: proxy.url, 'working-directory': 'a' } });
  expect((await readReport(one.main)).wanted).toMatchObject({ modules: 2 });
  const all = await site.job({ inputs: { proxies: proxy.url } });
  expect((await readReport(all.main)).wanted).toMatchObject({ modules: 5 });
  const globbed = await site.job({ inputs: { proxies: proxy.url, 'cache-dependency-path': 'b/go.sum' } });
  expect((await readReport(globbed.main)).wanted).toMatchObject({ modules: 3 });
});
