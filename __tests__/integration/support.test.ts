// The stand-ins prove themselves before anything is proven with them: against the real go command, and byte by
// byte against a client that knows nothing of HTTP.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import yauzl from 'yauzl';
import {
  type Certificates,
  type CertificateVariant,
  hasOpenssl,
  makeCertificates,
} from '../support/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import type { Fault } from '../support/faults.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { makeModule, makeModuleSet, tamperModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import { type ProxyOptions, type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { runAction, runJob } from '../support/runner.ts';
import { parseCommands, parseFileCommands, readInputDefaults } from '../support/runner-protocol.ts';
import { startSumdb } from '../support/sumdb-server.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';
import { writeZip } from '../support/zip-writer.ts';

const go = await hasGo();
const openssl = await hasOpenssl();
const namespaces = await canUnshare();
const withGo = go ? test : test.skip;
const withTls = openssl ? test : test.skip;
if (!go) test.skip('go is not on PATH: nothing is proven with it', () => {});
if (!openssl) test.skip('openssl is not on PATH: nothing is proven over TLS', () => {});

const modules = makeModuleSet(12, { totalBytes: 200_000 });
const one = makeModule({ path: 'example.com/Upper/one', version: 'v1.2.3', sizeBytes: 20_000 });
const base = '/example.com/!upper/one/@v/v1.2.3';

let shared: TempDir;
let certificates: Certificates;
beforeAll(async () => {
  shared = await makeTempDir();
  if (openssl) certificates = await makeCertificates(shared.join('certificates'), { names: ['proxy.test'] });
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

interface RawAnswer {
  readonly head: string;
  readonly body: Buffer;
  /** `fin`, an error code, or `open`: nothing more came in the time given. */
  readonly end: string;
}

/** Asks over a bare socket; `openMs` bounds the wait for what is meant never to end. */
function ask(
  server: ProxyServer,
  path: string,
  options: { headers?: string; openMs?: number; tls?: boolean } = {},
) {
  return new Promise<RawAnswer>((resolve) => {
    const { port } = server;
    const socket: Socket = options.tls
      ? connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: certificates.ca })
      : connectTcp({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    const finish = (end: string) => {
      clearTimeout(timer);
      socket.destroy();
      const all = Buffer.concat(chunks);
      const at = all.indexOf('\r\n\r\n');
      const head = at < 0 ? all.toString('latin1') : all.toString('latin1', 0, at);
      resolve({ head, body: at < 0 ? Buffer.alloc(0) : all.subarray(at + 4), end });
    };
    const timer = setTimeout(() => finish('open'), options.openMs ?? 20_000);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => finish('fin'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'EPROTO' ? error.message : (error.code ?? error.name)),
    );
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${options.headers ?? ''}\r\n`,
    );
  });
}

async function withServer<T>(options: ProxyOptions, use: (server: ProxyServer) => Promise<T>): Promise<T> {
  await using server = await startProxy({ modules: [one], ...options });
  return await use(server);
}

describe('modules and the plain server, with the real go command', () => {
  const shapes: Record<string, () => ProxyOptions> = {
    plain: () => ({}),
    'with latency and a narrow link': () => ({
      latencyMs: 2,
      jitter: 0.5,
      bandwidthBytesPerSecond: 2_000_000,
    }),
    'below a path prefix': () => ({ pathPrefix: '/go/proxy' }),
    'zips by a redirect to another path': () => ({ redirectZipsTo: 'self' }),
    'over TLS': () => ({
      tls: certificates.good,
      hostName: 'localhost',
      connectionLatency: true,
      latencyMs: 1,
    }),
  };
  const possible = Object.keys(shapes).filter((name) => name !== 'over TLS' || openssl);
  withGo.each(possible)('go mod download: %s', async (name) => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules, ...shapes[name]!() });
    await writeProject(temp.join('project'), { modules });
    const trust = openssl ? { SSL_CERT_FILE: certificates.caFile } : {};
    const options = {
      cwd: temp.join('project'),
      env: goEnvironment(temp.path, { GOPROXY: server.url, ...trust }),
    };
    expect(await runGo(['mod', 'download'], options)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await runGo(['mod', 'verify'], options)).stdout).toBe('all modules verified\n');
    expect(server.requests.some((request) => request.path.includes('/example.com/%21acme/'))).toBe(true);
  });

  withGo('go build with a file proxy; list and latest', async () => {
    await using temp = await makeTempDir();
    await writeFileProxy(temp.join('proxy'), modules);
    await writeProject(temp.join('project'), { modules });
    const cwd = temp.join('project');
    const env = goEnvironment(temp.path, { GOPROXY: `file://${temp.join('proxy')}` });
    expect(await runGo(['build', '-o', temp.join('app'), '.'], { cwd, env })).toMatchObject({ code: 0 });
    await using server = await startProxy({ modules });
    const first = modules[0]!;
    const online = { cwd, env: { ...env, GOPROXY: server.url } };
    const list = await runGo(['list', '-m', '-versions', '-f', '{{.Versions}}', first.path], online);
    expect(list.stdout).toBe(`[${first.version}]\n`);
    const latest = await runGo(['list', '-m', `${first.path}@latest`], online);
    expect(latest.stdout).toBe(`${first.path} ${first.version}\n`);
  });

  withGo('go refuses tampered content by its hash', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({
      modules: [one],
      faults: [{ kind: 'wrong-bytes', match: 'zip' }],
    });
    await writeProject(temp.join('project'), { modules: [one] });
    const env = goEnvironment(temp.path, { GOPROXY: server.url });
    const result = await runGo(['mod', 'download'], { cwd: temp.join('project'), env });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('checksum mismatch');
  });

  test('the same set twice is the same, byte by byte, and about as large as asked for', () => {
    const again = makeModuleSet(12, { totalBytes: 200_000 });
    expect(again.map((module) => module.zipHash)).toEqual(modules.map((module) => module.zipHash));
    expect(Buffer.concat(again.map((m) => m.zip)).equals(Buffer.concat(modules.map((m) => m.zip)))).toBe(
      true,
    );
    const bytes = modules.reduce((sum, module) => sum + module.zip.length, 0);
    expect(Math.abs(bytes - 200_000)).toBeLessThan(60_000);
  });
});

test('zips of every kind of entry are read by a zip reader that is not ours', async () => {
  const zip = writeZip([
    { name: 'dir/' },
    { name: 'dir/stored', data: 'abc', method: 'store' },
    { name: 'dir/deflated', data: 'x'.repeat(1000), descriptor: true },
    { name: 'dir/ünï', data: 'u', unixMode: 0o120777 },
    { name: new Uint8Array([0x61, 0xff]), data: '' },
  ]);
  const found: Record<string, [number, string]> = {};
  const reader = await yauzl.fromBufferPromise(Buffer.from(zip), { decodeStrings: false });
  for await (const entry of reader.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await reader.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    const name = Buffer.from(entry.fileNameRaw).toString('latin1');
    found[name] = [entry.externalFileAttributes >>> 16, Buffer.concat(chunks).toString()];
  }
  const utf8 = Buffer.from('dir/ünï').toString('latin1');
  expect(found).toEqual({
    'dir/': [0, ''],
    'dir/stored': [0, 'abc'],
    'dir/deflated': [0, 'x'.repeat(1000)],
    [utf8]: [0o120777, 'u'],
    'a\xff': [0, ''],
  });
});

describe('the protocol, seen by a raw client', () => {
  test('a path that is no URL is not found', async () => {
    expect((await withServer({}, (server) => ask(server, '/%zz'))).head).toContain('HTTP/1.1 404 ');
  });

  test.each([
    ['info', `${base}.info`, 200, one.info],
    ['mod', `${base}.mod`, 200, one.mod],
    ['escaped as %21', `${base.replace('!', '%21')}.mod`, 200, one.mod],
    ['list', '/example.com/!upper/one/@v/list', 200, 'v1.2.3\n'],
    ['latest', '/example.com/!upper/one/@latest', 200, one.info],
    [
      'unknown',
      '/example.com/none/@v/v1.0.0.info',
      404,
      'not found: example.com/none/@v/v1.0.0.info: unknown',
    ],
    [
      'sumdb by default',
      '/sumdb/sum.golang.org/supported',
      404,
      'not found: sumdb/sum.golang.org/supported: unknown',
    ],
  ])('%s', async (_name, path, status, body) => {
    const answer = await withServer({}, (server) => ask(server, path));
    expect(answer.head).toContain(`HTTP/1.1 ${status} `);
    expect(answer.body.toString()).toBe(body);
    expect(answer.end).toBe('fin');
  });

  test('zip, a range of it, and HEAD', async () => {
    await withServer({}, async (server) => {
      expect((await ask(server, `${base}.zip`)).body.equals(one.zip)).toBe(true);
      const range = await ask(server, `${base}.zip`, { headers: 'Range: bytes=10-19\r\n' });
      expect(range.head).toContain('HTTP/1.1 206 ');
      expect(range.body.equals(one.zip.subarray(10, 20))).toBe(true);
      const head = await fetch(`${server.url}${base}.zip`, { method: 'HEAD' });
      expect(head.headers.get('content-length')).toBe(String(one.zip.length));
    });
  });

  test('a login is asked for, and taken', async () => {
    await withServer({ basicAuth: { user: 'u', password: 'p:w' } }, async (server) => {
      expect((await ask(server, `${base}.mod`)).head).toContain('HTTP/1.1 401 ');
      const headers = `Authorization: Basic ${Buffer.from('u:p:w').toString('base64')}\r\n`;
      expect((await ask(server, `${base}.mod`, { headers })).head).toContain('HTTP/1.1 200 ');
    });
  });

  test.each([
    ['serves', 200],
    [410, 410],
  ] as const)('sumdb %s', async (sumdb, status) => {
    const answer = await withServer({ sumdb }, (server) => ask(server, '/sumdb/sum.golang.org/supported'));
    expect(answer.head).toContain(`HTTP/1.1 ${status} `);
  });

  test('zips redirected to another server; the log of both', async () => {
    await using cdn = await startProxy({ modules: [one] });
    await withServer({ redirectZipsTo: cdn.url }, async (server) => {
      const response = await fetch(`${server.url}${base}.zip`);
      expect(Buffer.from(await response.arrayBuffer()).equals(one.zip)).toBe(true);
      expect(server.requests.map(({ method, path, host }) => ({ method, path, host }))).toEqual([
        { method: 'GET', path: `${base}.zip`, host: server.host },
      ]);
      expect(cdn.requests.map((request) => request.host)).toEqual([cdn.host]);
    });
  });

  test('after close the port refuses, also with a client that never read its answer', async () => {
    const server = await startProxy({ modules: [one], faults: [{ kind: 'headers-never' }] });
    const pending = ask(server, `${base}.zip`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
    expect((await pending).end).not.toBe('open');
    expect((await ask(server, `${base}.zip`)).end).toBe('ECONNREFUSED');
  });
});

interface FaultRow {
  readonly fault: Fault;
  /** Start of the head; '' when nothing comes. */
  readonly head: string;
  readonly end: string;
  readonly body?: (body: Buffer) => void;
  readonly has?: string;
  /** Which file is asked for; default the zip. */
  readonly file?: string;
}

const half = Math.floor(one.zip.length / 2);
const length = (bytes: number) => (body: Buffer) => expect(body.length).toBe(bytes);
const text = (wanted: string | RegExp) => (body: Buffer) => expect(body.toString()).toMatch(wanted);
const rows: Record<string, FaultRow> = {
  refuse: { fault: { kind: 'refuse' }, head: '', end: 'ECONNREFUSED' },
  'accept-and-silent': { fault: { kind: 'accept-and-silent' }, head: '', end: 'open' },
  'tls-stall': { fault: { kind: 'tls-stall' }, head: '', end: 'open' },
  'close-on-hello': { fault: { kind: 'close-on-hello' }, head: '', end: 'fin' },
  'close-on-hello, reset': { fault: { kind: 'close-on-hello', reset: true }, head: '', end: 'ECONNRESET' },
  'reset-before-headers': { fault: { kind: 'reset-before-headers' }, head: '', end: 'ECONNRESET' },
  'close-before-headers': { fault: { kind: 'close-before-headers' }, head: '', end: 'fin' },
  'headers-never': { fault: { kind: 'headers-never' }, head: '', end: 'open' },
  'headers-slow': {
    fault: { kind: 'headers-slow', ms: 100 },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    body: length(one.zip.length),
  },
  'body-stall': { fault: { kind: 'body-stall' }, head: 'HTTP/1.1 200 ', end: 'open', body: length(half) },
  'body-stall after 3': {
    fault: { kind: 'body-stall', bytes: 3 },
    head: 'HTTP/1.1 200 ',
    end: 'open',
    body: length(3),
  },
  trickle: {
    fault: { kind: 'trickle', bytesPerSecond: 1000 },
    head: 'HTTP/1.1 200 ',
    end: 'open',
    body: (body) => {
      expect(body.length).toBeGreaterThan(0);
      expect(body.length).toBeLessThan(one.zip.length / 2);
    },
  },
  'truncate, content-length': {
    fault: { kind: 'truncate', framing: 'content-length' },
    head: 'HTTP/1.1 200 ',
    has: `content-length: ${one.zip.length}`,
    end: 'fin',
    body: length(half),
  },
  'truncate, chunked': {
    fault: { kind: 'truncate', framing: 'chunked' },
    head: 'HTTP/1.1 200 ',
    has: 'transfer-encoding: chunked',
    end: 'fin',
    body: (body) => expect(body.toString('latin1').endsWith('0\r\n\r\n')).toBe(false),
  },
  'truncate, close-delimited': {
    fault: { kind: 'truncate', framing: 'close-delimited' },
    head: 'HTTP/1.1 200 ',
    has: 'connection: close',
    end: 'fin',
    body: length(half),
  },
  'reset-in-body': {
    fault: { kind: 'reset-in-body', bytes: 100 },
    head: 'HTTP/1.1 200 ',
    end: 'ECONNRESET',
    body: length(100),
  },
  'extra-bytes': {
    fault: { kind: 'extra-bytes', bytes: 7 },
    head: 'HTTP/1.1 200 ',
    has: `content-length: ${one.zip.length}`,
    end: 'fin',
    body: length(one.zip.length + 7),
  },
  'wrong-content-length': {
    fault: { kind: 'wrong-content-length', delta: 5 },
    head: 'HTTP/1.1 200 ',
    has: `content-length: ${one.zip.length + 5}`,
    end: 'fin',
    body: length(one.zip.length),
  },
  'endless-body': {
    fault: { kind: 'endless-body', limitBytes: 3_000_000 },
    head: 'HTTP/1.1 200 ',
    has: 'transfer-encoding: chunked',
    end: 'fin',
    body: (body) => expect(body.length).toBeGreaterThan(2_000_000),
  },
  status: {
    fault: { kind: 'status', status: 429, body: 'slow down', headers: { 'retry-after': '1' } },
    head: 'HTTP/1.1 429 ',
    has: 'retry-after: 1',
    end: 'fin',
    body: text(/^slow down$/),
  },
  'status with a hostile reason': {
    fault: {
      kind: 'status',
      status: 503,
      reason: '\x1b[31m::error::x\u0085',
      headers: { 'x-a': '##[error]' },
    },
    head: 'HTTP/1.1 503 \x1b[31m::error::x\u0085\r\n',
    has: 'x-a: ##[error]',
    end: 'fin',
  },
  'transient-404': {
    fault: { kind: 'transient-404' },
    head: 'HTTP/1.1 404 ',
    end: 'fin',
    body: text(/^not found: bad upstream$/),
  },
  'html-200': {
    fault: { kind: 'html-200' },
    head: 'HTTP/1.1 200 ',
    has: 'text/html',
    end: 'fin',
    body: text('<html>'),
  },
  'captive-portal on a path that cannot exist': {
    fault: { kind: 'captive-portal' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    file: '/no/such/path',
    body: text('<html>'),
  },
  'wrong-bytes of a zip': {
    fault: { kind: 'wrong-bytes' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    body: (body) => expect(body.equals(tamperModule(one).zip)).toBe(true),
  },
  'wrong-bytes of a go.mod': {
    fault: { kind: 'wrong-bytes' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    file: `${base}.mod`,
    body: text('// tampered with'),
  },
  corrupt: {
    fault: { kind: 'corrupt' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    body: (body) => {
      const differing = [...body.keys()].filter((at) => body[at] !== one.zip[at]);
      expect(differing).toEqual([half]);
    },
  },
  'wrong-version-info': {
    fault: { kind: 'wrong-version-info' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    file: `${base}.info`,
    body: text('"Version":"v0.0.1"'),
  },
  'not-json-info': {
    fault: { kind: 'not-json-info' },
    head: 'HTTP/1.1 200 ',
    end: 'fin',
    file: `${base}.info`,
    body: text('not JSON'),
  },
  'gzip-encoded': {
    fault: { kind: 'gzip-encoded' },
    head: 'HTTP/1.1 200 ',
    has: 'content-encoding: gzip',
    end: 'fin',
    body: (body) => expect(gunzipSync(body).equals(one.zip)).toBe(true),
  },
  'redirect-loop': {
    fault: { kind: 'redirect-loop' },
    head: 'HTTP/1.1 302 ',
    has: `location: ${base}.zip`,
    end: 'fin',
  },
  'redirect-to': {
    fault: { kind: 'redirect-to', url: 'https://cdn.test/x/', keepPath: true },
    head: 'HTTP/1.1 302 ',
    has: `location: https://cdn.test/x${base}.zip`,
    end: 'fin',
  },
  'redirect-to-http': {
    fault: { kind: 'redirect-to-http' },
    head: 'HTTP/1.1 302 ',
    has: `location: http://localhost${base}.zip`,
    end: 'fin',
  },
  'garbage-before-headers': {
    fault: { kind: 'garbage-before-headers', bytes: '\0\u0001garbage' },
    head: '\0\u0001garbage',
    end: 'fin',
  },
  'raw-response': {
    fault: { kind: 'raw-response', bytes: 'HTTP/1.1 200 \x07\r\nX: \r\n\r\nbody' },
    head: 'HTTP/1.1 200 \x07\r\nX: ',
    end: 'fin',
    body: text(/^body$/),
  },
};

describe('each fault does what it says', () => {
  const check = async (row: FaultRow, tls: boolean) => {
    const options = tls ? { tls: certificates.good } : {};
    await using server = await startProxy({ modules: [one], faults: [row.fault], ...options });
    const open = row.end === 'open' ? { openMs: 300 } : {};
    const answer = await ask(server, row.file ?? `${base}.zip`, { ...open, tls });
    expect(answer.head.startsWith(row.head)).toBe(true);
    if (row.head === '') expect(answer.head).toBe('');
    if (row.has !== undefined) expect(answer.head).toContain(row.has);
    row.body?.(answer.body);
    // A TLS client that is cut off before the handshake has its own word for it.
    expect(answer.end === 'ECONNRESET' && row.end === 'fin' && row.head === '' ? 'fin' : answer.end).toBe(
      row.end,
    );
  };
  test.each(Object.keys(rows))('%s', (name) => check(rows[name]!, false));
  withTls.each(Object.keys(rows))('over TLS: %s', (name) => check(rows[name]!, true));

  withTls('plain-http-on-tls-port', async () => {
    const faults: readonly Fault[] = [{ kind: 'plain-http-on-tls-port' }];
    await withServer({ tls: certificates.good, faults }, async (server) => {
      expect((await ask(server, `${base}.mod`, { tls: true })).end).toMatch(/wrong.version.number/i);
      expect((await ask(server, `${base}.mod`)).body.toString()).toBe(one.mod);
    });
  });
});

describe('when a fault strikes', () => {
  const statuses = async (faults: readonly Fault[], paths: readonly string[], seed = 1) =>
    withServer({ faults, seed }, async (server) => {
      const found: number[] = [];
      for (const path of paths) found.push((await fetch(server.url + path)).status);
      return found;
    });
  const mods = Array<string>(4).fill(`${base}.mod`);
  test.each<[string, Fault, readonly string[], readonly number[]]>([
    [
      'only on what matches',
      { kind: 'status', status: 500, match: 'info' },
      [`${base}.mod`, `${base}.info`],
      [200, 500],
    ],
    ['by a pattern', { kind: 'status', status: 500, match: /\.mod$/g }, mods, [500, 500, 500, 500]],
    ['after some requests', { kind: 'status', status: 500, afterRequests: 3 }, mods, [200, 200, 200, 500]],
    ['a number of times', { kind: 'status', status: 500, times: 1 }, mods, [500, 200, 200, 200]],
    ['never', { kind: 'status', status: 500, probability: 0 }, mods, [200, 200, 200, 200]],
  ])('%s', async (_name, fault, paths, wanted) => {
    expect(await statuses([fault], paths)).toEqual(wanted);
  });

  test('by a probability that is the same on every run', async () => {
    const fault: Fault = { kind: 'status', status: 500, probability: 0.5 };
    const many = Array<string>(20).fill(`${base}.mod`);
    const first = await statuses([fault], many);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await statuses([fault], many)).toEqual(first);
    expect(await statuses([fault], many, 2)).not.toEqual(first);
  });

  test('faults can be replaced, also refusal, and the log names what struck', async () => {
    await withServer({ faults: [{ kind: 'refuse' }] }, async (server) => {
      expect((await ask(server, `${base}.mod`)).end).toBe('ECONNREFUSED');
      await server.setFaults([{ kind: 'status', status: 500 }]);
      expect((await ask(server, `${base}.mod`)).head).toContain(' 500 ');
      await server.setFaults([{ kind: 'refuse' }]);
      expect((await ask(server, `${base}.mod`)).end).toBe('ECONNREFUSED');
      await server.setFaults([]);
      expect((await ask(server, `${base}.mod`)).head).toContain(' 200 ');
      expect(server.requests.map((request) => request.fault)).toEqual(['status', undefined]);
    });
  });
});

describe('certificates', () => {
  const codes: Record<CertificateVariant, string> = {
    good: 'ok',
    expired: 'CERT_HAS_EXPIRED',
    notYetValid: 'CERT_NOT_YET_VALID',
    wrongHost: 'ERR_TLS_CERT_ALTNAME_INVALID',
    selfSigned: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    unknownCa: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    unknownCaSent: 'SELF_SIGNED_CERT_IN_CHAIN',
    incompleteChain: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  };
  withTls.each(Object.entries(codes))('%s is %s to a client', async (variant, code) => {
    await withServer({ tls: certificates[variant as CertificateVariant] }, async (server) => {
      const found = await new Promise<string>((resolve) => {
        const { ca } = certificates;
        const socket = connectTls({ port: server.port, host: '127.0.0.1', servername: 'proxy.test', ca });
        socket.on('secureConnect', () => resolve('ok'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
        socket.on('close', () => resolve('closed'));
        socket.setTimeout(10_000, () => socket.destroy());
        socket.on('secureConnect', () => socket.destroy());
      });
      expect(found).toBe(code);
    });
  });
});

describe('the HTTP proxy', () => {
  const connectVia = (port: number, target: string, headers = '') =>
    new Promise<string>((resolve) => {
      const socket = connectTcp({ port, host: '127.0.0.1' });
      let found = '';
      const timer = setTimeout(() => socket.destroy(), 300);
      socket.on('data', (chunk) => {
        found += chunk.toString('latin1');
        if (found.includes('200 Connection Established\r\n\r\n') && !found.includes('HTTP/1.1 404')) {
          socket.write('GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(found);
      });
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${headers}\r\n`);
    });

  test('leads to mapped names and to loopback, and nowhere else', async () => {
    await using server = await startProxy({ modules: [one] });
    const names = { 'proxy.test:443': { host: '127.0.0.1', port: server.port } };
    await using proxy = await startConnectProxy({ names });
    expect(await connectVia(proxy.port, 'proxy.test:443')).toContain('not found: x: unknown');
    expect(await connectVia(proxy.port, server.host)).toContain('HTTP/1.1 404');
    expect(await connectVia(proxy.port, 'elsewhere.test:443')).toContain('HTTP/1.1 403 ');
    expect(await connectVia(proxy.port, '203.0.113.1:443')).toContain('HTTP/1.1 403 ');
    expect(proxy.targets).toEqual(['proxy.test:443', server.host, 'elsewhere.test:443', '203.0.113.1:443']);
  });

  test.each([
    ['refuse', 'HTTP/1.1 403 '],
    ['bad-gateway', 'HTTP/1.1 502 '],
    ['stall', ''],
    ['close', ''],
  ] as const)('%s', async (behaviour, wanted) => {
    await using proxy = await startConnectProxy({ behaviour });
    const found = await connectVia(proxy.port, '127.0.0.1:1');
    expect(found.slice(0, wanted.length || undefined)).toBe(wanted);
  });

  test('asks for a login', async () => {
    await using server = await startProxy();
    await using proxy = await startConnectProxy({ login: { user: 'a', password: 'b' } });
    expect(await connectVia(proxy.port, server.host)).toContain('HTTP/1.1 407 ');
    const login = `Proxy-Authorization: Basic ${Buffer.from('a:b').toString('base64')}\r\n`;
    expect(await connectVia(proxy.port, server.host, login)).toContain('HTTP/1.1 404');
    expect(proxy.requests.map((request) => request.authorized)).toEqual([false, true]);
  });

  withGo('carries go over http by absolute-form requests', async () => {
    await using temp = await makeTempDir();
    await using server = await startProxy({ modules: [one] });
    await using proxy = await startConnectProxy({
      names: { 'proxy.test:80': { host: '127.0.0.1', port: server.port } },
    });
    await writeProject(temp.join('project'), { modules: [one] });
    const env = goEnvironment(temp.path, { GOPROXY: 'http://proxy.test', HTTP_PROXY: proxy.url });
    expect((await runGo(['mod', 'download'], { cwd: temp.join('project'), env })).code).toBe(0);
    expect(proxy.requests.every((request) => request.target.startsWith('http://proxy.test/'))).toBe(true);
    expect(server.requests.length).toBeGreaterThan(0);
  });
});

describe('the checksum database', () => {
  test.each([
    ['note', '/latest', 'HTTP/1.1 200 ', 'go.sum database tree\n'],
    ['note', '/lookup/example.com/a@v1.0.0', 'HTTP/1.1 404 ', 'not found'],
    ['html', '/latest', 'HTTP/1.1 200 ', '<!DOCTYPE html>'],
    [503, '/latest', 'HTTP/1.1 503 ', 'status 503'],
  ] as const)('%s %s', async (answers, path, head, body) => {
    await using server = await startSumdb({ answers });
    const answer = await ask(server, path);
    expect(answer.head.startsWith(head)).toBe(true);
    expect(answer.body.toString().startsWith(body)).toBe(true);
  });
});

describe('what the runner reads', () => {
  test.each<[string, string, readonly string[]]>([
    ['a command', '::warning file=a.go,line=3::careful%0A100%25', ['warning=careful\n100%']],
    ['after blanks', '  ::notice::x', ['notice=x']],
    ['not in the middle of a line', 'text ::error::x', []],
    ['but the old form anywhere', 'text ##[error]x', ['error=x']],
    ['after a lone carriage return', 'a\r::error::x\rb', ['error=x']],
    ['not one that does not exist', '::nonsense::x\n##[nonsense]y', []],
    [
      'not between stop-commands and its token',
      '::stop-commands::t\n::error::x\n::t::\n::error::y',
      ['stop-commands=t', 'error=y'],
    ],
  ])('%s', (_name, output, wanted) => {
    expect(parseCommands(output).map((command) => `${command.name}=${command.message}`)).toEqual(wanted);
  });

  test('properties are unescaped', () => {
    expect(parseCommands('::error title=a%3Ab%2Cc,file=x=y::m')[0]?.properties).toEqual({
      title: 'a:b,c',
      file: 'x=y',
    });
  });

  test.each<[string, string, Record<string, string>, number]>([
    ['a pair', 'a=b=c\n', { a: 'b=c' }, 0],
    ['a heredoc', 'a<<E\n1\n\n2=3\nE\nb=\n', { a: '1\n\n2=3', b: '' }, 0],
    ['a value that looks like one', 'a=b<<c\n', { a: 'b<<c' }, 0],
    ['no delimiter', 'a<<E\n1\n', {}, 1],
    ['no pair', 'nonsense\n', {}, 1],
    ['no name', '=x\n', {}, 1],
  ])('file commands: %s', (_name, content, pairs, errors) => {
    const found = parseFileCommands('GITHUB_ENV', content);
    expect(found.pairs).toEqual(pairs);
    expect(found.errors).toHaveLength(errors);
  });

  test('defaults of inputs', () => {
    const yaml = `name: x
inputs:
  plain: # comment
    description: a default: trap
    default: 3s # seconds
  quoted:
    default: 'it''s'
  status:
    default: \${{ job.status }}
  none:
    required: false
outputs:
  plain:
    default: no
`;
    expect([...readInputDefaults(yaml, { jobStatus: 'failure' })]).toEqual([
      ['plain', '3s'],
      ['quoted', "it's"],
      ['status', 'failure'],
      ['none', ''],
    ]);
    expect(() => readInputDefaults('inputs:\n  a:\n    default: |\n', { jobStatus: '' })).toThrow('input a');
  });
});

const ACTION = `inputs:
  two words:
    default: ''
  some-input:
    default: from action.yml
  job-status:
    default: \${{ job.status }}
`;
// An action that says what it sees and uses every way to talk back.
const BUNDLE = `
import { appendFileSync, writeSync } from 'node:fs';
const say = (name, text) => appendFileSync(process.env['GITHUB_' + name], text);
const seen = Object.keys(process.env).filter((name) => /^(INPUT|STATE)_/.test(name)).sort();
console.log(JSON.stringify(Object.fromEntries(seen.map((name) => [name, process.env[name]]))));
console.log('carried ' + process.env.CARRIED + ' leak ' + process.env.LEAK + ' tty ' + process.stdin.isTTY);
console.log('::add-mask::s3cret');
console.error('trouble ##[warning]odd');
say('ENV', 'CARRIED=yes\\n'); say('OUTPUT', 'out<<E\\n1\\n2\\nE\\n'); say('STATE', 'place=here\\n');
say('PATH', '/opt/tool\\n'); say('STEP_SUMMARY', '# done\\n');
const mode = process.env['INPUT_SOME-INPUT'];
if (mode === 'malformed') say('ENV', 'nonsense\\n');
if (mode === 'hang') { process.on('SIGINT', () => process.exit(130)); setInterval(() => {}, 1000); console.log('hanging'); }
if (mode === 'fail') process.exitCode = 3;
if (mode === 'long') console.log('x'.repeat(300_000));
`;

describe('the runner', () => {
  let action: { workspace: string; temp: string; bundle: string; actionFile: string };
  beforeAll(async () => {
    const root = shared.join('runner');
    await mkdir(`${root}/workspace`, { recursive: true });
    action = {
      workspace: `${root}/workspace`,
      temp: `${root}/temp`,
      bundle: `${root}/bundle.mjs`,
      actionFile: `${root}/action.yml`,
    };
    await writeFile(action.bundle, BUNDLE);
    await writeFile(action.actionFile, ACTION);
  });

  test('a job: inputs, defaults, state, environment, outputs, masks, path, summary', async () => {
    process.env['LEAK'] = 'leaked';
    const steps = [
      (context: { env: Readonly<Record<string, string>>; outputs: Readonly<Record<string, string>> }) => {
        expect(context.env['CARRIED']).toBe('yes');
        expect(context.env['PATH']?.startsWith('/opt/tool:')).toBe(true);
        expect(context.outputs).toEqual({ out: '1\n2' });
        return Promise.resolve(false);
      },
    ];
    const job = await runJob({ ...action, inputs: { 'two words': 'a b' }, steps });
    delete process.env['LEAK'];
    const [seen, carried] = job.main.stdout.split('\n');
    const inputs = { 'INPUT_SOME-INPUT': 'from action.yml', INPUT_TWO_WORDS: 'a b' };
    expect(JSON.parse(seen ?? '')).toEqual({ ...inputs, 'INPUT_JOB-STATUS': 'success' });
    expect(carried).toBe('carried undefined leak undefined tty undefined');
    expect(job.main).toMatchObject({ exitCode: 0, failed: false, paths: ['/opt/tool'], summary: '# done\n' });
    expect(job.main.commands.map((command) => command.name)).toEqual(['add-mask', 'warning']);
    expect(job.masks).toEqual(['s3cret', 's3cret']);
    const [after, carriedAfter] = job.post.stdout.split('\n');
    expect(JSON.parse(after ?? '')).toEqual({
      ...inputs,
      'INPUT_JOB-STATUS': 'failure',
      STATE_place: 'here',
    });
    expect(carriedAfter).toContain('carried yes');
    expect(job.jobStatus).toBe('failure');
  });

  const run = (mode: string, extra: Partial<Parameters<typeof runAction>[0]> = {}) =>
    runAction({ ...action, stage: 'main', inputs: { 'some-input': mode }, ...extra });

  test('an exit code fails the step, and so does a malformed file command', async () => {
    expect(await run('fail')).toMatchObject({ exitCode: 3, failed: true, parseErrors: [] });
    const malformed = await run('malformed');
    expect(malformed).toMatchObject({ exitCode: 0, failed: true });
    expect(malformed.parseErrors).toHaveLength(1);
  });

  test('a hanging action is killed, or cancelled as the runner does', async () => {
    expect(await run('hang', { timeoutMs: 1_500 })).toMatchObject({
      timedOut: true,
      signal: 'SIGKILL',
      failed: true,
    });
    expect(await run('hang', { cancelWhen: /hanging/ })).toMatchObject({
      timedOut: false,
      cancelled: true,
      exitCode: 130,
    });
  });

  test('a slow reader gets everything', async () => {
    const { stdout } = await run('long', { slowReaderMs: 1 });
    expect(stdout.length).toBeGreaterThan(300_000);
  });
});

const SCRIPT = `
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
const { startDnsServer } = await import(process.argv[2]);
await using dns = await startDnsServer({ port: 53, names: { 'a.test': ['127.0.0.9'], 'six.test': ['::1'], 'bad.test': 'servfail' } });
const found = {};
for (const name of ['a.test', 'six.test', 'nx.test', 'bad.test', 'hosts.test']) {
  found[name] = await lookup(name).then((answer) => answer.address, (error) => error.code);
}
for (const host of ['203.0.113.1', '203.0.113.2', '203.0.113.3', '127.0.0.1']) {
  found[host] = await new Promise((resolve) => {
    const socket = connect({ host, port: 9, timeout: 400 });
    socket.on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code));
    socket.on('timeout', () => { resolve('timeout'); socket.destroy(); });
  });
}
console.log(JSON.stringify(found));
`;

describe('a namespace', () => {
  const name = namespaces.ok ? 'names, silence and refusals' : `skipped: ${namespaces.reason}`;
  (namespaces.ok ? test : test.skip)(name, async () => {
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    const script = shared.join('inside.mjs');
    await writeFile(script, SCRIPT);
    const server = fileURLToPath(new URL('../support/dns-server.ts', import.meta.url));
    const result = await runInNamespace(script, [server], {
      resolvConf: 'nameserver 127.0.0.1',
      hosts: '127.0.0.5 hosts.test',
      silent: ['203.0.113.1'],
      unreachable: ['203.0.113.2'],
      prohibited: ['203.0.113.3'],
    });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      'a.test': '127.0.0.9',
      'six.test': '::1',
      'nx.test': 'ENOTFOUND',
      'bad.test': 'EAI_AGAIN',
      'hosts.test': '127.0.0.5',
      '203.0.113.1': 'timeout',
      '203.0.113.2': 'EHOSTUNREACH',
      '203.0.113.3': 'EACCES',
      '127.0.0.1': 'ECONNREFUSED',
    });
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
  });

  (namespaces.ok ? test : test.skip)('what is inside ends with the timeout', async () => {
    const script = shared.join('hang.mjs');
    await writeFile(script, 'setInterval(() => {}, 1000);');
    expect((await runInNamespace(script, [], { timeoutMs: 500 })).exitCode).toBe(-1);
  });
});
