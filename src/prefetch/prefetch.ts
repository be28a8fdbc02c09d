import type { AttemptRecord } from '../fetch/outcome.ts';
import type { ProxySet } from '../fetch/proxy-set.ts';
import type { ZipHasher } from '../go/h1.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { removeWrong } from '../modcache/distrust.ts';
import { asModCacheError, isOfModCache, type ModCacheCode } from '../modcache/modcache-error.ts';
import { openStaging, type Staging } from '../modcache/staging.ts';
import type { KeptZip } from '../proxy/probe.ts';
import { faultOf, fetchAndPlace } from './fetch-and-place.ts';
import { type PhaseBounds, watchBounds } from './phase-bounds.ts';
import type { EarlyEnd, FileResult, ModCacheFailure, PrefetchResult } from './prefetch-result.ts';
import { orderWork, WORKERS } from './work-order.ts';

/** How far a prefetch is. */
export interface PrefetchProgress {
  /** Files to settle. */
  readonly files: number;
  readonly settled: number;
  readonly failed: number;
  /** Bytes of bodies that have come. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

/** What is fetched, from whom, and within which bounds. */
export interface PrefetchRequest {
  /** Absolute. */
  readonly goModCache: string;
  readonly missing: readonly WantedFile[];
  /** Of these something else is on disk. */
  readonly wrong: readonly WantedFile[];
  /** Zips that the probe has brought and found right. */
  readonly kept: readonly KeptZip[];
  /** Bytes of zips, by `path@version`, as far as they are known. */
  readonly sizes?: ReadonlyMap<string, number>;
  /** The caller destroys it. */
  readonly proxies: ProxySet;
  /** Hashes zips; default: on this thread. */
  readonly hashZip?: ZipHasher;
  readonly bounds: PhaseBounds;
  /** Called whenever a file is settled. */
  readonly onProgress?: (progress: PrefetchProgress) => void;
  /**
   * Gets a function that removes what is staged before it returns, for an end of the process that awaits nothing;
   * returns the function to call when it is not needed any more.
   */
  readonly onStaging?: (removeNow: () => void) => () => void;
  readonly signal: AbortSignal;
}

/** With these no other file will fare better. */
const HOPELESS: ReadonlySet<ModCacheCode> = new Set([
  'modcache-disk-full',
  'modcache-read-only',
  'modcache-no-permission',
  'modcache-not-absolute',
  'modcache-other-device',
]);

/**
 * Fetches what the module cache lacks, {@link WORKERS} files at once, and places each as soon as it is verified. A file
 * that cannot be had fails alone. Ends within the bounds, a second for looks included, and leaves nothing staged.
 * Rejects only for a fault of ours; when `signal` aborts the result says so, and no file is written after it has settled.
 */
export async function prefetch(request: PrefetchRequest): Promise<PrefetchResult> {
  const run = new PrefetchRun(request);
  const { clock } = request.proxies;
  const startedAt = clock.now();
  await run.run();
  const { proxies } = request;
  const files = run.results();
  return {
    files,
    ...run.ending(),
    elapsedMs: clock.now() - startedAt,
    bytes: files.reduce((sum, file) => sum + (file.kind === 'placed' ? file.bytes : 0), 0),
    requests: proxies.requests(),
    contacted: proxies.contacted(),
    tallies: proxies.tallies(),
  };
}

class PrefetchRun {
  readonly #request: PrefetchRequest;
  readonly #files: readonly WantedFile[];
  readonly #kept: ReadonlyMap<string, KeptZip>;
  readonly #results = new Map<WantedFile, FileResult>();
  readonly #ending = new AbortController();
  readonly #startedAt: number;
  #earlyEnd: EarlyEnd | undefined;
  #modcache: ModCacheFailure | undefined;
  #failed = 0;

  constructor(request: PrefetchRequest) {
    this.#request = request;
    this.#files = [...request.missing, ...request.wrong];
    this.#kept = new Map(request.kept.map((zip) => [formatModuleVersion(zip.module), zip]));
    this.#startedAt = request.proxies.clock.now();
  }

