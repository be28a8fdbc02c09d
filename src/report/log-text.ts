import type { Finding } from '../diagnosis/finding.ts';
import { formatPhases } from '../diagnosis/probe-findings.ts';
import { cacheLines } from './cache-text.ts';
import { becameOf } from './candidate-table.ts';
import { checksumsText, count, formatMs, formatThroughput } from './figures.ts';
import { inertCopyLine, inertName, inertText } from './foreign-text.ts';
import { laterLines } from './later-text.ts';
import { prefetchLines } from './prefetch-text.ts';
import {
  type CandidateFacts,
  changedVariables,
  type NamedValue,
  type PhaseDuration,
  type Report,
  type WantedFacts,
} from './report.ts';

/** One folded group of the log; every line is inert. */
export interface LogSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Longest sentence of ours with foreign names in it. */
const SENTENCE_LIMIT = 600;
/** Lists longer than this are cut with the number of what is left out. */
const LIST_LIMIT = 100;

/** Returns the groups of the log for the whole report; empty ones are left out. */
export function logSections(report: Report): readonly LogSection[] {
  return [...sectionsBeforeFetch(report), ...sectionsAfterFetch(report)];
}

/** Returns the groups that can be printed before the prefetch runs: environment, candidates, chain, and what the cache brought. */
export function sectionsBeforeFetch(report: Report): readonly LogSection[] {
  return withLines([
    { title: 'Environment and wanted modules', lines: environmentLines(report) },
    { title: 'Candidates', lines: candidateLines(report) },
    { title: 'Chain and environment', lines: chainLines(report) },
    { title: 'Module cache', lines: cacheLines(report) },
  ]);
}

/** Returns the groups that are known only after it: what it did, the search for failed downloads, the findings, hosts and time. */
export function sectionsAfterFetch(report: Report): readonly LogSection[] {
  return withLines([
    { title: 'Prefetch', lines: prefetchLines(report) },
    { title: 'Later steps', lines: laterLines(report) },
    { title: 'Findings', lines: report.findings.flatMap(findingLines) },
    { title: 'Hosts contacted and time', lines: accountLines(report) },
  ]);
}

function withLines(sections: readonly LogSection[]): readonly LogSection[] {
  return sections.filter(({ lines }) => lines.length > 0);
}

/** Returns what was found before any network: go, the wanted set, notes. */
export function environmentLines({ go, wanted, notes, secondUse }: Report): readonly string[] {
  return [
    go.version === undefined ? 'go: not found, defaults are used' : `go: ${inertName(go.version)}`,
    ...(go.problem === undefined ? [] : [`go env: ${inertText(go.problem)}`]),
    ...(secondUse === undefined ? [] : [sentence(secondUse)]),
    ...(wanted === undefined ? ['wanted: no project was read'] : wantedLines(wanted)),
    ...limited(notes.map(sentence)),
  ];
}

/** Returns the plan and one line a candidate with verdict, phases and figures, in the order of the ranking. */
export function candidateLines({ plan }: Report): readonly string[] {
  return [
    ...(plan.reason === undefined ? [] : [sentence(plan.reason)]),
    ...candidateRows(ranked(plan.candidates)),
    ...limited(plan.skipped.map(({ entry, reason }) => `skipped ${shown(entry)}: ${sentence(reason)}`)),
    `standby mirrors ${plan.standby.asked ? 'asked' : 'not asked'}: ${sentence(plan.standby.reason)}`,
  ];
}

/** Returns what changed, before and after, each with its reason; what did not in one line; what is exported. */
export function chainLines(report: Report): readonly string[] {
  const { chain, exported } = report;
  const { changed, unchanged } = changedVariables(report);
  const sumdb = unchanged.find(({ name }) => name === 'GOSUMDB')?.reason ?? '';
  return [
    ...changed.map(changeLine),
    ...limited(chain.reasons.map((reason) => `  ${sentence(reason)}`)),
    ...(unchanged.length === 0 ? [] : [`unchanged: ${unchanged.map(shownVariable).join(', ')}`]),
    ...(sumdb === '' ? [] : [`  ${sentence(sumdb)}`]),
    exported.length === 0
      ? 'exported to later steps: nothing'
      : `exported to later steps: ${exported.map(({ name }) => inertName(name)).join(', ')}`,
  ];
}

/** Returns one finding as lines: what, where, evidence, whose fault, re-run, remedy. */
export function findingLines(finding: Finding): readonly string[] {
  const { id, subject, title, evidence, fault, rerunHelps, remedy, copy = [], consequence } = finding;
  return [
    `${id}: ${subject === '' ? '' : `${inertName(subject)}: `}${sentence(title)}`,
    ...evidence.slice(0, 20).map((line) => `  ${inertText(line)}`),
    ...(consequence === undefined ? [] : [`  in this job: ${sentence(consequence)}`]),
    `  fault: ${fault}; does a re-run help: ${rerunHelps}`,
    `  remedy: ${sentence(remedy)}`,
    ...copy.slice(0, 20).map((line) => `    ${inertCopyLine(line)}`),
  ];
}

