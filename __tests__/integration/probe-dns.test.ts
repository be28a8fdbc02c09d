import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { Verdict } from '../../src/proxy/verdict.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import { brief } from '../support/probing.ts';

const SCRIPT = path.join(import.meta.dirname, '../support/probe-in-namespace.ts');

test('names without answer, without address, and addresses without answer, beside healthy ones', async () => {
  const support = await canUnshare();
  if (!support.ok) {
    process.stderr.write(`skipped: DNS and black hole faults (${support.reason})\n`);
    return;
  }
  const started = performance.now();
  const { exitCode, stdout, stderr } = await runInNamespace(SCRIPT, [], {
    resolvConf: 'search corp.test\nnameserver 127.0.0.1\n',
    hosts: '127.0.0.1 localhost\n127.0.0.1 in-hosts.test\n',
    silent: ['192.0.2.0/25'],
    unreachable: ['198.51.100.0/24'],
    timeoutMs: 30_000,
  });
  const tookMs = performance.now() - started;
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  const { elapsedMs, verdicts } = JSON.parse(stdout) as {
    elapsedMs: number;
    verdicts: Record<string, Verdict>;
  };
  expect(
    Object.fromEntries(Object.entries(verdicts).map(([host, verdict]) => [host, brief(verdict)])),
  ).toEqual({
    'silent.test': 'dns dns-timeout',
    'silent2.test': 'dns dns-timeout',
    'silent3.test': 'dns dns-timeout',
    'servfail.test': 'dns dns-failed',
    'missing.test': 'dns dns-not-found',
    'blackhole.test': 'tcp connect-timeout',
    '198.51.100.9': 'tcp unreachable',
    'half.test': 'healthy',
    'healthy.test': 'healthy',
    healthy: 'healthy',
    'in-hosts.test': 'healthy',
  });
  expect(elapsedMs).toBeLessThan(2500 + 2000);
  // getaddrinfo would hold the end of the process for ten seconds and more.
  expect(tookMs - elapsedMs).toBeLessThan(7000);
});
