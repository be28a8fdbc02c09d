import type { LogId } from './log-id.ts';

/**
 * One way in which a failure is worded. Every regex is bounded and has no quantifier within another, so that a hostile
 * line costs linear time; `literal` spares most lines the regex.
 */
export interface LogPattern {
  readonly id: LogId;
  /** Text that every match holds, as it is; '' where there is no one text. */
  readonly literal: string;
  /** Named groups: `host`, `module`, `version`, `status`. */
  readonly regex: RegExp;
  /** Of several matches the one with the highest number wins; with equal ones the first of the table. */
  readonly specific: number;
}

/** What stands behind the URL of a request of go: words of net, net/http, crypto/tls and crypto/x509, also on Windows and macOS. */
export const CAUSE_PATTERNS: readonly LogPattern[] = [
  // A mistake in GOPROXY that url.Parse lets pass shows in the name that is looked up.
  row('goproxy-syntax', 'lookup ', /lookup [^\s:]{0,250}[;,|][^\s:]{0,250}(?: on \S{1,80})?: /, 9),
  row(
    'disk-full',
    '',
    /: no space left on device|There is not enough space on the disk|disk quota exceeded/,
    9,
  ),
  row(
    'module-cache-unwritable',
    '',
    /(?:open|write|mkdir|rename|chmod|remove|symlink) .{1,1000}: (?:read-only file system|permission denied|operation not permitted|Access is denied)/,
    8,
  ),
  row(
    'http-proxy-timeout',
    'proxyconnect tcp: ',
    /proxyconnect tcp: .*(?:i\/o timeout|connection timed out|did not properly respond|TLS handshake timeout)/,
    9,
  ),
  row('http-proxy-unreachable', 'proxyconnect tcp: ', /proxyconnect tcp: /, 8),
  row('http-proxy-login', 'Proxy Authentication Required', /^Proxy Authentication Required$/, 8),
  row('http-proxy-refused', '', /^(?:Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed)$/, 8),
  row(
    'http-proxy-failed',
    '',
    /^(?:Internal Server Error|Not Implemented|Bad Gateway|Service Unavailable|Gateway Timeout)$/,
    8,
  ),
  row('redirect-loop', 'stopped after 10 redirects', /stopped after 10 redirects/, 8),
  row('redirect-insecure', 'redirected from secure URL ', /redirected from secure URL /, 8),
  row(
    'dns-not-found',
    'lookup ',
    /lookup (?<host>[^\s:]{1,253})(?: on \S{1,80})?: (?:no such host|No address associated with hostname|getaddrinfow: No such host is known)/,
    7,
  ),
  row(
    'dns-failed',
    'lookup ',
    /lookup (?<host>[^\s:]{1,253})(?: on \S{1,80})?: (?:server misbehaving|Temporary failure in name resolution|cannot unmarshal DNS message|(?:dial|read|write) udp .{1,200}: (?:network is unreachable|no route to host|operation not permitted|connection reset by peer)|getaddrinfow: )/,
    7,
  ),
  row(
    'dns-refused',
    'lookup ',
    /lookup (?<host>[^\s:]{1,253})(?: on \S{1,80})?: (?:dial|read|write) (?:udp|tcp) .{1,200}: connection refused/,
    7,
  ),
  row(
    'dns-timeout',
    'lookup ',
    /lookup (?<host>[^\s:]{1,253})(?: on \S{1,80})?: (?:(?:dial|read) (?:udp|tcp) .{1,200}: )?i\/o timeout/,
    7,
  ),
  row('tls-timeout', 'TLS handshake timeout', /TLS handshake timeout/, 6),
  row(
    'tls-unknown-authority',
    '',
    /x509: certificate signed by unknown authority|x509: .{0,200}certificate is not trusted|x509: (?:failed to load system roots|certificate is not authorized to sign)/,
    6,
  ),
  row(
    'tls-not-yet-valid',
    'x509: ',
    /x509: certificate has expired or is not yet valid: current time \S{1,40} is before /,
    7,
  ),
  row('tls-expired', 'x509: ', /x509: (?:certificate has expired|.{0,200}certificate is expired)/, 6),
  row(
    'tls-wrong-host',
    'x509: ',
    /x509: (?:certificate is valid for .{1,2000}, not |certificate is not valid for any names|cannot validate certificate for |certificate relies on legacy Common Name|.{0,200}certificate name does not match input)/,
    6,
  ),
  row('tls-unknown-authority', 'x509: ', /x509: /, 2),
  row(
    'plain-http-on-tls-port',
    '',
    /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/,
    6,
  ),
  row(
    'tls-client-certificate',
    'remote error: tls: ',
    /remote error: tls: (?:certificate required|bad certificate)/,
    6,
  ),
  // The bytes were spoilt on the way.
  row('protocol-error', 'tls: ', /tls: (?:bad record MAC|error decrypting message|record overflow)/, 5),
  row('protocol-error', 'gzip: ', /gzip: invalid (?:header|checksum)/, 5),
  row('tls-protocol', 'tls: ', /tls: (?!failed to verify certificate)/, 3),
  row(
    'http2-goaway',
    'http2: ',
    /http2: (?:server sent GOAWAY|client connection (?:lost|force closed)|client conn (?:is closed|not usable))/,
    6,
  ),
  row('http2-stream-reset', 'stream error: ', /stream error: stream ID \d{1,10}; [A-Z_0-9]{1,40}/, 6),
  row(
    'protocol-error',
    '',
    /malformed HTTP|malformed MIME|transport connection broken: (?!unexpected EOF)|more than declared Content-Length|invalid (?:byte in )?chunk|bad Content-Length|http2: .{0,100}(?:protocol error|PROTOCOL_ERROR)|unsolicited response/,
    5,
  ),
  row(
    'headers-timeout',
    '',
    /timeout awaiting response headers|Client\.Timeout exceeded while awaiting headers/,
    6,
  ),
  row(
    'body-timeout',
    '',
    /(?:^|: )read tcp .{1,200}: (?:i\/o timeout|connection timed out|operation timed out)|Client\.Timeout (?:or context cancellation )?(?:exceeded )?while reading body/,
    6,
  ),
  row('connection-refused', '', /connection refused|actively refused it/, 5),
  row(
    'connect-timeout',
    '',
    /i\/o timeout|connection timed out|operation timed out|did not properly respond after a period of time|context deadline exceeded/,
    4,
  ),
  row(
    'connection-reset',
    '',
    /connection reset by peer|forcibly closed by the remote ?host|broken pipe|software caused connection abort|aborted by the software in your host machine|use of closed network connection/,
    5,
  ),
  row(
    'unreachable',
    '',
    /network is unreachable|no route to host|cannot assign requested address|unreachable (?:network|host)|connect: (?:permission denied|operation not permitted)|forbidden by its access permissions/,
    5,
  ),
  row('truncated', '', /unexpected EOF$|read, received, or expected bytes differ/, 5),
  row('closed-early', '', /(?:^|: )EOF$|server closed idle connection/, 4),
  row('dns-failed', 'lookup ', /(?:^|: )lookup [^\s:]{1,253}(?: on \S{1,80})?: /, 2),
];

