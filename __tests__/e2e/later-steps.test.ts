import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hasGo, runGo } from '../support/go.ts';
import {
  annotationsOf,
  annotationTexts,
  cachedFiles,
  harmOf,
  makeSite,
  pathsOf,
  readReport,
} from '../support/job.ts';
import { makeModule, makeModuleSet } from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { type JobResult, runAction, type Step, type StepContext } from '../support/runner.ts';

/** Without go the tests are shown as skipped, under a name that says why. */
const goIsHere = await hasGo();
const testWithGo = goIsHere ? test.concurrent : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

const modules = makeModuleSet(3, { totalBytes: 30_000 });
const [first] = modules;
const firstName = `${first?.path}@${first?.version}`;

/** go as a later step of the job runs it: in the same module cache. */
async function go(args: readonly string[], { env, workspace }: StepContext) {
  const own = { GOFLAGS: '-modcacherw', GOTOOLCHAIN: 'local', GOSUMDB: 'off' };
  return await runGo(args, { cwd: workspace, env: { ...env, ...own } });
}

/** A step that downloads, and fails when go does. */
const download: Step = async (context) => (await go(['mod', 'download'], context)).code === 0;

/** What does not wait for a step of the action is downloaded by go. */
const inputsFor = (proxy: Pick<ProxyServer, 'url'>): Readonly<Record<string, string>> => ({
  proxies: proxy.url,
  mirrors: 'none',
  prefetch: 'false',
  cache: 'false',
});

const ENV = { GOSUMDB: 'off' };

function said({ post }: Pick<JobResult, 'post'>): string {
  return annotationTexts(post).join('\n\n');
}

describe(`a download that fails in a later step${whyGo}`, () => {
  testWithGo(
    'of a proxy that was healthy and is not: told with both, and in the order of the questions',
    async () => {
      await using proxy = await startProxy({ modules });
      await using site = await makeSite({ modules });
      const breaks: Step = async () => {
        await proxy.setFaults([{ match: 'zip', kind: 'status', status: 503 }]);
      };
      const job = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [breaks, download] });
      expect(job.jobStatus).toBe('failure');
      expect(harmOf(job)).toEqual([]);
      expect(annotationsOf(job.post)).toHaveLength(1);
      expect(said(job)).toMatch(/^warning setup-goproxy: http-status: /);
      expect(said(job)).toContain('was healthy at');
      const { summary } = job.post;
      const order = ['What failed', 'Whose fault', 'Will a re-run help', 'What to change'];
      const places = order.map((question) => summary.indexOf(question));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places[0]).toBeGreaterThan(0);
      expect(summary).toContain(first?.path ?? '');
      const report = await readReport(job.main);
      expect(report).toMatchObject({ failureClass: 'infrastructure', laterSteps: { status: 'found' } });
    },
  );

  testWithGo('of a proxy that is gone: the refused connection', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [
        async () => {
          await proxy.close();
        },
        download,
      ],
    });
    expect(harmOf(job)).toEqual([]);
    expect(said(job)).toMatch(/^warning setup-goproxy: connection-refused: /);
  });

  testWithGo('that would come now: transient, and a re-run helps', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const hiccup: Step = async (context) => {
      await proxy.setFaults([{ match: 'zip', kind: 'reset-in-body' }]);
      const { code } = await go(['mod', 'download'], context);
      await proxy.setFaults([]);
      return code === 0;
    };
    const job = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [hiccup] });
    expect(harmOf(job)).toEqual([]);
    expect(said(job)).toMatch(/^warning setup-goproxy: download-transient: .*A re-run helps\./s);
    expect(job.post.summary).toContain('can be had now');
  });

  testWithGo('of a changed module: an error at the line of go.mod, and the class integrity', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules: modules.slice(0, 1) });
    const tampers: Step = async () => {
      await proxy.setFaults([{ match: 'zip', kind: 'wrong-bytes' }]);
    };
    const job = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [tampers, download] });
    const [annotation] = annotationsOf(job.post, 'error');
    expect(annotation?.properties).toMatchObject({ file: 'go.mod', line: expect.stringMatching(/^\d+$/) });
    const line = Number(annotation?.properties['line']);
    const mod = await readFile(path.join(site.workspace, 'go.mod'), 'utf8');
    expect(mod.split('\n')[line - 1]).toContain(first?.path);
    expect(annotation?.message).toContain(firstName);
    expect((await readReport(job.main)).failureClass).toBe('integrity');
    expect(job.post.exitCode).toBe(0);
  });

  testWithGo(
    'of a private module whose repository is not there: what git says, and no proxy hears of it',
    async () => {
      const secret = makeModule({ path: 'github.com/acme-private/lib', version: 'v1.0.0', sizeBytes: 1000 });
      await using proxy = await startProxy({ modules });
      await using site = await makeSite({ modules: [...modules, secret] });
      await mkdir(site.home, { recursive: true });
      const nowhere = path.join(site.dir.join('no-repositories'), '/');
      await writeFile(
        path.join(site.home, '.gitconfig'),
        `[url "file://${nowhere}"]\n\tinsteadOf = https://github.com/\n`,
      );
      const job = await site.job({
        inputs: { ...inputsFor(proxy), goprivate: 'github.com/acme-private' },
        env: ENV,
        steps: [download],
      });
      expect(job.jobStatus).toBe('failure');
      expect(harmOf(job)).toEqual([]);
      expect(said(job)).toMatch(/^warning setup-goproxy: git-[a-z-]+: /);
      expect(said(job)).toContain('github.com/acme-private/lib@v1.0.0');
      expect(pathsOf(proxy).filter((one) => one.includes('acme-private'))).toEqual([]);
    },
  );

  testWithGo('with every proxy silent: told within the bound, and nothing is left behind', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const silence: Step = async (context) => {
      await proxy.setFaults([{ match: 'zip', kind: 'reset-before-headers' }]);
      const { code } = await go(['mod', 'download'], context);
      await proxy.setFaults([{ kind: 'accept-and-silent' }]);
      return code === 0;
    };
    const job = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [silence] });
    expect(harmOf(job)).toEqual([]);
    expect(said(job)).toMatch(/^warning setup-goproxy: headers-timeout: /);
    const left = await readdir(site.runnerTemp);
    expect(left.filter((name) => name.includes('ask'))).toEqual([]);
  });

  testWithGo('main had told it already: post does not tell it twice', async () => {
    await using proxy = await startProxy({
      modules,
      // What the probe asks for is there: the proxy is healthy, and this module alone cannot be had.
      faults: [{ match: /mod2[/]@v[/].*[.]mod/, kind: 'status', status: 500 }],
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: proxy.url, mirrors: 'none', cache: 'false' },
      env: ENV,
      steps: [download],
    });
    expect(job.jobStatus).toBe('failure');
    expect(annotationTexts(job.main).join('\n')).toContain('http-status');
    expect(annotationsOf(job.post)).toEqual([]);
  });
});

