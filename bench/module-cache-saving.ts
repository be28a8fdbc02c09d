import { mkdir, readFile } from 'node:fs/promises';
import { runLibrary } from '../__tests__/support/caching.ts';
import { goEnvironment } from '../__tests__/support/go.ts';
import { type JobResult, runJob } from '../__tests__/support/runner.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';
import type { Report } from '../src/report/report.ts';
import { downloadTree, type Program } from './module-cache-program.ts';
import type { CacheProcess } from './module-cache-service.ts';

/** Where setup-go has the module cache by default; `~` travels to the job that restores. */
export const TREE_PATHS = ['~/go/pkg/mod'] as const;

/** What one commit is stored as, by both ways. */
export interface Archives {
  readonly project: string;
  readonly ours: StoredWay;
  readonly tree: StoredWay;
  readonly wanted: { readonly modules: number; readonly files: number };
  /** What the job of this commit had to fetch beside what it restored. */
  readonly fetchedFiles: number;
  readonly restored: string;
}

/** An archive in the store. */
export interface StoredWay {
  readonly key: string;
  readonly bytes: number;
}

/** Runs a job of ours for each commit in turn, and saves the whole tree of each as setup-go does. */
export async function saveArchives(program: Program, service: CacheProcess): Promise<readonly Archives[]> {
  const saved: Archives[] = [];
  for (const [index, project] of program.commits.entries()) {
    const { report, key } = await saveOurs(project, service);
    const treeKey = `tree-of-commit-${index + 1}`;
    await saveTree(project, service, treeKey);
    const entries = await service.entries();
    const sizeOf = (wanted: string) => entries.findLast((entry) => entry.key === wanted)?.bytes ?? Number.NaN;
    const { modules = 0, files = 0 } = report.wanted ?? {};
    saved.push({
      project,
      ours: { key, bytes: sizeOf(key) },
      tree: { key: treeKey, bytes: sizeOf(treeKey) },
      wanted: { modules, files },
      fetchedFiles: files - (report.cache?.files ?? 0),
      restored: report.cache?.matchedKey === undefined ? 'nothing' : report.cache.exact ? 'all' : 'a prefix',
    });
  }
  return saved;
}

async function saveOurs(
  project: string,
  service: CacheProcess,
): Promise<{ readonly report: Report; readonly key: string }> {
  await using place = await makeTempDir('setup-goproxy-bench-');
  const { GOPROXY: _proxy, PATH: _path, HOME: _home, ...env } = goEnvironment(place.path);
  const job = await runJob({
    workspace: project,
    temp: place.path,
    env: { ...env, ...service.env, GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/heads/main' },
    inputs: { proxies: service.proxy, mirrors: 'none', 'save-cache': 'true' },
    timeoutMs: 180_000,
  });
  const key = job.main.outputs['cache-primary-key'] ?? '';
  const entries = await service.entries();
  if (!entries.some((entry) => entry.key === key)) throw new Error(`nothing was saved: ${logOf(job)}`);
  return { report: JSON.parse(await readFile(job.main.outputs['report'] ?? '', 'utf8')) as Report, key };
}

function logOf({ main, post }: JobResult): string {
  return `${main.stdout}\n${post.stdout}`.slice(-4000);
}

async function saveTree(project: string, service: CacheProcess, key: string): Promise<void> {
  await using place = await makeTempDir('setup-goproxy-bench-');
  await downloadTree(project, place.join('go', 'pkg', 'mod'), service.proxy);
  const options = await libraryPlace(place.path, service);
  const result = await runLibrary({ do: 'save', paths: TREE_PATHS, key }, options);
  if (typeof result.value !== 'number' || result.value < 0) {
    throw new Error(`the tree was not saved: ${result.output}`);
  }
}

/** A home with a workspace two levels below it, as on a hosted runner, for a process with the library. */
export async function libraryPlace(
  home: string,
  service: CacheProcess,
): Promise<{ readonly cwd: string; readonly env: Readonly<Record<string, string>> }> {
  const workspace = `${home}/work/program`;
  const temp = `${home}/runner-temp`;
  await mkdir(workspace, { recursive: true });
  await mkdir(temp, { recursive: true });
  return {
    cwd: workspace,
    env: { ...service.env, HOME: home, GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temp },
  };
}
