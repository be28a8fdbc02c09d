// Builds dist/ from src/: one readable ES module for the action's main and post step, one for the threads that hash, one for
// the process that saves, and the licences of everything in them. The same sources give the same bytes, so that CI can
// compare (scripts/check-dist.mjs).
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

/** The bundles by their entries; main and post share one. */
const BUNDLES = {
  'index.js': 'src/index.ts',
  'hash-worker.js': 'src/hashing/worker.ts',
  'save.js': 'src/save.ts',
};
const FILES = [...Object.keys(BUNDLES), 'licenses.txt', 'package.json'].sort();

/** Builds one bundle into a directory of its own, and says what it is made of. */
function buildOne(entry, out) {
  const stats = `${out}-stats.json`;
  const args = ['build', entry, '--out', out, '--no-cache', '--quiet'];
  const extra = ['--license', 'licenses.txt', '--stats-out', stats];
  const { status } = spawnSync(process.execPath, [ncc, ...args, ...extra], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('ncc failed');
  // A lazy chunk would load more slowly and would drop out of the licence list.
  const others = readdirSync(out).filter(
    (file) => !['index.js', 'licenses.txt', 'package.json'].includes(file),
  );
  if (others.length > 0) throw new Error(`${entry} gives other files than expected: ${others.join(' ')}`);
  const licences = path.join(out, 'licenses.txt');
  return {
    code: path.join(out, 'index.js'),
    packages: bundledPackages(JSON.parse(readFileSync(stats, 'utf8')).modules),
    licences: existsSync(licences) ? readFileSync(licences, 'utf8') : '',
  };
}

/** Builds into `out`, replaced only by a build that is right: the bundles, with the licence of all that is in them. */
export function build(out) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'setup-goproxy-build-'));
  const fresh = path.join(scratch, 'dist');
  try {
    mkdirSync(fresh);
    const built = Object.entries(BUNDLES).map(([file, entry]) => {
      const one = buildOne(entry, path.join(scratch, `of-${file}`));
      cpSync(one.code, path.join(fresh, file));
      return one;
    });
    writeFileSync(path.join(fresh, 'licenses.txt'), joinLicences(built));
    writeFileSync(path.join(fresh, 'package.json'), '{"type":"module"}\n');
    const files = readdirSync(fresh).sort().join(' ');
    if (files !== FILES.join(' ')) throw new Error(`other files than expected: ${files}`);
    rmSync(out, { recursive: true, force: true });
    cpSync(fresh, out, { recursive: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Returns each package of the bundles once, by name; in the lists of ncc a line that is the name alone begins it. */
function joinLicences(built) {
  const names = new Set(built.flatMap(({ packages }) => packages));
  const texts = new Map();
  for (const { licences } of built) {
    let name;
    const own = new Map();
    for (const line of licences.split('\n')) {
      if (names.has(line) && !own.has(line)) name = line;
      own.set(name, [...(own.get(name) ?? []), line]);
    }
    for (const [each, lines] of own) if (each !== undefined) texts.set(each, lines.join('\n').trim());
  }
  const missing = [...names].filter((name) => !texts.has(name));
  if (missing.length > 0) throw new Error(`the licence lists lack ${missing.join(', ')}`);
  return [...texts.keys()]
    .sort()
    .map((name) => `${texts.get(name)}\n`)
    .join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build(path.join(root, 'dist'));
