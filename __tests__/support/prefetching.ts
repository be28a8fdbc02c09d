import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { escapePath } from '../../src/go/module-path.ts';
import { escapeVersion } from '../../src/go/version.ts';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { findMissing } from '../../src/modcache/presence.ts';
import { type PrefetchRequest, prefetch } from '../../src/prefetch/prefetch.ts';
import type { FileResult, PrefetchResult } from '../../src/prefetch/prefetch-result.ts';
import { openSet, type ProxyOf } from './fetching.ts';
import type { SyntheticModule } from './modules.ts';
import { servingsOf } from './placing.ts';

/** What a test says of a prefetch; everything else is as in a healthy job. */
export type Prefetching = Partial<Omit<PrefetchRequest, 'proxies'>> &
  Pick<PrefetchRequest, 'goModCache'> & {
    readonly from: readonly ProxyOf[];
    readonly set?: Parameters<typeof openSet>[1];
  };

/** Returns the wanted files of the modules: mod, info, zip of each. */
export function wantedOf(modules: readonly SyntheticModule[]): readonly WantedFile[] {
  return modules.flatMap((module) => servingsOf(module).map(({ file }) => file));
}

/** Prefetches through a set of proxies of its own, for at most a minute. */
export async function prefetchFrom({ from, set, ...request }: Prefetching): Promise<PrefetchResult> {
  const proxies = await openSet(from, set);
  try {
    return await prefetch({
      missing: [],
      wrong: [],
      kept: [],
      bounds: { timeoutMs: 60_000 },
      signal: AbortSignal.timeout(60_000),
      ...request,
      proxies,
    });
  } finally {
    await proxies.destroy();
  }
}

/** Returns what a row of a table states of one file: `placed`, or the kind and its reason. */
export function endOfFile(result: FileResult): string {
  switch (result.kind) {
    case 'placed':
      return 'placed';
    case 'left-to-go':
      return `left-to-go ${result.why}`;
    case 'failed':
      return ['failed', result.class, result.why, result.modcache?.code].filter(Boolean).join(' ');
    default: {
      const never: never = result;
      return never;
    }
  }
}

/** Returns how many files ended in each way. */
export function endsOf({ files }: Pick<PrefetchResult, 'files'>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const file of files) counts[endOfFile(file)] = (counts[endOfFile(file)] ?? 0) + 1;
  return counts;
}

/** Returns `cache/download` of these files of the modules, as go would have it: a digest of each file by relative name. */
export function downloadOf(
  modules: readonly SyntheticModule[],
  isThere: (file: WantedFile) => boolean = () => true,
): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const module of modules) {
    const base = `${escapePath(module.path)}/@v/${escapeVersion(module.version)}`;
    for (const { file, bytes } of servingsOf(module)) {
      if (!isThere(file)) continue;
      files[`${base}.${file.kind}`] = digest(bytes);
      if (file.kind === 'zip') {
        files[`${base}.ziphash`] = digest(module.zipHash);
      }
    }
  }
  return files;
}

/** Returns a digest of every file below `cache/download` by relative name, but for go's own locks and lists. */
export async function readDownload(goModCache: string): Promise<Readonly<Record<string, string>>> {
  const root = path.join(goModCache, 'cache', 'download');
  const files: Record<string, string> = {};
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory() || /\.lock$|^list$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const isFile = (await lstat(file)).isFile();
    files[path.relative(root, file)] = isFile ? digest(await readFile(file)) : 'no regular file';
  }
  return files;
}

/** For telling contents apart in a failed assertion. */
export function digest(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}

/** Returns what lies in `cache` beside go's own entries: staging directories and temp files. */
export async function leftInCache(goModCache: string): Promise<readonly string[]> {
  const names = await readdir(path.join(goModCache, 'cache')).catch(() => []);
  return names.filter((name) => name !== 'download' && name !== 'lock');
}

/** Returns the wanted files that are on disk with another content, by hash. */
export async function wrongIn(goModCache: string, files: readonly WantedFile[]): Promise<readonly unknown[]> {
  const { wrong } = await findMissing(goModCache, {
    files,
    modules: files.length,
    privateModules: 0,
    problems: [],
    notes: [],
  });
  return wrong;
}