/** Returns every contacted host and the time each phase took. */
export function accountLines({ hosts, durations }: Report): readonly string[] {
  const contacted = hosts.length === 0 ? 'none' : hosts.map((host) => inertName(host)).join(' ');
  return [`hosts contacted: ${contacted}`, `time: ${formatDurations(durations)}`];
}

/** Returns the candidates in the order of their rank; those without one follow in configured order. */
export function ranked(candidates: readonly CandidateFacts[]): readonly CandidateFacts[] {
  return candidates.toSorted((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0);
}

/** Returns `probe 320 ms, export 2 ms`. */
export function formatDurations(durations: readonly PhaseDuration[]): string {
  return durations.map(({ phase, ms }) => `${inertText(phase)} ${formatMs(ms)}`).join(', ');
}

function wantedLines({
  modules,
  files,
  missing,
  wrong,
  privateModules,
  notes,
}: WantedFacts): readonly string[] {
  const wrongText = wrong === 0 ? '' : `, ${wrong} with a wrong hash`;
  return [
    `wanted: ${count(modules, 'module')}, ${count(files, 'file')}, ${missing} missing${wrongText}`,
    ...(privateModules === 0
      ? []
      : [`private, asked of nobody or of your own proxies only: ${privateModules}`]),
    ...limited(notes.map(sentence)),
  ];
}

/** The label column is as wide as the longest label, but no wider than this. */
const LABEL_WIDTH = 60;

/** Two lines a candidate: place, proxy, verdict and figures in columns; then where it comes from and why. */
function candidateRows(candidates: readonly CandidateFacts[]): readonly string[] {
  const shown = candidates.slice(0, LIST_LIMIT);
  const labels = shown.map(({ label }) => inertName(label));
  const width = Math.min(LABEL_WIDTH, Math.max(0, ...labels.map((label) => label.length)));
  const numbers = `${shown.length}.`.length;
  const left = candidates.length - shown.length;
  return [
    ...shown.flatMap((one, index) => {
      const place = (one.rank === undefined ? '-' : `${one.rank}.`).padEnd(numbers);
      const label = (labels[index] ?? '').padEnd(width);
      const figures = inertName(figuresOf(one).join(', '), SENTENCE_LIMIT);
      const head = `${place} ${label}  ${one.verdict.kind.padEnd(KIND_WIDTH)}  ${figures}`.trimEnd();
      return [
        head,
        `${' '.repeat(numbers)} ${one.origin}: ${sentence(whyOf(one, becameOf(one, candidates)))}`,
      ];
    }),
    ...(left > 0 ? [`and ${left} more`] : []),
  ];
}

const KIND_WIDTH = 'unmeasured'.length;

function whyOf({ verdict, reason }: CandidateFacts, became: string): string {
  switch (verdict.kind) {
    case 'unhealthy': {
      const status = verdict.status === undefined ? '' : ` ${verdict.status}`;
      return `${became}, ${verdict.cause}${status} (${verdict.stage}: ${verdict.detail})`;
    }
    case 'unknown':
      return `${reason ?? 'not used'} (${verdict.reason}, HTTP status ${verdict.status})`;
    case 'unmeasured':
      return reason ?? verdict.why;
    case 'healthy':
      return reason ?? 'not used';
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

function figuresOf({ verdict, estimateMs }: CandidateFacts): readonly string[] {
  if (verdict.kind === 'unmeasured') return [];
  if (verdict.kind !== 'healthy') {
    return [formatPhases(verdict.phases), verdict.address ?? ''].filter((text) => text !== '');
  }
  const { figures } = verdict;
  const { firstByteMs: _cold, ...connection } = figures.phases;
  const checksums = checksumsText(verdict);
  return [
    formatPhases(connection),
    `first byte ${formatMs(figures.firstByteMs)}`,
    ...(figures.bytesPerSecond === undefined ? [] : [formatThroughput(figures.bytesPerSecond)]),
    ...(estimateMs === undefined ? [] : [`estimate ${formatMs(estimateMs)}`]),
    checksums === '\u2014' ? '' : `checksums ${checksums}`,
    figures.address ?? '',
  ].filter((text) => text !== '');
}

function changeLine({ name, before, after, reason }: NamedValue): string {
  return `${name}: ${shown(before)} -> ${shown(after)}${reason === '' ? '' : `: ${sentence(reason)}`}`;
}

function shownVariable({ name, after }: NamedValue): string {
  return after === '' ? `${name} (empty)` : `${name} ${shown(after)}`;
}

function shown(value: string): string {
  return value === '' ? '(empty)' : inertName(value, SENTENCE_LIMIT);
}

function sentence(text: string): string {
  return inertName(text, SENTENCE_LIMIT);
}

function limited(lines: readonly string[]): readonly string[] {
  if (lines.length <= LIST_LIMIT) return lines;
  return [...lines.slice(0, LIST_LIMIT), `and ${lines.length - LIST_LIMIT} more`];
}
