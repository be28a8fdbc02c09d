import { constants } from 'node:fs';
import { lstat, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { escapePath } from '../go/module-path.ts';
import { openRegular } from '../go/regular-file.ts';
import { checkModuleVersion, escapeVersion, type ModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { cachePath, zipHashPath } from './cache-entry.ts';
import { asModCacheError, systemCode } from './modcache-error.ts';
import { lookBelow } from './real-directory.ts';
import { renameOver, retryWhileBusy } from './renaming.ts';
import type { Staging } from './staging.ts';
import { makeWritable, removalBudget, removeTree } from './tree-removal.ts';

/**
 * Removes a wrong file from the module cache, so that go asks for it again instead of believing it; of a zip also the
 * `.ziphash`, for which go believes it unread, and the directory extracted from it. Nothing when there is nothing.
 *
 * A process that ends in between leaves what was there before or what go fetches afresh: `.partial` comes first, the
 * zip goes before the `.ziphash`.
 * @throws ModCacheError; 'modcache-corrupt-link' before anything is changed when one of these is a link or behind one.
 */
export async function removeWrong(staging: Staging, file: WantedFile): Promise<void> {
  checkModuleVersion(file.module);
  const target = cachePath(staging.goModCache, file);
  const targets = file.kind === 'zip' ? [target, zipHashPath(target)] : [target];
  for (const each of targets) await lookBelow(staging.goModCache, each);
  if (file.kind === 'zip') await checkExtracted(staging, file.module);
  const mark =
    file.kind === 'zip' && (await lookBelow(staging.goModCache, path.dirname(target))) !== undefined;
  if (mark) await markPartial(staging, file.module);
  for (const each of targets) await removeEntry(staging, each);
  if (mark) await moveAside(staging, extractedPath(staging.goModCache, file.module));
}

/**
 * Makes go extract a module afresh when there is an extracted directory: go removes one that has a `.partial` under its
 * own lock. Without that it would believe the directory as soon as there is a `.ziphash`, whoever made it
 * (modfetch/fetch.go: unzip asks DownloadDir again after DownloadZip wrote one). The directory is removed too, if it can be.
 * @throws ModCacheError 'modcache-corrupt-link' before anything is changed.
 */
export async function distrustExtracted(staging: Staging, module: ModuleVersion): Promise<void> {
  if (!(await checkExtracted(staging, module))) return;
  await markPartial(staging, module);
  await moveAside(staging, extractedPath(staging.goModCache, module));
}

/** Says whether there is something where go extracts the module. @throws ModCacheError 'modcache-corrupt-link' */
export async function checkExtracted(staging: Staging, module: ModuleVersion): Promise<boolean> {
  await lookBelow(staging.goModCache, partialPath(staging.goModCache, module));
  return (await lookBelow(staging.goModCache, extractedPath(staging.goModCache, module))) !== undefined;
}

/** Returns what the `.ziphash` of a zip says, as go reads it (checkMod: trimmed); undefined when it says nothing. */
export async function readZipHash(staging: Staging, zip: string): Promise<string | undefined> {
  const target = zipHashPath(zip);
  if ((await lookBelow(staging.goModCache, target)) !== 'file') return undefined;
  try {
    await using handle = await openRegular(target);
    if (handle === undefined) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead).trim();
  } catch {
    // Go cannot read it either, or another program removed it just now; it is replaced.
    return undefined;
  }
}

/** Removes a file, or whatever else is in the place of one; a file stays when it will be renamed over. @throws ModCacheError */
export async function removeEntry(
  staging: Staging,
  target: string,
  { onlyDirectories = false } = {},
): Promise<void> {
  try {
    const kind = await lookBelow(staging.goModCache, target);
    if (kind === undefined) return;
    if (kind !== 'directory') {
      if (!onlyDirectories) await retryWhileBusy(() => unlink(target));
      return;
    }
    if (!(await moveAside(staging, target))) await removeTree(target, removalBudget());
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw asModCacheError(error, target);
  }
}

/** Returns where go extracts a module (modfetch/cache.go: DownloadDir). */
export function extractedPath(goModCache: string, { path: name, version }: ModuleVersion): string {
  return path.join(goModCache, ...`${escapePath(name)}@${escapeVersion(version)}`.split('/'));
}

function partialPath(goModCache: string, module: ModuleVersion): string {
  return cachePath(goModCache, { module, kind: 'zip' }).replace(/zip$/, 'partial');
}

/** Go removes it when it has extracted the module, and takes no offence at one without a directory. */
async function markPartial(staging: Staging, module: ModuleVersion): Promise<void> {
  const target = partialPath(staging.goModCache, module);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  try {
    await (await open(target, flags, 0o666)).close();
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw asModCacheError(error, target);
  }
}

/**
 * Moves a directory away in one step and removes it there. Returns whether it is out of the way; when it cannot be moved
 * (a device of its own, someone else's directory), it stays as it is.
 */
async function moveAside(staging: Staging, directory: string): Promise<boolean> {
  const aside = staging.newPath();
  try {
    const stats = await lstat(directory);
    // Moving a directory to another one changes its `..`, which needs the right to write it.
    if (stats.isDirectory()) await makeWritable(directory, stats);
    await renameOver(directory, aside);
  } catch (error) {
    return systemCode(error) === 'ENOENT';
  }
  await removeTree(aside, removalBudget());
  return true;
}
