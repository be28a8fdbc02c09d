import { type GoproxyEntry, parseGoproxyEntry } from '../go/goproxy.ts';
import { askDatabases, type DatabaseAnswers } from './ask-databases.ts';
import type { Candidate } from './candidate.ts';
import { buildChain } from './chain.ts';
import type { ChainDecision, Direct, Fallback } from './chain-decision.ts';
import { decideSumdb, type SumdbDecision } from './checksum-db.ts';
import { probeGroups } from './early-end.ts';
import type { KeptZip, KnownSize } from './probe.ts';
import { joinResults, type ProbeQuestion, type ProbeResult, probeCandidates } from './probe-candidates.ts';
import type { ProxyPlan } from './proxy-plan.ts';
import { estimateWorkload } from './ranking.ts';
import type { Figures, Probed } from './verdict.ts';

/** What the proxies are chosen for, and how. */
export interface ChoiceRequest extends ProbeQuestion {
  readonly plan: Extract<ProxyPlan, { readonly kind: 'candidates' }>;
  readonly fallback: Fallback;
  readonly direct: Direct;
  /** The input `gosumdb`: `auto` or a value. */
  readonly gosumdbSetting: string;
  /** GOSUMDB as it was before any use of this action in the job. */
  readonly gosumdb: string;
  readonly goVersion?: string;
  /** The whole probing: candidates, standby and checksum databases, in milliseconds. */
  readonly probeTimeoutMs: number;
}

/** Whether the standby proxies were asked, and why. */
export interface StandbyUse {
  readonly asked: boolean;
  readonly reason: string;
}

/** What was measured and decided. */
export interface Choice {
  /** Every candidate in configured order, then the standby proxies that were asked. */
  readonly probed: readonly Probed[];
  readonly decision: ChainDecision;
  readonly sumdb: SumdbDecision;
  readonly standby: StandbyUse;
  /** Zips that came whole as samples and were right by hash. */
  readonly kept: readonly KeptZip[];
  /** Of zips whose samples were cut. */
  readonly sizes: readonly KnownSize[];
  /** Hosts that were contacted, each once. */
  readonly contacted: readonly string[];
}

/** With a standby to ask, candidates get this share of the time: a black hole must leave some for the standby. */
const CANDIDATE_SHARE = 2 / 3;

/**
 * Measures the candidates, and the standby proxies when no candidate can be used, and decides about GOPROXY and GOSUMDB
 * (DESIGN §3.2 and §3.3). Everything together ends within `probeTimeoutMs`, but for a second of grace.
 * @throws the reason of `signal` when it aborts; nothing else.
 */
export async function chooseProxies(request: ChoiceRequest): Promise<Choice> {
  const { plan, probeTimeoutMs, signal } = request;
  const startedAt = performance.now();
  const endsAt = startedAt + probeTimeoutMs;
  const share = plan.standby.length > 0 ? CANDIDATE_SHARE : 1;
  const first = await measure(request, plan.candidates, { endsAt: startedAt + share * probeTimeoutMs });
  signal?.throwIfAborted();
  const standby = standbyUse(plan, first.result.probed);
  const second = standby.asked ? await measure(request, plan.standby, { endsAt }) : undefined;
  signal?.throwIfAborted();
  const result = second === undefined ? first.result : joinResults(first.result, second.result);
  const decision = buildChain({
    ...request,
    probed: result.probed,
    workload: estimateWorkload(request.missing),
  });
  const databases = second?.databases ?? first.databases;
  return {
    probed: result.probed,
    kept: result.kept,
    sizes: result.sizes,
    decision,
    sumdb: decideDatabase(request, { decision, probed: result.probed, databases }),
    standby,
    contacted: [...new Set([...result.contacted, ...first.databases.contacted, ...databases.contacted])],
  };
}

interface Measured {
  readonly result: ProbeResult;
  readonly databases: DatabaseAnswers;
}

/** The databases are asked beside the candidates: what the chain may come to need of them is known by now. */
async function measure(
  request: ChoiceRequest,
  candidates: readonly Candidate[],
  { endsAt }: { readonly endsAt: number },
): Promise<Measured> {
  const { plan, gosumdbSetting, gosumdb, network } = request;
  const [result, databases] = await Promise.all([
    probeCandidates(request, {
      candidates,
      groups: probeGroups(plan, request.fallback),
      // An inherited list is policy: nobody of another pipe group can take a place there.
      endsIdle: plan.inherited === undefined,
      endsAt,
    }),
    askDatabases({
      setting: gosumdbSetting,
      effective: gosumdb,
      chain: candidates.map(({ exportValue }) => parseGoproxyEntry(exportValue)),
      network,
      endsAt,
    }),
  ]);
  return { result, databases };
}

function standbyUse(
  { candidates, standby, inherited }: ChoiceRequest['plan'],
  probed: readonly Probed[],
): StandbyUse {
  if (inherited !== undefined)
    return { asked: false, reason: 'GOPROXY is inherited, and no other proxy comes into it' };
  if (candidates.some(({ publicProxy }) => publicProxy === undefined)) {
    return { asked: false, reason: 'a candidate is none of the built-in public proxies' };
  }
  if (standby.length === 0) return { asked: false, reason: 'there is none' };
  return probed.every(({ verdict }) => verdict.kind === 'unhealthy')
    ? { asked: true, reason: 'no candidate is healthy' }
    : { asked: false, reason: 'a candidate can be used' };
}

interface DatabaseEvidence {
  readonly decision: ChainDecision;
  readonly probed: readonly Probed[];
  readonly databases: DatabaseAnswers;
}

function decideDatabase(
  request: ChoiceRequest,
  { decision, probed, databases }: DatabaseEvidence,
): SumdbDecision {
  const { gosumdbSetting, gosumdb, goVersion } = request;
  return decideSumdb({
    setting: gosumdbSetting,
    effective: gosumdb,
    chain: chainInForce(request, decision),
    answers: databases.answers,
    offers: (entry) => offerOf(entry, probed),
    ...(goVersion === undefined ? {} : { goVersion }),
  });
}

/** The entries that go will use; undefined when the environment stays because nothing else was safe. */
function chainInForce({ plan }: ChoiceRequest, decision: ChainDecision): readonly GoproxyEntry[] | undefined {
  if (decision.kind === 'export') return decision.entries;
  return decision.warning === undefined ? plan.inherited : undefined;
}

function offerOf(entry: GoproxyEntry, probed: readonly Probed[]): Figures['sumdb'] | undefined {
  if (entry.kind !== 'proxy') return undefined;
  const own = probed.find(({ candidate }) => candidate.exportValue === entry.raw);
  return own?.verdict.kind === 'healthy' ? own.verdict.figures.sumdb : undefined;
}
