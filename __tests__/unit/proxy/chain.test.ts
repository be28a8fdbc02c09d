import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatGoproxy, parseGoproxy } from '../../../src/go/goproxy.ts';
import { buildChain, type Direct, type Fallback } from '../../../src/proxy/chain.ts';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { asCandidates, DEAD, healthy, REFUSED, UNMEASURED } from './builders.ts';

const GO = 'https://proxy.golang.org';
const CN = 'https://goproxy.cn';
const IO = 'https://goproxy.io';
const A = 'https://a.example';
const B = 'https://b.example';
const FAST = healthy(50);
const SLOW = healthy(500);

interface Case {
  readonly proxies?: readonly string[];
  readonly mirrors?: string;
  /** In the order of candidates, then standby; who has none was not asked. */
  readonly verdicts: readonly Verdict[];
  readonly fallback?: Fallback;
  readonly direct?: Direct;
}

function build({ proxies = [], mirrors = '', verdicts, fallback = 'auto', direct = 'auto' }: Case) {
  const goproxy = 'https://proxy.golang.org,direct';
  const plan = asCandidates(planProxies({ proxies: proxies.join('\n'), mirrors, goproxy }));
  const all = [...plan.candidates, ...plan.standby];
  const probed = all.flatMap((candidate, index) => {
    const verdict = verdicts[index];
    return verdict === undefined ? [] : [{ candidate, verdict }];
  });
  return buildChain({ plan, probed, workload: { files: 0, bytes: 0 }, fallback, direct });
}

const goproxyOf = (row: Case) => {
  const decision = build(row);
  return decision.kind === 'export' ? decision.goproxy : 'keep';
};

describe('separators and direct', () => {
  const two = { verdicts: [FAST, FAST] };
  const rows: [string, Case, string][] = [
    ['the default', { verdicts: [FAST] }, `${GO},direct`],
    ['a pipe between public proxies', { proxies: [GO, CN], ...two }, `${GO}|${CN},direct`],
    ['a comma after one that is not public', { proxies: [A, GO], ...two }, `${A},${GO}`],
    ['a comma before one that is not public', { proxies: [GO, A], ...two }, `${GO},${A}`],
    ['each pair for itself', { proxies: [GO, CN, A], verdicts: [FAST, FAST, FAST] }, `${GO}|${CN},${A}`],
    [
      'a comma after a file',
      { proxies: ['file:///srv', GO], verdicts: [UNMEASURED, FAST] },
      `file:///srv,${GO}`,
    ],
    ['fallback: any-error', { proxies: [A, GO], ...two, fallback: 'any-error' }, `${A}|${GO}`],
    ['fallback: not-found', { proxies: [GO, CN], ...two, fallback: 'not-found' }, `${GO},${CN},direct`],
    [
      'fallback: none takes the best',
      { proxies: [GO, CN], verdicts: [SLOW, FAST], fallback: 'none' },
      `${CN},direct`,
    ],
    [
      'fallback: none takes no unknown before a healthy one',
      { proxies: [A, B], verdicts: [REFUSED, FAST], fallback: 'none' },
      B,
    ],
    [
      'fallback: none with unknown ones only',
      { proxies: [A, B], verdicts: [REFUSED, REFUSED], fallback: 'none' },
      A,
    ],
    [
      'fallback: none looks at the chosen one for direct',
      { proxies: [A, GO], verdicts: [DEAD, FAST], fallback: 'none' },
      `${GO},direct`,
    ],
    ['direct: true', { proxies: [A], verdicts: [FAST], direct: 'true' }, `${A},direct`],
    [
      'direct: true after a comma also with pipes',
      { proxies: [GO, CN], ...two, fallback: 'any-error', direct: 'true' },
      `${GO}|${CN},direct`,
    ],
    ['direct: false', { verdicts: [FAST], direct: 'false' }, GO],
    ['direct: auto looks at those that stay', { proxies: [A, GO], verdicts: [DEAD, FAST] }, `${GO},direct`],
    [
      'userinfo goes where go needs it',
      { proxies: ['https://u:p@a.example/'], verdicts: [FAST] },
      'https://u:p@a.example/',
    ],
  ];
  test.each(rows)('%s', (_, row, expected) => {
    expect(goproxyOf(row)).toBe(expected);
  });
});

