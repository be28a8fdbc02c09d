import type { Finding } from '../diagnosis/finding.ts';
import { type Cause, causesOf, namesOf } from './causes.ts';
import { count } from './figures.ts';
import { causeBlock, causeLine, details } from './finding-blocks.ts';
import { inertCodeSpan } from './foreign-text.ts';
import { laterText } from './later-summary.ts';
import type { LaterFacts } from './report.ts';

/** What the post step of a failed job found; sealed (report-json.ts). */
export interface FailedJob {
  /** Of later steps: those of the main step are told in its own summary. */
  readonly findings: readonly Finding[];
  readonly laterSteps: LaterFacts;
  /** Every host that the search contacted. */
  readonly hosts: readonly string[];
}

/** The finding of a download that failed in a later step and can be had now. */
const TRANSIENT = 'download-transient';
const FAILED = 'Go module downloads failed in this job';
const WORKS_NOW = `${FAILED}, and work now: a re-run helps`;
/** Causes told in full; the others are one line each. */
const FULL_LIMIT = 5;
const LINE_LIMIT = 25;
/** More hosts than this are only counted. */
const HOST_LIMIT = 30;

/**
 * Returns the job summary of a failed job as Markdown: for each cause what failed, whose fault it is, whether a re-run helps
 * and what to change (5 causes in full, 25 more in one line each), then folded what was asked and answered. Foreign text is
 * inert. '' when there is no failure or warning: a job that failed for other reasons gets nothing.
 */
export function renderFailedJob({ findings, laterSteps, hosts }: FailedJob): string {
  const causes = causesOf(findings);
  const failed = causes.filter(({ first }) => first.severity !== 'notice');
  if (failed.length === 0) return '';
  const others = [...failed.slice(FULL_LIMIT), ...causes.filter((cause) => !failed.includes(cause))];
  return `${[
    `### ${failed.every(({ first }) => first.id === TRANSIENT) ? WORKS_NOW : FAILED}`,
    '',
    ...failed.slice(0, FULL_LIMIT).flatMap((cause) => causeBlock(cause, namesOf(cause.group, laterSteps))),
    ...shortLines(others, laterSteps),
    ...details('What was asked and answered', [...laterText({ laterSteps }), '', hostsText(hosts)]),
  ].join('\n')}\n`;
}

function shortLines(causes: readonly Cause[], laterSteps: LaterFacts): readonly string[] {
  if (causes.length === 0) return [];
  const left = causes.length - LINE_LIMIT;
  return [
    `**${count(causes.length, 'more cause')}, in short:**`,
    '',
    ...causes.slice(0, LINE_LIMIT).map((cause) => causeLine(cause, namesOf(cause.group, laterSteps))),
    ...(left > 0 ? [`- and ${left} more`] : []),
    '',
  ];
}

function hostsText(hosts: readonly string[]): string {
  if (hosts.length === 0) return 'Hosts contacted: none';
  const left = hosts.length - HOST_LIMIT;
  const named = hosts.slice(0, HOST_LIMIT).map((host) => inertCodeSpan(host));
  return `Hosts contacted: ${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
