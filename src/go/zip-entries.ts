import { createHash, hash as hashOnce } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { type ZipEntry, type ZipReader, zipError } from './zip-directory.ts';

/** An entry's name, one character per byte, and the SHA-256 of its content in hex. */
export interface ZipEntryHash {
  readonly name: string;
  readonly sha256: string;
}

/** What an entry's content came to. */
interface Content {
  readonly bytes: number;
  readonly crc: number;
  readonly sha256: string;
}

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
/** CRC and two sizes, without and with the signature. */
const MIN_DESCRIPTOR_BYTES = 12;
const MAX_DESCRIPTOR_BYTES = 16;
const NOTHING = Buffer.alloc(0);
const STORED = 0;
const DEFLATED = 8;
/** Up to here an entry is read and inflated in one go, which is many times faster than a stream; it takes some 10 ms. */
const AT_ONCE_BYTES = 2 ** 22;
/** Of a stream; and after so many bytes at once the event loop gets its turn. */
const CHUNK_BYTES = 2 ** 18;
const TURN_BYTES = 2 ** 20;

/**
 * Returns the content hash of every entry, in the order given. Reads them as archive/zip does (File.Open,
 * checksumReader): a directory has no content, sizes must be as declared, the CRC must be right where there is one.
 * @throws GoRuleError 'zip'; the reason of `signal` as it is.
 */
export async function hashZipEntries(
  reader: ZipReader,
  entries: readonly ZipEntry[],
  signal?: AbortSignal,
): Promise<readonly ZipEntryHash[]> {
  // In the order in which they lie, so that the disk is read once, forwards.
  const order = entries.map((entry, index) => ({ entry, index }));
  order.sort((a, b) => a.entry.offset - b.entry.offset);
  const hashes = new Array<ZipEntryHash>(entries.length);
  let sinceTurn = 0;
  for (const { entry, index } of order) {
    // Most entries are small and lie in what was read ahead: to wait for each would take as long as to hash it.
    hashes[index] = {
      name: entry.name,
      sha256: hashAtHand(reader, entry) ?? (await hashEntry(reader, entry)),
    };
    // A directory of many tiny entries takes time too.
    sinceTurn += entry.unpackedBytes + entry.packedBytes + LOCAL_BYTES;
    if (sinceTurn < TURN_BYTES) continue;
    sinceTurn = 0;
    await setImmediate();
    signal?.throwIfAborted();
  }
  return hashes;
}

/** Returns the hash of an entry that can be had without waiting; else undefined, as for all that is no plain small file. */
function hashAtHand(reader: ZipReader, entry: ZipEntry): string | undefined {
  if (isDirectory(entry) || isLarge(entry)) return undefined;
  const head = reader.atHand(entry.offset, LOCAL_BYTES);
  if (head === undefined) return undefined;
  const start = startOfData(entry, head);
  checkPacking(entry);
  const packed = reader.atHand(start, entry.packedBytes);
  if (packed === undefined) return undefined;
  const end = start + entry.packedBytes;
  const behind = entry.hasDescriptor ? reader.atHand(end, describedBytes(reader, end)) : NOTHING;
  if (behind === undefined) return undefined;
  return checkContent(entry, contentOf(entry, packed), behind);
}

async function hashEntry(reader: ZipReader, entry: ZipEntry): Promise<string> {
  const start = startOfData(entry, await reader.read(entry.offset, LOCAL_BYTES));
  if (isDirectory(entry)) {
    // Some tools give a directory a packed size; Go minds only an unpacked one.
    if (entry.unpackedBytes !== 0) throw entryError(entry, 'is a directory with content');
    return hashOnce('sha256', '', 'hex');
  }
  checkPacking(entry);
  const content = isLarge(entry)
    ? await streamContent(reader, entry, start)
    : contentOf(entry, await reader.read(start, entry.packedBytes));
  const end = start + entry.packedBytes;
  return checkContent(
    entry,
    content,
    entry.hasDescriptor ? await reader.read(end, describedBytes(reader, end)) : NOTHING,
  );
}

function isDirectory({ name }: ZipEntry): boolean {
  return name.endsWith('/');
}

function isLarge({ packedBytes, unpackedBytes }: ZipEntry): boolean {
  return packedBytes > AT_ONCE_BYTES || unpackedBytes > AT_ONCE_BYTES;
}

/** Go takes from the local header only where the data begins (File.findBodyOffset). */
function startOfData(entry: ZipEntry, head: Buffer): number {
  if (head.readUInt32LE(0) !== LOCAL_SIGNATURE) throw entryError(entry, 'has no local header');
  return entry.offset + LOCAL_BYTES + head.readUInt16LE(26) + head.readUInt16LE(28);
}