/** What git and ssh say below a git command of go, which indents it with a TAB. */
export const GIT_PATTERNS: readonly LogPattern[] = [
  row(
    'git-ssh-host-key',
    '',
    /^(?:Host key verification failed\.|No \S{1,20} host key is known for (?<host>\S{1,253}) |@ {4}WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED)/,
    8,
  ),
  row(
    'git-ssh-login',
    'Permission denied',
    /(?:^|: )Permission denied(?:, please try again\.| \([a-z,-]{1,100}\)\.)/,
    7,
  ),
  row('disk-full', 'No space left on device', /No space left on device/, 9),
  row(
    'git-credentials-missing',
    '',
    /^fatal: could not read (?:Username|Password) for '(?:https?:\/\/)(?<host>[^/'\s]{1,253})|terminal prompts disabled|^fatal: Authentication failed for |The requested URL returned error: 40[13]|^remote: (?:Invalid username or (?:password|token)|HTTP Basic: Access denied|Support for password authentication was removed)/,
    7,
  ),
  row(
    'git-not-found',
    '',
    /^fatal: repository '.{1,1000}' not found|^(?:remote|ERROR): (?:Repository not found|The project you were looking for could not be found)|^fatal: .{1,1000} does not appear to be a git repository|The requested URL returned error: 404/,
    6,
  ),
  row(
    'tls-expired',
    'certificate has expired',
    /^fatal: unable to access 'https:\/\/(?<host>[^/'\s]{1,253})\/[^']{0,1000}': .{0,200}certificate has expired/,
    7,
  ),
  row(
    'tls-unknown-authority',
    '',
    /^fatal: unable to access 'https:\/\/(?<host>[^/'\s]{1,253})\/[^']{0,1000}': (?:server certificate verification failed|SSL certificate problem: )/,
    6,
  ),
  row(
    'git-network',
    '',
    /^fatal: unable to access '.{1,1000}': |^ssh: (?:connect to host|Could not resolve hostname) |^(?:error|fatal): RPC failed; |^fatal: (?:early EOF|[Tt]he remote end hung up unexpectedly|protocol error|unable to connect to |fetch-pack: |index-pack failed|expected flush|unable to look up )|^(?:fetch-pack: unexpected disconnect|kex_exchange_identification: )|^error: \d{1,12} bytes of body are still expected|^(?:Connection (?:closed|reset|timed out)|client_loop: )/,
    5,
  ),
  row(
    'version-not-found',
    '',
    /^fatal: (?:couldn't find remote ref |[Rr]emote branch )|^error: Server does not allow request for unadvertised object|not our ref /,
    6,
  ),
  row('git-ssh-login', '', /^fatal: Could not read from remote repository\./, 2),
];

