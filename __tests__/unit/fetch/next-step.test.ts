import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FETCH_POLICY } from '../../../src/fetch/fetch-policy.ts';
import { type EndReason, nextStep } from '../../../src/fetch/next-step.ts';
import type { ChainProxy } from '../../../src/fetch/proxy-set.ts';
import type { Separator } from '../../../src/go/goproxy.ts';
import type { CandidateOrigin } from '../../../src/proxy/candidate.ts';
import { candidate } from '../proxy/builders.ts';
import { type SimulatedAnswer, type SimulatedAsk, simulate } from './simulation.ts';

const GOLANG = 'https://proxy.golang.org';
const CN = 'https://goproxy.cn';
const IO = 'https://goproxy.io';
const CORP = 'https://corp.test';
const OTHER = 'https://other.test';
const FILE = 'file:///srv/modules';

const MEANINGS = {
  ok: 'fetched',
  '404': 'not-found',
  '403': 'refused',
  err: 'infrastructure',
  bad: 'integrity',
  /** A 404 for a transient failure of its upstream. */
  soft: 'infrastructure',
} as const;
type Word = keyof typeof MEANINGS;

/** A chain from a GOPROXY-like text: `https://a|https://b`. */
function chain(text: string, origin: CandidateOrigin = 'input'): readonly ChainProxy[] {
  return [...text.matchAll(/([^,|]+)([,|]?)/g)].map(([, value = '', separator = ''], id) => ({
    candidate: candidate(id, value, origin),
    separator: separator as Separator,
  }));
}

interface Row {
  readonly name: string;
  readonly chain: string;
  readonly origin?: CandidateOrigin;
  readonly standby?: readonly string[];
  readonly disclosure?: 'given-only';
  readonly pinned?: false;
  /** Answers of each proxy, in order; the last one is repeated. */
  readonly answers: Readonly<Record<string, readonly Word[]>>;
  readonly asked: readonly string[];
  readonly end: EndReason | 'fetched';
}

const err4 = [GOLANG, GOLANG, GOLANG, GOLANG];

