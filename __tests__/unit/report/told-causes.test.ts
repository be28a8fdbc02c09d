import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { annotate } from '../../../src/report/annotations.ts';
import {
  isToldKeys,
  keyOfAnnotation,
  notYetTold,
  TOLD_LIMIT,
  toldKeys,
} from '../../../src/report/told-causes.ts';
import { NOT_FOUND } from '../../support/sample-later.ts';

function named(count: number, more: Partial<Finding> = {}): readonly Finding[] {
  return Array.from({ length: count }, (_, id) => ({
    ...NOT_FOUND,
    subject: `example.com/${id}@v1.0.0`,
    ...more,
  }));
}

describe('what main has told, post does not tell again', () => {
  const told = toldKeys([NOT_FOUND]);

  test('the same cause of the same subject, whatever its evidence', () => {
    expect(notYetTold([{ ...NOT_FOUND, evidence: ['other'], title: 'other' }], told)).toEqual([]);
  });

  test.each<[string, Partial<Finding>]>([
    ['another subject', { subject: 'example.com/other@v1.0.0' }],
    ['another cause', { id: 'wrong-hash' }],
    ['a failure that was a warning', { severity: 'warning' }],
  ])('%s is told', (_name, change) => {
    const other = { ...NOT_FOUND, ...change };
    expect(notYetTold([other, NOT_FOUND], told)).toEqual([other]);
  });

  test('without keys all are told', () => {
    expect(notYetTold([NOT_FOUND], [])).toEqual([NOT_FOUND]);
  });

  test('a key is short, and does not show the subject', () => {
    expect(keyOfAnnotation(NOT_FOUND)).toMatch(/^[0-9a-f]{16}$/);
    expect(told).toEqual([keyOfAnnotation(NOT_FOUND)]);
    expect(isToldKeys(told)).toBe(true);
  });

  test('what no annotation told has no key', () => {
    const causes = Array.from({ length: 12 }, (_, id) => ({ ...NOT_FOUND, id: `cause-${id}` }));
    expect(annotate(causes)).toHaveLength(10);
    expect(notYetTold(causes, toldKeys(causes)).map(({ id }) => id)).toEqual(['cause-10', 'cause-11']);
    expect(toldKeys([{ ...NOT_FOUND, coveredBy: 'x' }])).toEqual([]);
  });

  test('an annotation of many subjects told them all, in one key; of a few, these only', () => {
    expect(toldKeys(named(6))).toHaveLength(1);
    expect(notYetTold(named(300), toldKeys(named(6)))).toEqual([]);
    expect(notYetTold(named(300), toldKeys(named(5)))).toHaveLength(295);
  });

  test('never more than 50', () => {
    const causes = Array.from({ length: 30 }, (_, id) => named(5, { id: `cause-${id}` })).flat();
    expect(toldKeys(causes)).toHaveLength(TOLD_LIMIT);
    expect(isToldKeys(toldKeys(causes))).toBe(true);
  });

  test.each([
    ['no list', 'x'],
    ['too many', Array(51).fill('0123456789abcdef')],
    ['no text', [1]],
    ['something else', ['https://secret@host']],
  ])('the state is not believed: %s', (_name, value) => {
    expect(isToldKeys(value)).toBe(false);
  });
});
