import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { probeAll } from '../../src/proxy/probe-phase.ts';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts';
import { makeModule } from '../support/modules.ts';
import {
  apart,
  askOf,
  brief,
  countHandles,
  makeCandidate,
  makeNetwork,
  settledHandles,
} from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';

const MODULE = makeModule({ path: 'example.com/proxied', version: 'v1.0.0', sizeBytes: 10_000 });
const LOGIN = { user: 'canary-user', password: 'canary/p@ss' };

let set: CertificateSet;
beforeAll(async () => {
  set = await makeCertificateSet(['goproxy.test']);
});
afterAll(async () => {
  await set.directory[Symbol.asyncDispose]();
});

interface Row {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly proxy?: ConnectProxyOptions;
  /** What the environment gives instead of the running HTTP proxy. */
  readonly variable?: (url: string) => string;
  readonly verdict: string;
  readonly timeoutMs?: number;
}

const rows: readonly Row[] = [
  { name: 'lets through', scheme: 'https', verdict: 'healthy' },
  { name: 'lets through', scheme: 'http', verdict: 'healthy' },
  { name: 'has its login', scheme: 'https', proxy: { login: LOGIN }, verdict: 'healthy' },
  { name: 'has its login', scheme: 'http', proxy: { login: LOGIN }, verdict: 'healthy' },
  {
    name: 'lacks its login',
    scheme: 'https',
    proxy: { login: LOGIN },
    variable: (url) => url.replace(/\/\/.*@/, '//'),
    verdict: 'tcp http-proxy-login',
  },
  {
    name: 'lacks its login',
    scheme: 'http',
    proxy: { login: LOGIN },
    variable: (url) => url.replace(/\/\/.*@/, '//'),
    verdict: 'tcp http-proxy-login',
  },
  { name: 'refuses', scheme: 'https', proxy: { behaviour: 'refuse' }, verdict: 'tcp http-proxy-refused' },
  {
    name: 'has a bad gateway',
    scheme: 'https',
    proxy: { behaviour: 'bad-gateway' },
    verdict: 'tcp http-proxy-failed',
  },
  { name: 'closes', scheme: 'https', proxy: { behaviour: 'close' }, verdict: 'tcp http-proxy-failed' },
  {
    name: 'stalls',
    scheme: 'https',
    proxy: { behaviour: 'stall' },
    verdict: 'tcp http-proxy-timeout',
    timeoutMs: 1000,
  },
  {
    name: 'is not there',
    scheme: 'https',
    variable: () => 'http://127.0.0.1:1',
    verdict: 'tcp http-proxy-unreachable',
  },
  { name: 'speaks SOCKS', scheme: 'https', variable: () => 'socks5://127.0.0.1:1', verdict: 'unmeasured' },
];

describe('behind an HTTP proxy that', () => {
  test.each(rows)('$name, an $scheme candidate: $verdict', async (row) => {
    const before = countHandles();
    {
      const tls = row.scheme === 'https' ? { tls: set.files.good } : {};
      await using server = await startProxy({ modules: [MODULE], hostName: 'goproxy.test', ...tls });
      await using direct = await startProxy({ modules: [MODULE] });
      const names = { [server.host]: { host: '127.0.0.1', port: server.port } };
      await using httpProxy = await startConnectProxy({ names, ...row.proxy });
      const url = row.variable?.(httpProxy.url) ?? httpProxy.url;
      const network = await makeNetwork({
        tls: row.scheme === 'https',
        env: { HTTPS_PROXY: url, http_proxy: url, SSL_CERT_FILE: set.files.caFile },
      });
      const { probed, contacted } = await probeAll({
        ...apart([
          askOf(makeCandidate(server.url), MODULE),
          askOf(makeCandidate(direct.url, { id: 1 }), MODULE),
        ]),
        timeoutMs: row.timeoutMs ?? 5000,
        network,
      });
      const { verdict } = probed[0]!;
      expect(brief(verdict)).toBe(row.verdict);
      // Loopback is exempt, whatever the environment says.
      expect(brief(probed[1]!.verdict)).toBe('healthy');
      expect(JSON.stringify(probed)).not.toContain('canary');
      if (verdict.kind === 'healthy') {
        expect(verdict.figures.phases.viaHttpProxy).toBe(httpProxy.host);
        expect(contacted).toContain(httpProxy.host);
        expect(httpProxy.requests[0]!.method).toBe(row.scheme === 'https' ? 'CONNECT' : 'GET');
        expect(server.requests.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(
          true,
        );
      }
    }
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });
});
