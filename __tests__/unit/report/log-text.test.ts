import { describe, expect, test } from '@jest/globals';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { formatBytes, formatMs, formatThroughput } from '../../../src/report/figures.ts';
import { logSections } from '../../../src/report/log-text.ts';
import type { CandidateFacts } from '../../../src/report/report.ts';
import { FAST, makeReport, probed, unhealthy } from '../../support/sample-report.ts';

describe('logSections', () => {
  const sections = logSections(makeReport());
  const all = sections.flatMap(({ lines }) => lines);

  test('one group a phase, none empty', () => {
    expect(sections.map(({ title }) => title)).toEqual([
      'Environment and wanted modules',
      'Candidates',
      'Chain and environment',
      'Hosts contacted and time',
    ]);
  });

  test.each([
    ['go', 'go: go1.26.1'],
    ['the wanted set', 'wanted: 120 modules, 300 files, 4 missing'],
    ['private modules', 'private, asked of nobody or of your own proxies only: 2'],
    ['what was skipped', 'skipped https://:@host: user name and password are blank'],
    ['the standby', 'standby mirrors not asked: a candidate is healthy'],
    ['the chain', 'GOPROXY: https://proxy.golang.org,direct -> https://fast.example'],
    ['its reason', '  https://broken.example left the chain: unhealthy'],
    [
      'what stays, in one line',
      'unchanged: GOSUMDB sum.golang.org, GOPRIVATE (empty), GONOPROXY (empty), GONOSUMDB (empty)',
    ],
    ['why GOSUMDB stays', '  the default stays'],
    ['what is exported', 'exported to later steps: GOPROXY'],
    ['every host', 'hosts contacted: fast.example broken.example'],
    ['the time', 'time: probe 310 ms, export 2.5 ms'],
  ])('tells %s', (_name, line) => {
    expect(all).toContain(line);
  });

  test('candidates by rank, with verdict, phases, figures and place', () => {
    expect(sections[1]?.lines.slice(0, 4)).toEqual([
      '1. https://fast.example    healthy     dns 3 ms, tcp 8 ms, tls 12 ms, first byte 12 ms, 21.3 MB/s, estimate 800 ms, checksums none, 192.0.2.1',
      '   input: the lowest estimate',
      '-  https://broken.example  unhealthy   dns 1 ms',
      '   input: left out, http-status 502 (http: our words (ECODE))',
    ]);
  });

  test.each<[string, CandidateFacts['verdict'], string]>([
    [
      'unknown',
      { kind: 'unknown', reason: 'forbidden', status: 403, phases: {} },
      'its place (forbidden, HTTP status 403)',
    ],
    ['unmeasured', { kind: 'unmeasured', why: 'a file' }, 'its place'],
  ])('why one that is %s has its place', (_name, verdict, why) => {
    const candidates = [{ ...FAST, verdict, reason: 'its place' }];
    const lines = logSections(makeReport({ plan: { ...makeReport().plan, candidates } }))[1]?.lines;
    expect(lines?.[1]).toBe(`   input: ${why}`);
  });

  test('a variable that changed has its reason', () => {
    const checksumDatabase = { before: 'a', after: 'b', reason: 'because' };
    const lines = logSections(makeReport({ checksumDatabase })).flatMap((section) => section.lines);
    expect(lines).toContain('GOSUMDB: a -> b: because');
  });

  test('a finding has evidence, fault, re-run and remedy', () => {
    const findings = findingsOfProbe([probed('https://a.example', unhealthy('unreachable'))]).slice(1);
    const section = logSections(makeReport({ findings })).find(({ title }) => title === 'Findings');
    expect(section?.lines).toEqual([
      'unreachable: https://a.example: there is no route to the host',
      '  http: our words (ECODE)',
      '  dns 1 ms',
      '  fault: network; does a re-run help: maybe',
      expect.stringMatching(/^ {2}remedy: Allow outgoing connections to a\.example/),
    ]);
  });

  test('what is to be copied keeps its indentation', () => {
    const [finding] = findingsOfProbe([probed('https://a.example', unhealthy('unreachable'))]).slice(1);
    const findings = [{ ...finding!, copy: ['- uses: x', '  with: {}'] }];
    expect(logSections(makeReport({ findings })).flatMap(({ lines }) => lines)).toContain('      with: {}');
  });

  test('no go command, no project', () => {
    const { wanted: _wanted, ...rest } = makeReport({ go: { source: 'environment', problem: 'ENOENT' } });
    expect(logSections(rest)[0]?.lines.slice(0, 3)).toEqual([
      'go: not found, defaults are used',
      'go env: ENOENT',
      'wanted: no project was read',
    ]);
  });

  test('a great many notes are counted', () => {
    const notes = Array.from({ length: 150 }, (_, index) => `note ${index}`);
    expect(logSections(makeReport({ notes }))[0]?.lines.at(-1)).toBe('and 50 more');
  });

  test('every line is inert', () => {
    const evil = 'x\r::error::y\n##[add-mask]z\x1b[31m';
    const report = makeReport({
      plan: {
        ...makeReport().plan,
        candidates: [
          { ...FAST, label: evil, reason: evil },
          { ...FAST, label: evil, verdict: { kind: 'unmeasured', why: evil } },
        ],
      },
      notes: [evil],
      hosts: [evil],
      secondUse: evil,
      chain: { ...makeReport().chain, after: evil, reasons: [evil] },
      findings: findingsOfProbe([
        probed('https://a.example', unhealthy('wrong-content', { body: evil })),
      ]).map((finding) => ({ ...finding, copy: [evil], consequence: evil })),
    });
    for (const { lines } of logSections(report)) {
      for (const line of lines) expect(line).not.toMatch(/[\r\n\x1b]|::|##\[/);
    }
  });
});

test.each([
  [999.6, '1.0 s'],
  [8.44, '8.4 ms'],
  [12.4, '12 ms'],
  [1234, '1.2 s'],
  [59_960, '1m0s'],
  [61_000, '1m1s'],
])('formatMs(%d) is %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

test.each([
  [830_400, '830 kB/s'],
  [12_540_000, '12.5 MB/s'],
  [123_400_000, '123 MB/s'],
])('formatThroughput(%d) is %s', (rate, text) => {
  expect(formatThroughput(rate)).toBe(text);
});

test.each([
  [12, '12 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [999_400, '999 kB'],
  [999_600, '1.0 MB'],
  [38_123_456, '38.1 MB'],
  [999_960_000, '1.0 GB'],
])('formatBytes(%d) is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
