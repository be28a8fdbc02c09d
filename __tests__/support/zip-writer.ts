import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip file; what is not given is written as an honest tool would write it. */
export interface ZipEntry {
  /** The raw name; bytes are written as they are, so that names no honest tool writes can be made. */
  readonly name: string | Uint8Array;
  /** Nothing for a directory entry (a name that ends in a slash). */
  readonly data?: Uint8Array | string;
  /** Default `deflate`; empty data is always stored. */
  readonly method?: 'store' | 'deflate';
  /** Sizes and CRC after the data (a data descriptor), as Go's own archive/zip writes them. */
  readonly descriptor?: boolean;
  /** Lies for hostile archives: the CRC, the unpacked size, the Unix mode (0o120777 is a symbolic link). */
  readonly crc?: number;
  readonly declaredSize?: number;
  readonly unixMode?: number;
}

const DESCRIPTOR_FLAG = 0x08;
const UTF8_FLAG = 0x800;
/** 1980-01-01, the earliest date a zip can hold: the same bytes on every day. */
const DOS_DATE = 0x21;

interface Written {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: Buffer;
  readonly size: number;
  readonly offset: number;
  readonly unixMode: number;
}

/** Returns a zip file with these entries, in this order; the same entries give the same bytes. */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const written: Written[] = [];
  let offset = 0;
  for (const entry of entries) {
    const one = pack(entry, offset);
    const local = localRecord(one);
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
    written.push(one);
  }
  const central = written.map(centralRecord);
  const centralSize = central.reduce((sum, part) => sum + part.length, 0);
  return Uint8Array.from(
    Buffer.concat([...parts, ...central, endRecord(entries.length, centralSize, offset)]),
  );
}

function pack(entry: ZipEntry, offset: number): Written {
  const data = Buffer.from(entry.data ?? '');
  const deflate = (entry.method ?? 'deflate') === 'deflate' && data.length > 0;
  const utf8 = typeof entry.name === 'string' && /[^\0-\x7f]/.test(entry.name);
  return {
    name: Buffer.from(entry.name),
    flags: (entry.descriptor === true ? DESCRIPTOR_FLAG : 0) | (utf8 ? UTF8_FLAG : 0),
    method: deflate ? 8 : 0,
    crc: entry.crc ?? crc32(data),
    packed: deflate ? deflateRawSync(data) : data,
    size: entry.declaredSize ?? data.length,
    offset,
    unixMode: entry.unixMode ?? 0,
  };
}

function localRecord(one: Written): Buffer[] {
  const late = (one.flags & DESCRIPTOR_FLAG) !== 0;
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  writeCommon(head, 6, late ? { ...one, crc: 0, size: 0, packed: Buffer.alloc(0) } : one);
  const parts = [head, one.name, one.packed];
  if (late) {
    const descriptor = Buffer.alloc(16);
    descriptor.writeUInt32LE(0x08074b50, 0);
    descriptor.writeUInt32LE(one.crc, 4);
    descriptor.writeUInt32LE(one.packed.length, 8);
    descriptor.writeUInt32LE(one.size, 12);
    parts.push(descriptor);
  }
  return parts;
}

function centralRecord(one: Written): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(one.unixMode === 0 ? 20 : (3 << 8) | 20, 4);
  head.writeUInt16LE(20, 6);
  writeCommon(head, 8, one);
  head.writeUInt32LE((one.unixMode << 16) >>> 0, 38);
  head.writeUInt32LE(one.offset, 42);
  return Buffer.concat([head, one.name]);
}

/** The fields that the local and the central record share, from the flags on. */
function writeCommon(head: Buffer, at: number, one: Written): void {
  head.writeUInt16LE(one.flags, at);
  head.writeUInt16LE(one.method, at + 2);
  head.writeUInt16LE(0, at + 4);
  head.writeUInt16LE(DOS_DATE, at + 6);
  head.writeUInt32LE(one.crc >>> 0, at + 8);
  head.writeUInt32LE(one.packed.length, at + 12);
  head.writeUInt32LE(one.size, at + 16);
  head.writeUInt16LE(one.name.length, at + 20);
}

function endRecord(count: number, centralSize: number, centralOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(centralSize, 12);
  end.writeUInt32LE(centralOffset, 16);
  return end;
}
