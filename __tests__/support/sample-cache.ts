import { formatModuleVersion } from '../../src/go/version.ts';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import type { ArchiveResult, WrongEntry } from '../../src/modcache/archive-reader.ts';
import { type CacheKey, keyOf } from '../../src/modcache/cache-key.ts';
import { ModCacheError } from '../../src/modcache/modcache-error.ts';
import type { RestoreOutcome } from '../../src/modcache/restore-outcome.ts';
import { wantedFile } from './sample-prefetch.ts';

/** The key of two public files and a private one, with the suffix `api`. */
export const KEY: CacheKey = keyOf(
  [
    wantedFile('m.example/x'),
    wantedFile('m.example/x', 'mod'),
    { ...wantedFile('private.example/p'), disclosure: 'given-only' },
  ],
  'api',
);

/** A file of an archive that is not what go.sum says. */
export function wrongEntry(name: string, kind: WantedFile['kind'] = 'zip'): WrongEntry {
  const file = wantedFile(name, kind);
  const named = `the ${kind} file of ${formatModuleVersion(file.module)}`;
  const message = `${named} has the hash h1:a, go.sum allows h1:b`;
  return { file, why: new ModCacheError('modcache-wrong-hash', message) };
}

/** An archive that matched exactly and brought these files, 1,000 bytes each. */
export function restored(
  placed: readonly WantedFile[],
  {
    archive,
    ...more
  }: Partial<Omit<Extract<RestoreOutcome, { kind: 'restored' }>, 'archive'>> & {
    readonly archive?: Partial<ArchiveResult>;
  } = {},
): Extract<RestoreOutcome, { kind: 'restored' }> {
  return {
    ...{ kind: 'restored', key: KEY, matchedKey: KEY.primary, isExact: true, hosts: ['store.example'] },
    ...{ archiveBytes: 97_000_000, elapsedMs: 1400 },
    archive: {
      placed,
      bytes: placed.length * 1000,
      wrong: [],
      refused: new Map(),
      entries: placed.length,
      ...archive,
    },
    ...more,
  };
}
