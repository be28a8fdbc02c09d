import { describe, expect, test } from '@jest/globals';
import { findingsOfCache } from '../../../src/diagnosis/cache-findings.ts';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import { CAUSES } from '../../../src/diagnosis/cause-table.ts';
import { PREFETCH_ENTRIES } from '../../../src/diagnosis/prefetch-entries.ts';
import { findingsOfPrefetch } from '../../../src/diagnosis/prefetch-findings.ts';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';
import { findingsOfToolchain } from '../../../src/diagnosis/toolchain-findings.ts';
import { UNKNOWN_REASONS } from '../../../src/diagnosis/verdict-table.ts';
import type { Cause, Verdict } from '../../../src/proxy/verdict.ts';
import { restored, wrongEntry } from '../../support/sample-cache.ts';
import { failed, leftToGo, PROXY_A, ran, wrongHash } from '../../support/sample-prefetch.ts';
import { probed, unhealthy } from '../../support/sample-report.ts';

const ids: readonly string[] = catalogue().map(({ id }) => id);
const BASE = 'https://a.example';
const REASONS = Object.keys(UNKNOWN_REASONS) as (keyof typeof UNKNOWN_REASONS)[];

describe('the catalogue of diagnoses', () => {
  test('has each id once, and a meaning for each', () => {
    expect(new Set(ids).size).toBe(ids.length);
    for (const { meaning } of catalogue()) expect(meaning).toMatch(/\.$/);
  });

  // That each id is met somewhere is held by the examples.
  test('has every id that a finding can have', () => {
    const unknown = REASONS.map((reason): Verdict => ({ kind: 'unknown', reason, status: 401, phases: {} }));
    const verdicts = [
      ...(Object.keys(CAUSES) as Cause[]).map((cause) => unhealthy(cause)),
      ...[403, 429, 451, 500].map((status) => unhealthy('http-status', { status })),
      ...unknown,
    ];
    const fetching = { isPublicChain: true, hasDirect: true, prefetchInput: true } as const;
    const files = [
      failed('m.example/a', 'integrity', { attempts: [wrongHash(PROXY_A)] }),
      failed('m.example/b', 'access'),
      failed('m.example/c', 'not-found'),
      failed('m.example/d', 'infrastructure', { why: 'network-dead' }),
      failed('m.example/e', 'cancelled', { why: 'timeout' }),
      failed('m.example/f', 'local', { modcache: { code: 'modcache-read-only', message: '' } }),
      failed('m.example/g', 'local', { modcache: { code: 'modcache-corrupt-link', message: '' } }),
      leftToGo('m.example/h'),
    ];
    const because = { kind: 'GOTOOLCHAIN', value: 'go1.25.0' } as const;
    const toolchain = { kind: 'download', toolchain: 'go1.25.0', version: 'v0.0.1', because } as const;
    const tooOld = { kind: 'too-old', file: 'go.mod', required: '1', running: '0', keptBy: 'x' } as const;
    const refused = { kind: 'refused', problem: 'x' } as const;
    const findings = [
      ...findingsOfPrefetch(ran(files), fetching),
      ...findingsOfPrefetch({ kind: 'impossible', reason: 'x' }, fetching),
      ...verdicts.flatMap((verdict) => findingsOfProbe([probed(BASE, verdict)])),
      ...findingsOfToolchain([{ choice: toolchain }, { choice: tooOld }, { choice: refused }]),
      ...findingsOfCache({
        restore: restored([], { archive: { wrong: [wrongEntry('m.example/i')] } }),
        prefetch: ran([]),
        extractedTrees: 1,
      }),
      ...findingsOfSetting({
        wrongFiles: ['a'],
        inheritedWarning: 'b.',
        standbyNotice: 'c.',
        sumdbWarnings: ['d.'],
      }),
    ];
    expect(findings.map(({ id }) => id).filter((id) => !ids.includes(id))).toEqual([]);
  });

  test.each(Object.entries(PREFETCH_ENTRIES))('%s says what, who and what to do', (id, entry) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(entry.title).toMatch(/[^.]$/);
    expect(entry.title.length).toBeLessThan(110);
    expect(entry.remedy.replaceAll(/\{(?:host|name|proxy|removal)\}/g, '')).toMatch(/^[^{}]*\.$/);
  });
});
