import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupByPipe, parseGoproxy } from '../../../src/go/goproxy.ts';
import { buildChain, type Direct, type Fallback } from '../../../src/proxy/chain.ts';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { asCandidates, DEAD, healthy, REFUSED, UNMEASURED } from './builders.ts';

const FAST = healthy(50);
const SLOW = healthy(500);
const VERDICTS: Readonly<Record<string, Verdict>> = { fast: FAST, slow: SLOW, dead: DEAD, unknown: REFUSED };

/** The list is written with one-letter hosts; the first word of a host is its verdict: fast1, dead2, … */
function build(list: string, fallback: Fallback = 'auto', direct: Direct = 'auto') {
  const goproxy = list.replace(/\b(?:fast|slow|dead|unknown)\d/g, 'https://$&.example');
  const plan = asCandidates(planProxies({ proxies: '', mirrors: 'https://goproxy.cn', goproxy }));
  const probed = plan.candidates.map((candidate) => ({
    candidate,
    verdict: VERDICTS[/^https:\/\/([a-z]+)/.exec(candidate.label)?.[1] ?? ''] ?? UNMEASURED,
  }));
  return buildChain({ plan, probed, workload: { files: 0, bytes: 0 }, fallback, direct });
}

function shown(list: string, fallback?: Fallback, direct?: Direct): string {
  const decision = build(list, fallback, direct);
  if (decision.kind === 'export') return decision.goproxy.replace(/https:\/\/(\w+)\.example/g, '$1');
  return decision.warning === undefined ? 'unchanged' : 'warned';
}

describe('order and places', () => {
  test.each([
    ['a pipe group is put in order', 'slow1|fast2', 'fast2|slow1'],
    ['a comma is a boundary', 'slow1,fast2', 'unchanged'],
    ['each group for itself', 'slow1|fast2,slow3|fast4', 'fast2|slow1,fast4|slow3'],
    ['an order that is right stays', 'fast1|slow2,direct', 'unchanged'],
    ['what follows a group stays behind it', 'slow1|fast2,direct', 'fast2|slow1,direct'],
    ['direct in a group stays last', 'slow1|fast2|direct', 'fast2|slow1|direct'],
    ['off stays last', 'slow1|fast2,off', 'fast2|slow1,off'],
    ['a file keeps its place', 'slow1|file:///x|fast2', 'fast2|file:///x|slow1'],
    ['an unknown one keeps its place', 'slow1|unknown2|fast3', 'fast3|unknown2|slow1'],
    ['an unknown one alone', 'unknown1,direct', 'unchanged'],
    ['the order of the environment alone is no change', 'fast1 , direct', 'unchanged'],
  ])('%s', (_, list, expected) => {
    expect(shown(list)).toBe(expected);
  });
});

describe('unhealthy entries', () => {
  test.each([
    ['one leaves a group with a healthy one', 'dead1|fast2,direct', 'fast2,direct'],
    ['at the end of a group', 'fast1|dead2,direct', 'fast1,direct'],
    ['in the middle', 'slow1|dead2|fast3', 'fast3|slow1'],
    ['at the end of the list', 'fast1|dead2', 'fast1'],
    ['before direct in its group', 'fast1|dead2|direct', 'fast1|direct'],
    ['before a comma: warned, nothing exported', 'dead1,fast2', 'warned'],
    ['before a comma in a later group', 'slow1|fast2,dead3,direct', 'warned'],
    ['a whole group before a comma', 'dead1|dead2,fast3', 'warned'],
    ['an unknown one is no healthy one', 'dead1|unknown2,direct', 'warned'],
    ['a file is no healthy one', 'dead1|file:///x,direct', 'warned'],
    ['at the end, not before a comma: stays', 'slow1|fast2,dead3', 'fast2|slow1,dead3'],
    ['with direct after a pipe only: stays', 'slow1|fast2,dead3|direct', 'fast2|slow1,dead3|direct'],
    ['at the end beside an unknown one: stays', 'slow1|fast2,dead3|unknown4', 'fast2|slow1,dead3|unknown4'],
    ['alone', 'dead1', 'warned'],
    ['alone before direct', 'dead1,direct', 'warned'],
    ['alone before a piped direct', 'dead1|direct', 'warned'],
  ])('%s', (_, list, expected) => {
    expect(shown(list)).toBe(expected);
  });

  test('the warning names the entry, its stage and its cause, and no userinfo', () => {
    const decision = build('dead1,fast2');
    expect(decision.kind === 'keep' && decision.warning).toMatch(
      /https:\/\/dead1\.example is unhealthy \(tcp: connection-refused\).*Nothing is exported/,
    );
    const alone = build('https://u:canary@dead.example');
    expect(alone.kind === 'keep' && alone.warning).toBe(
      'No proxy of the inherited GOPROXY is healthy, so it stays as it was: https://dead.example is unhealthy (tcp: connection-refused).',
    );
  });

  test('one that stays is told, one that left is listed', () => {
    expect(build('slow1|fast2,dead3').reasons.join(' ')).toContain('https://dead3.example');
    const left = build('dead1|fast2');
    expect(
      left.kind === 'export' && left.removed.map(({ candidate, why }) => [candidate.label, why]),
    ).toEqual([['https://dead1.example', 'unhealthy']]);
  });
});

