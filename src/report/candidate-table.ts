import { checksumsText, formatMs, formatThroughput, unbroken } from './figures.ts';
import { inertCodeSpan } from './foreign-text.ts';
import { inertMarked } from './marked-prose.ts';
import type { CandidateFacts } from './report.ts';

/** More candidates than this are only counted. */
const ROW_LIMIT = 30;
const SENTENCE_LIMIT = 600;
const DASH = '\u2014';

interface Column {
  readonly title: string;
  readonly isNumber: boolean;
  /** Kept although it is empty in every row. */
  readonly isAlways?: boolean;
  readonly cell: (candidate: CandidateFacts) => string;
}

const COLUMNS: readonly Column[] = [
  { title: '#', isNumber: true, isAlways: true, cell: ({ rank }) => (rank === undefined ? DASH : `${rank}`) },
  {
    title: 'proxy',
    isNumber: false,
    isAlways: true,
    cell: ({ label }) => inertCodeSpan(withoutHttps(label)),
  },
  {
    title: 'verdict',
    isNumber: false,
    isAlways: true,
    cell: ({ verdict }) => unbroken(shortVerdict(verdict)),
  },
  { title: 'DNS', isNumber: true, cell: (candidate) => cellMs(phasesOf(candidate)?.dnsMs) },
  { title: 'TCP', isNumber: true, cell: (candidate) => cellMs(phasesOf(candidate)?.tcpMs) },
  { title: 'TLS', isNumber: true, cell: (candidate) => cellMs(phasesOf(candidate)?.tlsMs) },
  { title: 'first byte', isNumber: true, cell: (candidate) => cellMs(firstByteOf(candidate)) },
  { title: 'throughput', isNumber: true, cell: throughputCell },
  { title: 'checksums', isNumber: false, cell: ({ verdict }) => checksumsText(verdict) },
  { title: 'estimate', isNumber: true, cell: ({ estimateMs }) => cellMs(estimateMs) },
];

const ESTIMATE =
  'Estimate: the time to fetch what is missing, as round trips \u00d7 first byte + bytes \u00f7 throughput.';

/**
 * Returns the table of candidates in the order given and, below it, where each comes from and why it has its place.
 * Columns that are empty in all rows are left out; a number and its unit stay on one line.
 */
export function candidateTable(candidates: readonly CandidateFacts[]): readonly string[] {
  if (candidates.length === 0) return ['No candidate was probed.'];
  const shown = candidates.slice(0, ROW_LIMIT);
  const left = candidates.length - shown.length;
  const columns = COLUMNS.filter(
    ({ isAlways, cell }) => isAlways === true || shown.some((one) => cell(one) !== DASH),
  );
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const hasEstimate = shown.some(({ estimateMs }) => estimateMs !== undefined);
  return [
    row(columns.map(({ title }) => unbroken(title))),
    row(columns.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
    ...shown.map((one) => row(columns.map(({ cell }) => cell(one)))),
    ...(left > 0 ? ['', `and ${left} more`] : []),
    ...(hasEstimate ? ['', ESTIMATE] : []),
    '',
    ...shown.map((one) => placeLine(one, becameOf(one, candidates))),
  ];
}

/** Says what became of an unhealthy candidate: it is left out only of a chain that others are in. */
export function becameOf({ inChain }: CandidateFacts, all: readonly CandidateFacts[]): string {
  if (inChain === true) return 'stays in the chain';
  return all.some((one) => one.inChain === true) ? 'left out' : 'unhealthy';
}

function placeLine({ rank, label, origin, verdict, reason }: CandidateFacts, became: string): string {
  const sign = rank === undefined ? '-' : `${rank}.`;
  const who = `${sign} ${inertCodeSpan(label)} (${origin})`;
  if (verdict.kind !== 'unhealthy') {
    const answer = verdict.kind === 'unknown' ? ` (${verdict.reason}, HTTP status ${verdict.status})` : '';
    const why = reason ?? (verdict.kind === 'unmeasured' ? verdict.why : 'not used');
    return `${who}: ${inertMarked(`${why}${answer}`, SENTENCE_LIMIT)}`;
  }
  return `${who} ${became}, ${inertCodeSpan(verdict.cause)}: ${inertMarked(verdict.detail, SENTENCE_LIMIT)}`;
}

/** The list below the table has the whole URL and the cause: a wide table is cut off. */
function withoutHttps(label: string): string {
  return label.replace(/^https:\/\/(?=.)/, '');
}

function shortVerdict(verdict: CandidateFacts['verdict']): string {
  switch (verdict.kind) {
    case 'healthy':
      return 'healthy';
    case 'unhealthy':
      return `unhealthy (${verdict.stage})`;
    case 'unknown':
      return `unknown (${verdict.status})`;
    case 'unmeasured':
      return 'not measured';
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

function phasesOf({ verdict }: CandidateFacts) {
  if (verdict.kind === 'unmeasured') return undefined;
  return verdict.kind === 'healthy' ? verdict.figures.phases : verdict.phases;
}

/** Over a warm connection where there was one. */
function firstByteOf(candidate: CandidateFacts): number | undefined {
  const { verdict } = candidate;
  return verdict.kind === 'healthy' ? verdict.figures.firstByteMs : phasesOf(candidate)?.firstByteMs;
}

function throughputCell({ verdict }: CandidateFacts): string {
  const rate = verdict.kind === 'healthy' ? verdict.figures.bytesPerSecond : undefined;
  return rate === undefined ? DASH : unbroken(formatThroughput(rate));
}

function cellMs(ms: number | undefined): string {
  return ms === undefined ? DASH : unbroken(formatMs(ms));
}
