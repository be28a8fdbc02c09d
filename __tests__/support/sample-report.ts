import type { Candidate } from '../../src/proxy/candidate.ts';
import type { Cause, Probed, Stage, Verdict } from '../../src/proxy/verdict.ts';
import type { CandidateFacts, Report } from '../../src/report/report.ts';

/** A candidate of an input, by its base URL. */
export function makeCandidate(base: string, id = 0, origin: Candidate['origin'] = 'input'): Candidate {
  const url = new URL(base);
  return { id, kind: 'http', url, exportValue: base, label: base, origin };
}

export const HEALTHY: Verdict = {
  kind: 'healthy',
  figures: {
    phases: { dnsMs: 3.2, tcpMs: 8, tlsMs: 12, firstByteMs: 14 },
    firstByteMs: 12.4,
    bytesPerSecond: 21_300_000,
    sampleBytes: 1_000_000,
    sumdb: 'none',
    address: '192.0.2.1',
    requests: 5,
  },
};

/** An unhealthy verdict of this cause. */
export function unhealthy(
  cause: Cause,
  more: { stage?: Stage; status?: number; body?: string } = {},
): Verdict {
  const { stage = 'http', ...rest } = more;
  return { kind: 'unhealthy', stage, cause, detail: 'our words (ECODE)', phases: { dnsMs: 1 }, ...rest };
}

/** A candidate with its verdict. */
export function probed(base: string, verdict: Verdict, origin: Candidate['origin'] = 'input'): Probed {
  return { candidate: makeCandidate(base, 0, origin), verdict };
}

export const FAST: CandidateFacts = {
  label: 'https://fast.example',
  origin: 'input',
  verdict: HEALTHY,
  rank: 1,
  inChain: true,
  estimateMs: 800,
  reason: 'the lowest estimate',
};

export const BROKEN: CandidateFacts = {
  label: 'https://broken.example',
  origin: 'input',
  verdict: unhealthy('http-status', { status: 502 }),
  inChain: false,
};

/** The report of a healthy run with one broken candidate; `changes` replace what a test is about. */
export function makeReport(changes: Partial<Report> = {}): Report {
  const unchanged = { before: '', after: '', reason: 'nothing was added' };
  return {
    schema: 1,
    actionVersion: '0.1.0',
    step: 'main',
    mode: 'setup',
    startedAt: '2026-11-21T00:00:00.000Z',
    durations: [
      { phase: 'probe', ms: 310 },
      { phase: 'export', ms: 2.5 },
    ],
    go: { version: 'go1.26.1', source: 'go' },
    plan: {
      kind: 'candidates',
      candidates: [BROKEN, FAST],
      skipped: [{ entry: 'https://:@host', reason: 'user name and password are blank' }],
      standby: { asked: false, reason: 'a candidate is healthy' },
    },
    chain: {
      decision: 'exported',
      before: 'https://proxy.golang.org,direct',
      after: 'https://fast.example',
      reasons: ['https://broken.example left the chain: unhealthy'],
      selected: 'https://fast.example',
    },
    checksumDatabase: { before: 'sum.golang.org', after: 'sum.golang.org', reason: 'the default stays' },
    privatePatterns: { goprivate: unchanged, gonoproxy: unchanged, gonosumdb: unchanged },
    exported: [{ name: 'GOPROXY', value: 'https://fast.example' }],
    wanted: {
      modules: 120,
      files: 300,
      missing: 4,
      wrong: 0,
      privateModules: 2,
      notes: ['vendor/ is not used'],
    },
    notes: ['prefetch comes later'],
    hosts: ['fast.example', 'broken.example'],
    findings: [],
    failureClass: 'none',
    ...changes,
  };
}
