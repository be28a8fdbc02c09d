import { type Refusal, readRefusal } from '../proxy/refusal.ts';
import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';
import { GIT_PATTERNS, matchPatterns, NOT_FOUND_PATTERNS } from './log-cause-patterns.ts';
import { classifyGoLine, classifyWhole, type LineMeaning } from './log-classify.ts';
import { endOfChain, isChain, readGoLine } from './log-go-line.ts';
import type { LogId } from './log-id.ts';
import { readLogLines } from './log-lines.ts';
import { entryOfLog } from './log-variants.ts';

/** One failure that a log tells of. All texts are foreign: the report makes them safe. */
export interface LogDiagnosis {
  readonly id: LogId;
  /** Title, class, fault, whether a re-run helps, and remedy, as exactly as id and status tell; with the placeholders of the tables. */
  readonly entry: CauseEntry & Pick<Finding, 'copy'>;
  /** What `id` would be at a proxy, for `sumdb-unreachable` and `redirect-blocked`. */
  readonly cause?: LogId;
  /** Whom go asked, when the line tells. */
  readonly asked?: LineMeaning['asked'];
  readonly module?: string;
  readonly version?: string;
  readonly host?: string;
  readonly status?: number;
  /** Where it was first met; counts raw lines from 1. */
  readonly line: number;
  /** go's own line, cleaned. */
  readonly text: string;
  /** Cleaned lines below it that belong to it. */
  readonly below: readonly string[];
  /** How often the same was met. */
  readonly count: number;
}

/** Different failures that are kept; what comes after them is only counted with its like. */
const DIAGNOSES_LIMIT = 200;
/** Lines that can belong to one message: a quoted answer has at most eight, git says a little more. */
const BELOW_LIMIT = 40;
/** The hash of a go.mod file without a byte in it. */
const EMPTY_GO_MOD = 'h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=';

interface Block {
  readonly meaning: LineMeaning;
  readonly line: number;
  readonly text: string;
  readonly below: string[];
}

/**
 * Returns the failures of downloads that a log tells of, each once, in the order of their first lines. Pure; linear in
 * the length of the log, with bounded memory. Only go's own wording counts: what a test prints about networks does not.
 */
export function diagnoseLog(lines: Iterable<string>): readonly LogDiagnosis[] {
  const found = new Map<string, LogDiagnosis>();
  const keep = (block: Block | undefined) => {
    if (block !== undefined) keepDiagnosis(found, diagnosisOf(block));
  };
  let open: Block | undefined;
  let before: Before = {};
  for (const { text, number } of readLogLines(lines)) {
    const meaning = isQuoted(text, open) ? undefined : meaningOfLine(text, before);
    if (meaning !== undefined) {
      keep(open);
      open = { meaning, line: number, text, below: [] };
    } else if (open !== undefined && belongsBelow(text, open)) {
      open.below.push(text);
    } else {
      keep(open);
      open = undefined;
    }
    before = { downloading: text.startsWith('go: downloading '), chain: isChain(text) };
  }
  keep(open);
  return [...found.values()];
}

/** What the line before says of this one. */
interface Before {
  readonly downloading?: boolean;
  readonly chain?: boolean;
}

function meaningOfLine(text: string, { downloading, chain }: Before): LineMeaning | undefined {
  const isEnd = chain === true && /^\s/.test(text) && !isChain(text);
  const line = readGoLine(isEnd ? endOfChain(text) : text);
  const meaning = (line === undefined ? undefined : classifyGoLine(line)) ?? classifyWhole(text);
  // Go names neither module nor zip here; only the line before tells that a download it was.
  const isBareEnd = downloading === true && line?.marker === 'file' && line.rest === 'unexpected EOF';
  return meaning ?? (isBareEnd ? { id: 'invalid-zip', specific: 1 } : undefined);
}

/** What a proxy or git says is quoted with a TAB more, and may itself look like a message of go. */
function isQuoted(text: string, open: Block | undefined): boolean {
  if (open === undefined || !/^\s/.test(text)) return false;
  const { meaning, below } = open;
  return meaning.id === 'git-failed' || below[0]?.trimStart().startsWith('server response:') === true;
}

function belongsBelow(text: string, { meaning, below }: Block): boolean {
  if (below.length >= BELOW_LIMIT) return false;
  // Where a log was trimmed, git's own words still tell whose they are.
  return /^\s/.test(text) || (meaning.id === 'git-failed' && matchPatterns(GIT_PATTERNS, text) !== undefined);
}

function diagnosisOf(block: Block): LogDiagnosis {
  const { meaning, line, text, below } = block;
  const { specific: _specific, id: _id, ...about } = meaning;
  const { id, host } = refine(block);
  return {
    id,
    entry: entryOfLog(id, meaning),
    ...about,
    // git names the user too, and that can be a token.
    ...(host === undefined ? {} : { host: host.replace(/^.*@/s, '') }),
    line,
    text,
    below,
    count: 1,
  };
}

/** Returns the id with what the lines below say: a quoted answer, git's own words, the hashes. */
function refine({ meaning, below }: Block): { readonly id: LogId; readonly host?: string | undefined } {
  switch (meaning.id) {
    case 'git-failed':
      return refineGit(below, meaning.host);
    case 'module-not-found': {
      const quoted = below.map((line) => line.trim()).join('\n');
      return { id: matchPatterns(NOT_FOUND_PATTERNS, quoted)?.id ?? meaning.id };
    }
    case 'module-refused':
    case 'http-blocked':
      return { id: refineRefusal(meaning.id, below) };
    case 'checksum-mismatch':
      return {
        id: refineMismatch(below),
      };
    default:
      return { id: meaning.id };
  }
}

/** Go 1.13 words both mismatches alike; the second hash says whose it is. */
function refineMismatch(below: readonly string[]): LogId {
  if (below.some((line) => line.includes(`downloaded: ${EMPTY_GO_MOD}`))) return 'empty-go-mod';
  const isOfDatabase = below.some((line) =>
    /^\s{1,16}(?!go\.sum:|downloaded:)[^\s:]{1,253}: {1,8}h1:/.test(line),
  );
  return isOfDatabase ? 'sumdb-mismatch' : 'checksum-mismatch';
}

const REFUSED_FOR = {
  region: 'http-region-blocked',
  egress: 'http-egress-blocked',
  security: 'proxy-security-block',
  login: 'proxy-login-refused',
} as const satisfies Record<Refusal, LogId>;

/** A proxy that refuses may say why, in a text/plain answer: go shows only those. */
function refineRefusal(id: LogId, below: readonly string[]): LogId {
  const refusal = readRefusal(below.join('\n'));
  return refusal === undefined ? id : REFUSED_FOR[refusal];
}

function refineGit(below: readonly string[], host: string | undefined) {
  const matches = below.flatMap((line) => matchPatterns(GIT_PATTERNS, line.trim()) ?? []);
  const best = matches.reduce<(typeof matches)[number] | undefined>(
    (one, other) => (one === undefined || other.specific > one.specific ? other : one),
    undefined,
  );
  return { id: best?.id ?? ('git-failed' as const), host: best?.groups['host'] ?? host };
}

function keepDiagnosis(found: Map<string, LogDiagnosis>, one: LogDiagnosis): void {
  const key = [one.id, one.module, one.version, one.host, one.status, one.cause].join(' ');
  const before = found.get(key);
  if (before !== undefined) found.set(key, { ...before, count: before.count + 1 });
  else if (found.size < DIAGNOSES_LIMIT) found.set(key, one);
}
