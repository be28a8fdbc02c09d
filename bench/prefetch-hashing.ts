import { hashZip } from '../src/go/h1.ts';
import { mapLimited } from '../src/modcache/map-limited.ts';

/** As many zips at a time as the action hashes when it looks at a module cache. */
const HASH_WORKERS = 4;

/** Hashes the zips as the action does and adds up what they hold. */
export async function hashZips(
  zips: readonly string[],
): Promise<{ readonly files: number; readonly unpackedBytes: number }> {
  const hashes = await mapLimited(zips, HASH_WORKERS, undefined, (zip) => hashZip({ path: zip }));
  return {
    files: hashes.reduce((sum, { files }) => sum + files, 0),
    unpackedBytes: hashes.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0),
  };
}
