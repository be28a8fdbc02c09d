import { createHash } from 'node:crypto';

/** How an archive is packed. The library takes zstd where the program is installed, gzip elsewhere. */
export type Compression = 'zstd' | 'gzip';

/** The names of the methods in @actions/cache (constants: CompressionMethod); its zstd never uses long windows. */
const METHODS = { zstd: 'zstd-without-long', gzip: 'gzip' } as const satisfies Record<Compression, string>;
const SALT = '1.0';

/**
 * Returns the version under which @actions/cache 6.3 files an archive of `paths` made with `enableCrossOsArchive`
 * (cacheUtils: getCacheVersion): 64 hexadecimal digits. Compared with the library's by a contract test.
 */
export function cacheVersion(paths: readonly string[], compression: Compression): string {
  return createHash('sha256')
    .update([...paths, METHODS[compression], SALT].join('|'))
    .digest('hex');
}