const rows: readonly Row[] = [
  { name: 'the first has it', chain: `${GOLANG}|${CN}`, answers: {}, asked: [GOLANG], end: 'fetched' },
  {
    name: 'an error leads to the next at once',
    chain: `${GOLANG}|${CN}`,
    answers: { [GOLANG]: ['err'] },
    asked: [GOLANG, CN],
    end: 'fetched',
  },
  {
    name: 'a wrong hash leads to the next at once',
    chain: `${GOLANG},${CN}`,
    answers: { [GOLANG]: ['bad'] },
    asked: [GOLANG, CN],
    end: 'fetched',
  },
  {
    name: 'four failures are the end',
    chain: GOLANG,
    answers: { [GOLANG]: ['err'] },
    asked: err4,
    end: 'exhausted',
  },
  {
    name: 'four failures over two proxies are the end',
    chain: `${GOLANG}|${CN}`,
    answers: { [GOLANG]: ['err'], [CN]: ['err'] },
    asked: [GOLANG, CN, GOLANG, CN],
    end: 'exhausted',
  },
  {
    name: 'a wrong hash is asked for twice',
    chain: GOLANG,
    answers: { [GOLANG]: ['bad'] },
    asked: [GOLANG, GOLANG],
    end: 'exhausted',
  },
  {
    name: 'the same proxy is asked again',
    chain: GOLANG,
    answers: { [GOLANG]: ['err', 'err', 'ok'] },
    asked: [GOLANG, GOLANG, GOLANG],
    end: 'fetched',
  },
  {
    name: '404 leads on, and is no failed attempt',
    chain: `${GOLANG},${CN},${IO},${CORP},${OTHER}`,
    answers: { [GOLANG]: ['404'], [CN]: ['404'], [IO]: ['404'], [CORP]: ['404'] },
    asked: [GOLANG, CN, IO, CORP, OTHER],
    end: 'fetched',
  },
  {
    name: '404 everywhere',
    chain: `${GOLANG}|${CN}`,
    answers: { [GOLANG]: ['404'], [CN]: ['404'] },
    asked: [GOLANG, CN],
    end: 'not-found',
  },
  {
    name: '404 after an error counts',
    chain: GOLANG,
    answers: { [GOLANG]: ['err', '404'] },
    asked: [GOLANG, GOLANG],
    end: 'not-found',
  },
  {
    name: 'a 404 is not asked for again',
    chain: `${GOLANG}|${CN}`,
    answers: { [GOLANG]: ['404'], [CN]: ['err', 'err', 'ok'] },
    asked: [GOLANG, CN, CN, CN],
    end: 'fetched',
  },
  {
    name: 'a refusal is the end',
    chain: `${CORP}|${GOLANG}`,
    answers: { [CORP]: ['403'] },
    asked: [CORP],
    end: 'refused',
  },
  {
    name: 'an error of a given proxy does not pass its comma',
    chain: `${CORP},${GOLANG}`,
    answers: { [CORP]: ['err'] },
    asked: [CORP, CORP, CORP, CORP],
    end: 'exhausted',
  },
  {
    name: 'an error of a given proxy passes its pipe',
    chain: `${CORP}|${GOLANG}`,
    answers: { [CORP]: ['err'] },
    asked: [CORP, GOLANG],
    end: 'fetched',
  },
  {
    name: 'a 404 of a given proxy passes its comma',
    chain: `${CORP},${GOLANG}`,
    answers: { [CORP]: ['err', '404'] },
    asked: [CORP, CORP, GOLANG],
    end: 'fetched',
  },
  {
    name: 'a 404 for a transient failure passes its comma as well, and is no answer',
    chain: `${CORP},${GOLANG}`,
    answers: { [CORP]: ['soft'], [GOLANG]: ['404'] },
    asked: [CORP, GOLANG, CORP, CORP, CORP],
    end: 'exhausted',
  },
  {
    name: 'behind the comma of a given proxy, errors go on',
    chain: `${CORP},${GOLANG}|${CN}`,
    answers: { [CORP]: ['404'], [GOLANG]: ['err'] },
    asked: [CORP, GOLANG, CN],
    end: 'fetched',
  },
  {
    name: 'an error of an inherited public proxy does not pass its comma',
    chain: `${GOLANG},${CN}`,
    origin: 'inherited',
    answers: { [GOLANG]: ['err'] },
    asked: err4,
    end: 'exhausted',
  },
  {
    name: 'a private file goes to given proxies only',
    chain: `${GOLANG}|${CORP}`,
    disclosure: 'given-only',
    answers: {},
    asked: [CORP],
    end: 'fetched',
  },
  {
    name: 'a private file that nobody may hear of',
    chain: `${GOLANG}|${CN}`,
    standby: [IO],
    disclosure: 'given-only',
    answers: {},
    asked: [],
    end: 'out-of-reach',
  },
  { name: 'only go reads file://', chain: `${FILE}|${GOLANG}`, answers: {}, asked: [], end: 'out-of-reach' },
  {
    name: 'what stands before file:// is asked',
    chain: `${CORP},${FILE},${GOLANG}`,
    answers: { [CORP]: ['404'] },
    asked: [CORP],
    end: 'out-of-reach',
  },
  {
    name: 'a standby proxy comes in when the only candidate failed twice',
    chain: GOLANG,
    standby: [CN],
    answers: { [GOLANG]: ['err'] },
    asked: [GOLANG, GOLANG, CN],
    end: 'fetched',
  },
  {
    name: 'a standby proxy comes in when the attempts are used up',
    chain: `${GOLANG}|${IO}|${CN}`,
    standby: ['https://mirrors.aliyun.com/goproxy/'],
    answers: { [GOLANG]: ['err'], [IO]: ['err'], [CN]: ['err'] },
    asked: [GOLANG, IO, CN, GOLANG, 'https://mirrors.aliyun.com/goproxy/'],
    end: 'fetched',
  },
  {
    name: 'a standby proxy is asked twice, then the candidate again',
    chain: GOLANG,
    standby: [CN],
    answers: { [GOLANG]: ['err'], [CN]: ['err'] },
    asked: [GOLANG, GOLANG, CN, CN, GOLANG, GOLANG],
    end: 'exhausted',
  },
  ...(['404', 'bad'] as const).map(
    (word): Row => ({
      name: `no standby proxy where a candidate answered ${word}`,
      chain: `${GOLANG}|${IO}`,
      standby: [CN],
      answers: { [GOLANG]: ['err'], [IO]: [word] },
      asked: word === '404' ? [GOLANG, IO, GOLANG, GOLANG, GOLANG] : [GOLANG, IO, GOLANG, IO],
      end: 'exhausted',
    }),
  ),
  {
    name: 'no standby proxy where a candidate failed and then answered 404',
    chain: `${GOLANG}|${IO}`,
    standby: [CN],
    answers: { [GOLANG]: ['err'], [IO]: ['err', '404'] },
    asked: [GOLANG, IO, GOLANG, IO, GOLANG],
    end: 'exhausted',
  },
  {
    name: 'no standby proxy beside a given one',
    chain: CORP,
    standby: [CN],
    answers: { [CORP]: ['err'] },
    asked: [CORP, CORP, CORP, CORP],
    end: 'exhausted',
  },
  {
    name: 'no standby proxy for what go.sum does not pin',
    chain: GOLANG,
    standby: [CN],
    pinned: false,
    answers: { [GOLANG]: ['err'] },
    asked: err4,
    end: 'exhausted',
  },
];

