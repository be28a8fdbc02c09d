import { execFileSync, spawn } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goEnvironment, runGo } from './go.ts';
import { makeModule, type SyntheticModule } from './modules.ts';
import type { TempDir } from './temp.ts';

/** What most tests of traces download; its path is one that go asks git for without looking at a web page. */
export const WIDGET: SyntheticModule = makeModule({ path: 'github.com/Acme/widget', version: 'v1.2.3' });

/** A project that needs one module, beside an empty module cache. */
export interface TracedProject {
  readonly directory: string;
  readonly env: Record<string, string>;
  readonly goModCache: string;
}

/** Options of {@link makeTracedProject}. */
export interface TracedProjectOptions {
  readonly module?: SyntheticModule;
  readonly goSum?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes a program that imports the module, with go.mod and go.sum, into a new directory below `temp`. */
export async function makeTracedProject(
  temp: TempDir,
  { module = WIDGET, goSum = module.goSumLines, env = {} }: TracedProjectOptions = {},
): Promise<TracedProject> {
  const root = temp.join(`traced-${count(temp)}`);
  const directory = path.join(root, 'project');
  await mkdir(directory, { recursive: true });
  const goMod = `module ex.test/app\n\ngo 1.21\n\nrequire ${module.path} ${module.version}\n`;
  await writeFile(path.join(directory, 'go.mod'), goMod);
  await writeFile(path.join(directory, 'go.sum'), `${goSum.join('\n')}\n`);
  await writeFile(
    path.join(directory, 'main.go'),
    `package main\n\nimport _ "${module.path}"\n\nfunc main() {}\n`,
  );
  const whole = goEnvironment(root, env);
  return { directory, env: whole, goModCache: whole['GOMODCACHE'] ?? '' };
}

const counts = new WeakMap<TempDir, number>();

function count(temp: TempDir): number {
  const next = (counts.get(temp) ?? 0) + 1;
  counts.set(temp, next);
  return next;
}

/** Runs go there; never throws on an exit code. */
export function runTraced({ directory, env }: TracedProject, args: readonly string[]) {
  return runGo(args, { cwd: directory, env });
}

/** Starts go, kills it with all its processes as soon as `isTime` says so (asked every 20 ms, for at most 20 s). */
export async function killGoWhen(
  { directory, env }: TracedProject,
  args: readonly string[],
  isTime: () => Promise<boolean> | boolean,
): Promise<void> {
  const child = spawn('go', [...args], { cwd: directory, env, detached: true, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    const until = Date.now() + 20_000;
    while (!(await isTime())) {
      if (Date.now() > until) throw new Error('the time to kill go has not come within 20 s');
      await sleep(20);
    }
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
}

/** Returns the files below GOMODCACHE/cache, relative to it and sorted, but what git keeps; random digits as #. */
export async function listTraces(goModCache: string): Promise<readonly string[]> {
  const cache = path.join(goModCache, 'cache');
  const names = await readdir(cache, { recursive: true }).catch(() => []);
  const files: string[] = [];
  for (const name of names) {
    if (/^vcs\/[0-9a-f]{64}\//.test(name)) continue;
    if ((await lstat(path.join(cache, name))).isFile()) files.push(name.replace(/\d+\.tmp$/, '#.tmp'));
  }
  return files.sort();
}

/** Returns what is below a directory, by name, with the content of files: equal when nothing was touched. */
export async function readTree(directory: string): Promise<ReadonlyMap<string, string>> {
  const tree = new Map<string, string>();
  for (const name of (await readdir(directory, { recursive: true }).catch(() => [])).sort()) {
    const file = path.join(directory, name);
    const stats = await lstat(file);
    tree.set(name, stats.isFile() ? `${stats.mtimeMs} ${await readFile(file, 'base64')}` : 'no file');
  }
  return tree;
}

/** Sets everything below a directory, and itself, an hour back: what is newer afterwards was touched since. */
export async function setBack(directory: string): Promise<void> {
  const then = new Date(Date.now() - 3_600_000);
  for (const name of await readdir(directory, { recursive: true })) {
    await utimes(path.join(directory, name), then, then);
  }
  await utimes(directory, then, then);
}

/** Environment in which go fetches from repositories, and git finds those of github.com below `base` instead. */
export function gitInstead(base: string): Record<string, string> {
  return {
    GOPROXY: 'direct',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${base}/.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://github.com/',
    GIT_TERMINAL_PROMPT: '0',
  };
}

/** Makes a repository with {@link WIDGET}'s version, but other content, below `directory`; returns the base URL for it. */
export async function makeWidgetRepository(directory: string): Promise<string> {
  const repository = path.join(directory, 'Acme', 'widget');
  await mkdir(repository, { recursive: true });
  await writeFile(path.join(repository, 'go.mod'), WIDGET.mod);
  await writeFile(path.join(repository, 'package.go'), 'package widget\n');
  const who = ['-c', 'user.name=tests', '-c', 'user.email=tests@ex.test'];
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['commit', '-qm', 'all'],
    ['tag', WIDGET.version],
  ]) {
    execFileSync('git', ['-C', repository, ...who, ...args], { stdio: 'ignore', timeout: 20_000 });
  }
  return `file://${directory}`;
}
