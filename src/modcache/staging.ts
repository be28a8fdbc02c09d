import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { asModCacheError, ModCacheError } from './modcache-error.ts';
import { RealDirectories } from './real-directory.ts';
import { renameOver } from './renaming.ts';
import { type RemovalBudget, removalBudget, removeTree, removeTreeNow } from './tree-removal.ts';

/** A file in a staging directory that nobody else can name or reach. Disposing of it is discarding it. */
export interface StagedFile extends AsyncDisposable {
  /** To write into and to read back. */
  readonly handle: FileHandle;
  readonly path: string;
  /** Closes it and moves it to where it belongs; then there is nothing left to discard. */
  moveTo(target: string): Promise<void>;
  /** Closes and removes it; nothing when it was placed. Never throws. */
  discard(): Promise<void>;
}

/** A directory on the module cache's own file system in which files wait until they are verified. */
export interface Staging extends AsyncDisposable {
  /** Absolute; may be reached through links. */
  readonly goModCache: string;
  readonly directory: string;
  /** Directories below `goModCache`, looked at once. */
  readonly directories: RealDirectories;
  /**
   * Makes an empty file to write into: exclusively, not through a link, with the mode that go gives its files (0666
   * less the umask); the directory keeps others out.
   * @throws ModCacheError
   */
  create(): Promise<StagedFile>;
  /** Makes a file with these bytes. @throws ModCacheError */
  stage(bytes: Uint8Array): Promise<StagedFile>;
  /** Returns a new name in the directory. */
  newPath(): string;
  /** Removes the directory and all in it before it returns, for signal handlers. Never throws; may be called again. */
  removeNow(): void;
}

/** Must not match go's `<zip>*.tmp`, which go removes, and be nothing that go looks for below `cache`. */
const NAME = /^setup-goproxy-staging-[0-9a-f]{32}$/;
/** A run that is older is over: the prefetch ends after minutes. */
const DEAD_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a staging directory below `$GOMODCACHE/cache/`, exclusively, under a name that cannot be guessed, for the owner
 * only (0700). Directories of the module cache that lack are made as go makes them (modfetch/cache.go: checkCacheDir,
 * 0777 less the umask). What runs that were killed left behind is removed when it is older than a day by `now` (ms).
 * @throws ModCacheError when GOMODCACHE is not absolute or cannot be written, and when `cache` or `cache/download` is a
 * link or no directory. GOMODCACHE itself and what is above it may be links.
 */
export async function openStaging(goModCache: string, { now = Date.now() } = {}): Promise<Staging> {
  if (!path.isAbsolute(goModCache)) {
    throw new ModCacheError('modcache-not-absolute', 'GOMODCACHE is relative, go allows only absolute paths');
  }
  const root = path.resolve(goModCache);
  const directories = new RealDirectories(root);
  await makeRoot(root);
  await directories.make(path.join(root, 'cache', 'download'));
  const cache = path.join(root, 'cache');
  const directory = path.join(cache, `setup-goproxy-staging-${randomName()}`);
  try {
    await removeDead(cache, now);
    await mkdir(directory, 0o700);
  } catch (error) {
    throw asModCacheError(error, directory);
  }
  return new StagingDirectory(root, directory, directories);
}

async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o777 });
    if ((await stat(root)).isDirectory()) return;
  } catch (error) {
    throw asModCacheError(error, root);
  }
  throw new ModCacheError('modcache-corrupt-entry', `GOMODCACHE is no directory: ${root}`);
}

/** Best effort, never through links, and only what bears a name of ours. */
async function removeDead(cache: string, now: number): Promise<void> {
  const budget: RemovalBudget = removalBudget();
  for (const name of await readdir(cache)) {
    if (!NAME.test(name)) continue;
    const old = path.join(cache, name);
    const stats = await lstat(old).catch(() => undefined);
    if (stats?.isDirectory() && now - stats.mtimeMs > DEAD_AFTER_MS) await removeTree(old, budget);
  }
}

const EXCLUSIVE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

function randomName(): string {
  return randomBytes(16).toString('hex');
}

class StagingDirectory implements Staging {
  readonly goModCache: string;
  readonly directory: string;
  readonly directories: RealDirectories;

  constructor(goModCache: string, directory: string, directories: RealDirectories) {
    this.goModCache = goModCache;
    this.directory = directory;
    this.directories = directories;
  }

  newPath(): string {
    return path.join(this.directory, randomName());
  }

  async create(): Promise<StagedFile> {
    const file = this.newPath();
    try {
      return new OpenStagedFile(file, await open(file, EXCLUSIVE, 0o666));
    } catch (error) {
      throw asModCacheError(error, file);
    }
  }

  async stage(bytes: Uint8Array): Promise<StagedFile> {
    const staged = await this.create();
    try {
      await staged.handle.writeFile(bytes);
      return staged;
    } catch (error) {
      await staged.discard();
      throw asModCacheError(error, staged.path);
    }
  }

  removeNow(): void {
    // Operations under way can add an entry between reading the directory and removing it; they are few and end at once.
    for (let round = 0; round < 5; round++) {
      if (removeTreeNow(this.directory, removalBudget())) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const whole = await removeTree(this.directory, removalBudget());
    if (!whole) this.removeNow();
  }
}

class OpenStagedFile implements StagedFile {
  readonly path: string;
  readonly handle: FileHandle;
  #isUsedUp = false;

  constructor(file: string, handle: FileHandle) {
    this.path = file;
    this.handle = handle;
  }

  async moveTo(target: string): Promise<void> {
    // Some file systems report errors of writing only now.
    await this.handle.close();
    await renameOver(this.path, target);
    this.#isUsedUp = true;
  }

  async discard(): Promise<void> {
    if (this.#isUsedUp) return;
    this.#isUsedUp = true;
    await this.handle.close().catch(() => undefined);
    await unlink(this.path).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }
}
