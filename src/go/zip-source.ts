import { fstatSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type ZipReader, zipError } from './zip-directory.ts';

/**
 * Where a zip is: a file by its path, a file that is open already (it stays open, and its position is not used) as a handle
 * or, for a thread that has nothing else to do meanwhile, as a descriptor, or bytes in memory, which must not change
 * meanwhile.
 */
export type ZipSource =
  | { readonly path: string }
  | { readonly handle: FileHandle }
  | { readonly fd: number }
  | { readonly bytes: Uint8Array };

/** One read of the disk brings this much, which is many entries of a usual module. */
const WINDOW_BYTES = 2 ** 20;

/**
 * Calls `use` with a reader of the source, returns what it returns, and closes what was opened.
 * @throws GoRuleError 'zip' when it has more than `maxBytes` or is no regular file; errors of the file system as they are.
 */
export async function withZipReader<T>(
  source: ZipSource,
  maxBytes: number,
  use: (reader: ZipReader) => Promise<T>,
): Promise<T> {
  if ('bytes' in source) {
    checkSize(source.bytes.byteLength, maxBytes);
    return await use(new BytesReader(source.bytes));
  }
  if ('fd' in source) return await use(openSyncReader(source.fd, maxBytes));
  if ('handle' in source) return await use(await openReader(source.handle, maxBytes));
  const handle = await open(source.path, 'r');
  try {
    return await use(await openReader(handle, maxBytes));
  } finally {
    await handle.close();
  }
}

async function openReader(handle: FileHandle, maxBytes: number): Promise<FileReader> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw zipError('it is no regular file');
  checkSize(stat.size, maxBytes);
  const read: ReadAt = async (buffer, offset, length, position) =>
    (await handle.read(buffer, offset, length, position)).bytesRead;
  return new FileReader(read, stat.size);
}

function openSyncReader(fd: number, maxBytes: number): FileReader {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw zipError('it is no regular file');
  checkSize(stat.size, maxBytes);
  return new FileReader(
    (buffer, offset, length, position) => readSync(fd, buffer, offset, length, position),
    stat.size,
  );
}

function checkSize(size: number, maxBytes: number): void {
  if (size > maxBytes) throw zipError(`it has ${size} bytes, at most ${maxBytes} are allowed`);
}

function checkRange(size: number, offset: number, length: number): void {
  if (offset + length > size) throw zipError('it is cut off');
}

class BytesReader implements ZipReader {
  readonly size: number;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.size = bytes.byteLength;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    return this.atHand(offset, length);
  }

  atHand(offset: number, length: number): Buffer {
    checkRange(this.size, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** Returns how many bytes came, 0 at the end. */
type ReadAt = (buffer: Buffer, offset: number, length: number, position: number) => number | Promise<number>;

/** Reads ahead: entries are asked for in the order in which they lie. */
class FileReader implements ZipReader {
  readonly size: number;
  readonly #readAt: ReadAt;
  #memory = Buffer.alloc(0);
  #window = this.#memory;
  #windowOffset = 0;

  constructor(readAt: ReadAt, size: number) {
    this.#readAt = readAt;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const there = this.atHand(offset, length);
    if (there !== undefined) return there;
    await this.#load(offset, Math.min(Math.max(length, WINDOW_BYTES), this.size - offset));
    return this.#window.subarray(0, length);
  }

  atHand(offset: number, length: number): Buffer | undefined {
    checkRange(this.size, offset, length);
    const from = offset - this.#windowOffset;
    if (from < 0 || from + length > this.#window.length) return undefined;
    return this.#window.subarray(from, from + length);
  }

  async #load(offset: number, length: number): Promise<void> {
    // What was read before is good no longer. New memory for each window would cost more than reading it.
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafe(length);
    const window = this.#memory.subarray(0, length);
    this.#window = window.subarray(0, 0);
    for (let done = 0; done < length; ) {
      const bytesRead = await this.#readAt(window, done, length - done, offset + done);
      if (bytesRead === 0) throw zipError('it became shorter while it was read');
      done += bytesRead;
    }
    this.#window = window;
    this.#windowOffset = offset;
  }
}
