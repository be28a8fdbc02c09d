import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { archiveName } from '../../src/modcache/archive-name.ts';
import { keyOf } from '../../src/modcache/cache-key.ts';
import { type Compression, cacheVersion } from '../../src/runner/cache-version.ts';
import { type CacheServer, type CacheServerOptions, startCacheServer } from './cache-server.ts';
import { makeSite, type Site } from './job.ts';
import { escapeName, type SyntheticModule } from './modules.ts';
import { servingsOf } from './placing.ts';
import { type ProxyServer, startProxy } from './proxy-server.ts';
import type { JobOptions, JobResult } from './runner.ts';
import { type TarEntry, writeTar } from './tar-writer.ts';

/** What the tests of the module cache say of a job, beside what the runner is told of it. */
export interface CachedJob extends Partial<Omit<JobOptions, 'env'>> {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `push` to `refs/heads/main`, which is the default branch. */
  readonly event?: string;
  readonly ref?: string;
  readonly service?: 'v1' | 'v2' | 'none';
}

/** A cache service and a proxy of some modules, for jobs one after the other. */
export interface CacheWorld extends AsyncDisposable {
  readonly cache: CacheServer;
  readonly proxy: ProxyServer;
  /** Runs main, the steps and post on a site, with this service and this proxy. */
  job(site: Site, options?: CachedJob): Promise<JobResult>;
}

/** Starts both servers. */
export async function openWorld(
  modules: readonly SyntheticModule[],
  options: CacheServerOptions = {},
): Promise<CacheWorld> {
  const [cache, proxy] = await Promise.all([startCacheServer(options), startProxy({ modules })]);
  return {
    cache,
    proxy,
    job: (site, given = {}) => runCachedJob(site, { cache, proxy }, given),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([cache.close(), proxy.close()]);
    },
  };
}

async function runCachedJob(
  site: Site,
  { cache, proxy }: { readonly cache: CacheServer; readonly proxy: ProxyServer },
  { event = 'push', ref = 'refs/heads/main', service = 'v2', ...options }: CachedJob,
): Promise<JobResult> {
  const eventFile = site.dir.join('event.json');
  writeFileSync(eventFile, JSON.stringify({ repository: { default_branch: 'main' } }));
  return await site.job({
    ...options,
    inputs: { proxies: proxy.url, ...options.inputs },
    env: {
      ...(service === 'none' ? {} : cache.environment(service)),
      GITHUB_EVENT_NAME: event,
      GITHUB_REF: ref,
      GITHUB_EVENT_PATH: eventFile,
      ...options.env,
    },
  });
}

/** Makes a site whose runner lies `depth` directories deeper than the others. */
export async function makeDeepSite(modules: readonly SyntheticModule[], depth: number): Promise<Site> {
  const site = await makeSite({ modules });
  const temp = site.dir.join(...Array.from({ length: depth }, (_, index) => `deep${index}`));
  return {
    ...site,
    home: path.join(temp, 'home'),
    runnerTemp: path.join(temp, 'runner-temp'),
    job: (options = {}) => site.job({ temp, ...options }),
  };
}

/** Returns the only line of a stage's log that begins so, without that beginning. */
export function toldOf({ stdout }: { readonly stdout: string }, beginning: string): string {
  const lines = stdout.split('\n').filter((line) => line.startsWith(beginning));
  if (lines.length !== 1) throw new Error(`${lines.length} lines begin with "${beginning}": ${stdout}`);
  return (lines[0] ?? '').slice(beginning.length).trim();
}

/** Returns why main restored nothing, in its log. */
export function whyNotRestored({ main }: Pick<JobResult, 'main'>): string {
  return toldOf(main, 'cache not restored: ');
}

/** Returns why post saved nothing, in its log. */
export function whyNotSaved({ post }: Pick<JobResult, 'post'>): string {
  return toldOf(post, 'cache not saved: ');
}

/** Returns the zips that a proxy was asked for, by whomever: the measuring, the prefetch, go. */
export function zipsAsked({ requests }: ProxyServer): readonly string[] {
  return requests
    .map((request) => decodeURIComponent(request.path))
    .filter((asked) => asked.endsWith('.zip'));
}

/** The files that an archive of these modules holds: all of each. */
export function publicFiles(modules: readonly SyntheticModule[]): readonly WantedFile[] {
  return modules.flatMap((module) => servingsOf(module).map(({ file }) => file));
}

/** The key under which a project that wants these modules saves them. */
export function primaryKey(modules: readonly SyntheticModule[], suffix = ''): string {
  return keyOf(publicFiles(modules), suffix).primary;
}

/** Returns an archive of modules as ours is laid out, with entries in place of those of the same name, and others. */
export function archiveOf(
  modules: readonly SyntheticModule[],
  changed: Readonly<Record<string, string | Uint8Array>> = {},
  compression: Compression = 'zstd',
): Uint8Array {
  const entries = new Map<string, TarEntry>();
  for (const { file, bytes } of modules.flatMap(servingsOf)) {
    const name = archiveName(file);
    entries.set(name, { name, data: bytes });
  }
  for (const [name, data] of Object.entries(changed)) entries.set(name, { name, data });
  const tar = writeTar([...entries.values()]);
  return compression === 'zstd' ? zstdCompressSync(tar) : gzipSync(tar);
}

/** Puts an archive under the key of these modules. */
export function putArchive(
  cache: CacheServer,
  modules: readonly SyntheticModule[],
  archive: Uint8Array,
  compression: Compression = 'zstd',
): void {
  cache.put(primaryKey(modules), cacheVersion(['gomod'], compression), archive);
}

/** Returns the name in our archive of a module's file. */
export function entryName({ path: name, version }: SyntheticModule, kind: 'zip' | 'mod' | 'info'): string {
  return `gomod/${escapeName(name)}/@v/${escapeName(version)}.${kind}`;
}
