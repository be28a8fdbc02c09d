/** The white space of Go's unicode.IsSpace, as a regular-expression class: unlike `\s`, with U+0085 and without U+FEFF. */
const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');
const RUN = new RegExp(`${SPACE}+`);

/** Returns the text without white space at its ends. Source: Go's strings.TrimSpace. */
export function trimSpace(text: string): string {
  return text.replace(ENDS, '');
}

/** Returns the parts of the text between runs of white space, none of them empty. Source: Go's strings.Fields. */
export function splitFields(text: string): readonly string[] {
  return text.split(RUN).filter((field) => field !== '');
}

/** Says whether any white space, as Go sees it, is in the text. Source: Go's unicode.IsSpace. */
export function hasSpace(text: string): boolean {
  return RUN.test(text);
}
