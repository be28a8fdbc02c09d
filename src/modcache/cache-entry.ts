import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { escapePath } from '../go/module-path.ts';
import { escapeVersion } from '../go/version.ts';
import type { WantedFile, WantedSet } from '../go/wanted-set.ts';
import { mapLimited } from './map-limited.ts';

/** The largest file of each kind that counts as present: go's own limits for zip and mod, ours for info. */
export const MAX_BYTES = { zip: 500 << 20, mod: 16 << 20, info: 64 << 10 } as const;

/** What was found in the place of a wanted file. */
export type Found =
  | { readonly kind: 'link'; readonly path: string }
  | { readonly kind: 'not-a-file' }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly maxBytes: number }
  | { readonly kind: 'hash'; readonly hash: string }
  /** A zip that cannot be hashed; `why` is our sentence. */
  | { readonly kind: 'broken-zip'; readonly why: string }
  /** A right zip whose `.ziphash` says otherwise: go refuses it. */
  | { readonly kind: 'zip-hash' }
  /** An info file that is no JSON object; `version` when it is one for another version. */
  | { readonly kind: 'wrong-info'; readonly version?: string };

/** Returns the path of a wanted file below `goModCache`, as cmd/go/internal/modfetch/cache.go (CachePath) has it. */
export function cachePath(goModCache: string, { module, kind }: Pick<WantedFile, 'module' | 'kind'>): string {
  const name = `${escapeVersion(module.version)}.${kind}`;
  return path.join(downloadDirectory(goModCache), ...escapePath(module.path).split('/'), '@v', name);
}

function downloadDirectory(goModCache: string): string {
  return path.join(goModCache, 'cache', 'download');
}

/** The `.ziphash` beside a zip. */
export function zipHashPath(zip: string): string {
  return `${zip}hash`;
}

/** What is known of one wanted file: at first by its name, type and size, in the end by its content. */
export type Look =
  | { readonly kind: 'regular'; readonly bytes: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly code: string }
  | { readonly kind: 'wrong'; readonly found: Found };

const STAT_WORKERS = 32;

/** Returns a look at every file of the set, in its order, 32 at a time; each directory is looked at once. */
export async function lookAtAll(
  goModCache: string,
  wanted: Pick<WantedSet, 'files'>,
  signal: AbortSignal | undefined,
): Promise<readonly Look[]> {
  const directories = new Map<string, Promise<Look | undefined>>();
  return await mapLimited(wanted.files, STAT_WORKERS, signal, (file) =>
    lookAt(goModCache, file, directories),
  );
}

async function lookAt(
  goModCache: string,
  file: WantedFile,
  directories: Map<string, Promise<Look | undefined>>,
): Promise<Look> {
  const absolute = cachePath(goModCache, file);
  const obstacle = await lookAtWay(downloadDirectory(goModCache), path.dirname(absolute), directories);
  if (obstacle !== undefined) return obstacle;
  try {
    const stats = await lstat(absolute);
    if (stats.isSymbolicLink()) return { kind: 'wrong', found: { kind: 'link', path: absolute } };
    if (!stats.isFile()) return { kind: 'wrong', found: { kind: 'not-a-file' } };
    const maxBytes = MAX_BYTES[file.kind];
    if (stats.size > maxBytes) {
      return { kind: 'wrong', found: { kind: 'too-large', bytes: stats.size, maxBytes } };
    }
    return { kind: 'regular', bytes: stats.size };
  } catch (error) {
    return asLook(error);
  }
}

/** Returns what keeps `directory` from being reached over directories alone; each one is looked at once. */
async function lookAtWay(
  top: string,
  directory: string,
  directories: Map<string, Promise<Look | undefined>>,
): Promise<Look | undefined> {
  if (directory === top) return undefined;
  const known = directories.get(directory);
  if (known !== undefined) return await known;
  const look = walkDown(top, directory, directories);
  directories.set(directory, look);
  return await look;
}

/** In a loop, not by recursion: a path that a hostile go.sum names can have thousands of elements. */
async function walkDown(
  top: string,
  directory: string,
  directories: Map<string, Promise<Look | undefined>>,
): Promise<Look | undefined> {
  for (let end = nextEnd(directory, top.length); end > 0; end = nextEnd(directory, end)) {
    const above = directory.slice(0, end);
    const look = directories.get(above) ?? lookAtDirectory(above);
    directories.set(above, look);
    const obstacle = await look;
    if (obstacle !== undefined) return obstacle;
  }
  return await lookAtDirectory(directory);
}

/** Returns where the element after the one that ends at `end` ends; -1 when it is the last one. */
function nextEnd(directory: string, end: number): number {
  return directory.indexOf(path.sep, end + 1);
}

async function lookAtDirectory(directory: string): Promise<Look | undefined> {
  try {
    const stats = await lstat(directory);
    if (stats.isSymbolicLink()) return { kind: 'wrong', found: { kind: 'link', path: directory } };
    return stats.isDirectory() ? undefined : { kind: 'wrong', found: { kind: 'not-a-file' } };
  } catch (error) {
    return asLook(error);
  }
}

/** Returns what an error of node:fs tells of a file. */
export function asLook(error: unknown): Extract<Look, { kind: 'absent' | 'unreadable' }> {
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
  return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'absent' } : { kind: 'unreadable', code };
}
