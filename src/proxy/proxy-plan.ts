import { GoRuleError } from '../go/go-rule-error.ts';
import { DEFAULT_GOPROXY, type GoproxyEntry, isOnlyPolicy, parseGoproxy } from '../go/goproxy.ts';
import type { Candidate } from './candidate.ts';
import {
  type FetchEntry,
  MAX_CANDIDATES,
  parseCandidates,
  type Skipped,
  toCandidate,
} from './candidate-list.ts';
import { PROXY_GOLANG_ORG } from './public-proxies.ts';
import { hasInsecureUserinfo } from './userinfo.ts';

/** Which proxies are candidates, or why none is probed and nothing exported. */
export type ProxyPlan =
  | {
      readonly kind: 'candidates';
      readonly candidates: readonly Candidate[];
      /** Probed only when no candidate is healthy. */
      readonly standby: readonly Candidate[];
      /** The list whose places must be kept; its `proxy` and `file` entries are the candidates, in this order. */
      readonly inherited: readonly GoproxyEntry[] | undefined;
      readonly skipped: readonly Skipped[];
    }
  | {
      readonly kind: 'policy';
      readonly reason: string;
      /** Set when the user should hear of it: go itself will fail on that value. */
      readonly warning?: string;
      readonly skipped: readonly Skipped[];
    };

/** What decides about the candidates. */
export interface PlanInput {
  /** The inputs as they were given; '' for an empty one. */
  readonly proxies: string;
  readonly mirrors: string;
  /** The effective GOPROXY as it was before any use of this action in the job; '' counts as Go's default. */
  readonly goproxy: string;
}

/**
 * Returns the candidates: those of `proxies`, else of an inherited GOPROXY (any value that is not Go's default), else
 * proxy.golang.org. Standby proxies are kept only beside candidates that all are public and not inherited. Throws
 * CandidateListError.
 */
export function planProxies({ proxies, mirrors, goproxy }: PlanInput): ProxyPlan {
  const given = parseCandidates({ input: 'proxies', text: proxies, origin: 'input', firstId: 0 });
  const isInherited = goproxy !== '' && goproxy !== DEFAULT_GOPROXY;
  if (given.candidates.length === 0 && isInherited) {
    // Checked although it is not used: a wrong value must not wait for another environment.
    parseStandby(mirrors, []);
    return planInherited(goproxy, given.skipped);
  }
  const candidates = given.candidates.length > 0 ? given.candidates : [defaultCandidate()];
  const standby = parseStandby(mirrors, candidates);
  const isPublic = candidates.every(({ publicProxy }) => publicProxy !== undefined);
  return {
    kind: 'candidates',
    candidates,
    standby: isPublic ? standby.candidates : [],
    inherited: undefined,
    skipped: isPublic ? [...given.skipped, ...standby.skipped] : given.skipped,
  };
}

function planInherited(goproxy: string, skipped: readonly Skipped[]): ProxyPlan {
  const policy = (reason: string, warning?: string): ProxyPlan => ({
    kind: 'policy',
    reason,
    ...(warning === undefined ? {} : { warning }),
    skipped,
  });
  if (hasInsecureUserinfo(goproxy)) {
    const flaw =
      'GOPROXY has a user name or password in an http URL, which go refuses to send: use https or netrc';
    return policy(flaw, flaw);
  }
  let entries: readonly GoproxyEntry[];
  try {
    entries = parseGoproxy(goproxy);
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return policy('the inherited GOPROXY is one that go refuses', error.message);
  }
  if (isOnlyPolicy(entries)) return policy(describePolicy(entries));
  const fetchable = entries.filter(isFetchEntry);
  if (fetchable.length > MAX_CANDIDATES) {
    return policy(`the inherited GOPROXY names more than ${MAX_CANDIDATES} proxies, so it is left as it is`);
  }
  const candidates = fetchable.map((entry, id) => toCandidate(entry, { id, origin: 'inherited' }));
  return { kind: 'candidates', candidates, standby: [], inherited: entries, skipped };
}

function isFetchEntry(entry: GoproxyEntry): entry is FetchEntry {
  return entry.kind === 'proxy' || entry.kind === 'file';
}

function describePolicy(entries: readonly GoproxyEntry[]): string {
  const kinds = [...new Set(entries.map(({ kind }) => (kind === 'file' ? 'file://' : kind)))];
  return `the inherited GOPROXY holds ${kinds.join(' and ')} only, which is policy: nothing is probed or exported`;
}

function defaultCandidate(): Candidate {
  const url = new URL(PROXY_GOLANG_ORG);
  const entry = { kind: 'proxy', url, raw: PROXY_GOLANG_ORG, separator: '' } as const;
  return toCandidate(entry, { id: 0, origin: 'default' });
}

function parseStandby(mirrors: string, candidates: readonly Candidate[]): ReturnType<typeof parseCandidates> {
  if (mirrors.trim() === 'none') return { candidates: [], skipped: [] };
  return parseCandidates({
    input: 'mirrors',
    text: mirrors,
    origin: 'standby',
    firstId: candidates.length,
    taken: candidates,
  });
}