describe('who is in the chain', () => {
  const rows: [string, Case, string, string | undefined][] = [
    ['ranked order', { proxies: [GO, CN], verdicts: [SLOW, FAST] }, `${CN}|${GO},direct`, CN],
    ['no unhealthy one', { proxies: [GO, CN], verdicts: [DEAD, FAST] }, `${CN},direct`, CN],
    [
      'an unknown one at its place',
      { proxies: [A, GO, CN], verdicts: [REFUSED, SLOW, FAST] },
      `${A},${CN}|${GO}`,
      CN,
    ],
    [
      'unknown ones only, as configured',
      { proxies: [A, B], verdicts: [REFUSED, REFUSED] },
      `${A},${B}`,
      undefined,
    ],
    ['unknown and unhealthy', { proxies: [A, B], verdicts: [DEAD, REFUSED] }, B, undefined],
    ['files only', { proxies: ['file:///srv'], verdicts: [UNMEASURED] }, 'file:///srv', undefined],
    [
      'those that were not asked, at their place',
      { proxies: [GO, CN], verdicts: [FAST] },
      `${GO}|${CN},direct`,
      GO,
    ],
  ];
  test.each(rows)('%s', (...[, row, expected, selected]) => {
    const decision = build(row);
    expect(goproxyOf(row)).toBe(expected);
    expect(decision.selected?.label).toBe(selected);
  });

  test('who is not in it is told with the reason', () => {
    const none = build({ proxies: [A, B, GO], verdicts: [DEAD, FAST, FAST], fallback: 'none' });
    if (none.kind !== 'export') throw new Error('kept');
    expect(none.removed.map(({ candidate, why }) => [candidate.label, why])).toEqual([
      [A, 'unhealthy'],
      [GO, 'not-best'],
    ]);
  });
});

test.each<[string, Case, RegExp]>([
  ['direct: true', { verdicts: [FAST], direct: 'true' }, /^"direct" ends .* input direct/],
  ['direct: false', { verdicts: [FAST], direct: 'false' }, /^"direct" is not .* input direct/],
  ['auto with public ones', { verdicts: [FAST] }, /^"direct" ends .* public proxies only/],
  ['auto with others', { proxies: [A], verdicts: [FAST] }, /^"direct" is not .* not all/],
])('the reason for %s', (_, row, expected) => {
  expect(build(row).reasons).toContainEqual(expect.stringMatching(expected));
});

const OWN = `A comma follows ${A} because it is not one of the built-in public proxies: go moves on after 404 and 410 only.`;
const BOTH = `A comma follows ${A} and ${B} because they are not any of the built-in public proxies: go moves on after 404 and 410 only.`;
const NEXT = `A comma follows ${GO} because the next proxy is not one of the built-in public proxies: go moves on after 404 and 410 only.`;
const PIPE = `A pipe follows ${GO} because it joins two of the built-in public proxies: go moves on after any error.`;

test.each<[string, readonly string[], Fallback, readonly (string | RegExp)[]]>([
  ['one proxy', [A], 'auto', []],
  ['one proxy, whatever fallback says', [A], 'any-error', []],
  ['its own proxy first', [A, GO], 'auto', [OWN]],
  ['two of its own', [A, B, GO], 'auto', [BOTH]],
  ['its own proxy last', [GO, A], 'auto', [NEXT]],
  ['public ones', [GO, CN], 'auto', [PIPE]],
  ['each of these', [A, GO, CN], 'auto', [OWN, PIPE]],
  ['any-error', [GO, A], 'any-error', [/^Pipes join .* input fallback/]],
  ['not-found', [GO, A], 'not-found', [/^Commas join .* input fallback/]],
  ['none', [GO, A], 'none', [/^Only the best .* input fallback/]],
])('the reasons name the separators that are there: %s', (_, proxies, fallback, expected) => {
  const { reasons } = build({ proxies, verdicts: proxies.map(() => FAST), fallback, direct: 'false' });
  expect(reasons.slice(0, -1)).toEqual(
    expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
  );
});

test('nobody who is in the chain is told as removed', () => {
  expect(build({ proxies: [GO, CN], verdicts: [FAST, SLOW] })).toMatchObject({ kind: 'export', removed: [] });
});

