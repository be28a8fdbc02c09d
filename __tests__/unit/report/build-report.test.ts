import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { findingsOfPrefetch } from '../../../src/diagnosis/prefetch-findings.ts';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import type { GoEnv } from '../../../src/go/go-env.ts';
import { buildChain, type Fallback } from '../../../src/proxy/chain.ts';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { buildReport, type ReportParts } from '../../../src/report/build-report.ts';
import { KEY, restored } from '../../support/sample-cache.ts';
import { FOUND, question } from '../../support/sample-later.ts';
import { failed, PROXY_B, placed, ran, tally } from '../../support/sample-prefetch.ts';
import { asCandidates, DEAD, healthy, REFUSED, UNMEASURED } from '../proxy/builders.ts';

const GO = 'https://proxy.golang.org';
const CN = 'https://goproxy.cn';
const A = 'https://a.example';
const B = 'https://b.example';
const FAST = healthy(50);
const SLOW = healthy(500);

interface Case {
  readonly proxies?: readonly string[];
  readonly mirrors?: string;
  /** In the order of candidates, then standby. */
  readonly verdicts: readonly Verdict[];
  readonly fallback?: Fallback;
  readonly goproxy?: string;
  readonly mode?: ReportParts['mode'];
}

function partsOf(one: Case): ReportParts {
  const { proxies = [], mirrors = '', verdicts, fallback = 'auto', mode = 'setup' } = one;
  const goproxy = one.goproxy ?? `${GO},direct`;
  const plan = asCandidates(planProxies({ proxies: proxies.join('\n'), mirrors, goproxy }));
  const probed = [...plan.candidates, ...plan.standby].flatMap((candidate, index) => {
    const verdict = verdicts[index];
    return verdict === undefined ? [] : [{ candidate, verdict }];
  });
  const decision = buildChain({ plan, probed, workload: { files: 0, bytes: 0 }, fallback, direct: 'auto' });
  const standby = { asked: false, reason: '' };
  const sumdb = { reason: 'GOSUMDB stays.', warnings: [] };
  const asFound = { value: goproxy, exported: false, origin: 'default' } as never;
  const goEnv: GoEnv = {
    values: new Map([['GOPROXY', goproxy]]),
    source: 'go',
    envFile: new Map(),
    origin: () => 'default',
    isSet: () => false,
  };
  const isExported = decision.kind === 'export' && mode === 'setup';
  return {
    actionVersion: '0.1.0',
    step: 'main',
    mode,
    startedAt: new Date(0),
    durations: [],
    goEnv,
    merged: { goprivate: '', gonoproxy: '', gonosumdb: '', assignments: new Map() },
    wanted: { files: [], modules: 0, privateModules: 0, problems: [], notes: [] },
    presence: { missing: [], wrong: [], presentFiles: 0, checkedBytes: 0, wholeness: 'empty', notes: [] },
    plan,
    use: { kind: 'first', baseline: { GOPROXY: asFound, GOSUMDB: asFound } },
    choice: { probed, decision, sumdb, standby, kept: [], sizes: [], contacted: ['a.example'] },
    sumdb,
    exports: { exports: isExported ? [{ name: 'GOPROXY', value: decision.goproxy }] : [], withheld: [] },
    findings: findingsOfProbe(probed),
    notes: [],
  };
}

describe('candidates', () => {
  const lowest = 'the lowest estimate';
  test.each<[string, Case, readonly (string | undefined)[]]>([
    ['the only one', { proxies: [A], verdicts: [FAST] }, ['the only candidate']],
    ['the only one, a file', { proxies: ['file:///srv'], verdicts: [UNMEASURED] }, ['the only candidate']],
    [
      'the only one left',
      { proxies: [A, B], verdicts: [DEAD, FAST] },
      [undefined, 'the only candidate that can be used'],
    ],
    ['two', { proxies: [A, B], verdicts: [FAST, SLOW] }, [lowest, `${lowest} of the rest`]],
    [
      'two as fast',
      { proxies: [A, B], verdicts: [FAST, healthy(49)] },
      [
        `configured before ${B}, which is not fast enough to pass it (by 30 % and 100 ms)`,
        `${lowest} of the rest`,
      ],
    ],
    [
      'one passed over',
      { proxies: [A, B], verdicts: [FAST, SLOW], fallback: 'none' },
      [lowest, `${lowest} of the rest, and not in the chain`],
    ],
    [
      'a standby',
      { mirrors: CN, verdicts: [DEAD, FAST] },
      [undefined, 'a standby mirror, used because no candidate is healthy'],
    ],
  ])('%s: why it has its place', (_name, one, reasons) => {
    expect(buildReport(partsOf(one)).plan.candidates.map(({ reason }) => reason)).toEqual(reasons);
  });

  test.each<[string, Case, readonly boolean[]]>([
    ['exported', { proxies: [A, B], verdicts: [DEAD, FAST] }, [false, true]],
    ['with userinfo', { proxies: ['https://u:p@a.example', B], verdicts: [FAST, FAST] }, [true, true]],
    ['inherited, and it stays', { goproxy: `${A},${B}`, verdicts: [DEAD, FAST] }, [true, true]],
    ['nothing is healthy', { proxies: [A], verdicts: [DEAD] }, [false]],
    ['only measured', { proxies: [A], verdicts: [FAST], mode: 'diagnose' }, [false]],
  ])('%s: whether it is in the chain', (_name, one, inChain) => {
    expect(buildReport(partsOf(one)).plan.candidates.map((candidate) => candidate.inChain)).toEqual(inChain);
  });
});

