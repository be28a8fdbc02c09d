import { expect, test } from '@jest/globals';
import { answersLine, answersOf, fileName } from '../../../src/diagnosis/proxy-answers.ts';
import type { AttemptRecord } from '../../../src/fetch/outcome.ts';
import {
  answered,
  attempt,
  failure,
  PROXY_A,
  PROXY_B,
  wantedFile,
  wrongHash,
} from '../../support/sample-prefetch.ts';

const bad = answered(PROXY_A, 503, 'infrastructure');
const silent = attempt(PROXY_A, 'infrastructure', { failure: failure('headers-timeout', 'no answer') });

test.each<[string, readonly AttemptRecord[], string]>([
  ['nobody', [], ''],
  ['one status', [bad], 'a.example: HTTP status 503'],
  ['twice the same', [bad, bad], 'a.example: HTTP status 503, twice'],
  ['three times', [bad, bad, bad], 'a.example: HTTP status 503, 3 times'],
  ['different ones', [bad, silent, silent], 'a.example: HTTP status 503, then no answer, twice'],
  ['in the order of asking', [wrongHash(PROXY_B), bad], 'b.example: wrong hash; a.example: HTTP status 503'],
  ['not found', [answered(PROXY_A, 404, 'not-found')], 'a.example: HTTP status 404'],
  [
    'a status that says more',
    [
      attempt(PROXY_A, 'infrastructure', {
        status: 404,
        failure: failure('http-status', 'answered 404 for x'),
      }),
    ],
    'a.example: answered 404 for x',
  ],
  ['cut off', [attempt(PROXY_A, 'cancelled', { failure: failure('internal') })], 'a.example: no answer yet'],
  ['right, and not placed', [attempt(PROXY_A, 'fetched', { status: 200 })], 'a.example: the right file'],
])('%s', (_name, attempts, line) => {
  expect(answersLine(attempts)).toBe(line);
});

test('a proxy has one entry with its count, its last status, cause and words, and what it said', () => {
  const attempts = [answered(PROXY_A, 500, 'infrastructure', 'upstream is away'), silent];
  expect(answersOf(attempts)).toEqual([
    {
      proxy: 'https://a.example',
      standby: false,
      attempts: 2,
      answer: 'HTTP status 500, then no answer',
      meaning: 'infrastructure',
      cause: 'headers-timeout',
      detail: 'no answer',
      body: 'upstream is away',
    },
  ]);
});

test('a body of white space is none', () => {
  expect(answersOf([answered(PROXY_A, 500, 'infrastructure', ' \n')])[0]).not.toHaveProperty('body');
});

test('what two proxies with the same label said is not mixed', () => {
  const other = { ...PROXY_B, label: PROXY_A.label };
  expect(answersOf([bad, answered(other, 500, 'infrastructure')])).toHaveLength(2);
});

test('a file has the name of its module version and its kind', () => {
  expect(fileName(wantedFile('m.example/x@v1.2.0', 'mod'))).toBe('m.example/x@v1.2.0 .mod');
});
