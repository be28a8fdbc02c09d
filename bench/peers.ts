import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { goEnvironment, runGo } from '../__tests__/support/go.ts';
import { writeProject } from '../__tests__/support/modules.ts';
import { runAction, type StageResult } from '../__tests__/support/runner.ts';
import { makeTempDir, type TempDir } from '../__tests__/support/temp.ts';

/** The places of one run: caches of its own below `place`, the project it works on, and the only proxy there is. */
export interface Job {
  readonly place: TempDir;
  readonly project: string;
  readonly proxy: string;
}

/** Calls `use` with a job whose module cache is empty, and removes all of it afterwards. */
export async function withEmptyJob<T>(
  given: Pick<Job, 'project' | 'proxy'>,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  await using place = await makeTempDir('setup-goproxy-bench-');
  return await use({ ...given, place });
}

/** Where the job's module cache is. */
export function modCacheOf(job: Job): string {
  return goEnvironmentOf(job)['GOMODCACHE'] ?? '';
}

/** The environment in which go runs in the job: its caches, the proxy, and nothing of this machine but PATH. */
export function goEnvironmentOf(job: Job): Record<string, string> {
  return goEnvironment(job.place.path, { GOPROXY: job.proxy });
}

/** Runs `go ARGS` in the job's project and returns its wall time in milliseconds. */
export async function timeGo(
  job: Job,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const start = performance.now();
  const result = await runGo(args, { cwd: job.project, env: { ...goEnvironmentOf(job), ...env } });
  const ms = performance.now() - start;
  if (result.code !== 0) throw new Error(`go ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
  return ms;
}

/** Runs the committed bundle's main step in the job, as the runner does, with the job's proxy as the only candidate. */
export async function runMainStep(job: Job, bundle?: string): Promise<StageResult> {
  // GOPROXY would be a setting of the user's own; PATH and HOME are the runner's.
  const { GOPROXY: _proxy, PATH: _path, HOME: _home, ...env } = goEnvironmentOf(job);
  const result = await runAction({
    stage: 'main',
    workspace: job.project,
    temp: job.place.path,
    env,
    inputs: { proxies: job.proxy, mirrors: 'none' },
    timeoutMs: 120_000,
    ...(bundle === undefined ? {} : { bundle }),
  });
  if (result.exitCode !== 0) throw new Error(`the main step ended with ${result.exitCode}: ${result.stdout}`);
  return result;
}

/** A build cache that holds the standard library as far as a program needs that imports nothing of it. */
export async function warmBuildCache(place: TempDir): Promise<string> {
  const project = place.join('warm');
  await writeProject(project, { modules: [] });
  const env = goEnvironment(place.path);
  const result = await runGo(['build', './...'], { cwd: project, env });
  if (result.code !== 0) throw new Error(`go build ended with ${result.code}: ${result.stderr}`);
  return env['GOCACHE'] ?? '';
}

/** Gives the job a copy of a build cache. */
export async function copyBuildCache(job: Job, warm: string): Promise<void> {
  await cp(warm, goEnvironmentOf(job)['GOCACHE'] ?? '', { recursive: true });
}

/** Times `go build ./...` in the job and removes the program it made. */
export async function timeBuild(job: Job, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const ms = await timeGo(job, ['build', './...'], env);
  await rm(path.join(job.project, process.platform === 'win32' ? 'app.exe' : 'app'));
  return ms;
}
