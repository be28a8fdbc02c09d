import { groupByPipe } from '../go/goproxy.ts';
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
 * Returns the group of each candidate by id. All candidates of the input or the default are one group, standby proxies
 * another, probed later; of an inherited list each pipe group is one, for another group cannot stand in for it.
 */
export function probeGroups(plan: Extract<ProxyPlan, { kind: 'candidates' }>): ReadonlyMap<number, number> {
  const standby = plan.standby.map(({ id }) => [id, -1] as const);
  if (plan.inherited === undefined) {
    return new Map([...plan.candidates.map(({ id }) => [id, 0] as const), ...standby]);
  }
  const groupOfEntry = groupByPipe(plan.inherited).flatMap((group, index) =>
    group.flatMap(({ kind }) => (kind === 'proxy' || kind === 'file' ? [index] : [])),
  );
  return new Map(plan.candidates.map(({ id }, index) => [id, groupOfEntry[index] ?? 0] as const));
}
