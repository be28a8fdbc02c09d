import type { FileProblem } from './go-sum.ts';
import type { ModLine, ModStatement } from './mod-syntax.ts';
import { splitPathVersion } from './module-path.ts';
import { canonicalVersion, matchesPathMajor } from './version.ts';

/** A replace line: `old` without a version stands for every version of the path. */
export interface Replacement {
  readonly old: { readonly path: string; readonly version?: string };
  readonly new:
    | { readonly kind: 'module'; readonly path: string; readonly version: string }
    | { readonly kind: 'directory'; readonly directory: string };
  readonly line: number;
}

/** One `godebug` line. */
export interface Godebug {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A `tool`, `ignore` or `use` line. */
export interface PathLine {
  readonly path: string;
  readonly line: number;
}

/** Says that a line breaks a rule; caught by {@link ProblemCollector.attempt}. The message is the rule, never content. */
export class DirectiveError extends Error {}

/** A hostile file can hold millions of wrong lines; nobody reads more than these. */
const MAX_PROBLEMS_PER_FILE = 100;

/** Collects the problems of one file, at most 100 of them. */
export class ProblemCollector {
  readonly #file: string;
  readonly #problems: FileProblem[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(line: number, rule: string): void {
    if (this.#problems.length < MAX_PROBLEMS_PER_FILE) {
      this.#problems.push({ file: this.#file, line, rule });
    }
  }

  /** Runs `read` and turns a {@link DirectiveError} into a problem of that line. */
  attempt(line: number, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof DirectiveError)) throw error;
      this.add(line, error.message);
    }
  }

  get problems(): readonly FileProblem[] {
    return this.#problems;
  }
}

/** A directive and its arguments, whether it stood alone or in a block. */
export interface Directive extends ModLine {
  readonly verb: string;
  readonly args: readonly string[];
}

/**
 * Yields the directives of a file in order; a block that no directive of `blocks` opens becomes a problem, as in
 * x/mod/modfile/rule.go (parseToFile) and work.go (ParseWork).
 */
export function* directivesOf(
  statements: readonly ModStatement[],
  blocks: ReadonlySet<string>,
  collector: ProblemCollector,
): Generator<Directive> {
  for (const statement of statements) {
    const verb = statement.tokens[0] ?? '';
    if (statement.kind === 'line') {
      yield { ...statement, verb, args: statement.tokens.slice(1) };
    } else if (statement.tokens.length > 1 || !blocks.has(verb)) {
      collector.add(statement.line, `a block opens with one of: ${[...blocks].join(', ')}`);
    } else {
      for (const line of statement.lines) yield { ...line, verb, args: line.tokens };
    }
  }
}

/** Returns the only argument; throws {@link DirectiveError} with `usage` when there is another number of them. */
export function onlyArgument(args: readonly string[], usage: string): string {
  const [argument] = args;
  if (args.length !== 1 || argument === undefined) throw new DirectiveError(`must have the form: ${usage}`);
  return argument;
}

/**
 * Returns the value of a token as x/mod/modfile/rule.go (parseString) has it: double quotes are taken off with Go's
 * escapes, any other quote is refused, back quotes too. Throws {@link DirectiveError}.
 */
export function readString(token: string): string {
  if (token.startsWith('"')) return unquote(token);
  if (/["'`]/.test(token))
    throw new DirectiveError('a quoted value is in double quotes, and they enclose all of it');
  return token;
}

const SIMPLE_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ['"', 34],
]);

