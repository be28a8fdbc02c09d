import { describe, expect, test } from '@jest/globals';
import { askToolchainSize, type ToolchainSizeOptions } from '../../src/proxy/toolchain-size.ts';
import { makeCertificateSet } from '../support/certificate-set.ts';
import type { RequestFaultKind } from '../support/faults.ts';
import { countHandles, makeCandidate, makeNetwork, settledHandles } from '../support/probing.ts';
import { type ProxyOptions, startProxy } from '../support/proxy-server.ts';

const VERSION = 'v0.0.1-go1.25.0.linux-amd64';
const PATH = `/golang.org/toolchain/@v/${VERSION}.zip`;

/** The head of a zip whose body never comes: who waited for it would not be done in time. */
function head(length: string, status = '200 OK'): RequestFaultKind {
  return { kind: 'raw-response', bytes: `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\n\r\nPK` };
}

async function ask(url: string, options: Partial<ToolchainSizeOptions> = {}) {
  return await askToolchainSize({
    candidate: makeCandidate(url),
    network: await makeNetwork(),
    version: VERSION,
    signal: new AbortController().signal,
    ...options,
  });
}

describe('askToolchainSize', () => {
  test('asks for the zip that go would ask for, once, and reads its size', async () => {
    await using proxy = await startProxy({ pathPrefix: '/goproxy', faults: [head('71234567')] });
    expect(await ask(proxy.url)).toEqual({ bytes: 71_234_567, contacted: [proxy.host] });
    expect(proxy.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`GET /goproxy${PATH}`]);
  });

  test('takes no more of the body than what was on its way', async () => {
    const body = Buffer.alloc(12_000_000);
    await using proxy = await startProxy({ routes: { [PATH]: { body } }, bandwidthBytesPerSecond: 1e6 });
    expect(await ask(proxy.url)).toMatchObject({ bytes: body.length });
  });

  test('follows a redirect to another host and tells both', async () => {
    await using store = await startProxy({ faults: [head('71234567')] });
    await using proxy = await startProxy({
      routes: { [PATH]: {} },
      redirectZipsTo: store.url,
    });
    expect(await ask(proxy.url)).toEqual({ bytes: 71_234_567, contacted: [proxy.host, store.host] });
    expect(store.requests).toHaveLength(1);
  });

  test.each<readonly [string, Partial<ProxyOptions>]>([
    ['404', {}],
    ['a status with a length', { faults: [head('71234567', '403 Forbidden')] }],
    ['no length', { faults: [{ kind: 'raw-response', bytes: 'HTTP/1.1 200 OK\r\n\r\nPK' }] }],
    ['an endless body', { faults: [{ kind: 'endless-body', limitBytes: 20e6 }] }],
    ['the login page of a network', { faults: [{ kind: 'captive-portal' }] }],
    ['a length that no toolchain has', { faults: [head('9999999')] }],
    ['a length beyond all bounds', { faults: [head('1000000001')] }],
    ['a reset', { faults: [{ kind: 'reset-before-headers' }] }],
    ['a redirect loop', { faults: [{ kind: 'redirect-loop' }] }],
    ['bytes that are no HTTP', { faults: [{ kind: 'garbage-before-headers' }] }],
  ])('knows no size after %s, but whom it asked', async (_, options) => {
    await using proxy = await startProxy(options);
    expect(await ask(proxy.url)).toEqual({ contacted: [proxy.host] });
  });

  test.each(['headers-never', 'accept-and-silent'] as const)('gives up in its time with %s', async (kind) => {
    await using proxy = await startProxy({ faults: [{ kind }] });
    expect(await ask(proxy.url, { timeoutMs: 100 })).toEqual({ contacted: [proxy.host] });
  });

  test('ends with the signal', async () => {
    await using proxy = await startProxy({ faults: [{ kind: 'headers-never' }] });
    const signal = AbortSignal.timeout(50);
    expect(await ask(proxy.url, { signal, timeoutMs: 60_000 })).toEqual({ contacted: [proxy.host] });
  });

  test('contacts nobody when it is aborted, or for a file:// candidate', async () => {
    await using proxy = await startProxy();
    expect(await ask(proxy.url, { signal: AbortSignal.abort() })).toEqual({ contacted: [] });
    expect(await ask('file:///srv/goproxy')).toEqual({ contacted: [] });
    expect(proxy.connections).toBe(0);
  });

  test.each(['userinfo', 'netrc'])('shows the login of %s', async (from) => {
    const login = { user: 'builder', password: 'sesame' };
    const { files, directory } = await makeCertificateSet();
    await using _removed = directory;
    const body = Buffer.alloc(10_000_000);
    const routes = { [PATH]: { body } };
    await using proxy = await startProxy({ tls: files.good, basicAuth: login, routes });
    const network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: files.caFile } });
    const options =
      from === 'netrc'
        ? { credentialsFor: () => login }
        : { candidate: makeCandidate(proxy.url, { credentials: login }) };
    expect(await ask(proxy.url, { network, ...options })).toMatchObject({ bytes: 10_000_000 });
  });

  test('never rejects, also for a version that no URL can be made of', async () => {
    await using proxy = await startProxy();
    expect(await ask(proxy.url, { version: 'v0.0.1-go1.25.0/../x' })).toEqual({ contacted: [] });
  });

  test('leaves nothing open', async () => {
    const before = countHandles();
    await using proxy = await startProxy({ faults: [{ kind: 'headers-never' }] });
    await ask(proxy.url, { timeoutMs: 100 });
    await proxy.close();
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });
});