  async run(): Promise<void> {
    const { signal, bounds, proxies } = this.#request;
    const onAbort = () => this.#end('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const stopWatch = watchBounds(bounds, {
      clock: proxies.clock,
      movement: () => ({ settled: this.#results.size, bytes: proxies.meter.bytes }),
      end: (why) => this.#end(why),
    });
    try {
      await this.#runStaged();
    } finally {
      stopWatch();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** In the order of the wanted set as far as the request has it; what was not begun failed by the end of the phase. */
  results(): readonly FileResult[] {
    return this.#files.map((file) => this.#results.get(file) ?? this.#cutOff(file, []));
  }

  ending(): Pick<PrefetchResult, 'earlyEnd' | 'modcache'> {
    return {
      ...(this.#earlyEnd === undefined ? {} : { earlyEnd: this.#earlyEnd }),
      ...(this.#modcache === undefined ? {} : { modcache: this.#modcache }),
    };
  }

  async #runStaged(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    let staging: Staging;
    try {
      staging = await openStaging(this.#request.goModCache);
    } catch (error) {
      if (!isOfModCache(error)) throw error;
      this.#giveUp(asModCacheError(error, this.#request.goModCache));
      return;
    }
    const forget = this.#request.onStaging?.(() => staging.removeNow());
    try {
      await this.#clearWrong(staging);
      const open = this.#files.filter((file) => !this.#results.has(file));
      const order = orderWork(open, this.#request.sizes ?? new Map());
      const workers = Array.from({ length: Math.min(WORKERS, open.length) }, async (_, worker) => {
        for (let file = order.next(worker); file !== undefined; file = order.next(worker)) {
          if (this.#ending.signal.aborted) return;
          this.#settle(await this.#fetch(file, staging));
        }
      });
      await Promise.all(workers);
    } finally {
      await staging[Symbol.asyncDispose]();
      forget?.();
    }
  }

  /** All of them before the first is fetched: however the phase ends, go must not believe them. */
  async #clearWrong(staging: Staging): Promise<void> {
    for (const file of this.#request.wrong) {
      try {
        await removeWrong(staging, file);
      } catch (error) {
        this.#settle({ kind: 'failed', file, attempts: [], ...faultOf(error) });
      }
    }
  }

  async #fetch(file: WantedFile, staging: Staging): Promise<FileResult> {
    const kept = file.kind === 'zip' ? this.#kept.get(formatModuleVersion(file.module)) : undefined;
    const { proxies, hashZip } = this.#request;
    return await fetchAndPlace(file, kept, {
      staging,
      proxies,
      ...(hashZip === undefined ? {} : { hashZip }),
      signal: this.#ending.signal,
    });
  }

  #settle(result: FileResult): void {
    // The end of the phase decides why; the file could not.
    const isCutOff = result.kind === 'failed' && result.class === 'cancelled';
    const settled = isCutOff ? this.#cutOff(result.file, result.attempts) : result;
    this.#results.set(result.file, settled);
    if (settled.kind === 'failed') {
      this.#failed++;
      if (settled.modcache !== undefined && HOPELESS.has(settled.modcache.code))
        this.#giveUp(settled.modcache);
    }
    const { onProgress, proxies } = this.#request;
    onProgress?.({
      files: this.#files.length,
      settled: this.#results.size,
      failed: this.#failed,
      bytes: proxies.meter.bytes,
      elapsedMs: proxies.clock.now() - this.#startedAt,
    });
  }

  #giveUp({ code, message }: ModCacheFailure): void {
    this.#modcache ??= { code, message };
    this.#end('modcache');
  }

  #end(why: EarlyEnd): void {
    this.#earlyEnd ??= why;
    this.#ending.abort(why);
  }

  #cutOff(file: WantedFile, attempts: readonly AttemptRecord[]): FileResult {
    const why = this.#earlyEnd ?? 'cancelled';
    if (why !== 'modcache') return { kind: 'failed', file, attempts, class: 'cancelled', why };
    const modcache = this.#modcache === undefined ? {} : { modcache: this.#modcache };
    return { kind: 'failed', file, attempts, class: 'local', why, ...modcache };
  }
}
