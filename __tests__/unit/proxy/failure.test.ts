import { describe, expect, test } from '@jest/globals';
import {
  classifyEnd,
  classifyError,
  codeOf,
  type Pending,
  RequestError,
} from '../../../src/proxy/failure.ts';

const withCode = (code: string) => Object.assign(new Error('text with a canary'), { code });

describe('classifyError', () => {
  test.each<[Pending, string, string]>([
    ['dns', 'ENOTFOUND', 'dns dns-not-found'],
    ['dns', 'ENODATA', 'dns dns-not-found'],
    ['dns', 'EAI_AGAIN', 'dns dns-failed'],
    ['dns', 'ESERVFAIL', 'dns dns-failed'],
    ['dns', 'ETIMEOUT', 'dns dns-timeout'],
    ['dns', 'EREFUSED', 'dns dns-refused'],
    ['dns', 'ECONNREFUSED', 'dns dns-refused'],
    ['tcp', 'ECONNREFUSED', 'tcp connection-refused'],
    ['tcp', 'ECONNRESET', 'tcp connection-reset'],
    ['tcp', 'ETIMEDOUT', 'tcp connect-timeout'],
    ['tcp', 'UND_ERR_CONNECT_TIMEOUT', 'tcp connect-timeout'],
    ['tcp', 'EHOSTUNREACH', 'tcp unreachable'],
    ['tcp', 'ENETUNREACH', 'tcp unreachable'],
    ['tcp', 'EACCES', 'tcp unreachable'],
    ['tcp', 'EPERM', 'tcp unreachable'],
    ['tcp', 'EWHATEVER', 'http internal'],
    ['http-proxy', 'ECONNRESET', 'tcp http-proxy-failed'],
    ['http-proxy', 'HPE_INVALID_CONSTANT', 'tcp http-proxy-refused'],
    ['tls', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'tls tls-self-signed'],
    ['tls', 'SELF_SIGNED_CERT_IN_CHAIN', 'tls tls-unknown-authority'],
    ['tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls tls-unknown-authority'],
    ['tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls tls-unknown-authority'],
    ['tls', 'CERT_HAS_EXPIRED', 'tls tls-expired'],
    ['tls', 'CERT_NOT_YET_VALID', 'tls tls-not-yet-valid'],
    ['tls', 'ERR_TLS_CERT_ALTNAME_INVALID', 'tls tls-wrong-host'],
    ['tls', 'ERR_SSL_WRONG_VERSION_NUMBER', 'tls plain-http-on-tls-port'],
    ['tls', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls tls-protocol'],
    ['tls', 'EPROTO', 'tls tls-protocol'],
    ['tls', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls tls-protocol'],
    ['tls', 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'tls tls-client-certificate'],
    ['tls', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'tls tls-client-certificate'],
    ['headers', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls tls-client-certificate'],
    ['body', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls tls-client-certificate'],
    ['tls', 'ECONNRESET', 'tls tls-closed'],
    ['headers', 'ECONNRESET', 'http connection-reset'],
    ['headers', 'EPIPE', 'http connection-reset'],
    ['headers', 'UND_ERR_SOCKET', 'http closed-early'],
    ['headers', 'HPE_INVALID_CONSTANT', 'http protocol-error'],
    ['headers', 'UND_ERR_HEADERS_OVERFLOW', 'http protocol-error'],
    ['headers', 'ENETUNREACH', 'http unreachable'],
    ['headers', 'UND_ERR_INVALID_ARG', 'http internal'],
    ['body', 'ECONNRESET', 'http connection-reset'],
    ['body', 'UND_ERR_SOCKET', 'http truncated'],
    ['body', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'http truncated'],
    ['body', 'HPE_INVALID_EOF_STATE', 'http truncated'],
  ])('%s %s: %s', (at, code, expected) => {
    const { stage, cause, detail } = classifyError(withCode(code), { at });
    expect(`${stage} ${cause}`).toBe(expected);
    expect(detail).not.toContain('canary');
  });

  test('a lone certificate that names its issuer lacks the intermediate', () => {
    const error = withCode('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(classifyError(error, { at: 'tls', namesIssuer: true }).cause).toBe('tls-incomplete-chain');
  });

  test('a handshake that fails after the server has shown its certificate lacks ours', () => {
    const error = withCode('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE');
    expect(classifyError(error, { at: 'tls', gotCertificate: true }).cause).toBe('tls-client-certificate');
  });

  test.each<[string, readonly (readonly [string, string])[], string]>([
    ['IPv6 only', [['ENETUNREACH', '2001:db8::1']], 'ipv6-unreachable'],
    [
      'several IPv6 addresses',
      [
        ['ENETUNREACH', '2001:db8::1'],
        ['EADDRNOTAVAIL', '2001:db8::2'],
      ],
      'ipv6-unreachable',
    ],
    [
      'IPv4 too',
      [
        ['ENETUNREACH', '2001:db8::1'],
        ['ENETUNREACH', '192.0.2.1'],
      ],
      'unreachable',
    ],
    [
      'a port where nothing listens',
      [
        ['ENETUNREACH', '2001:db8::1'],
        ['ECONNREFUSED', '192.0.2.1'],
      ],
      'connection-refused',
    ],
    ['IPv6, refused', [['ECONNREFUSED', '::1']], 'connection-refused'],
    ['IPv4', [['EHOSTUNREACH', '192.0.2.1']], 'unreachable'],
  ])('no route: %s', (_name, attempts, cause) => {
    const errors = attempts.map(([code, address]) => Object.assign(withCode(code), { address }));
    const error = errors.length === 1 ? errors[0] : new AggregateError(errors);
    expect(classifyError(error, { at: 'tcp' }).cause).toBe(cause);
  });

  test('a parser error of undici has a name instead of a code', () => {
    const error = Object.assign(new Error('x'), { name: 'HTTPParserError', code: undefined });
    expect(classifyError(error, { at: 'headers' }).cause).toBe('protocol-error');
  });

  test('what has been classified stays so', () => {
    const failure = { stage: 'tcp', cause: 'http-proxy-login', detail: 'x' } as const;
    expect(classifyError(new RequestError(failure), { at: 'tls' })).toEqual(failure);
  });
});

test.each<[unknown, string]>([
  [new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), 'ECONNREFUSED'],
  [new AggregateError([withCode('ECONNREFUSED'), withCode('ETIMEDOUT')]), 'ETIMEDOUT'],
  [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new TypeError('x'), 'TypeError'],
  ['text', 'unknown'],
  [null, 'unknown'],
])('codeOf %#', (error, code) => {
  expect(codeOf(error)).toBe(code);
});

test.each<[Pending, string, RegExp]>([
  ['dns', 'dns dns-timeout', /name was not resolved/],
  ['tcp', 'tcp connect-timeout', /no TCP connection/],
  ['http-proxy', 'tcp http-proxy-timeout', /had not opened the tunnel/],
  ['tls', 'tls tls-timeout', /handshake was not done/],
  ['headers', 'http headers-timeout', /accepted, but a request was not answered/],
  ['body', 'http body-timeout', /still being sent/],
])('the deadline while %s is pending: %s', (at, expected, unfinished) => {
  const timeout = classifyEnd('timeout', at);
  expect(`${timeout.stage} ${timeout.cause}`).toBe(expected);
  const slow = classifyEnd('too-slow', at);
  expect(slow).toMatchObject({ stage: timeout.stage, cause: 'too-slow' });
  expect(slow.detail).toMatch(unfinished);
});
