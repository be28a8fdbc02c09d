import { describe, expect, test } from '@jest/globals';
import type { FetchFile } from '../../src/fetch/outcome.ts';
import type { Fault, RequestFaultKind } from '../support/faults.ts';
import { endOf, fetchOne, fileOf, openSet, triedOf } from '../support/fetching.ts';
import { makeModule } from '../support/modules.ts';
import { countHandles, settledHandles } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';

const MODULE = makeModule({ path: 'example.com/Acme/m', version: 'v1.2.3', sizeBytes: 60_000 });
const LIMITS = { zip: 1 << 20, mod: 64 << 10, info: 64 << 10 };
const CONTENT = {
  zip: Buffer.from(MODULE.zip),
  mod: Buffer.from(MODULE.mod),
  info: Buffer.from(MODULE.info),
};

interface Row {
  readonly name: string;
  readonly fault: Fault;
  /** Of the attempt that met it. */
  readonly tried: string;
  readonly kind?: FetchFile['kind'];
}

const status = (code: number, body = 'no'): RequestFaultKind => ({ kind: 'status', status: code, body });

const rows: readonly Row[] = [
  { name: 'nothing listens', fault: { kind: 'refuse' }, tried: 'infrastructure connection-refused' },
  {
    name: 'silence after accept',
    fault: { kind: 'accept-and-silent' },
    tried: 'infrastructure headers-timeout',
  },
  {
    name: 'RST before headers',
    fault: { kind: 'reset-before-headers' },
    tried: 'infrastructure connection-reset',
  },
  {
    name: 'FIN before headers',
    fault: { kind: 'close-before-headers' },
    tried: 'infrastructure closed-early',
  },
  { name: 'no headers', fault: { kind: 'headers-never' }, tried: 'infrastructure headers-timeout' },
  { name: 'garbage', fault: { kind: 'garbage-before-headers' }, tried: 'infrastructure protocol-error' },
  {
    name: 'FIN within headers',
    fault: { kind: 'raw-response', bytes: 'HTTP/1.1 200 OK\r\ncontent-le' },
    tried: 'infrastructure closed-early',
  },
  ...[400, 429, 500, 502, 503, 504].map(
    (code): Row => ({ name: `${code}`, fault: status(code), tried: 'infrastructure http-status' }),
  ),
  { name: '204', fault: status(204, ''), tried: 'infrastructure http-status' },
  { name: 'a transient 404', fault: { kind: 'transient-404' }, tried: 'infrastructure not-found-transient' },
  { name: 'a clean 404', fault: status(404, 'not found: unknown'), tried: 'not-found http-status' },
  { name: '410', fault: status(410), tried: 'not-found http-status' },
  { name: '403 of a public proxy', fault: status(403), tried: 'infrastructure http-status' },
  { name: 'a redirect loop', fault: { kind: 'redirect-loop' }, tried: 'infrastructure redirect-loop' },
  {
    name: 'a redirect to nobody',
    fault: { kind: 'redirect-to', url: 'http://127.0.0.1:1/' },
    tried: 'infrastructure redirect-blocked',
  },
  { name: 'a body that stalls', fault: { kind: 'body-stall' }, tried: 'infrastructure body-timeout' },
  {
    name: 'a body that trickles',
    fault: { kind: 'trickle', bytesPerSecond: 500 },
    tried: 'infrastructure body-timeout',
  },
  {
    name: 'a body cut before its length',
    fault: { kind: 'truncate', framing: 'content-length' },
    tried: 'infrastructure truncated',
  },
  {
    name: 'a chunked body cut',
    fault: { kind: 'truncate', framing: 'chunked' },
    tried: 'infrastructure truncated',
  },
  {
    name: 'a zip cut where nothing tells',
    fault: { kind: 'truncate', framing: 'close-delimited' },
    tried: 'infrastructure wrong-content',
  },
  {
    name: 'a go.mod cut where nothing tells',
    fault: { kind: 'truncate', framing: 'close-delimited' },
    kind: 'mod',
    tried: 'integrity wrong-hash',
  },
  { name: 'RST in the body', fault: { kind: 'reset-in-body' }, tried: 'infrastructure truncated' },
  {
    name: 'a length that is too large',
    fault: { kind: 'wrong-content-length', delta: 100 },
    tried: 'infrastructure truncated',
  },
  {
    name: 'a length that is too small',
    fault: { kind: 'wrong-content-length', delta: -100 },
    tried: 'infrastructure wrong-content',
  },
  { name: 'an endless body', fault: { kind: 'endless-body' }, tried: 'infrastructure too-large' },
  { name: 'a gzip body', fault: { kind: 'gzip-encoded' }, tried: 'infrastructure encoded-body' },
  { name: 'HTML for a zip', fault: { kind: 'html-200' }, tried: 'infrastructure wrong-content' },
  {
    name: 'HTML for a go.mod',
    fault: { kind: 'html-200' },
    kind: 'mod',
    tried: 'infrastructure wrong-content',
  },
  {
    name: 'HTML for an info',
    fault: { kind: 'html-200' },
    kind: 'info',
    tried: 'infrastructure wrong-content',
  },
  { name: 'another zip', fault: { kind: 'wrong-bytes' }, tried: 'integrity wrong-hash' },
  { name: 'another go.mod', fault: { kind: 'wrong-bytes' }, kind: 'mod', tried: 'integrity wrong-hash' },
  { name: 'a corrupt zip', fault: { kind: 'corrupt' }, tried: 'infrastructure wrong-content' },
  {
    name: 'an info of another version',
    fault: { kind: 'wrong-version-info' },
    kind: 'info',
    tried: 'integrity invalid-info',
  },
  {
    name: 'an info that is no JSON',
    fault: { kind: 'not-json-info' },
    kind: 'info',
    tried: 'infrastructure wrong-content',
  },
  {
    name: 'an endless go.mod',
    fault: { kind: 'endless-body' },
    kind: 'mod',
    tried: 'infrastructure too-large',
  },
];

