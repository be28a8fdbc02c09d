import type { Candidate } from './candidate.ts';
import { classifyEnd, internalFailure, RequestError } from './failure.ts';
import { type Network, openClient, type ProxyClient } from './http-client.ts';
import { routeTo } from './http-proxy.ts';
import { ContentError, checkInfo, checkMod, UnknownAnswer } from './probe-content.ts';
import { askSumdb, makeFigures } from './probe-findings.ts';
import type {
  KeptZip,
  KnownSize,
  ProbeAsk,
  ProbeFindings,
  ProbePorts,
  ProbeProgress,
  ProbeRun,
} from './probe-run.ts';
import { takeSamples } from './probe-sample.ts';
import type { Cause, Verdict } from './verdict.ts';

export type { KeptZip, KnownSize, ProbeAsk, ProbePorts, ZipSample } from './probe-run.ts';

/** What became of a probe. */
export interface ProbeOutcome {
  readonly verdict: Verdict;
  /** Samples that came whole with the right hash: they need not be fetched again. */
  readonly kept: readonly KeptZip[];
  readonly sizes: readonly KnownSize[];
  readonly contacted: readonly string[];
  readonly requests: number;
}

/**
 * Asks one candidate and says what it is worth: `.info` (its connection is timed), `.mod` on the same connection, the
 * sample zip, and beside these, on a second connection, whether it relays the checksum database. Never rejects, and holds
 * no connection or timer when it has resolved. A candidate that was right about `.info` and `.mod` stays healthy when
 * the signal ends the probe, with the figures so far. A failure that may pass by itself (a reset, a truncation, a status
 * from 500 up) is asked about once more: of two flaky proxies one must not be given up for a single answer.
 */
export async function probeCandidate(
  candidate: Candidate,
  ask: ProbeAsk,
  ports: ProbePorts,
): Promise<ProbeOutcome> {
  const unmeasured = whyUnmeasured(candidate, ports.network);
  if (unmeasured !== undefined) return unmeasuredOutcome(unmeasured);
  const first = await probeOnce(candidate, ask, ports);
  if (!mayPass(first.verdict) || ports.signal.aborted) return first;
  const second = await probeOnce(candidate, ask, ports);
  return {
    // An end that came meanwhile says less than the failure before it.
    ...(ports.signal.aborted && second.verdict.kind !== 'healthy' ? first : second),
    contacted: [...new Set([...first.contacted, ...second.contacted])],
    requests: first.requests + second.requests,
  };
}

const PASSING: ReadonlySet<Cause> = new Set(['connection-reset', 'closed-early', 'truncated', 'tls-closed']);

function mayPass(verdict: Verdict): boolean {
  if (verdict.kind !== 'unhealthy') return false;
  return verdict.cause === 'http-status' ? (verdict.status ?? 0) >= 500 : PASSING.has(verdict.cause);
}

async function probeOnce(candidate: Candidate, ask: ProbeAsk, ports: ProbePorts): Promise<ProbeOutcome> {
  const client = openClient({
    base: candidate.url,
    network: ports.network,
    ...(candidate.credentials === undefined ? {} : { credentials: candidate.credentials }),
    ...(ports.credentialsFor === undefined ? {} : { credentialsFor: ports.credentialsFor }),
  });
  const findings: ProbeFindings = {
    warmMs: [],
    phases: {},
    sumdb: 'not-asked',
    kept: [],
    sizes: [],
    proven: false,
  };
  ports.observe?.(() => progressOf(candidate, client, findings));
  const verdict = await runProbe({ candidate, ask, ports, client, findings });
  const kept = verdict.kind === 'healthy' ? findings.kept : [];
  const sizes = findings.sizes;
  const outcome = { verdict, kept, sizes, contacted: client.contacted(), requests: client.requests() };
  await client.destroy().catch(() => {});
  return outcome;
}

/** Returns the outcome of a candidate that is not asked. */
export function unmeasuredOutcome(why: string): ProbeOutcome {
  return { verdict: { kind: 'unmeasured', why }, kept: [], sizes: [], contacted: [], requests: 0 };
}

function progressOf({ url }: Candidate, client: ProxyClient, { proven }: ProbeFindings): ProbeProgress {
  if (proven) return 'proven';
  const { tcpMs, tlsMs } = client.firstConnection().phases;
  const isConnected = tcpMs !== undefined && (url.protocol === 'http:' || tlsMs !== undefined);
  return isConnected ? 'asking' : 'connecting';
}

function whyUnmeasured(candidate: Candidate, network: Network): string | undefined {
  if (candidate.kind === 'file') return 'a file:// proxy has no network to measure';
  const route = routeTo(network.httpProxies, candidate.url);
  if (route.kind !== 'unsupported') return undefined;
  return `it is behind a ${route.scheme} proxy, which go can use and this action cannot`;
}

async function runProbe(run: ProbeRun): Promise<Verdict> {
  const { ask, client } = run;
  let sumdb: Promise<void> | undefined;
  try {
    await checkInfo(run);
    if (ask.sumdb !== undefined) sumdb = askSumdb(run, ask.sumdb);
    await checkMod(run);
    run.findings.proven = true;
    await takeSamples(run, ask.samples);
    await sumdb;
    return { kind: 'healthy', figures: makeFigures(run) };
  } catch (error) {
    return toVerdict(run, error);
  } finally {
    // Its requests end with the client; nothing may reject unheard.
    if (sumdb !== undefined) await Promise.race([sumdb, client.destroy()]).catch(() => {});
  }
}

function toVerdict(run: ProbeRun, error: unknown): Verdict {
  const { phases, address } = withConnection(run);
  const place = address === undefined ? { phases } : { phases, address };
  if (error instanceof UnknownAnswer) {
    const { reason, status, body } = error;
    return { kind: 'unknown', reason, status, ...(body === '' ? {} : { body }), ...place };
  }
  if (error instanceof ContentError) {
    const { stage, cause, detail } = error.failure;
    const status = error.status === undefined ? {} : { status: error.status };
    const body = error.body === '' ? {} : { body: error.body };
    return { kind: 'unhealthy', stage, cause, detail, ...status, ...body, ...place };
  }
  if (error instanceof RequestError) return { kind: 'unhealthy', ...error.failure, ...place };
  if (run.ports.signal.aborted) return { kind: 'unhealthy', ...classifyEnd('timeout', 'headers'), ...place };
  const name = error instanceof Error ? error.name : typeof error;
  return { kind: 'unhealthy', ...internalFailure(name), ...place };
}

function withConnection(run: ProbeRun): ReturnType<ProxyClient['firstConnection']> {
  const opened = run.client.firstConnection();
  return { ...opened, phases: { ...opened.phases, ...run.findings.phases } };
}