function answerOf(words: readonly Word[] | undefined, nth: number): SimulatedAnswer {
  const word = words?.[Math.min(nth, words.length - 1)] ?? 'ok';
  return { meaning: MEANINGS[word], tookMs: 10, ...(word === 'soft' ? { status: 404 } : {}) };
}

/** No rests: these are about one file. */
const NO_REST = { ...FETCH_POLICY, breaker: { ...FETCH_POLICY.breaker, inARow: 100, failures: 100 } };

describe('the policy for one file', () => {
  test.each(rows)('$name', (row) => {
    const proxies = chain(row.chain, row.origin);
    const standby = (row.standby ?? []).map((url, at) => candidate(proxies.length + at, url, 'standby'));
    const urls = [...proxies.map((one) => one.candidate), ...standby].map((one) => one.exportValue);
    const simulated = simulate({
      chain: proxies,
      standby,
      files: 1,
      policy: NO_REST,
      ...(row.disclosure === undefined ? {} : { disclosure: row.disclosure }),
      ...(row.pinned === undefined ? {} : { pinned: row.pinned }),
      answer: (index, nth) => answerOf(row.answers[urls[index]!], nth),
    });
    expect(simulated.asks.map(({ index }) => urls[index])).toEqual(row.asked);
    expect(simulated.ends).toEqual([row.end]);
  });

  test('a body beyond all limits is not asked for again', () => {
    const answer = { meaning: 'infrastructure', tookMs: 1, tooLarge: true } as const;
    const simulated = simulate({ chain: chain(GOLANG), files: 1, answer: () => answer });
    expect(simulated.asks).toHaveLength(1);
    expect(simulated.ends).toEqual(['exhausted']);
  });

  test('nothing is waited for before another proxy, only before the same one', () => {
    const at = (words: string) =>
      simulate({
        chain: chain(words),
        files: 1,
        answer: () => ({ meaning: 'infrastructure', tookMs: 10 }),
        policy: NO_REST,
      }).asks.map((ask) => ask.at);
    expect(at(GOLANG)).toEqual([0, 60, 170, 380]);
    expect(at(`${GOLANG}|${CN}`)).toEqual([0, 10, 60, 70]);
  });

  test('Retry-After is waited for, by other files too, unless another proxy can be asked', () => {
    const busy: SimulatedAnswer = { meaning: 'infrastructure', tookMs: 10, retryAfterMs: 3000 };
    const answer = (index: number, nth: number): SimulatedAnswer =>
      index === 0 && nth === 0 ? busy : { meaning: 'fetched', tookMs: 10 };
    const times = (words: string) =>
      simulate({ chain: chain(words), files: 2, answer }).asks.map(({ file, index, at }) => [
        file,
        index,
        at,
      ]);
    expect(times(GOLANG)).toEqual([
      [0, 0, 0],
      [0, 0, 3010],
      [1, 0, 3020],
    ]);
    expect(times(`${GOLANG}|${CN}`)).toEqual([
      [0, 0, 0],
      [0, 1, 10],
      [1, 1, 20],
    ]);
  });

  test('only where nobody else could be asked an answer gets longer to begin', () => {
    const patient = (words: string, standby: readonly string[] = []) => {
      const seen: boolean[] = [];
      simulate({
        chain: chain(words),
        standby: standby.map((url, at) => candidate(9 + at, url, 'standby')),
        files: 1,
        policy: NO_REST,
        answer: (index, nth, given) => {
          seen.push(given);
          return { meaning: index === 1 ? 'not-found' : 'infrastructure', tookMs: nth };
        },
      });
      return seen;
    };
    expect(patient(GOLANG)).toEqual([true, true, true, true]);
    expect(patient(`${GOLANG}|${CN}`)).toEqual([false, false, true, true, true]);
    expect(patient(`${CORP},${GOLANG}`)).toEqual([true, true, true, true]);
    expect(patient(GOLANG, [CN])).toEqual([false, false, false, false, false]);
  });
});

