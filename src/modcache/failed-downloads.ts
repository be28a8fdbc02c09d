import path from 'node:path';
import { openRegular } from '../go/regular-file.ts';
import { compareModuleVersions } from '../go/version.ts';
import { mapLimited } from './map-limited.ts';
import { type Place, realCacheDirectory, type TraceLimits, TraceWalk } from './trace-walk.ts';
import { type FailedDownload, modifiedAt, readVersionTraces } from './version-traces.ts';

export type { TraceLimits } from './trace-walk.ts';
export type { FailedDownload } from './version-traces.ts';

/** A repository that go asked git (or another version control system) for, with or without success. */
export interface TriedRepository {
  /** Without userinfo, query and fragment; its host is not empty. */
  readonly url: string;
  readonly atMs: number;
}

/** Options of {@link findFailedDownloads} and {@link findTriedRepositories}. */
export interface TraceOptions {
  /** What is older is of another job; milliseconds since the epoch, compared with the clock of the file system. */
  readonly sinceMs: number;
  readonly signal: AbortSignal;
  readonly limits?: Partial<TraceLimits>;
}

const WORKERS = 8;
const INFO_LIMIT_BYTES = 4096;

/**
 * Returns what go began to download at `sinceMs` or later and does not have, the oldest first, each file once: a `.lock`
 * without its zip, or a temporary file without the file that it was to become. A lock is made before the first request for
 * a zip and stays (modfetch: DownloadZip); a failed request for a `.mod` or `.info` leaves nothing. No link below GOMODCACHE
 * is followed, names that go would not write are passed over, and so is what cannot be read. `cutShort` says that a limit
 * was met or a directory could not be read. Rejects only with the reason of the signal.
 */
export async function findFailedDownloads(
  goModCache: string,
  { sinceMs, signal, limits = {} }: TraceOptions,
): Promise<{ readonly downloads: readonly FailedDownload[]; readonly cutShort: boolean }> {
  const walk = new TraceWalk(limits, signal);
  const top = await realCacheDirectory(goModCache, 'download');
  const mayGoOn = () => walk.mayGoOn();
  const found: FailedDownload[] = [];
  let level: readonly Place[] = top === undefined ? [] : [{ directory: top, names: [] }];
  while (level.length > 0) {
    const below = await mapLimited(level, WORKERS, signal, async (place) => {
      const { directory, names } = place;
      const entries = await walk.read(directory);
      if (names.at(-1) !== '@v') return walk.deeper(place, entries);
      const escapedPath = names.slice(0, -1).join('/');
      const versions = { directory, escapedPath, entries };
      for (const one of await readVersionTraces(versions, { sinceMs, mayGoOn })) found.push(one);
      return [];
    });
    level = below.flat();
  }
  found.sort((a, b) => a.atMs - b.atMs || compareModuleVersions(a.module, b.module));
  const { downloads: most } = walk.limits;
  return { downloads: found.slice(0, most), cutShort: walk.isCutShort || found.length > most };
}

/**
 * Returns the repositories that go began to use at `sinceMs` or later, the oldest first: those of cache/vcs, whose `.info`
 * is written before the first command (codehost: WorkDir) and stays whatever becomes of it. Limits and errors as for
 * {@link findFailedDownloads}.
 */
export async function findTriedRepositories(
  goModCache: string,
  { sinceMs, signal, limits = {} }: TraceOptions,
): Promise<readonly TriedRepository[]> {
  const walk = new TraceWalk(limits, signal);
  const directory = await realCacheDirectory(goModCache, 'vcs');
  const entries = directory === undefined ? [] : await walk.read(directory);
  const tried: TriedRepository[] = [];
  for (const { name } of entries) {
    if (directory === undefined || tried.length >= walk.limits.downloads || !walk.mayGoOn()) break;
    if (!/^[0-9a-f]{64}\.info$/.test(name)) continue;
    const file = path.join(directory, name);
    const atMs = await modifiedAt(file);
    if (atMs === undefined || atMs < sinceMs) continue;
    const url = repositoryUrl(await readStart(file).catch(() => ''));
    if (url !== undefined) tried.push({ url, atMs });
  }
  return tried.sort((a, b) => a.atMs - b.atMs);
}

/** Returns the text of a file, '' when it is too long for what go writes there. */
async function readStart(file: string): Promise<string> {
  await using handle = await openRegular(file);
  if (handle === undefined) return '';
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(INFO_LIMIT_BYTES + 1),
    0,
    INFO_LIMIT_BYTES + 1,
    0,
  );
  return bytesRead > INFO_LIMIT_BYTES ? '' : buffer.toString('utf8', 0, bytesRead);
}

/** `git3:https://host/path`, `vcs1.hg:...` (codehost: gitWorkDirType, vcsWorkDirType). */
function repositoryUrl(info: string): string | undefined {
  const [, remote] = /^(?:git\d{1,3}|vcs\d{1,3}\.[a-z]{1,10}):([a-z+]{1,10}:\/\/\S+)\n?$/.exec(info) ?? [];
  const url = remote === undefined ? null : URL.parse(remote);
  if (url === null || url.host === '') return;
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
