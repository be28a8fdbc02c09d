import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type DownloadLimits, downloadArchive, unpack } from '../../src/runner/cache-download.ts';
import { ArchiveBombError } from '../../src/runner/cache-unpack.ts';
import {
  type CacheFault,
  type CacheServer,
  type CacheServerOptions,
  startCacheServer,
} from '../support/cache-server.ts';
import { withNetwork } from '../support/caching.ts';
import type { Answer } from '../support/faults.ts';

const RANGE = 10_000;
const LIMITS: DownloadLimits = { bytes: 1 << 20, stallMs: 300, rangeBytes: RANGE, lanes: 4 };
const ARCHIVE = randomBytes(95_432);

interface Outcome {
  readonly bytes: Buffer;
  readonly told: number;
  readonly error: unknown;
}

interface Given extends CacheServerOptions {
  readonly archive?: Uint8Array;
  readonly limits?: Partial<DownloadLimits>;
  /** Called before each piece is taken; false takes no more. */
  readonly onPiece?: (server: CacheServer, abort: AbortController) => Promise<boolean | undefined>;
}

async function download({ archive = ARCHIVE, limits, onPiece, ...options }: Given = {}) {
  await using server = await startCacheServer(options);
  const url = server.signedUrl(server.put('key', 'version', archive));
  const abort = new AbortController();
  let told = 0;
  const pieces: Uint8Array[] = [];
  const outcome = await withNetwork(async (network): Promise<Outcome> => {
    const onBytes = (count: number) => {
      told += count;
    };
    let error: unknown;
    try {
      const request = { url, ...network, limits: { ...LIMITS, ...limits }, onBytes, signal: abort.signal };
      for await (const piece of downloadArchive(request)) {
        pieces.push(piece);
        if ((await onPiece?.(server, abort)) === false) break;
      }
    } catch (caught) {
      error = caught;
    }
    return { bytes: Buffer.concat(pieces), told, error };
  });
  const asked = server.requests.map(({ headers }) => String(headers['range']));
  return { ...outcome, asked, peak: server.peakDownloads };
}

function fault(fault: Omit<CacheFault, 'route'>): { readonly faults: readonly CacheFault[] } {
  return { faults: [{ route: 'store-download', ...fault } as CacheFault] };
}

/** A fault that strikes each request whose range begins there. */
function at(range: number, change: (answer: Answer) => Answer) {
  return fault({
    kind: 'change',
    change: (answer, { headers }) => (headers['range'] === rangeText(range) ? change(answer) : answer),
  } as CacheFault);
}

function rangeText(index: number): string {
  return `bytes=${index * RANGE}-${Math.min((index + 1) * RANGE, ARCHIVE.length) - 1}`;
}

test('ranges come at once and are given in order', async () => {
  // The later a range begins, the sooner it is answered.
  const faults: CacheFault[] = [4, 3, 2, 1].map((left) => ({
    route: 'store-download',
    kind: 'headers-slow',
    ms: 100 + left * 30,
    afterRequests: 1,
    times: 1,
  }));
  const { bytes, told, error, asked, peak } = await download({ faults });
  expect(error).toBeUndefined();
  expect(bytes.equals(ARCHIVE)).toBe(true);
  expect(told).toBe(ARCHIVE.length);
  expect(asked.sort()).toEqual(Array.from({ length: 10 }, (_, index) => rangeText(index)).sort());
  expect(peak).toBe(LIMITS.lanes);
});

test('whoever takes its time has no more than the lanes and one range waiting', async () => {
  let taken = 0;
  const { error } = await download({
    onPiece: async (server) => {
      taken++;
      // All that can come has come by then.
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(server.requests.length).toBeLessThanOrEqual(taken + LIMITS.lanes);
      return undefined;
    },
  });
  expect(error).toBeUndefined();
  expect(taken).toBe(10);
});

