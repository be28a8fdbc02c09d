import { hash as hashOnce } from 'node:crypto';
import { readZipDirectory, zipError } from './zip-directory.ts';
import { hashZipEntries, type ZipEntryHash } from './zip-entries.ts';
import { withZipReader, type ZipSource } from './zip-source.ts';

export type { ZipSource } from './zip-source.ts';

/** Bounds of a module zip, in bytes. */
export interface ZipLimits {
  /** Of the zip itself; default 500 MiB, as x/mod/zip: MaxZipFile. */
  readonly zipBytes?: number;
  /** Of all entries unpacked, by what they declare and by what they are; default 500 MiB, as x/mod/zip: MaxZipFile. */
  readonly unpackedBytes?: number;
  /** Of the central directory, which is held in memory as a whole; default 64 MiB. */
  readonly directoryBytes?: number;
  /** Ends the work between two entries. */
  readonly signal?: AbortSignal;
}

/** What hashZip returns. */
export interface ZipHash {
  /** `h1:…`, as it stands in go.sum and in `.ziphash`. */
  readonly hash: string;
  /** Entries, directories among them. */
  readonly files: number;
  readonly unpackedBytes: number;
}

/** Hashes zips; {@link hashZip}, or something that does it on other threads. */
export type ZipHasher = (source: ZipSource, limits?: ZipLimits) => Promise<ZipHash>;

const MEBIBYTE = 2 ** 20;
/** x/mod/zip: MaxZipFile. */
const MAX_ZIP_BYTES = 500 * MEBIBYTE;
const MAX_DIRECTORY_BYTES = 64 * MEBIBYTE;

/** Says whether the text is an h1 hash: `h1:` and SHA-256 in canonical base64. */
export function isH1(text: string): boolean {
  // 32 bytes are 42 full characters and four bits, of which the last two of the 43rd character are zero.
  return /^h1:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text);
}

/** Returns the h1 hash of a go.mod file, as the `/go.mod` lines of go.sum have it (modfetch/fetch.go: goModSum). */
export function hashGoMod(bytes: Uint8Array): string {
  return h1(`${hashOnce('sha256', bytes, 'hex')}  go.mod\n`);
}

/**
 * Returns the h1 hash of a module zip, as go.sum has it (x/mod/sumdb/dirhash: HashZip), after checking all that
 * archive/zip checks: declared sizes, CRCs, methods. Memory stays at some 10 MiB beside the directory, whatever the zip
 * says; zips can be hashed at the same time, and the event loop turns at least once per 4 MiB.
 *
 * The prefix `path@version/` of the names is not checked: go does, and a hash from go.sum covers it.
 * @throws GoRuleError 'zip' when it is no module zip, can be read in more than one way, or passes a limit.
 * Errors of the file system (ENOENT, …) and the reason of `signal` come as they are.
 */
export async function hashZip(source: ZipSource, limits: ZipLimits = {}): Promise<ZipHash> {
  const { zipBytes = MAX_ZIP_BYTES, unpackedBytes = MAX_ZIP_BYTES, signal } = limits;
  return await withZipReader(source, zipBytes, async (reader) => {
    const directory = await readZipDirectory(reader, limits.directoryBytes ?? MAX_DIRECTORY_BYTES);
    let declared = 0;
    let packed = 0;
    for (const entry of directory) {
      if (entry.name.includes('\n')) throw zipError('the name of an entry has a line break');
      declared += entry.unpackedBytes;
      packed += entry.packedBytes;
    }
    if (declared > unpackedBytes) {
      throw zipError(`unpacked it has ${declared} bytes, at most ${unpackedBytes} are allowed`);
    }
    // Entries that share their data are a way to make little input much work; no honest tool writes them.
    if (packed > reader.size) throw zipError('its entries overlap');
    const hashes = await hashZipEntries(reader, directory, signal);
    return { hash: hashOfEntries(hashes), files: directory.length, unpackedBytes: declared };
  });
}

/** Go opens entries by name, so that of two with the same name the last one counts for both (dirhash: HashZip). */
function hashOfEntries(entries: readonly ZipEntryHash[]): string {
  const last = new Map(entries.map((entry) => [entry.name, entry.sha256]));
  const names = entries.map((entry) => entry.name).sort(compareBytes);
  return h1(Buffer.from(names.map((name) => `${last.get(name)}  ${name}\n`).join(''), 'latin1'));
}

/** Names have one character per byte. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function h1(lines: string | Uint8Array): string {
  return `h1:${hashOnce('sha256', lines, 'base64')}`;
}
