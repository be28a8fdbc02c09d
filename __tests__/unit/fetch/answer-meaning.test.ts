import { describe, expect, test } from '@jest/globals';
import { type AnswerFacts, judgeStatus } from '../../../src/fetch/answer-meaning.ts';

type Row = readonly [
  name: string,
  facts: Partial<AnswerFacts> & { readonly status: number },
  meaning: string,
];

const GATEKEEPER = { gatekeeper: true };
const GOLANG_ORG = { isGolangOrg: true };
const STORAGE = { foreignHost: 'storage.test' };

const rows: readonly Row[] = [
  ['a clean 404', { status: 404, text: 'not found: m: unknown revision v1' }, 'not-found'],
  ['a clean 410', { status: 410 }, 'not-found'],
  ['a clean 404 of a gatekeeper', { status: 404, ...GATEKEEPER }, 'not-found'],
  ['a 404 behind a redirect', { status: 404, ...STORAGE }, 'not-found'],
  ['404 bad upstream', { status: 404, text: 'not found: bad upstream' }, 'infrastructure'],
  ['404 fetch timed out', { status: 404, text: 'not found: Fetch timed out' }, 'infrastructure'],
  [
    '410 temporarily unavailable',
    { status: 410, text: 'not found: temporarily unavailable' },
    'infrastructure',
  ],
  ['401 of a gatekeeper', { status: 401, ...GATEKEEPER }, 'refused'],
  ['403 of a gatekeeper', { status: 403, ...GATEKEEPER }, 'refused'],
  ['407 of a gatekeeper', { status: 407, ...GATEKEEPER }, 'refused'],
  ['403 of where a gatekeeper redirects to', { status: 403, ...GATEKEEPER, ...STORAGE }, 'refused'],
  ['403 with region text of a gatekeeper', { status: 403, ...GATEKEEPER, text: 'in your region' }, 'refused'],
  ['407 of an HTTP proxy in between', { status: 407, ...GATEKEEPER, relayed: true }, 'infrastructure'],
  ['403 of a public proxy', { status: 403 }, 'infrastructure'],
  ['401 of a public proxy', { status: 401 }, 'infrastructure'],
  ['403 of proxy.golang.org', { status: 403, ...GOLANG_ORG, text: 'module is blocked' }, 'refused'],
  ['the same, inherited', { status: 403, ...GOLANG_ORG, ...GATEKEEPER }, 'refused'],
  [
    '403 for egress',
    { status: 403, ...GOLANG_ORG, text: '<Code>SecurityPolicyViolated</Code>' },
    'infrastructure',
  ],
  [
    '403 for the region',
    { status: 403, ...GOLANG_ORG, text: 'This service is unavailable in your region.' },
    'infrastructure',
  ],
  ['403 of its storage', { status: 403, ...GOLANG_ORG, ...STORAGE }, 'infrastructure'],
  ['401 of proxy.golang.org', { status: 401, ...GOLANG_ORG }, 'infrastructure'],
  ['a login page of the network', { status: 511, ...GATEKEEPER }, 'infrastructure'],
  ['429', { status: 429, ...GATEKEEPER }, 'infrastructure'],
  ['500', { status: 500 }, 'infrastructure'],
  ['204', { status: 204 }, 'infrastructure'],
  ['206', { status: 206 }, 'infrastructure'],
  ['302 that leads nowhere', { status: 302 }, 'infrastructure'],
  ['418', { status: 418 }, 'infrastructure'],
];

describe('judgeStatus', () => {
  test.each(rows)('%s', (_name, facts, meaning) => {
    const given = { gatekeeper: false, isGolangOrg: false, relayed: false, text: '', ...facts };
    const judged = judgeStatus(given);
    expect(judged.meaning).toBe(meaning);
    expect(judged.failure.detail).toContain(String(facts.status));
    if (given.text !== '') expect(judged.failure.detail).not.toContain(given.text);
  });

  test('names the host behind a redirect', () => {
    const facts = {
      status: 503,
      gatekeeper: false,
      isGolangOrg: false,
      relayed: false,
      text: '',
      ...STORAGE,
    };
    expect(judgeStatus(facts).failure).toEqual({
      stage: 'http',
      cause: 'redirect-blocked',
      detail: 'it redirects to storage.test, which answered 503',
    });
  });

  test.each<readonly [string, Partial<AnswerFacts> & { readonly status: number }, string]>([
    ['a region', { status: 403, text: 'unavailable in your region' }, 'http http-region-blocked'],
    [
      'a region, for its storage',
      { status: 403, text: 'in your region', ...STORAGE },
      'http http-region-blocked',
    ],
    [
      'an egress rule',
      { status: 403, text: 'SecurityPolicyViolated', ...STORAGE },
      'http http-egress-blocked',
    ],
    ['a bad upstream', { status: 404, text: 'bad upstream' }, 'http not-found-transient'],
    ['a 403 of its storage', { status: 403, ...STORAGE }, 'http redirect-blocked'],
    [
      'a client certificate',
      { status: 400, text: 'No required SSL certificate was sent' },
      'tls tls-client-certificate',
    ],
    ['a plain 400', { status: 400 }, 'http http-status'],
  ])('the cause of %s', (_name, facts, cause) => {
    const given = { gatekeeper: false, isGolangOrg: false, relayed: false, text: '', ...facts };
    const { failure } = judgeStatus(given);
    expect(`${failure.stage} ${failure.cause}`).toBe(cause);
  });

  test.each([
    ['1800', 'answered 404, as a cache remembers for 1800 s'],
    ['0', 'answered 404'],
    ['1 ::error::', 'answered 404'],
    [undefined, 'answered 404'],
  ])('a 404 of Age %s', (age, detail) => {
    const facts = { status: 404, gatekeeper: false, isGolangOrg: false, relayed: false, text: '' };
    const judged = judgeStatus({ ...facts, ...(age === undefined ? {} : { age }) });
    expect(judged).toMatchObject({ meaning: 'not-found', failure: { detail } });
  });
});