test.each([
  ['one byte', 1],
  ['exactly one range', RANGE],
  ['one byte more than a range', RANGE + 1],
])('an archive of %s', async (_, length) => {
  const archive = randomBytes(length);
  const { bytes, error } = await download({ archive });
  expect(error).toBeUndefined();
  expect(bytes.equals(archive)).toBe(true);
});

test('a store without ranges is read in one piece', async () => {
  const { bytes, error, asked, told } = await download({ ranges: false });
  expect(error).toBeUndefined();
  expect(bytes.equals(ARCHIVE)).toBe(true);
  expect(asked).toHaveLength(1);
  expect(told).toBe(ARCHIVE.length);
});

describe('a range that fails is asked again', () => {
  test.each<[string, Omit<CacheFault, 'route'>]>([
    ['503', { kind: 'status', status: 503 } as CacheFault],
    ['a reset', { kind: 'reset-before-headers' }],
    ['a reset in the body', { kind: 'reset-in-body' }],
    ['half a body', { kind: 'truncate', framing: 'content-length' } as CacheFault],
    ['half a body without a length', { kind: 'truncate', framing: 'close-delimited' } as CacheFault],
  ])('%s', async (_, what) => {
    const { bytes, error, asked } = await download(fault({ ...what, afterRequests: 2, times: 2 }));
    expect(error).toBeUndefined();
    expect(bytes.equals(ARCHIVE)).toBe(true);
    expect(asked).toHaveLength(12);
  });

  test('also the first one', async () => {
    const { bytes, error } = await download(fault({ kind: 'reset-before-headers', times: 2 }));
    expect(error).toBeUndefined();
    expect(bytes.equals(ARCHIVE)).toBe(true);
  });

  test('a stalled one while the others move', async () => {
    const slow: CacheFault = { route: 'store-download', kind: 'headers-slow', ms: 120, afterRequests: 2 };
    const stalled: CacheFault = { route: 'store-download', kind: 'body-stall', afterRequests: 2, times: 1 };
    const { bytes, error, asked } = await download({ faults: [stalled, slow], limits: { lanes: 2 } });
    expect(error).toBeUndefined();
    expect(bytes.equals(ARCHIVE)).toBe(true);
    expect(asked).toHaveLength(11);
  });

  test('three times in all', async () => {
    const { error, asked } = await download(fault({ kind: 'status', status: 503 } as CacheFault));
    expect(error).toMatchObject({ message: 'the store of the cache answered 503' });
    expect(asked).toHaveLength(3);
  });
});

const CHANGED = 'the store changed the archive during the download';
const OTHER_RANGE = 'the store serves another range than was asked for';

