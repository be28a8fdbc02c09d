import { type CatalogueEntry, catalogue } from '../../src/diagnosis/catalogue.ts';
import { fillPlaceholders } from '../../src/diagnosis/placeholders.ts';
import type { Recognition } from '../../src/diagnosis/recognition.ts';
import { FAULT_TEXT, RERUN_TEXT } from '../../src/report/words.ts';
import { COVERAGE } from './diagnosis-coverage.ts';
import { annotationText, type DiagnosisExample, examplesOf } from './diagnosis-examples.ts';

const HEAD = `# Diagnoses

What annotations, job summary, log and \`report.json\` say when a candidate fails, a file cannot be fetched, a setting is at
fault, or go fails in a later step, by \`id\`. This file is made by \`npm run docs\` from \`src/diagnosis\`; do not edit it. The
examples are made by the code that makes the findings and the annotations of a job.

The fault is where a change ends the failure. The class is what the output \`failure-class\` names: the first of integrity,
access, not-found, configuration and infrastructure that a failure of the job has. A candidate that fails while another one is
healthy is left out of the chain and is a warning, never a failure. Title, class, fault, re-run and remedy are those of the
most common case; a finding is more exact where status, phase or the number of proxies tell more, as some examples show.
`;

const REMOVAL = 'take the proxy out of `proxies`, or of GOPROXY where that is inherited';

const RECOGNISED_BY: readonly (readonly [keyof Recognition, string])[] = [
  ['request', 'in a request of this action'],
  ['log', 'in a log of go, git or tar'],
  ['check', 'on the runner'],
];

const SOURCES: readonly (readonly [keyof Recognition, string])[] = [
  ['request', 'requests'],
  ['log', 'logs'],
  ['check', 'the runner'],
];

/** The text of docs/diagnoses.md, and what is wrong with it. */
export interface RenderedDiagnoses {
  readonly text: string;
  /** Ids without an example, without a way to be recognised, and the like; each one sentence. */
  readonly problems: readonly string[];
}

/** Returns docs/diagnoses.md as the code is now. Pure but for the catalogue. */
export function renderDiagnoses(): RenderedDiagnoses {
  const entries = catalogue().toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const lines = [HEAD, ...coverageSection(), ...entries.flatMap(section)];
  return { text: `${lines.join('\n').trimEnd()}\n`, problems: entries.flatMap(problemsOf) };
}

function problemsOf({ id, recognition }: CatalogueEntry): readonly string[] {
  const examples = examplesOf(id);
  const { request, log, check } = recognition;
  const texts = examples.map(({ findings }) => annotationText(findings).join('\n'));
  return [
    ...((request ?? log ?? check) ? [] : [`nothing says how ${id} is recognised`]),
    ...(examples.length === 0 ? [`${id} has no example`] : []),
    ...examples
      .filter(({ findings }) => findings.length === 0)
      .map(({ where }) => `the example of ${id} (${where}) is not recognised as ${id}`),
    ...texts
      .filter((text) => /\{(?:host|name|proxy|removal|compare)\}/.test(text))
      .map(() => `the annotation of ${id} has a placeholder left`),
  ];
}

function coverageSection(): readonly string[] {
  return [
    '## What was seen → where it is told',
    '',
    '| What was seen | Diagnosis | Recognised in |',
    '| --- | --- | --- |',
    ...COVERAGE.map(({ seen, ids }) => {
      const links = ids.map((id) => `[${id}](#${id})`).join(', ');
      return `| ${seen.replaceAll('|', '\\|')} | ${links} | ${sourcesOf(ids).join(', ')} |`;
    }),
    '',
  ];
}

/** Where one of these ids or another is recognised. */
function sourcesOf(ids: readonly string[]): readonly string[] {
  const met = new Set(
    ids.flatMap((id) => Object.keys(catalogue().find((entry) => entry.id === id)?.recognition ?? {})),
  );
  return SOURCES.flatMap(([by, name]) => (met.has(by) ? [name] : []));
}

function section(entry: CatalogueEntry): readonly string[] {
  const { id, title, meaning, class: failureClass, fault, rerunHelps, remedy, copy = [] } = entry;
  return [
    `## ${id}`,
    '',
    `**${upper(title)}.** ${meaning}`,
    '',
    `- **Whose fault:** ${FAULT_TEXT[fault]} (class \`${failureClass}\`)`,
    `- **Will a re-run help:** ${RERUN_TEXT[rerunHelps]}`,
    '- **How it is recognised:**',
    ...RECOGNISED_BY.flatMap(([by, where]) => {
      const text = entry.recognition[by];
      return text === undefined ? [] : [`  - ${where}: ${text}`];
    }),
    `- **What is shown as evidence:** ${entry.evidence}`,
    `- **What to change:** ${fill(remedy)}`,
    ...(copy.length === 0 ? [] : ['', '```yaml', ...copy.map(fillIn), '```']),
    '',
    ...examplesOf(id).flatMap(exampleLines),
    ...patternLines(entry.patterns),
  ];
}

function exampleLines({ where, lines = [], findings }: DiagnosisExample): readonly string[] {
  const annotation = ['```text', ...annotationText(findings), '```', ''];
  if (lines.length === 0) return [`${where}:`, '', ...annotation];
  return [`${where}:`, '', '```text', ...lines, '```', '', 'becomes', '', ...annotation];
}

function patternLines(patterns: readonly string[]): readonly string[] {
  if (patterns.length === 0) return [];
  const summary = `<details><summary>Patterns of lines (${patterns.length})</summary>`;
  return [summary, '', '```text', ...patterns, '```', '', '</details>', ''];
}

function fill(remedy: string): string {
  return upper(fillIn(remedy));
}

function fillIn(text: string): string {
  return fillPlaceholders(text, {
    removal: REMOVAL,
    proxy: "the proxy's URL",
    host: 'the host',
    name: 'HOST',
  });
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
