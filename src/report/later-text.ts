import type { ProxyAnswer } from '../diagnosis/proxy-answers.ts';
import { count, formatMs } from './figures.ts';
import { inertName, inertText } from './foreign-text.ts';
import type { LaterFacts, LaterQuestion, Report } from './report.ts';

const SENTENCE_LIMIT = 600;
/** Modules that are asked for again and told. */
const ASKED_LIMIT = 20;
/** Proxies whose answers about one module are told. */
const ANSWER_LIMIT = 10;

/** Returns the facts with at most 20 modules, and at most 10 answers to each. */
export function boundLater(facts: LaterFacts): LaterFacts {
  const asked = facts.asked
    .slice(0, ASKED_LIMIT)
    .map((one) => ({ ...one, answers: one.answers.slice(0, ANSWER_LIMIT) }));
  return { ...facts, asked };
}

/**
 * Returns the one line for a search that found nothing or was not made, to be printed outside of any group; undefined
 * where there is more to tell ({@link laterLines}) or nothing at all.
 */
export function laterLine({ laterSteps }: Pick<Report, 'laterSteps'>): string | undefined {
  if (laterSteps === undefined) return undefined;
  const { status, reason = 'no reason is known' } = laterSteps;
  switch (status) {
    case 'found':
      return undefined;
    case 'nothing-found':
      return `no download failed in this job, as far as the module cache shows${endedEarly(laterSteps)}`;
    case 'skipped':
      return `no search for failed downloads: ${sentence(reason)}`;
    default: {
      const never: never = status;
      return never;
    }
  }
}

/** Returns the lines of the log about a search that found something: one for the whole, one for each module. */
export function laterLines({ laterSteps }: Pick<Report, 'laterSteps'>): readonly string[] {
  if (laterSteps?.status !== 'found') return [];
  return [`${wholeText(laterSteps)}${endedEarly(laterSteps)}`, ...laterSteps.asked.map(questionLine)];
}

/** Returns `go began 3 downloads that never came; 2 modules asked for again in 1.2 s`. */
export function wholeText({ traces, asked, ms }: LaterFacts): string {
  const left = traces === 0 ? [] : [`go began ${count(traces, 'download')} that never came`];
  const again =
    asked.length === 0
      ? 'nothing could be asked for again'
      : `${count(asked.length, 'module')} asked for again in ${formatMs(ms)}`;
  return [...left, again].join('; ');
}

/** Returns whether the module can be had now, in words. */
export function thereText({ isThere, answers, go }: LaterQuestion): string {
  if (answers.length === 0 && go === undefined) return 'nobody could be asked';
  return isThere ? 'can be had now' : 'still cannot be had';
}

function questionLine(question: LaterQuestion): string {
  const { module, version, evidence, answers, go } = question;
  const said = [
    ...answers.map(answerText),
    ...(go === undefined ? [] : [`go: ${inertText(go, SENTENCE_LIMIT)}`]),
  ];
  const told = said.length === 0 ? '' : `: ${said.join('; ')}`;
  return `${inertText(`${module}@${version}`)} (${sentence(evidence)}) ${thereText(question)}${told}`;
}

function answerText({ proxy, standby, answer }: ProxyAnswer): string {
  return `${inertName(proxy)}${standby ? ' (standby)' : ''}: ${inertText(answer)}`;
}

function endedEarly({ reason }: LaterFacts): string {
  return reason === undefined ? '' : `; the search ended early: ${sentence(reason)}`;
}

function sentence(text: string): string {
  return inertName(text, SENTENCE_LIMIT);
}
