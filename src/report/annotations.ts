import type { Finding } from '../diagnosis/finding.ts';
import { causesOf, subjectsOf } from './causes.ts';
import { inertCopyLine, inertName, inertText } from './foreign-text.ts';

/** One annotation of the step. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  /** Path from the workspace, with slashes; only where the annotation is truly about that file. */
  readonly file?: string;
  /** From 1; always there with `file`. */
  readonly line?: number;
}

/** The runner keeps 10 of each level in a step; more would only be logged (actions/runner, ExecutionContext). */
export const ANNOTATION_LIMIT = 10;

/** Verdict, evidence and remedy fit into what a collapsed annotation shows. */
const HEAD_LIMIT = 300;
const VERDICT_LIMIT = 130;
const EVIDENCE_LIMIT = 75;
/** Subjects, and remedies of other subjects, named in one annotation. */
const NAMED_SUBJECTS = 3;
const LINE_LIMIT = 600;

const RERUN_TEXT = {
  yes: 'A re-run helps.',
  no: 'A re-run does not help.',
  maybe: 'A re-run may help.',
} as const satisfies Record<Finding['rerunHelps'], string>;

/**
 * Returns at most 10 annotations, one for each cause (findings of one id, severity and title), the most useful first:
 * failures, then warnings, then notices. The first 300 characters of each hold verdict, evidence and remedy.
 */
export function annotate(findings: readonly Finding[]): readonly Annotation[] {
  return causesOf(findings)
    .slice(0, ANNOTATION_LIMIT)
    .map(({ first, group }) => ({
      level: levelOf(first),
      title: inertName(`setup-goproxy: ${first.id}`),
      message: messageOf(first, group),
      ...placeOf(group),
    }));
}

/**
 * The line of the first subject, where all of the group are about one file: a file that only some are about would hide the
 * others. A name that is not what it seems to be, or that lies outside of the workspace, is no place.
 */
function placeOf(group: readonly Finding[]): Pick<Annotation, 'file' | 'line'> {
  const place = group[0]?.place;
  if (place === undefined || !group.every((finding) => finding.place?.file === place.file)) return {};
  const { file, line } = place;
  const isInside = /^[^/\\:][^\\:]*$/.test(file) && !file.split('/').includes('..');
  const isPlain = isInside && inertText(file, LINE_LIMIT) === file;
  return isPlain && Number.isSafeInteger(line) && line > 0 ? { file, line } : {};
}

/**
 * Failing the step is for an invalid input and `fail-on` only; an error annotation is for broken integrity. A failure of a
 * later step has go's own error already: ours explains it, and is a warning.
 */
function levelOf({ severity, class: failureClass }: Finding): Annotation['level'] {
  if (severity === 'notice') return 'notice';
  return severity === 'failure' && failureClass === 'integrity' ? 'error' : 'warning';
}

function messageOf(first: Finding, group: readonly Finding[]): string {
  const { title, evidence, remedy, rerunHelps, copy = [], consequence } = first;
  const subjects = namedSubjects(group);
  const said = subjects === '' ? upper(title) : `${subjects}: ${title}`;
  const verdict = inertName(said, VERDICT_LIMIT);
  const shown = inertText(evidence.join('; '), EVIDENCE_LIMIT);
  const rest = shown === inertText(evidence.join('; '), LINE_LIMIT) ? [] : evidence.slice(0, 9);
  const head = `${verdict}.${shown === '' ? '' : ` Evidence: ${shown}.`} Remedy: `;
  const whole = inertName(remedy, LINE_LIMIT);
  const short = inertName(whole, HEAD_LIMIT - [...head].length);
  const became = consequence === undefined ? '' : `${asSentence(consequence)} `;
  return [
    `${head}${short}`,
    `${became}${RERUN_TEXT[rerunHelps]}`,
    ...(short === whole ? [] : [whole]),
    ...copy.slice(0, 3).map((line) => `  ${inertCopyLine(line)}`),
    ...(group.length > 1 ? linesOfGroup(group) : rest.map((line) => inertText(line))),
  ].join('\n');
}

/** What each of several subjects showed, and the remedies that the first one does not tell. */
function linesOfGroup(group: readonly Finding[]): readonly string[] {
  const others = new Set(group.slice(1).map(({ remedy }) => remedy));
  others.delete(group[0]?.remedy ?? '');
  return [
    ...group
      .slice(0, NAMED_SUBJECTS)
      .map(({ subject, evidence }) => `${inertName(subject)}: ${inertText(evidence.join('; '))}`),
    ...[...others].slice(0, NAMED_SUBJECTS - 1).map((remedy) => inertName(remedy, LINE_LIMIT)),
  ];
}

function asSentence(clause: string): string {
  return `${upper(inertName(clause, LINE_LIMIT))}.`;
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function namedSubjects(group: readonly Finding[]): string {
  const subjects = subjectsOf(group);
  const named = subjects.slice(0, NAMED_SUBJECTS).join(', ');
  return subjects.length <= NAMED_SUBJECTS ? named : `${named} and ${subjects.length - NAMED_SUBJECTS} more`;
}
