import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Baseline,
  decideSecondUse,
  decodeUse,
  encodeUse,
  fingerprintInputs,
  hashValue,
  traceVariable,
  type UseRecord,
} from '../../../src/proxy/second-use.ts';

const GO_DEFAULT = 'https://proxy.golang.org,direct';
const OURS = 'https://u:canary@a.example';
const PRINT = fingerprintInputs({ proxies: OURS });
const byDefault: Baseline = { value: GO_DEFAULT, kind: 'default' };
const byPolicy: Baseline = { value: 'https://corp.example', kind: 'inherited' };
const sumDefault: Baseline = { value: 'sum.golang.org', kind: 'default' };

function record(rest: Partial<UseRecord> = {}): UseRecord {
  return {
    fingerprint: PRINT,
    variables: {
      GOPROXY: traceVariable(OURS, true, byDefault),
      GOSUMDB: traceVariable('sum.golang.org', false, sumDefault),
    },
    selected: 'https://a.example',
    chain: 'https://a.example',
    report: '/tmp/runner/report.json',
    ...rest,
  };
}

const withGoproxy = (value: string, exported: boolean, baseline: Baseline) =>
  record({
    variables: { GOPROXY: traceVariable(value, exported, baseline), GOSUMDB: record().variables.GOSUMDB },
  });

interface Case {
  readonly state?: string | undefined;
  readonly goproxy?: string;
  readonly gosumdb?: string;
  readonly fingerprint?: string;
}

const decide = ({ state, goproxy = OURS, gosumdb = 'sum.golang.org', fingerprint = PRINT }: Case) =>
  decideSecondUse({ state, current: { GOPROXY: goproxy, GOSUMDB: gosumdb }, fingerprint });

describe('which use it is', () => {
  const state = encodeUse(record());
  test.each<[string, Case, string]>([
    ['the first, when nothing is there', {}, 'first'],
    ['the first, when it is empty', { state: '' }, 'first'],
    ['reuse, when inputs and GOPROXY are the same', { state }, 'reuse'],
    ['reuse, when only the password differs', { state, goproxy: 'https://u:other@a.example' }, 'reuse'],
    ['again, when the inputs differ', { state, fingerprint: fingerprintInputs({ proxies: 'x' }) }, 'again'],
    ['again, when somebody changed GOPROXY', { state, goproxy: 'https://b.example' }, 'again'],
    ['again, when the userinfo went', { state, goproxy: 'https://a.example' }, 'again'],
    [
      'reuse also when nothing had to be exported',
      { state: encodeUse(withGoproxy(GO_DEFAULT, false, byDefault)), goproxy: GO_DEFAULT },
      'reuse',
    ],
  ])('%s', (_, row, kind) => {
    const decision = decide(row);
    expect(decision.kind).toBe(kind);
    expect(decision).not.toHaveProperty('note');
  });
});

describe('the baseline', () => {
  const other = fingerprintInputs({ proxies: 'other' });
  test.each<[string, Case, Baseline]>([
    ["first use: Go's default", { goproxy: GO_DEFAULT }, byDefault],
    ['first use: empty is the default', { goproxy: '' }, byDefault],
    ['first use: anything else is inherited', { goproxy: byPolicy.value }, byPolicy],
    ['ours over the default is the default', { state: encodeUse(record()), fingerprint: other }, byDefault],
    [
      'ours over a policy stands for it',
      { state: encodeUse(withGoproxy(OURS, true, byPolicy)), fingerprint: other },
      { value: OURS, kind: 'inherited' },
    ],
    [
      'what somebody set after us is inherited',
      { state: encodeUse(record()), goproxy: 'https://b.example' },
      { value: 'https://b.example', kind: 'inherited' },
    ],
    [
      'what we left as it was is as found',
      {
        state: encodeUse(withGoproxy(byPolicy.value, false, byPolicy)),
        goproxy: byPolicy.value,
        fingerprint: other,
      },
      byPolicy,
    ],
    [
      'a record that calls a found value ours by default does not make it so',
      { state: encodeUse(withGoproxy('off', false, byDefault)), goproxy: 'off', fingerprint: other },
      { value: 'off', kind: 'inherited' },
    ],
  ])('%s', (_, row, expected) => {
    expect(decide(row).baseline.GOPROXY).toEqual(expected);
  });

  test('each variable for itself', () => {
    const pinned = 'sum.golang.org https://sum.golang.org';
    const state = encodeUse(
      record({
        variables: { GOPROXY: record().variables.GOPROXY, GOSUMDB: traceVariable(pinned, true, sumDefault) },
      }),
    );
    const { baseline } = decide({ state, goproxy: 'https://b.example', gosumdb: pinned });
    expect(baseline).toEqual({
      GOPROXY: { value: 'https://b.example', kind: 'inherited' },
      GOSUMDB: sumDefault,
    });
    expect(decide({ state, gosumdb: 'off' }).baseline.GOSUMDB).toEqual({ value: 'off', kind: 'inherited' });
  });
});

