import { describe, expect, test } from '@jest/globals';
import { probeAll } from '../../src/proxy/probe-phase.ts';
import type { Fault } from '../support/faults.ts';
import { makeModule, type SyntheticModule } from '../support/modules.ts';
import {
  apart,
  askOf,
  brief,
  countHandles,
  makeCandidate,
  makeNetwork,
  settledHandles,
} from '../support/probing.ts';
import { type ProxyOptions, startProxy } from '../support/proxy-server.ts';

const MODULE = makeModule({ path: 'example.com/Acme/probe', version: 'v1.2.0', sizeBytes: 40_000 });
const BIG = makeModule({ path: 'example.com/big', version: 'v1.0.0', sizeBytes: 1_500_000 });

interface Row {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** As brief() gives it. */
  readonly verdict: string;
  readonly isPublic?: boolean;
  readonly status?: number;
  readonly detail?: RegExp;
  readonly body?: string | undefined;
  /** Of the phase; short where the fault is silence. */
  readonly timeoutMs?: number;
  readonly options?: ProxyOptions;
}

const status = (code: number, extra: object = {}): readonly Fault[] => [
  { kind: 'status', status: code, ...extra },
];
const SILENCE_MS = 700;
const STALLED_503 = {
  '/example.com/!acme/probe/@v/v1.2.0.info': { status: 503, body: Buffer.from('come back later') },
};