describe(`nothing is said${whyGo}`, () => {
  const quiet = async (job: JobResult) => {
    expect(harmOf(job)).toEqual([]);
    expect(annotationsOf(job.post)).toEqual([]);
    expect(job.post.summary).toBe('');
  };

  testWithGo('of a job that failed for another reason', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [download, async () => false],
    });
    expect(job.jobStatus).toBe('failure');
    await quiet(job);
    expect((await readReport(job.main)).laterSteps).toMatchObject({ status: 'nothing-found', asked: [] });
  });

  testWithGo('where modules are missing that nobody needed, and the proxy answers', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [async () => false] });
    await quiet(job);
    expect(await cachedFiles(site, modules)).toEqual([]);
  });

  test.concurrent.each(['success', 'cancelled'] as const)('of a job with the state %s', async (jobStatus) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const breaks: Step = async (context) => {
      await proxy.setFaults([{ match: 'zip', kind: 'status', status: 503 }]);
      if (goIsHere) await go(['mod', 'download'], context);
    };
    const before = await site.job({ inputs: inputsFor(proxy), env: ENV, steps: [breaks], jobStatus });
    await quiet(before);
  });

  testWithGo('by post when a step with mode diagnose has told it, and its outputs can be used', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const place = { workspace: site.workspace, temp: site.dir.join('runner') };
    const inputs = inputsFor(proxy);
    const main = await runAction({ ...place, stage: 'main', inputs, env: ENV });
    await proxy.setFaults([{ match: 'zip', kind: 'status', status: 503 }]);
    const env = { ...ENV, ...main.env };
    const failing = await go(['mod', 'download'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: site.home, ...env },
      workspace: site.workspace,
      outputs: {},
    });
    expect(failing.code).not.toBe(0);
    // Nothing else need be said: what is diagnosed is the chain that the steps had.
    const asked = { mode: 'diagnose' };
    const diagnose = await runAction({ ...place, stage: 'main', inputs: asked, env, jobStatus: 'failure' });
    expect(annotationTexts(diagnose).join('\n')).toMatch(/setup-goproxy: http-status: /);
    expect(diagnose.outputs).toMatchObject({ 'failure-class': 'infrastructure' });
    expect(await readReport(diagnose)).toMatchObject({ mode: 'diagnose', laterSteps: { status: 'found' } });
    const measured = (await readReport(diagnose)).plan.candidates.map(({ label }) => label);
    expect(measured).toEqual([proxy.url]);
    expect(diagnose.summary).toContain('What failed');
    const posts = [
      await runAction({
        ...place,
        stage: 'post',
        inputs: asked,
        env,
        state: diagnose.state,
        jobStatus: 'failure',
      }),
      await runAction({ ...place, stage: 'post', inputs, env, state: main.state, jobStatus: 'failure' }),
    ];
    for (const post of posts) {
      expect(annotationsOf(post)).toEqual([]);
      expect(post.summary).toBe('');
    }
    expect(await readReport(main)).toMatchObject({ laterSteps: { status: 'found' } });
  });
});
