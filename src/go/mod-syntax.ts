import type { FileProblem } from './go-sum.ts';

/** One line of a go.mod or go.work file: its tokens as they were written (quotes kept), without comments. */
export interface ModLine {
  readonly tokens: readonly string[];
  /** The 1-based number of the line the first token is on. */
  readonly line: number;
  /** The comment that ends the line, with its slashes; empty when there is none. */
  readonly comment: string;
}

/** A statement at the top level: a line of its own, or a block in parentheses. */
export type ModStatement =
  | ({ readonly kind: 'line' } & ModLine)
  | {
      readonly kind: 'block';
      /** What stands before the parenthesis; more than one token is not allowed by any directive. */
      readonly tokens: readonly string[];
      readonly line: number;
      readonly lines: readonly ModLine[];
    };

/** What the grammar of go.mod and go.work makes of a text; `problem` says where and why it stopped early. */
export interface ModSyntax {
  readonly statements: readonly ModStatement[];
  readonly problem?: FileProblem;
}

type TokenKind = 'eof' | 'newline' | 'eol-comment' | 'comment' | 'string' | 'word' | 'punctuation';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

/** Unwinds the parser to {@link parseModSyntax}, as the panic of x/mod/modfile does. */
class SyntaxStop extends Error {
  readonly problem: { readonly line: number; readonly rule: string };

  constructor(line: number, rule: string) {
    super(rule);
    this.problem = { line, rule };
  }
}

const PUNCTUATION = new Set(['(', ')', '[', ']', '{', '}', ',']);

/** x/mod/modfile isIdent: printable as unicode.IsPrint has it, no white space, none of the punctuation. */
function isWordRune(point: number | undefined): boolean {
  if (point === undefined) return false;
  if (point < 0x80) return point > 0x20 && point < 0x7f && !PUNCTUATION.has(String.fromCharCode(point));
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(String.fromCodePoint(point));
}

class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  /** Whether the current line has shown a token already: decides which kind of comment one is. */
  #lineHasToken = false;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    this.#skipSpace();
    const line = this.#line;
    const start = this.#at;
    if (start >= this.#text.length) return { kind: 'eof', text: '', line };
    if (this.#text.startsWith('//', start)) return this.#comment();
    this.#refuseBlockComment();
    const char = this.#text.charAt(start);
    if (char === '\n') {
      this.#at++;
      this.#line++;
      this.#lineHasToken = false;
      return { kind: 'newline', text: '\n', line };
    }
    this.#lineHasToken = true;
    if (PUNCTUATION.has(char)) {
      this.#at++;
      return { kind: 'punctuation', text: char, line };
    }
    if (char === '"' || char === '`') this.#readString(char);
    else this.#readWord();
    return {
      kind: char === '"' || char === '`' ? 'string' : 'word',
      text: this.#text.slice(start, this.#at),
      line,
    };
  }

  #skipSpace(): void {
    while (' \t\r'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++;
  }

  #comment(): Token {
    const line = this.#line;
    const start = this.#at;
    const newline = this.#text.indexOf('\n', start);
    const end = newline < 0 ? this.#text.length : newline;
    this.#at = newline < 0 ? end : end + 1;
    if (newline >= 0) this.#line++;
    const kind = this.#lineHasToken ? 'eol-comment' : 'comment';
    this.#lineHasToken = false;
    return { kind, text: this.#text.slice(start, end).replace(/\r$/, ''), line };
  }

  #refuseBlockComment(): void {
    if (this.#text.startsWith('/*', this.#at)) {
      throw new SyntaxStop(this.#line, 'comments begin with //; /* */ comments are not allowed');
    }
  }

  #readString(quote: string): void {
    const line = this.#line;
    this.#at++;
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '') throw new SyntaxStop(line, 'a quoted string ends on the line it began on');
      if (char === '\n') throw new SyntaxStop(this.#line, 'a quoted string ends on the line it began on');
      this.#at++;
      if (char === quote) return;
      if (char !== '\\' || quote === '`') continue;
      const escaped = this.#text.charAt(this.#at);
      if (escaped === '') throw new SyntaxStop(line, 'a quoted string ends on the line it began on');
      if (escaped === '\n') this.#line++;
      this.#at++;
    }
  }

  #readWord(): void {
    const start = this.#at;
    let point = this.#text.codePointAt(this.#at);
    while (isWordRune(point) && !this.#text.startsWith('//', this.#at)) {
      this.#refuseBlockComment();
      this.#at += (point ?? 0) > 0xffff ? 2 : 1;
      point = this.#text.codePointAt(this.#at);
    }
    if (this.#at === start) {
      throw new SyntaxStop(this.#line, 'only printable characters, spaces, tabs and line ends are allowed');
    }
  }
}

