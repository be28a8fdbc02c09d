import type { ProxyAnswer } from '../diagnosis/proxy-answers.ts';
import { unbroken } from './figures.ts';
import { inertCodeSpan, inertProse } from './foreign-text.ts';
import { boundLater, laterLine, thereText, wholeText } from './later-text.ts';
import type { LaterFacts, LaterQuestion, Report } from './report.ts';

const SENTENCE_LIMIT = 600;
/** The longest that a module path and a version may be in a proxy's answer, and more than a reader needs. */
const MODULE_LIMIT = 400;

/**
 * Returns the folded account of the search for downloads that failed in later steps, as Markdown: a list, as long module
 * paths do not fit into a table. Empty where nothing was decided about it.
 */
export function laterText({ laterSteps }: Pick<Report, 'laterSteps'>): readonly string[] {
  if (laterSteps === undefined) return [];
  const line = laterLine({ laterSteps });
  return line === undefined ? foundText(boundLater(laterSteps)) : [`${prose(upper(line))}.`];
}

function foundText(facts: LaterFacts): readonly string[] {
  const { reason } = facts;
  return [
    `${unbrokenTime(prose(upper(wholeText(facts))))}.`,
    ...(reason === undefined ? [] : ['', `The search ended early: ${prose(reason)}.`]),
    '',
    ...facts.asked.flatMap(questionText),
  ];
}

function questionText(question: LaterQuestion): readonly string[] {
  const { module, version, evidence, answers, go } = question;
  return [
    `- ${inertCodeSpan(`${module}@${version}`, MODULE_LIMIT)} **${thereText(question)}**: ${prose(evidence)}`,
    ...answers.map((answer) => `  - ${answerText(answer)}`),
    ...(go === undefined ? [] : [`  - \`go\`: ${prose(go)}`]),
  ];
}

function answerText({ proxy, standby, answer, body }: ProxyAnswer): string {
  const said = body === undefined ? '' : `, and said ${inertCodeSpan(body)}`;
  return `${inertCodeSpan(proxy)}${standby ? ' (standby)' : ''}: ${inertProse(answer)}${said}`;
}

/** Only the time at the end has a unit that must not part from its number. */
function unbrokenTime(text: string): string {
  return text.replace(/\d\S* \S+$/, unbroken);
}

function prose(text: string): string {
  return inertProse(text, SENTENCE_LIMIT);
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
