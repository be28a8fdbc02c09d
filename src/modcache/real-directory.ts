import { lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { asModCacheError, linkError, ModCacheError, systemCode } from './modcache-error.ts';

/** Directories below a root that were made, or found to be no links; each is looked at once. */
export class RealDirectories {
  readonly #root: string;
  readonly #known = new Map<string, Promise<void>>();

  /** `root` must exist; it may be reached through links: where the module cache lies is the user's choice. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Makes `directory`, which is below the root, and what lacks above it, with the mode that go gives them (0777 less the
   * umask, os.MkdirAll). Step by step, so that nothing is made through a link.
   * @throws ModCacheError 'modcache-corrupt-link' or 'modcache-corrupt-entry' for what is no directory; others for errors
   * of the file system.
   */
  async make(directory: string): Promise<void> {
    if (directory === this.#root) return;
    const known = this.#known.get(directory);
    if (known !== undefined) return await known;
    const made = this.#makeDown(directory);
    this.#known.set(directory, made);
    await made;
  }

  /** In a loop, not by recursion: a path that a hostile go.sum names can have thousands of elements. */
  async #makeDown(directory: string): Promise<void> {
    for (let end = this.#root.length; ; ) {
      end = directory.indexOf(path.sep, end + 1);
      if (end < 0) break;
      const above = directory.slice(0, end);
      const made = this.#known.get(above) ?? makeRealDirectory(above);
      this.#known.set(above, made);
      await made;
    }
    await makeRealDirectory(directory);
  }
}

async function makeRealDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, 0o777);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw asModCacheError(error, directory);
  }
  try {
    // Also when it was made just now: what is there is what counts.
    const stats = await lstat(directory);
    if (stats.isSymbolicLink()) throw linkError(directory);
    if (!stats.isDirectory()) {
      throw new ModCacheError(
        'modcache-corrupt-entry',
        `the module cache is corrupt: ${directory} is no directory`,
      );
    }
  } catch (error) {
    throw asModCacheError(error, directory);
  }
}

/**
 * Returns what is at `target`, which is below `root`, by lstat; undefined when there is nothing.
 * @throws ModCacheError 'modcache-corrupt-link' when it is a link or the way from `root` to it leads over one.
 */
export async function lookBelow(
  root: string,
  target: string,
): Promise<'file' | 'directory' | 'other' | undefined> {
  const stats = await lstatOrNothing(target);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) throw linkError(target);
  for (let above = path.dirname(target); above.length > root.length; above = path.dirname(above)) {
    if ((await lstatOrNothing(above))?.isSymbolicLink()) throw linkError(above);
  }
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'directory' : 'other';
}

async function lstatOrNothing(target: string) {
  try {
    return await lstat(target);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw asModCacheError(error, target);
  }
}