describe('when nothing is healthy', () => {
  test('the environment is kept, with one warning that says why', () => {
    const decision = build({ proxies: [GO, 'https://u:canary@a.example'], verdicts: [DEAD, DEAD] });
    expect(decision).toMatchObject({ kind: 'keep', ranked: [] });
    expect(decision.kind === 'keep' && decision.warning).toBe(
      'No module proxy is healthy, so the environment stays as it was: https://proxy.golang.org (tcp: connection-refused), https://a.example (tcp: connection-refused).',
    );
  });

  const mirrors = `${CN}\n${IO}`;
  test.each([
    ['the best standby comes in', [DEAD, SLOW, FAST], `${IO},direct`, IO],
    ['only a healthy one', [DEAD, DEAD, SLOW], `${IO},direct`, IO],
    ['no unknown one', [DEAD, DEAD, REFUSED], 'keep', undefined],
    ['none of them is healthy', [DEAD, DEAD, DEAD], 'keep', undefined],
  ])('%s', (...[, verdicts, expected, selected]) => {
    const decision = build({ mirrors, verdicts });
    expect(goproxyOf({ mirrors, verdicts })).toBe(expected);
    expect(decision.selected?.label).toBe(selected);
    if (decision.kind === 'export') expect(decision.notice).toContain(IO);
  });

  test('a standby stays out while a candidate is healthy', () => {
    const decision = build({ mirrors, verdicts: [SLOW, FAST, FAST] });
    expect(decision).toMatchObject({ kind: 'export', goproxy: `${GO},direct` });
    expect(decision).not.toHaveProperty('notice');
  });
});

describe('for any candidates and verdicts', () => {
  const value = fc.constantFrom(GO, CN, IO, A, B, 'https://u:p@c.example', 'file:///srv');
  const verdict = fc.constantFrom(FAST, SLOW, healthy(90), DEAD, REFUSED, UNMEASURED);
  const row = fc.record({
    proxies: fc.uniqueArray(value, { minLength: 1 }),
    mirrors: fc.constantFrom('', CN, `${CN}\n${A}`),
    verdicts: fc.array(verdict, { minLength: 9, maxLength: 9 }),
    fallback: fc.constantFrom<Fallback>('auto', 'any-error', 'not-found', 'none'),
    direct: fc.constantFrom<Direct>('auto', 'true', 'false'),
  });

  test('the chain parses as go parses it, and holds no unhealthy candidate', () => {
    fc.assert(
      fc.property(row, (one) => {
        const decision = build(one);
        if (decision.kind === 'keep') return;
        expect(formatGoproxy(parseGoproxy(decision.goproxy))).toBe(decision.goproxy);
        const dead = decision.removed.filter(({ why }) => why === 'unhealthy');
        for (const { candidate } of dead) {
          expect(decision.entries.map(({ raw }) => raw)).not.toContain(candidate.exportValue);
        }
        const inChain = decision.entries.filter(({ kind }) => kind !== 'direct');
        expect(inChain.length).toBeGreaterThan(0);
        const isPublic = inChain.every(({ raw }) => [GO, CN, IO].includes(raw));
        const wantsDirect = one.direct === 'true' || (one.direct === 'auto' && isPublic);
        expect(decision.goproxy.endsWith(',direct')).toBe(wantsDirect);
      }),
    );
  });
});

describe('a fault of our own in a probe', () => {
  const OWN_FAULT: Verdict = {
    kind: 'unhealthy',
    stage: 'http',
    cause: 'internal',
    detail: 'internal error',
    phases: {},
  };
  const rows: [string, Case, string][] = [
    ['does not leave the unknown ones alone', { proxies: [A, B], verdicts: [OWN_FAULT, REFUSED] }, 'keep'],
    ['brings no standby in', { mirrors: CN, verdicts: [OWN_FAULT, FAST] }, 'keep'],
    ['costs nothing beside a healthy one', { proxies: [A, B], verdicts: [OWN_FAULT, FAST] }, B],
  ];
  test.each(rows)('%s', (_name, row, expected) => {
    expect(goproxyOf(row)).toBe(expected);
  });
});
