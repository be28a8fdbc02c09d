import { answersOf } from '../diagnosis/proxy-answers.ts';
import { formatModuleVersion } from '../go/version.ts';
import {
  countModules,
  type FileResult,
  failedFiles,
  type PrefetchOutcome,
  type PrefetchResult,
} from '../prefetch/prefetch-result.ts';
import type { FailedFileFacts, PrefetchFacts, PrefetchProxyFacts } from './report.ts';

/** Failed files, and modules left to go, that the report names; the others are counted. */
const NAMED = 100;

/** A rate over less than this says nothing. */
const RATE_MIN_BYTES = 100_000;
const RATE_MIN_MS = 20;

const NOTHING = {
  modulesFetched: 0,
  modulesFailed: 0,
  modulesLeftToGo: 0,
  files: 0,
  filesFromProbe: 0,
  bytes: 0,
  ms: 0,
  requests: 0,
  proxies: [],
  failures: [],
  moreFailures: 0,
  leftToGo: [],
  moreLeftToGo: 0,
} as const satisfies Omit<PrefetchFacts, 'status'>;

/** Returns what the report tells of a prefetch: counts, proxies, and the first 100 failures; foreign text as it is. */
export function prefetchFacts(outcome: PrefetchOutcome): PrefetchFacts {
  if (outcome.kind !== 'ran') return { status: outcome.kind, reason: outcome.reason, ...NOTHING };
  const { result } = outcome;
  const { fetched, failed, leftToGo } = countModules(result.files);
  const placed = result.files.filter((one) => one.kind === 'placed');
  const failures = failedFiles(result.files);
  const left = modulesLeft(result.files);
  const ended = endText(result);
  const rate = rateOf(result);
  return {
    status: 'ran',
    ...(ended === undefined ? {} : { reason: ended }),
    modulesFetched: fetched,
    modulesFailed: failed,
    modulesLeftToGo: leftToGo,
    files: placed.length,
    filesFromProbe: placed.filter(({ fromProbe }) => fromProbe).length,
    bytes: result.bytes,
    ms: result.elapsedMs,
    ...(rate === undefined ? {} : { bytesPerSecond: rate }),
    requests: result.requests,
    proxies: result.tallies.filter(({ asked }) => asked > 0).map(proxyFacts),
    failures: failures.slice(0, NAMED).map(failureFacts),
    moreFailures: Math.max(0, failures.length - NAMED),
    leftToGo: left.slice(0, NAMED),
    moreLeftToGo: Math.max(0, left.length - NAMED),
  };
}

/** What the probe had brought took none of the time. */
function rateOf({ files, elapsedMs }: PrefetchResult): number | undefined {
  const bytes = files.reduce(
    (sum, one) => sum + (one.kind === 'placed' && !one.fromProbe ? one.bytes : 0),
    0,
  );
  return bytes < RATE_MIN_BYTES || elapsedMs < RATE_MIN_MS ? undefined : (bytes / elapsedMs) * 1000;
}

function proxyFacts({
  candidate,
  standby,
  asked,
  fetched,
  failed,
  notFound,
  bytes,
}: PrefetchResult['tallies'][number]): PrefetchProxyFacts {
  return { label: candidate.label, standby, asked, fetched, failed, notFound, bytes };
}

function failureFacts(one: ReturnType<typeof failedFiles>[number]): FailedFileFacts {
  const { file, why, failure, modcache, attempts } = one;
  const detail = modcache?.message ?? failure?.detail;
  return {
    module: file.module.path,
    version: file.module.version,
    kind: file.kind,
    class: one.class,
    ...(why === undefined ? {} : { why }),
    ...(detail === undefined ? {} : { detail }),
    answers: answersOf(attempts),
  };
}

/** Those of which nothing failed, as {@link countModules} counts them. */
function modulesLeft(files: readonly FileResult[]): readonly string[] {
  const failed = new Set(failedFiles(files).map(({ file }) => formatModuleVersion(file.module)));
  const left = files.filter(({ kind }) => kind === 'left-to-go');
  const names = new Set(left.map(({ file }) => formatModuleVersion(file.module)));
  return [...names].filter((name) => !failed.has(name));
}

function endText({ earlyEnd, modcache }: PrefetchResult): string | undefined {
  switch (earlyEnd) {
    case undefined:
      return undefined;
    case 'timeout':
      return 'ended early: prefetch-timeout was over';
    case 'idle':
      return 'ended early: no file was completed for 30 s';
    case 'modcache':
      return `ended early: ${modcache?.message ?? 'the module cache takes no files'}`;
    case 'cancelled':
      return 'ended early: the job was cancelled';
    default: {
      const never: never = earlyEnd;
      return never;
    }
  }
}
