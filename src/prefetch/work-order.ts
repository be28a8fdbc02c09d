import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';

/**
 * Files that are under way at once, more than there are connections: who verifies or places one holds none, and another
 * file can have it.
 */
export const WORKERS = 64;
/** So many workers begin with the small files (`.mod`, `.info`), so that the line is busy while round trips pass. */
const SMALL_FILE_WORKERS = 16;

/** Gives out files until none is left. */
export interface WorkOrder {
  /** Returns the next file for a worker, counted from 0; undefined when there is none. */
  next(worker: number): WantedFile | undefined;
}

/**
 * Returns the order in which files are fetched: zips by size, the largest first, those of unknown size after them as they
 * come, for the longest download decides when the phase ends; and beside them the small files. Who has nothing left of
 * one kind takes from the other. `sizes` are bytes by `path@version`.
 */
export function orderWork(files: readonly WantedFile[], sizes: ReadonlyMap<string, number>): WorkOrder {
  const sizeOf = ({ module }: WantedFile) => sizes.get(formatModuleVersion(module)) ?? 0;
  const isZip = ({ kind }: WantedFile) => kind === 'zip';
  const zips = files.filter(isZip).toSorted((a, b) => sizeOf(b) - sizeOf(a));
  const small = files.filter((file) => !isZip(file));
  const large = zips.values();
  const little = small.values();
  return {
    next: (worker) => {
      const [first, second] = worker < SMALL_FILE_WORKERS ? [little, large] : [large, little];
      return first.next().value ?? second.next().value;
    },
  };
}
