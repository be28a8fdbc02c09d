import type { WantedFile } from '../go/wanted-set.ts';
import type { RestoreOutcome } from '../modcache/restore-outcome.ts';
import type { PrefetchOutcome } from '../prefetch/prefetch-result.ts';
import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';
import { fileName } from './proxy-answers.ts';

/** What each finding of this file means; a title stands where the finding has no sentence of its own. */
export const CACHE_ENTRIES = {
  'cache-poisoned': {
    title: 'the restored cache held files that are not what go.sum says',
    class: 'integrity',
    fault: 'runner',
    rerunHelps: 'no',
    remedy:
      'Delete the archive (`gh cache delete`, or Caches on the Actions page of the repository), or every job meets it again. Find out which workflow run saved it: code that nobody has reviewed must not write caches of the default branch.',
    copy: ['gh cache delete KEY'],
  },
  'extracted-trees': {
    title: 'modules were extracted before this action ran, and go uses their files unchecked',
    class: 'integrity',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Let actions/setup-go restore no modules: this action does, and verifies them. On a runner that keeps its module cache between jobs, `go clean -modcache` makes go extract them anew.',
    copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod, cache: false } }'],
  },
} as const satisfies Record<string, CauseEntry & Pick<Finding, 'copy'>>;

/** What docs/diagnoses.md tells of each. */
export const CACHE_MEANINGS: Readonly<Record<keyof typeof CACHE_ENTRIES, string>> = {
  'cache-poisoned':
    'An archive of the cache service had, under the name of a wanted file, another content than go.sum has the hash of (an `.info` file: than this action writes). It was not placed. This action hashes what it saves, so somebody else wrote the archive, or the store spoilt it: a workflow run can write caches of its own branch, and every job reads those of the default branch. Where only the beginning of the key matched, another commit may have had another hash in its go.sum, which is as grave. Steps that unpack archives unseen would have handed it to go, which compiles what is there.',
  'extracted-trees':
    'The module cache had the source trees of these modules before this action ran: actions/setup-go and actions/cache restore them, earlier jobs of a self-hosted runner leave them, and so does a go command in an earlier step. go.sum has the hash of the zip, and go never looks at an extracted tree again, so nobody can vouch for it.',
};

/** What the archive of an earlier job brought, what the prefetch made of the rest, and what was there before both. */
export interface CacheFindingFacts {
  readonly restore: RestoreOutcome;
  readonly prefetch: PrefetchOutcome;
  /** Modules that were extracted before the step; none where that is known to be the work of this job. */
  readonly extractedTrees?: number;
}

/** Lines of evidence are cut at 20; the last one names the archive. */
const FILES_SHOWN = 15;

/**
 * Returns the findings about the module cache's archive and about extracted trees. A service that failed is none: the log
 * and the summary tell it, and the prefetch does its work.
 */
export function findingsOfCache({
  restore,
  prefetch,
  extractedTrees = 0,
}: CacheFindingFacts): readonly Finding[] {
  return [...poisonedFinding(restore, prefetch), ...extractedFinding(extractedTrees)];
}

/** Says whether the archive held a wrong file: one part of `unverified` of `fail-on`. */
export function restoreUnverified(outcome: RestoreOutcome): boolean {
  return outcome.kind === 'restored' && outcome.archive.wrong.length > 0;
}

/** Returns the names (fileName) of the files that came from the archive. */
export function restoredNames(outcome: RestoreOutcome): ReadonlySet<string> {
  return new Set(outcome.kind === 'restored' ? outcome.archive.placed.map(fileName) : []);
}

/** Returns how many trees were extracted before, as a clause. */
export function extractedText(trees: number): string {
  const were = trees === 1 ? '1 module was' : `${trees} modules were`;
  const whose = trees === 1 ? 'its' : 'their';
  return `${were} extracted before this action ran, and go uses ${whose} files unchecked`;
}

function poisonedFinding(restore: RestoreOutcome, prefetch: PrefetchOutcome): readonly Finding[] {
  if (restore.kind !== 'restored' || restore.archive.wrong.length === 0) return [];
  const { key, matchedKey, isExact, archive } = restore;
  const { copy: _example, ...entry } = CACHE_ENTRIES['cache-poisoned'];
  const more = archive.wrong.length - FILES_SHOWN;
  const archiveKey = isExact ? key.primary : matchedKey;
  return [
    {
      id: 'cache-poisoned',
      severity: 'failure',
      ...entry,
      // Each message names its file.
      evidence: [
        ...archive.wrong.slice(0, FILES_SHOWN).map(({ why }) => why.message),
        ...(more > 0 ? [`and ${more} more files`] : []),
        `archive: ${archiveKey}`,
      ],
      ...(isPlainKey(archiveKey) ? { copy: [`gh cache delete ${archiveKey}`] } : {}),
      consequence: fateOfPoisoned(
        archive.wrong.map(({ file }) => file),
        prefetch,
      ),
      subject: '',
    },
  ];
}

/** Of a key that a service made up nobody may be told to paste it into a shell. */
function isPlainKey(key: string): boolean {
  return /^setup-goproxy-[A-Za-z0-9._-]{1,150}$/.test(key);
}

/** They stayed missing, so the prefetch had them among its own. */
function fateOfPoisoned(wrong: readonly WantedFile[], prefetch: PrefetchOutcome): string {
  const many = wrong.length > 1;
  if (prefetch.kind !== 'ran') {
    return `not placed, and nothing was fetched: go asks for ${many ? 'them' : 'it'} when it needs ${many ? 'them' : 'it'}`;
  }
  const placed = new Set(
    prefetch.result.files.filter(({ kind }) => kind === 'placed').map(({ file }) => fileName(file)),
  );
  const fetched = wrong.filter((file) => placed.has(fileName(file))).length;
  if (fetched === wrong.length) return 'not placed, but fetched again and verified';
  const rest = many ? 'not fetched, so go asks for them when it needs them' : 'not fetched either';
  if (fetched === 0) return `not placed, and ${rest}`;
  return `not placed; ${fetched} fetched again and verified, ${wrong.length - fetched} could not be fetched`;
}

function extractedFinding(trees: number): readonly Finding[] {
  if (trees === 0) return [];
  return [
    {
      id: 'extracted-trees',
      severity: 'notice',
      ...CACHE_ENTRIES['extracted-trees'],
      title: extractedText(trees),
      evidence: [],
      subject: '',
    },
  ];
}
