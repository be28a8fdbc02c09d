/**
 * The runner's rules for problem matchers, after actions/runner: src/Runner.Worker/IssueMatcher.cs (IssueMatchersConfig and
 * its parts: Validate; IssueMatcher.Match) and src/Runner.Worker/Handlers/OutputManager.cs (OnDataReceived,
 * OnMatcherChanged, ConvertToIssue). Patterns of one line only: ours and setup-go's are such. Regexes are compiled there with
 * CultureInvariant and ECMAScript; what differs between that and JavaScript is refused by checkMatchers.
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

/** What the runner makes of a line. */
export interface Issue {
  readonly owner: string;
  readonly type: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

const PROPERTIES = ['file', 'line', 'column', 'severity', 'code', 'message', 'fromPath'] as const;
/** The runner cuts messages of issues there. */
const MESSAGE_LIMIT = 4096;

/** Throws where the runner would refuse the file, or where .NET could read a regex otherwise than JavaScript does. */
export function checkMatchers({ problemMatcher }: MatcherFile): void {
  const owners = new Set<string>();
  for (const { owner, severity = '', pattern } of problemMatcher) {
    if (owner === '') throw new Error('Owner must not be empty');
    if (owners.has(owner.toLowerCase())) throw new Error(`Duplicate owner name '${owner}'`);
    owners.add(owner.toLowerCase());
    if (!['', 'ERROR', 'WARNING', 'NOTICE'].includes(severity.toUpperCase())) {
      throw new Error(`Matcher '${owner}' contains unexpected default severity '${severity}'`);
    }
    if (pattern.length !== 1) throw new Error(`Matcher '${owner}' has not one pattern`);
    for (const one of pattern) checkPattern(one);
  }
}

function checkPattern(pattern: MatcherPattern): void {
  const { regexp } = pattern;
  if (pattern.loop === true) throw new Error("Only the last pattern in a multiline matcher may set 'loop'");
  if (pattern.message === undefined) throw new Error("At least one pattern must set 'message'");
  if (/\(\?(?:<|'|[imnsx-]+[:)]|>)|\\[pPAzZGk]|\[[^\]]*-\[/.test(regexp)) {
    throw new Error('the regexp uses what .NET and JavaScript read differently');
  }
  const groups = (new RegExp(`${regexp}|`).exec('')?.length ?? 1) - 1;
  for (const name of PROPERTIES) {
    const index = pattern[name];
    if (index !== undefined && (index < 0 || index > groups)) {
      throw new Error(`The property '${name}' is set to ${index} which is out of range`);
    }
  }
}

/** The matchers of a job: the newest first, and one that comes again takes the place of its owner's older one. */
export class RegisteredMatchers {
  #matchers: readonly Matcher[] = [];

  /** As `::add-matcher::` of a file. */
  add(file: MatcherFile): void {
    checkMatchers(file);
    for (const matcher of file.problemMatcher) {
      const others = this.#matchers.filter(
        ({ owner }) => owner.toLowerCase() !== matcher.owner.toLowerCase(),
      );
      this.#matchers = [matcher, ...others];
    }
  }

  /** What becomes of a line of output: the first matcher that makes an issue of it consumes it. */
  read(line: string): Issue | undefined {
    // A workflow command never comes to the matchers.
    if (/^\s*::[a-z-]+(?: [^:]*)?::/.test(line)) return;
    for (const matcher of this.#matchers) {
      const issue = toIssue(matcher, line);
      if (issue !== undefined) return issue;
    }
    return;
  }
}

function toIssue({ owner, severity = '', pattern }: Matcher, line: string): Issue | undefined {
  const [one] = pattern;
  const found = one === undefined ? null : new RegExp(one.regexp).exec(line);
  if (one === undefined || found === null) return;
  const value = (name: (typeof PROPERTIES)[number]) =>
    one[name] === undefined ? '' : (found[one[name]] ?? '');
  const message = value('message');
  const type = (value('severity') || severity || 'error').toLowerCase();
  if (message.trim() === '' || (type !== 'error' && type !== 'warning' && type !== 'notice')) return;
  const number = /^\d+$/.test(value('line')) ? Number(value('line')) : undefined;
  return {
    owner,
    type,
    message: message.slice(0, MESSAGE_LIMIT),
    ...(value('file').trim() === '' ? {} : { file: value('file') }),
    ...(number === undefined ? {} : { line: number }),
  };
}
