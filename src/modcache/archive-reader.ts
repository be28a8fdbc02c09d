import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract } from 'tar-stream';
import type { ZipHasher } from '../go/h1.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { archiveName } from './archive-name.ts';
import { MAX_BYTES } from './cache-entry.ts';
import { asModCacheError, ModCacheError, systemCode } from './modcache-error.ts';
import { place } from './placing.ts';
import type { StagedFile, Staging } from './staging.ts';

/** Why an entry of an archive was not taken. */
export type Refusal =
  /** No file of the wanted set bears that name; nor could any: absolute names and `..` are among these. */
  | 'foreign-name'
  /** Neither a regular file nor a directory: a link, a device. Directories, which honest archives have, are passed over. */
  | 'not-a-file'
  /** The second of a name. */
  | 'duplicate'
  | 'too-large';

/** A file of the archive that is not what go.sum says. */
export interface WrongEntry {
  readonly file: WantedFile;
  readonly why: ModCacheError;
}

/** What an archive held. */
export interface ArchiveResult {
  readonly placed: readonly WantedFile[];
  /** Bytes of the placed files. */
  readonly bytes: number;
  readonly wrong: readonly WrongEntry[];
  /** How many entries were refused, by reason. */
  readonly refused: ReadonlyMap<Refusal, number>;
  readonly entries: number;
  /** Why reading ended before the end; what was placed until then is right. */
  readonly cutShort?: CutShort;
}

/** Why an archive was not read to its end. */
export interface CutShort {
  /** One clause in our own words that follows "the archive": "cannot be read to its end". */
  readonly reason: string;
  /** What reading met, of `tar` when that failed, for whoever made that to describe it better. */
  readonly error: unknown;
}

/** Bounds of an archive. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Of the unpacked archive, headers and padding included. */
  readonly bytes: number;
}

/** DESIGN §3.5. */
export const ARCHIVE_LIMITS: ArchiveLimits = { entries: 100_000, bytes: 10 * 2 ** 30 };

/** What reading an archive needs. */
export interface ArchiveRequest {
  /** The files that may be taken; what the module cache has already need not be among them. */
  readonly wanted: readonly WantedFile[];
  readonly staging: Staging;
  readonly limits?: ArchiveLimits;
  readonly signal: AbortSignal;
  /** Hashes zips; default: on this thread. */
  readonly hashZip?: ZipHasher;
}

/** So many files are verified while the next ones are read. */
const PLACING = 8;

/**
 * Reads an unpacked tar archive as a stream and places the files of the wanted set that it holds, each verified like a
 * fetched one. No name of the archive becomes a path, only regular entries are read, everything else is skipped and
 * counted. Never rejects for what an archive can hold: it ends early and says why.
 * @throws the reason of `signal`; ModCacheError when the module cache takes nothing.
 */
export async function readArchive(tar: Readable, request: ArchiveRequest): Promise<ArchiveResult> {
  const reader = new ArchiveReader(request);
  const entries = extract();
  // Not only what entries say: zeros between them, and headers of headers, are bytes too.
  tar.on('data', (piece: Uint8Array) => {
    const end = reader.count(piece.length);
    if (end !== undefined) tar.destroy(end);
  });
  tar.pause();
  const fed = pipeline(tar, entries, { signal: request.signal });
  // It is awaited behind the last entry; a failure before that must not count as unhandled, which ends the process.
  fed.catch(() => {});
  try {
    for await (const entry of entries) await reader.take(entry);
    await fed;
  } catch (error) {
    reader.stop(isOwn(error) ? error : (errorOf(tar) ?? error));
    entries.destroy();
    await fed.catch(() => {});
  }
  return await reader.finish();
}

function isOwn(error: unknown): boolean {
  return error instanceof ArchiveEnd || error instanceof ModCacheError;
}

/** Returns what a stream failed with by itself, not because its reader went away. */
function errorOf(tar: Readable): Error | undefined {
  const error = tar.errored;
  return error === null || systemCode(error) === 'ERR_STREAM_PREMATURE_CLOSE' ? undefined : error;
}

type Entry = Extract extends AsyncIterable<infer Source> ? Source : never;

/** Ends the reading; the reason is told. */
class ArchiveEnd extends Error {
  override readonly name = 'ArchiveEnd';
}

class ArchiveReader {
  readonly #request: ArchiveRequest;
  readonly #limits: ArchiveLimits;
  readonly #open: Map<string, WantedFile>;
  readonly #seen = new Set<string>();
  readonly #placed: WantedFile[] = [];
  readonly #wrong: WrongEntry[] = [];
  readonly #refused = new Map<Refusal, number>();
  readonly #running = new Set<Promise<void>>();
  #bytes = 0;
  #read = 0;
  #entries = 0;
  #cutShort: CutShort | undefined;
  #fatal: unknown;

