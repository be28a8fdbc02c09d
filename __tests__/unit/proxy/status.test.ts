import { describe, expect, test } from '@jest/globals';
import { classifyStatus, statusFailure } from '../../../src/proxy/status.ts';

const ARTIFACTORY = '{"errors":[{"status":403,"message":"Package blocked by curation policy"}]}';

describe('classifyStatus', () => {
  test.each<[number, string, string, string]>([
    [401, 'unauthorized', 'http-status', ''],
    [401, 'login-refused', 'http-status', '{"message": "Token has expired"}'],
    [401, 'login-refused', 'http-status', 'Bad credentials'],
    [403, 'forbidden', 'http-status', ''],
    [403, 'forbidden', 'http-status', 'Forbidden'],
    [403, 'login-refused', 'http-status', 'invalid\n token'],
    [403, 'security-block', 'http-status', ARTIFACTORY],
    [403, 'security-block', 'http-status', 'The component is quarantined.'],
    [403, 'security-block', 'http-status', 'blocked due to the policy of the company'],
    [403, 'region-blocked', 'http-region-blocked', 'This service is unavailable in your region'],
    [403, 'egress-blocked', 'http-egress-blocked', '<Code>SecurityPolicyViolated</Code>'],
    [403, 'egress-blocked', 'http-egress-blocked', 'Request is prohibited by VPC Service Controls.'],
    [407, 'login-required', 'http-status', 'invalid token'],
    [404, 'not-found', 'http-status', 'not found: unknown revision'],
    [404, 'not-found', 'http-status', 'not available in your region'],
    [410, 'not-found', 'http-status', ''],
    [404, 'not-found-transient', 'not-found-transient', 'not found: bad upstream'],
    [404, 'not-found-transient', 'not-found-transient', 'not found: Fetch timed out'],
    [410, 'not-found-transient', 'not-found-transient', 'not found: temporarily unavailable'],
    [400, 'http-status', 'http-status', ''],
    [
      400,
      'tls-client-certificate',
      'tls-client-certificate',
      '<center>No required SSL certificate was sent</center>',
    ],
    [500, 'http-status', 'http-status', 'No required SSL certificate was sent'],
    [418, 'http-status', 'http-status', ''],
    [429, 'http-status', 'http-status', 'unusual traffic'],
    [451, 'http-status', 'http-status', ''],
    [451, 'http-region-blocked', 'http-region-blocked', 'not available in your country'],
    [500, 'http-status', 'http-status', 'bad upstream'],
    [206, 'http-status', 'http-status', ''],
    [304, 'http-status', 'http-status', ''],
    [511, 'captive-portal', 'captive-portal', ''],
  ])('%i: %s of a given proxy, %s of a public one (%j)', (status, given, published, text) => {
    const say = (isPublic: boolean) => {
      const verdict = classifyStatus({ status, isPublic, text });
      if (verdict.kind === 'unhealthy' && text !== '') expect(verdict.failure.detail).not.toContain(text);
      return verdict.kind === 'unknown' ? verdict.reason : verdict.failure.cause;
    };
    expect([say(false), say(true)]).toEqual([given, published]);
  });
});

test('the failure of a status says who answered what', () => {
  expect(statusFailure(403, 'in your region', 'it answered 403')).toEqual({
    stage: 'http',
    cause: 'http-region-blocked',
    detail: 'it answered 403 for where the request comes from',
  });
});
