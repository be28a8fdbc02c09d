import { matchText } from './cache-text.ts';
import { count, formatBytes, formatMs, formatThroughput, unbroken } from './figures.ts';
import { inertProse } from './foreign-text.ts';
import type { CacheFacts, PrefetchFacts, Report, WantedFacts } from './report.ts';

const SENTENCE_LIMIT = 600;

/** Returns the third line of the summary: what the cache brought, what was fetched, and what was wanted. */
export function modulesLine({ wanted, cache, prefetch, durations }: Report): string {
  const took = `took ${unbroken(formatMs(durations.reduce((sum, { ms }) => sum + ms, 0)))}`;
  if (wanted === undefined) return `No go.sum was read; ${took}`;
  const hasRestored = cache !== undefined && cache.files > 0;
  const asked = cache === undefined || hasRestored ? [] : unrestoredText(cache);
  if (!hasRestored && prefetch?.status !== 'ran') {
    return [...presentText(wanted, prefetch), ...asked, took].join('; ');
  }
  return [
    ...(hasRestored ? restoredText(cache) : []),
    ...(prefetch?.status === 'ran' ? [fetchedText(prefetch)] : restText(wanted, cache, prefetch)),
    ...asked,
    `${count(wanted.modules, 'module')} wanted`,
    ...(wanted.wrong === 0 ? [] : [`on disk **${wanted.wrong} with a wrong hash**`]),
    took,
  ].join('; ');
}

function presentText(wanted: WantedFacts, prefetch: PrefetchFacts | undefined): readonly string[] {
  const { modules, files, missing, wrong } = wanted;
  const lacking = missing === 0 ? 'all present' : `${missing} missing`;
  const bad = wrong === 0 ? '' : `, **${wrong} with a wrong hash**`;
  const isTold = prefetch !== undefined && missing + wrong > 0;
  return [
    `${count(modules, 'module')} wanted, ${count(files, 'file')}, ${lacking}${bad}`,
    ...(isTold ? [`not fetched: ${reasonOf(prefetch)}`] : []),
  ];
}

function restoredText(cache: CacheFacts): readonly string[] {
  const { modules, bytes, ms } = cache;
  const size = `${unbroken(formatBytes(bytes))} in ${unbroken(formatMs(ms))}`;
  return [
    `**${count(modules, 'module')}** restored from the cache (${matchText(cache)}), ${size}`,
    ...wrongText(cache),
  ];
}

/** Of a cache that was not asked, or need not be, the account below tells. */
function unrestoredText(cache: CacheFacts): readonly string[] {
  switch (cache.status) {
    case 'skipped':
      return [];
    case 'miss':
      return ['no cache matched'];
    case 'trouble':
      return ['the cache could not be restored'];
    case 'restored':
      return ['nothing came from the cache', ...wrongText(cache)];
    default: {
      const never: never = cache.status;
      return never;
    }
  }
}

function wrongText({ wrong, moreWrong }: CacheFacts): readonly string[] {
  return wrong.length === 0 ? [] : [`**${count(wrong.length + moreWrong, 'file')} in it wrong**`];
}

/** What is missing on disk, or wrong there, was counted before the cache brought something. */
function restText(
  { missing, wrong }: WantedFacts,
  cache: CacheFacts | undefined,
  prefetch: PrefetchFacts | undefined,
): readonly string[] {
  const left = missing + wrong - (cache?.files ?? 0);
  if (left <= 0) return ['nothing was left to fetch'];
  const why = prefetch === undefined ? '' : `: ${reasonOf(prefetch)}`;
  return [`**${count(left, 'file')}** not fetched${why}`];
}

function fetchedText(prefetch: PrefetchFacts): string {
  const { modulesFetched, modulesFailed, modulesLeftToGo, files, bytes, ms, bytesPerSecond } = prefetch;
  const rate = bytesPerSecond === undefined ? '' : `, ${unbroken(formatThroughput(bytesPerSecond))}`;
  const size = `${unbroken(formatBytes(bytes))} in ${unbroken(formatMs(ms))}${rate}`;
  // Of a module with a failed file the others have come nevertheless.
  const what = modulesFetched > 0 ? count(modulesFetched, 'module') : count(files, 'file');
  return [
    files === 0 ? '**Nothing** was fetched' : `**${what}** fetched and verified, ${size}`,
    ...(modulesFailed === 0 ? [] : [`**${modulesFailed} failed**`]),
    ...(modulesLeftToGo === 0 ? [] : [`${modulesLeftToGo} left to go`]),
  ].join('; ');
}

function reasonOf({ reason = '' }: PrefetchFacts): string {
  return inertProse(reason, SENTENCE_LIMIT);
}
