import type { Candidate, Credentials } from '../../src/proxy/candidate.ts';
import type { Network } from '../../src/proxy/http-client.ts';
import { readHttpProxySettings } from '../../src/proxy/http-proxy.ts';
import { makeNameLookup } from '../../src/proxy/name-lookup.ts';
import type { ProbeAssignment } from '../../src/proxy/probe-modules.ts';
import type { ProbePhaseOptions } from '../../src/proxy/probe-phase.ts';
import type { PublicProxy } from '../../src/proxy/public-proxies.ts';
import { loadTrust } from '../../src/proxy/trust.ts';
import type { Verdict } from '../../src/proxy/verdict.ts';
import type { SyntheticModule } from './modules.ts';

/** A proxy of the built-in table, as far as the probe looks at it. */
const PUBLIC: PublicProxy = {
  name: 'test',
  base: 'https://proxy.test',
  aliases: [],
  operator: 'tests',
  role: 'primary',
  region: 'loopback',
  sumdb: 'unknown',
  evidence: [],
};

/** Returns a candidate as the candidate list would make it. */
export function makeCandidate(
  url: string,
  options: { readonly id?: number; readonly isPublic?: boolean; readonly credentials?: Credentials } = {},
): Candidate {
  const { id = 0, isPublic = false, credentials } = options;
  return {
    id,
    kind: url.startsWith('file:') ? 'file' : 'http',
    url: new URL(url),
    exportValue: url,
    label: url,
    origin: 'input',
    ...(credentials === undefined ? {} : { credentials }),
    ...(isPublic ? { publicProxy: PUBLIC } : {}),
  };
}

/** Returns the network of a job with this environment; TLS only where `tls` says so, for reading the store takes time. */
export async function makeNetwork(
  options: { readonly env?: Readonly<Record<string, string>>; readonly tls?: boolean } = {},
): Promise<Network> {
  const { env = {}, tls = false } = options;
  return {
    httpProxies: readHttpProxySettings(env),
    lookup: makeNameLookup(),
    userAgent: 'setup-goproxy/test',
    ...(tls ? { secureContext: (await loadTrust({ env })).secureContext } : {}),
  };
}

/** Returns the full question: info and mod of a module, its zip or another's as the sample, and sum.golang.org. */
export function askOf(
  candidate: Candidate,
  module: SyntheticModule,
  sample: SyntheticModule = module,
): Extract<ProbeAssignment, { readonly kind: 'ask' }> {
  return {
    kind: 'ask',
    candidate,
    ask: {
      module: { path: module.path, version: module.version },
      modHashes: [module.modHash],
      samples: [{ module: { path: sample.path, version: sample.version }, hashes: [sample.zipHash] }],
      sumdb: 'sum.golang.org',
    },
  };
}

/** Returns a phase in which every candidate has a group of its own, so that none is cut for another's sake. */
export function apart(
  assignments: readonly ProbeAssignment[],
): Pick<ProbePhaseOptions, 'assignments' | 'groups'> {
  return { assignments, groups: new Map(assignments.map(({ candidate }) => [candidate.id, candidate.id])) };
}

/** Returns what a row of a table states: the kind, and stage and cause or reason. */
export function brief(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'healthy':
    case 'unmeasured':
      return verdict.kind;
    case 'unhealthy':
      return `${verdict.stage} ${verdict.cause}`;
    case 'unknown':
      return `unknown ${verdict.reason}`;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

/** Counts what keeps the process alive: sockets, servers, timers, lookups. */
export function countHandles(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|TLS|Timeout|GetAddrInfo|QueryReq|DNSCHANNEL|UDP|Immediate)/i.test(name)).length;
}

/** Waits until no more than `before` handles are left; the kernel takes a moment to close. At most 3 s. */
export async function settledHandles(before: number): Promise<number> {
  for (let waited = 0; waited < 3000 && countHandles() > before; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return countHandles();
}
