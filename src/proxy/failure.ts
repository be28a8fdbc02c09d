import { isIPv6 } from 'node:net';
import type { Cause, Stage } from './verdict.ts';

/** What a request was waiting for; decides what an error or a timeout means. */
export type Pending = 'dns' | 'tcp' | 'http-proxy' | 'tls' | 'headers' | 'body';

/** Why a request was ended from our side: the hard deadline or a stall, the phase's early end, or the job's end. */
export type EndedBy = 'timeout' | 'too-slow';

/** A failure in the terms of the report. `detail` is in our own words with at most an error code. */
export interface Failure {
  readonly stage: Stage;
  readonly cause: Cause;
  readonly detail: string;
}

/** Says why a request got no usable answer. Holds no credentials, no query and no text of the peer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** The cause, stable. */
  readonly code: Cause;
  readonly stage: Stage;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.detail, options);
    this.code = failure.cause;
    this.stage = failure.stage;
  }

  get failure(): Failure {
    return { stage: this.stage, cause: this.code, detail: this.message };
  }
}

/** Facts beside the error that its code does not tell. */
export interface ErrorContext {
  readonly at: Pending;
  /** The certificate names where its issuer's certificate is to be had, as those below an intermediate do. */
  readonly namesIssuer?: boolean;
  /** The server had shown its certificate when the handshake failed. */
  readonly gotCertificate?: boolean;
}

/**
 * Returns stage and cause of an error of node:net, node:tls, node:dns or undici, by `code` (or by `name` for undici's
 * parser errors, which have none) and by what was pending. Never throws; what it does not know is `internal`.
 */
export function classifyError(error: unknown, context: ErrorContext): Failure {
  if (error instanceof RequestError) return error.failure;
  const code = codeOf(error);
  switch (context.at) {
    case 'dns':
      return dnsFailure(code);
    case 'tcp':
      return tcpFailure(code, addressesOf(error));
    case 'http-proxy':
      return httpProxyFailure(code);
    case 'tls':
      return tlsFailure(code, context);
    case 'headers':
    case 'body':
      return httpFailure(code, context.at);
    default: {
      const never: never = context.at;
      return internalFailure(String(never));
    }
  }
}

const TIMEOUTS: Readonly<Record<Pending, Failure>> = {
  dns: { stage: 'dns', cause: 'dns-timeout', detail: 'the name was not resolved in time' },
  tcp: { stage: 'tcp', cause: 'connect-timeout', detail: 'no TCP connection in time' },
  'http-proxy': {
    stage: 'tcp',
    cause: 'http-proxy-timeout',
    detail: 'the HTTP proxy did not open the tunnel in time',
  },
  tls: { stage: 'tls', cause: 'tls-timeout', detail: 'the TLS handshake did not end in time' },
  headers: { stage: 'http', cause: 'headers-timeout', detail: 'connected, but no answer in time' },
  body: { stage: 'http', cause: 'body-timeout', detail: 'the answer began but did not end in time' },
};

/** Where a request stood when another candidate had been done for as long again. */
const UNFINISHED: Readonly<Record<Pending, string>> = {
  dns: 'the name was not resolved yet',
  tcp: 'there was no TCP connection yet',
  'http-proxy': 'the HTTP proxy had not opened the tunnel yet',
  tls: 'the TLS handshake was not done yet',
  headers: 'the connection was accepted, but a request was not answered yet',
  body: 'an answer was still being sent',
};

/** Returns the failure of a request that we ended while it waited for `at`. */
export function classifyEnd(endedBy: EndedBy, at: Pending): Failure {
  const timeout = TIMEOUTS[at];
  if (endedBy === 'timeout') return timeout;
  const detail = `${UNFINISHED[at]} when another candidate had long been done`;
  return { stage: timeout.stage, cause: 'too-slow', detail };
}

/** Returns the failure that an error of our own code becomes; the message stays out, for it may quote anything. */
export function internalFailure(what: string): Failure {
  return { stage: 'http', cause: 'internal', detail: `internal error (${what})` };
}

