import { cp, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { MATCHER_OWNERS } from '../../src/runner/matchers.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { harmOf, makeSite, type Site } from '../support/job.ts';
import { type Issue, MatcherJob } from '../support/matcher-job.ts';
import { makeModule, makeModuleSet } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import type { StageResult, StepContext } from '../support/runner.ts';
import { splitLines } from '../support/runner-protocol.ts';

const goIsHere = await hasGo();
const testWithGo = goIsHere ? test.concurrent : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const modules = makeModuleSet(4, { totalBytes: 40_000 });
const GO_LINE = 'go: example.com/m@v1.0.0: unknown revision v1.0.0';

/** What a step of ours became with the matchers of the job, and which of them the job has after it. */
function pass(job: MatcherJob, stage: StageResult) {
  return { issues: job.read(stage.stdout), owners: job.owners, failed: job.failedCommands };
}

/** The commands for matchers that a step printed, in order. */
function commandsOf({ commands }: StageResult): readonly string[] {
  const ours = commands.filter(({ name }) => name.endsWith('-matcher'));
  return ours.map(({ name, properties, message }) => `${name} ${properties['owner'] ?? ''}${message}`);
}

const REMOVALS = MATCHER_OWNERS.map((owner) => `remove-matcher ${owner}`);
const REGISTERED = { issues: [], owners: MATCHER_OWNERS, failed: [] };
const GONE = { issues: [], owners: [], failed: [] };

/** `go mod download` of a later step, of one that no other step of it knows; the lines become what the runner makes of them. */
async function failingDownload(site: Site, { env, workspace }: StepContext, proxy: string) {
  const { GOPROXY: _unused, ...clean } = goEnvironment(site.dir.join('later'));
  const all = { ...clean, ...env, GOPROXY: proxy, GOSUMDB: 'off' };
  const { code, stderr } = await runGo(['mod', 'download'], { cwd: workspace, env: all });
  return { code, stderr };
}

describe('the problem matchers', () => {
  testWithGo(
    `show go's failed download in a later step as a warning, and are gone in post${whyGo}`,
    async () => {
      await using proxy = await startProxy({ modules });
      await using broken = await startProxy({
        modules,
        faults: [{ match: 'zip', kind: 'reset-before-headers' }],
      });
      await using site = await makeSite({ modules });
      const later: { code?: number; stderr?: string } = {};
      const job = await site.job({
        inputs: { proxies: proxy.url, prefetch: 'false' },
        steps: [
          async (context) => {
            Object.assign(later, await failingDownload(site, context, broken.url));
            return false;
          },
        ],
      });
      expect(harmOf(job)).toEqual([]);
      const runner = new MatcherJob({ workspace: site.workspace });
      expect(pass(runner, job.main)).toEqual(REGISTERED);
      expect(later.code).not.toBe(0);
      const issues = runner.read(later.stderr ?? '');
      expect(issues.length).toBeGreaterThan(0);
      for (const issue of issues) {
        const message = expect.stringContaining(broken.host) as unknown;
        expect(issue).toEqual({ owner: 'setup-goproxy-request', type: 'warning', message });
      }
      expect(pass(runner, job.post)).toEqual(GONE);
    },
  );

  test.concurrent('are removed before a step says anything, and registered when main has said all', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const { main, post } = await site.job({ inputs: { proxies: proxy.url } });
    expect(commandsOf(main)).toEqual([
      ...REMOVALS,
      expect.stringMatching(/^add-matcher .*go-download\.json$/),
    ]);
    expect(splitLines(main.stdout).at(-1)).toMatch(/^::add-matcher::/);
    expect(commandsOf(post)).toEqual(REMOVALS);
    for (const { stdout } of [main, post]) {
      const first = splitLines(stdout).slice(0, REMOVALS.length);
      expect(first.every((line) => line.startsWith('::remove-matcher '))).toBe(true);
    }
  });

  test.concurrent('are registered also when main fails because the user asked for it', async () => {
    await using broken = await startProxy({
      modules,
      faults: [{ match: 'any', kind: 'status', status: 503 }],
    });
    await using site = await makeSite({ modules });
    const inputs = { proxies: broken.url, mirrors: 'none', 'fail-on': 'no-healthy-proxy' };
    const { main } = await site.job({ inputs });
    expect(main.failed).toBe(true);
    expect(pass(new MatcherJob(), main)).toEqual(REGISTERED);
  });

  test.concurrent('make no warning of what we say ourselves about failures, in a second use neither', async () => {
    const missing = makeModule({
      path: 'example.com/missing',
      version: 'v1.0.0',
      files: { 'a.go': 'package a\n' },
    });
    await using proxy = await startProxy({
      modules,
      faults: [{ match: 'zip', kind: 'reset-in-body', afterRequests: 1 }],
    });
    await using site = await makeSite({ modules: [...modules, missing] });
    const inputs = { proxies: proxy.url, direct: 'false', 'job-summary': 'always' };
    const first = await site.job({ inputs, jobStatus: 'failure' });
    const second = await site.job({ inputs, env: first.main.env, jobStatus: 'failure' });
    expect(Number(first.main.outputs['modules-failed'])).toBeGreaterThan(0);
    const runner = new MatcherJob({ workspace: site.workspace });
    for (const stage of [first.main, second.main]) expect(pass(runner, stage)).toEqual(REGISTERED);
    // The runner runs the posts in the opposite order.
    for (const stage of [second.post, first.post]) expect(pass(runner, stage)).toEqual(GONE);
  });

  test.concurrent('are not registered when switched off; a second use that is so switches them off', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const first = await site.job({ inputs: { proxies: proxy.url } });
    const off = { proxies: proxy.url, 'problem-matchers': 'false' };
    const second = await site.job({ inputs: off, env: first.main.env });
    const runner = new MatcherJob();
    expect(pass(runner, first.main)).toEqual(REGISTERED);
    expect(pass(runner, second.main)).toEqual(GONE);
    expect(commandsOf(second.main)).toEqual(REMOVALS);
  });

  test.concurrent('are not registered by mode diagnose, which quotes go and takes them away', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { mode: 'diagnose', proxies: proxy.url }, jobStatus: 'failure' });
    expect(harmOf(job)).toEqual([]);
    const runner = new MatcherJob();
    runner.read(
      `::add-matcher::${fileURLToPath(new URL('../../matchers/go-download.json', import.meta.url))}`,
    );
    expect(pass(runner, job.main)).toEqual(GONE);
  });

  test.concurrent('cost nothing but a line of the log where the file is not beside the bundle', async () => {
    await using site = await makeSite({ modules });
    await using proxy = await startProxy({ modules });
    await mkdir(site.dir.join('copy'));
    await cp(DIST, site.dir.join('copy', 'dist'), { recursive: true });
    const bundle = site.dir.join('copy', 'dist', 'index.js');
    const job = await site.job({ inputs: { proxies: proxy.url }, bundle });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.stdout).toContain('Problem matchers are not registered: matchers/go-download.json');
    expect(pass(new MatcherJob(), job.main)).toEqual(GONE);
  });

  test("this emulation sees go's line while they are registered, and not after", () => {
    const runner = new MatcherJob();
    const seen = (): readonly Issue[] => runner.read(GO_LINE);
    expect(seen()).toEqual([]);
    runner.read(
      `::add-matcher::${fileURLToPath(new URL('../../matchers/go-download.json', import.meta.url))}`,
    );
    expect(seen()).toHaveLength(1);
    runner.read(MATCHER_OWNERS.map((owner) => `::remove-matcher owner=${owner}::`).join('\n'));
    expect(seen()).toEqual([]);
  });
});
