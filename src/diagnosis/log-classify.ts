import { PUBLIC_PROXIES } from '../proxy/public-proxies.ts';
import { CAUSE_PATTERNS, type LogPattern, matchPatterns, type PatternMatch } from './log-cause-patterns.ts';
import type { GoLine, LoggedRequest } from './log-go-line.ts';
import type { LogId } from './log-id.ts';
import { MESSAGE_PATTERNS, WHOLE_PATTERNS } from './log-patterns.ts';

/** What one line says. */
export interface LineMeaning {
  readonly id: LogId;
  readonly specific: number;
  /** What `id` would be at a proxy, where it says more of the one who was asked: `sumdb-unreachable`, `redirect-blocked`. */
  readonly cause?: LogId;
  readonly asked?: LoggedRequest['asked'];
  readonly status?: number;
  readonly host?: string;
  readonly module?: string;
  readonly version?: string;
}

/** A cause is a clause; what is longer is hostile. */
const CAUSE_LIMIT = 4096;
const RELEASE = /^v\d{1,9}\.\d{1,9}\.\d{1,9}/;
const STATUS = /^(\d{3})(?: |$)/;

/** Failures on the way: the ones that a redirect to a forbidden host ends in. */
const ON_THE_WAY: ReadonlySet<LogId> = new Set<LogId>([
  'dns-not-found',
  'dns-failed',
  'dns-refused',
  'dns-timeout',
  'connection-refused',
  'connection-reset',
  'connect-timeout',
  'unreachable',
  'tls-timeout',
  'http-proxy-refused',
  'http-proxy-failed',
]);

/** A file of the module cache, or a mistake in GOPROXY, has nothing to do with whom go asked. */
const OF_THE_RUNNER: ReadonlySet<LogId> = new Set<LogId>([
  'disk-full',
  'module-cache-unwritable',
  'goproxy-syntax',
  'http-proxy-login',
  'http-proxy-unreachable',
  'http-proxy-timeout',
]);

/** Returns what a line of go means, or undefined where it tells of no failure that is known. */
export function classifyGoLine(line: GoLine): LineMeaning | undefined {
  const about = {
    ...(line.module === undefined ? {} : { module: line.module }),
    ...(line.version === undefined ? {} : { version: line.version }),
  };
  const meaning = line.request === undefined ? classifyMessage(line) : classifyRequest(line, line.request);
  return meaning === undefined ? undefined : { ...about, ...meaning };
}

/** Returns what a line means that go, or tar for a cache, writes in one piece. */
export function classifyWhole(line: string): LineMeaning | undefined {
  const found = matchPatterns(WHOLE_PATTERNS, line.slice(0, CAUSE_LIMIT)) ?? quotedCause(line);
  return found === undefined ? undefined : meaningOf(found);
}

/**
 * Headlines and chats quote the cause without the request. Nobody but a module proxy is meant where the line names one of
 * the public ones.
 */
function quotedCause(line: string): PatternMatch | undefined {
  if (!/^(?:dial tcp|x509|tls|proxyconnect tcp): /.test(line) || line.length > 400) return;
  if (!PUBLIC_HOSTS.some((host) => new RegExp(`[ /]${host.replaceAll('.', '\\.')}(?:[:/ ]|$)`).test(line)))
    return;
  return matchPatterns(CAUSE_PATTERNS, line);
}

const PUBLIC_HOSTS: readonly string[] = [
  ...PUBLIC_PROXIES.map(({ base }) => new URL(base).hostname),
  'sum.golang.org',
  'sum.golang.google.cn',
];

function classifyMessage(line: GoLine): LineMeaning | undefined {
  const rest = line.rest.slice(0, CAUSE_LIMIT);
  if (rest === 'checksum mismatch' && line.verifying !== undefined) {
    return { id: line.verifying === 'sumdb' ? 'sumdb-mismatch' : 'checksum-mismatch', specific: 8 };
  }
  const found = matchPatterns(MESSAGE_PATTERNS, rest, ({ markers }) => markers.includes(line.marker));
  if (found !== undefined) return meaningOf(found);
  if (line.verifying === 'sumdb') return classifySumdb(rest);
  if (line.importPath !== undefined) return { id: 'import-path-unrecognized', specific: 1 };
  const isModule = line.marker === 'module' && RELEASE.test(line.version ?? '');
  const cause = isModule ? matchPatterns(CAUSE_PATTERNS, rest, isPlainCause) : undefined;
  return cause === undefined ? undefined : meaningOf(cause);
}

/** Without a request before it, only words that mean the network whoever says them. */
function isPlainCause({ specific }: LogPattern): boolean {
  return specific > 2;
}

function classifySumdb(rest: string): LineMeaning {
  const cause = matchPatterns(CAUSE_PATTERNS, rest, isPlainCause);
  const asked = 'checksum-database';
  if (cause === undefined) return { id: 'sumdb-misbehaving', specific: 4, asked };
  return { id: 'sumdb-unreachable', specific: 5, cause: cause.id, asked };
}

function classifyRequest(line: GoLine, request: LoggedRequest): LineMeaning {
  const text = request.cause.slice(0, CAUSE_LIMIT);
  const status = Number(STATUS.exec(text)?.[1] ?? Number.NaN);
  const isStatus = /^(?:reading|unexpected status) /.test(line.rest) && status >= 100;
  const found = isStatus ? undefined : matchPatterns(CAUSE_PATTERNS, text);
  const id = isStatus ? idOfStatus(status, line, request) : (found?.id ?? idOfOther(text));
  const host = found?.groups['host'] ?? request.host;
  return {
    ...seenFrom(request.asked, id),
    specific: found?.specific ?? (isStatus ? 5 : 1),
    asked: request.asked,
    ...(isStatus ? { status } : {}),
    ...(host === undefined ? {} : { host }),
  };
}

/** The same failure is another's, and has another remedy, by who was asked. */
function seenFrom(asked: LoggedRequest['asked'], id: LogId): { readonly id: LogId; readonly cause?: LogId } {
  if (OF_THE_RUNNER.has(id)) return { id };
  if (asked === 'checksum-database') return { id: 'sumdb-unreachable', cause: id };
  if (asked === 'redirect-target' && ON_THE_WAY.has(id)) return { id: 'redirect-blocked', cause: id };
  return { id };
}

/** file:// has no status: modfetch words the error of the file system. */
function idOfOther(text: string): LogId {
  return /(?:no such file or directory|The system cannot find the (?:file|path) specified\.?)$/.test(text)
    ? 'module-not-found'
    : 'request-failed';
}

function idOfStatus(status: number, line: GoLine, { asked }: LoggedRequest): LogId {
  switch (status) {
    case 401:
    case 403:
      return 'module-refused';
    case 404:
    case 410:
      return line.module === 'golang.org/toolchain' && asked === 'proxy'
        ? 'toolchain-unavailable'
        : 'module-not-found';
    case 407:
      return 'http-proxy-login';
    case 429:
      return 'http-too-many-requests';
    case 418:
    case 451:
      return 'http-blocked';
    default:
      return 'http-status';
  }
}

function meaningOf({ id, specific, groups }: PatternMatch): LineMeaning {
  const { host, module, version } = groups;
  return {
    id,
    specific,
    ...(host === undefined ? {} : { host }),
    ...(module === undefined ? {} : { module }),
    ...(version === undefined || module === undefined ? {} : { version }),
  };
}
