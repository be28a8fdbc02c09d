import type { Cause } from '../proxy/verdict.ts';
import { CACHE_ENTRIES, CACHE_MEANINGS } from './cache-findings.ts';
import { CAUSES, type CauseEntry } from './cause-table.ts';
import { ENVIRONMENT_ENTRIES, ENVIRONMENT_MEANINGS } from './environment-entries.ts';
import type { Finding } from './finding.ts';
import { LATER_ENTRIES, LATER_MEANINGS } from './later-entries.ts';
import { LOG_ENTRIES } from './log-entries.ts';
import { LOG_MEANINGS } from './log-meanings.ts';
import { PREFETCH_ENTRIES } from './prefetch-entries.ts';
import { NO_HEALTHY_PROXY, NO_HEALTHY_TITLE } from './probe-findings.ts';
import { evidenceShown, patternsOf, type Recognition, recognitionOf } from './recognition.ts';
import { SETTING_ENTRIES } from './setting-findings.ts';
import { TOOLCHAIN_ENTRIES, TOOLCHAIN_MEANINGS } from './toolchain-findings.ts';
import { STATUS_ENTRIES, UNKNOWN_REASONS } from './verdict-table.ts';

/** What docs/diagnoses.md tells of one id. */
export interface CatalogueEntry extends CauseEntry, Pick<Finding, 'copy'> {
  readonly id: DiagnosisId;
  /** What was seen, and what it is not, in a sentence or two. */
  readonly meaning: string;
  readonly recognition: Recognition;
  /** Patterns of lines of go, git and tar, as they are in the code. */
  readonly patterns: readonly string[];
  /** What a finding shows for it, one clause. */
  readonly evidence: string;
}

/** The id of every diagnosis. */
export type DiagnosisId =
  | Cause
  | keyof typeof STATUS_ENTRIES
  | keyof typeof SETTING_ENTRIES
  | keyof typeof PREFETCH_ENTRIES
  | keyof typeof TOOLCHAIN_ENTRIES
  | keyof typeof CACHE_ENTRIES
  | keyof typeof ENVIRONMENT_ENTRIES
  | keyof typeof LATER_ENTRIES
  | keyof typeof LOG_ENTRIES
  | `proxy-${keyof typeof UNKNOWN_REASONS}`
  | typeof NO_HEALTHY_PROXY;

