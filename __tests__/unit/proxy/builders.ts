import { parseGoproxyEntry } from '../../../src/go/goproxy.ts';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import type { Candidate, CandidateOrigin } from '../../../src/proxy/candidate.ts';
import { toCandidate } from '../../../src/proxy/candidate-list.ts';
import type { ProxyPlan } from '../../../src/proxy/proxy-plan.ts';
import type { Figures, Probed, Verdict } from '../../../src/proxy/verdict.ts';

export function candidate(id: number, value: string, origin: CandidateOrigin = 'input'): Candidate {
  const entry = parseGoproxyEntry(value);
  if (entry.kind !== 'proxy' && entry.kind !== 'file') throw new Error(`no proxy: ${value}`);
  return toCandidate(entry, { id, origin });
}

export function figures(firstByteMs: number, rest: Partial<Figures> = {}): Figures {
  return { phases: {}, firstByteMs, sumdb: 'not-asked', requests: 3, ...rest };
}

export function healthy(firstByteMs = 50, rest: Partial<Figures> = {}): Verdict {
  return { kind: 'healthy', figures: figures(firstByteMs, rest) };
}

export const DEAD: Verdict = {
  kind: 'unhealthy',
  stage: 'tcp',
  cause: 'connection-refused',
  detail: 'nothing listens on that port (ECONNREFUSED)',
  phases: {},
};
export const REFUSED: Verdict = { kind: 'unknown', reason: 'unauthorized', status: 401, phases: {} };
export const UNMEASURED: Verdict = { kind: 'unmeasured', why: 'a file:// proxy has no network to measure' };

export function probed(one: Candidate, verdict: Verdict): Probed {
  return { candidate: one, verdict };
}

export type CandidatePlan = Extract<ProxyPlan, { kind: 'candidates' }>;

export function asCandidates(plan: ProxyPlan): CandidatePlan {
  if (plan.kind !== 'candidates') throw new Error(`policy: ${plan.reason}`);
  return plan;
}

export function wanted(
  kind: WantedFile['kind'],
  name: string,
  disclosure: WantedFile['disclosure'] = 'public',
): WantedFile {
  const [path = '', version = 'v1.0.0'] = name.split('@');
  return {
    module: { path, version },
    kind,
    hashes: kind === 'info' ? [] : [`h1:${kind} of ${name}`],
    disclosure,
  };
}
