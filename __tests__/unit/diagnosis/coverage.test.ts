import { expect, test } from '@jest/globals';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import { COVERAGE } from '../../support/diagnosis-coverage.ts';

const entries = new Map<string, ReturnType<typeof catalogue>[number]>(
  catalogue().map((entry) => [entry.id, entry]),
);

test.each(COVERAGE)('$seen is told by $ids', ({ ids }) => {
  expect(ids.filter((id) => !entries.has(id))).toEqual([]);
  expect(ids).not.toEqual([]);
});

test('nothing is named twice', () => {
  const seen = COVERAGE.map((row) => row.seen);
  expect(seen.filter((one, index) => seen.indexOf(one) !== index)).toEqual([]);
});
