// Builds dist/ from src/: one readable ES module for the action's main and post step, with the licences of
// everything in it. The same sources give the same bytes, so that CI can compare (scripts/check-dist.mjs).
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

/** Builds into `out`, replaced only by a build that is right: one bundle, with the licence of all that is in it. */
export function build(out) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'setup-goproxy-build-'));
  const fresh = path.join(scratch, 'dist');
  const stats = path.join(scratch, 'stats.json');
  try {
    const args = ['build', 'src/index.ts', '--out', fresh, '--no-cache', '--quiet'];
    const extra = ['--license', 'licenses.txt', '--stats-out', stats];
    const { status } = spawnSync(process.execPath, [ncc, ...args, ...extra], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error('ncc failed');
    checkLicences(fresh, JSON.parse(readFileSync(stats, 'utf8')).modules);
    writeFileSync(path.join(fresh, 'package.json'), '{"type":"module"}\n');
    const files = readdirSync(fresh).sort().join(' ');
    // A lazy chunk would load more slowly and would drop out of the licence list.
    if (files !== 'index.js licenses.txt package.json') throw new Error(`more than one bundle: ${files}`);
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
