import type { FileProblem } from './go-sum.ts';
import {
  checkPathMajor,
  checkReplacements,
  type Directive,
  DirectiveError,
  directivesOf,
  type Godebug,
  onlyArgument,
  type PathLine,
  ProblemCollector,
  type Replacement,
  readGodebugLine,
  readGoLine,
  readReplacement,
  readString,
  readToolchainLine,
  readVersion,
  refuseRepeated,
} from './mod-directives.ts';
import { parseModSyntax } from './mod-syntax.ts';

export type { Godebug, PathLine, Replacement } from './mod-directives.ts';

/** A `require` line; `indirect` when its comment says so as go writes it. */
export interface Requirement {
  readonly path: string;
  readonly version: string;
  readonly indirect: boolean;
  readonly line: number;
}

/** An `exclude` line. */
export interface Exclusion {
  readonly path: string;
  readonly version: string;
  readonly line: number;
}

/** A `retract` line: a closed interval, both ends the same for a single version. */
export interface Retraction {
  readonly low: string;
  readonly high: string;
  readonly line: number;
}

/** What a go.mod says. Go refuses a file with any problem as a whole; we keep the lines that are right. */
export interface GoModFile {
  readonly file: string;
  readonly module?: string;
  /** As in the file: `1.22` or `1.22.3`; absent without a go line (go then assumes 1.16). */
  readonly go?: string;
  readonly toolchain?: string;
  readonly require: readonly Requirement[];
  readonly replace: readonly Replacement[];
  readonly exclude: readonly Exclusion[];
  readonly retract: readonly Retraction[];
  readonly tool: readonly PathLine[];
  readonly godebug: readonly Godebug[];
  readonly ignore: readonly PathLine[];
  readonly problems: readonly FileProblem[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type Draft = Writable<Omit<GoModFile, 'problems'>>;

const BLOCKS: ReadonlySet<string> = new Set([
  'module',
  'godebug',
  'require',
  'exclude',
  'replace',
  'retract',
  'tool',
  'ignore',
]);

/**
 * Returns what a main module's go.mod says, by the rules of x/mod/modfile/rule.go (Parse without a version fixer, what
 * `go mod edit` uses). Never throws for content: what go refuses becomes a problem with file, line and the rule.
 */
export function parseGoMod(file: string, text: string): GoModFile {
  const syntax = parseModSyntax(file, text);
  const collector = new ProblemCollector(file);
  if (syntax.problem !== undefined) collector.add(syntax.problem.line, syntax.problem.rule);
  const draft: Draft = {
    file,
    require: [],
    replace: [],
    exclude: [],
    retract: [],
    tool: [],
    godebug: [],
    ignore: [],
  };
  for (const directive of directivesOf(syntax.statements, BLOCKS, collector)) {
    collector.attempt(directive.line, () => addDirective(draft, directive));
  }
  checkReplacements(draft.replace, collector);
  return { ...draft, problems: collector.problems };
}

function addDirective(draft: Draft, directive: Directive): void {
  const { verb, args, line } = directive;
  switch (verb) {
    case 'module':
      refuseRepeated(draft.module, verb);
      draft.module = readString(onlyArgument(args, 'module module/path'));
      return;
    case 'go':
      refuseRepeated(draft.go, verb);
      draft.go = readGoLine(args);
      return;
    case 'toolchain':
      refuseRepeated(draft.toolchain, verb);
      draft.toolchain = readToolchainLine(args);
      return;
    case 'godebug':
      draft.godebug.push(readGodebugLine(args, line));
      return;
    case 'require':
      draft.require.push({ ...readModuleVersion(directive), indirect: isIndirect(directive.comment) });
      return;
    case 'exclude':
      draft.exclude.push(readModuleVersion(directive));
      return;
    case 'replace':
      draft.replace.push(readReplacement(args, line));
      return;
    case 'retract':
      draft.retract.push({ ...readInterval(args), line });
      return;
    case 'tool':
      draft.tool.push({ path: readString(onlyArgument(args, 'tool package/path')), line });
      return;
    case 'ignore':
      draft.ignore.push({ path: readString(onlyArgument(args, 'ignore ./directory')), line });
      return;
    default:
      throw new DirectiveError(`a line begins with one of: go, toolchain, ${[...BLOCKS].join(', ')}`);
  }
}

function readModuleVersion({ verb, args, line }: Directive): Exclusion {
  const [first, second] = args;
  if (args.length !== 2 || first === undefined || second === undefined) {
    throw new DirectiveError(`must have the form: ${verb} module/path v1.2.3`);
  }
  const path = readString(first);
  const version = readVersion(second);
  checkPathMajor(path, version);
  return { path, version, line };
}

/** rule.go isIndirect: `// indirect` alone, or `// indirect; more`. */
function isIndirect(comment: string): boolean {
  const fields = comment.replace(/^\/\//, '').trim().split(/\s+/);
  return fields.length === 1 ? fields[0] === 'indirect' : fields[0] === 'indirect;';
}

const RETRACT_USAGE = 'must have the form: retract v1.2.3, or retract [v1.2.0, v1.2.3]';

/**
 * rule.go parseVersionInterval and the check for more tokens behind it. Versions stay as written, valid or not: the parser
 * takes any (dontFixRetract), and only the publisher's own go looks closer.
 */
function readInterval(args: readonly string[]): { low: string; high: string } {
  const [first] = args;
  if (args.length === 1 && first !== undefined && first !== '[' && first !== '(') {
    const version = readString(first);
    return { low: version, high: version };
  }
  const [open, low, comma, high, close] = args;
  if (args.length !== 5 || low === undefined || high === undefined) throw new DirectiveError(RETRACT_USAGE);
  if (open !== '[' || comma !== ',' || close !== ']') throw new DirectiveError(RETRACT_USAGE);
  return { low: readString(low), high: readString(high) };
}
