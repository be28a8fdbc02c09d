import { chainOf, type ProxySetOptions } from '../fetch/proxy-set.ts';
import { GoRuleError } from '../go/go-rule-error.ts';
import { type GoproxyEntry, parseGoproxy } from '../go/goproxy.ts';
import type { Candidate } from '../proxy/candidate.ts';
import type { Choice } from '../proxy/choose.ts';
import type { ProxyPlan } from '../proxy/proxy-plan.ts';

/** Whom the prefetch may ask, in which order; or why nobody. */
export type Route =
  | (Pick<ProxySetOptions, 'chain' | 'direct'> & {
      readonly kind: 'proxies';
      /** Asked when all others failed for infrastructure reasons. */
      readonly standby: readonly Candidate[];
    })
  | { readonly kind: 'none'; readonly reason: string };

/** What the route depends on. */
export interface RouteInput {
  readonly plan: ProxyPlan;
  /** Absent where nothing was measured. */
  readonly choice?: Choice;
  /** An earlier use in the job decided: the proxy that it ranked first, '' for none, and the GOPROXY in force now. */
  readonly reused?: { readonly selected: string; readonly goproxy: string };
}

/**
 * Returns the route: the chain that go will use after the step, as far as the first `direct` or `off`, and the standby
 * proxies beside candidates that all are public (DESIGN §2, `mirrors`). Where GOPROXY is policy, or nothing in it can be
 * used, there is none.
 */
export function planRoute({ plan, choice, reused }: RouteInput): Route {
  if (plan.kind === 'policy') return none(plan.reason);
  if (choice !== undefined) return routeOfChoice(plan, choice);
  if (reused === undefined) return none('no proxy was chosen');
  if (reused.selected === '') return none('an earlier use in this job found no healthy proxy');
  return routeAlong(plan, entriesOf(reused.goproxy));
}

type Candidates = Extract<ProxyPlan, { readonly kind: 'candidates' }>;

function routeOfChoice(plan: Candidates, { decision }: Choice): Route {
  if (decision.kind === 'export') return routeAlong(plan, decision.entries);
  if (decision.warning !== undefined) return none('no proxy that go would use is healthy');
  return routeAlong(plan, plan.inherited);
}

function routeAlong(plan: Candidates, entries: readonly GoproxyEntry[] | undefined): Route {
  if (entries === undefined) return none('the GOPROXY in force is not one of the candidates');
  const known = [...plan.candidates, ...plan.standby];
  const values = new Set(known.map(({ exportValue }) => exportValue));
  const isKnown = ({ kind, raw }: GoproxyEntry) => kind === 'direct' || kind === 'off' || values.has(raw);
  if (!entries.every(isKnown)) return none('the GOPROXY in force names a proxy that is no candidate');
  const { chain, direct } = chainOf(entries, known);
  if (chain.length === 0) return none('the GOPROXY in force names no proxy before `direct` or `off`');
  const used = new Set(chain.map(({ candidate }) => candidate.id));
  return { kind: 'proxies', chain, direct, standby: plan.standby.filter(({ id }) => !used.has(id)) };
}

/** What go refuses is nobody's route. */
function entriesOf(goproxy: string): readonly GoproxyEntry[] | undefined {
  try {
    return parseGoproxy(goproxy);
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return undefined;
  }
}

function none(reason: string): Route {
  return { kind: 'none', reason };
}
