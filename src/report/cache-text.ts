import { extractedText } from '../diagnosis/cache-findings.ts';
import type { SaveOutcome } from '../modcache/restore-outcome.ts';
import { count, formatBytes, formatMs } from './figures.ts';
import { inertText } from './foreign-text.ts';
import type { CacheFacts, CacheIngredients, Report } from './report.ts';

const SENTENCE_LIMIT = 600;
/** As long as the service may make it. */
const KEY_LIMIT = 512;

/** Returns what was restored and why, or why nothing was, as lines of the log: the outcome, the key and each ingredient. */
export function cacheLines({
  cache,
  extractedTrees = 0,
}: Pick<Report, 'cache' | 'extractedTrees'>): readonly string[] {
  return [
    ...(cache === undefined ? [] : restoreLines(cache)),
    ...(extractedTrees === 0
      ? []
      : [`${extractedText(extractedTrees)}; setup-go restores them unless it has \`cache: false\``]),
  ];
}

/** Returns what became of saving, as lines of the log of post; inert. */
export function saveLines(outcome: SaveOutcome): readonly string[] {
  if (outcome.kind === 'not-saved') return [`cache not saved: ${sentence(outcome.reason)}`];
  const { files, bytes, elapsedMs, key } = outcome;
  const size = `${count(files, 'file')}, ${formatBytes(bytes)}`;
  return [`cache saved: ${size}, in ${formatMs(elapsedMs)}, key ${inertText(key, KEY_LIMIT)}`];
}

/** Returns `exact match`, or what else it was. */
export function matchText({ exact }: Pick<CacheFacts, 'exact'>): string {
  return exact ? 'exact match' : 'prefix match';
}

/** Returns the entries that were not taken, by reason: `12 not wanted here, 1 too large`; '' for none. Our own words. */
export function refusedText({ refused }: Pick<CacheFacts, 'refused'>): string {
  const told = [
    [refused['foreign-name'], 'not wanted here'],
    [refused['not-a-file'], 'no regular file'],
    [refused.duplicate, 'of a name that came before'],
    [refused['too-large'], 'too large'],
  ] as const;
  return told
    .filter(([number]) => number > 0)
    .map(([number, why]) => `${number} ${why}`)
    .join(', ');
}

function restoreLines(cache: CacheFacts): readonly string[] {
  const { status, reason, matchedKey, exact, primaryKey, ingredients } = cache;
  return [
    status === 'restored'
      ? restoredLine(cache)
      : `cache not restored: ${sentence(reason ?? 'no reason is known')}`,
    ...(primaryKey === undefined ? [] : [`key: ${inertText(primaryKey, KEY_LIMIT)}`]),
    ...(ingredients === undefined ? [] : ingredientLines(ingredients)),
    ...(matchedKey === undefined || exact ? [] : [`matched: ${inertText(matchedKey, KEY_LIMIT)}`]),
    ...(status === 'restored' ? archiveLines(cache) : []),
  ];
}

function restoredLine(cache: CacheFacts): string {
  const { modules, files, bytes, archiveBytes, ms } = cache;
  const what = `${count(files, 'file')} of ${count(modules, 'module')} (${formatBytes(bytes)})`;
  return `cache restored: ${matchText(cache)}, ${what} from an archive of ${formatBytes(archiveBytes)} in ${formatMs(ms)}`;
}

function ingredientLines(ingredients: CacheIngredients): readonly string[] {
  const { format, suffix, lines, modules, privateModules } = ingredients;
  return [
    `  layout: ${inertText(format)}`,
    `  cache-suffix: ${suffix === '' ? '(empty)' : inertText(suffix)}`,
    `  hash lines: ${lines}, of ${count(modules, 'module')}`,
    `  private modules left out: ${privateModules}`,
    '  no OS, architecture or Go version',
  ];
}

function archiveLines(cache: CacheFacts): readonly string[] {
  const { entries, wrong, moreWrong, cutShort } = cache;
  const refused = refusedText(cache);
  return [
    `entries of the archive: ${entries}; skipped: ${refused === '' ? 'none' : refused}`,
    ...(cutShort === undefined ? [] : [`the rest of the archive was not read: ${sentence(cutShort)}`]),
    ...(wrong.length === 0 ? [] : [`wrong, and not placed: ${count(wrong.length + moreWrong, 'file')}`]),
    ...wrong.map((name) => `  ${inertText(name)}`),
    ...(moreWrong > 0 ? [`  and ${moreWrong} more`] : []),
  ];
}

/** Reasons can quote a path, or what a library said. */
function sentence(text: string): string {
  return inertText(text, SENTENCE_LIMIT);
}
