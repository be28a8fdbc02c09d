import { getEventListeners } from 'node:events';
import { open } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { fetchFile } from '../../src/fetch/fetch-file.ts';
import type { FetchFile } from '../../src/fetch/outcome.ts';
import { chainOf } from '../../src/fetch/proxy-set.ts';
import { parseGoproxy } from '../../src/go/goproxy.ts';
import { makeCertificateSet } from '../support/certificate-set.ts';
import type { Fault } from '../support/faults.ts';
import { endOf, fetchOne, fileOf, openSet, type ProxyOf, QUICK, triedOf } from '../support/fetching.ts';
import { makeModule, makeModuleSet } from '../support/modules.ts';
import { countHandles, makeCandidate, makeNetwork, settledHandles } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';
import { makeTempDir } from '../support/temp.ts';

const MODULE = makeModule({ path: 'example.com/m', version: 'v1.2.3', sizeBytes: 30_000 });
const LOGIN = { user: 'canary-user', password: 'canary-pass' };
const NEVER = new AbortController().signal;

const status = (code: number, body: string, headers: Record<string, string> = {}): Fault => ({
  kind: 'status',
  status: code,
  body,
  headers,
});
const CLEAN_404 = status(404, 'not found: unknown');
const S503 = status(503, 'busy');

interface Row {
  readonly name: string;
  readonly first: Omit<ProxyOf, 'url'>;
  readonly fault: Fault;
  readonly direct?: boolean;
  readonly file?: Partial<FetchFile>;
  readonly end: string;
  /** How often the second proxy, which has the file, was asked. */
  readonly second: number;
}

const given = { given: true };
const golangOrg = { golangOrg: true };
const region = 'This service is unavailable in your region.';

const rows: readonly Row[] = [
  { name: '401 of a given proxy', first: given, fault: status(401, ''), end: 'failed access', second: 0 },
  { name: '403 of a given proxy', first: given, fault: status(403, ''), end: 'failed access', second: 0 },
  { name: '407 of a given proxy', first: given, fault: status(407, ''), end: 'failed access', second: 0 },
  {
    name: '403 of proxy.golang.org',
    first: golangOrg,
    fault: status(403, 'blocked'),
    end: 'failed access',
    second: 0,
  },
  {
    name: '403 of proxy.golang.org for the region',
    first: golangOrg,
    fault: status(403, region),
    end: 'fetched',
    second: 1,
  },
  {
    name: '503 of a given proxy before a comma',
    first: { given: true, comma: true },
    fault: S503,
    end: 'failed infrastructure',
    second: 0,
  },
  { name: '503 of a given proxy before a pipe', first: given, fault: S503, end: 'fetched', second: 1 },
  {
    name: '503 of a public proxy before a comma',
    first: { comma: true },
    fault: S503,
    end: 'fetched',
    second: 1,
  },
  {
    name: '404 of a given proxy before a comma',
    first: { given: true, comma: true },
    fault: CLEAN_404,
    end: 'fetched',
    second: 1,
  },
  {
    name: 'a transient 404 of a given proxy before a comma',
    first: { given: true, comma: true },
    fault: { kind: 'transient-404' },
    end: 'fetched',
    second: 1,
  },
  {
    name: 'a private file',
    first: given,
    fault: S503,
    file: { disclosure: 'given-only' },
    end: 'failed infrastructure',
    second: 0,
  },
  {
    name: 'a private file among public proxies',
    first: {},
    fault: S503,
    file: { disclosure: 'given-only' },
    end: 'left-to-go out-of-reach',
    second: 0,
  },
];