const NO_ROUTE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);

/** Returns the addresses that an error of a connect names. */
function addressesOf(error: unknown): readonly string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { address, errors } = error as { address?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return errors.flatMap(addressesOf);
  return typeof address === 'string' ? [address] : [];
}

/** Returns the most telling code: that of the error, of the errors inside an AggregateError, or of the cause. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name, errors } = error as { code?: unknown; name?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) {
    const codes = errors.map(codeOf);
    // One refused address among silent ones: the silence is the news. One without a route tells least.
    const silent = codes.find((one) => one === 'ETIMEDOUT');
    return silent ?? codes.find((one) => !NO_ROUTE.has(one)) ?? codes[0] ?? 'unknown';
  }
  if (typeof code === 'string' && code !== '') return code;
  if (name === 'HTTPParserError') return 'HPE';
  return typeof name === 'string' ? name : 'unknown';
}

function dnsFailure(code: string): Failure {
  const found = code === 'ENOTFOUND' || code === 'ENODATA';
  if (found) return { stage: 'dns', cause: 'dns-not-found', detail: `the name does not exist (${code})` };
  if (code === 'ETIMEOUT') return TIMEOUTS.dns;
  if (code === 'EREFUSED') {
    return { stage: 'dns', cause: 'dns-refused', detail: `the name server refuses to answer (${code})` };
  }
  if (code === 'ECONNREFUSED') {
    return { stage: 'dns', cause: 'dns-refused', detail: `nothing answers at the name server (${code})` };
  }
  return { stage: 'dns', cause: 'dns-failed', detail: `the name could not be resolved (${code})` };
}

function tcpFailure(code: string, addresses: readonly string[]): Failure {
  const failed = (cause: Cause, what: string): Failure => ({
    stage: 'tcp',
    cause,
    detail: `${what} (${code})`,
  });
  if (NO_ROUTE.has(code) && addresses.length > 0 && addresses.every((one) => isIPv6(one))) {
    return failed('ipv6-unreachable', 'the host has IPv6 addresses only, and there is no route to them');
  }
  switch (code) {
    case 'ECONNREFUSED':
      return failed('connection-refused', 'nothing listens on that port');
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return failed('connection-reset', 'the connection was reset while it was opened');
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return failed('connect-timeout', 'no TCP connection in time');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return dnsFailure(code);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'EPERM':
    case 'EINVAL':
      return failed('unreachable', 'no route to that address');
    default:
      return internalFailure(code);
  }
}

function httpProxyFailure(code: string): Failure {
  if (code.startsWith('HPE')) {
    const detail = `what HTTPS_PROXY or HTTP_PROXY names did not answer in HTTP (${code})`;
    return { stage: 'tcp', cause: 'http-proxy-refused', detail };
  }
  const detail = `the HTTP proxy closed the connection without an answer (${code})`;
  return { stage: 'tcp', cause: 'http-proxy-failed', detail };
}

const CERTIFICATE_CAUSES: ReadonlyMap<string, readonly [Cause, string]> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['tls-self-signed', 'the certificate is self-signed']],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    ['tls-unknown-authority', 'the certificate chain ends in an authority that is not trusted here'],
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    ['tls-unknown-authority', 'the certificate is of an authority that is not trusted here'],
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ['tls-unknown-authority', 'the certificate is of an authority that is not trusted here'],
  ],
  [
    'CERT_UNTRUSTED',
    ['tls-unknown-authority', 'the certificate is of an authority that is not trusted here'],
  ],
  ['INVALID_CA', ['tls-unknown-authority', 'the certificate was issued by something that is no authority']],
  ['CERT_HAS_EXPIRED', ['tls-expired', 'the certificate has expired']],
  [
    'CERT_NOT_YET_VALID',
    ['tls-not-yet-valid', 'the certificate is not valid yet, or the clock here is wrong'],
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', ['tls-wrong-host', 'the certificate is for another host']],
  [
    'ERR_TLS_CERT_ALTNAME_FORMAT',
    ['tls-wrong-host', 'the certificate names its hosts in a form that is not valid'],
  ],
  ['HOSTNAME_MISMATCH', ['tls-wrong-host', 'the certificate is for another host']],
  ['ERR_SSL_WRONG_VERSION_NUMBER', ['plain-http-on-tls-port', 'the port does not speak TLS']],
  ['ERR_SSL_HTTP_REQUEST', ['plain-http-on-tls-port', 'the port does not speak TLS']],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', ['plain-http-on-tls-port', 'the port does not speak TLS']],
  ['ECONNRESET', ['tls-closed', 'the connection was closed in the TLS handshake']],
  ['EPIPE', ['tls-closed', 'the connection was closed in the TLS handshake']],
  ['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', ['tls-closed', 'the connection was closed in the TLS handshake']],
]);

/**
 * Returns the failure of a server that wants a certificate of the client, of which we show none: alert 116 of TLS 1.3, which
 * comes after the handshake, 42 (Go, Java) or, when the server had shown its own certificate, 40 (OpenSSL) of TLS 1.2;
 * without that 40 means that nothing was in common. OpenSSL has changed what its codes begin with.
 */