const rows: readonly Row[] = [
  {
    name: 'nothing listens',
    faults: [{ kind: 'refuse' }],
    verdict: 'tcp connection-refused',
    detail: /ECONNREFUSED/,
  },
  {
    name: 'accepted, then silence',
    faults: [{ kind: 'accept-and-silent' }],
    verdict: 'http headers-timeout',
    timeoutMs: SILENCE_MS,
  },
  {
    name: 'headers never',
    faults: [{ kind: 'headers-never' }],
    verdict: 'http headers-timeout',
    timeoutMs: SILENCE_MS,
  },
  {
    name: 'headers never, for the .mod',
    faults: [{ kind: 'headers-never', match: 'mod' }],
    verdict: 'http headers-timeout',
    timeoutMs: SILENCE_MS,
  },
  {
    name: 'body stalls',
    faults: [{ kind: 'body-stall' }],
    verdict: 'http body-timeout',
    timeoutMs: SILENCE_MS,
  },
  {
    name: 'a trickle',
    faults: [{ kind: 'trickle', bytesPerSecond: 5 }],
    verdict: 'http body-timeout',
    timeoutMs: SILENCE_MS,
  },
  {
    name: 'RST before headers',
    faults: [{ kind: 'reset-before-headers' }],
    verdict: 'http connection-reset',
  },
  { name: 'FIN before headers', faults: [{ kind: 'close-before-headers' }], verdict: 'http closed-early' },
  {
    name: 'RST before headers on the warm connection',
    faults: [{ kind: 'reset-before-headers', match: 'mod' }],
    verdict: 'http connection-reset',
  },
  { name: 'RST in the body', faults: [{ kind: 'reset-in-body' }], verdict: 'http truncated' },
  {
    name: 'shorter than Content-Length',
    faults: [{ kind: 'truncate', framing: 'content-length' }],
    verdict: 'http truncated',
  },
  {
    name: 'chunked without its end',
    faults: [{ kind: 'truncate', framing: 'chunked' }],
    verdict: 'http truncated',
  },
  {
    name: 'cut without a length',
    faults: [{ kind: 'truncate', framing: 'close-delimited', match: 'mod' }],
    verdict: 'content wrong-hash',
  },
  { name: 'no HTTP', faults: [{ kind: 'garbage-before-headers' }], verdict: 'http protocol-error' },
  {
    name: '500',
    faults: status(500, { body: 'boom\n' }),
    verdict: 'http http-status',
    status: 500,
    body: 'boom\n',
  },
  {
    name: '503 with HTML',
    faults: status(503, { contentType: 'text/html', body: '<b>no</b>' }),
    verdict: 'http http-status',
    status: 503,
    body: undefined,
  },
  {
    name: '502 whose body breaks off',
    faults: [
      {
        kind: 'raw-response',
        bytes: 'HTTP/1.1 502 X\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n',
      },
    ],
    verdict: 'http http-status',
    status: 502,
  },
  {
    name: '503, and then its body stalls',
    faults: [{ kind: 'body-stall', match: 'info' }],
    options: { routes: STALLED_503 },
    verdict: 'http http-status',
    status: 503,
    timeoutMs: 1500,
  },
  { name: '429', faults: status(429), verdict: 'http http-status', status: 429 },
  { name: '418', faults: status(418), verdict: 'http http-status', status: 418 },
  { name: '204', faults: status(204), verdict: 'http http-status', status: 204 },
  { name: '206', faults: status(206), verdict: 'http http-status', status: 206 },
  { name: '302 without Location', faults: status(302), verdict: 'http http-status', status: 302 },
  { name: '511', faults: status(511), verdict: 'content captive-portal', status: 511 },
  { name: '401 of a given proxy', faults: status(401), verdict: 'unknown unauthorized' },
  { name: '403 of a given proxy', faults: status(403), verdict: 'unknown forbidden' },
  { name: '407 of a given proxy', faults: status(407), verdict: 'unknown login-required' },
  { name: '404 of a given proxy', faults: status(404), verdict: 'unknown not-found' },
  { name: '410 of a given proxy', faults: status(410), verdict: 'unknown not-found' },
  {
    name: '403 of a public proxy',
    faults: status(403),
    verdict: 'http http-status',
    status: 403,
    isPublic: true,
  },
  {
    name: '404 of a public proxy',
    faults: status(404),
    verdict: 'http http-status',
    status: 404,
    isPublic: true,
  },
  {
    name: 'a transient 404',
    faults: [{ kind: 'transient-404' }],
    verdict: 'http not-found-transient',
    status: 404,
    detail: /transient/,
  },
  {
    name: 'a transient 404 whose text is JSON',
    faults: status(404, {
      contentType: 'application/json; charset=utf-8',
      body: '{"error":"fetch timed out"}',
    }),
    verdict: 'http not-found-transient',
    status: 404,
    body: undefined,
  },
  {
    name: '401 of a given proxy for a token',
    faults: status(401, { contentType: 'application/json', body: '{"message":"token expired"}' }),
    verdict: 'unknown login-refused',
  },
  {
    name: '403 of a given proxy for security',
    faults: status(403, { contentType: 'application/problem+json', body: '{"detail":"quarantined"}' }),
    verdict: 'unknown security-block',
  },
  {
    name: '403 of a given proxy with a page that could mean anything',
    faults: status(403, { contentType: 'text/html', body: 'quarantined' }),
    verdict: 'unknown forbidden',
  },
  {
    name: '403 of a public proxy for the region',
    faults: status(403, { body: 'This service is unavailable in your region' }),
    verdict: 'http http-region-blocked',
    status: 403,
    isPublic: true,
  },
  {
    name: '403 of a public proxy for a rule of the network',
    faults: status(403, { body: 'Request is prohibited by VPC Service Controls' }),
    verdict: 'http http-egress-blocked',
    status: 403,
    isPublic: true,
  },
  {
    name: '400 of nginx for want of a client certificate',
    faults: status(400, {
      contentType: 'text/html',
      body: '<h1>400 Bad Request</h1><center>No required SSL certificate was sent</center>',
    }),
    verdict: 'tls tls-client-certificate',
    status: 400,
    body: undefined,
  },
  {
    name: 'a parked domain',
    faults: [{ kind: 'html-200', html: '<script src="//img.sedoparking.com/x.js"></script>' }],
    verdict: 'content parked-domain',
  },
  {
    name: 'a page of a parking service for one file, and 404 for what cannot exist',
    faults: [{ kind: 'html-200', html: '<script src="//sedoparking.com/x.js">', match: 'info', times: 1 }],
    verdict: 'content wrong-content',
  },
  { name: 'a redirect loop', faults: [{ kind: 'redirect-loop' }], verdict: 'http redirect-loop' },
  {
    name: 'a redirect to nowhere',
    faults: [{ kind: 'redirect-to', url: 'http://127.0.0.1:1/x?secret=canary', match: 'zip' }],
    verdict: 'tcp redirect-blocked',
    detail: /127\.0\.0\.1:1,/,
  },
  {
    name: 'a redirect to no URL',
    faults: [{ kind: 'redirect-to', url: 'http://[' }],
    verdict: 'http protocol-error',
  },
  {
    name: 'a redirect to another scheme',
    faults: [{ kind: 'redirect-to', url: 'ftp://localhost/x' }],
    verdict: 'http protocol-error',
  },
  { name: 'a captive portal', faults: [{ kind: 'captive-portal' }], verdict: 'content captive-portal' },
  {
    name: 'HTML for what it has',
    faults: [{ kind: 'html-200', match: 'info', times: 1 }],
    verdict: 'content wrong-content',
  },
  {
    name: '.info that is no JSON',
    faults: [{ kind: 'not-json-info', match: 'info', times: 1 }],
    verdict: 'content wrong-content',
  },
  {
    name: '.info that is a JSON array',
    faults: [{ kind: 'not-json-info', match: 'info', body: '["Version"]', times: 1 }],
    verdict: 'content wrong-content',
  },
  {
    name: '.info of another version',
    faults: [{ kind: 'wrong-version-info', match: 'info', times: 1 }],
    verdict: 'content invalid-info',
  },
  {
    name: '.mod with other bytes',
    faults: [{ kind: 'wrong-bytes', match: 'mod' }],
    verdict: 'content wrong-hash',
  },
  {
    name: 'zip with other bytes',
    faults: [{ kind: 'wrong-bytes', match: 'zip' }],
    verdict: 'content wrong-hash',
  },
  {
    name: 'zip with a wrong CRC',
    faults: [{ kind: 'corrupt', match: 'zip' }],
    verdict: 'content wrong-content',
  },
  { name: 'HTML as zip', faults: [{ kind: 'html-200', match: 'zip' }], verdict: 'content wrong-content' },
  {
    name: 'zip truncated',
    faults: [{ kind: 'truncate', framing: 'content-length', match: 'zip' }],
    verdict: 'http truncated',
  },
  { name: 'an encoded body', faults: [{ kind: 'gzip-encoded' }], verdict: 'content encoded-body' },
  {
    name: 'an endless .info',
    faults: [{ kind: 'endless-body', match: 'info' }],
    verdict: 'content too-large',
  },
  { name: 'an endless .mod', faults: [{ kind: 'endless-body', match: 'mod' }], verdict: 'content too-large' },
  {
    name: 'an endless error body',
    faults: [
      {
        kind: 'raw-response',
        bytes: `HTTP/1.1 500 X\r\ncontent-type: text/plain\r\n\r\n${'x'.repeat(200_000)}`,
      },
    ],
    verdict: 'http http-status',
    status: 500,
    body: 'x'.repeat(200),
  },
  {
    name: 'a zip that never begins, of a public proxy',
    faults: [{ kind: 'headers-never', match: 'zip' }],
    verdict: 'http headers-timeout',
    isPublic: true,
    timeoutMs: 1600,
  },
  {
    name: 'a zip that never begins, of a private proxy',
    faults: [{ kind: 'headers-never', match: 'zip' }],
    verdict: 'healthy',
    timeoutMs: 1600,
  },
];

