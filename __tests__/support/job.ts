import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { Report } from '../../src/report/report.ts';
import { escapeName, type ProjectOptions, type SyntheticModule, writeProject } from './modules.ts';
import type { LoggedRequest, ProxyServer } from './proxy-server.ts';
import { type JobOptions, type JobResult, runJob, type StageResult, type WorkflowCommand } from './runner.ts';
import { makeTempDir, type TempDir } from './temp.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** Two cores run no more at a time; the rest would only make each of them slower. */
const JOBS_AT_ONCE = 4;

/** A checkout and a runner's directories, removed with the site. */
export interface Site extends AsyncDisposable {
  readonly workspace: string;
  readonly dir: TempDir;
  /** HOME of the steps. */
  readonly home: string;
  /** RUNNER_TEMP of the steps. */
  readonly runnerTemp: string;
  /** Runs main, the steps and post of the committed bundle; waits while too many others run. */
  job(options?: Partial<JobOptions>): Promise<JobResult>;
}

/** Makes a site whose project requires the modules; without `project` the workspace is an empty directory. */
export async function makeSite(project?: ProjectOptions): Promise<Site> {
  const dir = await makeTempDir('setup-goproxy-e2e-');
  const workspace = dir.join('workspace');
  if (project === undefined) await mkdir(workspace);
  else await writeProject(workspace, project);
  return {
    workspace,
    dir,
    home: dir.join('runner', 'home'),
    runnerTemp: dir.join('runner', 'runner-temp'),
    job: (options = {}) =>
      limited(() =>
        runJob({
          workspace,
          temp: dir.join('runner'),
          ...options,
        }),
      ),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

let running = 0;
const waiting: (() => void)[] = [];

async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (running >= JOBS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** Returns the annotations of a stage; of one level if it is given. */
export function annotationsOf(
  { commands }: Pick<StageResult, 'commands'>,
  level?: 'error' | 'warning' | 'notice',
): readonly WorkflowCommand[] {
  const levels = level === undefined ? ['error', 'warning', 'notice'] : [level];
  return commands.filter(({ name }) => levels.includes(name));
}

/** Returns `title: message` of each annotation, for reading in a failed assertion. */
export function annotationTexts(
  stage: Pick<StageResult, 'commands'>,
  level?: 'error' | 'warning' | 'notice',
): readonly string[] {
  return annotationsOf(stage, level).map(
    ({ name, properties, message }) => `${name} ${properties['title']}: ${message}`,
  );
}

/** Returns report.json of main, checked against the published schema. */
export async function readReport({ outputs }: Pick<StageResult, 'outputs'>): Promise<Report> {
  const text = await readFile(outputs['report'] ?? '', 'utf8');
  const schema: unknown = JSON.parse(
    await readFile(path.join(REPOSITORY, 'docs', 'report.schema.json'), 'utf8'),
  );
  const report: unknown = JSON.parse(text);
  const ajv = new Ajv({ allErrors: true, strict: true });
  if (!ajv.validate(schema as object, report)) throw new Error(`report.json: ${ajv.errorsText()}`);
  return report as Report;
}

/** Returns the paths that a server was asked for. */
export function pathsOf({ requests }: { readonly requests: readonly LoggedRequest[] }): readonly string[] {
  return requests.map((request) => request.path);
}

/** Returns the paths that a server was asked for, decoded, so that they compare with {@link filesOf}. */
export function askedOf(server: { readonly requests: readonly LoggedRequest[] }): readonly string[] {
  return pathsOf(server).map(decodeURIComponent);
}

/** The files that a build needs of the modules: of each the `.info`, the `.mod` and the zip, as a proxy names them. */
export function filesOf(modules: readonly SyntheticModule[]): readonly string[] {
  return modules.flatMap(({ path: name, version }) =>
    ['info', 'mod', 'zip'].map((kind) => `/${escapeName(name)}/@v/${escapeName(version)}.${kind}`),
  );
}

/**
 * Returns how many requests a job makes of all proxies: those of the measuring, and one for each missing file but for the
 * zips that the measuring had brought already.
 */
export function requestsOf({ plan, wanted, prefetch }: Report): number {
  const measuring = plan.candidates.reduce(
    (sum, { verdict }) => sum + (verdict.kind === 'healthy' ? verdict.figures.requests : 0),
    0,
  );
  if (prefetch?.status !== 'ran') return measuring;
  return measuring + (wanted?.missing ?? 0) + (wanted?.wrong ?? 0) - prefetch.filesFromProbe;
}

/** Returns the files of the modules that are in the site's module cache, as {@link filesOf} names them. */
export async function cachedFiles(
  site: Site,
  modules: readonly SyntheticModule[],
): Promise<readonly string[]> {
  const there = await Promise.all(
    filesOf(modules).map(async (file) => {
      const found = await stat(path.join(cacheDownload(site), file)).catch(() => undefined);
      return found === undefined ? [] : [file];
    }),
  );
  return there.flat();
}

/** The part of the site's module cache that holds what was downloaded; its place is go's default. */
export function cacheDownload(site: Pick<Site, 'home'>): string {
  return path.join(site.home, 'go', 'pkg', 'mod', 'cache', 'download');
}

/** Returns how many requests each of the servers had. */
export function countsOf(...servers: readonly ProxyServer[]): readonly number[] {
  return servers.map(({ requests }) => requests.length);
}

/** Says that both steps ended as if the action had not been there: no failure, no error annotation, no rest. */
export function harmOf({ main, post }: Pick<JobResult, 'main' | 'post'>): readonly string[] {
  return [
    ...(main.exitCode === 0 ? [] : [`main exited with ${main.exitCode} (${main.signal})`]),
    ...(post.exitCode === 0 ? [] : [`post exited with ${post.exitCode} (${post.signal})`]),
    ...[...main.parseErrors, ...post.parseErrors],
    ...[...annotationTexts(main, 'error'), ...annotationTexts(post, 'error')],
    ...[main, post].flatMap(({ lingering, timedOut }) => [
      ...(lingering ? ['a child outlived its step'] : []),
      ...(timedOut ? ['a step did not end'] : []),
    ]),
  ];
}

/** What one job left where somebody can read it, by place; the variables that go needs apart. */
export async function traces(site: Site, job: JobResult): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [name, stage] of Object.entries({ main: job.main, post: job.post })) {
    const { GOPROXY: _goproxy, GOSUMDB: _gosumdb, ...env } = stage.env;
    found.set(`${name} stdout`, withoutMasks(stage.stdout));
    found.set(`${name} stderr`, withoutMasks(stage.stderr));
    found.set(`${name} summary`, stage.summary);
    found.set(`${name} outputs`, JSON.stringify(stage.outputs));
    found.set(`${name} state`, JSON.stringify(stage.state));
    found.set(`${name} env`, JSON.stringify(env));
    found.set(`${name} annotations`, annotationTexts(stage).join('\n'));
  }
  for (const entry of await readdir(site.runnerTemp, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(`file ${entry.name}`, await readFile(file, 'utf8'));
  }
  return found;
}

/** The runner takes these lines out of the log. */
function withoutMasks(output: string): string {
  return output.replace(/^::add-mask::.*$/gm, '');
}