describe('two proxies, of which the first answers', () => {
  test.each(rows)('$name: $end', async ({ first, fault, direct = true, file = {}, end, second }) => {
    await using one = await startProxy({ faults: [fault] });
    await using two = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ ...first, url: one.url }, { url: two.url }], { direct });
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip', file), proxies });
    await proxies.destroy();
    expect(endOf(outcome)).toBe(end);
    expect(two.requests).toHaveLength(second);
    expect(proxies.requests()).toBe(one.requests.length + two.requests.length);
  });

  test.each([
    { direct: true, end: 'left-to-go not-found' },
    { direct: false, end: 'failed not-found' },
  ])('404, as does the second; direct $direct: $end', async ({ direct, end }) => {
    await using one = await startProxy({ faults: [CLEAN_404] });
    await using two = await startProxy({ faults: [status(410, 'gone')] });
    const proxies = await openSet([{ url: one.url }, { url: two.url }], { direct });
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies });
    await proxies.destroy();
    expect(endOf(outcome)).toBe(end);
    expect(triedOf(outcome)).toEqual(['not-found http-status', 'not-found http-status']);
    expect(outcome.attempts[0]).toMatchObject({ status: 404, body: 'not found: unknown' });
  });

  test('the region behind a redirect', async () => {
    await using storage = await startProxy({
      faults: [
        { kind: 'status', status: 403, contentType: 'application/xml', body: '<Code>AccessDenied</Code>' },
      ],
    });
    await using one = await startProxy({ modules: [MODULE], redirectZipsTo: storage.url });
    await using two = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: one.url, golangOrg: true }, { url: two.url }]);
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    await proxies.destroy();
    expect(triedOf(outcome)).toEqual(['infrastructure redirect-blocked', 'fetched']);
    expect(outcome.attempts[0]).toMatchObject({ foreignHost: storage.host, status: 403 });
    expect(outcome.attempts[0]).not.toHaveProperty('body');
    expect(proxies.contacted()).toEqual([one.host, storage.host, two.host]);
  });

  test('a file that both have with another hash fails alone, as integrity', async () => {
    const other = makeModule({ path: 'example.com/other', version: 'v1.0.0' });
    const faults: readonly Fault[] = [{ kind: 'wrong-bytes', match: /example\.com\/m\// }];
    await using one = await startProxy({ modules: [MODULE, other], faults });
    await using two = await startProxy({ modules: [MODULE, other], faults });
    const proxies = await openSet([{ url: one.url }, { url: two.url }]);
    const { outcome, bytes } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    const next = await fetchOne({ file: fileOf(other, 'zip'), proxies });
    await proxies.destroy();
    expect(endOf(outcome)).toBe('failed integrity');
    expect(bytes).toHaveLength(0);
    expect(endOf(next.outcome)).toBe('fetched');
  });
});

describe('Retry-After', () => {
  test.each([
    { name: 'seconds', header: () => '1' },
    { name: 'a date', header: () => new Date(Date.now() + 2000).toUTCString() },
  ])('as $name is kept, within its limit', async ({ header }) => {
    await using server = await startProxy({
      modules: [MODULE],
      faults: [{ ...status(429, 'slow down', { 'retry-after': header() }), times: 1 }],
    });
    const proxies = await openSet([{ url: server.url }]);
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies });
    await proxies.destroy();
    expect(endOf(outcome)).toBe('fetched');
    expect(outcome.attempts[0]).toMatchObject({ retryAfterMs: QUICK.retryAfterCapMs });
    expect(server.requests[1]!.when - server.requests[0]!.when).toBeGreaterThanOrEqual(
      QUICK.retryAfterCapMs - 20,
    );
  });
});

describe('standby proxies', () => {
  test('are asked for a pinned public file when the candidate fails', async () => {
    await using one = await startProxy({ faults: [{ kind: 'refuse' }] });
    await using standby = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: one.url }], { standby: [{ url: standby.url }] });
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    const unpinned = await fetchOne({ file: fileOf(MODULE, 'info', { pinned: false }), proxies });
    await proxies.destroy();
    expect(outcome).toMatchObject({ kind: 'fetched', proxy: standby.url });
    expect(outcome.attempts.at(-1)).toMatchObject({ standby: true });
    expect(endOf(unpinned.outcome)).toBe('failed infrastructure');
    expect(standby.requests).toHaveLength(1);
  });
});

