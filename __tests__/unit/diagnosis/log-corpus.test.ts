import { expect, test } from '@jest/globals';
import { diagnoseLog } from '../../../src/diagnosis/log-diagnosis.ts';
import { LOG_ENTRIES } from '../../../src/diagnosis/log-entries.ts';
import {
  figuresOf,
  judge,
  readBlindMessages,
  readLabelledMessages,
  readNegatives,
} from '../../support/log-corpus.ts';

const judged = readLabelledMessages().map(judge);
const blind = readBlindMessages('go-error-lines-2.tsv').map(judge);
const later = readBlindMessages('go-error-lines-3.tsv').map(judge);
const isCollected = (source: string) => !source.startsWith('go 1.');

/** What is still wrong, so that a figure that falls names its rows. */
const wrong = (rows: typeof judged) =>
  rows
    .filter((one) => !one.rightId)
    .map(
      ({ message, found }) =>
        `${message.label} → ${found.map(({ id }) => id).join(', ')}: ${message.text.slice(0, 120)}`,
    );

test.each([
  ['whole', judged, 0.98],
  ['training', judged.filter(({ message }) => !message.heldBack), 0.98],
  ['held back', judged.filter(({ message }) => message.heldBack), 0.95],
  [
    'collected from threads, held back',
    judged.filter(({ message }) => message.heldBack && isCollected(message.source)),
    0.95,
  ],
] as const)('the %s part of the corpus is recognised', (_name, rows, least) => {
  const { messages, rightId, rightClass } = figuresOf(rows);
  expect(messages).toBeGreaterThanOrEqual(25);
  expect({ rightClass: rightClass >= least, wrong: wrong([...rows]) }).toMatchObject({ rightClass: true });
  expect({ rightId: rightId >= Math.min(least, 0.97), wrong: wrong([...rows]) }).toMatchObject({
    rightId: true,
  });
});

// Collected and labelled on 2026-11-21 from 142 threads (1 of them gave the first corpus another line). Before any pattern was
// changed for them 113 of the 146 had the right class (77.4 %) and 111 the right id (76.0 %); 30 were silent, 5 had a wrong
// diagnosis, and none of the first 72 lines of log-negatives-2.txt, from threads too, was a hit. What is still silent: GOPATH mode
// (git clone without a module), lines that were cut or carry the command of a wrapper, and words that are go's only with others.
test('the part of the corpus that was blind is recognised, and nothing in it wrongly', () => {
  const { messages, rightId, rightClass } = figuresOf(blind);
  expect(messages).toBe(146);
  expect({ rightClass: rightClass >= 0.94, wrong: wrong([...blind]) }).toMatchObject({ rightClass: true });
  expect({ rightId: rightId >= 0.94, wrong: wrong([...blind]) }).toMatchObject({ rightId: true });
  expect(wrong(blind.filter(({ found }) => found.length > 0))).toEqual([]);
});

// 20 messages from 20 further threads, collected and labelled after that mending and measured once: 18 right (90 %), none wrong, as
// many as before it, for most are plain requests. No pattern was changed for them. To know more, measure with new threads.
test('the small part that no pattern was changed for is recognised as well as when it was measured', () => {
  const { messages, rightClass, rightId } = figuresOf(later);
  expect({ messages, rightClass: rightClass >= 0.9, rightId: rightId >= 0.9 }).toEqual({
    messages: 20,
    rightClass: true,
    rightId: true,
  });
  expect(wrong(later.filter(({ found }) => found.length > 0))).toEqual([]);
});

test('a fifth of the corpus is held back, and every Go version has rows', () => {
  const share = judged.filter(({ message }) => message.heldBack).length / judged.length;
  expect(share).toBeGreaterThan(0.15);
  expect(share).toBeLessThan(0.3);
  for (const version of ['1.26.8', '1.23.12', '1.21.13']) {
    expect(judged.filter(({ message }) => message.source.includes(version)).length).toBeGreaterThan(50);
  }
});

test('no line of other programs is a hit: alone, together, and behind the prefixes of a job', () => {
  const negatives = readNegatives();
  expect(negatives.length).toBeGreaterThan(500);
  expect(diagnoseLog(negatives)).toEqual([]);
  expect(negatives.filter((line) => diagnoseLog([line]).length > 0)).toEqual([]);
  expect(diagnoseLog(negatives.map((line) => `2026-11-21T05:00:00.1234567Z ${line}`))).toEqual([]);
  expect(diagnoseLog(negatives.map((line) => `#12 3.456 ${line}`))).toEqual([]);
  expect(diagnoseLog(negatives.map((line) => `\u001b[31m${line}\u001b[0m`))).toEqual([]);
});

test.each([
  ["the runner's timestamp", (line: string) => `2026-11-21T05:00:00.1234567Z ${line}`],
  ['gh run view --log', (line: string) => `build\tRun go build\t2026-11-21T05:00:00.1234567Z ${line}`],
  ['BuildKit', (line: string) => `#12 3.456 ${line}`],
  ['docker compose', (line: string) => `builder-1  | ${line}`],
  ['act', (line: string) => `[ci/build]   | ${line}`],
  ['colours', (line: string) => `\u001b[0;31m${line}\u001b[0m`],
  ['a CR at the end', (line: string) => `${line}\r`],
  ['an error of the runner', (line: string) => `2026-11-21T05:00:00.1234567Z ##[error]${line}`],
  ['two prefixes and colours', (line: string) => `\u001b[36m2026-11-21T05:00:00Z #7 0.512 ${line}\u001b[m`],
])('what is recognised plain is recognised with %s', (_name, wrap) => {
  const idsOf = (lines: readonly string[]) =>
    diagnoseLog(lines).map(({ id, module, status }) => ({ id, module, status }));
  for (const { message } of [...judged, ...blind, ...later]) {
    const { lines } = message;
    expect(idsOf(lines.map((line) => (line === '' ? line : wrap(line))))).toEqual(idsOf(lines));
  }
});

test('every own entry is met in the corpus, but for those that name their reason here', () => {
  const met = new Set(judged.flatMap(({ found }) => found.map(({ id }) => id)));
  // git-ssh-login and the others are held in the table tests of log-diagnosis.
  const tableOnly = new Set(['request-failed']);
  const missing = Object.keys(LOG_ENTRIES).filter((id) => !met.has(id as never) && !tableOnly.has(id));
  expect(missing).toEqual([]);
});
