import { describe, expect, test } from '@jest/globals';
import {
  classifyEnd,
  classifyError,
  classifyStatus,
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
    ['tcp', 'ECONNREFUSED', 'tcp connection-refused'],
    ['tcp', 'ECONNRESET', 'tcp connection-reset'],
    ['tcp', 'ETIMEDOUT', 'tcp connect-timeout'],
    ['tcp', 'UND_ERR_CONNECT_TIMEOUT', 'tcp connect-timeout'],
    ['tcp', 'EHOSTUNREACH', 'tcp unreachable'],
    ['tcp', 'ENETUNREACH', 'tcp unreachable'],
    ['tcp', 'EACCES', 'tcp unreachable'],
    ['tcp', 'EPERM', 'tcp unreachable'],
    ['tcp', 'EWHATEVER', 'http internal'],
    ['http-proxy', 'ECONNRESET', 'tcp http-proxy-refused'],
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

describe('classifyStatus', () => {
  test.each<[number, string, string, string]>([
    [401, 'unauthorized', 'http-status', ''],
    [403, 'forbidden', 'http-status', ''],
    [407, 'login-required', 'http-status', ''],
    [404, 'not-found', 'http-status', 'not found: unknown revision'],
    [410, 'not-found', 'http-status', ''],
    [404, 'http-status', 'http-status', 'not found: bad upstream'],
    [404, 'http-status', 'http-status', 'not found: fetch timed out'],
    [410, 'http-status', 'http-status', 'not found: temporarily unavailable'],
    [400, 'http-status', 'http-status', ''],
    [429, 'http-status', 'http-status', ''],
    [451, 'http-status', 'http-status', ''],
    [500, 'http-status', 'http-status', 'bad upstream'],
    [206, 'http-status', 'http-status', ''],
    [304, 'http-status', 'http-status', ''],
    [511, 'captive-portal', 'captive-portal', ''],
  ])('%i: %s of a given proxy, %s of a public one (%j)', (status, given, published, text) => {
    const say = (isPublic: boolean) => {
      const verdict = classifyStatus({ status, isPublic, text });
      return verdict.kind === 'unknown' ? verdict.reason : verdict.failure.cause;
    };
    expect([say(false), say(true)]).toEqual([given, published]);
  });
});
