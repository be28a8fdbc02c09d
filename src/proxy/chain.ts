import { formatGoproxy, type GoproxyEntry, parseGoproxyEntry, type Separator } from '../go/goproxy.ts';
import type { Candidate } from './candidate.ts';
import type { ChainDecision, ChainInput, Direct, Fallback, Removed } from './chain-decision.ts';
import { decideInheritedChain } from './inherited-chain.ts';
import { bestHealthy, type RankedCandidate, rankProxies } from './ranking.ts';
import type { Probed } from './verdict.ts';

export type { ChainDecision, ChainInput, Direct, Fallback, Removed } from './chain-decision.ts';

/**
 * Returns the chain of DESIGN §3.3. Healthy candidates come in their ranked order, unknown and unmeasured ones keep their
 * place, unhealthy ones leave. When nothing but unhealthy ones is left, the best healthy standby takes their place; without
 * one the environment is kept, with a warning. An inherited list follows `inherited-chain.ts`.
 */
export function buildChain(input: ChainInput): ChainDecision {
  const { plan, workload } = input;
  const candidates = verdictsOf(plan.candidates, input.probed);
  if (plan.inherited !== undefined) {
    return decideInheritedChain({ ...input, probed: candidates, inherited: plan.inherited });
  }
  const { order } = rankProxies(candidates, workload);
  if (bestHealthy(order) === undefined && candidates.some(isOwnFault)) {
    return { kind: 'keep', ranked: [], reasons: [], warning: describeNoHealthy(candidates) };
  }
  if (order.length > 0) return joinChain(input, order, candidates);
  const standby = bestHealthy(rankProxies(verdictsOf(plan.standby, input.probed), workload).order);
  if (standby === undefined) {
    return { kind: 'keep', ranked: [], reasons: [], warning: describeNoHealthy(candidates) };
  }
  const notice = `No candidate is healthy, so the standby proxy ${standby.candidate.label} is used for this job.`;
  return { ...joinChain(input, [standby], candidates), notice };
}

/** A fault of our own may have hit the healthy ones: it must not leave go with the others alone, nor bring a standby in. */
function isOwnFault({ verdict }: Probed): boolean {
  return verdict.kind === 'unhealthy' && verdict.cause === 'internal';
}

/** Returns the warning for a job without a healthy candidate: each with its stage and cause. */
export function describeNoHealthy(probed: readonly Probed[]): string {
  const flaws = probed.flatMap(({ candidate, verdict }) =>
    verdict.kind === 'unhealthy' ? [`${candidate.label} (${verdict.stage}: ${verdict.cause})`] : [],
  );
  return `No module proxy is healthy, so the environment stays as it was: ${flaws.join(', ')}.`;
}

function joinChain(
  { fallback, direct }: ChainInput,
  order: readonly RankedCandidate[],
  probed: readonly Probed[],
): Extract<ChainDecision, { kind: 'export' }> {
  const best = bestHealthy(order) ?? order[0];
  const chosen = fallback === 'none' && best !== undefined ? [best] : order;
  const isPublic = chosen.every(({ candidate }) => candidate.publicProxy !== undefined);
  const withDirect = direct === 'true' || (direct === 'auto' && isPublic);
  const entries = chosen.map(({ candidate }, index): GoproxyEntry => {
    const next = chosen[index + 1]?.candidate;
    const separator = next === undefined ? (withDirect ? ',' : '') : separatorOf(candidate, next, fallback);
    return parseGoproxyEntry(candidate.exportValue, separator);
  });
  if (withDirect) entries.push(parseGoproxyEntry('direct'));
  const selected = bestHealthy(chosen)?.candidate;
  return {
    kind: 'export',
    goproxy: formatGoproxy(entries),
    entries,
    reasons: [...describeJoints(fallback, chosen), describeDirect(direct, isPublic)],
    ranked: order,
    ...(selected === undefined ? {} : { selected }),
    removed: probed.flatMap(({ candidate, verdict }): readonly Removed[] => {
      if (verdict.kind === 'unhealthy') return [{ candidate, why: 'unhealthy', verdict }];
      const isChosen = chosen.some((one) => one.candidate === candidate);
      return isChosen ? [] : [{ candidate, why: 'not-best', verdict }];
    }),
  };
}

function separatorOf(before: Candidate, after: Candidate, fallback: Fallback): Separator {
  switch (fallback) {
    case 'any-error':
      return '|';
    case 'not-found':
    case 'none':
      return ',';
    case 'auto':
      // A proxy that the user runs may refuse a module on purpose: only 404 and 410 may pass it.
      return before.publicProxy !== undefined && after.publicProxy !== undefined ? '|' : ',';
    default: {
      const never: never = fallback;
      return never;
    }
  }
}

/** What joins the proxies that are really there, and why; nothing where there is one only. */
function describeJoints(fallback: Fallback, chosen: readonly RankedCandidate[]): readonly string[] {
  if (fallback === 'none') return ['Only the best proxy is in the chain, as the input fallback says.'];
  if (chosen.length < 2) return [];
  switch (fallback) {
    case 'auto':
      return describeAutoJoints(chosen.map(({ candidate }) => candidate));
    case 'any-error':
      return ['Pipes join the proxies, as the input fallback says: go moves on after any error.'];
    case 'not-found':
      return ['Commas join the proxies, as the input fallback says: go moves on after 404 and 410 only.'];
    default: {
      const never: never = fallback;
      return never;
    }
  }
}

function describeAutoJoints(chosen: readonly Candidate[]): readonly string[] {
  const piped: string[] = [];
  const own: string[] = [];
  const beforeOwn: string[] = [];
  for (const [index, before] of chosen.entries()) {
    const after = chosen[index + 1];
    if (after === undefined) break;
    if (separatorOf(before, after, 'auto') === '|') piped.push(before.label);
    else if (before.publicProxy === undefined) own.push(before.label);
    else beforeOwn.push(before.label);
  }
  const only = 'go moves on after 404 and 410 only.';
  const verb = own.length === 1 ? 'it is not one' : 'they are not any';
  return [
    ...(own.length === 0
      ? []
      : [`A comma follows ${listed(own)} because ${verb} of the built-in public proxies: ${only}`]),
    ...(beforeOwn.length === 0
      ? []
      : [
          `A comma follows ${listed(beforeOwn)} because the next proxy is not one of the built-in public proxies: ${only}`,
        ]),
    ...(piped.length === 0
      ? []
      : [
          `A pipe follows ${listed(piped)} because it joins two of the built-in public proxies: go moves on after any error.`,
        ]),
  ];
}

function listed(labels: readonly string[]): string {
  return labels.length < 2 ? labels.join('') : `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
}

function describeDirect(direct: Direct, isPublic: boolean): string {
  if (direct === 'true') return '"direct" ends the chain, as the input direct says.';
  if (direct === 'false') return '"direct" is not in the chain, as the input direct says.';
  return isPublic
    ? '"direct" ends the chain after a comma, for it holds public proxies only: after 404 and 410 go asks the source itself.'
    : '"direct" is not in the chain, for not all of its proxies are public: set the input direct to true to have it.';
}

function verdictsOf(candidates: readonly Candidate[], probed: readonly Probed[]): readonly Probed[] {
  const verdicts = new Map(probed.map(({ candidate, verdict }) => [candidate.id, verdict]));
  return candidates.map((candidate) => ({
    candidate,
    verdict: verdicts.get(candidate.id) ?? { kind: 'unmeasured', why: 'it was not asked' },
  }));
}
