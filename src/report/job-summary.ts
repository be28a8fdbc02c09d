import type { Finding } from '../diagnosis/finding.ts';
import { cacheText } from './cache-summary.ts';
import { becameOf, candidateTable } from './candidate-table.ts';
import { namesOf } from './causes.ts';
import { count, formatMs, formatThroughput, unbroken } from './figures.ts';
import { causeBlock, details } from './finding-blocks.ts';
import { inertCodeSpan, inertProse } from './foreign-text.ts';
import { laterText } from './later-summary.ts';
import { ranked } from './log-text.ts';
import { inertMarked } from './marked-prose.ts';
import { modulesLine } from './modules-line.ts';
import { prefetchText, unfetchedNotes } from './prefetch-summary.ts';
import { type CandidateFacts, changedVariables, type Report } from './report.ts';

/** The input `job-summary`. */
export type SummaryMode = 'auto' | 'always' | 'on-failure' | 'never';

const SENTENCE_LIMIT = 600;
/** More candidates, findings or reasons than this are only counted. */
const ROW_LIMIT = 30;
/** Candidates left out, and other warnings, told one a line. */
const WARNING_LIMIT = 5;

/**
 * Says whether a summary is written: `auto` when something failed (in a later step too), was fetched, or chosen otherwise than configured (the
 * exported GOPROXY differs); `on-failure` when a finding is a failure or the step fails.
 */
export function wantsSummary(
  mode: SummaryMode,
  report: Report,
  outcome: { readonly failed: boolean },
): boolean {
  const failed = outcome.failed || report.findings.some((finding) => finding.severity === 'failure');
  switch (mode) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'on-failure':
      return failed;
    case 'auto':
      return failed || hasFetched(report) || isOtherwise(report) || report.laterSteps?.status === 'found';
    default: {
      const never: never = mode;
      return never;
    }
  }
}

function hasFetched({ prefetch }: Report): boolean {
  return prefetch !== undefined && prefetch.files + prefetch.modulesFailed > 0;
}

/** A reused decision was told by the first use already. */
function isOtherwise({ chain, plan, findings }: Report): boolean {
  if (plan.kind === 'reused') return false;
  return chain.before !== chain.after || findings.some((finding) => finding.severity === 'warning');
}

/**
 * Returns the job summary as Markdown: three lines, one more for each warning, the rest folded; and before them, when
 * something failed, what failed, whose fault it is, whether a re-run helps and what to change. Foreign text is inert.
 */
export function renderJobSummary(report: Report): string {
  const own = report.findings.filter(({ coveredBy }) => coveredBy === undefined);
  const failures = own.filter(({ severity }) => severity === 'failure');
  const warnings = own.filter(({ severity }) => severity === 'warning');
  const caching = cacheText(report);
  const fetching = prefetchText(report);
  const later = laterText(report);
  return `${[
    '### Go module proxy',
    '',
    ...failures
      .slice(0, ROW_LIMIT)
      .flatMap((first) => causeBlock({ first, group: [first] }, namesOf([first], report.laterSteps))),
    ...headLines(report).map((line) => `- ${line}`),
    ...warnings.slice(0, WARNING_LIMIT).map((finding) => `- ${warningLine(finding, report)}`),
    ...(warnings.length > WARNING_LIMIT ? [`- and ${warnings.length - WARNING_LIMIT} more`] : []),
    '',
    ...details('Candidates', candidateText(report)),
    ...details('Chain and reasons', chainText(report)),
    ...(caching.length === 0 ? [] : details('Module cache', caching)),
    ...(fetching.length === 0 ? [] : details('Prefetch', fetching)),
    ...(later.length === 0 ? [] : details('Later steps', later)),
    ...details('Wanted modules, hosts and time', accountText(report)),
  ].join('\n')}\n`;
}

/** Returns the three lines of a healthy run: the proxy, the environment, the modules. */
function headLines(report: Report): readonly [string, string, string] {
  return [proxyLine(report), environmentLine(report), modulesLine(report)];
}

function proxyLine({ chain, plan, secondUse }: Report): string {
  if (plan.kind !== 'candidates') {
    return inertProse(secondUse ?? plan.reason ?? 'Nothing was chosen.', SENTENCE_LIMIT);
  }
  const tried = count(plan.candidates.length, 'candidate');
  if (chain.selected === undefined) return `**No proxy selected** of ${tried}`;
  const best = plan.candidates.find(({ label }) => label === chain.selected);
  const figures = best?.verdict.kind === 'healthy' ? best.verdict.figures : undefined;
  const speed = [
    ...(figures === undefined ? [] : [`first byte ${unbroken(formatMs(figures.firstByteMs))}`]),
    ...(figures?.bytesPerSecond === undefined ? [] : [unbroken(formatThroughput(figures.bytesPerSecond))]),
  ];
  const told = speed.length === 0 ? '' : `: ${speed.join(', ')}`;
  return `**${inertCodeSpan(chain.selected)}** ${placeOf(best, plan.candidates.length)}${told}`;
}

