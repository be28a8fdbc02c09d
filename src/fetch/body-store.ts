import type { FileHandle } from 'node:fs/promises';
import type { ZipSource } from '../go/h1.ts';
import type { BodySink } from '../proxy/body-drain.ts';

/** Where the body of an attempt is kept. */
export interface BodyStore extends BodySink {
  /** Bytes that are there. */
  readonly size: number;
  /** Throws away what an earlier attempt left. */
  clear(): Promise<void>;
  /** The bytes, where they are in memory. */
  bytes(): Uint8Array | undefined;
  zipSource(): ZipSource;
}

/** Returns a store in the file, or in memory without one. */
export function openBodyStore(handle: FileHandle | undefined): BodyStore {
  return handle === undefined ? new MemoryStore() : new FileStore(handle);
}

class MemoryStore implements BodyStore {
  #pieces: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#size += piece.length;
    }
  }

  async clear(): Promise<void> {
    this.#pieces = [];
    this.#size = 0;
  }

  bytes(): Uint8Array {
    const [first, ...more] = this.#pieces;
    if (first === undefined || more.length > 0) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? new Uint8Array();
  }

  zipSource(): ZipSource {
    return { bytes: this.bytes() };
  }
}

class FileStore implements BodyStore {
  readonly #handle: FileHandle;
  #size = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get size(): number {
    return this.#size;
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    const wanted = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await this.#handle.writev([...pieces], position);
    if (bytesWritten < wanted) await this.#writeRest(Buffer.concat(pieces), bytesWritten, position);
    this.#size = position + wanted;
  }

  async #writeRest(bytes: Buffer, from: number, position: number): Promise<void> {
    for (let done = from; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      if (bytesWritten === 0) throw new Error('nothing was written');
      done += bytesWritten;
    }
  }

  async clear(): Promise<void> {
    // Also before the first attempt: what stood in the file would follow a shorter body.
    await this.#handle.truncate(0);
    this.#size = 0;
  }

  bytes(): undefined {
    return undefined;
  }

  zipSource(): ZipSource {
    return { handle: this.#handle };
  }
}
