import type { WantedFile } from '../go/wanted-set.ts';
import type { FileResult, PrefetchOutcome } from '../prefetch/prefetch-result.ts';
import { fileName } from './proxy-answers.ts';

/** What became of the files of the module cache that were not what go.sum says, counted. */
export interface WrongFate {
  /** A verified one is there instead. */
  readonly replaced: number;
  /** Not there any more, and not fetched. */
  readonly removed: number;
  /** Still there. */
  readonly left: number;
  /** Why some are still there: nothing was fetched at all, or the module cache could not be written. */
  readonly leftBy: 'not-fetched' | 'unwritable';
}

/**
 * Counts what became of the wrong files. Those whose names (fileName) are in `restored` came from the archive of an earlier
 * job; the others a prefetch removes all before it fetches the first.
 */
export function fateOfWrong(
  wrong: readonly WantedFile[],
  outcome: PrefetchOutcome,
  restored: ReadonlySet<string> = new Set(),
): WrongFate {
  const isRestored = (file: WantedFile) => restored.has(fileName(file));
  if (outcome.kind !== 'ran') {
    const replaced = wrong.filter(isRestored).length;
    return { replaced, removed: 0, left: wrong.length - replaced, leftBy: 'not-fetched' };
  }
  const results = new Map(outcome.result.files.map((one) => [fileName(one.file), one]));
  const fates = wrong.map((file) => (isRestored(file) ? 'replaced' : fateOf(results.get(fileName(file)))));
  const count = (fate: string) => fates.filter((one) => one === fate).length;
  return {
    replaced: count('replaced'),
    removed: count('removed'),
    left: count('left'),
    leftBy: 'unwritable',
  };
}

/** Returns the fate as a clause; '' for no file. */
export function describeFate({ replaced, removed, left, leftBy }: WrongFate): string {
  const why = leftBy === 'not-fetched' ? 'nothing was fetched' : 'the module cache could not be written';
  const parts = [
    [replaced, 'replaced by verified ones', 'replaced by a verified one'],
    [removed, 'removed and could not be fetched', 'removed and could not be fetched'],
    [left, `left as they are, for ${why}`, `left as it is, for ${why}`],
  ] as const;
  const told = parts.filter(([number]) => number > 0);
  const isAlone = told.length === 1;
  return told
    .map(([number, many, one]) => `${isAlone ? '' : `${number} `}${number === 1 ? one : many}`)
    .join(', ');
}

/** What the module cache refused before anybody was asked is most likely the removal itself. */
function fateOf(result: FileResult | undefined): 'replaced' | 'removed' | 'left' {
  if (result === undefined) return 'left';
  if (result.kind === 'placed') return 'replaced';
  const isRefused = result.kind === 'failed' && result.class === 'local' && result.attempts.length === 0;
  return isRefused ? 'left' : 'removed';
}
