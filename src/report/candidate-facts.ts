import type { Choice } from '../proxy/choose.ts';
import { describePlace, type RankedCandidate } from '../proxy/ranking.ts';
import type { CandidateFacts } from './report.ts';
import type { ReportParts } from './report-parts.ts';

/** Returns every candidate that was measured with its verdict, its place and why it has that. */
export function candidateFacts({ probed, decision }: Choice, parts: ReportParts): readonly CandidateFacts[] {
  const places = new Map(decision.ranked.map((one, index) => [one.candidate.id, { one, rank: index + 1 }]));
  const inForce = entriesInForce(parts);
  const isExported = parts.exports.exports.some(({ name }) => name === 'GOPROXY');
  const isAlone = probed.filter(({ candidate }) => candidate.origin !== 'standby').length === 1;
  return probed.map(({ candidate, verdict }) => {
    const place = places.get(candidate.id);
    const inChain = inForce.has(candidate.exportValue);
    const isPassedOver = isExported && !inChain;
    return {
      label: candidate.label,
      origin: candidate.origin,
      ...(candidate.publicProxy === undefined ? {} : { publicName: candidate.publicProxy.name }),
      verdict,
      inChain,
      ...(place === undefined
        ? {}
        : placeFacts(place.one, { ...place, isAlone, isPassedOver, of: places.size })),
    };
  });
}

/** The entries of the GOPROXY that go uses after the step, as they are written. */
function entriesInForce({ goEnv, exports }: ReportParts): ReadonlySet<string> {
  const exported = exports.exports.find(({ name }) => name === 'GOPROXY');
  const value = exported?.value ?? goEnv.values.get('GOPROXY') ?? '';
  return new Set(value.split(/[,|]/).map((entry) => entry.trim()));
}

interface Place {
  readonly rank: number;
  /** How many have a rank. */
  readonly of: number;
  /** No other candidate was configured. */
  readonly isAlone: boolean;
  /** It can be used, and yet is not in the exported chain: `fallback: none` takes one only. */
  readonly isPassedOver: boolean;
}

function placeFacts(
  one: RankedCandidate,
  place: Place,
): Pick<CandidateFacts, 'rank' | 'estimateMs' | 'reason'> {
  const { estimateMs } = one;
  return {
    rank: place.rank,
    ...(estimateMs === undefined ? {} : { estimateMs }),
    reason: `${placeReason(one, place)}${place.isPassedOver ? ', and not in the chain' : ''}`,
  };
}

/** With nothing to compare, an estimate is no reason. */
function placeReason(one: RankedCandidate, { rank, of, isAlone }: Place): string {
  if (one.candidate.origin === 'standby') return 'a standby mirror, used because no candidate is healthy';
  if (of === 1) return isAlone ? 'the only candidate' : 'the only candidate that can be used';
  if (one.place.kind !== 'fastest') return describePlace(one);
  return rank === 1 ? 'the lowest estimate' : 'the lowest estimate of the rest';
}