test('with fallback: none those that are healthy and not taken are listed', () => {
  const none = build('slow1|fast2,fast3|dead4,direct', 'none');
  expect(none.kind === 'export' && none.removed.map(({ candidate, why }) => [candidate.label, why])).toEqual([
    ['https://dead4.example', 'unhealthy'],
    ['https://slow1.example', 'not-best'],
    ['https://fast3.example', 'not-best'],
  ]);
});

describe('fallback and direct act only when set', () => {
  const rows: [string, string, Fallback, Direct, string][] = [
    ['auto changes nothing', 'fast1,fast2|direct', 'auto', 'auto', 'unchanged'],
    [
      'any-error joins everything, so that everything is put in order',
      'slow1,fast2,direct',
      'any-error',
      'auto',
      'fast2|slow1,direct',
    ],
    ['any-error lets an unhealthy one leave', 'dead1,fast2', 'any-error', 'auto', 'fast2'],
    ['any-error leaves what stands before direct', 'fast1,direct', 'any-error', 'auto', 'unchanged'],
    [
      'not-found makes each one a gatekeeper',
      'slow1|fast2|direct',
      'not-found',
      'auto',
      'slow1,fast2|direct',
    ],
    ['not-found: no unhealthy one may leave', 'dead1|fast2', 'not-found', 'auto', 'warned'],
    ['none takes the best of the first group', 'slow1|fast2,fast3,direct', 'none', 'auto', 'fast2,direct'],
    ['none keeps a pipe before direct', 'slow1|fast2|direct', 'none', 'auto', 'fast2|direct'],
    ['none without direct', 'fast1|slow2', 'none', 'auto', 'fast1'],
    ['none does not cross a boundary to a healthy one', 'unknown1,fast2', 'none', 'auto', 'unknown1'],
    ['none does not cross an unhealthy gatekeeper', 'dead1,fast2', 'none', 'auto', 'warned'],
    ['none: what is dropped cannot block', 'fast1,dead2,direct', 'none', 'auto', 'fast1,direct'],
    ['true adds direct', 'fast1|slow2', 'auto', 'true', 'fast1|slow2,direct'],
    ['true beside direct', 'fast1|direct', 'auto', 'true', 'unchanged'],
    ['true does not undo off', 'fast1,off', 'auto', 'true', 'unchanged'],
    ['false removes direct', 'fast1|slow2,direct', 'auto', 'false', 'fast1|slow2'],
    ['false leaves off', 'fast1,off', 'auto', 'false', 'unchanged'],
    [
      'false: what was before direct is at the end',
      'slow1|fast2,dead3,direct',
      'auto',
      'false',
      'fast2|slow1,dead3',
    ],
  ];
  test.each(rows)('%s', (...[, list, fallback, direct, expected]) => {
    expect(shown(list, fallback, direct)).toBe(expected);
  });
});

test('the first healthy proxy of the list is selected, also when nothing is exported', () => {
  expect(build('unknown1,slow2|fast3').selected?.label).toBe('https://fast3.example');
  expect(build('fast1,direct').selected?.label).toBe('https://fast1.example');
  expect(build('unknown1,direct').selected).toBeUndefined();
});

test('for any list: nothing crosses a comma, and only groups with a healthy one lose entries', () => {
  const word = fc.constantFrom('fast', 'slow', 'dead', 'unknown', 'file');
  const lists = fc
    .tuple(
      fc.array(fc.tuple(word, fc.constantFrom(',', '|')), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('', 'direct', 'off'),
    )
    .map(([entries, end]) => {
      const names = entries.map(([kind, separator], index) => {
        const name = kind === 'file' ? `file:///f${index}` : `${kind}${index}`;
        return name + (index === entries.length - 1 && end === '' ? '' : separator);
      });
      return names.join('') + end;
    })
    .filter((list) => /fast|slow|dead|unknown/.test(list));
  fc.assert(
    fc.property(lists, (list) => {
      const result = shown(list);
      if (result === 'unchanged' || result === 'warned') return;
      const before = groupsIn(list);
      const after = groupsIn(result);
      expect(after).toHaveLength(before.length);
      for (const [index, group] of before.entries()) {
        const kept = after[index] ?? [];
        const lost = group.filter((name) => !kept.includes(name));
        expect(kept.every((name) => group.includes(name))).toBe(true);
        expect(lost.every((name) => name.startsWith('dead'))).toBe(true);
        if (lost.length > 0) expect(kept.some((name) => /^(?:fast|slow)/.test(name))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

function groupsIn(list: string): readonly (readonly string[])[] {
  const value = list.replace(/\b(?:fast|slow|dead|unknown)\d/g, 'https://$&.example');
  return groupByPipe(parseGoproxy(value)).map((group) =>
    group.map(({ raw }) => raw.replace(/^https:\/\/(\w+)\.example$/, '$1')),
  );
}
