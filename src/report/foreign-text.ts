/**
 * The one family of functions through which text that is not ours passes before it reaches log, annotation or
 * Markdown. They build on each other: lineSafe (may stand in a log line), inertText (also no link, and short),
 * and one variant for each Markdown context.
 */

/** Characters kept of one foreign text; what is longer ends with an ellipsis. */
export const FOREIGN_TEXT_LIMIT = 200;

/** Bound on the work done for one line, in UTF-16 units: the rest is cut before anything is looked at. */
const LINE_LIMIT = 16_384;

/** ECMA-48: control sequences, operating system and device control strings with their end, two-character escapes. */
const ANSI =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;

/** Line and paragraph ends of every kind, and tabs: they become a space so that words do not run together. */
const BREAKS = /\r\n|[\t\n\v\f\r\x85\u2028\u2029]/g;

/** Controls, bidi marks, zero-width and other characters that draw nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Returns the text as one line that the runner takes for text: ANSI sequences, control, bidi and invisible characters
 * removed, line ends (a lone CR too) made spaces, `::` and `##[` broken wherever they stand or come to stand.
 * The runner parses `##[command]` anywhere in a line and ends lines at a lone CR (actions/runner, ActionCommand.cs).
 * Keeps indentation and length up to 16,384 units. Idempotent.
 */
export function lineSafe(text: string): string {
  const visible = text.slice(0, LINE_LIMIT).replace(ANSI, '').replace(BREAKS, ' ').replace(INVISIBLE, '');
  return breakCommands(visible).slice(0, LINE_LIMIT).toWellFormed();
}

/**
 * Returns foreign text for a log line or an annotation: line-safe, white space collapsed, URLs broken so that no viewer
 * makes a link of them, at most `limit` characters (code points). Idempotent.
 */
export function inertText(text: string, limit: number = FOREIGN_TEXT_LIMIT): string {
  return cut(breakLinks(inertName(text, LINE_LIMIT)), limit);
}

/**
 * Returns a name that the user or the environment gave, a proxy's URL for example: as {@link inertText}, but a URL stays
 * readable. Never for text of a peer. Idempotent.
 */
export function inertName(text: string, limit: number = FOREIGN_TEXT_LIMIT): string {
  return cut(collapse(lineSafe(text)), limit);
}

/** Returns a line to copy, of YAML for example: as {@link inertName}, but its indentation stays, 20 spaces of it at most. */
export function inertCopyLine(text: string): string {
  const line = lineSafe(text);
  const indentation = Math.min(20, line.search(/[^ ]|$/));
  return `${' '.repeat(indentation)}${inertName(line)}`;
}

/**
 * Returns a whole Markdown code span with the text in it, for prose and table cells: nothing in it is a link, mention,
 * reference or HTML. Backticks become apostrophes and pipes broken bars, as no escape for them holds in every place.
 */
export function inertCodeSpan(text: string, limit: number = FOREIGN_TEXT_LIMIT): string {
  const content = withoutDelimiters(inertName(text, limit));
  return `\`${content === '' ? '\u2014' : content}\``;
}

/**
 * Returns a whole fenced Markdown code block of the lines, each line-safe and at most `limit` characters; no line can
 * end the fence. At most 50 lines.
 */
export function inertCodeBlock(lines: readonly string[], limit: number = FOREIGN_TEXT_LIMIT): string {
  const safe = lines.slice(0, 50).map((line) => cut(lineSafe(line).replaceAll('`', "'"), limit).trimEnd());
  return ['```text', ...safe, '```'].join('\n');
}

/**
 * Returns a sentence of ours that holds foreign names, as Markdown for prose or a table cell: words that are not plain
 * (URLs, paths, anything that Markdown or GitHub could read as more than text) become code spans.
 */
export function inertProse(text: string, limit: number = FOREIGN_TEXT_LIMIT): string {
  const words = inertName(text, limit).split(' ');
  // At the beginning of a line `1)` would begin a list.
  const isPlain = (word: string, index: number) =>
    isPlainWord(word) && !(index === 0 && /^\d.*\)/.test(word));
  return words.map((word, index) => (isPlain(word, index) ? word : spanWord(word))).join(' ');
}

/**
 * Returns text for the inside of a quoted Mermaid label (`a["…"]`): only letters, digits, spaces and `. , - _ /`; the
 * colon of a URL goes, so that no renderer sees a link. An empty text becomes a dash.
 */
export function inertMermaidLabel(text: string, limit: number = FOREIGN_TEXT_LIMIT): string {
  const plain = inertName(text, LINE_LIMIT)
    .replace(/[a-z][a-z0-9+.-]*:\/\//gi, '')
    .replace(/[^\p{L}\p{N} .,_/-]/gu, ' ')
    .replace(/\/{2,}/g, '/')
    .replace(/-{2,}/g, '-')
    .replace(/www\./gi, 'www ');
  const label = cut(collapse(plain), limit).replace('\u2026', '');
  return label === '' ? '-' : label;
}

/** No removal follows, so what is broken here stays broken. */
function breakCommands(text: string): string {
  return text.replace(/:(?=:)/g, ': ').replaceAll('##[', '## [');
}

/** `https://x` → `https:/ /x`, `www.x` → `www .x`; a colon moved away from the slashes would still be read as a scheme. */
function breakLinks(text: string): string {
  return text.replaceAll('://', ':/ /').replace(/www(?=\.)/gi, '$& ');
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function cut(text: string, limit: number): string {
  const points = [...text.slice(0, 2 * limit + 2)];
  if (points.length <= limit) return text;
  return `${points
    .slice(0, limit - 1)
    .join('')
    .trimEnd()}\u2026`;
}

function withoutDelimiters(text: string): string {
  return text.replaceAll('`', "'").replaceAll('|', '\u00a6');
}

const PLAIN_WORD =
  /^[("'\u201c]{0,2}\p{L}[\p{L}\p{M}]*(?:[-'\u2019]\p{L}+)*(?:[.,;:!?)"'\u201d\u2026]{0,3})$/u;
const PLAIN_NUMBER = /^\(?\d+(?:[.,]\d+)*(?:ms|s|m|h|B|KB|MB|KiB|MiB)?[,;:%)]{0,3}$/;
const PLAIN_TIME = /^\d{2}:\d{2}:\d{2}[,;]?$/;
const PLAIN_SIGN = /^(?:[\u2013\u2014\u2192\u00d7\u00b7\u2026/%]|->)?$/u;
/** GitHub links bare commit hashes; they are hexadecimal, and seven digits or more. */
const COMMIT = /^[("']?[0-9a-f]{7,40}\b/i;

/** Everything that no rule of Markdown or GitHub reads as more than a word. */
function isPlainWord(word: string): boolean {
  if (COMMIT.test(word)) return false;
  return PLAIN_WORD.test(word) || [PLAIN_NUMBER, PLAIN_TIME, PLAIN_SIGN].some((plain) => plain.test(word));
}

/** Punctuation at the end of a sentence stays outside of the span. */
function spanWord(word: string): string {
  const [, body = word, tail = ''] = /^(.*?)([,;:.]*)$/s.exec(word) ?? [];
  if (body === '') return `\`${withoutDelimiters(word)}\``;
  return `\`${withoutDelimiters(body)}\`${tail}`;
}
