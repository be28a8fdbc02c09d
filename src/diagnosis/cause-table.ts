import type { Cause } from '../proxy/verdict.ts';
import type { Finding } from './finding.ts';

/**
 * What a cause means whoever the candidate is. In `remedy`, {proxy} stands for its label, {host} for its host with the port,
 * {name} for the host name alone, and {removal} for how this candidate is taken out, which depends on where it comes from.
 */
export interface CauseEntry {
  readonly title: string;
  readonly class: Finding['class'];
  readonly fault: Finding['fault'];
  readonly rerunHelps: Finding['rerunHelps'];
  readonly remedy: string;
}

const CHECK_EGRESS =
  'Allow outgoing connections to {host} on this runner (firewall, egress policy), or {removal}.';
const REMOVE_OR_FIX = 'Ask the operator of {host}, or {removal}.';
const TRUST_CA =
  'If {host} is yours, put its certificate authority into the system store or name its PEM file in SSL_CERT_FILE; if not, something between the runner and {host} opens TLS.';
const HTTP_PROXY = 'Check HTTPS_PROXY and HTTP_PROXY of this job, or add {host} to NO_PROXY.';
const RERUN = 'Run the job again later; if it stays so, ask the operator of {host}, or {removal}.';
const CHECK_DNS =
  'Check the DNS of this runner: `getent hosts {name}`. Run the job again if other names fail too.';

/** One entry for every cause of a verdict; a new cause without an entry does not compile. */
export const CAUSES = {
  'dns-not-found': {
    title: 'the host name does not exist',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Check the spelling of {host}; a name that exists only inside a company needs a runner with its DNS. Else {removal}.',
  },
  'dns-failed': {
    title: 'the host name cannot be resolved, for the DNS server failed',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: CHECK_DNS,
  },
  'dns-timeout': {
    title: 'the DNS server did not answer in time',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: CHECK_DNS,
  },
  'connection-refused': {
    title: 'nothing listens on that host and port',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: 'Check the port in {proxy} and whether the server runs, or {removal}.',
  },
  'connection-reset': {
    title: 'the connection was reset',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'connect-timeout': {
    title: 'no TCP connection in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  unreachable: {
    title: 'there is no route to the host',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'tls-timeout': {
    title: 'the TLS handshake did not end in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'tls-unknown-authority': {
    title: 'the certificate is signed by an authority that this runner does not trust',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: TRUST_CA,
  },
  'tls-self-signed': {
    title: 'the certificate is self-signed',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: TRUST_CA,
  },
  'tls-incomplete-chain': {
    title: 'the server does not send the intermediate certificate',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy:
      'Let {host} send its whole certificate chain (nginx: `ssl_certificate` with the full chain file), or {removal}.',
  },
  'tls-expired': {
    title: 'the certificate has expired',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Renew the certificate of {host}; when it is fresh, set the clock of this runner (`date -u`).',
  },
  'tls-not-yet-valid': {
    title: 'the certificate is not valid yet',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: 'Set the clock of this runner (`date -u`); when it is right, the certificate of {host} is wrong.',
  },
  'tls-wrong-host': {
    title: 'the certificate is for another host',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Use the host name that the certificate has in {proxy}; when it is right, something between the runner and {host} answers in its place.',
  },
  'tls-protocol': {
    title: 'no TLS version or cipher in common',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Let {host} speak TLS 1.2 or later, or {removal}.',
  },
  'plain-http-on-tls-port': {
    title: 'the server speaks plain HTTP where TLS is expected',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Check scheme and port of {proxy}: `http://` instead of `https://`, or the port that speaks TLS.',
  },
  'tls-closed': {
    title: 'the connection was closed during the TLS handshake',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'http-proxy-refused': {
    title: 'the HTTP proxy refused the connection',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: `Allow {host} in the HTTP proxy. ${HTTP_PROXY}`,
  },
  'http-proxy-login': {
    title: 'the HTTP proxy asks for a login',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: `Put the login into HTTPS_PROXY from a secret. ${HTTP_PROXY}`,
  },
  'http-proxy-unreachable': {
    title: 'the HTTP proxy cannot be reached',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: HTTP_PROXY,
  },
  'http-proxy-timeout': {
    title: 'the HTTP proxy did not open the tunnel in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: HTTP_PROXY,
  },
  'headers-timeout': {
    title: 'accepts connections but does not answer',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'body-timeout': {
    title: 'the answer began but did not end in time',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'closed-early': {
    title: 'the connection was closed before the answer',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  truncated: {
    title: 'the answer was cut off',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'http-status': {
    title: 'the proxy answered with an error',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'redirect-loop': {
    title: 'the proxy redirects in a circle',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'redirect-insecure': {
    title: 'the proxy redirects from https to http, which go refuses',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'redirect-blocked': {
    title: 'the proxy redirects to a host that cannot be reached',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'no',
    remedy: 'Allow outgoing connections to the host that the evidence names, or {removal}.',
  },
  'protocol-error': {
    title: 'the answer is not HTTP',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: 'Check scheme and port of {proxy}, and what stands between the runner and {host}.',
  },
  'captive-portal': {
    title: 'the host answers every path with success, as a login page or a parked domain does',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'no',
    remedy: 'Check that {proxy} is a Go module proxy and that this network asks for no login in a browser.',
  },
  'wrong-content': {
    title: 'the answer is not what a Go module proxy gives',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Check the path in {proxy}: it must be the base URL of a Go module proxy.',
  },
  'wrong-hash': {
    title: 'the proxy serves a module whose content differs from its known hash',
    class: 'integrity',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Do not change go.sum. Until the operator of {host} has explained it, {removal}.',
  },
  'invalid-info': {
    title: 'the proxy serves an invalid .info file',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'too-large': {
    title: 'the answer is larger than go accepts',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'encoded-body': {
    title: 'the answer is compressed although nobody asked for it',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Switch off compression (Content-Encoding) for module files on {host}, or {removal}.',
  },
  'too-slow': {
    title: 'much slower than the other candidates',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: 'Nothing has to be done; if it is always so, {removal}.',
  },
  internal: {
    title: 'setup-goproxy itself failed',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: 'Please report this with the debug log of the step: it is a fault of setup-goproxy.',
  },
} as const satisfies Record<Cause, CauseEntry>;