interface Moment {
  readonly name: string;
  /** Failures of each proxy so far; the one after `|` is a standby. */
  readonly failures: readonly number[];
  readonly standbys?: number;
  readonly resting?: readonly number[];
  readonly failing?: readonly number[];
  readonly silentMs?: number;
  readonly step: number | EndReason;
}

const moments: readonly Moment[] = [
  { name: 'who failed less comes first', failures: [2, 1], step: 1 },
  { name: 'who rests comes after who failed once', failures: [1, 0], resting: [1], step: 0 },
  { name: 'who rests is asked when all rest', failures: [0, 0], resting: [0, 1], step: 0 },
  { name: 'the last attempt is for whom nobody asked yet', failures: [2, 1, 0], resting: [2], step: 2 },
  { name: 'a standby waits for a second failure', failures: [1, 0], standbys: 1, step: 0 },
  {
    name: 'a standby does not wait where the candidate rests',
    failures: [1, 0],
    standbys: 1,
    resting: [0],
    step: 1,
  },
  {
    name: 'silence from all is the end',
    failures: [1, 1],
    failing: [0, 1],
    silentMs: 20_000,
    step: 'network-dead',
  },
  { name: 'silence is no end too early', failures: [1, 1], failing: [0, 1], silentMs: 19_999, step: 0 },
  { name: 'silence from one is no end', failures: [1, 0], failing: [0], silentMs: 90_000, step: 1 },
  {
    name: 'a standby is tried in all silence',
    failures: [2, 0],
    standbys: 1,
    failing: [0],
    silentMs: 90_000,
    step: 1,
  },
];

describe('the policy at one moment', () => {
  test.each(moments)(
    '$name',
    ({ failures, standbys = 0, resting = [], failing = [], silentMs = 0, step }) => {
      const next = nextStep({
        facts: failures.map((_, index) => ({
          kind: 'http',
          allowed: true,
          gatekeeper: false,
          boundary: false,
          standby: index >= failures.length - standbys,
        })),
        state: {
          refused: false,
          entries: failures.map((count) => ({
            failures: count,
            bad: 0,
            integrity: 0,
            notFound: false,
            passable: false,
            askAgainAt: 0,
          })),
        },
        health: failures.map((_, index) => ({
          resting: resting.includes(index),
          busyUntil: 0,
          failing: failing.includes(index),
        })),
        silentMs,
        standbyAllowed: true,
        now: 1,
        policy: FETCH_POLICY,
      });
      expect(next.kind === 'ask' ? next.index : next.why).toBe(step);
    },
  );
});

