import type { FailureClass, Finding } from '../diagnosis/finding.ts';
import type { ProxyAnswer } from '../diagnosis/proxy-answers.ts';
import type { FailureClass as FileFailureClass } from '../fetch/outcome.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import type { Refusal } from '../modcache/archive-reader.ts';
import type { RestoreOutcome } from '../modcache/restore-outcome.ts';
import type { FileResult } from '../prefetch/prefetch-result.ts';
import type { Verdict } from '../proxy/verdict.ts';

/** Everything that log, summary, annotations and report.json are made from: plain data, filled by the entries. */
export interface Report {
  readonly schema: 1;
  readonly actionVersion: string;
  readonly step: 'main' | 'post';
  readonly mode: 'setup' | 'diagnose';
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durations: readonly PhaseDuration[];
  readonly go: GoFacts;
  readonly plan: PlanFacts;
  readonly chain: ChainFacts;
  readonly checksumDatabase: ChangedValue;
  readonly privatePatterns: PrivatePatternFacts;
  /** What later steps get through GITHUB_ENV, userinfo removed. */
  readonly exported: readonly ExportedValue[];
  /** Absent when no project was read. */
  readonly wanted?: WantedFacts;
  /** Absent as long as nothing was decided about restoring. */
  readonly cache?: CacheFacts;
  /** Modules of the wanted set that were extracted before the step: nobody can vouch for those trees. */
  readonly extractedTrees?: number;
  /** Absent as long as nothing was decided about fetching. */
  readonly prefetch?: PrefetchFacts;
  /** Absent as long as nothing was decided about searching for failed downloads of later steps. */
  readonly laterSteps?: LaterFacts;
  /** Set when an earlier use in the job had decided already. */
  readonly secondUse?: string;
  /** What was not done, and anything else worth a line, each with its reason. */
  readonly notes: readonly string[];
  /** Every host that was contacted, with port where it is not the scheme's own. */
  readonly hosts: readonly string[];
  readonly findings: readonly Finding[];
  readonly failureClass: FailureClass;
}

/** How long one phase took, in milliseconds. */
export interface PhaseDuration {
  readonly phase: string;
  readonly ms: number;
}

export interface GoFacts {
  /** As the go command gives it, `go1.26.1`; absent without a go command. */
  readonly version?: string;
  readonly source: 'go' | 'environment';
  readonly problem?: string;
}

/** Which proxies were considered. */
export interface PlanFacts {
  /** `policy`: an inherited GOPROXY forbids choosing; `reused`: an earlier use in the job had chosen. */
  readonly kind: 'candidates' | 'policy' | 'reused';
  /** Why it is not `candidates`. */
  readonly reason?: string;
  readonly candidates: readonly CandidateFacts[];
  readonly skipped: readonly SkippedEntry[];
  readonly standby: { readonly asked: boolean; readonly reason: string };
}

/** One candidate and what was found. */
export interface CandidateFacts {
  /** Userinfo and query removed. */
  readonly label: string;
  readonly origin: 'input' | 'inherited' | 'default' | 'standby';
  /** Name of the public proxy of the built-in table. */
  readonly publicName?: string;
  readonly verdict: Verdict;
  /** Place in the ranking from 1; absent when it was not ranked. */
  readonly rank?: number;
  /** Whether it is in the GOPROXY that go uses after the step. */
  readonly inChain?: boolean;
  /** Estimated time for what is missing, in milliseconds. */
  readonly estimateMs?: number;
  /** Why it has its place. */
  readonly reason?: string;
}

/** An entry of an input that is not used. */
export interface SkippedEntry {
  readonly entry: string;
  readonly reason: string;
}

/** GOPROXY before and after, userinfo removed. */
export interface ChainFacts {
  readonly decision: 'exported' | 'kept';
  readonly before: string;
  readonly after: string;
  readonly reasons: readonly string[];
  /** Label of the proxy ranked first. */
  readonly selected?: string;
}

