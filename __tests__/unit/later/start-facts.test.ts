import { describe, expect, test } from '@jest/globals';
import { startFactsOf } from '../../../src/later/start-facts.ts';

const REPORT = {
  schema: 1,
  startedAt: '2026-11-21T06:00:00.000Z',
  plan: {
    candidates: [
      { label: 'https://a.example', verdict: { kind: 'healthy', figures: { firstByteMs: 21.5 } } },
      { label: 'https://b.example', verdict: { kind: 'unhealthy', stage: 'tcp' } },
    ],
  },
  prefetch: { failures: [{ module: 'c.example/x', version: 'v1.0.0', kind: 'zip' }] },
};

describe('startFactsOf', () => {
  test('has who was healthy and what failed', () => {
    expect(startFactsOf(JSON.stringify(REPORT))).toEqual({
      startedAtMs: Date.UTC(2026, 10, 21, 6),
      healthy: new Map([['https://a.example', 21.5]]),
      failed: new Set(['c.example/x@v1.0.0']),
      isSearched: false,
    });
  });

  test('knows whether later steps were searched, and something was found', () => {
    const told = (status: string) =>
      startFactsOf(JSON.stringify({ ...REPORT, laterSteps: { status } }))?.isSearched;
    expect(['found', 'nothing-found', 'skipped'].map(told)).toEqual([true, false, false]);
  });

  test('needs neither candidates nor a prefetch', () => {
    const { schema, startedAt } = REPORT;
    expect(startFactsOf(JSON.stringify({ schema, startedAt }))).toMatchObject({ healthy: new Map() });
  });

  test.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another schema', JSON.stringify({ ...REPORT, schema: 2 })],
    ['no time', JSON.stringify({ ...REPORT, startedAt: 'yesterday' })],
  ])('%s is no report', (_name, text) => {
    expect(startFactsOf(text)).toBeUndefined();
  });

  test.each([
    ['plan', 7],
    ['plan', { candidates: 'all' }],
    ['plan', { candidates: [null, 3, {}, { label: 'x', verdict: { kind: 'healthy', figures: null } }] }],
    ['prefetch', []],
    ['prefetch', { failures: { length: 3 } }],
  ])('what is not of its type is not there: %s %j', (key, value) => {
    const facts = startFactsOf(
      JSON.stringify({ ...REPORT, plan: undefined, prefetch: undefined, [key]: value }),
    );
    expect(facts).toMatchObject({ healthy: new Map(), failed: new Set() });
  });
});
