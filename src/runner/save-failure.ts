import { inertText } from '../report/foreign-text.ts';
import { redactUrls } from '../report/redaction.ts';

const NO_JSON = /Unexpected token|not valid JSON|Unexpected end of JSON/i;

/** What the library says, and what we say; `$1` is what the pattern captured. The first that fits counts. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/cache write denied/i, 'the cache is read-only in this job'],
  [/Cache save skipped/i, 'the cache is read-only in this job (ACTIONS_CACHE_MODE)'],
  [
    /\(409\)|already[ _]?exists|another job may be finalizing/i,
    'another job saves, or has saved, the same modules',
  ],
  [/rate limit|\b429\b/i, 'the cache service limits requests (429)'],
  [/quota has been hit|insufficient usage/i, 'the storage of the cache is used up'],
  [/over the .*limit/i, 'the archive is larger than the service takes'],
  [
    /\b(E(?:CONN(?:RESET|REFUSED|ABORTED)|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|PIPE)|ENOTFOUND)\b/,
    'the cache service cannot be reached ($1)',
  ],
  [/Failed request: \((\d{3})\)|responded with (\d{3})/, 'the cache service answered $1$2'],
  [NO_JSON, 'the cache service gave an answer that is no JSON'],
];

/**
 * Returns why @actions/cache saved nothing, one clause in our own words, else its own made harmless. `thrown` is what it
 * threw; mostly it throws nothing and tells on standard output, and of a refused reservation always the same ("another job
 * may be creating this cache"), whatever the service said: that stands in its debug line.
 */
export function reasonForSaveFailure(thrown: string | undefined, output: string): string {
  const words = thrown ?? lastWords(output);
  const status = lastStatus(output);
  for (const [pattern, reason] of KNOWN) {
    const match = pattern.exec(words);
    // A page that comes with a failure is none of the service's words: the status is the news.
    if (match !== null && pattern === NO_JSON && status >= 400) return `the cache service answered ${status}`;
    if (match !== null) return reason.replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? '');
  }
  const said = inertText(redactUrls(words));
  return said === '' ? 'the cache service did not take it' : `the cache service did not take it: ${said}`;
}

/** Says whether the library tells that it saved nothing, whatever it returns. */
export function saysFailure(output: string): boolean {
  return /^(?:::(?:warning|error)[^:]*::)?Failed to save: /m.test(output);
}

/** Of the service's last answer, from the library's debug lines; 0 when it told none. */
function lastStatus(output: string): number {
  const answers = [...output.matchAll(/^::debug::\[Response\] - (\d{3})$/gm)];
  return Number(answers.at(-1)?.[1] ?? 0);
}

const RESERVING = '::debug::Failed to reserve cache: ';
/** v1 has no such debug line, but says more in the same one. */
const MORE_DETAILS = 'More details: ';
const COMMAND = /^::(?:warning|error)[^:]*::/;

/** The words about the reservation, else the library's last warning or error, else its last line about saving. */
function lastWords(output: string): string {
  const lines = output.split(/\r?\n/);
  const reserving = lines.findLast((line) => line.startsWith(RESERVING));
  if (reserving !== undefined) return unescapeData(reserving.slice(RESERVING.length));
  const told = lines.findLast((line) => COMMAND.test(line) || /^(?:Failed|Cache save)/.test(line)) ?? '';
  const words = unescapeData(told.replace(COMMAND, ''));
  const details = words.indexOf(MORE_DETAILS);
  return details === -1 ? words : words.slice(details + MORE_DETAILS.length);
}

/** The message of a workflow command as it was. */
function unescapeData(text: string): string {
  return text.replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%');
}
