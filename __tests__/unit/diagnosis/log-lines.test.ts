import { expect, test } from '@jest/globals';
import { cleanLine, LINE_LIMIT, readLogLines } from '../../../src/diagnosis/log-lines.ts';

const MESSAGE = 'go: example.com/m@v1.0.0: unknown revision v1.0.0';

test.each([
  ['nothing', MESSAGE, [MESSAGE]],
  ['indentation', '\texample.com/m@v1.0.0: EOF', ['\texample.com/m@v1.0.0: EOF']],
  ['a timestamp of the runner, with a BOM', `\ufeff2026-11-21T05:00:00.1234567Z ${MESSAGE}`, [MESSAGE]],
  ['a timestamp with an offset', `2026-11-21T05:00:00+01:00 ${MESSAGE}`, [MESSAGE]],
  ['GitLab', `2026-11-21T05:00:00.123456Z 01E ${MESSAGE}`, [MESSAGE]],
  [
    'indentation behind a timestamp',
    '2026-11-21T05:00:00.1Z \texample.com/m@v1.0.0: EOF',
    ['\texample.com/m@v1.0.0: EOF'],
  ],
  ['gh run view --log', `build\tRun make\t2026-11-21T05:00:00.1234567Z ${MESSAGE}`, [MESSAGE]],
  ['BuildKit', `#12 3.456 ${MESSAGE}`, [MESSAGE]],
  ['docker build', `build #15 4.619     ${MESSAGE}`, [`    ${MESSAGE}`]],
  ['an excerpt of BuildKit', `66.38 ${MESSAGE}`, [MESSAGE]],
  ['docker compose', `web-1  | ${MESSAGE}`, [MESSAGE]],
  ['act', `[ci/build]   | ${MESSAGE}`, [MESSAGE]],
  ['a workflow command', `::error file=a.go,line=1::${MESSAGE}`, [MESSAGE]],
  ['a marker of the runner', `##[error]${MESSAGE}`, [MESSAGE]],
  ['PowerShell', `go : ${MESSAGE}`, [MESSAGE]],
  ['colours and links', `\u001b]8;;https://a.example\u0007\u001b[1;31m${MESSAGE}\u001b[0m`, [MESSAGE]],
  ['control characters', `\u0000${MESSAGE}\u0007`, [MESSAGE]],
  ['a CR of a progress bar', `50 %\r100 %\r${MESSAGE}\r\n`, ['50 %', '100 %', MESSAGE]],
  [
    'a field of JSON',
    `\t"Error": "${MESSAGE}\\n\\tserver response: no",`,
    [MESSAGE, '\tserver response: no'],
  ],
  [
    'an object of go build -json',
    JSON.stringify({ ImportPath: 'a', Action: 'build-output', Output: `${MESSAGE}\n` }),
    [MESSAGE],
  ],
  [
    'an object of go test -json, from a test',
    JSON.stringify({ Action: 'output', Package: 'a', Test: 'TestA', Output: `${MESSAGE}\n` }),
    [],
  ],
  ["an object of somebody else's", '{"level":"error","Error":"x"}', []],
  ['what is no JSON', '{ not }', ['{ not }']],
  [
    'a quotation by a linter',
    String.raw`level=error msg="stderr: go: downloading go1.99\ngo: download go1.99: \"no\"\n"`,
    ['level=error msg="stderr: go: downloading go1.99', 'go: download go1.99: "no"', '"'],
  ],
])('%s', (_name, raw, lines) => {
  expect(cleanLine(raw)).toEqual(lines);
});

test('a number of a measurement is no prefix, and text keeps its own bars', () => {
  expect(cleanLine('took 12.34 seconds')).toEqual(['took 12.34 seconds']);
  expect(cleanLine('a | b')).toEqual(['b']);
  expect(cleanLine('x := a || b')).toEqual(['x := a || b']);
});

test('a line is cut, and takes a bounded number of lines out of itself', () => {
  expect(cleanLine('a'.repeat(3 * LINE_LIMIT))[0]).toHaveLength(LINE_LIMIT);
  expect(cleanLine('\r'.repeat(LINE_LIMIT)).length).toBeLessThan(100);
});

test('an error in indented JSON comes with the module of its object, and with no other', () => {
  const lines = [
    '{',
    '\t"Path": "example.com/a",',
    '\t"Version": "v1.0.0",',
    '\t"Error": "zip: not a valid zip file"',
    '}',
    '{',
    '\t"Error": "EOF"',
    '}',
  ];
  const texts = [...readLogLines(lines)].map(({ text }) => text);
  expect(texts[3]).toBe('example.com/a@v1.0.0: zip: not a valid zip file');
  expect(texts[6]).toBe('EOF');
  expect([...readLogLines(lines)].at(-1)?.number).toBe(8);
});

test.each([
  ['escapes', '\u001b['],
  ['timestamps', '2026-11-21T05:00:00Z '],
  ['excerpts', '1.23 '],
  ['steps', '#1 1.23 '],
  ['bars', 'a | '],
  ['brackets', '['],
  ['TABs', 'a\tb\t'],
  ['quotation marks', '\t"Error": "'],
  ['backslashes', '\\n'],
  ['objects', '{'],
])('a hostile line of %s ends', (_name, unit) => {
  const line = unit.repeat(Math.ceil((2 * LINE_LIMIT) / unit.length));
  expect(cleanLine(line).join('').length).toBeLessThanOrEqual(LINE_LIMIT);
});
