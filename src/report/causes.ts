import type { Finding } from '../diagnosis/finding.ts';
import type { LaterFacts } from './report.ts';

/** Findings that one sentence tells: of one id, severity and title, about one subject or several. */
export interface Cause {
  readonly first: Finding;
  /** All of them, the first one too. */
  readonly group: readonly Finding[];
}

const SEVERITY_ORDER = { failure: 0, warning: 1, notice: 2 } as const satisfies Record<
  Finding['severity'],
  number
>;

/**
 * Returns the causes among the findings, the most useful first: failures, then warnings, then notices, each in the order
 * given. What another finding speaks for is left out.
 */
export function causesOf(findings: readonly Finding[]): readonly Cause[] {
  const own = findings.filter((finding) => finding.coveredBy === undefined);
  return [...Map.groupBy(own, ({ id, severity, title }) => `${severity} ${id} ${title}`).values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ first: group[0], group }]))
    .toSorted((a, b) => SEVERITY_ORDER[a.first.severity] - SEVERITY_ORDER[b.first.severity]);
}

/** Returns what the findings of a cause are about, each once; none for those about the whole. */
export function subjectsOf(group: readonly Finding[]): readonly string[] {
  return [...new Set(group.map(({ subject }) => subject))].filter((subject) => subject !== '');
}

/**
 * Returns what a reader is to be told that the findings of a cause are about: their subjects; or, as a finding about several
 * modules names them in its evidence only, those of the modules asked for again with which a line of evidence begins.
 */
export function namesOf(
  group: readonly Finding[],
  laterSteps?: Pick<LaterFacts, 'asked'>,
): readonly string[] {
  const subjects = subjectsOf(group);
  if (subjects.length > 0 || laterSteps === undefined) return subjects;
  const lines = group.flatMap(({ evidence }) => evidence);
  return laterSteps.asked
    .map(({ module, version }) => `${module}@${version}`)
    .filter((name) => lines.some((line) => line.startsWith(`${name}:`) || line.startsWith(`${name} `)));
}
