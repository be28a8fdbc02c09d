import type { FileKind } from '../proxy/module-url.ts';

/** When a proxy rests. */
export interface BreakerPolicy {
  /** So many failures in a row ... */
  readonly inARow: number;
  /** ... or so many of the last `window` answers. */
  readonly failures: number;
  readonly window: number;
  /** Milliseconds of the first rest; doubled each time the one try after it fails. */
  readonly restMs: number;
  readonly restCapMs: number;
}

/** The numbers of DESIGN §3.4; all waits are parameters, so that tests need no patience. */
export interface FetchPolicy {
  /** Failed attempts for each file, over all proxies of the chain. An answer 404 is no failure. */
  readonly attempts: number;
  /** The same over all standby proxies, on top. */
  readonly standbyAttempts: number;
  /** Milliseconds until a request is on a connection. */
  readonly connectMs: number;
  /** Milliseconds without a byte. */
  readonly stallMs: number;
  /** Milliseconds until an answer begins, where nobody else could be asked: a proxy may be fetching it itself. */
  readonly patienceMs: number;
  /** Less than this over a whole window is a trickle. */
  readonly trickle: { readonly bytesPerSecond: number; readonly windowMs: number };
  /** Full jitter before the same proxy is asked again: random · min(cap, base · 2^n) milliseconds. */
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
  /** A longer Retry-After counts as this many milliseconds. */
  readonly retryAfterCapMs: number;
  readonly breaker: BreakerPolicy;
  /** With no good answer from anybody for so many milliseconds the network counts as dead. */
  readonly deadAfterMs: number;
}

/**
 * What the prefetch uses. Where every peer went silent, the last attempts begin before `deadAfterMs` and end after
 * `connectMs` and `patienceMs` at the latest: 40 s in all, within the 45 s of DESIGN §2.
 */
export const FETCH_POLICY: FetchPolicy = {
  attempts: 4,
  standbyAttempts: 2,
  connectMs: 5000,
  stallMs: 5000,
  patienceMs: 15_000,
  trickle: { bytesPerSecond: 10_000, windowMs: 10_000 },
  backoff: { baseMs: 100, capMs: 2000 },
  retryAfterCapMs: 10_000,
  breaker: { inARow: 3, failures: 5, window: 10, restMs: 5000, restCapMs: 60_000 },
  deadAfterMs: 20_000,
};

/** Largest body of each kind of file, in bytes. */
export type FetchLimits = Readonly<Record<FileKind, number>>;

/** Zips and go.mod files as x/mod/zip limits them (MaxZipFile, MaxGoMod); an info file is a few hundred bytes. */
export const FETCH_LIMITS: FetchLimits = { zip: 500 << 20, mod: 16 << 20, info: 64 << 10 };
