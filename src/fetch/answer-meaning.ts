import type { Failure } from '../proxy/failure.ts';
import { isTransientNotFound, readRefusal, wantsClientCertificate } from '../proxy/refusal.ts';
import { statusFailure, transientDetail } from '../proxy/status.ts';

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
  /** The header Age: for how many seconds a cache has had the answer. */
  readonly age?: string;
}

/** What a status other than 200 means, with a failure in our own words. */
export interface StatusMeaning {
  readonly meaning: Extract<Meaning, 'not-found' | 'refused' | 'infrastructure'>;
  readonly failure: Failure;
}

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
  if (status === 404 || status === 410) return judgeNotFound(facts, where);
  if (facts.foreignHost === undefined && wantsClientCertificate(status, text)) {
    const detail = 'the server wants a certificate of the client (400)';
    return trouble({ stage: 'tls', cause: 'tls-client-certificate', detail });
  }
  const failure = failureOf(facts, `${where}answered ${status}`);
  if (status !== 401 && status !== 403 && status !== 407) return trouble(failure);
  return { meaning: isPolicy(facts) ? 'refused' : 'infrastructure', failure };
}

function judgeNotFound({ status, text, age = '' }: AnswerFacts, where: string): StatusMeaning {
  if (isTransientNotFound(text)) {
    const detail = `${where}${transientDetail(status)}`;
    return trouble({ stage: 'http', cause: 'not-found-transient', detail });
  }
  // A cache that remembers that a file is missing: it may have been published meanwhile.
  const seconds = /^\d{1,9}$/.test(age) ? Number(age) : 0;
  const remembered = seconds > 0 ? `, as a cache remembers for ${seconds} s` : '';
  const detail = `${where}answered ${status}${remembered}`;
  return { meaning: 'not-found', failure: { stage: 'http', cause: 'http-status', detail } };
}

/** Whether 401, 403 or 407 is about the file and not about who asks from where. */
function isPolicy({ status, gatekeeper, isGolangOrg, foreignHost, text }: AnswerFacts): boolean {
  if (!isGolangOrg) return gatekeeper;
  if (status !== 403) return false;
  const refusal = readRefusal(text);
  return foreignHost === undefined && refusal !== 'region' && refusal !== 'egress';
}

/** Of a foreign host only a region or a rule of a network is known to be one; all else is that it cannot be had there. */
function failureOf({ foreignHost, status, text }: AnswerFacts, detail: string): Failure {
  const failure = { ...statusFailure(status, text, detail), detail };
  if (foreignHost === undefined || failure.cause !== 'http-status') return failure;
  return { ...failure, cause: 'redirect-blocked' };
}

function trouble(failure: Failure): StatusMeaning {
  return { meaning: 'infrastructure', failure };
}
