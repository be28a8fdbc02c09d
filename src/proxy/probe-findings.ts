import { ERROR_BODY } from './http-client.ts';
import { sumdbSupportedUrl } from './module-url.ts';
import type { ProbeRun } from './probe-run.ts';
import type { Figures } from './verdict.ts';

/**
 * Asks whether the candidate relays the checksum database (modfetch/sumdb.go: 200 is yes, 404 and 410 are no). Never
 * rejects; an answer that does not come is `failed`, or stays `not-asked` when the phase ended early.
 */
export async function askSumdb(run: ProbeRun, name: string): Promise<void> {
  const { candidate, client, findings, ports } = run;
  try {
    const answer = await client.get(sumdbSupportedUrl(candidate.url, name), {
      signal: ports.signal,
      body: ERROR_BODY,
      lane: 'sumdb',
    });
    if (answer.status === 200) findings.sumdb = 'serves';
    else findings.sumdb = answer.status === 404 || answer.status === 410 ? 'none' : 'failed';
    findings.warmMs.push(answer.firstAnswerMs);
  } catch {
    if (ports.signal.reason !== 'too-slow') findings.sumdb = 'failed';
  }
}

/** Returns the figures of a candidate that was right about `.info` and `.mod`. */
export function makeFigures(run: ProbeRun): Figures {
  const { findings, client } = run;
  const { address, phases, silentIpv6 } = client.firstConnection();
  return {
    phases: { ...phases, ...findings.phases },
    firstByteMs: median(findings.warmMs),
    ...(findings.bytesPerSecond === undefined ? {} : { bytesPerSecond: findings.bytesPerSecond }),
    ...(findings.sampleBytes === undefined ? {} : { sampleBytes: findings.sampleBytes }),
    sumdb: findings.sumdb,
    ...(address === undefined ? {} : { address }),
    ...(silentIpv6 === undefined ? {} : { silentIpv6 }),
    requests: client.requests(),
  };
}

/** Returns the median, the lower one of two in the middle: a late answer says little of the path. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
