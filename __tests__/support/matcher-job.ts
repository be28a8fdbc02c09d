/**
 * The problem matchers of a job and what they make of the output of its steps, after actions/runner src/Runner.Worker:
 * ActionCommandManager.cs (AddMatcherCommandExtension, RemoveMatcherCommandExtension), ExecutionContext.cs (AddMatchers,
 * RemoveMatchers, AddIssue), Handlers/OutputManager.cs (OnDataReceived, OnMatcherChanged, ConvertToIssue, GetRepositoryPath)
 * and Container/ContainerInfo.cs (TranslateToHostPath).
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkMatchers, LineMatcher, type Match, type Matcher, type MatcherFile } from './issue-matchers.ts';
import { parseCommands, splitLines, type WorkflowCommand } from './runner-protocol.ts';

/** What the runner makes of a line. */
export interface Issue {
  readonly owner: string;
  readonly type: 'error' | 'warning' | 'notice';
  readonly message: string;
  /** Relative to the repository. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What a job knows beside its matchers. */
export interface JobPlace {
  readonly workspace?: string;
  /** `owner/name`; its URL must be in the .git/config above a file, or the file is dropped. */
  readonly repository?: string;
  /** Directories of the host and where a container job sees them. */
  readonly mounts?: readonly { readonly host: string; readonly container: string }[];
  /** Milliseconds; the runner stops a regex after one second. */
  readonly now?: () => number;
}

/** Written as the runner has it: \x takes two digits, so this wants a NUL and `33[`, and colours stay in the lines. */
const COLORS = /\x0033\[[0-9;]*m?/g;
const REGEX_LIMIT_MS = 1000;
const ATTEMPTS = 3;
const MESSAGE_LIMIT = 4096;

/** The matchers of a job, in the order in which a step asks them. */
export class MatcherJob {
  readonly place: JobPlace;
  /** Commands that the runner could not obey: each fails its step. */
  readonly failedCommands: string[] = [];
  /** Owners of matchers that took too long three times. */
  readonly timedOut: string[] = [];
  #matchers: readonly Matcher[] = [];
  readonly #streams = new Set<StepStream>();

  constructor(place: JobPlace = {}) {
    this.place = place;
  }

  get owners(): readonly string[] {
    return this.#matchers.map(({ owner }) => owner);
  }

  /** Puts the matchers of a file before all others, in the file's order, in place of those with the same owners. */
  add(file: MatcherFile): void {
    checkMatchers(file);
    const { problemMatcher } = file;
    const others = this.#matchers.filter((old) => !problemMatcher.some((added) => isSameOwner(added, old)));
    this.#matchers = [...problemMatcher, ...others];
    for (const stream of this.#streams) for (const matcher of problemMatcher) stream.change(matcher);
  }

  /** Takes matchers away. */
  remove(owner: string): void {
    for (const old of this.#matchers.filter((one) => isSameOwner(one, { owner }))) {
      for (const stream of this.#streams) stream.change({ ...old, pattern: [] });
    }
    this.#matchers = this.#matchers.filter((one) => !isSameOwner(one, { owner }));
  }

  /** Opens standard output or standard error of a step; each has matchers with a memory of their own. */
  stream(): StepStream {
    const stream = new StepStream(this, this.#matchers);
    this.#streams.add(stream);
    return stream;
  }

  /** Runs a whole output through a stream of its own. */
  read(output: string): readonly Issue[] {
    const stream = this.stream();
    const issues = stream.readAll(output);
    this.#streams.delete(stream);
    return issues;
  }

  /** Obeys a workflow command. */
  obey({ name, message, properties }: WorkflowCommand): void {
    try {
      if (name === 'add-matcher') this.add(JSON.parse(readFileSync(this.#onHost(message), 'utf8')));
      const { owner } = properties;
      if (name === 'remove-matcher' && owner !== undefined) this.remove(owner);
    } catch (error) {
      this.failedCommands.push(`${name} ${message}: ${(error as Error).message}`);
    }
  }

  #onHost(file: string): string {
    for (const { host, container } of this.place.mounts ?? []) {
      if (file.startsWith(`${container}/`)) return host + file.slice(container.length);
    }
    return path.resolve(this.place.workspace ?? '/', file);
  }
}

function isSameOwner(one: Pick<Matcher, 'owner'>, other: Pick<Matcher, 'owner'>): boolean {
  return one.owner.toLowerCase() === other.owner.toLowerCase();
}

/** Standard output or standard error of a step. */
export class StepStream {
  readonly #job: MatcherJob;
  #matchers: readonly LineMatcher[];

  constructor(job: MatcherJob, matchers: readonly Matcher[]) {
    this.#job = job;
    this.#matchers = matchers.map((matcher) => new LineMatcher(matcher));
  }

  /** A matcher was registered, or, without patterns, removed. Within the step the last of a file comes first. */
  change(matcher: Matcher): void {
    const others = this.#matchers.filter((one) => !isSameOwner(one, matcher));
    this.#matchers = matcher.pattern.length === 0 ? others : [new LineMatcher(matcher), ...others];
  }

  readAll(output: string): readonly Issue[] {
    return splitLines(output).flatMap((line) => this.read(line) ?? []);
  }

  /** What becomes of a line: a command is obeyed; else the first matcher that makes an issue of it consumes it. */
  read(line: string): Issue | undefined {
    const [command] = parseCommands(line);
    if (command !== undefined) {
      this.#job.obey(command);
      return;
    }
    const stripped = line.replace(COLORS, '');
    for (const matcher of this.#matchers) {
      const match = this.#match(matcher, stripped);
      if (match === undefined) continue;
      for (const other of this.#matchers) if (other !== matcher) other.reset();
      const issue = toIssue(matcher.owner, match, this.#job.place);
      if (issue !== undefined) return issue;
    }
    return;
  }

  #match(matcher: LineMatcher, line: string): Match | undefined {
    const { now = () => performance.now() } = this.#job.place;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const from = now();
      const match = matcher.match(line);
      if (now() - from <= REGEX_LIMIT_MS) return match;
    }
    this.#job.timedOut.push(matcher.owner);
    this.#matchers = this.#matchers.filter((one) => one !== matcher);
    return;
  }
}

function toIssue(owner: string, match: Match, place: JobPlace): Issue | undefined {
  const { message = '' } = match;
  const type = (match.severity || 'error').toLowerCase();
  if (message.trim() === '' || (type !== 'error' && type !== 'warning' && type !== 'notice')) return;
  const file = fileOf(match, place);
  return {
    owner,
    type,
    message: message.slice(0, MESSAGE_LIMIT),
    ...(file === undefined ? {} : { file }),
    ...numberOf('line', match.line),
    ...numberOf('column', match.column),
  };
}

function numberOf(name: 'line' | 'column', text = ''): { readonly line?: number; readonly column?: number } {
  return /^\d+$/.test(text) ? { [name]: Number(text) } : {};
}

function fileOf({ file = '', fromPath = '' }: Match, place: JobPlace): string | undefined {
  if (file.trim() === '') return;
  const from = fromPath.trim() === '' ? '' : path.dirname(fromPath);
  const full = path.resolve(place.workspace ?? '/', from, file);
  const root = existsSync(full) && statSync(full).isFile() ? repositoryAbove(full, place) : undefined;
  return root === undefined ? undefined : path.relative(root, full).replaceAll(path.sep, '/');
}

/** The directory above the file that has a .git/config, if that names the repository. */
function repositoryAbove(file: string, { repository = '' }: JobPlace): string | undefined {
  const urls = [`url = https://github.com/${repository}`, `url = git@github.com:${repository}.git`];
  for (let at = path.dirname(file); at !== path.dirname(at); at = path.dirname(at)) {
    const config = path.join(at, '.git', 'config');
    if (!existsSync(config)) continue;
    const lines = readFileSync(config, 'utf8')
      .split('\n')
      .map((line) => line.trim().toLowerCase());
    return urls.some((url) => lines.includes(url.toLowerCase())) ? at : undefined;
  }
  return;
}
