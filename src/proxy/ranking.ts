import type { WantedFile } from '../go/wanted-set.ts';
import type { Candidate } from './candidate.ts';
import type { Figures, Probed, Verdict } from './verdict.ts';

/**
 * Connections to each proxy, and so the files that are on the line at once: what is estimated here and what the prefetch
 * does. go alone does GOMAXPROCS (2 to 4 on small runners).
 */
export const CONNECTIONS = 40;
/** Mean size of a module zip: 38 MB over the 150 modules of a measured service. Sizes are not known before fetching. */
export const AVERAGE_ZIP_BYTES = 250_000;
/** A candidate within this share above the fastest estimate counts as equally fast ... */
export const CLOSE_RATIO = 1.3;
/** ... and so does one within this many milliseconds of it. */
export const CLOSE_MS = 100;

/** What is to be fetched. */
export interface Workload {
  readonly files: number;
  readonly bytes: number;
}

/** Why a candidate has its place among those that stay. */
export type PlaceReason =
  | { readonly kind: 'fastest' }
  /** The fastest of the rest is not enough faster to change the configured order. */
  | { readonly kind: 'configured-first'; readonly fastest: Candidate; readonly fastestMs: number }
  /** Unknown or not measured: it keeps its configured place. */
  | { readonly kind: 'kept-place' };

/** A candidate that may be in the chain. */
export interface RankedCandidate {
  readonly candidate: Candidate;
  readonly verdict: Exclude<Verdict, { readonly kind: 'unhealthy' }>;
  /** Estimated milliseconds to fetch the workload; only of a healthy one. */
  readonly estimateMs?: number;
  readonly place: PlaceReason;
}

/** The candidates that are not unhealthy, in the order in which they are to be asked. */
export interface Ranking {
  readonly order: readonly RankedCandidate[];
  readonly workload: Workload;
}

/** Returns the workload of missing files, each zip counted with {@link AVERAGE_ZIP_BYTES}. */
export function estimateWorkload(missing: readonly WantedFile[]): Workload {
  const zips = missing.filter(({ kind }) => kind === 'zip').length;
  return { files: missing.length, bytes: zips * AVERAGE_ZIP_BYTES };
}

/**
 * Returns the estimated time T = rounds · first byte + bytes / throughput, in milliseconds: `rounds` is how often
 * {@link CONNECTIONS} requests go out at once, at least 1. Without a throughput the second term is left out.
 */
export function estimateMs(figures: Figures, workload: Workload, fallbackBytesPerSecond?: number): number {
  const rounds = Math.max(1, Math.ceil(workload.files / CONNECTIONS));
  const bytesPerSecond = throughputOf(figures) ?? fallbackBytesPerSecond;
  const transferMs = bytesPerSecond === undefined ? 0 : (workload.bytes / bytesPerSecond) * 1000;
  return rounds * figures.firstByteMs + transferMs;
}

/**
 * Returns the candidates without the unhealthy ones. Healthy ones are ordered by estimate, but each place goes to the
 * first configured one within 30 % or 100 ms of the fastest that is left; unknown throughputs count as the median of the
 * known ones. Unknown and unmeasured candidates keep their configured place.
 */
export function rankProxies(probed: readonly Probed[], workload: Workload): Ranking {
  const stay = [...probed].sort((a, b) => a.candidate.id - b.candidate.id).flatMap(withoutUnhealthy);
  const placed = placeHealthy(stay.flatMap(withFigures), workload);
  let next = 0;
  const order = stay.map(({ candidate, verdict }): RankedCandidate => {
    const healthy = verdict.kind === 'healthy' ? placed[next++] : undefined;
    return healthy ?? { candidate, verdict, place: { kind: 'kept-place' } };
  });
  return { order, workload };
}

/** Returns the first healthy candidate of the order. */
export function bestHealthy(order: readonly RankedCandidate[]): RankedCandidate | undefined {
  return order.find(({ verdict }) => verdict.kind === 'healthy');
}

/** Returns why the candidate has its place, as one clause for log and summary. */
export function describePlace({ verdict, place }: RankedCandidate): string {
  switch (place.kind) {
    case 'fastest':
      return 'the lowest estimate of those not placed before it';
    case 'configured-first':
      return `configured before ${place.fastest.label}, which is not fast enough to pass it (by 30 % and 100 ms)`;
    case 'kept-place':
      return verdict.kind === 'unmeasured'
        ? `keeps its configured place: ${verdict.why}`
        : 'keeps its configured place: what it answered does not tell whether it serves go';
    default: {
      const never: never = place;
      return never;
    }
  }
}

interface Staying {
  readonly candidate: Candidate;
  readonly verdict: RankedCandidate['verdict'];
}

interface Measured {
  readonly candidate: Candidate;
  readonly verdict: Extract<Verdict, { readonly kind: 'healthy' }>;
}

interface Estimated extends Measured {
  readonly ms: number;
}

function withoutUnhealthy({ candidate, verdict }: Probed): readonly Staying[] {
  return verdict.kind === 'unhealthy' ? [] : [{ candidate, verdict }];
}

function withFigures({ candidate, verdict }: Staying): readonly Measured[] {
  return verdict.kind === 'healthy' ? [{ candidate, verdict }] : [];
}

/** Takes and returns configured order. */
function placeHealthy(healthy: readonly Measured[], workload: Workload): readonly RankedCandidate[] {
  const median = medianOf(healthy.flatMap(({ verdict }) => throughputOf(verdict.figures) ?? []));
  let rest: readonly Estimated[] = healthy.map(({ candidate, verdict }) => ({
    candidate,
    verdict,
    ms: estimateMs(verdict.figures, workload, median),
  }));
  const placed: RankedCandidate[] = [];
  while (rest.length > 0) {
    const fastest = rest.reduce((best, one) => (one.ms < best.ms ? one : best));
    const limit = Math.max(fastest.ms * CLOSE_RATIO, fastest.ms + CLOSE_MS);
    const chosen = rest.find(({ ms }) => ms <= limit) ?? fastest;
    const { candidate, verdict, ms } = chosen;
    const place: PlaceReason =
      chosen === fastest
        ? { kind: 'fastest' }
        : { kind: 'configured-first', fastest: fastest.candidate, fastestMs: fastest.ms };
    placed.push({ candidate, verdict, estimateMs: ms, place });
    rest = rest.filter((one) => one !== chosen);
  }
  return placed;
}

function throughputOf({ bytesPerSecond }: Figures): number | undefined {
  if (bytesPerSecond === undefined || !Number.isFinite(bytesPerSecond) || bytesPerSecond <= 0)
    return undefined;
  return bytesPerSecond;
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