/** A new id without a meaning does not compile. */
const MEANINGS: Readonly<Record<DiagnosisId, string>> = {
  'no-healthy-proxy':
    'Every candidate was measured and none can be used. Nothing was exported, so go works as if this action were not there. Fault, re-run and remedy are those of the candidates; the evidence names the cause of each.',
  'dns-not-found':
    'The resolver answered that this name does not exist, or that it has no address. That is an answer, not a failure of DNS.',
  'dns-failed': 'The resolver answered with a failure of its own, so nobody knows whether the name exists.',
  'dns-refused':
    'The name server of the runner answered that it does not serve it (REFUSED), or nothing listens where the name server ought to be. So nobody knows whether the name exists.',
  'dns-answers-differ':
    'Each name server of the runner was asked apart, as `mode: diagnose` does for proxies that fail: one knows the name and another does not answer or says that it does not exist, or they give different addresses of which only some can be reached.',
  'hosts-file-override':
    'The name is in the hosts file of the runner, which wins over DNS, and what is at that address does not work as the proxy. The evidence has file, line and address.',
  'dns-timeout': 'The resolver of the runner was silent until the time of the probe was over.',
  'connection-refused':
    'The address answered at once that nothing listens on that port: the server is down, or the port is wrong.',
  'connection-reset':
    'The connection was cut by a reset. A firewall does this as well as a server that crashes or restarts.',
  'connect-timeout':
    'The address gave no answer at all to the attempt to connect: packets are dropped, as firewalls do, or the host is down.',
  unreachable:
    'The runner has no route to any address of the host, or its own rules forbid the connection. With IPv6 addresses only, a runner without IPv6 is the usual reason.',
  'ipv6-unreachable':
    'Every address of the host is an IPv6 one and the runner has no route to them. As a notice: the host has IPv4 addresses too and was reached by one, after an IPv6 address had been silent; go loses time with every new connection so.',
  'tls-timeout':
    'TCP connected, and the handshake did not end. A filter that looks into TLS and waits is the usual reason.',
  'tls-unknown-authority':
    'The certificate is valid for an authority that neither the system store nor SSL_CERT_FILE nor SSL_CERT_DIR holds: go would refuse it too. Inside of a company it is often the TLS inspection of the network.',
  'tls-self-signed': 'The server shows a certificate that it has signed itself.',
  'tls-incomplete-chain':
    'The server sends its own certificate without the intermediate one. Browsers find that by themselves; go does not.',
  'tls-expired': 'By the clock of this runner the certificate is past its last day.',
  'tls-not-yet-valid':
    'By the clock of this runner the first day of the certificate is still to come: the clock is most likely behind.',
  'tls-wrong-host':
    'The certificate is not for the host name in the URL: an alias, an address instead of a name, or something that answers in place of the host.',
  'tls-protocol': 'Client and server did not agree on how to speak TLS.',
  'plain-http-on-tls-port': 'The URL says https, and what answers on that port speaks no TLS.',
  'tls-closed':
    'The connection was closed in the middle of the handshake. Filters that judge by the host name do this.',
  'tls-client-certificate':
    'The handshake failed because the server asked for a certificate of the client, or nginx answered so with a 400. go has none to show.',
  'http-proxy-failed':
    'HTTPS_PROXY or HTTP_PROXY names an HTTP proxy that was reached and answered to the request for a tunnel that it cannot get any further (502, 503, 504), or closed the connection without an answer.',
  'http-proxy-refused':
    'HTTPS_PROXY or HTTP_PROXY names an HTTP proxy, and that one did not open a tunnel to the module proxy.',
  'http-proxy-login': 'The HTTP proxy of the environment answered 407 to the request for a tunnel.',
  'http-proxy-unreachable': 'No connection to the HTTP proxy of the environment could be made.',
  'http-proxy-timeout': 'The HTTP proxy of the environment was reached and did not open the tunnel in time.',
  'headers-timeout':
    'The connection stands, a request was sent, and not one byte of an answer came. go itself would wait for ever: it has no such bound.',
  'body-timeout':
    'An answer began and its end did not come in time. go itself would wait for ever: it has no such bound.',
  'closed-early': 'The server took the request and closed the connection without an answer.',
  truncated: 'The answer is shorter than announced, or its connection was closed in the middle.',
  'http-status':
    'The proxy answered a valid request with a status that go takes for an error. From 500 up a re-run helps, for the fault is passing. Of the statuses below, the path in the URL is the usual reason.',
  'http-region-blocked':
    'The text of a 403, 418 or 451 says that the country, the location or the address of the runner is the reason.',
  'http-egress-blocked':
    'The text of a 403, of the proxy or of where it stores its files, names VPC Service Controls: a rule of the network that the runner is in.',
  'http-too-many-requests': 'The proxy answered 429: this address has asked too often for the moment.',
  'http-blocked':
    'A public proxy answered 403 or 451: it, or a filter before it, does not serve this address, country or request.',
  'not-found-transient':
    'The status is 404 or 410, and the text with it tells of a timeout or a bad upstream. goproxy and Athens answer so. go takes it for "does not exist".',
  'redirect-loop': 'The proxy redirects more often than the ten times that go follows.',
  'redirect-insecure': 'A redirect leads from https to http. go refuses that, and so does this action.',
  'redirect-blocked':
    'The proxy answered with a redirect, and its target cannot be reached: an egress policy allows the proxy but not where it stores its files.',
  'protocol-error': 'What came back is not HTTP.',
  'captive-portal':
    'The host answers with success for a path that cannot exist: a login page of the network, or a web server that has one page for everything.',
  'parked-domain':
    'The host answers with success for a path that cannot exist, or redirects, and its page is one of a known service for domains without use. A page that such a service did not make is a `captive-portal`.',
  'wrong-content': 'The answer was a success, and its content is not what the GOPROXY protocol says.',
  'wrong-hash':
    'A file that go.sum or a built-in hash pins came with another content. The proxy, its store, or something on the way changed it.',
  'invalid-info': 'The `.info` file is not JSON, or names another version than the one asked for.',
  'too-large': 'The answer is longer than a file of that kind may be in go.',
  'encoded-body':
    'The answer has a Content-Encoding although none was accepted. go would store the compressed bytes and fail on their hash.',
  'too-slow':
    'Another candidate was done, and this one had as long again, at least 300 ms more, and was not. When nothing at all had come from it, the finding says so, and the evidence tells what it was waiting for.',
  internal: 'Something failed in setup-goproxy that its authors did not think of.',
  'proxy-unauthorized':
    'A proxy that you gave answered 401. Only go may have the login (GOAUTH), so it keeps its place in the chain.',
  'proxy-forbidden':
    'A proxy that you gave answered 403. That may be its policy for the module of the probe only, so it keeps its place in the chain.',
  'proxy-login-required': 'The answer was 407. The candidate keeps its place in the chain.',
  'proxy-not-found':
    'A proxy that you gave answered 404 or 410 for the module of the probe. It may serve other modules only, so it keeps its place in the chain.',
  'proxy-login-refused':
    'A proxy that you gave answered 401 or 403, and its text says that the token or password is wrong or has expired. It keeps its place in the chain.',
  'proxy-security-block':
    'A proxy that you gave answered 401 or 403, and its text tells of a quarantine, a security policy, malware or a vulnerability. It keeps its place in the chain.',
  'module-cache-corrupt':
    'A file in the module cache, restored or left there, has not the hash that go.sum names. go checks a module when it downloads it, and never again: it would compile what is there.',
  'inherited-goproxy':
    'GOPROXY comes from the environment, `go env -w` or the distribution of go, so it is policy. It has a fault that this action must not mend by itself.',
  'sumdb-through-third-party':
    'This version of go believes forged answers of a proxy that relays the checksum database, and the chain has such a proxy.',
  'standby-used': 'No candidate was healthy, so the best standby proxy is used in this job.',
  'checksum-mismatch':
    "A file of a module came, and every proxy that served it served another content than go.sum has the hash of. Nothing of it was placed. One proxy alone may have been changed, or something on the way to it (then the fault is the proxy's); when several serve it so, go.sum is the one that differs.",
  'module-refused':
    'A proxy answered 401, 403 or 407 for a module. One that you gave or inherited decides by that, so nobody else was asked; of proxy.golang.org a 403 means that the module is blocked there.',
  'module-not-found':
    'Every proxy that may be asked answered 404 or 410, and the chain does not end in `direct`, so go has nobody else to ask either.',
  'network-dead':
    'Proxies that had been healthy failed one after the other, and no good answer came any more. The fetching was ended early, so that the job is not held up.',
  'prefetch-timeout':
    'The time of the input `prefetch-timeout` was over, or nothing came for 30 s, and files were left. Those that had come are in the module cache; go fetches the others.',
  'prefetch-impossible':
    'The input `prefetch` is `true`, and there was nobody or nowhere to fetch from. With `auto` this is no finding, and the report tells it.',
  'module-cache-unwritable':
    'The directory GOMODCACHE takes no files: no space, no permission, a read-only file system, two devices, or a path that is not absolute. The finding says which. go will meet the same.',
  'module-cache-link':
    'Below GOMODCACHE/cache/download there is a symbolic link, or a directory where a file belongs. Writing through a link would let a restored cache choose what is overwritten.',
  'looks-private':
    'A chain of public proxies answered 404 or 410 for a module, and `direct` makes go ask its host. A private module does this, and its path was told to public proxies; so does a path with a slip of the pen. It is a hint, never a failure.',
  ...TOOLCHAIN_MEANINGS,
  ...CACHE_MEANINGS,
  ...ENVIRONMENT_MEANINGS,
  ...LATER_MEANINGS,
  ...LOG_MEANINGS,
};

