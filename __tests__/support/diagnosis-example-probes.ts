import {
  classifyEnd,
  classifyError,
  type Failure,
  internalFailure,
  type Pending,
} from '../../src/proxy/failure.ts';
import { classifyStatus } from '../../src/proxy/status.ts';
import type { Cause, Phases, Stage, Verdict } from '../../src/proxy/verdict.ts';

const ADDRESS = '192.0.2.10';
/** What a request has passed when it waits for the next: each phase takes its time. */
const PASSED: Readonly<Record<Stage, Phases>> = {
  dns: {},
  tcp: { dnsMs: 3 },
  tls: { dnsMs: 3, tcpMs: 12 },
  http: { dnsMs: 3, tcpMs: 12, tlsMs: 25 },
  content: { dnsMs: 3, tcpMs: 12, tlsMs: 25, firstByteMs: 40 },
};

type Unhealthy = Extract<Verdict, { kind: 'unhealthy' }>;

function verdictOf(failure: Failure, more: Partial<Unhealthy> = {}): Verdict {
  const address = failure.stage === 'dns' ? {} : { address: ADDRESS };
  return { kind: 'unhealthy', ...failure, ...address, phases: PASSED[failure.stage], ...more };
}

/** An error code of node:net, node:tls, node:dns or undici, and what the request waited for. */
const fails = (code: string, at: Pending, namesIssuer = false) =>
  verdictOf(classifyError(Object.assign(new Error(code), { code }), { at, namesIssuer }));
const ends = (at: Pending) => verdictOf(classifyEnd('timeout', at));
/** What a part of the probe throws that other code than failure.ts words. */
const thrown = (stage: Stage, cause: Cause, detail: string, more: Partial<Unhealthy> = {}) =>
  verdictOf({ stage, cause, detail }, more);

/** A status of a public proxy, whose policy it cannot be. */
function answers(status: number, body = ''): Verdict {
  const judged = classifyStatus({ status, isPublic: true, text: body });
  if (judged.kind === 'unknown') throw new Error(`status ${status} says nothing of a public proxy`);
  return verdictOf(judged.failure, {
    status,
    phases: PASSED.content,
    ...(body === '' ? {} : { body }),
  });
}

/** A status of a proxy that is not public. */
function refuses(status: number, body = ''): Verdict {
  const judged = classifyStatus({ status, isPublic: false, text: body });
  if (judged.kind === 'unhealthy') throw new Error(`status ${status} is no policy`);
  return {
    kind: 'unknown',
    reason: judged.reason,
    status,
    phases: PASSED.content,
    address: ADDRESS,
    ...(body === '' ? {} : { body }),
  };
}

