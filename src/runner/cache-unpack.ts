import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from './cache-version.ts';

/** Says that an archive unpacks to more than any of ours does; the message is one clause. */
export class ArchiveBombError extends Error {
  override readonly name = 'ArchiveBombError';
  readonly code = 'archive-bomb';
}

/** How much a packed archive may unpack to. */
export interface UnpackLimits {
  /** Unpacked bytes for each packed one. */
  readonly ratio: number;
  /** Unpacked bytes beyond that. */
  readonly freeBytes: number;
}

/** Our archives hold zips, which pack to nothing less: headers and go.mod files, which do, are few bytes beside them. */
export const UNPACK_LIMITS: UnpackLimits = { ratio: 8, freeBytes: 64 << 20 };

/** Fewer and larger pieces than by default. */
const CHUNK_BYTES = 256 << 10;

/**
 * Returns the stream that unpacks an archive's bytes. Its error is that of `packed`, one of zlib for what is no such archive
 * or ends early, or ArchiveBombError. When it ends or is destroyed, `packed` is ended too.
 */
export function unpack(
  packed: AsyncIterable<Uint8Array>,
  compression: Compression,
  { ratio, freeBytes }: UnpackLimits = UNPACK_LIMITS,
): Readable {
  const options = { chunkSize: CHUNK_BYTES };
  const unpacker = compression === 'zstd' ? createZstdDecompress(options) : createGunzip(options);
  let unpackedBytes = 0;
  unpacker.on('data', (piece: Buffer) => {
    unpackedBytes += piece.length;
    if (unpackedBytes <= unpacker.bytesWritten * ratio + freeBytes) return;
    unpacker.destroy(new ArchiveBombError('the archive unpacks to far more than archives of modules do'));
  });
  // Whoever reads decides when it flows.
  unpacker.pause();
  const source = Readable.from(packed, { objectMode: false });
  source.on('error', (error) => unpacker.destroy(error));
  unpacker.on('close', () => source.destroy());
  return source.pipe(unpacker);
}