test('a skipped entry has its reason and place, and not itself again', () => {
  const { skipped } = buildReport(partsOf({ proxies: [A, A], verdicts: [FAST] })).plan;
  expect(skipped).toEqual([{ entry: A, reason: 'the same base URL is there already (entry 2 of proxies)' }]);
});

describe('the prefetch', () => {
  const parts = partsOf({ proxies: [A], verdicts: [FAST] });
  const prefetch = ran([placed('m.example/x')], {
    contacted: ['a.example', 'storage.example'],
    tallies: [tally(PROXY_B, { asked: 0 })],
  });

  test('is told once it is decided, and its hosts join those of the probe', () => {
    expect(buildReport(parts)).not.toHaveProperty('prefetch');
    expect(buildReport(parts).hosts).toEqual(['a.example']);
    const report = buildReport({ ...parts, prefetch });
    expect(report.prefetch).toMatchObject({ status: 'ran', modulesFetched: 1 });
    expect(report.hosts).toEqual(['a.example', 'storage.example']);
  });

  test('a finding keeps what it says of this job', () => {
    const [finding] = findingsOfPrefetch(ran([failed('m.example/x', 'not-found')]), {
      isPublicChain: false,
      hasDirect: false,
      prefetchInput: 'auto',
    });
    const about = { ...finding!, subject: A };
    expect(buildReport({ ...parts, findings: [about] }).findings[0]?.consequence).toBe(
      'go asks again when it needs it',
    );
  });
});

describe('the module cache', () => {
  const parts = partsOf({ proxies: [A], verdicts: [FAST] });

  test('is told once it is decided, and its store is a host that was contacted', () => {
    expect(buildReport(parts)).not.toHaveProperty('cache');
    const report = buildReport({ ...parts, restore: restored([]) });
    expect(report.cache).toMatchObject({ status: 'restored', exact: true });
    expect(report.hosts).toEqual(['a.example', 'store.example']);
    expect(buildReport({ ...parts, restore: { kind: 'miss', key: KEY, hosts: [] } }).hosts).toEqual([
      'a.example',
    ]);
  });

  test('extracted trees are told by the first use only', () => {
    expect(buildReport(parts)).not.toHaveProperty('extractedTrees');
    expect(buildReport({ ...parts, extractedTrees: 0 }).extractedTrees).toBe(0);
    expect(buildReport({ ...parts, extractedTrees: 3 }).extractedTrees).toBe(3);
    const use = { kind: 'reuse' } as ReportParts['use'];
    expect(buildReport({ ...parts, use, extractedTrees: 3 })).not.toHaveProperty('extractedTrees');
  });
});

test('later steps are in the report, bounded, once something was decided about them', () => {
  const parts = partsOf({ verdicts: [FAST] });
  expect(buildReport(parts)).not.toHaveProperty('laterSteps');
  const asked = Array.from({ length: 30 }, (_, id) => question(`m.example/${id}`));
  const { laterSteps } = buildReport({ ...parts, laterSteps: { ...FOUND, asked } });
  expect(laterSteps).toEqual({ ...FOUND, asked: asked.slice(0, 20) });
});

describe('what became of a candidate', () => {
  const consequences = (one: Case) =>
    buildReport(partsOf(one)).findings.map(({ consequence }: Finding) => consequence);
  test.each<[string, Case, readonly (string | undefined)[]]>([
    [
      'left out, and the job goes on',
      { proxies: [A, B], verdicts: [DEAD, FAST] },
      [`left out of GOPROXY, the job goes on with ${B}`],
    ],
    [
      'left out, and nobody knows the other',
      { proxies: [A, B], verdicts: [DEAD, REFUSED] },
      ['left out of GOPROXY', 'it keeps its place in GOPROXY'],
    ],
    ['inherited', { goproxy: `${A},${B}`, verdicts: [DEAD, FAST] }, ['it stays in GOPROXY']],
    [
      'a standby',
      { mirrors: `${CN}\nhttps://goproxy.io`, verdicts: [DEAD, DEAD, FAST] },
      ['left out of GOPROXY, the job goes on with https://goproxy.io', undefined],
    ],
    ['none is healthy: one speaks for all', { proxies: [A], verdicts: [DEAD] }, [undefined, undefined]],
    ['only measured', { proxies: [A, B], verdicts: [DEAD, FAST], mode: 'diagnose' }, [undefined]],
  ])('%s', (_name, one, expected) => {
    expect(consequences(one)).toEqual(expected);
  });
});
