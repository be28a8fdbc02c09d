import { describe, expect, test } from '@jest/globals';
import { parseGoWork } from '../../../src/go/go-work.ts';

describe('parseGoWork', () => {
  test('reads every directive', () => {
    const text =
      'go 1.22\ntoolchain default\ngodebug (\n\ta=b=c\n)\nuse ./x\nuse (\n\t"./with space" // c\n)\nreplace example.com/a v1.0.0 => ../a\n';
    expect(parseGoWork('go.work', text)).toEqual({
      file: 'go.work',
      go: '1.22',
      toolchain: 'default',
      godebug: [{ key: 'a', value: 'b=c', line: 4 }],
      use: [
        { path: './x', line: 6 },
        { path: './with space', line: 8 },
      ],
      replace: [
        {
          old: { path: 'example.com/a', version: 'v1.0.0' },
          new: { kind: 'directory', directory: '../a' },
          line: 10,
        },
      ],
      problems: [],
    });
  });

  test.each([
    ['a directive of go.mod', 'require example.com/a v1.0.0\n'],
    ['two go lines', 'go 1.22\ngo 1.23\n'],
    ['two toolchain lines', 'toolchain go1.22\ntoolchain go1.23\n'],
    ['a use line without a directory', 'use\n'],
    ['one path replaced in two ways', 'replace a => ./b\nreplace a => ./c\n'],
    ['a block without an end', 'use (\n\t./a\n'],
  ])('%s is a problem', (_, text) => {
    expect(parseGoWork('w/go.work', text).problems).toMatchObject([{ file: 'w/go.work' }]);
  });
});
