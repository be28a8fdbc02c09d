import type { PrivacyPatterns } from '../go/goprivate.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import type { Candidate, Credentials } from './candidate.ts';
import type { Network } from './http-client.ts';
import { explainNames } from './name-facts.ts';
import type { KeptZip, KnownSize } from './probe.ts';
import { assignProbes, type ProbeAssignment } from './probe-modules.ts';
import { probeAll } from './probe-phase.ts';
import type { Probed } from './verdict.ts';

/** What candidates are measured for. */
export interface ProbeQuestion {
  /** All files of W. */
  readonly wanted: readonly WantedFile[];
  /** Those that the module cache lacks. */
  readonly missing: readonly WantedFile[];
  /** The effective values after merging the inputs. */
  readonly privacy: PrivacyPatterns;
  /** `all`: every candidate is measured, also when nothing is missing. */
  readonly thoroughness: 'as-needed' | 'all';
  /** Name of the checksum database whose relaying is asked for; undefined: not asked. */
  readonly sumdbName: string | undefined;
  readonly network: Network;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  readonly signal?: AbortSignal;
}

/** Candidates of one phase, and when it ends. */
export interface ProbeRound {
  readonly candidates: readonly Candidate[];
  /** Group of each candidate by id (early-end.ts). */
  readonly groups: ReadonlyMap<number, number>;
  /** See ProbePhaseOptions. */
  readonly endsIdle: boolean;
  /** As performance.now() counts. */
  readonly endsAt: number;
}

/** What one round found. */
export interface ProbeResult {
  /** In the order of the candidates. */
  readonly probed: readonly Probed[];
  readonly kept: readonly KeptZip[];
  readonly sizes: readonly KnownSize[];
  readonly contacted: readonly string[];
}

type Askable = Extract<ProbeAssignment, { readonly kind: 'ask' }>;

/**
 * Measures the candidates at once. When nothing is missing, only the first that can be asked gets two small requests, and
 * the others theirs only if it fails. What the names of failed ones tell is looked at afterwards, in 1 s more when all is wanted.
 */
export async function probeCandidates(question: ProbeQuestion, round: ProbeRound): Promise<ProbeResult> {
  const result = await probeWanted(question, round);
  const thorough = question.thoroughness === 'all';
  const probed = await explainNames(result.probed, { httpProxies: question.network.httpProxies, thorough });
  return { ...result, probed };
}

async function probeWanted(question: ProbeQuestion, round: ProbeRound): Promise<ProbeResult> {
  const { missing, thoroughness } = question;
  const assignments = assign(question, round.candidates);
  const askable = assignments.filter((one): one is Askable => one.kind === 'ask');
  if (missing.length > 0 || thoroughness === 'all') {
    return withUnasked(assignments, await probeTogether(question, round, askable));
  }
  const first = await probeTogether(question, round, askable.slice(0, 1));
  if (first.probed[0]?.verdict.kind !== 'unhealthy') return withUnasked(assignments, first);
  const rest = await probeTogether(question, round, askable.slice(1));
  return withUnasked(assignments, joinResults(first, rest));
}

/** Returns both results as one. */
export function joinResults(one: ProbeResult, other: ProbeResult): ProbeResult {
  return {
    probed: [...one.probed, ...other.probed],
    kept: [...one.kept, ...other.kept],
    sizes: [...one.sizes, ...other.sizes],
    contacted: [...new Set([...one.contacted, ...other.contacted])],
  };
}

/** Without anything to fetch neither throughput nor the relaying of checksums matters. */
function assign(question: ProbeQuestion, candidates: readonly Candidate[]): readonly ProbeAssignment[] {
  const { wanted, missing, privacy, sumdbName } = question;
  const asksSumdb = missing.length > 0 && sumdbName !== undefined;
  return assignProbes({ candidates, wanted, missing, privacy, ...(asksSumdb ? { sumdb: sumdbName } : {}) });
}

async function probeTogether(
  question: ProbeQuestion,
  { groups, endsIdle, endsAt }: ProbeRound,
  assignments: readonly Askable[],
): Promise<ProbeResult> {
  const { network, credentialsFor, signal } = question;
  return await probeAll({
    assignments,
    groups,
    endsIdle,
    timeoutMs: Math.max(0, endsAt - performance.now()),
    network,
    ...(credentialsFor === undefined ? {} : { credentialsFor }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Gives those that were not asked a verdict too. */
function withUnasked(assignments: readonly ProbeAssignment[], result: ProbeResult): ProbeResult {
  const byId = new Map(result.probed.map((probed) => [probed.candidate.id, probed]));
  const probed = assignments.map((one): Probed => {
    const why = one.kind === 'none' ? one.why : 'nothing is missing, and a candidate before it answered';
    return byId.get(one.candidate.id) ?? { candidate: one.candidate, verdict: { kind: 'unmeasured', why } };
  });
  return { ...result, probed };
}
