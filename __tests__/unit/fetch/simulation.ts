import type { Meaning } from '../../../src/fetch/answer-meaning.ts';
import type { Clock } from '../../../src/fetch/clock.ts';
import { FETCH_POLICY, type FetchPolicy } from '../../../src/fetch/fetch-policy.ts';
import { type FileState, newFileState, noteAnswer } from '../../../src/fetch/file-state.ts';
import { type EndReason, nextStep, type StepInput } from '../../../src/fetch/next-step.ts';
import { type ChainProxy, openProxySet, type ProxySet } from '../../../src/fetch/proxy-set.ts';
import { jitterMs } from '../../../src/fetch/retry-wait.ts';
import type { Disclosure } from '../../../src/go/wanted-set.ts';
import type { Candidate } from '../../../src/proxy/candidate.ts';
import type { Network } from '../../../src/proxy/http-client.ts';

/** What a simulated proxy answers, and how long it takes. */
export interface SimulatedAnswer {
  readonly meaning: Exclude<Meaning, 'local' | 'cancelled'>;
  readonly tookMs: number;
  readonly retryAfterMs?: number;
  readonly tooLarge?: boolean;
  readonly status?: number;
}

/** One question, with all that the policy knew when it decided. */
export interface SimulatedAsk {
  readonly file: number;
  readonly index: number;
  readonly at: number;
  readonly input: StepInput;
  readonly answer: SimulatedAnswer;
}

/** Options of simulate. */
export interface SimulationOptions {
  readonly chain: readonly ChainProxy[];
  readonly standby?: readonly Candidate[];
  /** All of this disclosure. */
  readonly files: number;
  readonly disclosure?: Disclosure;
  readonly pinned?: boolean;
  readonly concurrency?: number;
  readonly policy?: FetchPolicy;
  readonly random?: () => number;
  /** The answer to the nth question (from 0) to that proxy. */
  readonly answer: (index: number, nth: number, patient: boolean) => SimulatedAnswer;
}

/** How a simulation went. */
export interface Simulated {
  readonly asks: readonly SimulatedAsk[];
  /** By file. */
  readonly ends: readonly (EndReason | 'fetched')[];
  readonly endedAt: number;
}

/** A network that nothing is ever asked of. */
const NO_NETWORK: Network = {
  httpProxies: { noProxy: '' } as unknown as Network['httpProxies'],
  lookup: () => {
    throw new Error('the simulation has no network');
  },
  userAgent: 'simulation',
};

/** Runs the policy over real health states and a clock that jumps from event to event. */
export function simulate(options: SimulationOptions): Simulated {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #set: ProxySet;
  readonly #asked = new Map<number, number>();
  readonly #asks: SimulatedAsk[] = [];
  readonly #ends: (EndReason | 'fetched')[] = [];
  #events: { readonly at: number; readonly run: () => void }[] = [];
  #now = 0;
  #started = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const clock: Clock = {
      now: () => this.#now,
      epoch: () => this.#now,
      sleep: async () => {},
      random: options.random ?? (() => 0.5),
    };
    this.#set = openProxySet({
      chain: options.chain,
      standby: options.standby ?? [],
      direct: true,
      network: NO_NETWORK,
      clock,
      policy: options.policy ?? FETCH_POLICY,
    });
  }

  run(): Simulated {
    for (let worker = 0; worker < (this.#options.concurrency ?? 1); worker++) this.#startNext();
    for (let events = 0; this.#events.length > 0; events++) {
      if (events > 100_000) throw new Error('it does not end');
      this.#events.sort((a, b) => a.at - b.at);
      const next = this.#events.shift()!;
      this.#now = next.at;
      next.run();
    }
    return { asks: this.#asks, ends: this.#ends, endedAt: this.#now };
  }

  #startNext(): void {
    if (this.#started >= this.#options.files) return;
    const file = this.#started++;
    this.#step(file, newFileState(this.#set.members.length));
  }

  #step(file: number, state: FileState): void {
    const { disclosure = 'public', pinned = true } = this.#options;
    const input: StepInput = {
      facts: this.#set.facts(disclosure),
      state,
      ...this.#set.health(),
      standbyAllowed: disclosure === 'public' && pinned,
      now: this.#now,
      policy: this.#set.policy,
    };
    const step = nextStep(input);
    if (step.kind === 'end') this.#end(file, step.why);
    else if (step.waitMs > 0) this.#later(step.waitMs, () => this.#step(file, state));
    else this.#ask(file, input, step);
  }

  #ask(file: number, input: StepInput, step: { readonly index: number; readonly patient: boolean }): void {
    const { index } = step;
    const nth = this.#asked.get(index) ?? 0;
    this.#asked.set(index, nth + 1);
    const answer = this.#options.answer(index, nth, step.patient);
    this.#asks.push({ file, index, at: this.#now, input, answer });
    const ticket = this.#set.begin(index);
    this.#later(answer.tookMs, () => {
      const { meaning, retryAfterMs } = answer;
      this.#set.end(ticket, { meaning, bytes: 0, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
      if (meaning === 'fetched') {
        this.#end(file, 'fetched');
        return;
      }
      const failures = input.state.entries[index]!.failures + 1;
      const { clock, policy } = this.#set;
      const next = noteAnswer(input.state, index, {
        meaning,
        askAgainAt: this.#now + jitterMs(failures, clock.random(), policy.backoff),
        ...(answer.tooLarge === true ? { cause: 'too-large' } : {}),
        ...(answer.status === undefined ? {} : { status: answer.status }),
      });
      this.#step(file, next);
    });
  }

  #end(file: number, why: EndReason | 'fetched'): void {
    this.#ends[file] = why;
    this.#startNext();
  }

  #later(ms: number, run: () => void): void {
    this.#events.push({ at: this.#now + ms, run });
  }
}
