import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { runLibrary } from '../__tests__/support/caching.ts';
import { goEnvironment } from '../__tests__/support/go.ts';
import { runAction } from '../__tests__/support/runner.ts';
import type { Report } from '../src/report/report.ts';
import { type Archives, libraryPlace, TREE_PATHS } from './module-cache-saving.ts';
import type { CacheProcess } from './module-cache-service.ts';

const run = promisify(execFile);

/** A place for one restore, and the environment in which go uses what came. */
export interface Site extends AsyncDisposable {
  readonly path: string;
  readonly goEnv: Readonly<Record<string, string>>;
}

/** Makes an empty home below `parent`; what earlier rounds wrote has reached the disk by then. */
export async function makeSite(parent: string): Promise<Site> {
  const home = await realpath(await mkdtemp(path.join(parent, 'setup-goproxy-bench-')));
  await run('sync', []);
  return {
    path: home,
    // The module cache of both ways is where go has it by default.
    goEnv: goEnvironment(home, { GOPATH: `${home}/go`, GOMODCACHE: `${home}/go/pkg/mod` }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Milliseconds of one restore of ours: of the whole main step, and of restoring alone by its report. */
export interface OurRestore {
  readonly step: number;
  readonly phase: number;
}

/** Runs the main step of a bundle, with nothing but restoring to do. */
export async function restoreOurs(
  site: Site,
  { archives, service, bundle }: RestoreGiven,
): Promise<OurRestore> {
  const { GOPROXY: _proxy, PATH: _path, HOME: _home, ...env } = site.goEnv;
  const main = await runAction({
    stage: 'main',
    workspace: archives.project,
    temp: site.path,
    env: { ...env, ...service.env },
    inputs: { proxies: service.proxy, mirrors: 'none', prefetch: 'false' },
    timeoutMs: 180_000,
    ...(bundle === undefined ? {} : { bundle }),
  });
  const { cache } = JSON.parse(await readFile(main.outputs['report'] ?? '', 'utf8')) as Report;
  if (cache?.exact !== true || cache.files !== archives.wanted.files) {
    throw new Error(`not all was restored: ${main.stdout}`);
  }
  return { step: main.durationMs, phase: cache.ms };
}

/** What a restore is of. */
export interface RestoreGiven {
  readonly archives: Archives;
  readonly service: CacheProcess;
  /** In place of the committed one. */
  readonly bundle?: string;
}

/** Milliseconds of `tar` alone on the archive of the whole tree, which is a file already, as the library runs it. */
export async function untarTree(site: Site, { archives, service }: RestoreGiven): Promise<number> {
  const { cwd } = await libraryPlace(site.path, service);
  const file = path.join(site.path, 'cache.tzst');
  await service.exportTo(archives.tree.key, file);
  await mkdir(`${site.path}/go/pkg/mod`, { recursive: true });
  await run('sync', []);
  const start = performance.now();
  await run('tar', ['-xf', file, '-P', '-C', cwd, '--use-compress-program', 'unzstd'], { timeout: 180_000 });
  return performance.now() - start;
}

/** Milliseconds of the library's own restore in a process of its own: lookup, download, tar. */
export async function restoreByLibrary(site: Site, { archives, service }: RestoreGiven): Promise<number> {
  const options = await libraryPlace(site.path, service);
  const { key } = archives.tree;
  const start = performance.now();
  const result = await runLibrary({ do: 'restore', paths: TREE_PATHS, key, restoreKeys: [] }, options);
  const ms = performance.now() - start;
  if (result.value !== key) throw new Error(`the tree was not restored: ${result.output}`);
  return ms;
}