export function clientCertificateFailure(code: string, gotCertificate: boolean): Failure | undefined {
  const asked = /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|NO_CERTIFICATE)$/.test(code);
  if (!asked && !(gotCertificate && code.endsWith('ALERT_HANDSHAKE_FAILURE'))) return undefined;
  const detail = `the server wants a certificate of the client (${code})`;
  return { stage: 'tls', cause: 'tls-client-certificate', detail };
}

function tlsFailure(code: string, { namesIssuer = false, gotCertificate = false }: ErrorContext): Failure {
  const wanted = clientCertificateFailure(code, gotCertificate);
  if (wanted !== undefined) return wanted;
  if (code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') {
    // The server sent its own certificate alone. Public authorities sign below an intermediate and name where that
    // is to be had; a certificate without this is most likely signed by a private root.
    return namesIssuer
      ? {
          stage: 'tls',
          cause: 'tls-incomplete-chain',
          detail: `the server does not send its intermediate certificate (${code})`,
        }
      : {
          stage: 'tls',
          cause: 'tls-unknown-authority',
          detail: `the certificate is of an authority that is not trusted here (${code})`,
        };
  }
  const known = CERTIFICATE_CAUSES.get(code);
  if (known !== undefined) return { stage: 'tls', cause: known[0], detail: `${known[1]} (${code})` };
  if (code === 'ETIMEDOUT') return TIMEOUTS.tls;
  return { stage: 'tls', cause: 'tls-protocol', detail: `the TLS handshake failed (${code})` };
}

function httpFailure(code: string, at: 'headers' | 'body'): Failure {
  const failed = (cause: Cause, what: string): Failure => ({
    stage: 'http',
    cause,
    detail: `${what} (${code})`,
  });
  const inBody = at === 'body';
  const wanted = clientCertificateFailure(code, false);
  if (wanted !== undefined) return wanted;
  if (code === 'HPE' || code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    // In a chunked body this is nearly always an end that came too early; undici gives it no code of its own.
    if (inBody) return failed('truncated', 'the body broke off or is malformed');
    return failed('protocol-error', 'the answer is not valid HTTP');
  }
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return failed(
        'connection-reset',
        inBody ? 'the connection was reset in the body' : 'the connection was reset before an answer',
      );
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_CLOSED':
      return inBody
        ? failed('truncated', 'the connection was closed in the body')
        : failed('closed-early', 'the connection was closed before an answer');
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return failed('truncated', 'the body is shorter or longer than announced');
    case 'ETIMEDOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return TIMEOUTS[at];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return failed('unreachable', 'the route to the address was lost');
    default:
      return internalFailure(code);
  }
}
