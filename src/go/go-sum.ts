import { GoRuleError } from './go-rule-error.ts';
import { isH1 } from './h1.ts';
import { checkModuleVersion } from './version.ts';

/** One hash of go.sum: of the module's zip, or of its go.mod alone. */
export interface GoSumLine {
  readonly path: string;
  /** Without `/go.mod`, which `kind` says. */
  readonly version: string;
  readonly kind: 'zip' | 'mod';
  /** `h1:` and 44 characters. */
  readonly hash: string;
  /** From 1. */
  readonly line: number;
}

/** A line that was left out, and why, in words that hold nothing of the line. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** What a go.sum or go.work.sum file says, in the file's order, duplicates kept. */
export interface GoSum {
  readonly file: string;
  readonly lines: readonly GoSumLine[];
  readonly problems: readonly FileProblem[];
}

/** The hash of an empty go.mod; an old bug wrote it for what was no module, and go drops it when it reads the file. */
const EMPTY_GO_MOD_HASH = 'h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=';
const GO_MOD_SUFFIX = '/go.mod';
/** What unicode.IsSpace takes for space: not the same set as `\s`, which has U+FEFF and lacks U+0085. */
const SPACES = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const CONTROL = /[\0-\x08\x0e-\x1f\x7f]/;
/** A hostile file could have millions of bad lines, and nobody reads that many. */
const MAX_PROBLEMS = 100;

/**
 * Returns the hashes of a go.sum or go.work.sum, read as cmd/go/internal/modfetch/fetch.go: readGoSum does: fields
 * between any white space, blank lines, CRLF and duplicates allowed, the hash of an empty go.mod dropped. Beyond Go: a
 * BOM is skipped, and a line that go would stop at or never look up becomes a problem. Of those the first hundred are
 * told one by one, the rest as a number. Of several hashes for one file go takes the first, and stops when it is another.
 *
 * Never throws for content. The time is linear in the text, whose size the caller bounds.
 */
export function parseGoSum(file: string, text: string): GoSum {
  const lines: GoSumLine[] = [];
  const problems: FileProblem[] = [];
  const rules = new Map<string, string | undefined>();
  let unnamed = 0;
  let number = 0;
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    number++;
    const read = readLine(text.slice(start, end), number, rules);
    start = end + 1;
    if (typeof read === 'object') lines.push(read);
    else if (read === undefined) continue;
    else if (problems.length < MAX_PROBLEMS) problems.push({ file, line: number, rule: read });
    else unnamed++;
  }
  if (unnamed > 0) {
    problems.push({ file, line: number, rule: `${unnamed} more lines up to this one break a rule` });
  }
  return { file, lines, problems };
}

/** Returns the line, the rule that it breaks, or undefined when there is nothing on it. */
function readLine(
  text: string,
  line: number,
  rules: Map<string, string | undefined>,
): GoSumLine | string | undefined {
  if (CONTROL.test(text)) return 'control characters are not allowed';
  const fields = text.split(SPACES).filter((field) => field !== '');
  if (fields.length === 0) return undefined;
  const [path = '', versionAndFile = '', hash = ''] = fields;
  if (fields.length !== 3) return `wrong number of fields ${fields.length}, must be 3`;
  if (hash === EMPTY_GO_MOD_HASH) return undefined;
  const kind = versionAndFile.endsWith(GO_MOD_SUFFIX) ? 'mod' : 'zip';
  const version = kind === 'mod' ? versionAndFile.slice(0, -GO_MOD_SUFFIX.length) : versionAndFile;
  const rule = moduleRule(path, version, rules) ?? hashRule(hash);
  return rule ?? { path, version, kind, hash, line };
}

/** Most versions stand on two lines, so that the answer for the first one is kept for the second. */
function moduleRule(
  path: string,
  version: string,
  rules: Map<string, string | undefined>,
): string | undefined {
  const key = `${path} ${version}`;
  if (rules.has(key)) return rules.get(key);
  const rule = checkedRule(path, version);
  rules.set(key, rule);
  return rule;
}

function checkedRule(path: string, version: string): string | undefined {
  try {
    checkModuleVersion({ path, version });
    return undefined;
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    // Not the message: it quotes the line.
    return error.code === 'module-path'
      ? 'malformed module path'
      : 'malformed version, or one that does not fit the module path';
  }
}

function hashRule(hash: string): string | undefined {
  if (!hash.startsWith('h1:')) return 'unknown hash algorithm, only h1: is known';
  return isH1(hash) ? undefined : 'malformed h1: hash, must be h1: and 44 base64 characters';
}
