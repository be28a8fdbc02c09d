import { hashZip as hashHere } from '../go/h1.ts';
import { checkModuleVersion } from '../go/version.ts';
import { attempt } from './attempt.ts';
import { type BodyStore, openBodyStore } from './body-store.ts';
import { FETCH_LIMITS } from './fetch-policy.ts';
import { type FileState, newFileState, noteAnswer } from './file-state.ts';
import { type EndReason, nextStep, type Step } from './next-step.ts';
import type { AttemptRecord, FailureClass, FetchOutcome, FetchRequest } from './outcome.ts';
import { jitterMs } from './retry-wait.ts';

/** Says that a request makes no sense; a fault of the caller. */
export class FetchRequestError extends Error {
  override readonly name = 'FetchRequestError';
  readonly code = 'fetch-request';
}

/**
 * Fetches one file of one module version from the proxies of a set, as `nextStep` says, and returns the verified file or
 * why there is none, with a record of every attempt. Rejects with FetchRequestError only (`.mod` or `.zip` without a hash,
 * a handle for another kind than `zip`) and with GoRuleError for a path or version that Go does not allow. No timer and no
 * write to the handle is left when it has settled; connections stay with the set.
 */
export async function fetchFile(request: FetchRequest): Promise<FetchOutcome> {
  checkRequest(request);
  checkModuleVersion(request.file.module);
  const store = openBodyStore(request.handle);
  const outcome = await run(request, store);
  // What was not verified must not stay where somebody could take it for the file.
  if (outcome.kind !== 'fetched') await store.clear().catch(() => {});
  return outcome;
}

function checkRequest({ file, handle }: FetchRequest): void {
  if (file.kind !== 'info' && file.hashes.length === 0) {
    throw new FetchRequestError(`the .${file.kind} of ${file.module.path} has no hash to be held against`);
  }
  if (file.kind !== 'zip' && handle !== undefined) {
    throw new FetchRequestError(`a .${file.kind} is kept in memory, not in a file`);
  }
}

async function run(request: FetchRequest, store: BodyStore): Promise<FetchOutcome> {
  const { file, proxies, signal, limits = FETCH_LIMITS, hashZip = hashHere } = request;
  const attempts: AttemptRecord[] = [];
  let state = newFileState(proxies.members.length);
  while (!signal.aborted) {
    const step = decide(request, state);
    if (step.kind === 'end') return ended(request, step.why, attempts);
    if (step.waitMs > 0) {
      await proxies.clock.sleep(step.waitMs, signal);
      continue;
    }
    const { index, patient } = step;
    const lease = await proxies.members[index]?.slots.acquire(signal);
    if (lease === undefined) break;
    if (lease.waited && !isSame(step, decide(request, state))) {
      lease.release('unused');
      continue;
    }
    const { record, right, error } = await attempt({
      file,
      proxies,
      index,
      lease,
      patient,
      store,
      limits,
      hashZip,
      signal,
    });
    attempts.push(record);
    if (right !== undefined) {
      const { kind: _right, ...kept } = right;
      return { kind: 'fetched', ...kept, proxy: record.proxy, candidateId: record.candidateId, attempts };
    }
    if (record.meaning === 'local') return { ...failed('local', attempts), error };
    state = withAnswer(request, state, { index, record });
  }
  return failed('cancelled', attempts);
}

function withAnswer(
  { proxies: { clock, policy } }: FetchRequest,
  state: FileState,
  { index, record }: { readonly index: number; readonly record: AttemptRecord },
): FileState {
  const failures = (state.entries[index]?.failures ?? 0) + 1;
  return noteAnswer(state, index, {
    meaning: record.meaning,
    askAgainAt: clock.now() + jitterMs(failures, clock.random(), policy.backoff),
    ...(record.failure === undefined ? {} : { cause: record.failure.cause }),
    ...(record.status === undefined ? {} : { status: record.status }),
  });
}

/** While it waited for a connection, the proxy may have begun to rest, or the network may have died. */
function isSame(before: Step, after: Step): boolean {
  if (before.kind !== 'ask' || after.kind !== 'ask') return false;
  return before.index === after.index && after.waitMs === 0;
}

function decide({ file, proxies }: FetchRequest, state: FileState): Step {
  return nextStep({
    facts: proxies.facts(file.disclosure),
    state,
    ...proxies.health(),
    standbyAllowed: file.disclosure === 'public' && file.pinned !== false,
    now: proxies.clock.now(),
    policy: proxies.policy,
  });
}

function ended({ proxies }: FetchRequest, why: EndReason, attempts: readonly AttemptRecord[]): FetchOutcome {
  switch (why) {
    case 'refused':
      return failed('access', attempts, why);
    case 'not-found':
      return proxies.direct ? { kind: 'left-to-go', why, attempts } : failed('not-found', attempts, why);
    case 'out-of-reach':
      return { kind: 'left-to-go', why, attempts };
    case 'exhausted':
    case 'network-dead': {
      const wrong = attempts.some(({ meaning }) => meaning === 'integrity');
      return failed(wrong ? 'integrity' : 'infrastructure', attempts, why);
    }
    default: {
      const never: never = why;
      return never;
    }
  }
}

/** The last attempt of the class is the one that decided. */
function failed(
  failureClass: FailureClass,
  attempts: readonly AttemptRecord[],
  why?: EndReason,
): Extract<FetchOutcome, { readonly kind: 'failed' }> {
  const meant = failureClass === 'access' ? 'refused' : failureClass;
  const failure = attempts.findLast(({ meaning }) => meaning === meant)?.failure;
  return {
    kind: 'failed',
    class: failureClass,
    attempts,
    ...(why === undefined ? {} : { why }),
    ...(failure === undefined ? {} : { failure }),
  };
}
