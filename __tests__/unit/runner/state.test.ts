import { expect, test } from '@jest/globals';
import { decodeState, encodeState, type State } from '../../../src/runner/state.ts';

const STATE: State = {
  schema: 1,
  mode: 'setup',
  startedAtMs: 1_700_000_000_000,
  jobSummary: 'auto',
  failureClass: 'none',
  reportFile: '/tmp/x.json',
  cache: {
    primaryKey: 'setup-goproxy-v1--a',
    matchedKey: '',
    isMatchBroken: false,
    wasComplete: false,
    leftToGo: ['example.com/a@v1.0.0'],
  },
  told: ['0123456789abcdef'],
  failedByMain: false,
};

test('comes back as it was, in one line', () => {
  expect(encodeState(STATE)).not.toContain('\n');
  expect(decodeState(encodeState(STATE))).toEqual(STATE);
});

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['null', 'null'],
  ['a list', '[]'],
  ['another version', JSON.stringify({ ...STATE, schema: 2 })],
  ['another mode', JSON.stringify({ ...STATE, mode: 'x' })],
  ['told causes that are no keys', JSON.stringify({ ...STATE, told: ['http-status'] })],
  ['a broken time', JSON.stringify({ ...STATE, startedAtMs: '1' })],
  ['another summary mode', JSON.stringify({ ...STATE, jobSummary: 1 })],
  ['another class', JSON.stringify({ ...STATE, failureClass: 'bad' })],
  ['no cache', JSON.stringify({ ...STATE, cache: undefined })],
  ['a key that is none', JSON.stringify({ ...STATE, cache: { ...STATE.cache, primaryKey: 1 } })],
  ['a match that is none', JSON.stringify({ ...STATE, cache: { ...STATE.cache, matchedKey: null } })],
  ['an unknown archive', JSON.stringify({ ...STATE, cache: { ...STATE.cache, isMatchBroken: 1 } })],
  ['an unknown start', JSON.stringify({ ...STATE, cache: { ...STATE.cache, wasComplete: 'yes' } })],
  ['a list of others', JSON.stringify({ ...STATE, cache: { ...STATE.cache, leftToGo: [1] } })],
  ['no report', JSON.stringify({ ...STATE, reportFile: undefined })],
])('%s is no state', (_name, text) => {
  expect(decodeState(text)).toBeUndefined();
});
