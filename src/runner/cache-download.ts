import { setTimeout as wait } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';

export { unpack } from './cache-unpack.ts';

/** Says why an archive could not be downloaded; the message is one clause in our own words. */
export class CacheDownloadError extends Error {
  override readonly name = 'CacheDownloadError';
  readonly code = 'cache-download';
}

/** Bounds of a download. */
export interface DownloadLimits {
  /** Of the packed archive. */
  readonly bytes: number;
  /** Milliseconds without a byte. */
  readonly stallMs: number;
  /** Bytes of one range, and how many ranges are on the way at once: together the memory that a download takes. */
  readonly rangeBytes: number;
  readonly lanes: number;
}

/** DESIGN §3.5. Four ranges of 8 MiB keep a line busy that a single connection does not fill. */
export const DOWNLOAD_LIMITS: DownloadLimits = {
  bytes: 10 * 2 ** 30,
  stallMs: 10_000,
  rangeBytes: 8 << 20,
  lanes: 4,
};

/** What a download needs. */
export interface DownloadRequest {
  /** Signed: never shown. */
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
  readonly limits?: DownloadLimits;
  /** Told the bytes that came, packed. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Before each further attempt of a range, milliseconds. */
const RETRY_MS = [200, 1000] as const;

/**
 * Returns the bytes of a stored archive in order. A store that serves ranges is asked for several at once, each again when
 * it fails, and all must be of one archive by total and ETag; any other is read in one piece.
 * Throws CacheDownloadError; the reason of the signal.
 */
export async function* downloadArchive(request: DownloadRequest): AsyncGenerator<Uint8Array> {
  const ending = new AbortController();
  const download: Download = {
    ...request,
    limits: request.limits ?? DOWNLOAD_LIMITS,
    signal: AbortSignal.any([request.signal, ending.signal]),
    movedAt: performance.now(),
  };
  try {
    const first = await fetchPiece(download, { from: 0, to: download.limits.rangeBytes - 1 });
    if (first.kind === 'whole') {
      yield* first.body;
      return;
    }
    yield first.bytes;
    yield* downloadRest(download, first);
  } finally {
    // Whoever takes no more bytes wants no more to come.
    ending.abort();
  }
}

interface Download extends DownloadRequest {
  readonly limits: DownloadLimits;
  /** When the last byte came on any connection. */
  movedAt: number;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Part {
  readonly kind: 'part';
  readonly bytes: Uint8Array;
  readonly total: number;
  readonly etag: string | undefined;
}

type Piece = Part | { readonly kind: 'whole'; readonly body: AsyncGenerator<Uint8Array> };

async function* downloadRest(download: Download, first: Part): AsyncGenerator<Uint8Array> {
  const { rangeBytes, lanes } = download.limits;
  const { total, etag } = first;
  const coming: Promise<Uint8Array>[] = [];
  let next = first.bytes.length;
  const start = () => {
    if (next >= total) return;
    const range = { from: next, to: Math.min(total, next + rangeBytes) - 1 };
    next = range.to + 1;
    const part = fetchPart(download, range, { total, etag });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    part.catch(() => {});
    coming.push(part);
  };
  for (let lane = 0; lane < lanes; lane++) start();
  for (let part = coming.shift(); part !== undefined; part = coming.shift()) {
    const bytes = await part;
    start();
    yield bytes;
  }
}

async function fetchPart(
  download: Download,
  range: Range,
  { total, etag }: Pick<Part, 'total' | 'etag'>,
): Promise<Uint8Array> {
  const piece = await fetchPiece(download, range);
  if (piece.kind === 'whole' || piece.total !== total || piece.etag !== etag) {
    throw new CacheDownloadError('the store changed the archive during the download');
  }
  return piece.bytes;
}

async function fetchPiece(download: Download, range: Range): Promise<Piece> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await askPiece(download, range);
    } catch (error) {
      download.signal.throwIfAborted();
      const pause = RETRY_MS[attempt];
      const isFinal = error instanceof CacheDownloadError && !(error instanceof PassingError);
      if (pause === undefined || isFinal) throw asDownloadError(error);
      await wait(pause, undefined, { signal: download.signal }).catch(() => download.signal.throwIfAborted());
    }
  }
}

/** Worth another attempt. */
class PassingError extends CacheDownloadError {}