describe('the policy for many files', () => {
  const silence = (_index: number, _nth: number, patient: boolean): SimulatedAnswer => ({
    meaning: 'infrastructure',
    tookMs: FETCH_POLICY.connectMs + (patient ? FETCH_POLICY.patienceMs : FETCH_POLICY.stallMs),
  });

  test.each([
    { name: 'one proxy', chain: GOLANG },
    { name: 'two proxies', chain: `${GOLANG}|${CN}` },
    { name: 'three proxies', chain: `${GOLANG}|${CN}|${IO}` },
    { name: 'a given proxy', chain: `${CORP},${GOLANG}` },
    { name: 'a proxy and a standby', chain: GOLANG, standby: [CN] },
    { name: 'a proxy and two standbys', chain: GOLANG, standby: [CN, IO] },
  ])('ends within 45 s when $name and all went silent', ({ chain: words, standby = [] }) => {
    const simulated = simulate({
      chain: chain(words),
      standby: standby.map((url, at) => candidate(9 + at, url, 'standby')),
      files: 900,
      concurrency: 32,
      answer: silence,
    });
    expect(simulated.endedAt).toBeLessThanOrEqual(45_000);
    expect(new Set(simulated.ends)).toEqual(new Set(['network-dead']));
  });

  test('asks a standby proxy before it takes the network for dead', () => {
    const simulated = simulate({
      chain: chain(GOLANG),
      standby: [candidate(9, CN, 'standby')],
      files: 900,
      concurrency: 32,
      answer: (index, nth, patient) =>
        index === 1 ? { meaning: 'fetched', tookMs: 20 } : silence(index, nth, patient),
    });
    expect(new Set(simulated.ends)).toEqual(new Set(['fetched']));
  });

  test('a dead proxy beside a good one costs few attempts', () => {
    const simulated = simulate({
      chain: chain(`${GOLANG}|${CN}`),
      files: 900,
      concurrency: 32,
      answer: (index, nth, patient) =>
        index === 1 ? { meaning: 'fetched', tookMs: 50 } : silence(index, nth, patient),
    });
    expect(new Set(simulated.ends)).toEqual(new Set(['fetched']));
    expect(simulated.asks.filter(({ index }) => index === 0).length).toBeLessThanOrEqual(34);
  });

  test('one slow file among failing ones does not let the network die', () => {
    const simulated = simulate({
      chain: chain(GOLANG),
      files: 2,
      concurrency: 2,
      answer: (_index, nth) =>
        nth % 2 === 0
          ? { meaning: 'fetched', tookMs: 15_000 }
          : { meaning: 'infrastructure', tookMs: 10_000 },
    });
    expect(simulated.ends).toEqual(['fetched', 'fetched']);
  });
});

