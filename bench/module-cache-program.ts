import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { goEnvironment } from '../__tests__/support/go.ts';
import { type MachineProxy, PROGRAM } from '../__tests__/support/real-input.ts';
import type { TempDir } from '../__tests__/support/temp.ts';

const run = promisify(execFile);
const GO_LIMIT_MS = 300_000;

/** What each later commit requires another version of: modules on which no other requirement depends. */
const CHANGES = ['github.com/hashicorp/go-version@v1.7.0', 'github.com/spf13/pflag@v1.0.6'] as const;

/** A real program at three commits, and a module cache with all that any of them needs. */
export interface Program {
  /** Directories of the commits, the oldest first; each changes one requirement of the one before. */
  readonly commits: readonly string[];
  /** `cache/download` of the module cache. */
  readonly download: string;
}

/** Fetches the program and its modules through the machine's own module proxy. */
export async function fetchProgram(temp: TempDir, machine: MachineProxy): Promise<Program> {
  const goModCache = temp.join('source');
  const env = {
    ...goEnvironment(temp.path),
    ...machine.env,
    GOPROXY: machine.entry,
    GOSUMDB: 'off',
    GOFLAGS: '-modcacherw',
    GOMODCACHE: goModCache,
  };
  const go = (cwd: string, ...args: readonly string[]) =>
    run('go', [...args], { cwd, env, timeout: GO_LIMIT_MS, maxBuffer: 64 << 20 });
  const downloadAll = async (project: string) => {
    await go(project, 'mod', 'download');
    // Also the go.mod files that only the whole module graph needs.
    await go(project, 'list', '-m', 'all');
  };
  const { stdout } = await go(temp.path, 'mod', 'download', '-json', PROGRAM);
  const { Dir: source } = JSON.parse(stdout) as { readonly Dir: string };
  const first = temp.join('commit-1');
  await cp(source, first, { recursive: true });
  await makeWritable(first);
  const commits = [first];
  await downloadAll(first);
  for (const [index, change] of CHANGES.entries()) {
    const commit = temp.join(`commit-${index + 2}`);
    await cp(commits.at(-1) ?? first, commit, { recursive: true });
    await go(commit, 'get', change);
    await downloadAll(commit);
    commits.push(commit);
  }
  return { commits, download: path.join(goModCache, 'cache', 'download') };
}

/** Fills a new module cache as a job without us does: `go mod download`, which also extracts. */
export async function downloadTree(project: string, goModCache: string, proxy: string): Promise<void> {
  await mkdir(goModCache, { recursive: true });
  const env = goEnvironment(path.dirname(goModCache), { GOPROXY: proxy, GOMODCACHE: goModCache });
  await run('go', ['mod', 'download'], { cwd: project, env, timeout: GO_LIMIT_MS, maxBuffer: 64 << 20 });
}

/** What comes out of a module cache is read-only, and could not be changed. */
async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}