describe('a broken candidate beside a healthy one', () => {
  test.each(rows)('$name: $verdict', async (row) => {
    const before = countHandles();
    {
      await using healthy = await startProxy({ modules: [MODULE], latencyMs: 20, sumdb: 'serves' });
      await using broken = await startProxy({ modules: [MODULE], ...row.options, faults: row.faults });
      const outcome = await probeAll({
        ...apart([
          askOf(makeCandidate(broken.url, { isPublic: row.isPublic === true }), MODULE),
          askOf(makeCandidate(healthy.url, { id: 1 }), MODULE),
        ]),
        timeoutMs: row.timeoutMs ?? 5000,
        network: await makeNetwork(),
      });
      const [first, second] = outcome.probed.map(({ verdict }) => verdict);
      expect({ name: row.name, verdict: brief(first!) }).toEqual({ name: row.name, verdict: row.verdict });
      expect(second).toMatchObject({ kind: 'healthy', figures: { sumdb: 'serves', requests: 4 } });
      expect(outcome.elapsedMs).toBeLessThan((row.timeoutMs ?? 5000) + 2000);
      if (first!.kind === 'unhealthy') {
        expect(first!.status).toBe(row.status);
        if ('body' in row) expect(first!.body).toBe(row.body);
        expect(first!.detail).toMatch(row.detail ?? /./);
        expect(first!.detail).not.toContain('canary');
      }
      expect(outcome.contacted).toEqual(expect.arrayContaining([healthy.host, broken.host]));
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });
});

test.each([
  ['a rule of a network', '<Error><Code>SecurityPolicyViolated</Code></Error>', 'http http-egress-blocked'],
  ['the region', 'not available in your location', 'http http-region-blocked'],
  ['whatever', 'AccessDenied', 'http redirect-blocked'],
])('403 of where the zips are, for %s', async (_name, body, verdict) => {
  await using store = await startProxy({
    modules: [MODULE],
    faults: [{ kind: 'status', status: 403, contentType: 'application/xml', body }],
  });
  await using server = await startProxy({ modules: [MODULE], redirectZipsTo: store.url });
  const { probed } = await probeAll({
    ...apart([askOf(makeCandidate(server.url), MODULE)]),
    timeoutMs: 5000,
    network: await makeNetwork(),
  });
  expect(brief(probed[0]!.verdict)).toBe(verdict);
  expect(JSON.stringify(probed)).toContain(store.host);
  expect(JSON.stringify(probed)).not.toContain(body);
});

describe('a failure that may pass', () => {
  const passing: readonly (readonly [string, Fault])[] = [
    ['a status 503', { kind: 'status', status: 503 }],
    ['a reset', { kind: 'reset-before-headers' }],
    ['a .mod that breaks off', { kind: 'reset-in-body', match: 'mod' }],
  ];
  const probeWith = async (fault: Fault) => {
    await using server = await startProxy({ modules: [MODULE], faults: [fault] });
    const { probed, requests } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    return { verdict: probed[0]!.verdict, asked: server.requests.map(({ path }) => path), requests };
  };

  test.each(passing)('%s, once: the candidate is asked again and healthy', async (_name, fault) => {
    const { verdict } = await probeWith({ ...fault, times: 1 });
    expect(verdict.kind).toBe('healthy');
  });

  test.each(passing)('%s, always: it is asked twice and no more', async (_name, fault) => {
    const { verdict, asked, requests } = await probeWith(fault);
    expect(verdict.kind).toBe('unhealthy');
    expect(asked.filter((path) => path.endsWith('.info'))).toHaveLength(2);
    expect(requests).toBe(asked.length);
  });

  test('a status 404 is an answer, and is not asked about again', async () => {
    const { asked } = await probeWith({ kind: 'status', status: 404, match: 'info' });
    expect(asked.filter((path) => path.endsWith('.info'))).toHaveLength(1);
  });
});

describe('a healthy candidate', () => {
  test('is timed, and a small sample is kept whole', async () => {
    await using server = await startProxy({
      modules: [MODULE],
      pathPrefix: '/goproxy',
      redirectZipsTo: 'self',
    });
    const { probed, kept, requests } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    const verdict = probed[0]!.verdict;
    expect(verdict).toMatchObject({
      kind: 'healthy',
      figures: { sumdb: 'none', address: '127.0.0.1', sampleBytes: MODULE.zip.length, requests: 5 },
    });
    if (verdict.kind !== 'healthy') throw new Error('not healthy');
    expect(verdict.figures.phases.tcpMs).toBeGreaterThan(0);
    expect(verdict.figures.phases.firstByteMs).toBeGreaterThan(0);
    expect(verdict.figures.firstByteMs).toBeGreaterThan(0);
    expect(verdict.figures.bytesPerSecond).toBeUndefined();
    expect(kept.map((one) => Buffer.from(one.bytes).equals(MODULE.zip))).toEqual([true]);
    expect(requests).toBe(5);
    // Info, mod and zip share one connection, the checksum database has the other.
    expect(
      new Set(server.requests.filter(({ path }) => !path.includes('sumdb')).map((one) => one.connection))
        .size,
    ).toBe(1);
    expect(server.requests.map(({ path }) => path)).toContain(
      '/goproxy/example.com/%21acme/probe/@v/v1.2.0.info',
    );
    expect(server.requests[0]!.headers).toMatchObject({
      'user-agent': 'setup-goproxy/test',
      'accept-encoding': 'identity',
    });
  });

  test('has a throughput when the sample is large, which is not kept', async () => {
    await using server = await startProxy({ modules: [MODULE, BIG], bandwidthBytesPerSecond: 4_000_000 });
    const { probed, kept } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE, BIG)]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    const verdict = probed[0]!.verdict;
    if (verdict.kind !== 'healthy') throw new Error(brief(verdict));
    expect(verdict.figures.bytesPerSecond).toBeGreaterThan(400_000);
    expect(verdict.figures.bytesPerSecond).toBeLessThan(40_000_000);
    expect(verdict.figures.sampleBytes).toBeLessThanOrEqual(1_000_000);
    expect(kept).toEqual([]);
  });

  test('is asked for more samples while the first are too small to tell the throughput, and for no more then', async () => {
    const small = ['a', 'b', 'c'].map((name) =>
      makeModule({ path: `example.com/small/${name}`, version: 'v1.0.0', sizeBytes: 20_000 }),
    );
    await using server = await startProxy({
      modules: [MODULE, ...small, BIG],
      bandwidthBytesPerSecond: 4_000_000,
    });
    const sampleOf = (one: SyntheticModule) => ({
      module: { path: one.path, version: one.version },
      hashes: [one.zipHash],
    });
    const assigned = askOf(makeCandidate(server.url), MODULE);
    const samples = [...small.slice(0, 2), BIG, ...small.slice(2)].map(sampleOf);
    const { probed, kept } = await probeAll({
      ...apart([{ ...assigned, ask: { ...assigned.ask, samples } }]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    const verdict = probed[0]!.verdict;
    if (verdict.kind !== 'healthy') throw new Error(brief(verdict));
    expect(verdict.figures.bytesPerSecond).toBeGreaterThan(400_000);
    expect(verdict.figures.sampleBytes).toBeLessThanOrEqual(1_000_000);
    expect(kept.map(({ module }) => module.path)).toEqual(['example.com/small/a', 'example.com/small/b']);
    expect(server.requests.some(({ path }) => path.includes('small/c'))).toBe(false);
  });

  test('stays healthy without the sample module, and a trickled sample tells how slow it is', async () => {
    await using lacking = await startProxy({ modules: [MODULE] });
    await using slow = await startProxy({
      modules: [MODULE],
      faults: [{ kind: 'trickle', match: 'zip', bytesPerSecond: 2000 }],
    });
    const { probed } = await probeAll({
      ...apart([
        askOf(makeCandidate(lacking.url), MODULE, BIG),
        askOf(makeCandidate(slow.url, { id: 1 }), MODULE),
      ]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    expect(probed[0]!.verdict).toMatchObject({ kind: 'healthy' });
    const verdict = probed[1]!.verdict;
    if (verdict.kind !== 'healthy') throw new Error(brief(verdict));
    expect(verdict.figures.bytesPerSecond).toBeLessThan(20_000);
  });

  test('is asked for .info and .mod alone on the fast path', async () => {
    await using server = await startProxy({ modules: [MODULE] });
    const assigned = askOf(makeCandidate(server.url), MODULE);
    const { module, modHashes } = assigned.ask;
    const { probed } = await probeAll({
      ...apart([{ ...assigned, ask: { module, modHashes, samples: [] } }]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    expect(probed[0]!.verdict).toMatchObject({
      kind: 'healthy',
      figures: { sumdb: 'not-asked', requests: 2 },
    });
    expect(server.requests.map(({ path }) => path.split('.').at(-1))).toEqual(['info', 'mod']);
  });

  test('of the file system is not measured', async () => {
    const { probed, contacted } = await probeAll({
      ...apart([askOf(makeCandidate('file:///srv/goproxy'), MODULE)]),
      timeoutMs: 5000,
      network: await makeNetwork(),
    });
    expect(probed[0]!.verdict.kind).toBe('unmeasured');
    expect(contacted).toEqual([]);
  });
});
