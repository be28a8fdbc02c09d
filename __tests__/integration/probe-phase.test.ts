import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { probeAll } from '../../src/proxy/probe-phase.ts';
import type { Fault } from '../support/faults.ts';
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

const MODULE = makeModule({ path: 'example.com/phase', version: 'v1.0.0', sizeBytes: 40_000 });
const LONG_MS = 20_000;

/** Verdicts of a quick healthy candidate and one with these faults, in one group or apart. */
async function race(
  faults: readonly Fault[],
  together: boolean,
  timeoutMs: number,
  { endsIdle = false, scheme = 'http' } = {},
) {
  await using quick = await startProxy({ modules: [MODULE] });
  await using other = await startProxy({ modules: [MODULE], faults, sumdb: 'serves' });
  const tasks = [
    askOf(makeCandidate(quick.url), MODULE),
    askOf(makeCandidate(other.url.replace('http:', `${scheme}:`), { id: 1 }), MODULE),
  ];
  const { groups, assignments } = apart(tasks);
  const outcome = await probeAll({
    assignments,
    groups: together ? new Map() : groups,
    endsIdle,
    timeoutMs,
    network: await makeNetwork({ tls: scheme === 'https' }),
  });
  expect(outcome.probed[0]!.verdict.kind).toBe('healthy');
  return { verdict: outcome.probed[1]!.verdict, elapsedMs: outcome.elapsedMs };
}

describe('the end of the phase', () => {
  test.each<{ name: string; faults: readonly Fault[]; verdict: string }>([
    { name: 'has not answered', faults: [{ kind: 'headers-never' }], verdict: 'http too-slow' },
    { name: 'trickles', faults: [{ kind: 'trickle', bytesPerSecond: 2 }], verdict: 'http too-slow' },
    {
      name: 'was right and owes the zip',
      faults: [{ kind: 'headers-never', match: 'zip' }],
      verdict: 'healthy',
    },
    {
      name: 'was right and owes the sumdb',
      faults: [{ kind: 'headers-never', match: 'sumdb' }],
      verdict: 'healthy',
    },
  ])('comes early when the other one of the group $name', async ({ faults, verdict }) => {
    const before = countHandles();
    const raced = await race(faults, true, LONG_MS);
    expect(brief(raced.verdict)).toBe(verdict);
    if (raced.verdict.kind === 'healthy') expect(raced.verdict.figures.firstByteMs).toBeGreaterThan(0);
    // Far from the deadline: the bound is generous, what counts is that it was not waited for.
    expect(raced.elapsedMs).toBeLessThan(LONG_MS / 2);
    expect(await settledHandles(before)).toBeLessThanOrEqual(before);
  });

  test('is the deadline for a candidate of another group', async () => {
    const raced = await race([{ kind: 'headers-never' }], false, 900);
    expect(brief(raced.verdict)).toBe('http headers-timeout');
  });

  test.each<{
    name: string;
    scheme?: string;
    faults: readonly Fault[];
    verdict: string;
    early: boolean;
  }>([
    {
      name: 'early for one without a connection',
      scheme: 'https',
      faults: [{ kind: 'accept-and-silent' }],
      verdict: 'tls too-slow',
      early: true,
    },
    {
      name: 'early for one that only owes the zip',
      faults: [{ kind: 'headers-never', match: 'zip' }],
      verdict: 'healthy',
      early: true,
    },
    {
      name: 'the deadline for one that is asked: it may be slow, and the only one that has its modules',
      faults: [{ kind: 'headers-never' }],
      verdict: 'http headers-timeout',
      early: false,
    },
  ])(
    'across groups, where idle ones are ended, is $name',
    async ({ scheme = 'http', faults, verdict, early }) => {
      const timeoutMs = early ? LONG_MS : 900;
      const raced = await race(faults, false, timeoutMs, { endsIdle: true, scheme });
      expect(brief(raced.verdict)).toBe(verdict);
      if (early) expect(raced.elapsedMs).toBeLessThan(LONG_MS / 2);
    },
  );

  test('leaves the answer about the checksum database open when it comes early, and failed at the deadline', async () => {
    const faults: readonly Fault[] = [{ kind: 'headers-never', match: 'sumdb' }];
    const early = (await race(faults, true, LONG_MS)).verdict;
    const late = (await race(faults, false, 900)).verdict;
    expect(early).toMatchObject({ kind: 'healthy', figures: { sumdb: 'not-asked' } });
    expect(late).toMatchObject({ kind: 'healthy', figures: { sumdb: 'failed' } });
  });

  test('comes at once with the signal', async () => {
    await using server = await startProxy({ modules: [MODULE], faults: [{ kind: 'headers-never' }] });
    const before = countHandles();
    const ended = new AbortController();
    const probing = probeAll({
      ...apart([askOf(makeCandidate(server.url), MODULE)]),
      timeoutMs: LONG_MS,
      network: await makeNetwork(),
      signal: ended.signal,
    });
    ended.abort();
    const { probed, elapsedMs } = await probing;
    expect(probed[0]!.verdict.kind).toBe('unhealthy');
    expect(elapsedMs).toBeLessThan(LONG_MS / 2);
    expect(await settledHandles(before)).toBeLessThanOrEqual(before + 1);
  });
});

