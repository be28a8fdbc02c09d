import { lstat } from 'node:fs/promises';
import type { WantedSet } from '../go/wanted-set.ts';
import { extractedPath } from './distrust.ts';
import { mapLimited } from './map-limited.ts';

const WORKERS = 32;

/**
 * Returns how many modules of the set are extracted in the module cache already. go never looks at their files again, and
 * neither can we: go.sum has no hash of a directory that could be told from the zip's without hashing every file of it.
 */
export async function countExtracted(
  goModCache: string,
  wanted: WantedSet,
  signal: AbortSignal,
): Promise<number> {
  const zips = wanted.files.filter(({ kind }) => kind === 'zip');
  const found = await mapLimited(zips, WORKERS, signal, async ({ module }) => {
    const stats = await lstat(extractedPath(goModCache, module)).catch(() => undefined);
    return stats?.isDirectory() === true;
  });
  return found.filter(Boolean).length;
}
