import type { Failure } from '../proxy/failure.ts';

/**
 * What an attempt means for its file. `refused`: the file is asked of nobody after it. `infrastructure` and `integrity`:
 * another proxy, or the same one later. `local`: the receiving side failed.
 */
export type Meaning =
  | 'fetched'
  | 'not-found'
  | 'refused'
  | 'infrastructure'
  | 'integrity'
  | 'local'
  | 'cancelled';

/** Facts of an answer whose status is not 200. */
export interface AnswerFacts {
  readonly status: number;
  /** A given or inherited candidate, whose refusal is policy. */
  readonly gatekeeper: boolean;
  /** proxy.golang.org, which answers 403 for blocked modules. */
  readonly isGolangOrg: boolean;
  /** Host of the answer, when a redirect led away. */
  readonly foreignHost?: string;
  /** An HTTP proxy passed the request on without a tunnel, and can have answered itself. */
  readonly relayed: boolean;
  /** The start of the body, of any type and from any host. Compared here, never shown. */
  readonly text: string;
}

/** What a status other than 200 means, with a failure in our own words. */
export interface StatusMeaning {
  readonly meaning: Extract<Meaning, 'not-found' | 'refused' | 'infrastructure'>;
  readonly failure: Failure;
}

/** With these goproxy and Athens answer 404 although the fault is a transient one of their upstream. */
const TRANSIENT_404 = ['bad upstream', 'fetch timed out', 'temporarily unavailable'];
/** With these Google's front ends answer 403 for where the request comes from, not for what it asks. */
const EGRESS_403 = [
  'securitypolicyviolated',
  'vpc service controls',
  'in your region',
  'from your region',
  'in your country',
  'from your country',
  'in your location',
  'from your location',
  'unusual traffic',
];

/**
 * Returns what a status other than 200 means (DESIGN §3.4). go treats 404 and 410 alike wherever a redirect led
 * (cmd/go/internal/web: Response.Err), so do we.
 */
export function judgeStatus(facts: AnswerFacts): StatusMeaning {
  const { status, text, relayed } = facts;
  const where = facts.foreignHost === undefined ? '' : `it redirects to ${facts.foreignHost}, which `;
  if (status === 407 && relayed) {
    return trouble({ stage: 'tcp', cause: 'http-proxy-login', detail: 'the HTTP proxy wants a login (407)' });
  }
  if (status === 511) {
    const detail = 'a network login is required (511)';
    return trouble({ stage: 'content', cause: 'captive-portal', detail });
  }
  if (status === 404 || status === 410) return judgeNotFound(status, text, where);
  const failure = failureOf(facts, `${where}answered ${status}`);
  if (status !== 401 && status !== 403 && status !== 407) return trouble(failure);
  return { meaning: isPolicy(facts) ? 'refused' : 'infrastructure', failure };
}

function judgeNotFound(status: number, text: string, where: string): StatusMeaning {
  const lower = text.toLowerCase();
  if (TRANSIENT_404.some((words) => lower.includes(words))) {
    const detail = `${where}answered ${status} for a transient failure of its upstream`;
    return trouble({ stage: 'http', cause: 'http-status', detail });
  }
  return {
    meaning: 'not-found',
    failure: { stage: 'http', cause: 'http-status', detail: `${where}answered ${status}` },
  };
}

/** Whether 401, 403 or 407 is about the file and not about who asks from where. */
function isPolicy({ status, gatekeeper, isGolangOrg, foreignHost, text }: AnswerFacts): boolean {
  if (!isGolangOrg) return gatekeeper;
  if (status !== 403) return false;
  const lower = text.toLowerCase();
  return foreignHost === undefined && !EGRESS_403.some((words) => lower.includes(words));
}

function failureOf({ foreignHost }: AnswerFacts, detail: string): Failure {
  return { stage: 'http', cause: foreignHost === undefined ? 'http-status' : 'redirect-blocked', detail };
}

function trouble(failure: Failure): StatusMeaning {
  return { meaning: 'infrastructure', failure };
}
