import { CACHE_ENTRIES, extractedText } from '../diagnosis/cache-findings.ts';
import { matchText, refusedText } from './cache-text.ts';
import { count, formatBytes, formatMs, unbroken } from './figures.ts';
import { inertCodeBlock, inertCodeSpan, inertProse } from './foreign-text.ts';
import { inertMarked } from './marked-prose.ts';
import type { CacheFacts, CacheIngredients, Report } from './report.ts';

const SENTENCE_LIMIT = 600;
/** As long as the service may make it. */
const KEY_LIMIT = 512;
/** More rows than this are only counted. */
const ROW_LIMIT = 30;

/** Returns the folded account of what the cache did and why, and of trees that were there; empty where neither is known. */
export function cacheText({
  cache,
  extractedTrees = 0,
}: Pick<Report, 'cache' | 'extractedTrees'>): readonly string[] {
  return [
    ...(cache === undefined ? [] : restoreText(cache)),
    ...(extractedTrees === 0 ? [] : treesText(extractedTrees)),
  ];
}

function restoreText(cache: CacheFacts): readonly string[] {
  const { status, reason, primaryKey, ingredients, matchedKey, exact, entries, cutShort } = cache;
  const refused = refusedText(cache);
  const isRestored = status === 'restored';
  return [
    isRestored ? restoredText(cache) : `Not restored: ${prose(reason ?? 'no reason is known')}.`,
    '',
    ...(primaryKey === undefined ? [] : [`- Key: ${inertCodeSpan(primaryKey, KEY_LIMIT)}`]),
    ...(ingredients === undefined ? [] : [`- Made of: ${ingredientsText(ingredients)}`]),
    ...(matchedKey === undefined || exact ? [] : [`- Matched: ${inertCodeSpan(matchedKey, KEY_LIMIT)}`]),
    ...(isRestored
      ? [`- Entries of the archive: ${entries}; skipped: ${refused === '' ? 'none' : refused}`]
      : []),
    ...(cutShort === undefined ? [] : [`- The rest of the archive was not read: ${prose(cutShort)}`]),
    '',
    ...wrongText(cache),
  ];
}

function restoredText(cache: CacheFacts): string {
  const { modules, files, bytes, archiveBytes, ms } = cache;
  const what = `${count(files, 'file')} of ${count(modules, 'module')}, ${unbroken(formatBytes(bytes))}`;
  return `Restored (${matchText(cache)}): ${what}, from an archive of ${unbroken(formatBytes(archiveBytes))} in ${unbroken(formatMs(ms))}.`;
}

function ingredientsText(ingredients: CacheIngredients): string {
  const { format, suffix, lines, modules, privateModules } = ingredients;
  const named = suffix === '' ? '`cache-suffix` (empty)' : `\`cache-suffix\` ${inertCodeSpan(suffix)}`;
  return [
    `layout ${inertCodeSpan(format)}`,
    named,
    `${count(lines, 'hash line')} of ${count(modules, 'module')}`,
    `${count(privateModules, 'private module')} left out`,
    'no OS, architecture or Go version',
  ].join('; ');
}

function wrongText({ wrong, moreWrong }: CacheFacts): readonly string[] {
  if (wrong.length === 0) return [];
  const shown = wrong.slice(0, ROW_LIMIT);
  const left = wrong.length - shown.length + moreWrong;
  return [
    'Not what go.sum says, and not placed:',
    '',
    ...shown.map((name) => `- ${inertCodeSpan(name)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
    '',
  ];
}

/** A notice stands nowhere else in the summary. */
function treesText(trees: number): readonly string[] {
  const { remedy, copy } = CACHE_ENTRIES['extracted-trees'];
  return [`${extractedText(trees)}. ${inertMarked(remedy, SENTENCE_LIMIT)}`, '', inertCodeBlock(copy), ''];
}

function prose(text: string): string {
  return inertProse(text, SENTENCE_LIMIT);
}