function checkPacking(entry: ZipEntry): void {
  const { method, packedBytes, unpackedBytes } = entry;
  if (method !== STORED && method !== DEFLATED) {
    throw entryError(entry, `is packed by method ${method}, only store and deflate are allowed`);
  }
  if (method === STORED && packedBytes !== unpackedBytes) throw wrongSize(entry);
}

function contentOf(entry: ZipEntry, packed: Buffer): Content {
  const data = entry.method === STORED ? packed : inflateAtOnce(entry, packed);
  return { bytes: data.length, crc: crc32(data), sha256: hashOnce('sha256', data, 'hex') };
}

function inflateAtOnce(entry: ZipEntry, packed: Buffer): Buffer {
  try {
    // One chunk that holds all, and a limit: an entry that grows beyond what it declares ends here.
    return inflateRawSync(packed, {
      chunkSize: Math.max(64, entry.unpackedBytes + 1),
      maxOutputLength: Math.max(1, entry.unpackedBytes),
    });
  } catch (error) {
    throw inflateError(entry, error);
  }
}

async function streamContent(reader: ZipReader, entry: ZipEntry, start: number): Promise<Content> {
  const hash = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  const packed = chunksOf(reader, start, entry.packedBytes);
  for await (const data of entry.method === STORED ? packed : inflate(entry, packed)) {
    bytes += data.length;
    if (bytes > entry.unpackedBytes) throw wrongSize(entry);
    crc = crc32(data, crc);
    hash.update(data);
  }
  return { bytes, crc, sha256: hash.digest('hex') };
}

async function* chunksOf(reader: ZipReader, start: number, length: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    const chunk = await reader.read(start + done, Math.min(CHUNK_BYTES, length - done));
    // The stream holds on to it while the reader goes on.
    yield Buffer.from(chunk);
    await setImmediate();
  }
}

async function* inflate(entry: ZipEntry, packed: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(packed, { objectMode: true, highWaterMark: 1 });
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
  // pipe() forwards no errors.
  source.on('error', (error) => inflater.destroy(error));
  try {
    for await (const data of source.pipe(inflater)) yield data as Buffer;
  } catch (error) {
    throw inflateError(entry, error);
  } finally {
    // Deflated data can end before the entry does; what follows is not read, as in Go.
    source.destroy();
    inflater.destroy();
  }
}

/** Bytes of a descriptor, with its signature; less only where the zip ends. */
function describedBytes({ size }: ZipReader, end: number): number {
  return Math.max(MIN_DESCRIPTOR_BYTES, Math.min(MAX_DESCRIPTOR_BYTES, size - end));
}

/**
 * Returns the hash of content that is as declared; `behind` is what follows it where there is a descriptor. The CRC stands
 * there too, and counts; without one, a CRC of 0 means that none was set.
 */
function checkContent(entry: ZipEntry, { bytes, crc, sha256 }: Content, behind: Buffer): string {
  if (bytes !== entry.unpackedBytes) throw wrongSize(entry);
  if (entry.hasDescriptor) {
    // The signature may be left out (readDataDescriptor); Go reads twelve bytes besides it and looks at the CRC.
    const at = behind.readUInt32LE(0) === DESCRIPTOR_SIGNATURE ? 4 : 0;
    if (at + MIN_DESCRIPTOR_BYTES > behind.length) throw zipError('it is cut off');
    if (behind.readUInt32LE(at) !== entry.crc) throw wrongCrc(entry);
  } else if (entry.crc === 0) return sha256;
  if (crc !== entry.crc) throw wrongCrc(entry);
  return sha256;
}

function inflateError(entry: ZipEntry, error: unknown): Error {
  const code = (error as { readonly code?: unknown }).code;
  if (code === 'ERR_BUFFER_TOO_LARGE') return wrongSize(entry);
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR' || code === 'Z_NEED_DICT') {
    return entryError(entry, 'cannot be inflated', { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

function wrongSize(entry: ZipEntry): Error {
  return entryError(entry, `has not the ${entry.unpackedBytes} bytes that it declares`);
}

function wrongCrc(entry: ZipEntry): Error {
  return entryError(entry, 'has a wrong CRC-32');
}

function entryError(entry: ZipEntry, what: string, options?: ErrorOptions): Error {
  const name = Buffer.from(entry.name, 'latin1').toString('utf8');
  return zipError(`entry ${JSON.stringify(name)} ${what}`, options);
}
