import { fetchFile } from '../fetch/fetch-file.ts';
import type { FetchOutcome } from '../fetch/outcome.ts';
import type { ProxySet } from '../fetch/proxy-set.ts';
import { errorName } from '../go/error-name.ts';
import type { ZipHasher } from '../go/h1.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { asModCacheError, isOfModCache, ModCacheError } from '../modcache/modcache-error.ts';
import { place } from '../modcache/placing.ts';
import type { StagedFile, Staging } from '../modcache/staging.ts';
import { internalFailure } from '../proxy/failure.ts';
import type { KeptZip } from '../proxy/probe.ts';
import type { FileResult, ModCacheFailure } from './prefetch-result.ts';

/** What fetching one file needs. */
export interface FilePorts {
  readonly staging: Staging;
  readonly proxies: ProxySet;
  readonly hashZip?: ZipHasher;
  readonly signal: AbortSignal;
}

/**
 * Fetches one file, unless the probe has `kept` it, and places it. Resolves with what became of it in any case; what the
 * module cache refuses is a failure of the class `local`, and a fault of ours one with the cause `internal`.
 */
export async function fetchAndPlace(
  file: WantedFile,
  kept: KeptZip | undefined,
  ports: FilePorts,
): Promise<FileResult> {
  try {
    if (kept !== undefined) return await placeKept(file, kept, ports);
    return file.kind === 'zip' ? await fetchZip(file, ports) : await fetchSmall(file, ports);
  } catch (error) {
    if (ports.signal.aborted) return { kind: 'failed', file, attempts: [], class: 'cancelled' };
    return { kind: 'failed', file, attempts: [], ...faultOf(error) };
  }
}

async function placeKept(file: WantedFile, { bytes, proxy }: KeptZip, ports: FilePorts): Promise<FileResult> {
  await place(ports.staging, await ports.staging.stage(bytes), file, { signal: ports.signal });
  return { kind: 'placed', file, attempts: [], proxy, bytes: bytes.length, fromProbe: true };
}

/** A zip goes to disk while it comes, and is hashed through the descriptor that is placed. */
async function fetchZip(file: WantedFile, ports: FilePorts): Promise<FileResult> {
  const { staging, ...fetching } = ports;
  await using staged = await staging.create();
  const outcome = await fetchFile({ file, ...fetching, handle: staged.handle });
  if (outcome.kind !== 'fetched') return unfetched(file, outcome);
  return await placeFetched(file, staged, { outcome, ports });
}

async function fetchSmall(file: WantedFile, ports: FilePorts): Promise<FileResult> {
  const { staging, proxies, signal } = ports;
  const outcome = await fetchFile({ file, proxies, signal });
  if (outcome.kind !== 'fetched') return unfetched(file, outcome);
  await using staged = await staging.stage(outcome.bytes ?? new Uint8Array());
  return await placeFetched(file, staged, { outcome, ports });
}

async function placeFetched(
  file: WantedFile,
  staged: StagedFile,
  fetched: { readonly outcome: Extract<FetchOutcome, { kind: 'fetched' }>; readonly ports: FilePorts },
): Promise<FileResult> {
  const { outcome, ports } = fetched;
  const { size, proxy, attempts, hash } = outcome;
  try {
    await place(ports.staging, staged, file, {
      signal: ports.signal,
      ...(file.kind === 'zip' && hash !== undefined ? { verified: hash } : {}),
    });
  } catch (error) {
    // The attempts are evidence also when the module cache is at fault.
    if (ports.signal.aborted) return { kind: 'failed', file, attempts, class: 'cancelled' };
    return { kind: 'failed', file, attempts, ...faultOf(error) };
  }
  return { kind: 'placed', file, attempts, proxy, bytes: size, fromProbe: false };
}

function unfetched(file: WantedFile, outcome: Exclude<FetchOutcome, { kind: 'fetched' }>): FileResult {
  if (outcome.kind === 'left-to-go') return { ...outcome, file };
  const { error, ...failed } = outcome;
  // A disk that is full shows while the body comes, not only when the file is placed.
  return failed.class === 'local' ? { ...failed, file, modcache: describe(error) } : { ...failed, file };
}

/**
 * Returns what an error that was thrown means for its file: what neither the module cache nor the file system says is a
 * fault of ours, and must not be told as one of theirs.
 */
export function faultOf(
  error: unknown,
): Pick<Extract<FileResult, { kind: 'failed' }>, 'class' | 'failure' | 'modcache'> {
  if (isOfModCache(error)) return { class: 'local', modcache: describe(error) };
  return { class: 'infrastructure', failure: internalFailure(errorName(error)) };
}

function describe(error: unknown): ModCacheFailure {
  const { code, message } = error instanceof ModCacheError ? error : asModCacheError(error, 'a staged file');
  return { code, message };
}
