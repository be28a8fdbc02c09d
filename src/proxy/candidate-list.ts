import { GoRuleError } from '../go/go-rule-error.ts';
import { type GoproxyEntry, parseGoproxyEntry, redactEntry } from '../go/goproxy.ts';
import { hasSpace, trimSpace } from '../go/white-space.ts';
import type { Candidate, CandidateOrigin, Credentials } from './candidate.ts';
import { findPublicProxy } from './public-proxies.ts';
import { hasInsecureUserinfo } from './userinfo.ts';

/** The most candidates that one list may name. */
export const MAX_CANDIDATES = 20;

/** The inputs that hold lists of proxies. */
export type ListInput = 'proxies' | 'mirrors';

/** Says in one sentence why a list of proxies cannot be used; the message never holds userinfo. */
export class CandidateListError extends Error {
  override readonly name = 'CandidateListError';
  readonly code = 'candidate-list';
  readonly input: ListInput;

  constructor(input: ListInput, message: string, options?: ErrorOptions) {
    super(message, options);
    this.input = input;
  }
}

/** Why an entry was left out: unset secrets leave blanks; `duplicate` is the same base URL a second time. */
export type SkipReason = 'blank' | 'blank-userinfo' | 'no-host' | 'duplicate';

/** An entry that was left out. */
export interface Skipped {
  readonly input: ListInput;
  /** Counted from 1 over the entries of the input. */
  readonly place: number;
  /** For display: without userinfo. */
  readonly entry: string;
  readonly reason: SkipReason;
}

/** A parsed list. */
export interface CandidateList {
  readonly candidates: readonly Candidate[];
  readonly skipped: readonly Skipped[];
}

/** A list to parse. */
export interface ListToParse {
  readonly input: ListInput;
  readonly text: string;
  readonly origin: CandidateOrigin;
  /** The id of its first candidate. */
  readonly firstId: number;
  /** Candidates whose bases count as taken already. */
  readonly taken?: readonly Candidate[];
}

/**
 * Returns the candidates that an input names, one per line or comma separated, with go's rules for an entry, and the
 * entries left out. Throws {@link CandidateListError} for an entry that is no http, https or file URL, has a query,
 * fragment, white space, pipe, or http userinfo, for `direct` and `off`, and for more than {@link MAX_CANDIDATES}.
 */
export function parseCandidates(list: ListToParse): CandidateList {
  const candidates: Candidate[] = [];
  const skipped: Skipped[] = [];
  const bases = new Set((list.taken ?? []).map(baseOf));
  for (const [index, raw] of splitEntries(list.text).entries()) {
    const place = index + 1;
    const skip = (reason: SkipReason): void => {
      skipped.push({ input: list.input, place, entry: redactEntry(raw), reason });
    };
    const blank = findBlank(raw);
    if (blank !== undefined) {
      skip(blank);
      continue;
    }
    const entry = parseListEntry(list.input, place, raw);
    const candidate = toCandidate(entry, { id: list.firstId + candidates.length, origin: list.origin });
    if (bases.has(baseOf(candidate))) {
      skip('duplicate');
      continue;
    }
    bases.add(baseOf(candidate));
    candidates.push(candidate);
  }
  if (candidates.length > MAX_CANDIDATES) {
    throw new CandidateListError(
      list.input,
      `Input "${list.input}" names ${candidates.length} proxies; at most ${MAX_CANDIDATES} are allowed.`,
    );
  }
  return { candidates, skipped };
}

/** Returns why the entry was left out, as one sentence for the log. */
export function describeSkipped({ input, place, entry, reason }: Skipped): string {
  const shown = entry === '' ? '' : ` (${entry})`;
  return `Entry ${place} of "${input}"${shown} is skipped: ${SKIP_WORDS[reason]}.`;
}

const SKIP_WORDS: Readonly<Record<SkipReason, string>> = {
  blank: 'it is blank, as an unset secret or variable leaves it',
  'blank-userinfo': 'user name and password are blank, as unset secrets leave them',
  'no-host': 'its host is blank, as an unset secret or variable leaves it',
  duplicate: 'the same base URL is there already',
};

/** An entry of a GOPROXY list that files can be fetched from. */
export type FetchEntry = Extract<GoproxyEntry, { readonly kind: 'proxy' | 'file' }>;

