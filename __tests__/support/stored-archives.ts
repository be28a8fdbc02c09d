import { Readable } from 'node:stream';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { extract } from 'tar-stream';
import type { CacheEntry } from './cache-server.ts';

/** Returns the names of the entries of a stored archive that are no directories, sorted. */
export async function namesIn({ bytes }: CacheEntry): Promise<readonly string[]> {
  const tar = bytes[0] === 0x1f ? gunzipSync(bytes) : zstdDecompressSync(bytes);
  const names: string[] = [];
  const entries = extract();
  Readable.from([tar]).pipe(entries);
  for await (const entry of entries) {
    if (entry.header.type !== 'directory') names.push(entry.header.name);
    entry.resume();
  }
  return names.sort();
}
