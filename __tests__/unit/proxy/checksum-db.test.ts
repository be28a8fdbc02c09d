import { describe, expect, test } from '@jest/globals';
import { parseGoproxy } from '../../../src/go/goproxy.ts';
import { parseGosumdb } from '../../../src/go/gosumdb.ts';
import {
  decideSumdb,
  isFooledByLyingProxy,
  type SumdbHost,
  sumdbQuestions,
} from '../../../src/proxy/checksum-db.ts';
import type { Figures } from '../../../src/proxy/verdict.ts';

const GO_SUM: SumdbHost = 'sum.golang.org';
const CN_SUM: SumdbHost = 'sum.golang.google.cn';
const MIXED = 'https://goproxy.cn|https://proxy.golang.org,direct';
const OLD = 'go1.25.12';

interface Case {
  readonly setting?: string;
  readonly effective?: string;
  readonly chain?: string | undefined;
  readonly answering?: readonly SumdbHost[];
  readonly goVersion?: string;
  /** What the probe saw of every proxy. */
  readonly offers?: Figures['sumdb'];
}

function decide(row: Case) {
  const { setting = 'auto', effective = 'sum.golang.org', answering = [], goVersion, offers } = row;
  const chain = 'chain' in row ? row.chain : MIXED;
  const answers = new Map(
    [GO_SUM, CN_SUM].map((host) => [host, answering.includes(host) ? 'answers' : 'fails'] as const),
  );
  const situation = { setting, effective, chain: chain === undefined ? undefined : parseGoproxy(chain) };
  return {
    questions: sumdbQuestions(situation),
    decision: decideSumdb({
      ...situation,
      answers,
      offers: () => offers,
      ...(goVersion === undefined ? {} : { goVersion }),
    }),
  };
}

const BOTH = [GO_SUM, CN_SUM];
const PINNED = 'sum.golang.org https://sum.golang.org';

describe('auto acts', () => {
  test.each<[string, Case, string | undefined]>([
    ['pins sum.golang.org when it answers', { answering: BOTH }, PINNED],
    ['takes the other address when only that answers', { answering: [CN_SUM] }, CN_SUM],
    ['leaves the default when none answers', {}, undefined],
    ['on one public proxy', { chain: 'https://goproxy.cn', answering: BOTH }, PINNED],
  ])('%s', (_, row, expected) => {
    const { questions, decision } = decide(row);
    expect(questions).toEqual(BOTH);
    expect(decision.gosumdb).toBe(expected);
    if (expected !== undefined) expect(parseGosumdb(expected)).toMatchObject({ kind: 'db', name: GO_SUM });
  });
});

describe('auto asks nobody and changes nothing', () => {
  test.each<[string, Case]>([
    ['when GOSUMDB is not the default', { effective: 'sum.golang.google.cn' }],
    ['when GOSUMDB is off', { effective: 'off' }],
    ['beside proxy.golang.org alone', { chain: 'https://proxy.golang.org,direct' }],
    ['beside one that is not public', { chain: 'https://a.example,https://goproxy.cn' }],
    ['beside a file', { chain: 'file:///x,https://goproxy.cn' }],
    ['when GOPROXY is policy', { chain: undefined }],
  ])('%s', (_, row) => {
    const { questions, decision } = decide({ ...row, answering: BOTH });
    expect(questions).toEqual([]);
    expect(decision).toEqual({ reason: expect.stringMatching(/^GOSUMDB stays/), warnings: [] });
  });
});

describe('a given value', () => {
  test('is set as it is, and nobody is asked', () => {
    const { questions, decision } = decide({ setting: CN_SUM, effective: 'off', chain: undefined });
    expect(questions).toEqual([]);
    expect(decision.gosumdb).toBe(CN_SUM);
  });

  test('also where auto would ask', () => {
    expect(decide({ setting: PINNED, answering: BOTH }).questions).toEqual([]);
  });

  test('off is never set', () => {
    expect(decide({ setting: 'off' }).decision).not.toHaveProperty('gosumdb');
  });
});

describe('the warning about forged checksums', () => {
  test.each<[string, Case, boolean]>([
    ['when they come through a mirror', { offers: 'serves' }, true],
    ['by the table where the probe did not ask', { offers: 'not-asked' }, true],
    ['by the table where nothing was probed', {}, true],
    ['not when the mirror does not offer them', { offers: 'none' }, false],
    ['not when the database itself is asked', { answering: [GO_SUM] }, false],
    ['not when its other address is asked', { answering: [CN_SUM] }, false],
    ['not with a Go that is not fooled', { goVersion: 'go1.26.8' }, false],
    ['not through the proxy of the Go team', { chain: 'https://proxy.golang.org', offers: 'serves' }, false],
    [
      'not when the Go team comes first',
      { chain: 'https://proxy.golang.org|https://goproxy.cn', offers: 'serves' },
      false,
    ],
    [
      'when the first that offers them is a mirror',
      { chain: 'https://proxy.golang.org|https://goproxy.cn' },
      true,
    ],
    [
      'not through a proxy that the user runs',
      { chain: 'https://a.example|https://goproxy.cn', offers: 'serves' },
      false,
    ],
    [
      'through an address in GOSUMDB',
      { effective: 'sum.golang.org https://goproxy.cn/sumdb/sum.golang.org', chain: undefined },
      true,
    ],
    ['not when go refuses GOSUMDB', { effective: 'nonsense', offers: 'serves' }, false],
    ['not when GOSUMDB is off', { effective: 'off', offers: 'serves' }, false],
    ['not without go', { goVersion: 'devel +abc', offers: 'serves' }, false],
  ])('%s', (_, row, expected) => {
    const { warnings } = decide({ goVersion: OLD, ...row }).decision;
    expect(warnings).toHaveLength(expected ? 1 : 0);
    if (expected) expect(warnings[0]).toMatch(/^go1\.25\.12 .*goproxy\.cn.*1\.26\.6/);
  });
});

test.each([
  ['go1.19.5', true],
  ['go1.25.12', true],
  ['go1.25.13', false],
  ['go1.26rc1', true],
  ['go1.26.5', true],
  ['go1.26.6', false],
  ['go1.27rc2', true],
  ['go1.27rc3', false],
  ['go1.27.0', false],
  ['1.25.1', true],
  ['go1.25.1 X:nocoverageredesign', true],
  ['devel go1.28-abc', false],
  ['', false],
])('isFooledByLyingProxy(%s) is %s', (version, expected) => {
  expect(isFooledByLyingProxy(version)).toBe(expected);
});
