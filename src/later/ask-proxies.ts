import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { fetchFile } from '../fetch/fetch-file.ts';
import { FETCH_POLICY, type FetchPolicy } from '../fetch/fetch-policy.ts';
import type { FetchFile, FetchOutcome } from '../fetch/outcome.ts';
import { openProxySet, type ProxySet, type ProxySetOptions, type ProxyTally } from '../fetch/proxy-set.ts';
import type { ZipHasher } from '../go/h1.ts';
import type { Suspect } from './suspects.ts';

/** What the proxies of the chain answer now for one file. */
export interface FileAnswer {
  readonly file: FetchFile;
  /** Of the chain alone: go knows no standby proxy. The answers of those are appended to its attempts. */
  readonly outcome: FetchOutcome;
}

/** What they answer for the files of one module. */
export interface ProxyAnswers {
  readonly suspect: Suspect;
  readonly files: readonly FileAnswer[];
}

/** Who is asked, and how. */
export interface AskProxiesRequest
  extends Pick<ProxySetOptions, 'chain' | 'direct' | 'network' | 'credentialsFor'> {
  readonly suspects: readonly Suspect[];
  /** Asked for comparison where a public file failed. */
  readonly standby: NonNullable<ProxySetOptions['standby']>;
  /** An existing private directory: zips come into it, and are removed with it by the caller. */
  readonly directory: string;
  readonly hashZip: ZipHasher;
  readonly signal: AbortSignal;
}

/** What asking brought. */
export interface AskedProxies {
  readonly answers: readonly ProxyAnswers[];
  readonly tallies: readonly ProxyTally[];
  /** Hosts (with port) that were contacted. */
  readonly contacted: readonly string[];
}

/** Two answers tell a failure from a hiccup, and two silences have to be over before the search is. */
const ASK_POLICY: FetchPolicy = {
  ...FETCH_POLICY,
  attempts: 2,
  connectMs: 5000,
  patienceMs: 6000,
  deadAfterMs: 10_000,
};

/**
 * Asks the chain for the files of all suspects at once, as the prefetch would, and keeps nothing. Where a file of a public
 * module failed for another reason than 404, the standby proxies are asked too: the comparison tells who is wrong.
 * Settles when `signal` aborts; rejects only for a fault of ours.
 */
export async function askProxies(request: AskProxiesRequest): Promise<AskedProxies> {
  const { suspects, chain, direct, standby } = request;
  const options = { ...request, policy: ASK_POLICY, connections: suspects.length + 1 };
  const proxies = openProxySet({ ...options, chain, direct, standby: [] });
  const others = openProxySet({
    ...options,
    chain: standby.map((candidate) => ({ candidate, separator: '|' as const })),
    direct: false,
    standby: [],
  });
  try {
    const answers = await Promise.all(
      suspects.map(async (suspect, place) => ({
        suspect,
        files: await askForFiles(suspect, { ...request, proxies, others, place }),
      })),
    );
    return {
      answers,
      tallies: [...proxies.tallies(), ...others.tallies().map((tally) => ({ ...tally, standby: true }))],
      contacted: [...new Set([...proxies.contacted(), ...others.contacted()])],
    };
  } finally {
    await Promise.all([proxies.destroy(), others.destroy()]);
  }
}

interface Ports extends AskProxiesRequest {
  readonly proxies: ProxySet;
  readonly others: ProxySet;
  /** Of the suspect, for file names of ours. */
  readonly place: number;
}

/** One after the other, until one fails: the others of a module fail for the same cause. */
async function askForFiles({ files }: Suspect, ports: Ports): Promise<readonly FileAnswer[]> {
  const answers: FileAnswer[] = [];
  for (const file of files) {
    const outcome = await askAll(file, ports);
    answers.push({ file, outcome });
    if (outcome.kind !== 'fetched') break;
  }
  return answers;
}

async function askAll(file: FetchFile, ports: Ports): Promise<FetchOutcome> {
  const outcome = await ask(file, ports.proxies, ports);
  const isOpen =
    outcome.kind === 'failed' && (outcome.class === 'infrastructure' || outcome.class === 'integrity');
  // A path that no go.sum pins may be anybody's secret: go told it to the chain, and nobody else is to hear of it.
  const mayCompare = file.disclosure === 'public' && file.pinned !== false;
  if (!isOpen || !mayCompare || ports.others.members.length === 0) return outcome;
  const compared = await ask(file, ports.others, ports);
  const added = compared.attempts.map((attempt) => ({ ...attempt, standby: true }));
  return { ...outcome, attempts: [...outcome.attempts, ...added] };
}

async function ask(file: FetchFile, proxies: ProxySet, ports: Ports): Promise<FetchOutcome> {
  const { hashZip, signal } = ports;
  if (file.kind !== 'zip') return await fetchFile({ file, proxies, signal });
  await using handle: FileHandle = await open(path.join(ports.directory, `${ports.place}.zip`), 'w+', 0o600);
  return await fetchFile({ file, proxies, handle, hashZip, signal });
}
