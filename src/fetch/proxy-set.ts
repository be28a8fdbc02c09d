import type { GoproxyEntry, Separator } from '../go/goproxy.ts';
import type { Disclosure } from '../go/wanted-set.ts';
import {
  type Candidate,
  type Credentials,
  keepsPlaceWhenRefused,
  mayHearPrivatePaths,
} from '../proxy/candidate.ts';
import { type Network, openClient } from '../proxy/http-client.ts';
import { CONNECTIONS } from '../proxy/ranking.ts';
import type { Meaning } from './answer-meaning.ts';
import { type Breaker, beginAttempt, endAttempt, isResting, NEW_BREAKER } from './breaker.ts';
import { ClientSlots } from './client-slots.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { FETCH_POLICY, type FetchPolicy } from './fetch-policy.ts';
import type { EntryFacts, EntryHealth } from './next-step.ts';
import type { FlowMeter } from './trickle.ts';

/** A proxy of the chain and what follows it there. */
export interface ChainProxy {
  readonly candidate: Candidate;
  readonly separator: Separator;
}

/** Options of openProxySet. */
export interface ProxySetOptions {
  /** In the order in which they are to be asked. */
  readonly chain: readonly ChainProxy[];
  readonly standby?: readonly Candidate[];
  /** Whether `direct` ends the chain. */
  readonly direct: boolean;
  readonly network: Network;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  /** Connections to each proxy at most; default {@link CONNECTIONS}. */
  readonly connections?: number;
  readonly policy?: FetchPolicy;
  readonly clock?: Clock;
}

/** What one proxy did, for report. */
export interface ProxyTally {
  readonly candidate: Candidate;
  readonly standby: boolean;
  readonly asked: number;
  readonly fetched: number;
  readonly notFound: number;
  readonly failed: number;
  readonly bytes: number;
  readonly resting: boolean;
}

/** One proxy while a set lives. */
export interface ProxyMember {
  readonly candidate: Candidate;
  readonly standby: boolean;
  readonly gatekeeper: boolean;
  readonly boundary: boolean;
  readonly slots: ClientSlots;
}

/** An attempt that has begun. */
export interface Ticket {
  readonly index: number;
  readonly trial: boolean;
}

/** What an attempt came to. */
export interface AttemptEnd {
  readonly meaning: Meaning;
  readonly bytes: number;
  readonly retryAfterMs?: number;
}

interface MemberState {
  breaker: Breaker;
  busyUntil: number;
  failing: boolean;
  asked: number;
  fetched: number;
  notFound: number;
  failed: number;
  bytes: number;
}

/** Returns the set; nothing is contacted before the first file. The caller destroys it. */
export function openProxySet(options: ProxySetOptions): ProxySet {
  return new ProxySet(options);
}

/**
 * Returns the proxies of a GOPROXY list in its order, with their candidates by `exportValue`, up to `direct` or `off`, and
 * whether `direct` ends it. An entry without a candidate is an error of the caller.
 */
export function chainOf(
  entries: readonly GoproxyEntry[],
  candidates: readonly Candidate[],
): Pick<ProxySetOptions, 'chain' | 'direct'> {
  const chain: ChainProxy[] = [];
  for (const entry of entries) {
    if (entry.kind === 'direct' || entry.kind === 'off') return { chain, direct: entry.kind === 'direct' };
    const candidate = candidates.find(({ exportValue }) => exportValue === entry.raw);
    if (candidate === undefined) throw new RangeError('an entry of the chain is no candidate');
    chain.push({ candidate, separator: entry.separator });
  }
  return { chain, direct: false };
}

/** The proxies of one phase and how they do, shared by all files that are fetched at the same time. */
export class ProxySet {
  readonly members: readonly ProxyMember[];
  readonly direct: boolean;
  readonly policy: FetchPolicy;
  readonly clock: Clock;
  /** Over all bodies of all proxies. */
  readonly meter: FlowMeter = { bytes: 0, bodies: 0 };
  readonly #states: readonly MemberState[];
  #underWay = 0;
  /** Since when attempts were begun and nobody has given a good answer. */
  #silentSince: number | undefined;