describe('what is read back may come from anybody', () => {
  const good = JSON.parse(encodeUse(record())) as Record<string, unknown>;
  const variables = good['variables'] as Record<string, unknown>;
  const goproxy = variables['GOPROXY'] as Record<string, unknown>;
  const withVariable = (change: object) => ({
    ...good,
    variables: { ...variables, GOPROXY: { ...goproxy, ...change } },
  });
  test.each<[string, unknown]>([
    ['another schema', { ...good, schema: 2 }],
    ['no schema', { ...good, schema: undefined }],
    ['no object', 'x'],
    ['null', null],
    ['a list', []],
    ['no variables', { ...good, variables: null }],
    ['a variable missing', { ...good, variables: { GOPROXY: goproxy } }],
    ['a fingerprint that is none', { ...good, fingerprint: 'x' }],
    ['a hash that is none', withVariable({ hash: `${'0'.repeat(31)}G` })],
    ['no flag', withVariable({ exported: 'true' })],
    ['another baseline', withVariable({ baseline: 'off' })],
    ['a number for a text', { ...good, selected: 1 }],
    ['a line end', { ...good, chain: 'x\n::error::y' }],
    ['an escape sequence', { ...good, report: '\u001b[31m' }],
    ['a long text', { ...good, report: 'x'.repeat(5000) }],
    ['more than any record has', { ...good, more: 'x'.repeat(20_000) }],
  ])('%s', (_, value) => {
    const state = JSON.stringify(value);
    expect(decodeUse(state)).toBe('invalid');
    expect(decide({ state, goproxy: 'off' })).toEqual({
      kind: 'first',
      baseline: { GOPROXY: { value: 'off', kind: 'inherited' }, GOSUMDB: sumDefault },
      note: expect.stringContaining('SETUP_GOPROXY'),
    });
  });

  test.each(['{', 'true', '\0', '{"schema":1}'])('%j', (state) => {
    expect(decide({ state })).toMatchObject({ kind: 'first', note: expect.any(String) });
  });

  test('no text of any kind throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (state) => void decide({ state })));
  });
});

describe('secrets and sizes', () => {
  test('the value holds no userinfo, even of texts that should have none, and reads back', () => {
    const state = encodeUse(record({ selected: OURS, chain: `${OURS}|http://canary@b.example,direct` }));
    expect(state).not.toContain('canary');
    expect(decodeUse(state)).toEqual(record({ chain: 'https://a.example|http://b.example,direct' }));
  });

  test('a chain of any length reads back', () => {
    const state = encodeUse(record({ chain: `https://a.example/${'x'.repeat(9000)}` }));
    expect(decodeUse(state)).not.toBe('invalid');
  });

  test('hash and fingerprint see userinfo only as being there', () => {
    expect(hashValue('https://u:p@a.example')).toBe(hashValue('https://x:y@a.example'));
    expect(hashValue('https://u:p@a.example')).not.toBe(hashValue('https://a.example'));
    expect(hashValue('https://a.example')).not.toBe(hashValue('https://b.example'));
    expect(fingerprintInputs({ a: 'https://u:p@a.example', b: '' })).toBe(
      fingerprintInputs({ b: '', a: 'https://x@a.example' }),
    );
    expect(fingerprintInputs({ a: 'x', b: '' })).not.toBe(fingerprintInputs({ a: '', b: 'x' }));
  });

  test('encode and decode invert for any text without userinfo', () => {
    const text = fc.stringMatching(/^[ -?A-~]{0,60}$/);
    fc.assert(
      fc.property(text, text, text, (selected, chain, report) => {
        const one = record({ selected, chain, report });
        expect(decodeUse(encodeUse(one))).toEqual(one);
      }),
    );
  });
});
