/**
 * One problem matcher as the runner reads it and applies it to a line, after actions/runner src/Runner.Worker/IssueMatcher.cs
 * (IssueMatchersConfig and its parts: Validate; IssueMatcher: Match, Reset). Regexes are compiled there with CultureInvariant
 * and ECMAScript; they are translated here, and what this translation does not know is refused.
 */
export interface MatcherPattern {
  readonly regexp: string;
  readonly file?: number;
  readonly line?: number;
  readonly column?: number;
  readonly severity?: number;
  readonly code?: number;
  readonly message?: number;
  readonly fromPath?: number;
  readonly loop?: boolean;
}

/** One matcher of a file. */
export interface Matcher {
  readonly owner: string;
  readonly severity?: string;
  readonly pattern: readonly MatcherPattern[];
}

/** The content of a matcher file. */
export interface MatcherFile {
  readonly problemMatcher: readonly Matcher[];
}

const PROPERTIES = ['file', 'line', 'column', 'severity', 'code', 'message', 'fromPath'] as const;
type Property = (typeof PROPERTIES)[number];

/** What a matcher read from a line, or from several; a property that no pattern has is missing. */
export type Match = Readonly<Partial<Record<Property, string>>>;

/** Throws where the runner would refuse the file and fail the step. */
export function checkMatchers({ problemMatcher }: MatcherFile): void {
  const owners = new Set<string>();
  for (const matcher of problemMatcher) {
    const { owner, severity = '', pattern = [] } = matcher;
    if (!owner) throw new Error('Owner must not be empty');
    if (!['', 'ERROR', 'WARNING', 'NOTICE'].includes(severity.toUpperCase())) {
      throw new Error(`Matcher '${owner}' contains unexpected default severity '${severity}'`);
    }
    if (pattern.length === 0) throw new Error(`Matcher '${owner}' does not contain any patterns`);
    checkPatterns(pattern);
    if (owners.has(owner.toLowerCase())) throw new Error(`Duplicate owner name '${owner}'`);
    owners.add(owner.toLowerCase());
  }
}

function checkPatterns(patterns: readonly MatcherPattern[]): void {
  const set = new Set<Property>();
  for (const [at, pattern] of patterns.entries()) {
    if (pattern.loop === true && (at === 0 || at < patterns.length - 1)) {
      throw new Error("Only the last pattern in a multiline matcher may set 'loop'");
    }
    if (pattern.loop === true && pattern.message === undefined) {
      throw new Error("The loop pattern must set 'message'");
    }
    const groups = (new RegExp(`${toJavaScript(pattern.regexp)}|`).exec('')?.length ?? 1) - 1;
    for (const name of PROPERTIES) {
      const index = pattern[name];
      if (index === undefined) continue;
      if (set.has(name)) throw new Error(`The property '${name}' is set twice`);
      if (index < 0 || index > groups) {
        throw new Error(`The property '${name}' is set to ${index} which is out of range`);
      }
      set.add(name);
    }
  }
  if (!set.has('message')) throw new Error("At least one pattern must set 'message'");
}

/** Escapes that have one meaning there and here, outside of a class and within; `\s` and `\S` are translated. */
const ESCAPES = /^\\[sSwWdDbBtnrfv\W_]$/;
const ESCAPES_IN_CLASS = /^\\[swdtnrfv\W_]$/;
/** Groups with names, options or without backtracking; lookbehind; a class that begins with its end. */
const OTHERWISE = /\(\?(?![:=!])|\[\^?\]/;
const SPACE = ' \\f\\n\\r\\t\\v';

/**
 * Translates a regex of .NET with the option ECMAScript: `.` is all but a line feed, `\s` is ASCII only; `\w`, `\d` and `\b`
 * mean the same there and here. Throws on what it does not know.
 */
export function toJavaScript(regexp: string): string {
  const tokens = regexp.match(/\\?[\s\S]/g) ?? [];
  let isClass = false;
  let isKnown = !OTHERWISE.test(tokens.map((token) => (token.length === 1 ? token : 'x')).join(''));
  const translated = tokens.map((token) => {
    if (token.length > 1) isKnown &&= (isClass ? ESCAPES_IN_CLASS : ESCAPES).test(token);
    // Within a class .NET may take it for a class that is subtracted.
    if (token === '[') isKnown &&= !isClass;
    if (token === '[' || token === ']') isClass = token === '[';
    if (token === '.' && !isClass) return '[^\\n]';
    if (token === '\\s') return isClass ? SPACE : `[${SPACE}]`;
    return token === '\\S' ? `[^${SPACE}]` : token;
  });
  if (!isKnown) throw new Error('the regexp has what .NET may read otherwise than this emulation');
  return translated.join('');
}

/** A matcher at one stream of a step; it remembers the lines before when it has several patterns. */
export class LineMatcher {
  readonly owner: string;
  readonly #severity: string;
  readonly #patterns: readonly { readonly config: MatcherPattern; readonly regex: RegExp }[];
  #state: (Match | undefined)[] = [];

  constructor({ owner, severity = '', pattern }: Matcher) {
    this.owner = owner;
    this.#severity = severity;
    this.#patterns = pattern.map((config) => ({ config, regex: new RegExp(toJavaScript(config.regexp)) }));
  }

  /** The match that a line completes. From the last pattern to the first, so that a line counts for one only. */
  match(line: string): Match | undefined {
    const last = this.#patterns.length - 1;
    for (let at = last; at >= 0; at--) {
      const running = this.#state[at - 1];
      const pattern = this.#patterns[at];
      if (pattern === undefined || (at > 0 && running === undefined)) continue;
      const groups = pattern.regex.exec(line);
      if (groups === null) {
        const broken = at === last ? at - 1 : at;
        if (broken >= 0) this.#state[broken] = undefined;
        continue;
      }
      const match = readGroups(pattern.config, groups, running);
      if (at < last) {
        this.#state[at] = match;
        continue;
      }
      this.reset();
      if (pattern.config.loop === true) this.#state[at - 1] = running;
      return { ...match, severity: match.severity || this.#severity };
    }
    return;
  }

  reset(): void {
    this.#state = [];
  }
}

function readGroups(pattern: MatcherPattern, groups: RegExpExecArray, running: Match = {}): Match {
  const match: Partial<Record<Property, string>> = { ...running };
  for (const name of PROPERTIES) {
    const index = pattern[name];
    if (index !== undefined) match[name] ??= groups[index] ?? '';
  }
  return match;
}