/** A variable's effective value before and after the step. */
export interface ChangedValue {
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export interface PrivatePatternFacts {
  readonly goprivate: ChangedValue;
  readonly gonoproxy: ChangedValue;
  readonly gonosumdb: ChangedValue;
}

export interface ExportedValue {
  readonly name: string;
  readonly value: string;
}

/** The wanted set and what of it is in the module cache. */
export interface WantedFacts {
  readonly modules: number;
  readonly files: number;
  readonly missing: number;
  /** Files on disk whose hash is wrong. */
  readonly wrong: number;
  readonly privateModules: number;
  readonly notes: readonly string[];
}

/** What the archive of an earlier job brought; all counts are 0 unless something was restored. */
export interface CacheFacts {
  readonly status: RestoreOutcome['kind'];
  /** Why nothing was restored, one clause; absent where something was. */
  readonly reason?: string;
  /** Absent where no public module is wanted. */
  readonly primaryKey?: string;
  /** Of the service, so foreign text; absent where nothing matched. */
  readonly matchedKey?: string;
  readonly exact: boolean;
  /** Absent with `primaryKey`. */
  readonly ingredients?: CacheIngredients;
  /** Module versions of which a file came, and those files. */
  readonly modules: number;
  readonly files: number;
  /** Of the placed files, and of what was downloaded for them. */
  readonly bytes: number;
  readonly archiveBytes: number;
  readonly ms: number;
  /** All of the archive that were read, and those that were not taken. */
  readonly entries: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  /** At most 100 files, `path@version .zip`, that were not what go.sum says; `moreWrong` counts the others. */
  readonly wrong: readonly string[];
  readonly moreWrong: number;
  /** Why the rest of the archive was not read, one clause; absent when all was. */
  readonly cutShort?: string;
}

/** All that a cache key is made of; no OS, architecture or Go version. */
export interface CacheIngredients {
  /** The name of the archive's layout. */
  readonly format: string;
  /** The input `cache-suffix`. */
  readonly suffix: string;
  /** Hash lines of the wanted set: one for each zip and go.mod. */
  readonly lines: number;
  readonly modules: number;
  /** Module versions that are in no archive. */
  readonly privateModules: number;
}

/** What the prefetch did; all counts are 0 unless it ran. */
export interface PrefetchFacts {
  /** `impossible`: it was asked for, or needed, and could not run. */
  readonly status: 'ran' | 'skipped' | 'impossible';
  /** Why it was skipped or impossible, or ended before all files were settled; one clause. */
  readonly reason?: string;
  /** Module versions of which all files that were missing are there now. */
  readonly modulesFetched: number;
  /** Module versions of which a file could not be fetched. */
  readonly modulesFailed: number;
  readonly modulesLeftToGo: number;
  /** Files that were placed, and how many of them the probe had brought already. */
  readonly files: number;
  readonly filesFromProbe: number;
  /** Of the placed files. */
  readonly bytes: number;
  readonly ms: number;
  /** Of what did not come with the probe; absent when it was too little to tell. */
  readonly bytesPerSecond?: number;
  readonly requests: number;
  /** Those that were asked, standby proxies last. */
  readonly proxies: readonly PrefetchProxyFacts[];
  /** At most 100 files that could not be fetched; `moreFailures` counts the others. */
  readonly failures: readonly FailedFileFacts[];
  readonly moreFailures: number;
  /** At most 100 module versions, `path@version`, that go is to fetch from their hosts; `moreLeftToGo` counts the others. */
  readonly leftToGo: readonly string[];
  readonly moreLeftToGo: number;
}

/** What one proxy did in the prefetch; the counts are of answers. */
export interface PrefetchProxyFacts {
  readonly label: string;
  readonly standby: boolean;
  readonly asked: number;
  readonly fetched: number;
  readonly failed: number;
  readonly notFound: number;
  /** Of all bodies, wrong ones too. */
  readonly bytes: number;
}

/** A file that could not be fetched, and what everybody who was asked for it answered. */
export interface FailedFileFacts {
  readonly module: string;
  readonly version: string;
  readonly kind: WantedFile['kind'];
  /** `local`: the module cache did not take it; `cancelled`: the phase ended before it. */
  readonly class: FileFailureClass;
  readonly why?: NonNullable<Extract<FileResult, { readonly kind: 'failed' }>['why']>;
  /** What decided; may quote a path of the module cache. */
  readonly detail?: string;
  /** Empty when nobody was asked. */
  readonly answers: readonly ProxyAnswer[];
}

/** The search for downloads that failed in later steps. */
export interface LaterFacts {
  readonly status: 'skipped' | 'nothing-found' | 'found';
  /** Why nothing was searched, one clause; or why the search ended early. */
  readonly reason?: string;
  /** What go left on disk: downloads that were begun and never came. */
  readonly traces: number;
  /** At most 20 modules that were asked for again. */
  readonly asked: readonly LaterQuestion[];
  readonly ms: number;
}

/** One module that a later step could not download, and what came of asking for it again. */
export interface LaterQuestion {
  readonly module: string;
  readonly version: string;
  /** Why it was asked for, a clause of ours: `go began the download at 06:18:03 UTC and it never came`. */
  readonly evidence: string;
  /** What each proxy answers now; empty when none may be asked. */
  readonly answers: readonly ProxyAnswer[];
  /** What go itself came to, one clause; absent when go was not asked. */
  readonly go?: string;
  /** Whether the file can be had now. */
  readonly isThere: boolean;
}

/** A variable that the step decides about, with its name. */
export interface NamedValue extends ChangedValue {
  readonly name: 'GOPROXY' | 'GOSUMDB' | 'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB';
}

/** Returns the variables that the step decides about, those that it changed apart from the others. */
export function changedVariables({
  chain,
  checksumDatabase,
  privatePatterns,
}: Pick<Report, 'chain' | 'checksumDatabase' | 'privatePatterns'>): {
  readonly changed: readonly NamedValue[];
  readonly unchanged: readonly NamedValue[];
} {
  const { goprivate, gonoproxy, gonosumdb } = privatePatterns;
  const all: readonly NamedValue[] = [
    // Its reasons are a list of their own.
    { name: 'GOPROXY', before: chain.before, after: chain.after, reason: '' },
    { ...checksumDatabase, name: 'GOSUMDB' },
    { ...goprivate, name: 'GOPRIVATE' },
    { ...gonoproxy, name: 'GONOPROXY' },
    { ...gonosumdb, name: 'GONOSUMDB' },
  ];
  const isChanged = ({ before, after }: NamedValue) => before !== after;
  return { changed: all.filter(isChanged), unchanged: all.filter((one) => !isChanged(one)) };
}