describe('many files at once', () => {
  const modules = makeModuleSet(30, { totalBytes: 600_000 });
  const files = modules.flatMap((module) => [
    fileOf(module, 'info'),
    fileOf(module, 'mod'),
    fileOf(module, 'zip'),
  ]);

  test('all arrive over few connections, and a proxy that fails soon rests', async () => {
    const before = countHandles();
    {
      await using one = await startProxy({ modules, faults: [S503], latencyMs: 5 });
      await using two = await startProxy({ modules, latencyMs: 5 });
      const proxies = await openSet([{ url: one.url }, { url: two.url }], { connections: 4 });
      const outcomes = await Promise.all(files.map((file) => fetchFile({ file, proxies, signal: NEVER })));
      const [first, second] = proxies.tallies();
      await proxies.destroy();
      expect(new Set(outcomes.map(endOf))).toEqual(new Set(['fetched']));
      expect(two.connections).toBeLessThanOrEqual(4);
      expect(one.connections).toBeLessThanOrEqual(4);
      expect(one.requests.length).toBeLessThan(files.length / 2);
      expect(first).toMatchObject({ fetched: 0, failed: one.requests.length, resting: true });
      expect(second).toMatchObject({ fetched: files.length, resting: false, standby: false });
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });

  test('that are redirected to ever other hosts leave no connection to each of them behind', async () => {
    const some = modules.slice(0, 6);
    const storages = await Promise.all(some.map((module) => startProxy({ modules: [module] })));
    await using server = await startProxy({
      modules,
      faults: some.map((_, at) => ({
        kind: 'redirect-to',
        url: storages[at]!.url,
        keepPath: true,
        match: new RegExp(`mod${at}/|[mM]od${at}/`),
      })),
    });
    const proxies = await openSet([{ url: server.url }]);
    for (const module of some) {
      expect(endOf((await fetchOne({ file: fileOf(module, 'zip'), proxies })).outcome)).toBe('fetched');
    }
    expect(server.connections).toBe(2);
    expect(proxies.contacted()).toHaveLength(7);
    await proxies.destroy();
    await Promise.all(storages.map((storage) => storage.close()));
  });

  test('all arrive though each proxy fails three times in ten', async () => {
    const faults: readonly Fault[] = [
      { ...S503, probability: 0.15 },
      { kind: 'reset-in-body', probability: 0.15 },
    ];
    await using one = await startProxy({ modules, faults, seed: 7 });
    await using two = await startProxy({ modules, faults, seed: 8 });
    const proxies = await openSet([{ url: one.url }, { url: two.url }], {
      policy: { ...QUICK, attempts: 8 },
    });
    const outcomes = await Promise.all(files.map((file) => fetchFile({ file, proxies, signal: NEVER })));
    await proxies.destroy();
    expect(new Set(outcomes.map(endOf))).toEqual(new Set(['fetched']));
  });

  test('end early when everybody went silent', async () => {
    const before = countHandles();
    {
      await using one = await startProxy({ faults: [{ kind: 'headers-never' }] });
      await using two = await startProxy({ faults: [{ kind: 'accept-and-silent' }] });
      const proxies = await openSet([{ url: one.url }, { url: two.url }], {
        connections: 8,
        policy: { ...QUICK, deadAfterMs: 300 },
      });
      const outcomes = await Promise.all(files.map((file) => fetchFile({ file, proxies, signal: NEVER })));
      await proxies.destroy();
      expect(new Set(outcomes.map(endOf))).toEqual(new Set(['failed infrastructure']));
      const dead = outcomes.filter((outcome) => outcome.kind === 'failed' && outcome.why === 'network-dead');
      expect(dead.length).toBeGreaterThan(files.length / 2);
      expect(one.requests.length).toBeLessThan(files.length);
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });

  test.each(['the signal', 'destroying the set'])('%s ends all of them, and nothing is left', async (how) => {
    const before = countHandles();
    {
      await using server = await startProxy({ modules, faults: [{ kind: 'body-stall', match: 'zip' }] });
      const job = new AbortController();
      const proxies = await openSet([{ url: server.url }], {
        connections: 8,
        policy: { ...QUICK, stallMs: 20_000 },
      });
      const fetching = Promise.all(files.map((file) => fetchFile({ file, proxies, signal: job.signal })));
      while (server.requests.filter(({ fault }) => fault === 'body-stall').length < 8) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (how === 'the signal') job.abort();
      else await proxies.destroy();
      const outcomes = await fetching;
      await proxies.destroy();
      expect(new Set(outcomes.map(endOf))).toEqual(new Set(['fetched', 'failed cancelled']));
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });
});

describe('one file', () => {
  test('has a record of each attempt, with the phases of a new connection only', async () => {
    const faults: readonly Fault[] = [{ kind: 'body-stall', match: 'info', times: 1 }];
    await using server = await startProxy({ modules: [MODULE], faults });
    const proxies = await openSet([{ url: server.url }]);
    const cold = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies });
    const warm = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    const stalled = await fetchOne({ file: fileOf(MODULE, 'info'), proxies });
    await proxies.destroy();
    expect(cold.outcome.attempts).toEqual([
      {
        proxy: server.url,
        candidateId: 0,
        standby: false,
        meaning: 'fetched',
        status: 200,
        phases: { tcpMs: expect.any(Number), firstByteMs: expect.any(Number) },
        address: '127.0.0.1',
        bytes: Buffer.byteLength(MODULE.mod),
        startedAtMs: expect.any(Number),
        durationMs: expect.any(Number),
      },
    ]);
    expect(warm.outcome.attempts[0]!.phases).toEqual({ firstByteMs: expect.any(Number) });
    expect(warm.outcome).toMatchObject({ hash: MODULE.zipHash, size: MODULE.zip.length, candidateId: 0 });
    expect(stalled.outcome.attempts[0]).toMatchObject({ phases: {}, address: '127.0.0.1' });
    expect(stalled.outcome.attempts[0]!.bytes).toBeGreaterThan(0);
    expect(stalled.outcome.attempts[0]!.phases).toEqual({});
    expect(server.connections).toBe(2);
  });

  test('is asked for over a new connection after each failure', async () => {
    const faults: readonly Fault[] = [{ kind: 'reset-before-headers', times: 2 }];
    await using server = await startProxy({ modules: [MODULE], faults });
    const proxies = await openSet([{ url: server.url }]);
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies });
    await proxies.destroy();
    expect(triedOf(outcome)).toEqual([
      'infrastructure connection-reset',
      'infrastructure connection-reset',
      'fetched',
    ]);
    for (const { phases } of outcome.attempts) expect(phases).toHaveProperty('tcpMs');
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 3]);
  });

  test('leaves nothing at the signal', async () => {
    await using server = await startProxy({ modules: [MODULE], faults: [{ ...S503, times: 1 }] });
    const proxies = await openSet([{ url: server.url }]);
    const { signal } = new AbortController();
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies, signal });
    await proxies.destroy();
    expect(endOf(outcome)).toBe('fetched');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.each([
    { name: 'that nobody else has may take its time to begin', others: 0, tried: ['fetched'] },
    {
      name: 'that somebody else may have must not',
      others: 1,
      tried: ['infrastructure headers-timeout', 'fetched'],
    },
  ])('$name', async ({ others, tried }) => {
    await using slow = await startProxy({ modules: [MODULE], faults: [{ kind: 'headers-slow', ms: 600 }] });
    await using other = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: slow.url }, { url: other.url }].slice(0, 1 + others), {
      policy: { ...QUICK, stallMs: 100, patienceMs: 10_000 },
    });
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    await proxies.destroy();
    expect(triedOf(outcome)).toEqual(tried);
  });

  test('may match any of several hashes', async () => {
    await using server = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: server.url }]);
    const hashes = [`h1:${'A'.repeat(43)}=`, MODULE.modHash];
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'mod', { hashes }), proxies });
    await proxies.destroy();
    expect(outcome).toMatchObject({ kind: 'fetched', hash: MODULE.modHash });
  });

  test('is an info in our own words', async () => {
    const info =
      '{"Version":"v1.2.3","Time":"2024-02-03T04:05:06Z","Origin":{"VCS":"git","URL":"https://evil"}}';
    await using server = await startProxy({
      routes: { '/example.com/m/@v/v1.2.3.info': { body: Buffer.from(info) } },
    });
    const proxies = await openSet([{ url: server.url }]);
    const { bytes } = await fetchOne({ file: fileOf(MODULE, 'info'), proxies });
    await proxies.destroy();
    expect(bytes.toString()).toBe('{"Version":"v1.2.3","Time":"2024-02-03T04:05:06Z"}');
  });

  test('replaces what the file held, also where it is shorter', async () => {
    await using directory = await makeTempDir();
    await using server = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: server.url }]);
    await using handle = await open(directory.join('zip'), 'wx+');
    await handle.write(Buffer.alloc(100_000, 'x'), 0, 100_000, 0);
    const outcome = await fetchFile({ file: fileOf(MODULE, 'zip'), proxies, handle, signal: NEVER });
    await proxies.destroy();
    expect(endOf(outcome)).toBe('fetched');
    expect((await handle.stat()).size).toBe(MODULE.zip.length);
  });

  test('that cannot be written fails at once, and is not held against the proxy', async () => {
    await using directory = await makeTempDir();
    await using server = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: server.url }]);
    await (await open(directory.join('zip'), 'wx')).close();
    await using handle = await open(directory.join('zip'), 'r');
    const outcome = await fetchFile({ file: fileOf(MODULE, 'zip'), proxies, handle, signal: NEVER });
    expect(endOf(outcome)).toBe('failed local');
    expect(proxies.tallies()[0]).toMatchObject({ failed: 0 });
    await proxies.destroy();
  });

  test('larger than what may wait in memory goes to disk while it comes', async () => {
    const large = makeModule({ path: 'example.com/large', version: 'v1.0.0', sizeBytes: 8 << 20 });
    await using server = await startProxy({ modules: [large] });
    const proxies = await openSet([{ url: server.url }]);
    const { outcome, bytes } = await fetchOne({ file: fileOf(large, 'zip'), proxies });
    await proxies.destroy();
    expect(outcome).toMatchObject({ kind: 'fetched', size: large.zip.length });
    expect(outcome).not.toHaveProperty('bytes');
    expect(bytes.equals(large.zip)).toBe(true);
  });

  test.each<[string, Partial<FetchFile>]>([
    ['a path that leads elsewhere', { module: { path: '../../etc', version: 'v1.0.0' } }],
    ['a version that leads elsewhere', { module: { path: 'example.com/m', version: '../v1.0.0' } }],
    ['nothing to be held against', { hashes: [] }],
  ])('with %s is refused before anybody hears of it', async (_name, rest) => {
    await using server = await startProxy({ modules: [MODULE] });
    const proxies = await openSet([{ url: server.url }]);
    const file = fileOf(MODULE, 'zip', rest);
    await expect(fetchFile({ file, proxies, signal: NEVER })).rejects.toThrow();
    await proxies.destroy();
    expect(server.requests).toEqual([]);
  });
});

