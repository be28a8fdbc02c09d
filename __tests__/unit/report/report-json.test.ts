import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';
import type { RestoreOutcome } from '../../../src/modcache/restore-outcome.ts';
import type { PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { cacheFacts } from '../../../src/report/cache-facts.ts';
import { prefetchFacts } from '../../../src/report/prefetch-facts.ts';
import { makeRedactor } from '../../../src/report/redaction.ts';
import type { Report } from '../../../src/report/report.ts';
import { renderReportJson, sealReport } from '../../../src/report/report-json.ts';
import { KEY, restored, wrongEntry } from '../../support/sample-cache.ts';
import { BAD, FOUND, NONE, NOT_FOUND } from '../../support/sample-later.ts';
import {
  answered,
  attempt,
  failed,
  leftToGo,
  PROXY_A,
  PROXY_B,
  placed,
  ran,
  wantedFile,
  wrongHash,
} from '../../support/sample-prefetch.ts';
import { FAST, makeReport, probed, unhealthy } from '../../support/sample-report.ts';

const schema = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));
const isValid = new Ajv({ strict: true, allErrors: true }).compile(schema);
const keep = (text: string): string => text;

function withVerdict(verdict: Verdict): Report {
  return makeReport({ plan: { ...makeReport().plan, candidates: [{ ...FAST, verdict }] } });
}

const TOLD = {
  why: 'exhausted',
  attempts: [answered(PROXY_A, 503, 'infrastructure', 'x'), wrongHash(PROXY_B)],
} as const;
const FETCHED = ran(
  [
    placed('m.example/a', 1_000_000),
    leftToGo('m.example/b'),
    failed('m.example/c', 'integrity', TOLD),
    failed('m.example/d', 'local', { modcache: { code: 'modcache-busy', message: 'busy' } }),
    failed('m.example/e', 'cancelled', { why: 'idle', attempts: [attempt(PROXY_A, 'cancelled')] }),
    ...Array.from({ length: 200 }, (_, id) => failed(`m.example/${id}`, 'not-found', { why: 'not-found' })),
  ],
  { elapsedMs: 512.25, earlyEnd: 'idle' },
);

const RESTORED = restored([wantedFile('m.example/a')], {
  elapsedMs: 512.25,
  cutShort: 'x',
  archive: {
    refused: new Map([['duplicate', 2]] as const),
    wrong: Array.from({ length: 200 }, (_, id) => wrongEntry(`m.example/${id}`)),
  },
});

describe('report.json', () => {
  const { wanted: _wanted, ...unread } = makeReport();
  test.each<[string, Report]>([
    ['a healthy run', makeReport()],
    ['no project', unread],
    ...(
      [
        FETCHED,
        { kind: 'skipped', reason: 'x' },
        { kind: 'impossible', reason: 'x' },
      ] satisfies PrefetchOutcome[]
    ).map((outcome): [string, Report] => [
      `a prefetch: ${outcome.kind}`,
      makeReport({ prefetch: prefetchFacts(outcome) }),
    ]),
    ...(
      [
        RESTORED,
        { kind: 'skipped', reason: 'x' },
        { kind: 'miss', key: KEY, hosts: [] },
        { kind: 'trouble', hosts: [], key: KEY, matchedKey: 'x', reason: 'x' },
      ] satisfies RestoreOutcome[]
    ).map((outcome): [string, Report] => [
      `a cache: ${outcome.kind}`,
      makeReport({ cache: cacheFacts(outcome), extractedTrees: 3 }),
    ]),
    ...(['found', 'nothing-found', 'skipped'] as const).map((status): [string, Report] => [
      `later steps: ${status}`,
      makeReport({ laterSteps: status === 'found' ? FOUND : { ...NONE, status } }),
    ]),
    ['a line of a file', makeReport({ findings: [NOT_FOUND] })],
    ['a second use', makeReport({ secondUse: 'decided before' })],
    ['a status', withVerdict(unhealthy('http-status', { status: 502, body: 'x' }))],
    ['unknown', withVerdict({ kind: 'unknown', reason: 'forbidden', status: 403, body: 'x', phases: {} })],
    ['unmeasured', withVerdict({ kind: 'unmeasured', why: 'file' })],
    [
      'what is to be copied and what became of it',
      makeReport({
        findings: findingsOfSetting({ wrongFiles: ['a'], sumdbWarnings: [] }).map((finding) => ({
          ...finding,
          consequence: 'b',
        })),
      }),
    ],
    [
      'findings',
      makeReport({ findings: findingsOfProbe([probed('https://a.example', unhealthy('truncated'))]) }),
    ],
  ])('%s has the published schema', (_name, report) => {
    isValid(JSON.parse(renderReportJson(report, keep)));
    expect(isValid.errors).toBeNull();
  });

  test.each<[string, object]>([
    ['another schema', { schema: 2 }],
    ['an unknown class', { failureClass: 'bad' }],
    ['an unknown property', { extra: 1 }],
    ['a prefetch without counts', { prefetch: { status: 'ran' } }],
    [
      'an answer that nobody gave',
      {
        prefetch: {
          ...prefetchFacts(FETCHED),
          failures: [{ ...prefetchFacts(FETCHED).failures[0], why: 'so' }],
        },
      },
    ],
    ['a cache without counts', { cache: { status: 'miss' } }],
    [
      'a reason to skip an entry that there is not',
      { cache: { ...cacheFacts(RESTORED), refused: { x: 1 } } },
    ],
    ['21 modules asked for', { laterSteps: { ...FOUND, asked: Array(21).fill(FOUND.asked[0]) } }],
    ['later steps without a status', { laterSteps: { asked: [], traces: 0, ms: 0 } }],
    ['line 0', { findings: [{ ...NOT_FOUND, place: { file: 'go.mod', line: 0 } }] }],
    ['a negative time', { durations: [{ phase: 'x', ms: -1 }] }],
  ])('the schema refuses %s', (_name, change) => {
    expect(isValid({ ...makeReport(), ...change })).toBe(false);
  });

  test('holds no secret, wherever it stood', () => {
    const { redact } = makeRedactor([{ user: 'bob', password: 'canary-p@ss' }]);
    const text = 'https://bob:canary-p%40ss@h/x?sig=canary2 canary-p@ss';
    const report = makeReport({
      notes: [text],
      exported: [{ name: 'GOPROXY', value: text }],
      secondUse: text,
      laterSteps: {
        ...FOUND,
        reason: text,
        asked: [{ ...FOUND.asked[0]!, go: text, evidence: text, answers: [{ ...BAD, body: text }] }],
      },
      cache: cacheFacts({ kind: 'trouble', hosts: [], key: KEY, reason: text, matchedKey: text }),
      prefetch: prefetchFacts(
        ran([failed('m.example/x', 'access', { attempts: [answered(PROXY_A, 403, 'refused', text)] })]),
      ),
    });
    expect(renderReportJson(report, redact)).toContain('"body"');
    expect(renderReportJson(report, redact)).not.toContain('canary');
  });

  test('is inert when it is printed into a log', () => {
    const json = renderReportJson(makeReport({ notes: ['a\n::error::b ##[x]\r\x1b[31m\u2028'] }), keep);
    expect(json).not.toMatch(/::|##\[|[\r\x1b\u2028]/);
    expect(JSON.parse(json).notes).toEqual(['a : :error: :b ## [x]  ']);
  });

  test('has no number that JSON cannot hold', () => {
    const sealed = sealReport(makeReport({ durations: [{ phase: 'x', ms: Number.NaN }] }), keep);
    expect(sealed.durations[0]?.ms).toBeNull();
  });
});
