import { GoRuleError } from './go-rule-error.ts';

/** Random access to a zip, a file or bytes. */
export interface ZipReader {
  readonly size: number;
  /** Returns exactly these bytes, good until the next read; the range lies inside the size. */
  read(offset: number, length: number): Promise<Buffer>;
  /** The same without waiting; undefined where that cannot be. */
  atHand(offset: number, length: number): Buffer | undefined;
}

/** What the central directory says about one entry. */
export interface ZipEntry {
  /** One character per byte of the raw name, so that `<` orders as Go does and nothing is lost in decoding. */
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  /** Whether CRC and sizes stand behind the data once more. */
  readonly hasDescriptor: boolean;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Where the local header is. */
  readonly offset: number;
}

interface Region {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR64_SIGNATURE = 0x07064b50;
const LOCATOR64_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const HEADER_SIGNATURE = 0x02014b50;
const HEADER_BYTES = 46;
const ZIP64_EXTRA = 1;
const UNSET32 = 0xffffffff;

/**
 * Returns the entries of the central directory, in its order.
 *
 * Go finds the directory from the end record and tolerates much: bytes before and after the zip, a wrong offset, more
 * entries than the record says (archive/zip/reader.go: readDirectoryEnd, Reader.init). Each tolerance is a way to show
 * one directory to us and another one to go, whose content would then never have been compared with go.sum. So what
 * is read here is read as Go does, and a zip that could be read in any other way is refused: the directory has to end
 * where its end record begins, the end record where the zip ends, and everything must be counted. What x/mod/zip and
 * every usual tool write meets that.
 * @throws GoRuleError 'zip' when it is no zip, is ambiguous, or has a directory of more than `maxBytes`.
 */
export async function readZipDirectory(reader: ZipReader, maxBytes: number): Promise<readonly ZipEntry[]> {
  const region = await findDirectory(reader);
  if (region.bytes > maxBytes) {
    throw zipError(`its directory has ${region.bytes} bytes, at most ${maxBytes} are allowed`);
  }
  const directory = await reader.read(region.offset, region.bytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.length; ) {
    const { entry, next } = readHeader(directory, at);
    entries.push(entry);
    at = next;
  }
  // The plain end record has only 16 bits for it; Go compares no more than those either.
  if (entries.length % 0x10000 !== region.entries % 0x10000) {
    throw zipError(`its directory has ${entries.length} entries, but its end record says ${region.entries}`);
  }
  return entries;
}

/** Returns the error for a zip that is refused; `what` follows the words "not a valid module zip". */
export function zipError(what: string, options?: ErrorOptions): GoRuleError {
  return new GoRuleError('zip', `not a valid module zip: ${what}`, options);
}

async function findDirectory(reader: ZipReader): Promise<Region> {
  const tailBytes = Math.min(reader.size, LOCATOR64_BYTES + END_BYTES + MAX_COMMENT_BYTES);
  const tailOffset = reader.size - tailBytes;
  const tail = Buffer.from(await reader.read(tailOffset, tailBytes));
  const at = lastEndRecord(tail);
  if (at === undefined) throw zipError('it has no end record (not a zip, or cut off)');
  if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) {
    throw zipError('bytes follow its end record');
  }
  if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 6) !== 0) {
    throw zipError('it is one of several parts');
  }
  const plain: Region = {
    entries: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const end = tailOffset + at;
  const hasLocator = at >= LOCATOR64_BYTES && tail.readUInt32LE(at - LOCATOR64_BYTES) === LOCATOR64_SIGNATURE;
  if (!hasLocator) return checkRegion(plain, end);
  return readRegion64(reader, plain, {
    locator: tail.subarray(at - LOCATOR64_BYTES, at),
    offset: end - LOCATOR64_BYTES,
  });
}

function lastEndRecord(tail: Buffer): number | undefined {
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] === 0x50 && tail.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  return undefined;
}