describe('what ends a download', () => {
  test.each<[string, Given, string, number]>([
    ['404', fault({ kind: 'status', status: 404 } as CacheFault), 'the store of the cache answered 404', 1],
    ['403', fault({ kind: 'status', status: 403 } as CacheFault), 'the store of the cache answered 403', 1],
    ['429', fault({ kind: 'status', status: 429 } as CacheFault), 'the store of the cache answered 429', 1],
    ['a redirect', fault({ kind: 'redirect-loop' }), 'the store of the cache answered 302', 1],
    ['another ETag', at(3, withHeader('etag', '"other"')), CHANGED, 6],
    ['no ETag all at once', at(3, withHeader('etag', undefined)), CHANGED, 6],
    ['another total', at(3, withHeader('content-range', 'bytes 30000-39999/95433')), CHANGED, 6],
    ['another begin', at(3, withHeader('content-range', 'bytes 30001-39999/95432')), OTHER_RANGE, 6],
    ['another end', at(3, withHeader('content-range', 'bytes 30000-39998/95432')), OTHER_RANGE, 6],
    ['another unit', at(0, withHeader('content-range', 'items 0-9999/95432')), OTHER_RANGE, 1],
    ['an unknown total', at(0, withHeader('content-range', 'bytes 0-9999/*')), OTHER_RANGE, 1],
    ['no range header', at(0, withHeader('content-range', undefined)), OTHER_RANGE, 1],
    ['206 with too much', at(0, more), 'the store sends more than the range that was asked for', 1],
    [
      '200 for a later range',
      at(3, (answer) => ({ ...answer, status: 200 })),
      'the store of the cache answered 200',
      6,
    ],
    [
      'a huge total',
      at(0, withHeader('content-range', `bytes 0-9999/${2 ** 40}`)),
      'the archive has more than 1048576 bytes',
      1,
    ],
    [
      'a huge length',
      { ranges: false, limits: { bytes: 95_431 } },
      'the archive has more than 95431 bytes',
      1,
    ],
    [
      'a body without end',
      { ranges: false, ...fault({ kind: 'endless-body' }) },
      'the archive has more than 1048576 bytes',
      1,
    ],
    [
      'half a body',
      { ranges: false, ...fault({ kind: 'truncate', framing: 'content-length' } as CacheFault) },
      'the download broke off',
      1,
    ],
    ['a silent store', fault({ kind: 'headers-never' }), 'the store of the cache sent no byte for 0.3 s', 1],
    [
      'a silent body',
      { ranges: false, ...fault({ kind: 'body-stall' }) },
      'the store of the cache sent no byte for 0.3 s',
      1,
    ],
    [
      'silence later',
      fault({ kind: 'headers-never', afterRequests: 3 }),
      'the store of the cache sent no byte for 0.3 s',
      9,
    ],
    [
      'an error page that stalls',
      {
        ...at(0, (answer) => answer),
        ...fault({
          kind: 'raw-response',
          bytes: 'HTTP/1.1 404 No\r\ncontent-length: 900\r\n\r\nx',
        } as CacheFault),
      },
      'the store of the cache answered 404',
      1,
    ],
  ])('%s', async (_, given, message, requests) => {
    const { bytes, error, asked } = await download(given);
    expect(error).toMatchObject({ name: 'CacheDownloadError', message: expect.stringContaining(message) });
    expect(asked.length).toBeLessThanOrEqual(requests + 2);
    // What was given until then is a beginning of the archive, unless the whole body was another.
    if (!_.includes('without end')) expect(ARCHIVE.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  test('a store that is not there', async () => {
    const server = await startCacheServer();
    const url = server.signedUrl(server.put('key', 'version', ARCHIVE));
    await server.close();
    const { signal } = new AbortController();
    const reading = withNetwork((network) =>
      collect(downloadArchive({ url, ...network, limits: LIMITS, signal })),
    );
    await expect(reading).rejects.toMatchObject({ message: 'the download broke off (ECONNREFUSED)' });
  });

  test('the signal, with its own reason', async () => {
    const reason = new Error('over');
    const { error } = await download({
      ...fault({ kind: 'headers-never', afterRequests: 3 }),
      limits: { stallMs: 60_000 },
      onPiece: async (_, abort) => {
        setTimeout(() => abort.abort(reason), 20);
        return undefined;
      },
    });
    expect(error).toBe(reason);
  });

  test('whoever takes no more: what is under way is ended', async () => {
    await using server = await startCacheServer(fault({ kind: 'headers-never', afterRequests: 2 }));
    const url = server.signedUrl(server.put('key', 'version', ARCHIVE));
    await withNetwork(async (network) => {
      const { signal } = new AbortController();
      let pieces = 0;
      const limits = { ...LIMITS, stallMs: 60_000 };
      for await (const _ of downloadArchive({ url, ...network, limits, signal })) {
        if (++pieces < 2) continue;
        await settled(() => server.openDownloads === LIMITS.lanes);
        break;
      }
      // While the network is open still.
      await settled(() => server.openDownloads === 0);
    });
    expect(server.requests).toHaveLength(LIMITS.lanes + 2);
  });
});

async function settled(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const piece of pieces) collected.push(piece);
  return collected;
}

function withHeader(name: string, value: string | undefined): (answer: Answer) => Answer {
  return (answer) => {
    const { [name]: _, ...headers } = answer.headers;
    return { ...answer, headers: value === undefined ? headers : { ...headers, [name]: value } };
  };
}

function more(answer: Answer): Answer {
  return { ...answer, body: Buffer.concat([answer.body, Buffer.from('x')]) };
}

describe('unpack', () => {
  const TEXT = randomBytes(3 << 20);
  const PACK = { zstd: zstdCompressSync, gzip: gzipSync } as const;

  async function* inPieces(bytes: Uint8Array, error?: Error): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += 50_000) yield bytes.subarray(from, from + 50_000);
    if (error !== undefined) throw error;
  }

  describe.each(['zstd', 'gzip'] as const)('%s', (compression) => {
    const pack = PACK[compression];

    test('gives what was packed', async () => {
      const unpacked = Buffer.concat(await unpack(inPieces(pack(TEXT)), compression).toArray());
      expect(hashOf(unpacked)).toBe(hashOf(TEXT));
    });

    test('fails with the error of its source', async () => {
      const error = new Error('of the source');
      await expect(
        unpack(inPieces(pack(TEXT).subarray(0, 1 << 20), error), compression).toArray(),
      ).rejects.toBe(error);
    });

    test.each([
      ['truncated', pack(TEXT).subarray(0, 2 << 20)],
      ['garbage', Buffer.from('<html>not found</html>')],
      ['the other compression', (compression === 'zstd' ? gzipSync : zstdCompressSync)(TEXT)],
    ])('refuses what is %s', async (_, bytes) => {
      await expect(unpack(inPieces(bytes), compression).toArray()).rejects.toThrow();
    });

    test('ends at a bomb, soon after the bound', async () => {
      const bomb = pack(Buffer.alloc(64 << 20));
      let length = 0;
      const counting = pipeline(
        unpack(inPieces(bomb), compression, { ratio: 8, freeBytes: 1 << 20 }),
        async (source: AsyncIterable<Buffer>) => {
          for await (const piece of source) length += piece.length;
        },
      );
      await expect(counting).rejects.toBeInstanceOf(ArchiveBombError);
      expect(length).toBeLessThan(4 << 20);
    });

    test('takes what packs well but is small', async () => {
      const small = Buffer.alloc(1 << 20);
      const unpacked = await unpack(inPieces(pack(small)), compression).toArray();
      expect(Buffer.concat(unpacked)).toHaveLength(small.length);
    });

    test('ends its source when it is destroyed', async () => {
      let ended = false;
      const endless = async function* () {
        try {
          for (;;) yield pack(TEXT);
        } finally {
          ended = true;
        }
      };
      const stream = unpack(endless(), compression);
      for await (const _ of stream) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ended).toBe(true);
    });
  });
});

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('the HTTP proxy of the environment', () => {
  test('is passed by for loopback, where act has its cache service', async () => {
    await using server = await startCacheServer();
    const url = server.signedUrl(server.put('key', 'version', ARCHIVE));
    const env = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };
    const { signal } = new AbortController();
    const read = (network: Parameters<Parameters<typeof withNetwork>[0]>[0]) =>
      collect(downloadArchive({ url, ...network, limits: LIMITS, signal }));
    expect(Buffer.concat(await withNetwork(read, env)).equals(ARCHIVE)).toBe(true);
  });

  test('is used for any other host, which it finds', async () => {
    await using server = await startCacheServer({ storeOrigin: 'http://store.blob.core.windows.test' });
    const url = server.signedUrl(server.put('key', 'version', ARCHIVE));
    const { signal } = new AbortController();
    const read = (network: Parameters<Parameters<typeof withNetwork>[0]>[0]) =>
      collect(downloadArchive({ url, ...network, limits: LIMITS, signal }));
    // The server takes requests in absolute form, as an HTTP proxy gets them.
    const bytes = Buffer.concat(await withNetwork(read, { HTTP_PROXY: server.url }));
    expect(bytes.equals(ARCHIVE)).toBe(true);
    expect(server.requests.every(({ headers }) => headers['host'] === url.host)).toBe(true);
  });
});
