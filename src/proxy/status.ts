import type { Failure } from './failure.ts';
import { isTransientNotFound, type Refusal, readRefusal, wantsClientCertificate } from './refusal.ts';
import type { Cause, UnknownReason } from './verdict.ts';

/** What a status other than 200 says of a candidate. */
export type StatusVerdict =
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }
  | { readonly kind: 'unhealthy'; readonly failure: Failure };

/** Facts about an answer whose status is not 200. */
export interface StatusContext {
  readonly status: number;
  /** Whether the candidate is one of the built-in table, which serves every public module to everybody. */
  readonly isPublic: boolean;
  /** The start of a body from the candidate's own host. Compared here, never shown. */
  readonly text: string;
}

const REFUSED: ReadonlyMap<number, UnknownReason> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [407, 'login-required'],
]);

const REASONS: Readonly<Record<Refusal, UnknownReason>> = {
  region: 'region-blocked',
  egress: 'egress-blocked',
  security: 'security-block',
  login: 'login-refused',
};

/**
 * Returns what a status other than 200 means (cmd/go/internal/web: all of them are errors). 401, 403, 407, 404 and 410
 * of a proxy outside the built-in table are policy, a login that only go has, or a proxy of other modules.
 */
export function classifyStatus({ status, isPublic, text }: StatusContext): StatusVerdict {
  if (status === 511) return unhealthy('captive-portal', 'a network login is required (511)');
  if (status === 404 || status === 410) {
    if (isTransientNotFound(text)) return unhealthy('not-found-transient', transientDetail(status));
    if (!isPublic) return { kind: 'unknown', reason: 'not-found' };
  }
  if (wantsClientCertificate(status, text)) {
    return unhealthy('tls-client-certificate', 'the server wants a certificate of the client (400)');
  }
  const refused = isPublic ? undefined : REFUSED.get(status);
  if (refused !== undefined) {
    const refusal = status === 407 ? undefined : readRefusal(text);
    return { kind: 'unknown', reason: refusal === undefined ? refused : REASONS[refusal] };
  }
  return { kind: 'unhealthy', failure: statusFailure(status, text, `answered ${status}`) };
}

/** Returns what is told of a 404 or 410 that tells of a bad upstream. */
export function transientDetail(status: number): string {
  return `answered ${status} for a transient failure of its upstream`;
}

/**
 * Returns the failure of a status that is no answer to the question; `said` is the clause about it. 403, 418 and 451 are told
 * apart by the text, when that gives a region or a rule of a network as the reason.
 */
export function statusFailure(status: number, text: string, said: string): Failure {
  const refusal = status === 403 || status === 418 || status === 451 ? readRefusal(text) : undefined;
  if (refusal === 'region') {
    const detail = `${said} for where the request comes from`;
    return { stage: 'http', cause: 'http-region-blocked', detail };
  }
  if (refusal === 'egress') {
    return { stage: 'http', cause: 'http-egress-blocked', detail: `${said} by a rule of a network` };
  }
  return { stage: 'http', cause: 'http-status', detail: `${said}, and go accepts only 200` };
}

function unhealthy(cause: Cause, detail: string): StatusVerdict {
  const stage = cause === 'captive-portal' ? 'content' : cause === 'tls-client-certificate' ? 'tls' : 'http';
  return { kind: 'unhealthy', failure: { stage, cause, detail } };
}
