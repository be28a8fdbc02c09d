import { formatGoproxy, type GoproxyEntry, groupByPipe, type Separator } from '../go/goproxy.ts';
import type { ChainDecision, ChainInput, Removed } from './chain-decision.ts';
import { bestHealthy, type RankedCandidate, rankProxies } from './ranking.ts';
import type { Probed } from './verdict.ts';

/** What {@link decideInheritedChain} needs beyond the chain's input: a verdict of every candidate, in list order. */
export interface InheritedInput extends ChainInput {
  readonly inherited: readonly GoproxyEntry[];
}

/** An entry of the list with its verdict; `direct` and `off` have none. */
interface Slot {
  readonly entry: GoproxyEntry;
  readonly probed?: Probed;
}

/** A pipe group after ranking: who stays, in order, and who leaves. */
interface Ranked {
  readonly slots: readonly Slot[];
  readonly order: readonly RankedCandidate[];
  readonly removed: readonly Removed[];
  /** Unhealthy ones that may not leave, for their group has no healthy one. */
  readonly stuck: readonly Probed[];
  /** What follows the group. */
  readonly separator: Separator;
}

/**
 * Returns the chain of an inherited GOPROXY. A comma is a boundary: order changes only inside a group joined by pipes;
 * `direct`, `off`, file URLs and unknown proxies keep their places; an unhealthy entry leaves only if its own group keeps a
 * healthy one. One that stays before a comma would fail or hang every request, and going round it is not ours to decide:
 * then nothing is exported, with a warning. `fallback` and `direct` change the list first, and only when not `auto`.
 */
export function decideInheritedChain(input: InheritedInput): ChainDecision {
  const slots = applyDirect(applyFallback(toSlots(input), input.fallback), input.direct);
  const groups = groupsOf(slots).map((group) => rankGroup(group, input));
  const ranked = groups.flatMap(({ order }) => order);
  const best = bestHealthy(ranked)?.candidate;
  const common = { ranked, ...(best === undefined ? {} : { selected: best }) };
  const used = input.fallback === 'none' ? upToFirstUsable(groups) : groups;
  const blocked = used.find(({ separator, stuck }) => separator === ',' && stuck.length > 0)?.stuck[0];
  if (blocked !== undefined) return { ...common, kind: 'keep', reasons: [], warning: describeBlock(blocked) };
  if (ranked.length === 0) {
    const stuck = groups.flatMap((group) => group.stuck);
    return { ...common, kind: 'keep', reasons: [], warning: describeDead(stuck) };
  }
  const kept = input.fallback === 'none' ? keepBest(groups) : groups.flatMap((group) => group.slots);
  const entries = kept.map(({ entry }) => entry);
  const reasons = [
    'GOPROXY is inherited: a comma is a boundary, and only entries joined by pipes are put in order.',
    ...used.flatMap((group) => group.stuck).map(describeStuck),
  ];
  const goproxy = formatGoproxy(entries);
  if (goproxy === formatGoproxy(input.inherited)) {
    return { ...common, kind: 'keep', reasons: [...reasons, 'The inherited GOPROXY needs no change.'] };
  }
  const removed = [...groups.flatMap((group) => group.removed), ...notBest(groups, kept)];
  return { ...common, kind: 'export', goproxy, entries, reasons, removed };
}

function toSlots({ inherited, probed }: InheritedInput): readonly Slot[] {
  let next = 0;
  return inherited.map((entry) => {
    const own = entry.kind === 'proxy' || entry.kind === 'file' ? probed[next++] : undefined;
    return own === undefined ? { entry } : { entry, probed: own };
  });
}

/** What joins proxies changes; what stands before `direct` or `off` does not. */
function applyFallback(slots: readonly Slot[], fallback: InheritedInput['fallback']): readonly Slot[] {
  if (fallback !== 'any-error' && fallback !== 'not-found') return slots;
  const separator = fallback === 'any-error' ? '|' : ',';
  return slots.map((slot, index) =>
    slots[index + 1]?.probed === undefined ? slot : withSeparator(slot, separator),
  );
}