describe('a phase', () => {
  test('leaves no socket and no timer behind, whatever was pending', async () => {
    const module = makeModule({ path: 'example.com/alone', version: 'v1.0.0', sizeBytes: 5000 });
    await using healthy = await startProxy({ modules: [module] });
    await using silent = await startProxy({ faults: [{ kind: 'accept-and-silent' }] });
    await using stalled = await startProxy({ modules: [module], faults: [{ kind: 'body-stall' }] });
    const script = path.join(import.meta.dirname, '../support/probe-alone.ts');
    const urls = [
      healthy.url,
      silent.url,
      silent.url.replace('http:', 'https:'),
      stalled.url,
      'http://127.0.0.1:1',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...urls], { timeout: 30_000 });
    expect(JSON.parse(stdout)).toEqual({
      verdicts: [
        'healthy',
        'http headers-timeout',
        'tls tls-timeout',
        'http body-timeout',
        'tcp connection-refused',
      ],
      left: [],
    });
  });

  test('of nobody, and of those who may not be asked, contacts nobody', async () => {
    const network = await makeNetwork();
    const nobody = await probeAll({ ...apart([]), timeoutMs: LONG_MS, network });
    expect(nobody).toMatchObject({ probed: [], contacted: [], requests: 0 });
    const candidate = makeCandidate('http://127.0.0.1:1');
    const silent = await probeAll({
      ...apart([{ kind: 'none', candidate, why: 'kept from it' }]),
      timeoutMs: LONG_MS,
      network,
    });
    expect(silent.probed).toEqual([{ candidate, verdict: { kind: 'unmeasured', why: 'kept from it' } }]);
    expect(silent.contacted).toEqual([]);
  });

  test('keeps a sample of several candidates once', async () => {
    await using one = await startProxy({ modules: [MODULE] });
    await using two = await startProxy({ modules: [MODULE] });
    const { kept } = await probeAll({
      ...apart([askOf(makeCandidate(one.url), MODULE), askOf(makeCandidate(two.url, { id: 1 }), MODULE)]),
      timeoutMs: LONG_MS,
      network: await makeNetwork(),
    });
    expect(kept.map(({ module }) => module)).toEqual([{ path: MODULE.path, version: MODULE.version }]);
  });

  test('survives a network that throws: the cause is internal, the neighbour healthy', async () => {
    await using healthy = await startProxy({ modules: [MODULE] });
    const network = await makeNetwork();
    const { probed } = await probeAll({
      ...apart([
        askOf(makeCandidate('http://name.test'), MODULE),
        askOf(makeCandidate(healthy.url, { id: 1 }), MODULE),
      ]),
      timeoutMs: LONG_MS,
      network: {
        ...network,
        lookup: () => {
          throw new TypeError('our own mistake, with canary words');
        },
      },
    });
    expect(probed.map(({ verdict }) => verdict.kind)).toEqual(['unhealthy', 'healthy']);
    expect(JSON.stringify(probed)).not.toContain('canary');
  });

  test('a zip that trickles tells its throughput also when the others end the phase', async () => {
    await using quick = await startProxy({ modules: [MODULE] });
    await using slow = await startProxy({
      modules: [MODULE],
      faults: [{ kind: 'trickle', match: 'zip', bytesPerSecond: 500 }],
    });
    const { probed } = await probeAll({
      groups: new Map(),
      assignments: [
        askOf(makeCandidate(quick.url), MODULE),
        askOf(makeCandidate(slow.url, { id: 1 }), MODULE),
      ],
      endsIdle: false,
      timeoutMs: LONG_MS,
      network: await makeNetwork(),
    });
    const verdict = probed[1]!.verdict;
    if (verdict.kind !== 'healthy') throw new Error(brief(verdict));
    expect(verdict.figures.bytesPerSecond).toBeLessThan(5000);
  });
});