class Parser {
  readonly statements: ModStatement[] = [];
  readonly #lexer: Lexer;
  /** One token of lookahead, read only when it is looked at: an error in it does not take the line before along. */
  #ahead: Token | undefined;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  parseFile(): void {
    for (;;) {
      switch (this.#peek().kind) {
        case 'newline':
        case 'comment':
          this.#take();
          break;
        case 'eof':
          return;
        default:
          this.statements.push(this.#parseStatement());
      }
    }
  }

  #peek(): Token {
    this.#ahead ??= this.#lexer.next();
    return this.#ahead;
  }

  #take(): Token {
    const token = this.#peek();
    this.#ahead = undefined;
    return token;
  }

  #parseStatement(): ModStatement {
    const first = this.#take();
    const tokens = [first.text];
    for (;;) {
      const token = this.#take();
      if (endsLine(token)) return { kind: 'line', tokens, line: first.line, comment: commentOf(token) };
      if (token.text !== '(' || token.kind !== 'punctuation') {
        tokens.push(token.text);
      } else if (endsLine(this.#peek())) {
        return { kind: 'block', tokens, line: first.line, lines: this.#parseBlock(first.line) };
      } else if (this.#peek().kind === 'punctuation' && this.#peek().text === ')') {
        const close = this.#take();
        if (endsLine(this.#peek())) {
          this.#take();
          return { kind: 'block', tokens, line: first.line, lines: [] };
        }
        tokens.push(token.text, close.text);
      } else {
        tokens.push(token.text);
      }
    }
  }

  #parseBlock(start: number): ModLine[] {
    const lines: ModLine[] = [];
    for (;;) {
      const { kind, text, line } = this.#peek();
      if (kind === 'newline' || kind === 'comment' || kind === 'eol-comment') {
        this.#take();
      } else if (kind === 'eof') {
        throw new SyntaxStop(start, 'a block that begins with ( ends with ) on a line of its own');
      } else if (kind === 'punctuation' && text === ')') {
        this.#take();
        if (!endsLine(this.#peek())) throw new SyntaxStop(line, 'the ) that ends a block also ends its line');
        this.#take();
        return lines;
      } else {
        lines.push(this.#parseLine());
      }
    }
  }

  #parseLine(): ModLine {
    const first = this.#take();
    const tokens = [first.text];
    for (;;) {
      const token = this.#take();
      if (endsLine(token)) return { tokens, line: first.line, comment: commentOf(token) };
      tokens.push(token.text);
    }
  }
}

function endsLine(token: Token): boolean {
  return token.kind === 'newline' || token.kind === 'eof' || token.kind === 'eol-comment';
}

function commentOf(token: Token): string {
  return token.kind === 'eol-comment' ? token.text : '';
}

/**
 * Returns the statements of a go.mod or go.work text, as x/mod/modfile/read.go (parse) reads them. Never throws for
 * content: at the first error of the grammar it stops, as Go does, and keeps what came before. A byte order mark, which
 * Go refuses, is named as the problem and read over.
 */
export function parseModSyntax(file: string, text: string): ModSyntax {
  const hasMark = text.startsWith('\uFEFF');
  const parser = new Parser(hasMark ? text.slice(1) : text);
  let stop = hasMark
    ? { line: 1, rule: 'a byte order mark is not allowed: save as UTF-8 without one' }
    : undefined;
  try {
    parser.parseFile();
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    stop ??= error.problem;
  }
  return stop === undefined
    ? { statements: parser.statements }
    : { statements: parser.statements, problem: { file, ...stop } };
}
