import type { ModuleVersion } from '../go/version.ts';
import type { Candidate, Credentials } from './candidate.ts';
import type { Network, ProxyClient } from './http-client.ts';
import type { Figures, Phases } from './verdict.ts';

/** What a candidate is asked. */
export interface ProbeAsk {
  /** Its `.info` and `.mod` are asked. */
  readonly module: ModuleVersion;
  /** h1 of the `.mod`; any of them may match. */
  readonly modHashes: readonly string[];
  /** Samples of throughput, asked one after the other until it shows. None: the fast path. */
  readonly samples: readonly ZipSample[];
  /** Name of the checksum database whose relaying is asked for; undefined: not asked. */
  readonly sumdb?: string;
}

/** A zip and its h1 hashes, any of which may match. */
export interface ZipSample {
  readonly module: ModuleVersion;
  readonly hashes: readonly string[];
}

/** What a probe needs beside the question. */
export interface ProbePorts {
  readonly network: Network;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  /** Ends the probe; its reason is `too-slow` for the phase's early end, anything else is the deadline. */
  readonly signal: AbortSignal;
  /** Gets, at the start, a function that says how far the probe is. */
  readonly observe?: (progress: () => ProbeProgress) => void;
}

/** `asking`: there is a connection, TLS included; `proven`: `.info` and `.mod` were right, the rest is only measured. */
export type ProbeProgress = 'connecting' | 'asking' | 'proven';

/** A zip that came whole as a sample and was right by hash. */
export interface KeptZip {
  readonly module: ModuleVersion;
  /** Label of the candidate that it came from. */
  readonly proxy: string;
  readonly bytes: Uint8Array;
}

/** How long a zip is whose sample was cut. */
export interface KnownSize {
  readonly module: ModuleVersion;
  /** As the answer's Content-Length says: a hint, and nothing more. */
  readonly bytes: number;
}

/** What a probe has found so far. */
export interface ProbeFindings {
  phases: Phases;
  /** From request to first byte on connections that were open, in milliseconds. */
  readonly warmMs: number[];
  sumdb: Figures['sumdb'];
  /** Whether `.info` and `.mod` were right. */
  proven: boolean;
  bytesPerSecond?: number;
  sampleBytes?: number;
  /** Samples that came whole and were right by hash. */
  readonly kept: KeptZip[];
  /** Of zips that were cut. */
  readonly sizes: KnownSize[];
}

/** All that the steps of one probe share. */
export interface ProbeRun {
  readonly candidate: Candidate;
  readonly ask: ProbeAsk;
  readonly ports: ProbePorts;
  readonly client: ProxyClient;
  readonly findings: ProbeFindings;
}