describe('one proxy of two with a fault', () => {
  test.each(rows)('$name: the other is asked at once', async ({ fault, tried, kind = 'zip' }) => {
    const before = countHandles();
    {
      await using broken = await startProxy({ modules: [MODULE], faults: [fault] });
      await using good = await startProxy({ modules: [MODULE] });
      const proxies = await openSet([{ url: broken.url }, { url: good.url }]);
      const { outcome, bytes } = await fetchOne({ file: fileOf(MODULE, kind), proxies, limits: LIMITS });
      await proxies.destroy();
      expect(triedOf(outcome)).toEqual([tried, 'fetched']);
      expect(outcome).toMatchObject({ kind: 'fetched', proxy: good.url, size: CONTENT[kind].length });
      expect(bytes.equals(CONTENT[kind])).toBe(true);
      expect(outcome.attempts[0]).toMatchObject({ proxy: broken.url, standby: false });
      expect(outcome.attempts[1]).toMatchObject({
        proxy: good.url,
        status: 200,
        bytes: CONTENT[kind].length,
      });
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });
});

/** Faults that one more question may not meet; a given proxy's 403 is its policy. */
const passing = rows.filter(
  ({ tried, fault }) =>
    tried.startsWith('infrastructure') &&
    !tried.endsWith('too-large') &&
    fault.kind !== 'refuse' &&
    !(fault.kind === 'status' && fault.status === 403),
);

describe('the only proxy with a fault', () => {
  test.each(passing)('$name, once: asked again', async ({ fault, tried, kind = 'zip' }) => {
    const times = fault.kind === 'redirect-loop' ? 10 : 1;
    await using server = await startProxy({ modules: [MODULE], faults: [{ ...fault, times }] });
    const proxies = await openSet([{ url: server.url, given: true }]);
    const { outcome, bytes } = await fetchOne({ file: fileOf(MODULE, kind), proxies, limits: LIMITS });
    await proxies.destroy();
    expect(triedOf(outcome)).toEqual([tried, 'fetched']);
    expect(bytes.equals(CONTENT[kind])).toBe(true);
  });

  test.each(rows)('$name, always: the file fails, and nothing of it stays', async (row) => {
    const { fault, tried, kind = 'zip' } = row;
    await using server = await startProxy({ modules: [MODULE], faults: [fault] });
    const proxies = await openSet([{ url: server.url }], { direct: false });
    const { outcome, bytes } = await fetchOne({ file: fileOf(MODULE, kind), proxies, limits: LIMITS });
    await proxies.destroy();
    expect(endOf(outcome)).toBe(`failed ${tried.split(' ')[0]}`);
    expect(outcome).toMatchObject({ failure: { cause: tried.split(' ')[1] } });
    expect(new Set(triedOf(outcome))).toEqual(new Set([tried]));
    expect(outcome.attempts.length).toBeLessThanOrEqual(4);
    expect(bytes).toHaveLength(0);
  });
});

test('a 404 that a cache has had for a while says so, also where another proxy has the file', async () => {
  const remembered = { kind: 'status', status: 404, headers: { age: '512' }, body: 'not found' } as const;
  await using lacking = await startProxy({ modules: [MODULE], faults: [remembered] });
  await using good = await startProxy({ modules: [MODULE] });
  const proxies = await openSet([{ url: lacking.url }, { url: good.url }]);
  const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies, limits: LIMITS });
  await proxies.destroy();
  expect(triedOf(outcome)).toEqual(['not-found http-status', 'fetched']);
  expect(outcome.attempts[0]?.failure?.detail).toBe('answered 404, as a cache remembers for 512 s');
});
