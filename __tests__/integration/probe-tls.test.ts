import { existsSync } from 'node:fs';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Network } from '../../src/proxy/http-client.ts';
import { probeAll } from '../../src/proxy/probe-phase.ts';
import { loadTrust } from '../../src/proxy/trust.ts';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import type { CertificateVariant } from '../support/certificates.ts';
import { startClientCertificateServer } from '../support/client-certificate-server.ts';
import type { Fault } from '../support/faults.ts';
import { makeModule } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
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
import { makeTempDir } from '../support/temp.ts';

const MODULE = makeModule({ path: 'example.com/tls', version: 'v1.0.0', sizeBytes: 10_000 });

/** Where go looks first on Debian, Fedora and Alpine (crypto/x509/root_linux.go). */
const SYSTEM_STORES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

let set: CertificateSet;
let network: Network;
beforeAll(async () => {
  set = await makeCertificateSet();
  network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: set.files.caFile } });
});
afterAll(async () => {
  await set.directory[Symbol.asyncDispose]();
});

interface Row {
  readonly name: string;
  readonly certificate?: CertificateVariant;
  readonly faults?: readonly Fault[];
  readonly verdict: string;
  readonly timeoutMs?: number;
}

const rows: readonly Row[] = [
  {
    name: 'an authority that is not trusted',
    certificate: 'unknownCa',
    verdict: 'tls tls-unknown-authority',
  },
  {
    name: 'an authority that is not trusted, sent along',
    certificate: 'unknownCaSent',
    verdict: 'tls tls-unknown-authority',
  },
  { name: 'no intermediate', certificate: 'incompleteChain', verdict: 'tls tls-incomplete-chain' },
  { name: 'a self-signed certificate', certificate: 'selfSigned', verdict: 'tls tls-self-signed' },
  { name: 'an expired certificate', certificate: 'expired', verdict: 'tls tls-expired' },
  { name: 'a certificate of the future', certificate: 'notYetValid', verdict: 'tls tls-not-yet-valid' },
  { name: 'a certificate for another host', certificate: 'wrongHost', verdict: 'tls tls-wrong-host' },
  {
    name: 'plain HTTP on the port',
    faults: [{ kind: 'plain-http-on-tls-port' }],
    verdict: 'tls plain-http-on-tls-port',
  },
  { name: 'FIN on the ClientHello', faults: [{ kind: 'close-on-hello' }], verdict: 'tls tls-closed' },
  {
    name: 'RST on the ClientHello',
    faults: [{ kind: 'close-on-hello', reset: true }],
    verdict: 'tls tls-closed',
  },
  {
    name: 'no answer to the ClientHello',
    faults: [{ kind: 'tls-stall' }],
    verdict: 'tls tls-timeout',
    timeoutMs: 1000,
  },
  { name: 'a redirect to http', faults: [{ kind: 'redirect-to-http' }], verdict: 'http redirect-insecure' },
];

describe('a broken https candidate beside a healthy one', () => {
  test.each(rows)(
    '$name: $verdict',
    async ({ certificate = 'good', faults = [], verdict, timeoutMs = 5000 }) => {
      const before = countHandles();
      {
        await using healthy = await startProxy({ modules: [MODULE], tls: set.files.good });
        await using broken = await startProxy({ modules: [MODULE], tls: set.files[certificate], faults });
        const { probed } = await probeAll({
          ...apart([
            askOf(makeCandidate(broken.url), MODULE),
            askOf(makeCandidate(healthy.url, { id: 1 }), MODULE),
          ]),
          timeoutMs,
          network,
        });
        expect(probed.map((one) => brief(one.verdict))).toEqual([verdict, 'healthy']);
        // No request was sent to whom is not trusted.
        if (verdict.startsWith('tls')) expect(broken.requests).toEqual([]);
      }
      expect(await settledHandles(before)).toBeLessThanOrEqual(before);
    },
  );

  test('a redirect to a host whose certificate is wrong is blocked, and the host is named', async () => {
    await using other = await startProxy({ modules: [MODULE], tls: set.files.expired });
    await using own = await startProxy({ modules: [MODULE], tls: set.files.good, redirectZipsTo: other.url });
    const { probed, contacted } = await probeAll({
      ...apart([askOf(makeCandidate(own.url), MODULE)]),
      timeoutMs: 5000,
      network,
    });
    const { verdict } = probed[0]!;
    expect(verdict).toMatchObject({ kind: 'unhealthy', stage: 'tls', cause: 'redirect-blocked' });
    if (verdict.kind === 'unhealthy') expect(verdict.detail).toContain(other.host);
    expect(contacted).toContain(other.host);
  });

  test('a healthy one is timed in every phase', async () => {
    await using server = await startProxy({ modules: [MODULE], tls: set.files.good, hostName: 'localhost' });
    const { probed } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: 5000,
      network,
    });
    const { verdict } = probed[0]!;
    if (verdict.kind !== 'healthy') throw new Error(brief(verdict));
    const { dnsMs, tcpMs, tlsMs, firstByteMs } = verdict.figures.phases;
    for (const ms of [dnsMs, tcpMs, tlsMs, firstByteMs]) expect(ms).toBeGreaterThan(0);
  });
});

