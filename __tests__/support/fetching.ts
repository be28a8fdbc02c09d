import { type FileHandle, open, readFile } from 'node:fs/promises';
import { fetchFile } from '../../src/fetch/fetch-file.ts';
import { FETCH_POLICY, type FetchPolicy } from '../../src/fetch/fetch-policy.ts';
import type { FetchFile, FetchOutcome, FetchRequest } from '../../src/fetch/outcome.ts';
import { openProxySet, type ProxySet, type ProxySetOptions } from '../../src/fetch/proxy-set.ts';
import type { Separator } from '../../src/go/goproxy.ts';
import type { Candidate } from '../../src/proxy/candidate.ts';
import { findPublicProxy } from '../../src/proxy/public-proxies.ts';
import type { SyntheticModule } from './modules.ts';
import { makeCandidate, makeNetwork } from './probing.ts';
import { makeTempDir } from './temp.ts';

/** The real policy with waits that a test can afford. */
export const QUICK: FetchPolicy = {
  ...FETCH_POLICY,
  connectMs: 1000,
  stallMs: 250,
  patienceMs: 500,
  trickle: { bytesPerSecond: 10_000, windowMs: 400 },
  backoff: { baseMs: 4, capMs: 20 },
  retryAfterCapMs: 300,
  deadAfterMs: 1500,
};

/** The same for proxies none of which is ever silent: on a busy machine they would be taken for it. */
export const PATIENT: FetchPolicy = {
  ...FETCH_POLICY,
  backoff: QUICK.backoff,
  retryAfterCapMs: QUICK.retryAfterCapMs,
};

/** A proxy of a chain: a server's URL, public unless `given`, a comma behind it only where it says so. */
export interface ProxyOf {
  readonly url: string;
  readonly given?: boolean;
  readonly golangOrg?: boolean;
  readonly comma?: boolean;
  readonly credentials?: Candidate['credentials'];
}

/** Returns the set of these proxies, with the quick policy. */
export async function openSet(
  proxies: readonly ProxyOf[],
  options: Partial<Omit<ProxySetOptions, 'chain' | 'standby'>> & {
    readonly standby?: readonly ProxyOf[];
  } = {},
): Promise<ProxySet> {
  const { standby = [], ...rest } = options;
  return openProxySet({
    chain: proxies.map((proxy, id) => ({
      candidate: toCandidate(proxy, id),
      separator: (proxy.comma === true ? ',' : '|') satisfies Separator,
    })),
    standby: standby.map((proxy, at) => ({
      ...toCandidate(proxy, proxies.length + at),
      origin: 'standby' as const,
    })),
    direct: true,
    policy: QUICK,
    network: await makeNetwork(),
    ...rest,
  });
}

function toCandidate({ url, given, golangOrg, credentials }: ProxyOf, id: number): Candidate {
  const made = makeCandidate(url, {
    id,
    isPublic: given !== true,
    ...(credentials === undefined ? {} : { credentials }),
  });
  const publicProxy = findPublicProxy(new URL('https://proxy.golang.org'));
  return golangOrg === true && publicProxy !== undefined ? { ...made, publicProxy } : made;
}

/** Returns one file of the module, as W would have it. */
export function fileOf(
  module: SyntheticModule,
  kind: FetchFile['kind'],
  rest: Partial<FetchFile> = {},
): FetchFile {
  const hashes = { zip: [module.zipHash], mod: [module.modHash], info: [] }[kind];
  return {
    module: { path: module.path, version: module.version },
    kind,
    hashes,
    disclosure: 'public',
    ...rest,
  };
}

/** An outcome with the bytes of the file, wherever they went, and what was left in the handle. */
export interface Fetched {
  readonly outcome: FetchOutcome;
  readonly bytes: Buffer;
}

/** Fetches the file; zips go to a file on disk unless `inMemory`. */
export async function fetchOne(
  request: Omit<FetchRequest, 'signal' | 'handle'> & {
    readonly signal?: AbortSignal;
    readonly inMemory?: boolean;
  },
): Promise<Fetched> {
  const { inMemory = request.file.kind !== 'zip', signal = AbortSignal.timeout(30_000), ...rest } = request;
  if (inMemory) {
    const outcome = await fetchFile({ ...rest, signal });
    return { outcome, bytes: Buffer.from(outcome.kind === 'fetched' ? (outcome.bytes ?? []) : []) };
  }
  await using directory = await makeTempDir();
  const path = directory.join('file');
  const handle: FileHandle = await open(path, 'wx+');
  try {
    const outcome = await fetchFile({ ...rest, signal, handle });
    return { outcome, bytes: await readFile(path) };
  } finally {
    await handle.close();
  }
}

/** Returns what a row of a table states: `fetched`, or the class or why. */
export function endOf(outcome: FetchOutcome): string {
  switch (outcome.kind) {
    case 'fetched':
      return 'fetched';
    case 'left-to-go':
      return `left-to-go ${outcome.why}`;
    case 'failed':
      return `failed ${outcome.class}`;
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** Returns each attempt as `meaning cause`. */
export function triedOf({ attempts }: FetchOutcome): readonly string[] {
  return attempts.map(({ meaning, failure }) => `${meaning} ${failure?.cause ?? ''}`.trim());
}