async function askPiece(download: Download, { from, to }: Range): Promise<Piece> {
  const { url, dispatcher, userAgent, limits } = download;
  const stall = watchStall(download);
  let handedOver = false;
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher,
      headers: { range: `bytes=${from}-${to}`, 'user-agent': userAgent },
      signal: stall.signal,
    });
    stall.moved();
    if (statusCode === 200 && from === 0) {
      const announced = Number(headers['content-length'] ?? Number.NaN);
      checkTotal(Number.isNaN(announced) ? 0 : announced, limits.bytes);
      handedOver = true;
      return { kind: 'whole', body: readWhole(body, { download, stall, announced }) };
    }
    if (statusCode !== 206) {
      await body.dump().catch(() => {});
      const message = `the store of the cache answered ${statusCode}`;
      throw statusCode >= 500 ? new PassingError(message) : new CacheDownloadError(message);
    }
    const total = totalOf(headers['content-range'], { from, to });
    checkTotal(total, limits.bytes);
    const length = Math.min(to, total - 1) - from + 1;
    const bytes = await readExactly(body, length, (count) => {
      stall.moved();
      download.onBytes?.(count);
    });
    const { etag } = headers;
    return { kind: 'part', bytes, total, etag: typeof etag === 'string' ? etag : undefined };
  } finally {
    if (!handedOver) stall.stop();
  }
}

async function* readWhole(
  body: AsyncIterable<Buffer>,
  {
    download: { limits, onBytes, signal },
    stall,
    announced,
  }: { readonly download: Download; readonly stall: StallWatch; readonly announced: number },
): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const piece of body) {
      stall.moved();
      length += piece.length;
      checkTotal(length, limits.bytes);
      onBytes?.(piece.length);
      // Whoever takes the bytes may take its time; only the store must not.
      stall.pause();
      yield piece;
      stall.moved();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw asDownloadError(error);
  } finally {
    stall.stop();
  }
  if (!Number.isNaN(announced) && length !== announced) {
    throw new CacheDownloadError('the archive is shorter than the store announced');
  }
}

async function readExactly(
  body: AsyncIterable<Buffer>,
  length: number,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for await (const piece of body) {
    if (at + piece.length > length)
      throw new CacheDownloadError('the store sends more than the range that was asked for');
    piece.copy(bytes, at);
    at += piece.length;
    onBytes(piece.length);
  }
  if (at < length) throw new PassingError('the store ended a range early');
  return bytes;
}

/** Content-Range must be the range asked for, cut at the end of the archive. */
function totalOf(header: string | string[] | undefined, { from, to }: Range): number {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(String(header));
  const [start, end, total] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (match === null || start !== from || end !== Math.min(to, total - 1)) {
    throw new CacheDownloadError('the store serves another range than was asked for');
  }
  return total;
}

function checkTotal(total: number, limit: number): void {
  if (total > limit) throw new CacheDownloadError(`the archive has more than ${limit} bytes`);
}

function asDownloadError(error: unknown): CacheDownloadError {
  if (error instanceof CacheDownloadError) return error;
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
  return new CacheDownloadError(`the download broke off (${code})`, { cause: error });
}

/** Timers may fire a little early by the other clock. */
const TIMER_SLACK_MS = 5;

interface StallWatch {
  readonly signal: AbortSignal;
  moved(): void;
  pause(): void;
  stop(): void;
}

/**
 * Ends a request for which no byte came in time. Another attempt may follow while bytes come on other connections; when
 * none came on any, the store is silent, and waiting again would only add up.
 */
function watchStall(download: Download): StallWatch {
  const { signal: outer, limits } = download;
  const { stallMs } = limits;
  const ending = new AbortController();
  const onAbort = () => ending.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  if (outer.aborted) onAbort();
  let timer: NodeJS.Timeout | undefined;
  const pause = () => clearTimeout(timer);
  const onStall = () => {
    const message = `the store of the cache sent no byte for ${stallMs / 1000} s`;
    const isSilent = performance.now() - download.movedAt >= stallMs - TIMER_SLACK_MS;
    ending.abort(isSilent ? new CacheDownloadError(message) : new PassingError(message));
  };
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(onStall, stallMs);
  };
  const moved = () => {
    download.movedAt = performance.now();
    restart();
  };
  restart();
  return {
    signal: ending.signal,
    moved,
    pause,
    stop: () => {
      pause();
      outer.removeEventListener('abort', onAbort);
    },
  };
}
