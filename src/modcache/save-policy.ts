/** All that decides whether the module cache is saved. */
export interface SaveFacts {
  /** The inputs `cache` and `save-cache`. */
  readonly cache: 'auto' | boolean;
  readonly saveCache: 'auto' | boolean;
  readonly mode: 'setup' | 'diagnose';
  readonly job: 'success' | 'failure' | 'cancelled' | 'unknown';
  readonly run: RunFacts;
  readonly service: {
    readonly available: boolean;
    /** What ACTIONS_CACHE_MODE allows. */
    readonly writable: boolean;
  };
  readonly set: {
    readonly state: 'empty' | 'incomplete' | 'complete';
    /** Nothing was missing before this use restored anything. */
    readonly wasComplete: boolean;
    /** go.sum or the private patterns are others now than when the job began. */
    readonly changed: boolean;
  };
  /** The key to save under, and what matched when the job began. */
  readonly primaryKey: string;
  readonly matchedKey: string | undefined;
  /** What matched could not be read. */
  readonly isMatchBroken: boolean;
}

/** Bounds of the time that saving may take, in milliseconds (DESIGN §4: 10 min). */
const MOST_MS = 10 * 60_000;
const LEAST_MS = 60_000;
/** A line to the store that is slower than this is not worth waiting for. */
const BYTES_PER_MS = 1000;

/** Returns how long an archive of so many bytes may take to be saved, in milliseconds: a minute, and a second a megabyte. */
export function savingTimeMs(bytes: number): number {
  return Math.min(MOST_MS, LEAST_MS + Math.ceil(bytes / BYTES_PER_MS));
}

/** Where a job comes from, in GitHub's words. */
export interface RunFacts {
  /** GITHUB_EVENT_NAME. */
  readonly event: string;
  /** GITHUB_REF: `refs/heads/…`, `refs/tags/…`, `refs/pull/…`. */
  readonly ref: string;
  /** Undefined when the event does not tell. */
  readonly defaultBranch: string | undefined;
}

/** Whether to save; `reason` follows "cache not saved: ". */
export type SaveDecision = { readonly save: true } | { readonly save: false; readonly reason: string };

/** Events whose caches others trust although outsiders have a say in them, and those whose caches nobody reads again. */
const NEVER: Readonly<Record<string, string>> = {
  pull_request_target: 'the event is pull_request_target',
  workflow_run: 'the event is workflow_run',
  merge_group: 'the event is merge_group',
  release: 'the event is release',
};

/**
 * Returns whether post saves the module cache (DESIGN §2 `save-cache`, §3.5). What cannot be saved comes first, then what
 * the user said, then the rule of `auto`: from the default branch whatever matched, elsewhere only where nothing did.
 * A failed job saves: what is saved is right by hash, whatever failed.
 */
export function decideSave(facts: SaveFacts): SaveDecision {
  const reason = impossible(facts) ?? needless(facts) ?? unwanted(facts);
  return reason === undefined ? { save: true } : { save: false, reason };
}

function impossible({ cache, saveCache, mode, job, service }: SaveFacts): string | undefined {
  if (mode === 'diagnose') return 'the input mode is diagnose';
  if (cache === false) return 'the input cache is false';
  if (saveCache === false) return 'the input save-cache is false';
  if (job === 'cancelled') return 'the job was cancelled';
  if (!service.available) return 'this runner has no cache service';
  return service.writable ? undefined : 'the cache is read-only in this job (ACTIONS_CACHE_MODE)';
}

function needless({ set, primaryKey, matchedKey, isMatchBroken }: SaveFacts): string | undefined {
  if (set.state === 'empty') return 'no public module is wanted';
  if (set.changed) return 'go.sum changed during the job';
  if (set.state === 'incomplete') return 'the module cache lacks some of the wanted modules';
  if (isSameKey(matchedKey, primaryKey)) {
    return isMatchBroken
      ? 'an archive has this key already, although it could not be read; delete it, or set cache-suffix'
      : 'the same modules are saved already';
  }
  return set.wasComplete ? 'the module cache was complete before this action ran' : undefined;
}

function unwanted({ saveCache, run, matchedKey }: SaveFacts): string | undefined {
  if (saveCache === true) return undefined;
  const never = NEVER[run.event];
  if (never !== undefined) return never;
  if (run.ref.startsWith('refs/tags/')) return 'the job runs for a tag';
  if (matchedKey === undefined || isDefault(run)) return undefined;
  return `${whereFrom(run)}, and a cache with most of the modules matched`;
}

function whereFrom({ ref, defaultBranch }: RunFacts): string {
  if (ref.startsWith('refs/pull/')) return 'a pull request';
  return defaultBranch === undefined
    ? 'the event does not tell the default branch'
    : 'another branch than the default one';
}

function isDefault({ ref, defaultBranch, event }: RunFacts): boolean {
  // Scheduled jobs run on the default branch only.
  if (event === 'schedule') return true;
  return defaultBranch !== undefined && ref === `refs/heads/${defaultBranch}`;
}

/** Some services lower the case of keys (act). */
export function isSameKey(one: string | undefined, other: string): boolean {
  return one !== undefined && one.toLowerCase() === other.toLowerCase();
}