test('credentials go to their own origin only, over https', async () => {
  const { files, directory } = await makeCertificateSet();
  await using _removed = directory;
  const tls = files.good;
  await using storage = await startProxy({ modules: [MODULE], tls });
  await using own = await startProxy({
    modules: [MODULE],
    tls,
    basicAuth: LOGIN,
    redirectZipsTo: storage.url,
  });
  await using next = await startProxy({ modules: [MODULE], tls });
  const network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: files.caFile } });
  const chain = [{ url: own.url, given: true, credentials: LOGIN }, { url: next.url }];
  const proxies = await openSet(chain, { network });
  const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
  await own.setFaults([{ kind: 'close-before-headers' }]);
  const failedOver = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies });
  await proxies.destroy();
  expect(outcome).toMatchObject({ kind: 'fetched', proxy: own.url });
  expect(failedOver.outcome).toMatchObject({ kind: 'fetched', proxy: next.url });
  expect(own.requests[0]!.headers['authorization']).toMatch(/^Basic /);
  expect(storage.requests).toHaveLength(1);
  expect(next.requests).toHaveLength(1);
  for (const { headers } of [...storage.requests, ...next.requests]) {
    expect(headers['authorization']).toBeUndefined();
  }
  expect(JSON.stringify([outcome, failedOver.outcome])).not.toContain('canary');
});