const proxyArbitrary = fc.record({
  url: fc.constantFrom(GOLANG, CN, IO, CORP, OTHER, FILE),
  separator: fc.constantFrom<Separator>(',', '|'),
});
const answerArbitrary = fc.record({
  meaning: fc.constantFrom<SimulatedAnswer['meaning']>(
    'fetched',
    'not-found',
    'refused',
    'infrastructure',
    'infrastructure',
    'integrity',
  ),
  tookMs: fc.nat(15_000),
  retryAfterMs: fc.option(fc.nat(10_000), { nil: undefined }),
  tooLarge: fc.boolean(),
  status: fc.constantFrom(404, 503),
});
const worldArbitrary = fc.record({
  chain: fc.uniqueArray(proxyArbitrary, { selector: ({ url }) => url, minLength: 1, maxLength: 5 }),
  origin: fc.constantFrom<CandidateOrigin>('input', 'inherited'),
  standby: fc.integer({ min: 0, max: 2 }),
  disclosure: fc.constantFrom<'public' | 'given-only'>('public', 'given-only'),
  pinned: fc.boolean(),
  files: fc.integer({ min: 1, max: 6 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  answers: fc.array(fc.array(answerArbitrary, { minLength: 1, maxLength: 8 }), {
    minLength: 7,
    maxLength: 7,
  }),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

/** What must hold of every question, whatever the proxies answer. */
function checkAsk(ask: SimulatedAsk): void {
  const { index, input, at } = ask;
  const { facts, state, health } = input;
  const own = facts[index]!;
  const entry = state.entries[index]!;
  expect(state.refused).toBe(false);
  expect(own.allowed && own.kind === 'http').toBe(true);
  expect(entry.notFound).toBe(false);
  expect(at).toBeGreaterThanOrEqual(Math.max(entry.askAgainAt, health[index]!.busyUntil));
  const chainEntries = facts.filter((one) => !one.standby).map((one, place) => ({ ...one, place }));
  const sum = (standby: boolean) =>
    facts.reduce(
      (total, one, place) => total + (one.standby === standby ? state.entries[place]!.failures : 0),
      0,
    );
  if (own.standby) {
    expect(input.standbyAllowed).toBe(true);
    expect(sum(true)).toBeLessThan(input.policy.standbyAttempts);
    for (const { place, gatekeeper } of chainEntries) {
      expect(gatekeeper).toBe(false);
      expect(state.entries[place]).toMatchObject({ notFound: false, integrity: 0 });
      expect(state.entries[place]!.failures).toBeGreaterThan(0);
    }
    return;
  }
  expect(sum(false)).toBeLessThan(input.policy.attempts);
  for (const { place, boundary, kind, allowed } of chainEntries.slice(0, index)) {
    expect(kind).toBe('http');
    if (boundary && allowed) expect(state.entries[place]!.passable).toBe(true);
  }
}

describe('the policy, whatever the proxies answer,', () => {
  test('ends, keeps within its attempts, and passes no boundary', () => {
    fc.assert(
      fc.property(worldArbitrary, (world) => {
        const proxies = world.chain.map(({ url, separator }, id) => ({
          candidate: candidate(id, url, world.origin),
          separator,
        }));
        const simulated = simulate({
          ...world,
          chain: proxies,
          standby: [CN, IO].slice(0, world.standby).map((url, at) => candidate(9 + at, url, 'standby')),
          random: () => world.random,
          answer: (index, nth) => {
            const { retryAfterMs, ...answer } = world.answers[index]![nth % world.answers[index]!.length]!;
            const busy = answer.meaning === 'infrastructure' && retryAfterMs !== undefined;
            return busy ? { ...answer, retryAfterMs } : answer;
          },
        });
        expect(simulated.ends).toHaveLength(world.files);
        for (const ask of simulated.asks) checkAsk(ask);
        for (const [file, end] of simulated.ends.entries()) {
          const met = simulated.asks.filter((ask) => ask.file === file).map(({ answer }) => answer.meaning);
          expect(met.includes('refused')).toBe(end === 'refused');
          expect(met.includes('fetched')).toBe(end === 'fetched');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('gets the file when one of up to four public proxies has it', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([GOLANG, CN, IO, 'https://mirrors.aliyun.com/goproxy/'], { minLength: 1 }),
        fc.nat(),
        fc.array(fc.constantFrom<Word>('err', '404', 'bad'), { minLength: 4, maxLength: 4 }),
        (urls, pick, words) => {
          const good = pick % urls.length;
          const simulated = simulate({
            chain: chain(urls.join('|')),
            files: 40,
            concurrency: 8,
            answer: (index) => answerOf([index === good ? 'ok' : words[index]!], 0),
          });
          expect(new Set(simulated.ends)).toEqual(new Set(['fetched']));
        },
      ),
    );
  });
});