function placeOf(best: CandidateFacts | undefined, candidates: number): string {
  if (best?.origin === 'standby') return 'is used, a standby mirror, for no candidate is healthy';
  return candidates === 1 ? 'is the only candidate' : `is first of ${count(candidates, 'candidate')}`;
}

function environmentLine({ chain, exported }: Report): string {
  const others = exported.map(({ name }) => name).filter((name) => name !== 'GOPROXY');
  const more =
    others.length === 0 ? '' : `; also exported: ${others.map((name) => inertCodeSpan(name)).join(', ')}`;
  const verb = chain.decision === 'exported' ? 'is now' : 'stays';
  return `\`GOPROXY\` ${verb} ${inertCodeSpan(chain.after, SENTENCE_LIMIT)}${more}`;
}

/** One line: who, what became of it, why, and the first sentence of the remedy. */
function warningLine({ subject, title, id, remedy }: Finding, { plan }: Report): string {
  const about = plan.candidates.find(({ label }) => label === subject);
  const isLeftOut = about !== undefined && becameOf(about, plan.candidates) === 'left out';
  const who = subject === '' ? '' : `${inertCodeSpan(subject)}${isLeftOut ? ' left out' : ''}: `;
  const [first = ''] = remedy.split(/(?<=\.) (?=\p{Lu})/u);
  const what = inertMarked(title, SENTENCE_LIMIT);
  return `\u26a0\ufe0f ${who}${what} (${stageOf(about)}${inertCodeSpan(id)}). ${inertMarked(first, SENTENCE_LIMIT)}`;
}

function stageOf(about: CandidateFacts | undefined): string {
  return about?.verdict.kind === 'unhealthy' ? `${inertProse(about.verdict.stage)}: ` : '';
}

function candidateText({ plan }: Report): readonly string[] {
  const skipped = plan.skipped
    .slice(0, ROW_LIMIT)
    .map(({ entry, reason }) => `- ${skippedWho(entry)}: ${inertProse(reason, SENTENCE_LIMIT)}`);
  const left = plan.skipped.length - skipped.length;
  const standby = `Standby mirrors ${plan.standby.asked ? 'asked' : 'not asked'}: ${inertProse(plan.standby.reason, SENTENCE_LIMIT)}`;
  return [
    ...candidateTable(ranked(plan.candidates)),
    ...skipped,
    ...(left > 0 ? [`- and ${left} more skipped`] : []),
    '',
    standby,
  ];
}

function skippedWho(entry: string): string {
  return entry === '' ? 'skipped' : `skipped ${inertCodeSpan(entry)}`;
}

function chainText(report: Report): readonly string[] {
  const { changed, unchanged } = changedVariables(report);
  const table = [
    '| variable | before | after |',
    '|---|---|---|',
    ...changed.map(
      ({ name, before, after }) =>
        `| \`${name}\` | ${inertCodeSpan(before, SENTENCE_LIMIT)} | ${inertCodeSpan(after, SENTENCE_LIMIT)} |`,
    ),
  ];
  const reasons = [
    ...report.chain.reasons.slice(0, ROW_LIMIT).map((reason) => inertProse(reason, SENTENCE_LIMIT)),
    ...changed
      .filter(({ reason }) => reason !== '')
      .map(({ name, reason }) => `\`${name}\`: ${inertProse(reason, SENTENCE_LIMIT)}`),
  ];
  return [
    ...(changed.length === 0 ? [] : [...table, '']),
    ...reasons.map((reason) => `- ${reason}`),
    ...(reasons.length === 0 ? [] : ['']),
    unchangedText(unchanged),
  ];
}

function unchangedText(unchanged: ReturnType<typeof changedVariables>['unchanged']): string {
  if (unchanged.length === 0) return 'No variable keeps its value.';
  const names = unchanged.map(({ name, after }) =>
    after === '' ? `\`${name}\` (empty)` : `\`${name}\` (${inertCodeSpan(after, SENTENCE_LIMIT)})`,
  );
  const reason = unchanged.find(({ name }) => name === 'GOSUMDB')?.reason ?? '';
  return `Unchanged: ${names.join(', ')}.${reason === '' ? '' : ` ${inertProse(reason, SENTENCE_LIMIT)}`}`;
}

function accountText(report: Report): readonly string[] {
  const { go, wanted, notes, hosts, durations, actionVersion } = report;
  const told = [...(wanted?.notes ?? []), ...notes].slice(0, ROW_LIMIT);
  const version = go.version === undefined ? 'no go command found' : inertCodeSpan(go.version);
  const contacted =
    hosts.length === 0
      ? 'none'
      : hosts
          .slice(0, ROW_LIMIT)
          .map((host) => inertCodeSpan(host))
          .join(', ');
  return [
    ...unfetchedNotes(report),
    ...told.map((note) => `- ${inertProse(note, SENTENCE_LIMIT)}`),
    `- Go: ${version}; setup-goproxy ${inertCodeSpan(actionVersion)}`,
    `- Hosts contacted: ${contacted}`,
    `- Time: ${durations.map(({ phase, ms }) => `${inertProse(phase)} ${unbroken(formatMs(ms))}`).join(', ')}`,
  ];
}
