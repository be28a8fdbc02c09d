import { groupByPipe } from '../go/goproxy.ts';
import type { Candidate } from './candidate.ts';
import type { Fallback } from './chain-decision.ts';
import type { ProxyPlan } from './proxy-plan.ts';

/** The others get this multiple of the first healthy candidate's time ... */
export const EARLY_END_FACTOR = 2;
/** ... and at least this many milliseconds beyond it. */
export const EARLY_END_EXTRA_MS = 300;

/**
 * Returns when the other probes of a group end at the latest, if its first healthy candidate was done after
 * `firstHealthyMs`. All times are milliseconds from the start of the phase, which ends at `timeoutMs`. Only a healthy
 * candidate of the same group (see {@link probeGroups}) ends other probes early: nobody else could take their place.
 */
export function earlyEndLimit(firstHealthyMs: number, timeoutMs: number): number {
  return Math.min(
    timeoutMs,
    Math.max(EARLY_END_FACTOR * firstHealthyMs, firstHealthyMs + EARLY_END_EXTRA_MS),
  );
}

/**
 * Returns the group of each candidate by id: who can stand in for one another. Public proxies of the built-in table serve the
 * same modules, and with `fallback` any-error or none the user says that all candidates do. Any other candidate is a group
 * of its own: it may be the only one that serves its modules, and must not leave the chain for being the slower one. Of an
 * inherited list each pipe group is one. Standby proxies are one, probed later.
 */
export function probeGroups(
  plan: Extract<ProxyPlan, { kind: 'candidates' }>,
  fallback: Fallback,
): ReadonlyMap<number, number> {
  const { candidates, inherited } = plan;
  if (inherited !== undefined) {
    const groupOfEntry = groupByPipe(inherited).flatMap((group, index) =>
      group.flatMap(({ kind }) => (kind === 'proxy' || kind === 'file' ? [index] : [])),
    );
    return new Map(candidates.map(({ id }, index) => [id, groupOfEntry[index] ?? 0] as const));
  }
  const isOneGroup = fallback === 'any-error' || fallback === 'none';
  const groupOf = ({ id, publicProxy }: Candidate) => (isOneGroup || publicProxy !== undefined ? 0 : id + 1);
  return new Map([
    ...candidates.map((candidate) => [candidate.id, groupOf(candidate)] as const),
    ...plan.standby.map(({ id }) => [id, -1] as const),
  ]);
}
