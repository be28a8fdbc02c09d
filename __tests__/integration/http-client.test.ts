import { describe, expect, test } from '@jest/globals';
import { openClient } from '../../src/proxy/http-client.ts';
import { askSumdbHost } from '../../src/proxy/sumdb-probe.ts';
import { makeCertificateSet } from '../support/certificate-set.ts';
import { makeModule } from '../support/modules.ts';
import { countHandles, makeNetwork, settledHandles } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';
import { startSumdb } from '../support/sumdb-server.ts';

const MODULE = makeModule({ path: 'example.com/m', version: 'v1.0.0', sizeBytes: 40_000 });
const ZIP = '/example.com/m/@v/v1.0.0.zip';
const LOGIN = { user: 'canary-user', password: 'canary:pass/ü' };
const BODY = { limitBytes: 1 << 20, over: 'fail' } as const;

describe('credentials', () => {
  test.each(['userinfo', 'netrc'])(
    'of %s go to the own origin over https, and across no redirect',
    async (from) => {
      const { files, directory } = await makeCertificateSet();
      await using _removed = directory;
      const tls = files.good;
      await using other = await startProxy({ modules: [MODULE], tls });
      await using own = await startProxy({
        modules: [MODULE],
        tls,
        basicAuth: LOGIN,
        redirectZipsTo: other.url,
      });
      const network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: files.caFile } });
      const base = new URL(own.url);
      const client = openClient({
        base,
        network,
        ...(from === 'userinfo' ? { credentials: LOGIN } : {}),
        credentialsFor: () => (from === 'netrc' ? LOGIN : undefined),
      });
      const answer = await client.get(new URL(own.url + ZIP), {
        signal: AbortSignal.timeout(5000),
        body: BODY,
      });
      await client.destroy();
      expect(answer).toMatchObject({ status: 200, redirects: 1, foreignHost: other.host });
      expect(Buffer.from(answer.body).equals(MODULE.zip)).toBe(true);
      expect(own.requests[0]!.headers['authorization']).toBe(
        `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`,
      );
      expect(other.requests).toHaveLength(1);
      expect(other.requests[0]!.headers['authorization']).toBeUndefined();
    },
  );

  test('are never sent over http', async () => {
    await using server = await startProxy({ modules: [MODULE] });
    const client = openClient({
      base: new URL(server.url),
      network: await makeNetwork(),
      credentials: LOGIN,
      credentialsFor: () => LOGIN,
    });
    await client.get(new URL(server.url + ZIP), { signal: AbortSignal.timeout(5000), body: BODY });
    await client.destroy();
    expect(server.requests[0]!.headers['authorization']).toBeUndefined();
  });
});

describe('a request', () => {
  test('that meets a kept connection closed by the peer is sent once more, like by net/http', async () => {
    await using server = await startProxy({
      modules: [MODULE],
      faults: [{ kind: 'close-before-headers', afterRequests: 1, times: 1 }],
    });
    const client = openClient({ base: new URL(server.url), network: await makeNetwork() });
    const get = () =>
      client.get(new URL(server.url + ZIP), { signal: AbortSignal.timeout(5000), body: BODY });
    expect((await get()).status).toBe(200);
    expect((await get()).status).toBe(200);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
    await client.destroy();
  });

  test('stops at ten requests, as go does', async () => {
    await using server = await startProxy({ faults: [{ kind: 'redirect-loop' }] });
    const client = openClient({ base: new URL(server.url), network: await makeNetwork() });
    const asked = client.get(new URL(server.url + ZIP), { signal: AbortSignal.timeout(5000), body: BODY });
    await expect(asked).rejects.toMatchObject({ code: 'redirect-loop' });
    expect(server.requests).toHaveLength(10);
    await client.destroy();
  });

  test('without a byte for stallMs fails, with its phase', async () => {
    const before = countHandles();
    {
      await using server = await startProxy({ modules: [MODULE], faults: [{ kind: 'body-stall' }] });
      const client = openClient({ base: new URL(server.url), network: await makeNetwork() });
      const asked = client.get(new URL(server.url + ZIP), {
        signal: new AbortController().signal,
        body: BODY,
        stallMs: 100,
      });
      await expect(asked).rejects.toMatchObject({ code: 'body-timeout', stage: 'http' });
      await client.destroy();
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });

  test('whose signal has ended contacts nobody', async () => {
    await using server = await startProxy({ modules: [MODULE] });
    const client = openClient({ base: new URL(server.url), network: await makeNetwork() });
    const asked = client.get(new URL(server.url + ZIP), { signal: AbortSignal.abort('timeout'), body: BODY });
    await expect(asked).rejects.toMatchObject({ name: 'RequestError' });
    expect(server.requests).toEqual([]);
    expect(client.contacted()).toEqual([]);
    await client.destroy();
  });
});

describe('a checksum database', () => {
  test('answers with a signed tree head', async () => {
    await using server = await startSumdb();
    const options = { name: 'sum.golang.org', network: await makeNetwork(), timeoutMs: 5000 };
    const asked = await askSumdbHost({ base: new URL(server.url), ...options });
    expect(asked).toEqual({ answers: true, why: 'answers', contacted: [server.host] });
  });

  test.each([
    { name: 'HTML', faults: [{ kind: 'html-200' as const }], why: /no signed tree head/ },
    { name: '503', faults: [{ kind: 'status' as const, status: 503 }], why: /503/ },
    { name: 'silence', faults: [{ kind: 'headers-never' as const }], why: /no answer in time/ },
    {
      name: 'an endless body',
      faults: [{ kind: 'raw-response' as const, bytes: `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(5000)}` }],
      why: /larger than 4 KiB/,
    },
  ])('that answers with $name does not', async ({ faults, why }) => {
    await using server = await startProxy({ faults });
    const asked = await askSumdbHost({
      base: new URL(server.url),
      name: 'sum.golang.org',
      network: await makeNetwork(),
      timeoutMs: 500,
    });
    expect(asked.answers).toBe(false);
    expect(asked.why).toMatch(why);
  });
});