const NO_HEALTHY: CauseEntry = {
  title: NO_HEALTHY_TITLE,
  class: 'infrastructure',
  fault: 'network',
  rerunHelps: 'maybe',
  remedy: 'See what each candidate says in the evidence.',
};

/** Returns every diagnosis there is, in the order of the tables. */
export function catalogue(): readonly CatalogueEntry[] {
  const unknown = Object.entries(UNKNOWN_REASONS).map(
    ([reason, entry]) => [`proxy-${reason}`, entry] as const,
  );
  const all: readonly (readonly [string, CauseEntry])[] = [
    [NO_HEALTHY_PROXY, NO_HEALTHY],
    ...Object.entries(SETTING_ENTRIES),
    ...Object.entries(CACHE_ENTRIES),
    ...Object.entries(ENVIRONMENT_ENTRIES),
    ...Object.entries(PREFETCH_ENTRIES),
    ...Object.entries(TOOLCHAIN_ENTRIES),
    ...Object.entries(CAUSES),
    ...Object.entries(STATUS_ENTRIES),
    ...unknown,
    ...Object.entries(LATER_ENTRIES),
    // An id that requests of ours tell too has one entry.
    ...Object.entries(LOG_ENTRIES).filter(([id]) => !Object.hasOwn(CAUSES, id)),
  ];
  return all.flatMap(([id, entry]) => (isId(id) ? [describeId(id, entry)] : []));
}

function describeId(id: DiagnosisId, entry: CauseEntry): CatalogueEntry {
  const recognition = recognitionOf(id);
  return {
    ...entry,
    id,
    meaning: MEANINGS[id],
    recognition,
    patterns: patternsOf(id),
    evidence: evidenceShown(recognition),
  };
}

function isId(id: string): id is DiagnosisId {
  return Object.hasOwn(MEANINGS, id);
}
