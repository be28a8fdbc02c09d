import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, lstat, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canonicalInfo } from '../go/info-text.ts';
import { openRegular } from '../go/regular-file.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { archiveName } from './archive-name.ts';
import { cachePath, MAX_BYTES } from './cache-entry.ts';
import { mapLimited } from './map-limited.ts';
import { asModCacheError, ModCacheError, systemCode } from './modcache-error.ts';
import { checkContent } from './staged-content.ts';

/** What was laid out. */
export interface ArchiveLayout {
  readonly files: number;
  readonly bytes: number;
}

/** What is laid out, and where. */
export interface LayoutRequest {
  readonly goModCache: string;
  /** Public files only; see `cacheable`. */
  readonly files: readonly WantedFile[];
  /** A private directory that exists. */
  readonly root: string;
  readonly signal: AbortSignal;
}

const WORKERS = 4;

/**
 * Lays the files out below `root` under their names in an archive: zips and go.mod files as hard links, copies where the
 * module cache is on another device; each is opened, must be a regular file, and is hashed through that descriptor. Of an
 * info file only version and time are kept, as of a fetched one: go writes more into its own.
 * @throws ModCacheError for the first file that is not what go.sum says or cannot be laid out; the reason of `signal`.
 */
export async function layOutArchive({
  goModCache,
  files,
  root,
  signal,
}: LayoutRequest): Promise<ArchiveLayout> {
  const sizes = await mapLimited(files, WORKERS, signal, async (file) => {
    const target = path.join(root, ...archiveName(file).split('/'));
    const source = cachePath(goModCache, file);
    try {
      await mkdir(path.dirname(target), { recursive: true });
      if (file.kind === 'info') return await writeInfo(source, target, file);
      await linkOrCopy(source, target);
      return await verify(target, file, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw asModCacheError(error, target);
    }
  });
  return { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function writeInfo(source: string, target: string, { module }: WantedFile): Promise<number> {
  await using handle = await openFile(source);
  const { size } = await handle.stat();
  if (size > MAX_BYTES.info) throw new ModCacheError('modcache-too-large', `${source} is too large`);
  const info = canonicalInfo(module, await handle.readFile());
  if (info.kind === 'wrong') {
    throw new ModCacheError('modcache-wrong-info', `${source} is no info file of ${module.version}`);
  }
  await writeFile(target, info.bytes, { flag: 'wx' });
  return info.bytes.length;
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  // link(2) on Linux links a symbolic link itself; what was linked is looked at before it is opened.
  try {
    await link(source, target);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error) ?? '')) throw error;
    if (!(await lstat(source)).isFile()) throw notAFile(source);
    await copyFile(source, target, constants.COPYFILE_EXCL);
  }
}

/** Other devices, file systems without links, and rules that forbid links to files of others. */
const NO_LINKS: ReadonlySet<string> = new Set([
  'EXDEV',
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'ENOSYS',
]);

async function verify(target: string, file: WantedFile, signal: AbortSignal): Promise<number> {
  await using handle = await openFile(target);
  await checkContent(handle, file, { signal });
  return (await handle.stat()).size;
}

async function openFile(file: string): Promise<FileHandle> {
  const handle = await openRegular(file);
  if (handle === undefined) throw notAFile(file);
  return handle;
}

function notAFile(target: string): ModCacheError {
  return new ModCacheError('modcache-corrupt-entry', `${target} is no regular file`);
}
