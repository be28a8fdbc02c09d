import { GoRuleError } from '../go/go-rule-error.ts';
import { hashGoMod, type ZipHasher } from '../go/h1.ts';
import { codeOf, type Failure } from '../proxy/failure.ts';
import type { Answer } from '../proxy/http-client.ts';
import type { Meaning } from './answer-meaning.ts';
import type { BodyStore } from './body-store.ts';
import type { FetchLimits } from './fetch-policy.ts';
import { rewriteInfo } from './info-file.ts';
import type { FetchFile } from './outcome.ts';

/** What a body turned out to be. */
export type Verified =
  | {
      readonly kind: 'right';
      readonly size: number;
      readonly bytes?: Uint8Array;
      readonly hash?: string;
    }
  | {
      readonly kind: 'wrong';
      readonly meaning: Extract<Meaning, 'integrity' | 'infrastructure' | 'local' | 'cancelled'>;
      readonly failure: Failure;
    };

/** What a body is held against. */
export interface Expected {
  readonly file: FetchFile;
  readonly limits: FetchLimits;
  readonly hashZip: ZipHasher;
  readonly signal: AbortSignal;
}

/**
 * Returns whether the body of a 200 is the file: `.mod` and `.zip` by h1, any of the known ones; `.info` by its content,
 * which is rewritten. What is no module file at all (a login page, a broken zip) is `infrastructure`; a good file with
 * another hash is `integrity`. Never rejects.
 */
export async function verifyBody(store: BodyStore, answer: Answer, expected: Expected): Promise<Verified> {
  const encoding = String(answer.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity' && encoding !== '') {
    return unusable('encoded-body', 'the body has a Content-Encoding that was not asked for');
  }
  const { kind } = expected.file;
  switch (kind) {
    case 'info':
      return verifyInfo(store, expected);
    case 'mod':
      return verifyMod(store, answer, expected);
    case 'zip':
      return await verifyZip(store, expected);
    default: {
      const never: never = kind;
      return never;
    }
  }
}

function verifyInfo(store: BodyStore, { file }: Expected): Verified {
  const result = rewriteInfo(file.module, store.bytes() ?? new Uint8Array());
  if (result.kind === 'info') return { kind: 'right', size: result.bytes.length, bytes: result.bytes };
  const meaning = result.failure.cause === 'invalid-info' ? 'integrity' : 'infrastructure';
  return { kind: 'wrong', meaning, failure: result.failure };
}

function verifyMod(store: BodyStore, answer: Answer, { file }: Expected): Verified {
  const bytes = store.bytes() ?? new Uint8Array();
  const hash = hashGoMod(bytes);
  if (file.hashes.includes(hash)) return { kind: 'right', size: bytes.length, bytes, hash };
  const type = String(answer.headers['content-type'] ?? '').toLowerCase();
  if (type.startsWith('text/html')) return unusable('wrong-content', 'the .mod is an HTML page');
  return otherHash('.mod');
}

async function verifyZip(store: BodyStore, { file, limits, hashZip, signal }: Expected): Promise<Verified> {
  try {
    const { hash } = await hashZip(store.zipSource(), { zipBytes: limits.zip, signal });
    if (!file.hashes.includes(hash)) return otherHash('zip');
    const bytes = store.bytes();
    return { kind: 'right', size: store.size, hash, ...(bytes === undefined ? {} : { bytes }) };
  } catch (error) {
    const meaning = signal.aborted ? 'cancelled' : 'local';
    if (signal.aborted || !(error instanceof GoRuleError)) {
      const detail = `the zip could not be hashed (${codeOf(error)})`;
      return { kind: 'wrong', meaning, failure: { stage: 'content', cause: 'internal', detail } };
    }
    return unusable('wrong-content', 'the zip is no valid module zip');
  }
}

function otherHash(what: string): Verified {
  const detail = `the ${what} is not the one whose hash go.sum has`;
  return { kind: 'wrong', meaning: 'integrity', failure: { stage: 'content', cause: 'wrong-hash', detail } };
}

function unusable(cause: Failure['cause'], detail: string): Verified {
  return { kind: 'wrong', meaning: 'infrastructure', failure: { stage: 'content', cause, detail } };
}