/** strconv.Unquote for a double-quoted string; bytes that are not UTF-8 become U+FFFD. */
function unquote(token: string): string {
  const body = token.slice(1, -1);
  if (!body.includes('\\')) return body;
  const parts: Buffer[] = [];
  const pattern =
    /[^\\]+|\\(?:x(?<hex>[0-9a-fA-F]{2})|(?<octal>[0-3][0-7]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8})|(?<simple>[abfnrtv\\"]))/uy;
  while (pattern.lastIndex < body.length) {
    const match = pattern.exec(body);
    if (match === null) throw new DirectiveError('a backslash in double quotes begins an escape that Go has');
    parts.push(escapeBytes(match));
  }
  return Buffer.concat(parts).toString('utf8');
}

function escapeBytes(match: RegExpExecArray): Buffer {
  const { hex, octal, short, long, simple } = match.groups ?? {};
  if (hex !== undefined) return Buffer.of(Number.parseInt(hex, 16));
  if (octal !== undefined) return Buffer.of(Number.parseInt(octal, 8));
  if (simple !== undefined) return Buffer.of(SIMPLE_ESCAPES.get(simple) ?? 0);
  const digits = short ?? long;
  if (digits === undefined) return Buffer.from(match[0], 'utf8');
  const point = Number.parseInt(digits, 16);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
    throw new DirectiveError('a backslash in double quotes begins an escape that Go has');
  }
  return Buffer.from(String.fromCodePoint(point), 'utf8');
}

/** Returns the canonical form of a version token (v1.2 becomes v1.2.0); throws {@link DirectiveError}. */
export function readVersion(token: string): string {
  const version = canonicalVersion(readString(token));
  if (version === '') throw new DirectiveError('a version has the form v1.2.3');
  return version;
}

/** x/mod/module MatchPathMajor for `path`; throws {@link DirectiveError} when path and version do not go together. */
export function checkPathMajor(path: string, version: string): void {
  const major = pathMajorOf(path);
  if (!matchesPathMajor(version, major)) {
    throw new DirectiveError(
      'the major version agrees with the path: v0 or v1 without a suffix, vN for /vN, +incompatible for other majors',
    );
  }
}

function pathMajorOf(path: string): string {
  const split = splitPathVersion(path);
  if (split === undefined)
    throw new DirectiveError('a module path ends in no version suffix, or in /v2 or higher');
  return split.pathMajor;
}

const REPLACE_USAGE =
  'must have the form: replace module/path [v1.2.3] => other/module v1.4.0, or … => ./directory';

/** Returns the replacement of a replace line's arguments (rule.go parseReplace); throws {@link DirectiveError}. */
export function readReplacement(args: readonly string[], line: number): Replacement {
  const arrow = args.length >= 2 && args[1] === '=>' ? 1 : 2;
  const [first, second] = args;
  const target = args[arrow + 1];
  if (first === undefined || target === undefined || args.length > arrow + 3 || args[arrow] !== '=>') {
    throw new DirectiveError(REPLACE_USAGE);
  }
  const path = readString(first);
  pathMajorOf(path);
  const version = arrow === 2 && second !== undefined ? readVersion(second) : undefined;
  if (version !== undefined) checkPathMajor(path, version);
  const old = version === undefined ? { path } : { path, version };
  return { old, new: readReplacementTarget(target, args[arrow + 2]), line };
}

function readReplacementTarget(target: string, versionToken: string | undefined): Replacement['new'] {
  const name = readString(target);
  if (versionToken !== undefined) {
    const version = readVersion(versionToken);
    if (isDirectoryPath(name)) throw new DirectiveError('a replacement directory has no version');
    return { kind: 'module', path: name, version };
  }
  if (!isDirectoryPath(name)) {
    throw new DirectiveError('a replacement without a version is a directory that begins with ./, ../ or /');
  }
  if (process.platform !== 'win32' && name.includes('\\')) {
    throw new DirectiveError('a replacement directory is written with / on this system');
  }
  return { kind: 'directory', directory: name };
}

/** Whether go takes a replacement for a directory, by the path syntaxes of every system (rule.go IsDirectoryPath). */
export function isDirectoryPath(name: string): boolean {
  return name === '.' || name === '..' || /^(?:\.{0,2}[/\\]|[A-Za-z]:)/.test(name);
}

/** Returns the version of a `go` line; throws {@link DirectiveError}. */
export function readGoLine(args: readonly string[]): string {
  const version = onlyArgument(args, 'go 1.23.0');
  if (!/^([1-9][0-9]*)\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?([a-z]+[0-9]+)?$/.test(version)) {
    throw new DirectiveError('a go version has the form 1.23 or 1.23.0');
  }
  return version;
}

/** Returns the name of a `toolchain` line; throws {@link DirectiveError}. */
export function readToolchainLine(args: readonly string[]): string {
  const name = onlyArgument(args, 'toolchain go1.23.0');
  if (!/^default$|^go1($|\.)/.test(name))
    throw new DirectiveError('a toolchain is default or has the form go1.23.0');
  return name;
}

/** Returns the setting of a `godebug` line; throws {@link DirectiveError}. */
export function readGodebugLine(args: readonly string[], line: number): Godebug {
  const setting = onlyArgument(args, 'godebug key=value');
  const equals = setting.indexOf('=');
  if (equals < 0 || /["`',]/.test(setting)) throw new DirectiveError('must have the form: godebug key=value');
  return { key: setting.slice(0, equals), value: setting.slice(equals + 1), line };
}

/** Reports a path that is replaced in two ways, which go refuses (cmd/go modload/modfile.go toReplaceMap). */
export function checkReplacements(replacements: readonly Replacement[], collector: ProblemCollector): void {
  const seen = new Map<string, string>();
  for (const replacement of replacements) {
    const key = `${replacement.old.path} ${replacement.old.version ?? ''}`;
    const target = JSON.stringify(replacement.new);
    if (seen.has(key) && seen.get(key) !== target) {
      collector.add(replacement.line, 'a module is replaced in one way only');
    }
    seen.set(key, target);
  }
}

/** Throws {@link DirectiveError} for the second line of a directive that stands once. */
export function refuseRepeated(value: string | undefined, verb: string): void {
  if (value !== undefined) throw new DirectiveError(`a file has one ${verb} line`);
}