/** By id, a verdict of https://proxy.example that becomes this diagnosis. */
export const PROBE_EXAMPLES: Readonly<Record<string, Verdict>> = {
  'dns-not-found': fails('ENOTFOUND', 'dns'),
  'dns-failed': fails('ESERVFAIL', 'dns'),
  'dns-refused': fails('EREFUSED', 'dns'),
  'dns-timeout': ends('dns'),
  'dns-answers-differ': thrown(
    'dns',
    'dns-answers-differ',
    '192.0.2.53 says 192.0.2.10; 198.51.100.53 does not know it (the name does not exist (ENOTFOUND))',
  ),
  'hosts-file-override': thrown(
    'tcp',
    'hosts-file-override',
    'nothing listens on that port (ECONNREFUSED); line 3 of /etc/hosts says that the host is 192.0.2.10',
  ),
  'connection-refused': fails('ECONNREFUSED', 'tcp'),
  'connection-reset': fails('ECONNRESET', 'headers'),
  'connect-timeout': ends('tcp'),
  unreachable: fails('ENETUNREACH', 'tcp'),
  'ipv6-unreachable': verdictOf(
    classifyError(Object.assign(new Error('ENETUNREACH'), { code: 'ENETUNREACH', address: '2001:db8::10' }), {
      at: 'tcp',
    }),
    { address: '2001:db8::10' },
  ),
  'tls-timeout': ends('tls'),
  'tls-unknown-authority': fails('SELF_SIGNED_CERT_IN_CHAIN', 'tls'),
  'tls-self-signed': fails('DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'),
  'tls-incomplete-chain': fails('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls', true),
  'tls-expired': fails('CERT_HAS_EXPIRED', 'tls'),
  'tls-not-yet-valid': fails('CERT_NOT_YET_VALID', 'tls'),
  'tls-wrong-host': fails('ERR_TLS_CERT_ALTNAME_INVALID', 'tls'),
  'tls-protocol': fails('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls'),
  'tls-client-certificate': fails('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls'),
  'plain-http-on-tls-port': fails('ERR_SSL_WRONG_VERSION_NUMBER', 'tls'),
  'tls-closed': fails('ECONNRESET', 'tls'),
  'http-proxy-refused': thrown('tcp', 'http-proxy-refused', 'the HTTP proxy refused the tunnel (403)', {
    phases: { dnsMs: 1, tcpMs: 2, viaHttpProxy: 'http-proxy.example:3128' },
  }),
  'http-proxy-failed': thrown('tcp', 'http-proxy-failed', 'the HTTP proxy could not open the tunnel (502)', {
    phases: { dnsMs: 1, tcpMs: 2, viaHttpProxy: 'http-proxy.example:3128' },
  }),
  'http-proxy-login': thrown('tcp', 'http-proxy-login', 'the HTTP proxy wants a login (407)', {
    phases: { dnsMs: 1, tcpMs: 2, viaHttpProxy: 'http-proxy.example:3128' },
  }),
  'http-proxy-unreachable': thrown(
    'tcp',
    'http-proxy-unreachable',
    'the HTTP proxy http-proxy.example:3128 cannot be reached (ECONNREFUSED)',
  ),
  'http-proxy-timeout': ends('http-proxy'),
  'headers-timeout': ends('headers'),
  'body-timeout': ends('body'),
  'closed-early': fails('UND_ERR_SOCKET', 'headers'),
  truncated: fails('UND_ERR_SOCKET', 'body'),
  'http-status': answers(502, 'upstream is down'),
  'http-too-many-requests': answers(429, 'slow down'),
  'http-blocked': answers(451, 'not available'),
  'http-region-blocked': answers(403, 'not available in your country'),
  'http-egress-blocked': answers(403, 'Request is prohibited by VPC Service Controls'),
  'not-found-transient': answers(404, 'not found: fetch timed out'),
  'redirect-loop': thrown('http', 'redirect-loop', 'stopped after 10 redirects'),
  'redirect-insecure': thrown(
    'http',
    'redirect-insecure',
    'it redirects from https to http://store.example, which go refuses',
  ),
  'redirect-blocked': thrown(
    'tcp',
    'redirect-blocked',
    'it redirects to store.example, and there: no TCP connection in time',
  ),
  'protocol-error': fails('HPE_INVALID_CONSTANT', 'headers'),
  'captive-portal': thrown(
    'content',
    'captive-portal',
    'it answers 200 for everything, like the login page of a network',
  ),
  'parked-domain': thrown(
    'content',
    'parked-domain',
    'it answers with the page of a service for domains that nobody uses',
  ),
  'wrong-content': thrown('content', 'wrong-content', 'the .info is no JSON object with a Version'),
  'wrong-hash': thrown('content', 'wrong-hash', 'the go.mod file has another hash than the known one'),
  'invalid-info': thrown('content', 'invalid-info', 'the .info is of another version'),
  'too-large': thrown('content', 'too-large', 'the answer is longer than 65536 bytes'),
  'encoded-body': thrown('content', 'encoded-body', 'the body has a Content-Encoding that was not asked for'),
  'too-slow': verdictOf(classifyEnd('too-slow', 'headers')),
  internal: verdictOf(internalFailure('ERR_INTERNAL')),
  'proxy-unauthorized': refuses(401),
  'proxy-login-refused': refuses(401, 'the token has expired'),
  'proxy-security-block': refuses(403, 'quarantined by the firewall'),
  'proxy-forbidden': refuses(403, 'not for you'),
  'proxy-login-required': refuses(407),
  'proxy-not-found': refuses(404, 'not found'),
};