  constructor(request: ArchiveRequest) {
    this.#request = request;
    this.#limits = request.limits ?? ARCHIVE_LIMITS;
    this.#open = new Map(request.wanted.map((file) => [archiveName(file), file]));
  }

  async take(entry: Entry): Promise<void> {
    const { name, type, size = 0 } = entry.header;
    if (this.#fatal !== undefined) throw this.#fatal;
    if (++this.#entries > this.#limits.entries) {
      throw new ArchiveEnd(`has more than ${this.#limits.entries} entries`);
    }
    if (size > this.#limits.bytes) throw this.#tooMuch();
    if (type === 'directory') {
      entry.resume();
      return;
    }
    const file = this.#open.get(name);
    const refusal = this.#refusalOf(file, { name, type, size });
    if (file === undefined || refusal !== undefined) {
      this.#refused.set(refusal ?? 'foreign-name', (this.#refused.get(refusal ?? 'foreign-name') ?? 0) + 1);
      entry.resume();
      return;
    }
    this.#seen.add(name);
    await this.#stage(file, entry);
  }

  /** Counts bytes of the unpacked archive; returns why to stop when there are too many. */
  count(bytes: number): Error | undefined {
    this.#read += bytes;
    return this.#read > this.#limits.bytes ? this.#tooMuch() : undefined;
  }

  #tooMuch(): ArchiveEnd {
    return new ArchiveEnd(`unpacks to more than ${this.#limits.bytes} bytes`);
  }

  /** Notes why the reading ended early. */
  stop(error: unknown): void {
    if (error instanceof ModCacheError) this.#fatal ??= error;
    const reason = error instanceof ArchiveEnd ? error.message : describeEnd(error);
    this.#cutShort ??= { reason, error };
  }

  async finish(): Promise<ArchiveResult> {
    await Promise.all(this.#running);
    this.#request.signal.throwIfAborted();
    if (this.#fatal !== undefined) throw this.#fatal;
    return {
      placed: this.#placed,
      bytes: this.#bytes,
      wrong: this.#wrong,
      refused: this.#refused,
      entries: this.#entries,
      ...(this.#cutShort === undefined ? {} : { cutShort: this.#cutShort }),
    };
  }

  #refusalOf(
    file: WantedFile | undefined,
    {
      name,
      type,
      size,
    }: { readonly name: string; readonly type: Entry['header']['type']; readonly size: number },
  ): Refusal | undefined {
    if (type !== 'file') return 'not-a-file';
    if (file === undefined) return 'foreign-name';
    if (this.#seen.has(name)) return 'duplicate';
    return size > MAX_BYTES[file.kind] ? 'too-large' : undefined;
  }

  /** Reading goes on while files are verified, a few at a time. */
  async #stage(file: WantedFile, entry: Entry): Promise<void> {
    const staged = await this.#request.staging.create();
    try {
      for await (const piece of entry) await append(staged, piece as Buffer);
    } catch (error) {
      await staged.discard();
      throw error;
    }
    while (this.#running.size >= PLACING) await Promise.race(this.#running);
    const { size = 0 } = entry.header;
    const running: Promise<void> = this.#place(file, staged, size).finally(() =>
      this.#running.delete(running),
    );
    this.#running.add(running);
  }

  async #place(file: WantedFile, staged: StagedFile, size: number): Promise<void> {
    try {
      const { staging, signal, hashZip } = this.#request;
      await place(staging, staged, file, { signal, ...(hashZip === undefined ? {} : { hashZip }) });
      this.#placed.push(file);
      this.#bytes += size;
    } catch (error) {
      await staged.discard();
      if (error instanceof ModCacheError && error.isContent) this.#wrong.push({ file, why: error });
      else this.#fatal ??= error;
    }
  }
}

/** @throws ModCacheError, so that a full disk is not taken for a broken archive. */
async function append({ handle, path }: StagedFile, piece: Uint8Array): Promise<void> {
  try {
    await handle.appendFile(piece);
  } catch (error) {
    throw asModCacheError(error, path);
  }
}

function describeEnd(error: unknown): string {
  // Of zlib and the system; what streams say of each other tells nobody anything.
  const code = /^(?:Z_|ZSTD_|E[A-Z]+$)/.test(systemCode(error) ?? '') ? ` (${systemCode(error)})` : '';
  return `cannot be read to its end${code}`;
}
