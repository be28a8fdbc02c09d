import type { Dirent } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { unescapePath } from '../go/module-path.ts';
import { checkModuleVersion, type ModuleVersion, unescapeVersion } from '../go/version.ts';

/** A file that go began to download and did not get, as the module cache tells. */
export interface FailedDownload {
  readonly module: ModuleVersion;
  /** `temp-file`: go was killed in the middle, or refused the content for its checksum. */
  readonly trace: 'lock' | 'temp-file';
  readonly kind: 'zip' | 'mod' | 'info';
  /** When it began, or when it was last tried; milliseconds since the epoch. */
  readonly atMs: number;
}

/** cmd/go/internal/modfetch, CachePath with the suffix `lock`; and tempFile, whose number is below 1e9. */
const LOCK = /^(v[^/]{1,250})\.lock$/;
const TEMP_FILE = /^(v[^/]{1,250})\.(zip|mod|info)\d{1,9}\.tmp$/;
/** go unpacks it from GOROOT, under a lock and without a zip (modfetch: Unzip). */
const NEVER_DOWNLOADED = 'golang.org/fips140';

/** One `@v` directory of cache/download. */
export interface VersionsDirectory {
  readonly directory: string;
  /** The module path as the directories above spell it; not yet checked. */
  readonly escapedPath: string;
  readonly entries: readonly Dirent[];
}

/**
 * Returns what go began to download into an `@v` directory at `sinceMs` or later and does not have. Names that go would
 * not write, links, and what vanishes meanwhile are passed over. `mayGoOn` is asked before each file is looked at.
 */
export async function readVersionTraces(
  versions: VersionsDirectory,
  { sinceMs, mayGoOn }: { readonly sinceMs: number; readonly mayGoOn: () => boolean },
): Promise<readonly FailedDownload[]> {
  const { directory, entries } = versions;
  const present = new Set(entries.map((entry) => entry.name));
  const failed = new Map<string, FailedDownload>();
  const earlier: FailedDownload[] = [];
  for (const { file, ...trace } of unfinished(versions, present)) {
    if (!mayGoOn()) break;
    const atMs = await modifiedAt(path.join(directory, file));
    if (atMs === undefined) continue;
    const ziphash = `${file.replace(/\.lock$/, '')}.ziphash`;
    const isLock = trace.trace === 'lock';
    if (atMs >= sinceMs) {
      if (isLock && (await isAsNew(path.join(directory, ziphash), sinceMs))) continue;
      const key = `${trace.module.version} ${trace.kind}`;
      failed.set(key, merge({ ...trace, atMs }, failed.get(key)));
    } else if (isLock && !present.has(ziphash)) earlier.push({ ...trace, atMs });
  }
  return failed.size > 0
    ? [...failed.values()]
    : await findFailedAgain(versions, earlier, { sinceMs, mayGoOn });
}

interface Unfinished extends Omit<FailedDownload, 'atMs'> {
  /** The trace itself. */
  readonly file: string;
}

/** What is there without the file that it was for. */
function unfinished(
  { escapedPath, entries }: VersionsDirectory,
  present: ReadonlySet<string>,
): readonly Unfinished[] {
  return entries.flatMap((entry) => {
    const found = entry.isFile() ? traceOf(entry.name) : undefined;
    if (found === undefined || present.has(`${found.version}.${found.kind}`)) return [];
    const module = readModule(escapedPath, found.version);
    if (module === undefined || module.path === NEVER_DOWNLOADED) return [];
    return [{ module, trace: found.trace, kind: found.kind, file: entry.name }];
  });
}

function traceOf(
  name: string,
): (Pick<FailedDownload, 'trace' | 'kind'> & { readonly version: string }) | undefined {
  const [, locked] = LOCK.exec(name) ?? [];
  if (locked !== undefined) return { version: locked, trace: 'lock', kind: 'zip' };
  const [, version, kind] = TEMP_FILE.exec(name) ?? [];
  if (version === undefined || (kind !== 'zip' && kind !== 'mod' && kind !== 'info')) return;
  return { version, trace: 'temp-file', kind };
}

/** The names are those of directories and files, and anybody's: what go would refuse is not go's. */
function readModule(escapedPath: string, escapedVersion: string): ModuleVersion | undefined {
  try {
    const module = { path: unescapePath(escapedPath), version: unescapeVersion(escapedVersion) };
    checkModuleVersion(module);
    return module;
  } catch {
    return;
  }
}

/** The .ziphash is written after the zip was verified: when it is as new, somebody has removed the zip, to save space. */
async function isAsNew(ziphash: string, sinceMs: number): Promise<boolean> {
  const hashedAtMs = await modifiedAt(ziphash);
  return hashedAtMs !== undefined && hashedAtMs >= sinceMs;
}

function merge(one: FailedDownload, other: FailedDownload | undefined): FailedDownload {
  if (other === undefined) return one;
  const trace = one.trace === 'temp-file' ? one.trace : other.trace;
  return { ...one, trace, atMs: Math.max(one.atMs, other.atMs) };
}

/**
 * Where an earlier job failed already, go finds its lock and does not touch it. But it makes a temporary file and removes
 * it: when the directory has changed since, and no file in it has, and only one version lacks its zip, then that one.
 */
async function findFailedAgain(
  { directory, entries }: VersionsDirectory,
  earlier: readonly FailedDownload[],
  { sinceMs, mayGoOn }: { readonly sinceMs: number; readonly mayGoOn: () => boolean },
): Promise<readonly FailedDownload[]> {
  const [only, ...others] = earlier;
  if (only === undefined || others.length > 0) return [];
  const atMs = Math.min((await lstat(directory).catch(() => undefined))?.mtimeMs ?? 0, LATEST_MS);
  if (atMs < sinceMs) return [];
  for (const { name } of entries) {
    if (!mayGoOn()) return [];
    const stats = await lstat(path.join(directory, name)).catch(() => undefined);
    if (stats === undefined || stats.mtimeMs >= sinceMs) return [];
  }
  return [{ ...only, atMs }];
}

/** The end of the year 9999: some file systems keep times that no Date can hold. */
const LATEST_MS = Date.UTC(10_000, 0) - 1;

/** Returns when a regular file was last written, milliseconds since the epoch; undefined for anything else. */
export async function modifiedAt(file: string): Promise<number | undefined> {
  const stats = await lstat(file).catch(() => undefined);
  return stats?.isFile() === true ? Math.min(stats.mtimeMs, LATEST_MS) : undefined;
}
