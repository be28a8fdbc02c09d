// Builds dist/ from src/: one readable ES module for the action's main and post step, with the licences of everything
// in it, and a small one for the threads that hash. The same sources give the same bytes, so that CI can compare (scripts/check-dist.mjs).
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const ncc = path.join(root, 'node_modules/@vercel/ncc/dist/ncc/cli.js');

/** Names of the packages whose code is in the bundle, from webpack's own list of modules. */
function bundledPackages(modules) {
  return modules.flatMap((module) => [
    ...[...(module.name ?? '').matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map((match) => match[1]),
    ...bundledPackages(module.modules ?? []),
  ]);
}

const FILES = ['hash-worker.js', 'index.js', 'licenses.txt', 'package.json'];

function runNcc(entry, out, extra) {
  const args = ['build', entry, '--out', out, '--no-cache', '--quiet', ...extra];
  const { status } = spawnSync(process.execPath, [ncc, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('ncc failed');
}

/** The worker is our own code alone, so that the licences of the other bundle are all there are. */
function buildWorker(scratch, out) {
  const fresh = path.join(scratch, 'worker');
  const stats = path.join(scratch, 'worker-stats.json');
  runNcc('src/hashing/worker.ts', fresh, ['--stats-out', stats]);
  const foreign = bundledPackages(JSON.parse(readFileSync(stats, 'utf8')).modules);
  if (foreign.length > 0) throw new Error(`the worker bundles ${foreign.join(', ')}`);
  cpSync(path.join(fresh, 'index.js'), path.join(out, 'hash-worker.js'));
}

/** Builds into `out`, replaced only by a build that is right: two bundles, with the licence of all that is in it. */
export function build(out) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'setup-goproxy-build-'));
  const fresh = path.join(scratch, 'dist');
  const stats = path.join(scratch, 'stats.json');
  try {
    runNcc('src/index.ts', fresh, ['--license', 'licenses.txt', '--stats-out', stats]);
    checkLicences(fresh, JSON.parse(readFileSync(stats, 'utf8')).modules);
    writeFileSync(path.join(fresh, 'package.json'), '{"type":"module"}\n');
    buildWorker(scratch, fresh);
    const files = readdirSync(fresh).sort().join(' ');
    // A lazy chunk would load more slowly and would drop out of the licence list.
    if (files !== FILES.join(' ')) throw new Error(`other files than expected: ${files}`);
    rmSync(out, { recursive: true, force: true });
    cpSync(fresh, out, { recursive: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function checkLicences(out, modules) {
  const headings = new Set(readFileSync(path.join(out, 'licenses.txt'), 'utf8').split('\n'));
  const missing = [...new Set(bundledPackages(modules))].filter((name) => !headings.has(name));
  if (missing.length > 0) throw new Error(`dist/licenses.txt lacks ${missing.join(', ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build(path.join(root, 'dist'));
