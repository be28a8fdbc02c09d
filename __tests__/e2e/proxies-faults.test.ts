import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import type { CertificateVariant } from '../support/certificates.ts';
import type { Fault } from '../support/faults.ts';
import { annotationsOf, annotationTexts, harmOf, makeSite, readReport } from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';

const modules = makeModuleSet(4, { totalBytes: 40_000 });

let certificates: CertificateSet;
beforeAll(async () => {
  certificates = await makeCertificateSet();
});
afterAll(async () => {
  await certificates.directory[Symbol.asyncDispose]();
});

/** What is wrong, the stage and cause that the report must name, and the id of the annotation. */
interface Row {
  readonly name: string;
  readonly stage: string;
  readonly cause: string;
  readonly id?: string;
  readonly faults?: readonly Fault[];
  readonly certificate?: CertificateVariant;
  /** Silence is cut for a healthy one's sake, unless the table wants to see the deadline. */
  readonly alone?: true;
}

const ROWS: readonly Row[] = [
  { name: 'dead', stage: 'tcp', cause: 'connection-refused', faults: [{ kind: 'refuse' }] },
  {
    name: 'stalled in TLS',
    stage: 'tls',
    cause: 'too-slow',
    faults: [{ kind: 'tls-stall' }],
    certificate: 'good',
  },
  {
    name: 'never an answer',
    stage: 'http',
    cause: 'headers-timeout',
    faults: [{ match: 'any', kind: 'headers-never' }],
  },
  {
    name: 'half a body',
    stage: 'http',
    cause: 'body-timeout',
    faults: [{ match: 'mod', kind: 'body-stall' }],
  },
  { name: 'unknown authority', stage: 'tls', cause: 'tls-unknown-authority', certificate: 'unknownCaSent' },
  { name: 'self-signed', stage: 'tls', cause: 'tls-self-signed', certificate: 'selfSigned' },
  { name: 'expired', stage: 'tls', cause: 'tls-expired', certificate: 'expired' },
  { name: 'not yet valid', stage: 'tls', cause: 'tls-not-yet-valid', certificate: 'notYetValid' },
  { name: 'wrong host', stage: 'tls', cause: 'tls-wrong-host', certificate: 'wrongHost' },
  { name: 'incomplete chain', stage: 'tls', cause: 'tls-incomplete-chain', certificate: 'incompleteChain' },
  {
    name: 'plain HTTP on a TLS port',
    stage: 'tls',
    cause: 'plain-http-on-tls-port',
    faults: [{ kind: 'plain-http-on-tls-port' }],
    certificate: 'good',
  },
  {
    name: 'captive portal',
    stage: 'content',
    cause: 'captive-portal',
    faults: [{ match: 'any', kind: 'captive-portal' }],
  },
  {
    name: 'a web site that is no proxy',
    stage: 'content',
    cause: 'wrong-content',
    faults: [{ match: /mod\d/, kind: 'html-200' }],
  },
  {
    name: '500',
    stage: 'http',
    cause: 'http-status',
    faults: [{ match: 'any', kind: 'status', status: 500 }],
  },
  {
    name: '503',
    stage: 'http',
    cause: 'http-status',
    faults: [{ match: 'any', kind: 'status', status: 503 }],
  },
  {
    name: '429',
    stage: 'http',
    cause: 'http-status',
    id: 'http-too-many-requests',
    faults: [{ match: 'any', kind: 'status', status: 429 }],
  },
  {
    name: 'redirect loop',
    stage: 'http',
    cause: 'redirect-loop',
    faults: [{ match: 'any', kind: 'redirect-loop' }],
  },
  {
    name: 'redirect to http',
    stage: 'http',
    cause: 'redirect-insecure',
    faults: [{ match: 'any', kind: 'redirect-to-http' }],
    certificate: 'good',
  },
  {
    name: 'endless body',
    stage: 'content',
    cause: 'too-large',
    faults: [{ match: 'any', kind: 'endless-body' }],
  },
  {
    name: 'wrong .mod',
    stage: 'content',
    cause: 'wrong-hash',
    faults: [{ match: 'mod', kind: 'wrong-bytes' }],
  },
  {
    name: 'wrong zip',
    stage: 'content',
    cause: 'wrong-hash',
    faults: [{ match: 'zip', kind: 'wrong-bytes' }],
  },
  {
    name: 'another version',
    stage: 'content',
    cause: 'invalid-info',
    faults: [{ match: 'info', kind: 'wrong-version-info' }],
  },
  {
    name: 'cut off',
    stage: 'http',
    cause: 'truncated',
    faults: [{ match: 'mod', kind: 'truncate', framing: 'content-length' }],
  },
  {
    name: 'reset',
    stage: 'http',
    cause: 'connection-reset',
    faults: [{ match: 'any', kind: 'reset-before-headers' }],
  },
  {
    name: 'closed without an answer',
    stage: 'http',
    cause: 'closed-early',
    faults: [{ match: 'any', kind: 'close-before-headers' }],
  },
  {
    name: 'nonsense',
    stage: 'http',
    cause: 'protocol-error',
    faults: [{ match: 'any', kind: 'garbage-before-headers' }],
  },
  {
    name: 'compressed',
    stage: 'content',
    cause: 'encoded-body',
    faults: [{ match: 'any', kind: 'gzip-encoded' }],
  },
];

