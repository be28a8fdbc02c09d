import { hashGoMod } from '../go/h1.ts';
import { keepsPlaceWhenRefused } from './candidate.ts';
import { type Failure, RequestError } from './failure.ts';
import type { Answer } from './http-client.ts';
import { moduleFileUrl } from './module-url.ts';
import { isParkedPage } from './parked-domain.ts';
import type { ProbeRun } from './probe-run.ts';
import { readRefusal } from './refusal.ts';
import type { BodyPlan } from './response-body.ts';
import { classifyStatus } from './status.ts';
import type { UnknownReason } from './verdict.ts';

/** An answer that came but is not what go needs. */
export class ContentError extends RequestError {
  readonly status: number | undefined;
  /** At most 200 bytes of a text/plain body from the candidate's own host, raw; '' without. */
  readonly body: string;

  constructor(failure: Failure, facts: { readonly status?: number; readonly body?: string } = {}) {
    super(failure);
    this.status = facts.status;
    this.body = facts.body ?? '';
  }
}

/** An answer that says nothing of the candidate's health. */
export class UnknownAnswer extends Error {
  override readonly name = 'UnknownAnswer';
  readonly reason: UnknownReason;
  readonly status: number;
  readonly body: string;

  constructor(reason: UnknownAnswer['reason'], status: number, body: string) {
    super(`answered ${status}`);
    this.reason = reason;
    this.status = status;
    this.body = body;
  }
}

const INFO_BODY: BodyPlan = { limitBytes: 64 << 10, over: 'fail' };
const MOD_BODY: BodyPlan = { limitBytes: 1 << 20, over: 'fail' };
const HEAD_ONLY: BodyPlan = { limitBytes: 0, over: 'cut' };
/** No proxy can have it: the name is reserved (RFC 2606). */
const IMPOSSIBLE = { path: 'setup-goproxy.invalid/absent', version: 'v0.0.0' } as const;
const EXCERPT_BYTES = 200;

/** Asks `.info`, which must be a JSON object whose Version is the one asked for; notes the phases of its connection. */
export async function checkInfo(run: ProbeRun): Promise<void> {
  const { candidate, ask, client, findings } = run;
  const answer = await client.get(moduleFileUrl(candidate.url, ask.module, 'info'), {
    signal: run.ports.signal,
    body: INFO_BODY,
  });
  findings.phases = answer.phases;
  refuseStatus(run, answer);
  const version = versionOf(answer.body);
  if (version === ask.module.version) return;
  const failure: Failure =
    version === undefined
      ? { stage: 'content', cause: 'wrong-content', detail: 'the .info is no JSON object with a Version' }
      : {
          stage: 'content',
          cause: 'invalid-info',
          detail: 'the .info names another version than the one asked for',
        };
  throw await contentFailure(run, answer, failure);
}

/** Asks `.mod`, whose hash must be one of the known ones. */
export async function checkMod(run: ProbeRun): Promise<void> {
  const { candidate, ask, client, findings } = run;
  const answer = await client.get(moduleFileUrl(candidate.url, ask.module, 'mod'), {
    signal: run.ports.signal,
    body: MOD_BODY,
  });
  refuseStatus(run, answer);
  if (!ask.modHashes.includes(hashGoMod(answer.body))) {
    throw await contentFailure(run, answer, {
      stage: 'content',
      cause: isHtml(answer) ? 'wrong-content' : 'wrong-hash',
      detail: 'the .mod is not the one whose hash is known',
    });
  }
  findings.warmMs.push(answer.firstAnswerMs);
}

/** Throws when the status is not 200, or the body is encoded although `identity` was asked for. */
export function refuseStatus(run: ProbeRun, answer: Answer): void {
  const { status, foreignHost } = answer;
  if (status === 200) {
    const encoding = String(answer.headers['content-encoding'] ?? 'identity').toLowerCase();
    if (encoding === 'identity' || encoding === '') return;
    throw new ContentError({
      stage: 'content',
      cause: 'encoded-body',
      detail: 'the body has a Content-Encoding that was not asked for',
    });
  }
  if (status === 407 && answer.relayed) {
    const detail = 'the HTTP proxy wants a login (407)';
    throw new ContentError({ stage: 'tcp', cause: 'http-proxy-login', detail });
  }
  const body = excerpt(answer);
  if (foreignHost !== undefined) {
    const detail = `it redirects to ${foreignHost}, which answered ${status}`;
    throw new ContentError({ stage: 'http', cause: redirectCause(answer), detail }, { status });
  }
  const isPublic = !keepsPlaceWhenRefused(run.candidate);
  const verdict = classifyStatus({ status, isPublic, text: ownText(answer) });
  if (verdict.kind === 'unknown') throw new UnknownAnswer(verdict.reason, status, body);
  throw new ContentError(verdict.failure, { status, body });
}

