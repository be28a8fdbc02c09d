import type { ZipHasher } from '../go/h1.ts';
import { SinkError } from '../proxy/body-drain.ts';
import { codeOf, type Failure, internalFailure, RequestError } from '../proxy/failure.ts';
import type { Answer, ProxyClient } from '../proxy/http-client.ts';
import { moduleFileUrl } from '../proxy/module-url.ts';
import { excerpt } from '../proxy/probe-content.ts';
import { PROXY_GOLANG_ORG } from '../proxy/public-proxies.ts';
import { judgeStatus, type Meaning } from './answer-meaning.ts';
import type { BodyStore } from './body-store.ts';
import type { Lease } from './client-slots.ts';
import type { FetchLimits } from './fetch-policy.ts';
import type { AttemptRecord, FetchFile } from './outcome.ts';
import type { ProxyMember, ProxySet } from './proxy-set.ts';
import { retryAfterMs } from './retry-wait.ts';
import { TrickleWatch } from './trickle.ts';
import { type Verified, verifyBody } from './verify-body.ts';

/** One question to one proxy. */
export interface AttemptRequest {
  readonly file: FetchFile;
  readonly proxies: ProxySet;
  readonly index: number;
  /** Of that proxy; the attempt gives it back. */
  readonly lease: Lease;
  /** Give it longer to begin. */
  readonly patient: boolean;
  readonly store: BodyStore;
  readonly limits: FetchLimits;
  readonly hashZip: ZipHasher;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface AttemptResult {
  readonly record: AttemptRecord;
  readonly right?: Extract<Verified, { readonly kind: 'right' }>;
  /** What the receiving side threw. */
  readonly error?: unknown;
}

/** What an exchange came to, before it is written down. */
interface Exchange {
  readonly meaning: Meaning;
  readonly bytes: number;
  readonly failure?: Failure;
  readonly answer?: Answer;
  readonly retryAfterMs?: number;
  readonly right?: Extract<Verified, { readonly kind: 'right' }>;
  readonly error?: unknown;
}

/** Compared with known words, never shown. */
const TEXT_BYTES = 8 << 10;

/**
 * Asks one proxy for the file once, verifies what comes, and tells the set how it went.
 * Never rejects; nothing is written to the store after it has resolved.
 */
export async function attempt(request: AttemptRequest): Promise<AttemptResult> {
  const { proxies, index, lease } = request;
  const member = proxies.members[index];
  if (member === undefined) throw new RangeError(`no proxy ${index}`);
  const ticket = proxies.begin(index);
  const startedAtMs = proxies.clock.epoch();
  const startedAt = proxies.clock.now();
  const exchange = await exchangeWith(member, request);
  proxies.end(ticket, exchange);
  const { meaning, failure, answer, bytes, right } = exchange;
  const body = answer === undefined || answer.status === 200 ? '' : excerpt(answer);
  const record: AttemptRecord = {
    proxy: member.candidate.label,
    candidateId: member.candidate.id,
    standby: member.standby,
    meaning,
    ...connectionOf(lease, answer),
    bytes,
    startedAtMs,
    durationMs: proxies.clock.now() - startedAt,
    ...(failure === undefined ? {} : { failure }),
    ...(answer === undefined ? {} : { status: answer.status }),
    ...(body === '' ? {} : { body }),
    ...(answer?.foreignHost === undefined ? {} : { foreignHost: answer.foreignHost }),
    ...(exchange.retryAfterMs === undefined ? {} : { retryAfterMs: exchange.retryAfterMs }),
  };
  if (right !== undefined) return { record, right };
  return exchange.error === undefined ? { record } : { record, error: exchange.error };
}

async function exchangeWith(member: ProxyMember, request: AttemptRequest): Promise<Exchange> {
  const { lease } = request;
  let received: Received;
  try {
    received = await receive(member, lease.client, request);
  } catch (error) {
    // A new connection for the next one; what broke this one may go on breaking it.
    lease.release('broken');
    return failedExchange(error, request.signal, 0);
  }
  lease.release(received.error === undefined ? 'good' : 'broken');
  const { answer, bytes } = received;
  if (answer === undefined) return failedExchange(received.error, request.signal, bytes);
  if (answer.status !== 200) return judge(member, answer, request);
  const verified = await verifyBody(request.store, answer, request);
  if (verified.kind === 'right') return { meaning: 'fetched', bytes, answer, right: verified };
  return { meaning: verified.meaning, failure: verified.failure, bytes, answer };
}

type Received =
  | { readonly answer: Answer; readonly bytes: number; readonly error?: undefined }
  | { readonly answer?: undefined; readonly bytes: number; readonly error: unknown };

/** Reads the answer, the body into the store. */
async function receive(
  { candidate }: ProxyMember,
  client: ProxyClient,
  request: AttemptRequest,
): Promise<Received> {
  const { file, store, limits, signal, patient, proxies } = request;
  const { connectMs, stallMs, patienceMs, trickle } = proxies.policy;
  await store.clear().catch((error: unknown) => {
    throw new SinkError(error);
  });
  const ending = new AbortController();
  let trickled = false;
  const watch = new TrickleWatch(store, trickle, proxies.meter, () => {
    trickled = true;
    ending.abort('trickle');
  });
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const answer = await client.get(moduleFileUrl(candidate.url, file.module, file.kind), {
      signal: ending.signal,
      body: { limitBytes: limits[file.kind], over: 'fail', sink: watch },
      connectMs,
      stallMs,
      headersMs: patient ? patienceMs : stallMs,
    });
    return { answer, bytes: answer.bytes };
  } catch (error) {
    return { error: trickled ? trickleError(trickle.bytesPerSecond) : error, bytes: watch.total };
  } finally {
    watch.stop();
    signal.removeEventListener('abort', onAbort);
  }
}