/** Returns the candidate of an entry; what goes into GOPROXY is the entry as written, with its scheme. */
export function toCandidate(entry: FetchEntry, { id, origin }: Pick<Candidate, 'id' | 'origin'>): Candidate {
  const url = new URL(entry.url);
  const credentials = credentialsOf(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  // newProxyRepo drops one slash (cmd/go/internal/modfetch/proxy.go).
  url.pathname = url.pathname.replace(/\/$/, '');
  const publicProxy = findPublicProxy(url);
  return {
    id,
    kind: entry.kind === 'file' ? 'file' : 'http',
    url,
    ...(credentials === undefined ? {} : { credentials }),
    exportValue: entry.raw.includes(':/') || origin === 'inherited' ? entry.raw : withScheme(entry.raw),
    label: labelOf(url),
    origin,
    ...(publicProxy === undefined ? {} : { publicProxy }),
  };
}

/** A blank line is an entry, for an unset secret leaves one; those at the end, and a comma before a line's end, are not. */
function splitEntries(text: string): readonly string[] {
  const end = text.replace(/[\s,]+$/, '');
  if (trimSpace(end) === '') return [];
  return end
    .split('\n')
    .flatMap((line) => line.replace(/,\s*$/, '').split(','))
    .map(trimSpace);
}

function findBlank(raw: string): SkipReason | undefined {
  if (raw === '') return 'blank';
  const authority = /^(?:https?:\/\/)?([^/?#]*)/i.exec(withWebScheme(raw))?.[1];
  if (authority === undefined) return undefined;
  const at = authority.lastIndexOf('@');
  if (/^:?\d*$/.test(authority.slice(at + 1)) && isWeb(raw)) return 'no-host';
  return at >= 0 && /^:?$/.test(authority.slice(0, at)) ? 'blank-userinfo' : undefined;
}

function parseListEntry(input: ListInput, place: number, raw: string): FetchEntry {
  const refuse = (what: string, cause?: unknown): CandidateListError =>
    new CandidateListError(
      input,
      `Input "${input}", entry ${place} ${JSON.stringify(redactEntry(raw))}: ${what}.`,
      cause === undefined ? {} : { cause },
    );
  const flaw = findFlaw(input, raw);
  if (flaw !== undefined) throw refuse(flaw);
  const entry = parseEntry(raw, refuse);
  if (entry.kind !== 'proxy' && entry.kind !== 'file') throw refuse(WORD_FLAW);
  if (entry.kind === 'file' && input === 'mirrors') {
    throw refuse('a standby proxy is chosen by measuring it, so it must be an http or https URL');
  }
  return entry;
}

function parseEntry(raw: string, refuse: (what: string, cause: unknown) => Error): GoproxyEntry {
  try {
    return parseGoproxyEntry(raw);
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    // The rule quotes the entry (redacted) once more; what follows is the flaw.
    throw refuse(error.message.replace(/^GOPROXY entry "(?:[^"\\]|\\.)*": /, ''), error);
  }
}

const ALLOWED = 'allowed are http, https and file URLs, one per line or separated by commas';
const WORD_FLAW = `it is no proxy; the input "direct" says whether go may go to the origin, the input "fallback" what joins the proxies, and GOPROXY=off belongs into the environment; ${ALLOWED}`;

function findFlaw(input: ListInput, raw: string): string | undefined {
  if (raw.includes('|')) {
    return `it has a pipe in it; the input "fallback" says what joins the proxies; ${ALLOWED}`;
  }
  if (hasSpace(raw)) return `it has white space in it; ${ALLOWED}`;
  if (/^(?:direct|off)$/i.test(raw)) return WORD_FLAW;
  if (raw.toLowerCase() === 'none' && input === 'mirrors') {
    return 'it stands for no standby at all, so it must be the only entry';
  }
  if (/[?#]/.test(raw)) {
    return 'it has a query or a fragment; a proxy is named by scheme, host, port and path only';
  }
  if (hasInsecureUserinfo(raw)) {
    return 'it has a user name or password in an http URL, which go refuses to send; use https, or leave them out';
  }
  return undefined;
}

function credentialsOf(url: URL): Credentials | undefined {
  if (url.protocol !== 'https:' || (url.username === '' && url.password === '')) return undefined;
  return { user: decode(url.username), password: decode(url.password) };
}

function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    // Bytes that are no UTF-8: they cannot be a JavaScript string, and no proxy is known to want them.
    return escaped;
  }
}

function baseOf({ url }: Candidate): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
}

function labelOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/$/, '');
}

function isWeb(raw: string): boolean {
  return /^https?:\/\//i.test(withWebScheme(raw));
}

/** As go: what has a dot, colon or slash and no scheme is https. */
function withWebScheme(raw: string): string {
  const isPlain = /[.:/]/.test(raw) && !raw.includes(':/') && !raw.startsWith('/');
  return isPlain ? withScheme(raw) : raw;
}

function withScheme(raw: string): string {
  return `https://${raw}`;
}
