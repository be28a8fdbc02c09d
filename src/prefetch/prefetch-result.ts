import type { EndReason } from '../fetch/next-step.ts';
import type { AttemptRecord, FailureClass } from '../fetch/outcome.ts';
import type { ProxyTally } from '../fetch/proxy-set.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import type { ModCacheCode } from '../modcache/modcache-error.ts';
import type { Failure } from '../proxy/failure.ts';

/** Why the whole prefetch ended before all files were settled. */
export type EarlyEnd =
  /** `prefetch-timeout` was over. */
  | 'timeout'
  /** Nothing moved for 30 s. */
  | 'idle'
  /** The module cache takes no files at all: disk full, read-only, no permission. */
  | 'modcache'
  | 'cancelled';

/** Why the module cache did not take a file. */
export interface ModCacheFailure {
  readonly code: ModCacheCode;
  /** One sentence; may quote a path below GOMODCACHE. */
  readonly message: string;
}

interface FileResultCommon {
  readonly file: WantedFile;
  /** In the order in which they ended; none for a zip that the probe had brought, or a file that nobody was asked for. */
  readonly attempts: readonly AttemptRecord[];
}

/** What became of one file that the module cache lacked. */
export type FileResult =
  | (FileResultCommon & {
      readonly kind: 'placed';
      /** Label of the proxy that it came from. */
      readonly proxy: string;
      readonly bytes: number;
      /** The probe had brought it already. */
      readonly fromProbe: boolean;
    })
  | (FileResultCommon & { readonly kind: 'left-to-go'; readonly why: 'not-found' | 'out-of-reach' })
  | (FileResultCommon & {
      readonly kind: 'failed';
      /** `local`: the module cache did not take it; `cancelled`: the phase ended before it (see `why`). */
      readonly class: FailureClass;
      readonly why?: EndReason | EarlyEnd;
      /** Of the attempt that decided. */
      readonly failure?: Failure;
      readonly modcache?: ModCacheFailure;
    });

/** What a prefetch did. */
export interface PrefetchResult {
  /** One for every file that was missing or wrong, in the order of the wanted set. */
  readonly files: readonly FileResult[];
  /** Absent when every file was settled. */
  readonly earlyEnd?: EarlyEnd;
  /** Why the module cache takes nothing, where `earlyEnd` is `modcache`. */
  readonly modcache?: ModCacheFailure;
  readonly elapsedMs: number;
  /** Bytes of the files that were placed. */
  readonly bytes: number;
  readonly requests: number;
  /** Hosts (with port) that were contacted. */
  readonly contacted: readonly string[];
  /** What each proxy did, in the order in which they were asked, standby proxies last. */
  readonly tallies: readonly ProxyTally[];
}

/** Whether files were fetched at all; `reason` is one clause. */
export type PrefetchOutcome =
  | { readonly kind: 'skipped'; readonly reason: string }
  /** It was asked for, or needed, and could not run. */
  | { readonly kind: 'impossible'; readonly reason: string }
  | { readonly kind: 'ran'; readonly result: PrefetchResult };

/** Module versions by what became of their files. */
export interface ModuleCounts {
  /** Something was fetched and nothing failed. */
  readonly fetched: number;
  /** A file could not be fetched. */
  readonly failed: number;
  /** Left to go, and nothing failed. */
  readonly leftToGo: number;
}

/** Counts module versions, each once. */
export function countModules(files: readonly FileResult[]): ModuleCounts {
  const failed = modulesOf(files, 'failed');
  const placed = modulesOf(files, 'placed');
  const left = modulesOf(files, 'left-to-go');
  return {
    failed: failed.size,
    leftToGo: [...left].filter((name) => !failed.has(name)).length,
    fetched: [...placed].filter((name) => !failed.has(name) && !left.has(name)).length,
  };
}

/** Returns the files that failed. */
export function failedFiles(
  files: readonly FileResult[],
): readonly Extract<FileResult, { readonly kind: 'failed' }>[] {
  return files.filter((result) => result.kind === 'failed');
}

/** Says whether a fault of ours decided: that is no verdict about a proxy, nor about the module cache. */
export function isOwnFault({ failure }: Extract<FileResult, { readonly kind: 'failed' }>): boolean {
  return failure?.cause === 'internal';
}

function modulesOf(files: readonly FileResult[], kind: FileResult['kind']): ReadonlySet<string> {
  return new Set(
    files.filter((one) => one.kind === kind).map(({ file }) => formatModuleVersion(file.module)),
  );
}