test('a TLS handshake that does not end leads to the next proxy', async () => {
  const { files, directory } = await makeCertificateSet();
  await using _removed = directory;
  await using stuck = await startProxy({ tls: files.good, faults: [{ kind: 'tls-stall' }] });
  await using next = await startProxy({ modules: [MODULE], tls: files.good });
  const network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: files.caFile } });
  const proxies = await openSet([{ url: stuck.url }, { url: next.url }], { network });
  // Within the client's own 15 s nobody would come to ask the next one.
  const signal = AbortSignal.timeout(10_000);
  const { outcome } = await fetchOne({ file: fileOf(MODULE, 'mod'), proxies, signal });
  await proxies.destroy();
  expect(triedOf(outcome)).toEqual(['infrastructure tls-timeout', 'fetched']);
});

test('chainOf joins a GOPROXY list with its candidates', () => {
  const candidates = ['https://a.test', 'https://b.test'].map((url, id) => makeCandidate(url, { id }));
  const { chain, direct } = chainOf(parseGoproxy('https://b.test|https://a.test,direct'), candidates);
  expect(chain.map(({ candidate, separator }) => [candidate.id, separator])).toEqual([
    [1, '|'],
    [0, ','],
  ]);
  expect(direct).toBe(true);
  expect(chainOf(parseGoproxy('https://a.test,off'), candidates)).toMatchObject({ direct: false });
  expect(() => chainOf(parseGoproxy('https://c.test'), candidates)).toThrow(RangeError);
});
