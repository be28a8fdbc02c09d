import { ACTION_VERSION } from './action-version.ts';
import type { ZipHasher } from './go/h1.ts';
import type { WantedFile } from './go/wanted-set.ts';
import { ARCHIVE_ROOT } from './modcache/archive-name.ts';
import { type CutShort, readArchive } from './modcache/archive-reader.ts';
import { type CacheKey, cacheable, keyOf } from './modcache/cache-key.ts';
import { ModCacheError } from './modcache/modcache-error.ts';
import { toFetch } from './modcache/presence.ts';
import type { RestoreOutcome } from './modcache/restore-outcome.ts';
import { isSameKey } from './modcache/save-policy.ts';
import { openStaging } from './modcache/staging.ts';
import { describeOwnFault } from './own-fault.ts';
import type { Secret } from './report/redaction.ts';
import { CacheDownloadError, downloadArchive } from './runner/cache-download.ts';
import { type CacheNetwork, openCacheNetwork } from './runner/cache-network.ts';
import { type CacheService, findCacheService, type Lookup, lookUp } from './runner/cache-service.ts';
import { ArchiveBombError, unpack } from './runner/cache-unpack.ts';
import type { StepContext } from './runner/finish.ts';
import type { Inputs } from './runner/inputs.ts';
import { goValue, type Setting } from './setting.ts';

/** What is restored, and for whom. */
export interface Restore {
  readonly inputs: Inputs;
  readonly setting: Setting;
  readonly hashZip: ZipHasher;
  /** Told when the service has answered, before anything is downloaded. */
  readonly onLookup?: (found: { readonly isExact: boolean }) => void;
}

/** The whole of it; what is not here by then is fetched (DESIGN §3.5). The step gets it on top once there is an archive. */
const RESTORE_MS = 3 * 60_000;

/**
 * Restores what the module cache lacks of W from the archive of an earlier job. No foreign name becomes a path, and what is
 * placed is verified like what is fetched. Trouble of any kind is an outcome; only the signal of the step is thrown.
 */
export async function restoreCache(
  { inputs, setting, hashZip, onLookup }: Restore,
  context: StepContext,
): Promise<RestoreOutcome> {
  if (cacheable(setting.wanted.files).length === 0) {
    return { kind: 'skipped', reason: 'no public module is wanted' };
  }
  const key = keyOf(setting.wanted.files, inputs.cacheSuffix);
  const service = findCacheService(process.env);
  const reason = reasonToSkip(inputs, setting, service);
  if (reason !== undefined || service.kind === 'none') {
    return { kind: 'skipped', key, reason: reason ?? 'there is no cache service' };
  }
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(RESTORE_MS)]);
  const hosts = [service.base.host];
  try {
    await using network = await openCacheNetwork(process.env, `setup-goproxy/${ACTION_VERSION}`);
    const question = { primary: key.primary, prefixes: [key.prefix], paths: [ARCHIVE_ROOT] };
    const found = await lookUp(service, question, { ...network, signal });
    onLookup?.({ isExact: found.kind === 'hit' && isSameKey(found.matchedKey, key.primary) });
    if (found.kind === 'miss') return { kind: 'miss', key, hosts };
    if (found.kind === 'trouble') return { kind: 'trouble', key, hosts, reason: found.reason };
    context.log.protect(secretsOf(found.url));
    context.allowMore(RESTORE_MS);
    hosts.push(found.url.host);
    return await restoreArchive(found, { key, hosts, setting, hashZip, network, signal, context });
  } catch (error) {
    context.signal.throwIfAborted();
    return { kind: 'trouble', key, hosts, reason: describe(error, signal) };
  }
}

/** Whoever has the signature, or an URL that is secret as a whole, can read the archive. */
function secretsOf(url: URL): readonly Secret[] {
  return [{ password: url.searchParams.get('sig') ?? url.href }];
}

function reasonToSkip(inputs: Inputs, { presence }: Setting, service: CacheService): string | undefined {
  if (inputs.mode === 'diagnose') return 'the input mode is diagnose';
  if (inputs.cache === false) return 'the input cache is false';
  if (cacheable(toFetch(presence)).length === 0) return 'nothing is missing';
  if (service.kind === 'none') return service.reason;
  return service.readable ? undefined : 'the cache cannot be read in this job (ACTIONS_CACHE_MODE)';
}

interface Restoring {
  readonly key: CacheKey;
  readonly hosts: readonly string[];
  readonly setting: Setting;
  readonly hashZip: ZipHasher;
  readonly network: CacheNetwork;
  readonly signal: AbortSignal;
  readonly context: StepContext;
}

async function restoreArchive(
  found: Extract<Lookup, { kind: 'hit' }>,
  { key, hosts, setting, hashZip, network, signal, context: { closing } }: Restoring,
): Promise<RestoreOutcome> {
  const startedAt = performance.now();
  let archiveBytes = 0;
  const onBytes = (bytes: number) => {
    archiveBytes += bytes;
  };
  const packed = downloadArchive({ url: found.url, ...network, signal, onBytes });
  const staging = await openStaging(goValue(setting.goEnv, 'GOMODCACHE'));
  const forget = closing.removeAtEnd(() => staging.removeNow());
  try {
    const wanted = cacheable(toFetch(setting.presence));
    const reading = readArchive(unpack(packed, found.compression), { wanted, staging, hashZip, signal });
    closing.awaitWrite(reading);
    const archive = await reading;
    const { matchedKey } = found;
    const cutShort = archive.cutShort === undefined ? undefined : describeCut(archive.cutShort);
    if (cutShort !== undefined && archive.placed.length + archive.wrong.length === 0) {
      return { kind: 'trouble', key, hosts, matchedKey, reason: cutShort };
    }
    return {
      ...{ kind: 'restored', key, hosts, matchedKey, isExact: isSameKey(matchedKey, key.primary) },
      ...{ archive, archiveBytes, elapsedMs: performance.now() - startedAt },
      ...(cutShort === undefined ? {} : { cutShort }),
    };
  } finally {
    await staging[Symbol.asyncDispose]();
    forget();
  }
}

function describeCut({ reason, error }: CutShort): string {
  const isTold = error instanceof CacheDownloadError || error instanceof ArchiveBombError;
  return isTold ? error.message : `the archive ${reason}`;
}

function describe(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return `it took longer than ${RESTORE_MS / 60_000} min`;
  if (error instanceof CacheDownloadError || error instanceof ModCacheError) return error.message;
  return describeOwnFault(error);
}

/** Returns the setting as it is once the archive's files are in the module cache. */
export function withRestored(setting: Setting, restore: RestoreOutcome): Setting {
  return restore.kind === 'restored' ? withFiles(setting, restore.archive.placed) : setting;
}

/** Returns the setting as it will be when an archive of exactly these modules holds what it says. */
export function withExpected(setting: Setting): Setting {
  return withFiles(setting, cacheable(toFetch(setting.presence)));
}

function withFiles(setting: Setting, files: readonly WantedFile[]): Setting {
  const placed = new Set(files);
  const { presence } = setting;
  const missing = presence.missing.filter((file) => !placed.has(file));
  const wrong = presence.wrong.filter(({ file }) => !placed.has(file));
  const presentFiles = presence.presentFiles + placed.size;
  const isWhole = missing.length + wrong.length === 0;
  return {
    ...setting,
    presence: { ...presence, missing, wrong, presentFiles, wholeness: isWhole ? 'complete' : 'partial' },
  };
}
