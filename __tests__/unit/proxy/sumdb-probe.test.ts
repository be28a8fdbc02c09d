import { expect, test } from '@jest/globals';
import { median } from '../../../src/proxy/probe-findings.ts';
import { isTreeNote } from '../../../src/proxy/sumdb-probe.ts';

const HASH = `${'A'.repeat(43)}=`;
const SIGNED = '— sum.golang.org Az3grk==\n';

test.each<[string, string, boolean]>([
  ['a tree head', `go.sum database tree\n123\n${HASH}\n\n${SIGNED}`, true],
  ['two signatures', `go.sum database tree\n123\n${HASH}\n\n— other.test AAAA\n${SIGNED}`, true],
  [
    'a signature of another name',
    `go.sum database tree\n123\n${HASH}\n\n— sum.golang.org.test AAAA\n`,
    false,
  ],
  ['no signature', `go.sum database tree\n123\n${HASH}\n\n`, false],
  ['no size', `go.sum database tree\n\n${HASH}\n\n${SIGNED}`, false],
  ['a short hash', `go.sum database tree\n123\nAAAA\n\n${SIGNED}`, false],
  ['no empty line', `go.sum database tree\n123\n${HASH}\n${SIGNED}`, false],
  ['text around it', `<html>go.sum database tree\n123\n${HASH}\n\n${SIGNED}`, false],
  ['nothing', '', false],
])('isTreeNote: %s', (_name, text, expected) => {
  expect(isTreeNote(text, 'sum.golang.org')).toBe(expected);
});

test.each<[readonly number[], number]>([
  [[5], 5],
  [[9, 1, 5], 5],
  [[9, 1], 1],
  [[], 0],
])('median %j: %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});