describe('a server that ends the handshake with an alert', () => {
  test.each([
    ['TLSv1.2', 'demands', 'tls tls-client-certificate'],
    ['TLSv1.3', 'demands', 'tls tls-client-certificate'],
    ['TLSv1.2', 'cipher', 'tls tls-protocol'],
  ] as const)('%s, %s: %s', async (version, fault, verdict) => {
    const { keyFile, certFile } = set.files.good;
    await using server = await startClientCertificateServer({ keyFile, certFile, version, fault });
    const { probed } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: 5000,
      network,
    });
    expect(brief(probed[0]!.verdict)).toBe(verdict);
  });
});

describe('trust', () => {
  /** Whether a server below the test root is trusted in this environment. */
  async function verdictWith(env: Readonly<Record<string, string>>): Promise<string> {
    await using server = await startProxy({ modules: [MODULE], tls: set.files.good });
    const { probed } = await probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: 5000,
      network: await makeNetwork({ tls: true, env }),
    });
    return brief(probed[0]!.verdict);
  }

  const onLinux = process.platform === 'linux' ? test : test.skip;

  onLinux('comes from SSL_CERT_FILE, every directory of SSL_CERT_DIR and NODE_EXTRA_CA_CERTS', async () => {
    await using dir = await makeTempDir();
    await mkdir(dir.join('empty'));
    await mkdir(dir.join('full'));
    await copyFile(set.files.caFile, dir.join('full', 'root.crt'));
    await mkdir(dir.join('linked'));
    await symlink(set.files.caFile, dir.join('linked', 'root.crt'));
    expect({
      nothing: await verdictWith({}),
      file: await verdictWith({ SSL_CERT_FILE: set.files.caFile }),
      directory: await verdictWith({ SSL_CERT_DIR: `${dir.join('empty')}:${dir.join('full')}` }),
      link: await verdictWith({ SSL_CERT_DIR: dir.join('linked') }),
      empty: await verdictWith({ SSL_CERT_DIR: dir.join('empty') }),
      extra: await verdictWith({ NODE_EXTRA_CA_CERTS: set.files.caFile }),
    }).toEqual({
      nothing: 'tls tls-unknown-authority',
      file: 'healthy',
      directory: 'healthy',
      link: 'healthy',
      empty: 'tls tls-unknown-authority',
      extra: 'healthy',
    });
  });

  onLinux('survives files that are missing, no certificates, or no files, with a note for each', async () => {
    await using dir = await makeTempDir();
    await writeFile(dir.join('junk.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const notes = async (env: Readonly<Record<string, string>>) => (await loadTrust({ env })).notes;
    expect(await notes({ SSL_CERT_FILE: set.files.caFile })).toEqual([]);
    expect(await notes({ SSL_CERT_FILE: dir.join('missing.pem') })).toEqual([
      expect.stringMatching(/^SSL_CERT_FILE names ".*missing\.pem", which cannot be read \(ENOENT\)$/),
    ]);
    expect(await notes({ SSL_CERT_FILE: dir.join('junk.pem') })).toEqual([
      expect.stringMatching(/which holds no certificate in PEM form$/),
    ]);
    expect(await notes({ SSL_CERT_FILE: dir.path })).toEqual([expect.stringMatching(/not a regular file/)]);
    expect(await notes({ SSL_CERT_DIR: dir.join('nowhere') })).toEqual([
      expect.stringMatching(/^SSL_CERT_DIR/),
    ]);
    expect(await notes({ NODE_EXTRA_CA_CERTS: '/dev/zero' })).toEqual([
      expect.stringMatching(/not a regular/),
    ]);
  });
});

test("an authority of the system's store is trusted, and only as long as it is there", async () => {
  const support = await canUnshare();
  const store = SYSTEM_STORES.find((file) => existsSync(file));
  if (!support.ok || store === undefined) {
    process.stderr.write(
      `skipped: the system's store (${support.ok ? 'none of go’s files is here' : support.reason})\n`,
    );
    return;
  }
  const { caFile, good } = set.files;
  const script = path.join(import.meta.dirname, '../support/tls-in-namespace.ts');
  const run = (files: Record<string, string>) =>
    runInNamespace(script, [good.keyFile, good.certFile], { files, timeoutMs: 30_000 });
  expect(await run({ [store]: caFile })).toMatchObject({ exitCode: 0, stdout: 'healthy' });
  expect(await run({})).toMatchObject({ exitCode: 0, stdout: 'tls tls-unknown-authority' });
});
