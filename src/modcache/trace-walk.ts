import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './modcache-error.ts';
import { lookBelow } from './real-directory.ts';

/** How much of the module cache is looked at. */
export interface TraceLimits {
  readonly directories: number;
  /** Files and directories together. */
  readonly entries: number;
  /** Below cache/download. */
  readonly depth: number;
  readonly timeMs: number;
  /** Traces that are kept. */
  readonly downloads: number;
}

/** A module cache of 5,000 modules has a quarter of these directories. */
const LIMITS: TraceLimits = {
  directories: 100_000,
  entries: 1_000_000,
  depth: 64,
  // Less than the search gives the whole look (later-steps.ts): what was found by then is worth telling.
  timeMs: 4_000,
  downloads: 1_000,
};

/** A directory below cache/download, with the names that lead to it. */
export interface Place {
  readonly directory: string;
  readonly names: readonly string[];
}

/** Reads directories of the module cache within limits. */
export class TraceWalk {
  readonly limits: TraceLimits;
  isCutShort = false;
  readonly #signal: AbortSignal;
  readonly #until: number;
  #directories = 0;
  #entries = 0;

  constructor(limits: Partial<TraceLimits>, signal: AbortSignal) {
    this.limits = { ...LIMITS, ...limits };
    this.#signal = signal;
    this.#until = performance.now() + this.limits.timeMs;
  }

  /** Returns what is in a directory; nothing where it cannot be read, and less where a limit is met. */
  async read(directory: string): Promise<readonly Dirent[]> {
    const entries: Dirent[] = [];
    this.#directories++;
    if (!this.mayGoOn()) return entries;
    try {
      for await (const entry of await opendir(directory, { bufferSize: 256 })) {
        if (!this.mayGoOn()) break;
        this.#entries++;
        entries.push(entry);
      }
    } catch (error) {
      if (this.#signal.aborted) throw error;
      // What was removed meanwhile, as by `go clean -modcache`, is no loss.
      if (systemCode(error) !== 'ENOENT') this.isCutShort = true;
    }
    return entries;
  }

  /** Returns the directories below a place, without the checksum database, which has names of its own. */
  deeper({ directory, names }: Place, entries: readonly Dirent[]): readonly Place[] {
    const below = entries.filter(
      (entry) => entry.isDirectory() && !(names.length === 0 && entry.name === 'sumdb'),
    );
    if (names.length < this.limits.depth) {
      return below.map(({ name }) => ({ directory: path.join(directory, name), names: [...names, name] }));
    }
    if (below.length > 0) this.isCutShort = true;
    return [];
  }

  /** Says whether no limit is met yet. @throws the reason of the signal */
  mayGoOn(): boolean {
    this.#signal.throwIfAborted();
    const { directories, entries } = this.limits;
    const isOver =
      this.#directories > directories || this.#entries >= entries || performance.now() > this.#until;
    if (isOver) this.isCutShort = true;
    return !isOver;
  }
}

/** Returns `cache/NAME`; undefined where there is none, or a link on the way from GOMODCACHE. */
export async function realCacheDirectory(goModCache: string, name: string): Promise<string | undefined> {
  if (!path.isAbsolute(goModCache)) return;
  const root = path.resolve(goModCache);
  const directory = path.join(root, 'cache', name);
  const found = await lookBelow(root, directory).catch(() => undefined);
  return found === 'directory' ? directory : undefined;
}