/**
 * Go follows the zip64 locator only when the plain record cannot hold a number. Where that is not so, a reader that
 * follows it nevertheless sees another directory: refused.
 */
async function readRegion64(
  reader: ZipReader,
  plain: Region,
  found: { readonly locator: Buffer; readonly offset: number },
): Promise<Region> {
  if (plain.entries !== 0xffff && plain.offset !== UNSET32) {
    throw zipError('it has a zip64 end record without need');
  }
  const at = found.offset - END64_BYTES;
  if (
    found.locator.readUInt32LE(4) !== 0 ||
    found.locator.readUInt32LE(16) !== 1 ||
    uint64(found.locator, 8) !== at
  ) {
    throw zipError('its zip64 locator does not point to the record before it');
  }
  const record = at < 0 ? undefined : await reader.read(at, END64_BYTES);
  if (record?.readUInt32LE(0) !== END64_SIGNATURE) throw zipError('its zip64 end record is missing');
  return checkRegion(
    { entries: uint64(record, 32), bytes: uint64(record, 40), offset: uint64(record, 48) },
    at,
  );
}

function checkRegion(region: Region, end: number): Region {
  if (region.offset + region.bytes !== end) {
    throw zipError('its directory is not where its end record says');
  }
  return region;
}

function readHeader(directory: Buffer, at: number): { readonly entry: ZipEntry; readonly next: number } {
  const head = directory.subarray(at, at + HEADER_BYTES);
  if (head.length < HEADER_BYTES || head.readUInt32LE(0) !== HEADER_SIGNATURE) {
    throw zipError('its directory is broken');
  }
  const nameEnd = at + HEADER_BYTES + head.readUInt16LE(28);
  const extraEnd = nameEnd + head.readUInt16LE(30);
  const next = extraEnd + head.readUInt16LE(32);
  if (next > directory.length) throw zipError('its directory is broken');
  const sizes = readSizes(head, directory.subarray(nameEnd, extraEnd));
  return {
    next,
    entry: {
      name: directory.toString('latin1', at + HEADER_BYTES, nameEnd),
      method: head.readUInt16LE(10),
      crc: head.readUInt32LE(16),
      hasDescriptor: (head.readUInt16LE(8) & 0x08) !== 0,
      ...sizes,
    },
  };
}

/** Takes sizes and offset, from the zip64 extra field where the header has no room for them (readDirectoryHeader). */
function readSizes(head: Buffer, extra: Buffer): Pick<ZipEntry, 'packedBytes' | 'unpackedBytes' | 'offset'> {
  const packedBytes = head.readUInt32LE(20);
  const unpackedBytes = head.readUInt32LE(24);
  const offset = head.readUInt32LE(42);
  if (packedBytes !== UNSET32 && unpackedBytes !== UNSET32 && offset !== UNSET32) {
    return { packedBytes, unpackedBytes, offset };
  }
  const field = findExtra64(extra);
  let at = 0;
  const take = (plain: number): number => {
    if (plain !== UNSET32) return plain;
    if (field === undefined || field.length < at + 8)
      throw zipError('a zip64 extra field is missing or short');
    at += 8;
    return uint64(field, at - 8);
  };
  // The order in the field: unpacked, packed, offset.
  const unpacked = take(unpackedBytes);
  return { unpackedBytes: unpacked, packedBytes: take(packedBytes), offset: take(offset) };
}

function findExtra64(extra: Buffer): Buffer | undefined {
  let found: Buffer | undefined;
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    if (extra.readUInt16LE(at) === ZIP64_EXTRA) {
      // Readers differ in which of two they take.
      if (found !== undefined) throw zipError('an entry has two zip64 extra fields');
      found = extra.subarray(at + 4, end);
    }
    at = end;
  }
  return found;
}

/** Not exact above 2^53; all limits are far below that. */
function uint64(buffer: Buffer, at: number): number {
  return Number(buffer.readBigUInt64LE(at));
}
