import { expect, test } from '@jest/globals';
import { parseObject } from '../../../src/go/json-object.ts';

test.each<[string, string, Readonly<Record<string, unknown>> | undefined]>([
  ['an object', ' {"a": [1]}\n', { a: [1] }],
  ['an empty one', '{}', {}],
  ['an array', '[{}]', undefined],
  ['null', 'null', undefined],
  ['a string', '"a"', undefined],
  ['no JSON', '{"a": 1} x', undefined],
  ['nothing', '', undefined],
])('parseObject of %s', (_, text, expected) => {
  expect(parseObject(text)).toEqual(expected);
});