function trickleError(bytesPerSecond: number): RequestError {
  const detail = `the answer came at less than ${bytesPerSecond / 1000} KB/s`;
  return new RequestError({ stage: 'http', cause: 'body-timeout', detail });
}

function failedExchange(error: unknown, signal: AbortSignal, bytes: number): Exchange {
  const failure =
    error instanceof RequestError
      ? error.failure
      : internalFailure(error instanceof Error ? error.name : codeOf(error));
  if (signal.aborted) return { meaning: 'cancelled', failure, bytes };
  if (error instanceof SinkError) return { meaning: 'local', failure, bytes, error: error.cause };
  return { meaning: 'infrastructure', failure, bytes };
}

function judge({ candidate, gatekeeper }: ProxyMember, answer: Answer, request: AttemptRequest): Exchange {
  const { clock, policy } = request.proxies;
  const { status, relayed, foreignHost, bytes } = answer;
  const { meaning, failure } = judgeStatus({
    status,
    relayed,
    gatekeeper,
    isGolangOrg: candidate.publicProxy?.base === PROXY_GOLANG_ORG,
    text: Buffer.from(answer.body.subarray(0, TEXT_BYTES)).toString('latin1'),
    ...(foreignHost === undefined ? {} : { foreignHost }),
    ...(typeof answer.headers.age === 'string' ? { age: answer.headers.age } : {}),
  });
  const header = answer.headers['retry-after'];
  const waitMs =
    meaning === 'infrastructure' ? retryAfterMs(header, clock.epoch(), policy.retryAfterCapMs) : undefined;
  return { meaning, failure, bytes, answer, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
}

function connectionOf(lease: Lease, answer: Answer | undefined): Pick<AttemptRecord, 'phases' | 'address'> {
  const opened = lease.client.firstConnection();
  const address = opened.address === undefined ? {} : { address: opened.address };
  if (answer !== undefined) {
    return { phases: { ...answer.phases, firstByteMs: answer.firstAnswerMs }, ...address };
  }
  return { phases: lease.warm ? {} : opened.phases, ...address };
}
