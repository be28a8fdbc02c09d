import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { Verdict } from '../../src/proxy/verdict.ts';
import { canUnshare, type NamespaceOptions, runInNamespace } from '../support/namespace.ts';
import { brief } from '../support/probing.ts';

const SCRIPT = path.join(import.meta.dirname, '../support/names-in-namespace.ts');
const TWO_SERVERS = 'nameserver 127.0.0.1\nnameserver 127.0.0.2\n';
const HOSTS = [
  '127.0.0.1 localhost',
  '# the line counts',
  '127.0.0.9 hosts-wrong.test hosts-agrees.test',
  '2001:db8:1::9 six-silent.test',
  '127.0.0.1 six-silent.test',
].join('\n');

/** The verdicts by name; undefined where namespaces are not to be had. */
async function probeNames(
  thoroughness: 'all' | 'as-needed',
  hosts: readonly string[],
  options: NamespaceOptions = {},
): Promise<Readonly<Record<string, Verdict>> | undefined> {
  const support = await canUnshare();
  if (!support.ok) {
    process.stderr.write(`skipped: names in a namespace (${support.reason})\n`);
    return undefined;
  }
  const { exitCode, stdout, stderr } = await runInNamespace(SCRIPT, [thoroughness, ...hosts], {
    resolvConf: TWO_SERVERS,
    hosts: HOSTS,
    silent: ['192.0.2.0/25'],
    timeoutMs: 30_000,
    ...options,
  });
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, Verdict>;
}

const briefs = (verdicts: Readonly<Record<string, Verdict>>) =>
  Object.fromEntries(Object.entries(verdicts).map(([host, verdict]) => [host, brief(verdict)]));
const detailOf = (verdict: Verdict | undefined) =>
  verdict?.kind === 'unhealthy' ? verdict.detail : undefined;

test('mode: diagnose asks each name server apart, and DNS about names of the hosts file', async () => {
  const verdicts = await probeNames('all', [
    'refused.test',
    'servfail.test',
    'missing.test',
    'differ-missing.test',
    'differ-dead.test',
    'same-dead.test',
    'hosts-wrong.test',
    'hosts-agrees.test',
    'localhost:1',
    '127.0.0.9:1',
  ]);
  if (verdicts === undefined) return;
  expect(briefs(verdicts)).toEqual({
    'refused.test': 'dns dns-refused',
    'servfail.test': 'dns dns-failed',
    'missing.test': 'dns dns-not-found',
    'differ-missing.test': 'dns dns-answers-differ',
    'differ-dead.test': 'dns dns-answers-differ',
    'same-dead.test': 'tcp connect-timeout',
    'hosts-wrong.test': 'tcp hosts-file-override',
    'hosts-agrees.test': 'tcp connection-refused',
    'localhost:1': 'tcp connection-refused',
    '127.0.0.9:1': 'tcp connection-refused',
  });
  expect(detailOf(verdicts['differ-missing.test'])).toBe(
    '127.0.0.1 says that it does not exist; 127.0.0.2 says 127.0.0.1 (the name does not exist (ENOTFOUND))',
  );
  expect(detailOf(verdicts['differ-dead.test'])).toMatch(
    /^127\.0\.0\.1 says 192\.0\.2\.8; 127\.0\.0\.2 says 127\.0\.0\.1 \(no TCP connection/,
  );
  expect(detailOf(verdicts['hosts-wrong.test'])).toBe(
    'nothing listens on that port (ECONNREFUSED); line 3 of /etc/hosts says that the host is 127.0.0.9',
  );
  expect(detailOf(verdicts['hosts-agrees.test'])).toMatch(/is 127\.0\.0\.9, and so does DNS$/);
});

test('a job reads the hosts file, and asks name servers nothing more', async () => {
  const verdicts = await probeNames('as-needed', ['differ-missing.test', 'hosts-agrees.test']);
  if (verdicts === undefined) return;
  expect(briefs(verdicts)).toEqual({
    'differ-missing.test': 'dns dns-not-found',
    'hosts-agrees.test': 'tcp hosts-file-override',
  });
});

test('a name server that is not there', async () => {
  const resolvConf = 'nameserver 127.0.0.3\n';
  const verdicts = await probeNames('all', ['missing.test'], { resolvConf });
  if (verdicts === undefined) return;
  expect(briefs(verdicts)).toEqual({ 'missing.test': 'dns dns-refused' });
});

test('IPv6 alone without a route, and IPv6 that is silent beside IPv4', async () => {
  const silentIpv6 = ['2001:db8:1::9'];
  const verdicts = await probeNames('as-needed', ['six-only.test', 'six-silent.test'], { silentIpv6 });
  if (verdicts === undefined) return;
  expect(briefs(verdicts)).toEqual({ 'six-only.test': 'tcp ipv6-unreachable', 'six-silent.test': 'healthy' });
  expect(verdicts['six-silent.test']).toMatchObject({
    figures: { silentIpv6: '2001:db8:1::9', address: '127.0.0.1' },
  });
});
