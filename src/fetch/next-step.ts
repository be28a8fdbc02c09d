import type { FetchPolicy } from './fetch-policy.ts';
import { type EntryState, type FileState, isSettled } from './file-state.ts';

/** What does not change about one proxy while a file is fetched. */
export interface EntryFacts {
  /** `file`: a file:// entry, which go reads and we do not. */
  readonly kind: 'http' | 'file';
  /** Whether it may hear of this file. */
  readonly allowed: boolean;
  /** A given or inherited candidate, whose refusal is policy. */
  readonly gatekeeper: boolean;
  /** Only a 404 or 410 leads past it: a gatekeeper that a comma follows. */
  readonly boundary: boolean;
  readonly standby: boolean;
}

/** How a proxy does at the moment, over all files. */
export interface EntryHealth {
  readonly resting: boolean;
  /** It asked not to be asked before then. */
  readonly busyUntil: number;
  /** It failed since anybody last gave a good answer. */
  readonly failing: boolean;
}

/** All that the next step of a file depends on; the lists go together by index, standby proxies last. */
export interface StepInput {
  readonly facts: readonly EntryFacts[];
  readonly state: FileState;
  readonly health: readonly EntryHealth[];
  /** How long nobody has given a good answer, in milliseconds. */
  readonly silentMs: number;
  /** The file is public, and of a module that go.sum pins. */
  readonly standbyAllowed: boolean;
  readonly now: number;
  readonly policy: FetchPolicy;
}

/** Why no proxy is asked any more. `out-of-reach`: nobody may be asked, or a file:// entry that only go can read is first. */
export type EndReason = 'refused' | 'not-found' | 'out-of-reach' | 'exhausted' | 'network-dead';

/** What to do next for a file. */
export type Step =
  | {
      readonly kind: 'ask';
      readonly index: number;
      /** Wait so long, then decide again; 0: ask now. */
      readonly waitMs: number;
      /** Nobody else could be asked, now or later: give it longer to begin. */
      readonly patient: boolean;
    }
  | { readonly kind: 'end'; readonly why: EndReason };

/**
 * Returns the next step of a file (DESIGN §3.4). Proxies are asked in their order, each once before any a second time. Who
 * rests, or asked to be left alone, counts as one that failed twice: others come before it, but the last one left is asked
 * nevertheless, and everybody who may be asked is, before the attempts are used up. A gatekeeper with a comma is passed by
 * its 404 or 410 only, as go passes it. Standby proxies come in when every candidate has failed for infrastructure reasons: twice, or
 * once and rests, or the attempts are used up.
 */
export function nextStep(input: StepInput): Step {
  const { state, policy, health, silentMs } = input;
  if (state.refused) return { kind: 'end', why: 'refused' };
  const reach = reachOf(input);
  if (reach.indexes.length === 0) return { kind: 'end', why: 'out-of-reach' };
  const open = reach.indexes.filter((index) => !isSettled(entryAt(state, index)));
  if (reach.indexes.every((index) => entryAt(state, index).notFound)) {
    return { kind: 'end', why: reach.behindFile ? 'out-of-reach' : 'not-found' };
  }
  const standbys = standbysOf(input, reach.indexes);
  const pool = poolOf(input, open, standbys);
  const index = choose(input, pool);
  if (index === undefined) return { kind: 'end', why: 'exhausted' };
  const left = [...open, ...standbys];
  if (silentMs >= policy.deadAfterMs && left.every((one) => health[one]?.failing === true)) {
    return { kind: 'end', why: 'network-dead' };
  }
  return {
    kind: 'ask',
    index,
    waitMs: waitOf(input, index),
    patient: left.length === 1 && !mayHaveStandby(input),
  };
}

interface Reach {
  readonly indexes: readonly number[];
  /** A file:// entry stands where the reach ends. */
  readonly behindFile: boolean;
}

function reachOf({ facts, state }: StepInput): Reach {
  const indexes: number[] = [];
  for (const [index, entry] of facts.entries()) {
    if (entry.standby) break;
    if (entry.kind === 'file') return { indexes, behindFile: true };
    if (!entry.allowed) continue;
    indexes.push(index);
    if (entry.boundary && !entryAt(state, index).passable) break;
  }
  return { indexes, behindFile: false };
}

function mayHaveStandby({ facts, standbyAllowed }: StepInput): boolean {
  if (!standbyAllowed || facts.some(({ gatekeeper, standby }) => gatekeeper && !standby)) return false;
  return facts.some(({ standby }) => standby);
}

/** The standby proxies that could still be asked: none unless every candidate has failed for infrastructure reasons. */
function standbysOf(input: StepInput, reached: readonly number[]): readonly number[] {
  const { facts, state, policy } = input;
  const isCandidate = (index: number) => facts[index]?.standby === false;
  const every = [...facts.keys()].filter(isCandidate);
  if (!mayHaveStandby(input)) return [];
  const failed = (index: number) => {
    const { failures, integrity, notFound } = entryAt(state, index);
    return reached.includes(index) && failures > 0 && integrity === 0 && !notFound;
  };
  if (!every.every(failed)) return [];
  const standbys = [...facts.keys()].filter((index) => !isCandidate(index));
  if (failuresOf(state, standbys) >= policy.standbyAttempts) return [];
  return standbys.filter((index) => !isSettled(entryAt(state, index)));
}

function poolOf(
  { facts, state, health, policy }: StepInput,
  open: readonly number[],
  standbys: readonly number[],
): readonly number[] {
  const chain = [...facts.keys()].filter((index) => facts[index]?.standby === false);
  const left = policy.attempts - failuresOf(state, chain);
  const spent = (index: number) => entryAt(state, index).failures > 1 || health[index]?.resting === true;
  if (standbys.length > 0 && (left <= 0 || open.every(spent))) return standbys;
  if (left <= 0) return [];
  const unasked = open.filter((index) => entryAt(state, index).failures === 0);
  return unasked.length >= left ? unasked : open;
}

/** So many failures of others are worth less than waiting for, or trying, a proxy that rests. */
const RESTING_COUNTS = 2;

function choose(input: StepInput, pool: readonly number[]): number | undefined {
  const rank = (index: number): readonly number[] => {
    const { resting = false, busyUntil = 0 } = input.health[index] ?? {};
    const counted = resting || busyUntil > input.now ? RESTING_COUNTS : 0;
    return [entryAt(input.state, index).failures + counted, waitOf(input, index), index];
  };
  return [...pool].sort((a, b) => compareRanks(rank(a), rank(b)))[0];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function waitOf({ state, health, now }: StepInput, index: number): number {
  return Math.max(0, entryAt(state, index).askAgainAt - now, (health[index]?.busyUntil ?? 0) - now);
}

function failuresOf(state: FileState, indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + entryAt(state, index).failures, 0);
}

function entryAt(state: FileState, index: number): EntryState {
  const entry = state.entries[index];
  if (entry === undefined) throw new RangeError(`no proxy ${index}`);
  return entry;
}
