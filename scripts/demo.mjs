// `npm start`: the action's main and post step, run as the runner runs them, on loopback mirrors (one fast, one slow,
// one broken) with a small sample project; ends in the job summary. No internet.
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

function say(text) {
  process.stdout.write(`${text}\n`);
}

function heading(text) {
  say(`\n\u2500\u2500 ${text} ${'\u2500'.repeat(Math.max(0, 96 - text.length))}`);
}

/** What a later step would run; skipped, with the reason, where there is no go command. */
async function download({ env, workspace }, said) {
  said.push(`GOPROXY=${env.GOPROXY ?? '(not exported)'}`);
  const started = performance.now();
  try {
    const goEnv = { GOSUMDB: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw', ...env };
    await run('go', ['mod', 'download'], { cwd: workspace, env: goEnv, timeout: 120_000 });
    said.push(`done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    said.push('skipped: there is no go command on PATH');
  }
}

async function main() {
  await using temp = await makeTempDir('setup-goproxy-demo-');
  const modules = makeModuleSet(24, { totalBytes: 6 << 20 });
  await writeProject(temp.join('project'), { modules });
  await using fast = await startProxy({ modules, latencyMs: 8, connectionLatency: true });
  await using slow = await startProxy({
    modules,
    latencyMs: 120,
    connectionLatency: true,
    bandwidthBytesPerSecond: 2e6,
  });
  await using broken = await startProxy({ modules, faults: [{ match: 'any', kind: 'headers-never' }] });
  say('Three module proxies on loopback:');
  say(`  slow    ${slow.url}  45 ms, 2 MB/s`);
  say(`  broken  ${broken.url}  accepts, then never answers`);
  say(`  fast    ${fast.url}  8 ms`);
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
    steps: [(step) => download(step, said)],
  });
  show('the action: main step', job.main.stdout + job.main.stderr);
  show('a later step: go mod download, with exactly the exported environment', said.join('\n'));
  show('the action: post step', job.post.stdout + job.post.stderr);
  heading('the job summary');
  say(job.main.summary + job.post.summary);
  const files = renderSummary(
    job.main.summary + job.post.summary,
    path.join(root, '.tmp', 'demo'),
    'summary',
  );
  say(`\nRendered: ${files.map((file) => path.relative(root, file)).join(', ')}`);
  const chosen = job.main.outputs['selected-proxy'];
  say(`\nselected-proxy: ${chosen}`);
  if (job.main.failed || job.post.failed || job.stepError !== undefined || chosen !== fast.url) {
    say('The demo did not end as it should: the fast mirror was not chosen, or a step failed.');
    if (job.stepError !== undefined) say(String(job.stepError));
    process.exitCode = 1;
  }
}

function show(title, text) {
  heading(title);
  say(text.trimEnd());
}

await main();
