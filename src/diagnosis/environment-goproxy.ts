import { GoRuleError } from '../go/go-rule-error.ts';
import { GoUrlError, parseGoUrl } from '../go/go-url.ts';
import { type GoproxyEntry, parseGoproxy, parseGoproxyEntry, redactEntry } from '../go/goproxy.ts';
import { trimSpace } from '../go/white-space.ts';
import { findDeadProxy, findPublicProxy, PUBLIC_PROXIES, type PublicProxy } from '../proxy/public-proxies.ts';
import {
  type Case,
  type EnvironmentFacts,
  effective,
  settingLine,
  variableFinding,
} from './environment-facts.ts';
import type { Finding } from './finding.ts';

/** One entry as it is written, and what is wrong with it. */
interface ReadEntry {
  readonly raw: string;
  readonly separator: string;
  /** Absent where our parser refuses it. */
  readonly entry?: GoproxyEntry;
  readonly flaw?: Flaw;
}

interface Flaw {
  readonly id: 'goproxy-syntax' | 'goproxy-insecure-credentials';
  /** `list`: go refuses every entry for it; `asking`: go fails when it asks this one; `path`: go asks a strange path of it. */
  readonly harm: 'list' | 'asking' | 'path';
  readonly title: string;
}

/**
 * Returns the mistakes in GOPROXY, one finding for each; nothing where this action exports GOPROXY itself. Source:
 * cmd/go/internal/modfetch/proxy.go, proxyList (an empty list, the order, implied https, words in lower case, white space
 * trimmed at the ends only), newProxyRepo (schemes), TryProxies (what ends a walk through the list), and
 * cmd/go/internal/web/http.go, get (credentials over http).
 */
export function findingsOfGoproxy(facts: EnvironmentFacts): readonly Finding[] {
  if (facts.exported.has('GOPROXY')) return [];
  const value = effective(facts, 'GOPROXY');
  const { read, ignored } = readList(value);
  const first = read[0];
  if (first === undefined) return [emptyFinding(facts)];
  return [
    ...flawFindings(facts, read),
    ...ignoredFinding(facts, read, ignored),
    ...(ignored.length === 0 ? policyFinding(facts, first) : []),
    ...read.flatMap(({ entry, raw }) =>
      entry?.kind === 'proxy' ? tableFindings(facts, raw, entry.url) : [],
    ),
  ];
}

/** Says whether the list begins with this word, so that nothing else in it is ever asked. */
export function beginsWith(goproxy: string, word: 'direct' | 'off'): boolean {
  return readList(goproxy).read[0]?.entry?.kind === word;
}

function readList(value: string): {
  readonly read: readonly ReadEntry[];
  readonly ignored: readonly string[];
} {
  const read: ReadEntry[] = [];
  const ignored: string[] = [];
  for (const [, text = '', separator = ''] of value.matchAll(/([^,|]*)([,|]|$)/g)) {
    const raw = trimSpace(text);
    const last = read.at(-1)?.entry?.kind;
    if (raw === '') continue;
    if (last === 'direct' || last === 'off') ignored.push(raw);
    else read.push(readEntry(raw, separator));
  }
  return { read, ignored };
}

function readEntry(raw: string, separator: string): ReadEntry {
  try {
    const entry = parseGoproxyEntry(raw);
    const flaw = flawOf(raw, entry);
    return { raw, separator, entry, ...(flaw === undefined ? {} : { flaw }) };
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    const harm = isUrlForGo(raw) ? 'asking' : 'list';
    return { raw, separator, flaw: { id: 'goproxy-syntax', harm, title: refusalTitle(raw, error) } };
  }
}

