import type { GoproxyEntry } from '../go/goproxy.ts';
import type { Candidate } from './candidate.ts';
import type { ProxyPlan } from './proxy-plan.ts';
import type { RankedCandidate, Workload } from './ranking.ts';
import type { Probed, Verdict } from './verdict.ts';

/** The input `fallback`: what joins the entries of the chain. */
export type Fallback = 'auto' | 'any-error' | 'not-found' | 'none';
/** The input `direct`: whether the chain ends with `,direct`. */
export type Direct = 'auto' | 'true' | 'false';

/** A candidate that is not in the chain. */
export interface Removed {
  readonly candidate: Candidate;
  /** `unhealthy`: the verdict says why; `not-best`: healthy or unknown, and `fallback: none` takes one only. */
  readonly why: 'unhealthy' | 'not-best';
  readonly verdict: Verdict;
}

interface DecisionCommon {
  /** What was decided and why, one sentence each. */
  readonly reasons: readonly string[];
  /** Every candidate that is not unhealthy, in the order of preference. */
  readonly ranked: readonly RankedCandidate[];
  /** The first healthy one of the chain. */
  readonly selected?: Candidate;
}

/** The GOPROXY to use, or why the environment stays as it is. */
export type ChainDecision =
  | (DecisionCommon & {
      readonly kind: 'export';
      /** A secret when an entry has userinfo. */
      readonly goproxy: string;
      readonly entries: readonly GoproxyEntry[];
      readonly removed: readonly Removed[];
      /** Set when a standby proxy came into the chain. */
      readonly notice?: string;
    })
  | (DecisionCommon & { readonly kind: 'keep'; readonly warning?: string });

/** What the chain is built from. */
export interface ChainInput {
  readonly plan: Extract<ProxyPlan, { readonly kind: 'candidates' }>;
  /** Verdicts of candidates and, when they were asked, standby; who has none counts as unmeasured. */
  readonly probed: readonly Probed[];
  readonly workload: Workload;
  readonly fallback: Fallback;
  readonly direct: Direct;
}
