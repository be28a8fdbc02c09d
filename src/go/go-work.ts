import type { FileProblem } from './go-sum.ts';
import {
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
  refuseRepeated,
} from './mod-directives.ts';
import { parseModSyntax } from './mod-syntax.ts';

/** What a go.work says. Go refuses a file with any problem as a whole; we keep the lines that are right. */
export interface GoWorkFile {
  readonly file: string;
  /** As in the file; absent without a go line (go then assumes 1.18). */
  readonly go?: string;
  readonly toolchain?: string;
  /** Directories of modules as written, relative to the file's directory or absolute. */
  readonly use: readonly PathLine[];
  readonly replace: readonly Replacement[];
  readonly godebug: readonly Godebug[];
  readonly problems: readonly FileProblem[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
type Draft = Writable<Omit<GoWorkFile, 'problems'>>;

const BLOCKS: ReadonlySet<string> = new Set(['godebug', 'use', 'replace']);

/**
 * Returns what a go.work says, by the rules of x/mod/modfile/work.go (ParseWork without a version fixer). Never throws
 * for content: what go refuses becomes a problem with file, line and the rule.
 */
export function parseGoWork(file: string, text: string): GoWorkFile {
  const syntax = parseModSyntax(file, text);
  const collector = new ProblemCollector(file);
  if (syntax.problem !== undefined) collector.add(syntax.problem.line, syntax.problem.rule);
  const draft: Draft = { file, use: [], replace: [], godebug: [] };
  for (const directive of directivesOf(syntax.statements, BLOCKS, collector)) {
    collector.attempt(directive.line, () => addDirective(draft, directive));
  }
  checkReplacements(draft.replace, collector);
  return { ...draft, problems: collector.problems };
}

function addDirective(draft: Draft, { verb, args, line }: Directive): void {
  switch (verb) {
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
    case 'use':
      draft.use.push({ path: readString(onlyArgument(args, 'use ./directory')), line });
      return;
    case 'replace':
      draft.replace.push(readReplacement(args, line));
      return;
    default:
      throw new DirectiveError(`a line begins with one of: go, toolchain, ${[...BLOCKS].join(', ')}`);
  }
}
