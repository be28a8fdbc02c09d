import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readHttpProxySettings } from '../../src/proxy/http-proxy.ts';
import { explainNames, type NameFactsOptions } from '../../src/proxy/name-facts.ts';
import type { Cause, Stage, Verdict } from '../../src/proxy/verdict.ts';
import { type DnsAnswer, startDnsServer } from '../support/dns-server.ts';
import { brief, makeCandidate } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';
import { makeTempDir } from '../support/temp.ts';

const HOST = 'proxy.test';
const DIRECT = readHttpProxySettings({});

function failed(cause: Cause, more: { stage?: Stage; status?: number; address?: string } = {}): Verdict {
  return { kind: 'unhealthy', stage: 'http', cause, detail: 'our words', phases: {}, ...more };
}

async function explained(
  verdict: Verdict,
  options: Partial<NameFactsOptions>,
  url = `https://${HOST}`,
): Promise<Verdict> {
  const facts = { httpProxies: DIRECT, thorough: false, nameServers: [], ...options };
  const [one] = await explainNames([{ candidate: makeCandidate(url), verdict }], facts);
  return one!.verdict;
}

test.each<[Cause, number | undefined, boolean]>([
  ['connection-refused', undefined, true],
  ['connect-timeout', undefined, true],
  ['tls-wrong-host', undefined, true],
  ['tls-unknown-authority', undefined, true],
  ['tls-expired', undefined, true],
  ['protocol-error', undefined, true],
  ['captive-portal', undefined, true],
  ['wrong-content', undefined, true],
  ['http-status', 400, true],
  ['http-status', 404, true],
  ['http-status', 429, false],
  ['http-status', 503, false],
  ['tls-not-yet-valid', undefined, false],
  ['tls-incomplete-chain', undefined, false],
  ['wrong-hash', undefined, false],
  ['too-slow', undefined, false],
  ['internal', undefined, false],
])('%s %s of a host in the hosts file: an override is %s', async (cause, status, isOverride) => {
  await using dir = await makeTempDir();
  const hostsFile = dir.join('hosts');
  await writeFile(hostsFile, `127.0.0.1 localhost\n192.0.2.1 a.test\n192.0.2.2 ${HOST}\n192.0.2.3 ${HOST}\n`);
  const more = { address: '192.0.2.3', ...(status === undefined ? {} : { status }) };
  const verdict = await explained(failed(cause, more), { hostsFile });
  expect(verdict).toMatchObject({
    stage: 'http',
    cause: isOverride ? 'hosts-file-override' : cause,
    detail: `our words; line 4 of ${hostsFile} says that the host is 192.0.2.3`,
    ...more,
  });
});

test.each<[string, string, Partial<NameFactsOptions>]>([
  [
    'behind an HTTP proxy',
    `https://${HOST}`,
    { httpProxies: readHttpProxySettings({ HTTPS_PROXY: 'p.test' }) },
  ],
  ['localhost', 'http://localhost:1', {}],
  ['an address', 'http://192.0.2.2', {}],
  ['another name', 'https://other.test', {}],
])('the hosts file says nothing of %s', async (_name, url, options) => {
  await using dir = await makeTempDir();
  const hostsFile = dir.join('hosts');
  await writeFile(hostsFile, `192.0.2.2 localhost ${HOST} 192.0.2.2\n`);
  const verdict = failed('connection-refused');
  expect(await explained(verdict, { hostsFile, ...options }, url)).toEqual(verdict);
});

test('a healthy candidate stays as it is', async () => {
  const verdict: Verdict = { kind: 'unknown', reason: 'forbidden', status: 403, phases: {} };
  expect(await explained(verdict, { thorough: true })).toBe(verdict);
});

test.each<[string, Cause, readonly DnsAnswer[], string]>([
  ['one does not know the name', 'dns-not-found', ['nxdomain', ['127.0.0.1']], 'dns dns-answers-differ'],
  ['one fails', 'dns-failed', ['servfail', ['127.0.0.1']], 'dns dns-answers-differ'],
  ['one refuses', 'dns-refused', ['refused', ['127.0.0.1']], 'dns dns-answers-differ'],
  ['one is silent', 'dns-timeout', ['silent', ['127.0.0.1']], 'dns dns-answers-differ'],
  ['none knows the name', 'dns-not-found', ['nxdomain', 'nxdomain'], 'http dns-not-found'],
  ['both know it by now', 'dns-failed', [['127.0.0.1'], ['127.0.0.1']], 'http dns-failed'],
  [
    'one address can be reached',
    'connection-refused',
    [['127.0.0.9'], ['127.0.0.1']],
    'dns dns-answers-differ',
  ],
  ['both can be reached', 'connect-timeout', [['127.0.0.1'], ['127.0.0.1']], 'http connect-timeout'],
  ['none can be reached', 'connection-refused', [['127.0.0.8'], ['127.0.0.9']], 'http connection-refused'],
  ['another failure', 'tls-expired', ['nxdomain', ['127.0.0.1']], 'http tls-expired'],
  ['one name server alone', 'dns-failed', ['servfail'], 'http dns-failed'],
])('name servers asked apart: %s', async (_name, cause, answers, expected) => {
  // Linux answers on all of 127.0.0.0/8 and listens on 127.0.0.1 alone; elsewhere nothing answers on the others at all.
  await using server = await startProxy();
  const servers = await Promise.all(answers.map((otherwise) => startDnsServer({ otherwise })));
  const nameServers = servers.map(({ port }) => `127.0.0.1:${port}`);
  const url = `http://${HOST}:${server.port}`;
  const hostsFile = '/nonexistent/hosts';
  const verdict = await explained(failed(cause), { hostsFile, nameServers, thorough: true }, url);
  const hasty = await explained(failed(cause), { hostsFile, nameServers }, url);
  await Promise.all(servers.map((one) => one.close()));
  expect(brief(verdict)).toBe(expected);
  expect(brief(hasty)).toBe(`http ${cause}`);
  if (verdict.kind === 'unhealthy' && expected.endsWith('differ')) {
    for (const one of nameServers) expect(verdict.detail).toContain(one);
    expect(verdict.detail).toMatch(/\(our words\)$/);
  }
});
