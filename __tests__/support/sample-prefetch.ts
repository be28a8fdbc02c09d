import type { Meaning } from '../../src/fetch/answer-meaning.ts';
import type { AttemptRecord } from '../../src/fetch/outcome.ts';
import type { ProxyTally } from '../../src/fetch/proxy-set.ts';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import type { FileResult, PrefetchOutcome, PrefetchResult } from '../../src/prefetch/prefetch-result.ts';
import type { Candidate } from '../../src/proxy/candidate.ts';
import type { Failure } from '../../src/proxy/failure.ts';
import type { Cause } from '../../src/proxy/verdict.ts';
import { makeCandidate } from './sample-report.ts';

export const PROXY_A = makeCandidate('https://a.example', 0);
export const PROXY_B = makeCandidate('https://b.example', 1);

type FailedResult = Extract<FileResult, { kind: 'failed' }>;

/** A failure of this cause in words that tell it. */
export function failure(cause: Cause, detail = `our words for ${cause}`): Failure {
  return { stage: cause === 'wrong-hash' ? 'content' : 'http', cause, detail };
}

/** One question to a proxy and what came of it. */
export function attempt(
  candidate: Candidate,
  meaning: Meaning,
  more: Partial<AttemptRecord> = {},
): AttemptRecord {
  const { label: proxy, id: candidateId } = candidate;
  const standby = candidate.origin === 'standby';
  return {
    ...{ proxy, candidateId, standby, meaning, phases: {}, bytes: 0, startedAtMs: 0, durationMs: 1 },
    ...more,
  };
}

/** An answer with a status; of a failure in the words of the fetching. */
export function answered(
  candidate: Candidate,
  status: number,
  meaning: Meaning,
  body?: string,
): AttemptRecord {
  const said = body === undefined ? {} : { body };
  return attempt(candidate, meaning, {
    status,
    failure: failure('http-status', `answered ${status}`),
    ...said,
  });
}

/** An answer with another hash. */
export function wrongHash(candidate: Candidate): AttemptRecord {
  return attempt(candidate, 'integrity', { status: 200, failure: failure('wrong-hash') });
}

/** `path@version .zip`, or `.mod`, `.info` as the third part says. */
export function wantedFile(name: string, kind: WantedFile['kind'] = 'zip'): WantedFile {
  const [path = '', version = 'v1.0.0'] = name.split('@');
  return { module: { path, version }, kind, hashes: kind === 'info' ? [] : ['h1:x'], disclosure: 'public' };
}

/** A file that came. */
export function placed(name: string, bytes = 1000, fromProbe = false): FileResult {
  return { kind: 'placed', file: wantedFile(name), attempts: [], proxy: PROXY_A.label, bytes, fromProbe };
}

/** A file that go is to fetch, for all who were asked answered 404. */
export function leftToGo(name: string, attempts = [answered(PROXY_A, 404, 'not-found')]): FileResult {
  return { kind: 'left-to-go', why: 'not-found', file: wantedFile(name), attempts };
}

/** A file that failed. */
export function failed(
  name: string,
  failureClass: FailedResult['class'],
  more: Partial<FailedResult> = {},
): FailedResult {
  return { kind: 'failed', class: failureClass, file: wantedFile(name), attempts: [], ...more };
}

/** What a proxy did. */
export function tally(candidate: Candidate, more: Partial<ProxyTally> = {}): ProxyTally {
  const standby = candidate.origin === 'standby';
  return {
    ...{ candidate, standby, asked: 1, fetched: 1, notFound: 0, failed: 0, bytes: 1000, resting: false },
    ...more,
  };
}

/** A prefetch that ran and came to these files. */
export function ran(files: readonly FileResult[], more: Partial<PrefetchResult> = {}): PrefetchOutcome {
  const bytes = files.reduce((sum, one) => sum + (one.kind === 'placed' ? one.bytes : 0), 0);
  const result: PrefetchResult = {
    files,
    elapsedMs: 1200,
    bytes,
    requests: files.length,
    contacted: ['a.example'],
    tallies: [tally(PROXY_A), tally(PROXY_B)],
    ...more,
  };
  return { kind: 'ran', result };
}
