import type { FileHandle } from 'node:fs/promises';
import type { ZipHasher } from '../go/h1.ts';
import type { ModuleVersion } from '../go/version.ts';
import type { Disclosure, WantedFile } from '../go/wanted-set.ts';
import type { Failure } from '../proxy/failure.ts';
import type { FileKind } from '../proxy/module-url.ts';
import type { Phases } from '../proxy/verdict.ts';
import type { Meaning } from './answer-meaning.ts';
import type { FetchLimits } from './fetch-policy.ts';
import type { EndReason } from './next-step.ts';
import type { ProxySet } from './proxy-set.ts';

/** A file to fetch. Every WantedFile is one. */
export interface FetchFile extends WantedFile {
  readonly module: ModuleVersion;
  readonly kind: FileKind;
  /** h1, any of which may match; at least one for `mod` and `zip`, unused for `info`. */
  readonly hashes: readonly string[];
  readonly disclosure: Disclosure;
  /** Whether go.sum pins the module, so that a standby proxy may be asked; default true, as for all of W. */
  readonly pinned?: boolean;
}

/** What fetchFile is asked for. */
export interface FetchRequest {
  readonly file: FetchFile;
  readonly proxies: ProxySet;
  /**
   * Where a zip goes while it comes: a regular file open for reading and writing that nobody else uses. It is emptied
   * before each attempt and after a failure. Without it the zip is kept in memory, like the other kinds.
   */
  readonly handle?: FileHandle;
  readonly limits?: FetchLimits;
  /** Hashes zips; default: on this thread. */
  readonly hashZip?: ZipHasher;
  readonly signal: AbortSignal;
}

/** One question to one proxy, for report and diagnosis. */
export interface AttemptRecord {
  /** Label of the candidate: no userinfo, no query. */
  readonly proxy: string;
  readonly candidateId: number;
  readonly standby: boolean;
  readonly meaning: Meaning;
  /** Our own words; absent when the file was fetched. */
  readonly failure?: Failure;
  readonly status?: number;
  /** At most 200 bytes of a text/plain body from the candidate's own host, raw: the report makes it inert. */
  readonly body?: string;
  /** Host of the answer, when a redirect led away. */
  readonly foreignHost?: string;
  /** DNS, TCP and TLS only of an attempt that opened the connection. */
  readonly phases: Phases;
  readonly address?: string;
  /** Bytes of the body that arrived. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Verification included. */
  readonly durationMs: number;
  /** What Retry-After asked for, within the limits of the policy. */
  readonly retryAfterMs?: number;
}

/** Why a file is not there, in the terms of `failure-class` (DESIGN §2), or for a reason of this machine. */
export type FailureClass = 'integrity' | 'access' | 'not-found' | 'infrastructure' | 'local' | 'cancelled';

interface OutcomeCommon {
  /** In the order in which they ended. */
  readonly attempts: readonly AttemptRecord[];
}

/** What became of a file. */
export type FetchOutcome =
  | (OutcomeCommon & {
      readonly kind: 'fetched';
      /** The verified bytes; absent when they are in the handle. Of an info file the rewritten ones. */
      readonly bytes?: Uint8Array;
      /** Length of what is kept. */
      readonly size: number;
      /** The h1 that matched; absent for an info file. */
      readonly hash?: string;
      /** Label of the proxy. */
      readonly proxy: string;
      readonly candidateId: number;
    })
  | (OutcomeCommon & {
      /** No failure: go has a source that is not ours to ask. */
      readonly kind: 'left-to-go';
      /** 404 or 410 everywhere and `direct` ends the chain; or nobody may be asked. */
      readonly why: 'not-found' | 'out-of-reach';
    })
  | (OutcomeCommon & {
      readonly kind: 'failed';
      readonly class: FailureClass;
      /** Absent when the job, or this machine, ended it. */
      readonly why?: EndReason;
      /** The failure of the attempt that decided; absent when nobody was asked. */
      readonly failure?: Failure;
      /** Of the class `local`: what the file system threw when the body was written. */
      readonly error?: unknown;
    });
