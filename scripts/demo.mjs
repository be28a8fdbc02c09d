// `npm start`: the action's main and post step, run as the runner runs them, on loopback mirrors (one fast, one slow,
// one broken) with a small sample project; then the real `go build` without a network, on the module cache that the
// main step filled; ends in the job summary. No internet.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeModuleSet, writeProject } from '../__tests__/support/modules.ts';
import { startProxy } from '../__tests__/support/proxy-server.ts';
import { runJob } from '../__tests__/support/runner.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';
import { renderSummary } from './render-summary.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const MODULES = 24;
const FAST_MS = 8;
const SLOW_MS = 120;

function say(text) {
  process.stdout.write(`${text}\n`);
}

function heading(text) {
  say(`\n\u2500\u2500 ${text} ${'\u2500'.repeat(Math.max(0, 96 - text.length))}`);
}

/** What a later step would run, but with GOPROXY=off: says what came of it; skipped, with the reason, without go. */
async function build({ env, workspace }, said) {
  said.push(`exported: GOPROXY=${env.GOPROXY ?? '(not exported)'}`);
  said.push(`modules in go.mod: ${MODULES}`);
  const offline = { GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw', ...env, GOPROXY: 'off', GOSUMDB: 'off' };
  try {
    for (const args of [
      ['build', './...'],
      ['mod', 'verify'],
    ]) {
      const started = performance.now();
      const { stdout } = await run('go', args, { cwd: workspace, env: offline, timeout: 120_000 });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      said.push(`GOPROXY=off go ${args.join(' ')}: done in ${seconds} s ${stdout.trim()}`.trimEnd());
    }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    said.push('skipped: there is no go command on PATH');
  }
}

async function main() {
  await using temp = await makeTempDir('setup-goproxy-demo-');
  const modules = makeModuleSet(MODULES, { totalBytes: 6 << 20 });
  await writeProject(temp.join('project'), { modules });
  await using fast = await startProxy({ modules, latencyMs: FAST_MS, connectionLatency: true });
  await using slow = await startProxy({
    modules,
    latencyMs: SLOW_MS,
    connectionLatency: true,
    bandwidthBytesPerSecond: 2e6,
  });
  await using broken = await startProxy({ modules, faults: [{ match: 'any', kind: 'headers-never' }] });
  say('Three module proxies on loopback:');
  say(`  slow    ${slow.url}  ${SLOW_MS} ms, 2 MB/s`);
  say(`  broken  ${broken.url}  accepts, then never answers`);
  say(`  fast    ${fast.url}  ${FAST_MS} ms`);
  say('configured in this order:  proxies: slow, broken, fast');
  const said = [];
  const job = await runJob({
    workspace: temp.join('project'),
    temp: temp.join('runner'),
    inputs: {
      proxies: [slow, broken, fast].map((proxy) => proxy.url).join('\n'),
      'job-summary': 'always',
      'probe-timeout': '1500ms',
    },
    env: { GOPATH: temp.join('gopath') },
    steps: [
      async (step) => {
        const before = fast.requests.length + slow.requests.length;
        await build(step, said);
        said.push(
          `requests to the proxies meanwhile: ${fast.requests.length + slow.requests.length - before}`,
        );
      },
    ],
  });
  show('the action: main step', job.main.stdout + job.main.stderr);
  show('a later step: go build without a network, on what the main step fetched', said.join('\n'));
  show('the action: post step', job.post.stdout + job.post.stderr);
  heading('the job summary');
  say(job.main.summary + job.post.summary);
  const files = renderSummary(
    job.main.summary + job.post.summary,
    path.join(root, '.tmp', 'demo'),
    'summary',
  );
  say(`\nRendered: ${files.map((file) => path.relative(root, file)).join(', ')}`);
  const { 'selected-proxy': chosen, 'modules-fetched': fetched } = job.main.outputs;
  say(`\nselected-proxy: ${chosen}`);
  say(`modules-fetched: ${fetched}`);
  const problems = [
    ...(job.main.failed || job.post.failed ? ['a step of the action failed'] : []),
    ...(job.stepError === undefined ? [] : [`the later step failed: ${job.stepError}`]),
    ...(chosen === fast.url ? [] : ['the fast mirror was not chosen']),
    ...(fetched === `${MODULES}` ? [] : [`${fetched} of ${MODULES} modules were fetched`]),
    ...(/fetched/.test(job.main.summary) ? [] : ['the summary does not tell of the prefetch']),
    ...(/fetched/.test(job.main.stdout) ? [] : ['the log does not tell of the prefetch']),
  ];
  if (problems.length > 0) {
    say(`The demo did not end as it should: ${problems.join('; ')}.`);
    process.exitCode = 1;
  }
}

function show(title, text) {
  heading(title);
  say(text.trimEnd());
}

await main();
