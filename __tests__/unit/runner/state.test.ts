import { expect, test } from '@jest/globals';
import { decodeState, encodeState, type State } from '../../../src/runner/state.ts';

const STATE: State = {
  schema: 1,
  mode: 'setup',
  startedAtMs: 1_700_000_000_000,
  jobSummary: 'auto',
  failureClass: 'none',
  reportFile: '/tmp/x.json',
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
  ['a broken time', JSON.stringify({ ...STATE, startedAtMs: '1' })],
  ['another summary mode', JSON.stringify({ ...STATE, jobSummary: 1 })],
  ['another class', JSON.stringify({ ...STATE, failureClass: 'bad' })],
  ['no report', JSON.stringify({ ...STATE, reportFile: undefined })],
])('%s is no state', (_name, text) => {
  expect(decodeState(text)).toBeUndefined();
});
