// Fails when dist/ is not what the sources give. In CI the build is made in place, so that git also sees files
// that nobody built; elsewhere beside it, so that the check changes nothing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const remedy = "run 'npm run build' and commit dist/ together with the sources";

function fail(sentence) {
  process.stderr.write(`check:dist: ${sentence}: ${remedy}.\n`);
  process.exitCode = 1;
}

function readAll(dir) {
  return Object.fromEntries(
    readdirSync(dir).map((name) => [name, readFileSync(path.join(dir, name), 'utf8')]),
  );
}

function checkInPlace() {
  build(path.join(root, 'dist'));
  const changed = execFileSync('git', ['status', '--porcelain', '--', 'dist'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (changed !== '') fail(`a clean build changes dist/ (${changed.trim().split('\n').join(', ')})`);
}

function checkBeside() {
  const scratch = mkdtempSync(path.join(tmpdir(), 'setup-goproxy-dist-'));
  try {
    build(path.join(scratch, 'dist'));
    const fresh = readAll(path.join(scratch, 'dist'));
    const committed = readAll(path.join(root, 'dist'));
    const names = [...new Set([...Object.keys(fresh), ...Object.keys(committed)])];
    const differing = names.filter((name) => fresh[name] !== committed[name]);
    if (differing.length > 0) fail(`dist/ differs from the sources in ${differing.join(', ')}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.env.CI === 'true') checkInPlace();
else checkBeside();
