import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { makeSite, readReport, type Site } from './job.ts';
import { escapeName, type ProjectOptions, type SyntheticModule } from './modules.ts';
import type { JobOptions, JobResult } from './runner.ts';
import { moduleCacheContents, snapshotTree, treeChanges, writeSentinels } from './sentinel-tree.ts';

/** A site with a module cache, and sentinels wherever a hostile name could lead. */
export interface World extends AsyncDisposable {
  readonly site: Site;
  readonly goModCache: string;
  /** A directory next to the module cache that nothing may touch. */
  readonly outside: string;
  /** Runs the job and says what it left. */
  play(options?: Partial<JobOptions>): Promise<Played>;
}

/** What one job did. */
export interface Played {
  readonly job: JobResult;
  /** What it changed outside of the module cache, less the files that the step is there to write. */
  readonly changes: readonly string[];
  /** What is in the module cache now: {@link moduleCacheContents}. */
  readonly contents: ReadonlyMap<string, string>;
  /** The log and report.json of main, in which bad input is named. */
  readonly told: string;
}

/** Makes a world with a project. */
export async function makeWorld(project?: ProjectOptions): Promise<World> {
  const site = await makeSite(project);
  const goModCache = site.dir.join('caches', 'mod');
  const outside = site.dir.join('caches', 'outside');
  await mkdir(path.join(site.home, '.config', 'go', 'telemetry'), { recursive: true });
  await mkdir(goModCache, { recursive: true });
  await mkdir(path.join(site.runnerTemp, 'other-action'), { recursive: true });
  const places = [outside, site.home, site.workspace];
  for (const place of places) await writeSentinels(path.join(place, 'sentinels'));
  await writeSentinels(outside);
  return {
    site,
    goModCache,
    outside,
    play: async (options = {}) => {
      const before = await snapshotOutside(site);
      const job = await site.job({ ...options, env: { GOMODCACHE: goModCache, ...options.env } });
      const report = JSON.stringify(await readReport(job.main));
      return {
        job,
        changes: treeChanges(before, await snapshotOutside(site)),
        contents: await moduleCacheContents(goModCache),
        told: `${job.main.stdout}\n${report}`,
      };
    },
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

/** Everything but the module cache, the runner's file commands, the report, and what the go command itself keeps in HOME. */
async function snapshotOutside({ dir }: Site) {
  return await snapshotTree(dir.path, {
    skip: /^(?:caches\/mod$|runner\/file-commands-\w+$|runner\/runner-temp\/setup-goproxy-[\da-f-]+\.json$|runner\/home\/\.config\/go\/telemetry$|gocache$)/,
    open: /^runner(?:\/runner-temp|\/home\/\.config\/go)?$/,
  });
}

/** Which of its four files a module has in the module cache. */
export type CachedKind = 'zip' | 'ziphash' | 'mod' | 'info';
const KINDS: readonly CachedKind[] = ['zip', 'ziphash', 'mod', 'info'];

/** Returns what {@link moduleCacheContents} gives for modules that are placed as they should be, and nothing else. */
export function expectedContents(
  modules: readonly SyntheticModule[],
  kindsOf: (module: SyntheticModule) => readonly CachedKind[] = () => KINDS,
): ReadonlyMap<string, string> {
  return new Map(
    modules.flatMap((module) =>
      kindsOf(module).map((kind) => [cacheName(module, kind), sha256(contentOf(module, kind))] as const),
    ),
  );
}

/** Returns the part of the contents that belongs to one module. */
export function contentsOf(
  contents: ReadonlyMap<string, string>,
  { path: name }: Pick<SyntheticModule, 'path'>,
): Readonly<Record<string, string>> {
  const escaped = escapeName(name);
  return Object.fromEntries(
    [...contents].filter(
      ([at]) => at.startsWith(`cache/download/${escaped}/`) || at.startsWith(`${escaped}@`),
    ),
  );
}

/** Returns the name of a file below GOMODCACHE. */
export function cacheName({ path: name, version }: SyntheticModule, kind: string): string {
  return `cache/download/${escapeName(name)}/@v/${escapeName(version)}.${kind}`;
}

function contentOf(module: SyntheticModule, kind: CachedKind): string | Uint8Array {
  switch (kind) {
    case 'zip':
      return module.zip;
    case 'ziphash':
      return module.zipHash;
    case 'mod':
      return module.mod;
    case 'info':
      return module.info;
    default: {
      const never: never = kind;
      return never;
    }
  }
}

/** Returns SHA-256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