  constructor(options: ProxySetOptions) {
    this.direct = options.direct;
    this.policy = options.policy ?? FETCH_POLICY;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    const size = options.connections ?? CONNECTIONS;
    const toMember = (candidate: Candidate, separator: Separator, standby: boolean): ProxyMember => {
      const gatekeeper = keepsPlaceWhenRefused(candidate);
      const slots = new ClientSlots(() => openClient(clientOptions(options, candidate)), size);
      return { candidate, standby, gatekeeper, boundary: gatekeeper && separator === ',', slots };
    };
    this.members = [
      ...options.chain.map(({ candidate, separator }) => toMember(candidate, separator, false)),
      ...(options.standby ?? []).map((candidate) => toMember(candidate, '', true)),
    ];
    this.#states = this.members.map(() => ({
      breaker: NEW_BREAKER,
      busyUntil: 0,
      failing: false,
      asked: 0,
      fetched: 0,
      notFound: 0,
      failed: 0,
      bytes: 0,
    }));
  }

  /** What does not change while a file of this disclosure is fetched. */
  facts(disclosure: Disclosure): readonly EntryFacts[] {
    return this.members.map(({ candidate, standby, gatekeeper, boundary }) => ({
      kind: candidate.kind,
      allowed: disclosure === 'public' || mayHearPrivatePaths(candidate),
      gatekeeper,
      boundary,
      standby,
    }));
  }

  /** How the proxies do now. */
  health(): { readonly health: readonly EntryHealth[]; readonly silentMs: number } {
    const now = this.clock.now();
    return {
      health: this.#states.map(({ breaker, busyUntil, failing }) => ({
        resting: isResting(breaker, now),
        busyUntil,
        failing,
      })),
      silentMs: this.#silentSince === undefined ? 0 : now - this.#silentSince,
    };
  }

  /** Notes that an attempt begins. */
  begin(index: number): Ticket {
    const state = this.#stateAt(index);
    const now = this.clock.now();
    const { breaker, trial } = beginAttempt(state.breaker, now);
    state.breaker = breaker;
    state.asked++;
    this.#underWay++;
    this.#silentSince ??= now;
    return { index, trial };
  }

  /** Notes how it ended; once for each ticket. */
  end({ index, trial }: Ticket, { meaning, bytes, retryAfterMs }: AttemptEnd): void {
    const state = this.#stateAt(index);
    const now = this.clock.now();
    const event = eventOf(meaning);
    state.breaker = endAttempt(state.breaker, { event, trial, now }, this.policy.breaker);
    state.bytes += bytes;
    this.#underWay--;
    if (meaning === 'fetched') state.fetched++;
    if (meaning === 'not-found') state.notFound++;
    if (event === 'failed') {
      state.failed++;
      state.failing = true;
    }
    if (retryAfterMs !== undefined) state.busyUntil = Math.max(state.busyUntil, now + retryAfterMs);
    // Even a wrong file shows that the network is there.
    if (event !== 'good' && meaning !== 'integrity') return;
    this.#silentSince = this.#underWay > 0 ? now : undefined;
    for (const one of this.#states) one.failing = false;
  }

  /** What each proxy did so far, in order, standby proxies last. */
  tallies(): readonly ProxyTally[] {
    const now = this.clock.now();
    return this.members.map(({ candidate, standby }, index) => {
      const { breaker, asked, fetched, notFound, failed, bytes } = this.#stateAt(index);
      const resting = isResting(breaker, now);
      return { candidate, standby, asked, fetched, notFound, failed, bytes, resting };
    });
  }

  /** Hosts (with port) that were contacted; HTTP proxies and redirects too. */
  contacted(): readonly string[] {
    return [...new Set(this.members.flatMap(({ slots }) => slots.contacted()))];
  }

  requests(): number {
    return this.members.reduce((sum, { slots }) => sum + slots.requests(), 0);
  }

  /** Ends every connection; files under way fail, and nothing is contacted after it. */
  async destroy(): Promise<void> {
    await Promise.all(this.members.map(({ slots }) => slots.destroy()));
  }

  #stateAt(index: number): MemberState {
    const state = this.#states[index];
    if (state === undefined) throw new RangeError(`no proxy ${index}`);
    return state;
  }
}

function clientOptions({ network, credentialsFor }: ProxySetOptions, candidate: Candidate) {
  const { url: base, credentials } = candidate;
  return {
    base,
    network,
    ...(credentials === undefined ? {} : { credentials }),
    ...(credentialsFor === undefined ? {} : { credentialsFor }),
  };
}

function eventOf(meaning: Meaning): 'good' | 'failed' | 'void' {
  switch (meaning) {
    case 'fetched':
    case 'not-found':
    case 'refused':
      return 'good';
    case 'infrastructure':
    case 'integrity':
      return 'failed';
    case 'local':
    case 'cancelled':
      return 'void';
    default: {
      const never: never = meaning;
      return never;
    }
  }
}