function applyDirect(slots: readonly Slot[], direct: InheritedInput['direct']): readonly Slot[] {
  const last = slots.at(-1);
  if (direct === 'auto' || last === undefined) return slots;
  const end = last.entry.kind;
  if (direct === 'true') {
    if (end === 'direct' || end === 'off') return slots;
    const word: Slot = { entry: { kind: 'direct', raw: 'direct', separator: '' } };
    return [...slots.slice(0, -1), withSeparator(last, ','), word];
  }
  if (end !== 'direct') return slots;
  const rest = slots.slice(0, -1);
  return rest.map((slot, index) => (index === rest.length - 1 ? withSeparator(slot, '') : slot));
}

function groupsOf(slots: readonly Slot[]): readonly (readonly Slot[])[] {
  let next = 0;
  return groupByPipe(slots.map(({ entry }) => entry)).map((group) => {
    const start = next;
    next += group.length;
    return slots.slice(start, next);
  });
}

function rankGroup(group: readonly Slot[], { workload }: InheritedInput): Ranked {
  const separator = group.at(-1)?.entry.separator ?? '';
  const probed = group.flatMap((slot) => slot.probed ?? []);
  const { order } = rankProxies(probed, workload);
  const unhealthy = probed.filter(({ verdict }) => verdict.kind === 'unhealthy');
  if (bestHealthy(order) === undefined) {
    return { slots: group, order, removed: [], stuck: unhealthy, separator };
  }
  const ordered = order.flatMap(({ candidate }) =>
    group.filter((slot) => slot.probed?.candidate.id === candidate.id),
  );
  // Only the last entry of a list can be direct or off.
  const words = group.filter((slot) => slot.probed === undefined);
  const stay = [...ordered, ...words];
  return {
    slots: stay.map((slot, index) => withSeparator(slot, index === stay.length - 1 ? separator : '|')),
    order,
    removed: unhealthy.map(({ candidate, verdict }) => ({ candidate, why: 'unhealthy', verdict })),
    stuck: [],
    separator,
  };
}

/** The best proxy of the first group that has one, for a later group is behind a boundary; and the word at the end. */
function keepBest(groups: readonly Ranked[]): readonly Slot[] {
  const slots = groups.flatMap((group) => group.slots);
  const first = groups.find(({ order }) => order.length > 0);
  const best = first && (bestHealthy(first.order) ?? first.order[0]);
  const word = slots.at(-1)?.probed === undefined ? slots.at(-1) : undefined;
  return slots.flatMap((slot) => {
    if (slot === word) return [slot];
    if (best === undefined || slot.probed?.candidate.id !== best.candidate.id) return [];
    const before = slots.at(-2)?.entry.separator ?? '';
    return [withSeparator(slot, word === undefined ? '' : before)];
  });
}

/** With `fallback: none` nothing behind the group of the best proxy is used. */
function upToFirstUsable(groups: readonly Ranked[]): readonly Ranked[] {
  const first = groups.findIndex(({ order }) => order.length > 0);
  return groups.slice(0, first + 1);
}

function notBest(groups: readonly Ranked[], kept: readonly Slot[]): readonly Removed[] {
  return groups
    .flatMap(({ order }) => order)
    .filter(({ candidate }) => !kept.some((slot) => slot.probed?.candidate.id === candidate.id))
    .map(({ candidate, verdict }) => ({ candidate, why: 'not-best', verdict }));
}

function withSeparator(slot: Slot, separator: Separator): Slot {
  const { entry } = slot;
  if (entry.kind === 'direct' || entry.kind === 'off') return slot;
  return { ...slot, entry: { ...entry, separator } };
}

function describeFlaw({ candidate, verdict }: Probed): string {
  return verdict.kind === 'unhealthy'
    ? `${candidate.label} is unhealthy (${verdict.stage}: ${verdict.cause})`
    : candidate.label;
}

function describeBlock(probed: Probed): string {
  return `In the inherited GOPROXY ${describeFlaw(probed)}, and go cannot pass it: a comma follows it, or the group that it is in, and no other proxy there is healthy. Nothing is exported.`;
}

function describeDead(stuck: readonly Probed[]): string {
  return `No proxy of the inherited GOPROXY is healthy, so it stays as it was: ${stuck.map(describeFlaw).join(', ')}.`;
}

function describeStuck(probed: Probed): string {
  return `${describeFlaw(probed)} and stays, for no healthy proxy is joined to it by a pipe.`;
}