/** What go takes, and nobody means. */
function flawOf(raw: string, entry: GoproxyEntry): Flaw | undefined {
  if (entry.kind === 'direct' || entry.kind === 'off') return undefined;
  const id = 'goproxy-syntax';
  const isProxy = entry.kind === 'proxy';
  if (isProxy && /^https?$/.test(entry.url.hostname) && !raw.includes('://')) {
    const title = `the entry ${quote(raw)} lacks the colon before its slashes, so go asks a host with the name ${quote(entry.url.hostname)}`;
    return { id, harm: 'asking', title };
  }
  if (isProxy && entry.url.hostname.includes(';')) return { id, harm: 'asking', title: joinedTitle(raw) };
  if (holdsTwo(raw)) return { id, harm: 'path', title: joinedTitle(raw) };
  if (isProxy && entry.url.protocol === 'http:' && entry.url.href.includes('@')) {
    const hasUserinfo = entry.url.username !== '' || entry.url.password !== '' || /\/\/[^/?#]*@/.test(raw);
    if (!hasUserinfo) return undefined;
    const title = `the entry ${quote(raw)} has a login and no TLS, and go refuses to send it`;
    return { id: 'goproxy-insecure-credentials', harm: 'asking', title };
  }
  return undefined;
}

function refusalTitle(raw: string, error: GoRuleError): string {
  if (/^(?:direct|off)$/i.test(raw)) return `the entry ${quote(raw)} must be written in lower case`;
  if (/^["']|["']$/.test(raw))
    return `the quotes are a part of the entry ${JSON.stringify(redactEntry(raw))}`;
  if (/[\s;]/.test(raw)) return joinedTitle(raw);
  return error.message.replace(/^GOPROXY /, 'the ');
}

function joinedTitle(raw: string): string {
  const what = raw.includes(';') ? 'a semicolon' : 'a space';
  return `${what} separates nothing, so go takes ${quote(raw)} for one entry; entries are separated by "," or "|"`;
}

/** Whether something that is an entry by itself stands behind a space or a semicolon. */
function holdsTwo(raw: string): boolean {
  const [, ...rest] = raw.split(/[\s;]+/);
  return rest.some((part) => /^(?:direct|off)$/i.test(part) || part.includes('://'));
}

/** Whether proxyList and newProxyRepo take it, so that it fails only when it is asked: no host, a port that is too large. */
function isUrlForGo(raw: string): boolean {
  if (!/[.:/]/.test(raw)) return false;
  try {
    const { scheme } = parseGoUrl(raw.includes(':/') || raw.startsWith('/') ? raw : `https://${raw}`);
    return scheme === 'https' || scheme === 'http';
  } catch (error) {
    if (error instanceof GoUrlError) return false;
    throw error;
  }
}

function emptyFinding(facts: EnvironmentFacts): Finding {
  return variableFinding(facts, 'GOPROXY', {
    id: 'goproxy-syntax',
    severity: 'failure',
    title: 'the list has no entries',
    consequence: 'go refuses it, so every download fails',
    copy: settingLine(facts, 'GOPROXY', 'https://proxy.golang.org,direct'),
  });
}

/** A walk through the list ends at the first entry that fails and has no pipe behind it (404 and 410 apart). */
function flawFindings(facts: EnvironmentFacts, read: readonly ReadEntry[]): readonly Finding[] {
  const end = read.findIndex(({ separator }) => separator !== '|');
  const asked = end < 0 ? read : read.slice(0, end + 1);
  const isHopeless = asked.every(({ flaw }) => flaw?.harm === 'asking');
  const copy = mendedLine(facts);
  return read.flatMap((one) => {
    if (one.flaw === undefined) return [];
    const { id, harm, title } = one.flaw;
    const { severity, consequence } = judge(harm, isHopeless && asked.includes(one));
    return [variableFinding(facts, 'GOPROXY', { id, severity, title, consequence, copy })];
  });
}

function judge(harm: Flaw['harm'], isHopeless: boolean): Required<Pick<Case, 'severity' | 'consequence'>> {
  if (harm === 'list')
    return { severity: 'failure', consequence: 'go refuses the whole list, so every download fails' };
  if (harm === 'path') return { severity: 'warning', consequence: 'go asks for modules below this path' };
  return isHopeless
    ? { severity: 'failure', consequence: 'go gets no further than to this entry, so every download fails' }
    : { severity: 'warning', consequence: 'go fails whenever it gets to this entry' };
}

/** The list as it was most likely meant, when that is one which go takes. */
function mendedLine(facts: EnvironmentFacts): readonly string[] {
  const mended = effective(facts, 'GOPROXY')
    .replace(/["']/g, '')
    .replace(/[\s;]*([,|])[\s;]*|[\s;]+/g, (_, separator?: string) => separator ?? ',')
    .replace(/^[,|]+|[,|]+$/g, '')
    .replace(/(^|[,|])(https?)(?::\/|\/\/)(?=[^/])/g, '$1$2://')
    .replace(
      /(^|[,|])(direct|off)(?=[,|]|$)/gi,
      (_, before: string, word: string) => before + word.toLowerCase(),
    );
  return mended === effective(facts, 'GOPROXY') ? [] : listLine(facts, mended);
}

/** Nothing for a list that go would not take either. */
function listLine(facts: EnvironmentFacts, list: string): readonly string[] {
  try {
    parseGoproxy(list);
    return settingLine(facts, 'GOPROXY', list);
  } catch (error) {
    if (error instanceof GoRuleError) return [];
    throw error;
  }
}

function ignoredFinding(
  facts: EnvironmentFacts,
  read: readonly ReadEntry[],
  ignored: readonly string[],
): readonly Finding[] {
  if (ignored.length === 0) return [];
  const word = read.at(-1)?.raw ?? '';
  const proxies = ignored.filter((raw) => raw !== 'direct' && raw !== 'off');
  const named = ignored.slice(0, 3).map(quote).join(', ');
  const before = read.slice(0, -1).map(({ raw, separator }) => raw + separator);
  return [
    variableFinding(facts, 'GOPROXY', {
      id: 'goproxy-ignored',
      severity: proxies.length === 0 ? 'notice' : 'warning',
      title: `go reads nothing behind \`${word}\`, so it never asks ${named}`,
      copy: proxies.length === 0 ? [] : listLine(facts, `${before.join('')}${proxies.join(',')},${word}`),
    }),
  ];
}

function policyFinding(facts: EnvironmentFacts, { entry }: ReadEntry): readonly Finding[] {
  if (entry?.kind === 'direct') {
    return [variableFinding(facts, 'GOPROXY', { id: 'goproxy-direct', severity: 'notice' })];
  }
  if (entry?.kind !== 'off') return [];
  const rest =
    effective(facts, 'GONOPROXY') === '' ? '' : ', but what GONOPROXY matches, from its repository';
  return [
    variableFinding(facts, 'GOPROXY', {
      id: 'goproxy-off',
      severity: 'notice',
      title: `go downloads nothing${rest}`,
      consequence: 'what is not in the module cache is missing',
    }),
  ];
}

function tableFindings(facts: EnvironmentFacts, raw: string, url: URL): readonly Finding[] {
  const dead = findDeadProxy(url);
  if (dead !== undefined) {
    const title = `${quote(raw)} is no proxy to rely on: it ${dead.why}`;
    return [variableFinding(facts, 'GOPROXY', { id: 'goproxy-known-dead', severity: 'warning', title })];
  }
  // With one of the flaws in it, the path is not what it seems.
  if (findPublicProxy(url) !== undefined || holdsTwo(raw)) return [];
  const known = sameHost(url);
  if (known === undefined) return [];
  return [
    variableFinding(facts, 'GOPROXY', {
      id: 'goproxy-wrong-path',
      severity: 'warning',
      title: `${quote(raw)} is not where ${known.name} serves modules, which is ${known.base}`,
      copy: settingLine(
        facts,
        'GOPROXY',
        effective(facts, 'GOPROXY').replace(raw, () => known.base),
      ),
    }),
  ];
}

function sameHost(url: URL): PublicProxy | undefined {
  if (url.port !== '') return undefined;
  return PUBLIC_PROXIES.find(({ base, aliases }) =>
    [base, ...aliases].some((one) => new URL(one).hostname === url.hostname),
  );
}

function quote(raw: string): string {
  return JSON.stringify(redactEntry(raw));
}
