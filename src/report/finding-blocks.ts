import type { Finding } from '../diagnosis/finding.ts';
import type { Cause } from './causes.ts';
import { inertCodeBlock, inertCodeSpan } from './foreign-text.ts';
import { inertMarked } from './marked-prose.ts';
import { FAULT_TEXT, RERUN_TEXT } from './words.ts';

const SENTENCE_LIMIT = 600;
/** More lines of evidence than this are only counted. */
const ROW_LIMIT = 30;
/** A module path and a version may be longer than other foreign text: cut, nobody could look for it. */
const NAME_LIMIT = 400;
/** Modules, proxies or files of one cause that are named. */
const NAMED = 5;
/** Remedies of one cause that are told: those of one id differ in names only. */
const REMEDY_LIMIT = 3;

const MARKS = {
  failure: '\u274c',
  warning: '\u26a0\ufe0f',
  notice: '\u2139\ufe0f',
} as const satisfies Record<Finding['severity'], string>;

/**
 * Returns a cause as Markdown: what failed, whose fault, whether a re-run helps, what to change; then what is to be copied,
 * and the evidence folded. Of the names (what it is about) 5 are told, and 3 remedies. Foreign text is inert.
 */
export function causeBlock({ first, group }: Cause, names: readonly string[]): readonly string[] {
  const { severity, title, fault, rerunHelps, consequence } = first;
  const copy = copyOf(group);
  const evidence = evidenceOf(group);
  const [name = '', ...others] = names;
  const who = name === '' || others.length > 0 ? '' : `${inertCodeSpan(name, NAME_LIMIT)}: `;
  return [
    `- ${MARKS[severity]} **What failed:** ${who}${inertMarked(title, SENTENCE_LIMIT)}${others.length > 0 ? ':' : ''}`,
    ...(others.length > 0 ? indented(namedList(names)) : []),
    `- **Whose fault:** ${FAULT_TEXT[fault]}`,
    `- **Will a re-run help:** ${RERUN_TEXT[rerunHelps]}`,
    ...remedyLines(group),
    ...(consequence === undefined ? [] : [`- **In this job:** ${inertMarked(consequence, SENTENCE_LIMIT)}`]),
    '',
    ...(copy.length === 0 ? [] : [inertCodeBlock(copy), '']),
    ...(evidence.length === 0 ? [] : details('Evidence', evidenceList(evidence))),
  ];
}

/** Returns a cause as one line of a list with the four answers; the first of the names is told, the others are counted. */
export function causeLine({ first }: Cause, [name = '', ...others]: readonly string[]): string {
  const { severity, id, title, fault, rerunHelps, remedy } = first;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const who = name === '' ? '' : `${inertCodeSpan(name, NAME_LIMIT)}${more}: `;
  const [advice = ''] = remedy.split(/(?<=\.) (?=\p{Lu})/u);
  return [
    `- ${MARKS[severity]} ${who}${inertMarked(title, SENTENCE_LIMIT)} (${inertCodeSpan(id)}).`,
    `Fault: ${FAULT_TEXT[fault]}.`,
    `Re-run: ${RERUN_TEXT[rerunHelps]}.`,
    inertMarked(advice, SENTENCE_LIMIT),
  ].join(' ');
}

/** Returns a folded part of a summary. GitHub reads Markdown inside of HTML only after an empty line. */
export function details(title: string, lines: readonly string[]): readonly string[] {
  return [`<details><summary>${title}</summary>`, '', ...lines, '', '</details>', ''];
}

/** One remedy stands in the line; several become a list below it. */
function remedyLines(group: readonly Finding[]): readonly string[] {
  const remedies = unique(group.map(({ remedy }) => remedy));
  const [only = ''] = remedies;
  if (remedies.length === 1) return [`- **What to change:** ${inertMarked(only, SENTENCE_LIMIT)}`];
  const shown = remedies.slice(0, REMEDY_LIMIT).map((remedy) => `- ${inertMarked(remedy, SENTENCE_LIMIT)}`);
  const left = remedies.length - shown.length;
  return [
    '- **What to change:**',
    ...indented([...shown, ...(left > 0 ? [`- and the same for ${left} more`] : [])]),
  ];
}

/** Each text once; single lines of two texts may be the same. */
function copyOf(group: readonly Finding[]): readonly string[] {
  return [...new Map(group.map(({ copy = [] }) => [copy.join('\n'), copy])).values()].flat();
}

/** With several subjects every line names its own. */
function evidenceOf(group: readonly Finding[]): readonly string[] {
  if (group.length === 1) return group[0]?.evidence ?? [];
  return group.flatMap(({ subject, evidence }) =>
    evidence.map((line) => (subject === '' || line.startsWith(subject) ? line : `${subject}: ${line}`)),
  );
}

function evidenceList(evidence: readonly string[]): readonly string[] {
  const left = evidence.length - ROW_LIMIT;
  return [
    ...evidence.slice(0, ROW_LIMIT).map((line) => `- ${inertCodeSpan(line, SENTENCE_LIMIT)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
  ];
}

function namedList(names: readonly string[]): readonly string[] {
  const left = names.length - NAMED;
  return [
    ...names.slice(0, NAMED).map((name) => `- ${inertCodeSpan(name, NAME_LIMIT)}`),
    ...(left > 0 ? [`- and ${left} more`] : []),
  ];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
