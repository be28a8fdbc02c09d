import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { type ArchiveResult, readArchive } from '../../src/modcache/archive-reader.ts';
import { findMissing, type Presence } from '../../src/modcache/presence.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { type DownloadLimits, downloadArchive, unpack } from '../../src/runner/cache-download.ts';
import { type CacheNetwork, openCacheNetwork } from '../../src/runner/cache-network.ts';
import { findCacheService, type Lookup, lookUp } from '../../src/runner/cache-service.ts';
import type { LibraryCommand } from './cache-library.ts';
import type { SyntheticModule } from './modules.ts';
import { placeAll, servingsOf } from './placing.ts';
import type { TempDir } from './temp.ts';

const run = promisify(execFile);
const LIBRARY = path.resolve('__tests__/support/cache-library.ts');

/** What the library returned and printed. */
export interface LibraryResult {
  readonly value: unknown;
  readonly error?: string;
  readonly output: string;
}

/** Runs the real @actions/cache in a process of its own, for at most a minute, with nothing of this environment but PATH. */
export async function runLibrary(
  command: LibraryCommand,
  {
    env = {},
    cwd = process.cwd(),
  }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<LibraryResult> {
  const { stdout, stderr } = await run(process.execPath, [LIBRARY, JSON.stringify(command)], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1', ...env },
    timeout: 60_000,
    maxBuffer: 64 << 20,
  });
  const line = stdout.split('\n').findLast((one) => one.startsWith('RESULT '));
  const result = JSON.parse(line?.slice('RESULT '.length) ?? '{}') as { value?: unknown; error?: string };
  return { value: undefined, ...result, output: stdout + stderr };
}

/** Makes a directory of programs that has tar and gzip, but no zstd; returns it as a PATH. */
export async function pathWithoutZstd(dir: TempDir): Promise<string> {
  const bin = dir.join('bin-without-zstd');
  await mkdir(bin, { recursive: true });
  for (const name of ['tar', 'gzip']) {
    const { stdout } = await run('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout.trim(), path.join(bin, name)).catch(() => {});
  }
  return bin;
}

/** Returns all wanted files of modules. */
export function wantedOf(modules: readonly SyntheticModule[]): readonly WantedFile[] {
  return modules.flatMap((module) => servingsOf(module).map(({ file }) => file));
}

/** Fills a module cache with the modules. */
export async function fillModCache(goModCache: string, modules: readonly SyntheticModule[]): Promise<void> {
  await using staging = await openStaging(goModCache);
  await placeAll(staging, modules.flatMap(servingsOf));
}

/** Returns what is missing or wrong of the files in a module cache. */
export async function presenceOf(goModCache: string, files: readonly WantedFile[]): Promise<Presence> {
  return await findMissing(goModCache, { files, modules: 0, privateModules: 0, problems: [], notes: [] });
}

/** Asks our way. */
export async function lookUpOurWay(
  env: Readonly<Record<string, string>>,
  question: {
    readonly primary: string;
    readonly prefixes: readonly string[];
    readonly paths?: readonly string[];
  },
): Promise<Lookup> {
  const service = findCacheService(env);
  if (service.kind === 'none') throw new Error(service.reason);
  const signal = new AbortController().signal;
  return await withNetwork(
    (network) => lookUp(service, { paths: ['gomod'], ...question }, { ...network, signal }),
    env,
  );
}

/** Gives work a network that is closed behind it. */
export async function withNetwork<T>(
  work: (network: CacheNetwork) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const network = await openCacheNetwork(env, 'setup-goproxy/test');
  try {
    return await work(network);
  } finally {
    await network[Symbol.asyncDispose]();
  }
}

/** Downloads, unpacks and reads an archive into a module cache. */
export async function restoreOurWay(
  found: Lookup,
  {
    goModCache,
    wanted,
    limits,
  }: {
    readonly goModCache: string;
    readonly wanted: readonly WantedFile[];
    readonly limits?: DownloadLimits;
  },
): Promise<ArchiveResult> {
  if (found.kind !== 'hit') throw new Error(`no hit: ${JSON.stringify(found)}`);
  const { signal } = new AbortController();
  return await withNetwork(async (network) => {
    await using staging = await openStaging(goModCache);
    const packed = downloadArchive({
      url: found.url,
      ...network,
      signal,
      ...(limits === undefined ? {} : { limits }),
    });
    return await readArchive(unpack(packed, found.compression), { wanted, staging, signal });
  });
}