/** What a module proxy writes below a 404 or 410, which go shows after `server response:`. */
export const NOT_FOUND_PATTERNS: readonly LogPattern[] = [
  row(
    'looks-private',
    '',
    /could not read Username for |terminal prompts disabled|If this is a private repository, see |remote: Repository not found|fatal: repository '.{1,1000}' not found|Permission denied \(publickey/,
    8,
  ),
  row(
    'not-found-transient',
    '',
    /time(?:d)?[ -]?out|deadline exceeded|temporar(?:y|ily)|bad upstream|unavailable|connection (?:refused|reset)|no such host|server misbehaving|unexpected EOF|TLS handshake|try again|too many requests|internal server error|bad gateway|fetch failed|i\/o /i,
    6,
  ),
  row('import-path-unrecognized', 'unrecognized import path', /unrecognized import path /, 5),
  row('version-not-found', '', /unknown revision |no matching versions for query |invalid version: /, 4),
];

/** Returns one row; regexes have no flags but `i`, so no state either. */
function row(id: LogId, literal: string, regex: RegExp, specific: number): LogPattern {
  return { id, literal, regex, specific };
}

/** What a pattern found. */
export interface PatternMatch {
  readonly id: LogId;
  readonly specific: number;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

/** Returns the most specific match of a table in the text, which the caller has bounded. */
export function matchPatterns<P extends LogPattern>(
  patterns: readonly P[],
  text: string,
  admits: (pattern: P) => boolean = () => true,
): PatternMatch | undefined {
  let best: PatternMatch | undefined;
  for (const pattern of patterns) {
    if (best !== undefined && pattern.specific <= best.specific) continue;
    if (!text.includes(pattern.literal) || !admits(pattern)) continue;
    const found = pattern.regex.exec(text);
    if (found !== null) best = { id: pattern.id, specific: pattern.specific, groups: found.groups ?? {} };
  }
  return best;
}