describe('beside a healthy candidate, which is chosen', () => {
  test.concurrent.each(ROWS)(
    '$name: $stage $cause',
    async ({ stage, cause, id = cause, faults = [], certificate }) => {
      const tls = certificate === undefined ? {} : { tls: certificates.files[certificate] };
      await using broken = await startProxy({ modules, faults, ...tls });
      await using healthy = await startProxy({ modules });
      await using site = await makeSite({ modules });
      const job = await site.job({
        inputs: { proxies: `${broken.url}\n${healthy.url}` },
        env: { SSL_CERT_FILE: certificates.files.caFile },
      });
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env['GOPROXY']).toBe(healthy.url);
      expect(job.main.outputs['failure-class']).toBe('none');
      expect(job.main.outputs['modules-fetched']).toBe(`${modules.length}`);
      const report = await readReport(job.main);
      expect(report.plan.candidates[0]?.verdict).toMatchObject({ kind: 'unhealthy', stage, cause });
      const [annotation, ...more] = annotationsOf(job.main);
      expect(more).toEqual([]);
      expect(annotation?.name).toBe('warning');
      expect(annotation?.properties['title']).toBe(`setup-goproxy: ${id}`);
      expect(annotation?.message).toContain(broken.url);
      expect(annotation?.message.slice(0, 300)).toMatch(/Remedy: \S+/);
      expect(annotationsOf(job.post)).toEqual([]);
    },
  );
});

test.concurrent('silence alone ends at probe-timeout with the stage it was in', async () => {
  await using silent = await startProxy({ faults: [{ match: 'any', kind: 'headers-never' }] });
  await using site = await makeSite({ modules });
  const job = await site.job({ inputs: { proxies: silent.url, 'probe-timeout': '500ms' } });
  expect(harmOf(job)).toEqual([]);
  const report = await readReport(job.main);
  expect(report.plan.candidates[0]?.verdict).toMatchObject({ stage: 'http', cause: 'headers-timeout' });
  expect(job.main.env['GOPROXY']).toBeUndefined();
});

test.concurrent('many with the same cause are one annotation that names them', async () => {
  await using one = await startProxy({ faults: [{ kind: 'refuse' }] });
  await using two = await startProxy({ faults: [{ kind: 'refuse' }] });
  await using three = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
  await using healthy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const job = await site.job({
    inputs: { proxies: [one, two, three, healthy].map(({ url }) => url).join() },
  });
  expect(harmOf(job)).toEqual([]);
  expect(annotationsOf(job.main).map(({ properties }) => properties['title'])).toEqual([
    'setup-goproxy: connection-refused',
    'setup-goproxy: http-status',
  ]);
  const [refused = ''] = annotationTexts(job.main);
  expect(refused).toContain(one.url);
  expect(refused).toContain(two.url);
});

test.concurrent('a name that cannot be resolved', async () => {
  await using healthy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const job = await site.job({ inputs: { proxies: `https://${'a'.repeat(64)}.invalid\n${healthy.url}` } });
  expect(harmOf(job)).toEqual([]);
  expect(job.main.env['GOPROXY']).toBe(healthy.url);
  expect((await readReport(job.main)).plan.candidates[0]?.verdict).toMatchObject({
    kind: 'unhealthy',
    stage: 'dns',
  });
});

const UNKNOWN: readonly (readonly [number, string])[] = [
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [410, 'not-found'],
];
test.concurrent.each(UNKNOWN)('%d says nothing of its health: it keeps its place', async (status, reason) => {
  await using closed = await startProxy({ faults: [{ match: 'any', kind: 'status', status }] });
  await using healthy = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const inputs = { proxies: `${closed.url}\n${healthy.url}`, prefetch: 'false' };
  const job = await site.job({ inputs });
  expect(harmOf(job)).toEqual([]);
  expect(job.main.env['GOPROXY']).toBe(`${closed.url},${healthy.url}`);
  expect((await readReport(job.main)).plan.candidates[0]?.verdict).toMatchObject({ kind: 'unknown', reason });
  expect(annotationsOf(job.main, 'warning')).toEqual([]);
});

const REFUSED: readonly (readonly [number, boolean])[] = [
  [401, false],
  [403, false],
  [404, true],
  [410, true],
];
test.concurrent.each(REFUSED)(
  '%d of every file, before a comma: the next is asked: %s',
  async (status, isAsked) => {
    await using closed = await startProxy({ faults: [{ match: 'any', kind: 'status', status }] });
    await using healthy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { proxies: `${closed.url}\n${healthy.url}` } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.outputs).toMatchObject(
      isAsked
        ? { 'modules-fetched': `${modules.length}`, 'modules-failed': '0' }
        : { 'modules-fetched': '0', 'modules-failed': `${modules.length}` },
    );
    const { prefetch } = await readReport(job.main);
    const asked = prefetch?.proxies.find(({ label }) => label === healthy.url)?.asked ?? 0;
    expect(asked > 0).toBe(isAsked);
  },
);