/** What stores files for proxies says by itself when a rule of a network, or a country, is in the way; its text is only compared. */
function redirectCause(answer: Answer): 'redirect-blocked' | 'http-region-blocked' | 'http-egress-blocked' {
  const refusal = answer.status === 403 || answer.status === 451 ? readRefusal(textOf(answer)) : undefined;
  if (refusal === 'egress') return 'http-egress-blocked';
  return refusal === 'region' ? 'http-region-blocked' : 'redirect-blocked';
}

/**
 * Returns the failure of a 200 with wrong content, after asking for what cannot exist: who answers that with 200 too
 * answers everything so, like a captive portal or a parked domain; the page tells one from the other. A page of another host is one without asking.
 */
export async function contentFailure(run: ProbeRun, answer: Answer, failure: Failure): Promise<ContentError> {
  const portal = new ContentError(strangerFailure(answer));
  if (answer.foreignHost !== undefined && isHtml(answer)) return portal;
  // Content whose hash is wrong may be private; what is no module file at all may tell who answered.
  const plain = new ContentError(failure, failure.cause === 'wrong-content' ? { body: excerpt(answer) } : {});
  try {
    const impossible = await run.client.get(moduleFileUrl(run.candidate.url, IMPOSSIBLE, 'info'), {
      signal: run.ports.signal,
      body: HEAD_ONLY,
    });
    return impossible.status === 200 ? portal : plain;
  } catch {
    return plain;
  }
}

function strangerFailure(answer: Answer): Failure {
  const { foreignHost } = answer;
  const page = { text: textOf(answer), ...(foreignHost === undefined ? {} : { foreignHost }) };
  if (isHtml(answer) && isParkedPage(page)) {
    const detail = 'it answers with the page of a service for domains that nobody uses';
    return { stage: 'content', cause: 'parked-domain', detail };
  }
  const detail = 'it answers 200 for everything, like the login page of a network';
  return { stage: 'content', cause: 'captive-portal', detail };
}

function isHtml(answer: Answer): boolean {
  return String(answer.headers['content-type'] ?? '')
    .toLowerCase()
    .startsWith('text/html');
}

function versionOf(body: Uint8Array): string | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    const version: unknown = (parsed as Record<string, unknown>)['Version'];
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

const COMPARED_TYPES = /^(?:text\/plain|text\/json|application\/(?:[a-z0-9.+-]+\+)?json)\b/;
/** Nothing of it is ever shown, so pages are compared too where the text can only be one. */
const COMPARED_BYTES = 16 << 10;

/** Returns the text that tells reasons apart: plain text or JSON of the candidate's own host, a page only of a 400 (nginx's). */
export function ownText(answer: Answer): string {
  if (answer.foreignHost !== undefined) return '';
  const type = String(answer.headers['content-type'] ?? '').toLowerCase();
  return COMPARED_TYPES.test(type) || answer.status === 400 ? textOf(answer) : '';
}

function textOf(answer: Answer): string {
  return Buffer.from(answer.body.subarray(0, COMPARED_BYTES)).toString('utf8');
}

/** Returns the text of the body, at most 200 bytes. Only text/plain of the candidate's own host: pages hold nothing a log needs, and other hosts are not asked about. */
export function excerpt(answer: Answer): string {
  if (answer.foreignHost !== undefined) return '';
  const type = String(answer.headers['content-type'] ?? '').toLowerCase();
  if (!type.startsWith('text/plain')) return '';
  return Buffer.from(answer.body.subarray(0, EXCERPT_BYTES)).toString('utf8');
}
