import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkMatchers, type MatcherFile, RegisteredMatchers } from '../../support/issue-matchers.ts';
import { readLabelledMessages, readNegatives } from '../../support/log-corpus.ts';

const FILE = path.join(import.meta.dirname, '..', '..', '..', 'matchers', 'go-download.json');
const OURS: MatcherFile = JSON.parse(readFileSync(FILE, 'utf8'));
/** As actions/setup-go registers it (its matchers.json): any path that ends in .go is a file of the user. */
const SETUP_GO: MatcherFile = {
  problemMatcher: [
    {
      owner: 'go',
      pattern: [
        {
          regexp: String.raw`((?:\.{0,2}\/|\.{0,2}\\)(?:.+\.go)):(?:(\d+):(\d+):)? (.*)`,
          file: 1,
          line: 2,
          column: 3,
          message: 4,
        },
      ],
    },
  ],
};

function register(...files: readonly MatcherFile[]): RegisteredMatchers {
  const registered = new RegisteredMatchers();
  for (const file of files) registered.add(file);
  return registered;
}

describe('the matcher file', () => {
  test('is one that the runner takes, without a file and with severity warning', () => {
    expect(() => checkMatchers(OURS)).not.toThrow();
    for (const { owner, severity, pattern } of OURS.problemMatcher) {
      expect(owner).toMatch(/^setup-goproxy-[a-z]+$/);
      expect(severity).toBe('warning');
      expect(pattern).toEqual([{ regexp: expect.any(String), message: 1 }]);
    }
  });

  test('has no quantifier without a bound within a group that is repeated', () => {
    for (const { pattern } of OURS.problemMatcher) {
      expect(pattern[0]?.regexp).not.toMatch(/[*+}]\)[*+{]/);
    }
  });

  test('makes no warning of other programs, whether setup-go is there or not', () => {
    const ours = register(OURS);
    expect(readNegatives().filter((line) => ours.read(line) !== undefined)).toEqual([]);
    const both = register(SETUP_GO, OURS);
    const alone = register(SETUP_GO);
    for (const line of readNegatives()) expect(both.read(line)).toEqual(alone.read(line));
  });

  test("shows go's own line for most of the corpus, and nothing for lines without a failure", () => {
    const ours = register(OURS);
    const messages = readLabelledMessages();
    const isShown = ({ lines }: (typeof messages)[number]) =>
      lines.some((line) => ours.read(line) !== undefined);
    const failures = messages.filter(({ expected }) => expected.ids.length > 0);
    expect(failures.filter(isShown).length / failures.length).toBeGreaterThan(0.9);
    expect(messages.filter(({ expected }) => expected.ids.length === 0).filter(isShown)).toEqual([]);
  });
});

describe('beside setup-go', () => {
  const LINE =
    '/home/runner/go/pkg/mod/example.com/a@v1.0.0/a.go:5:8: example.com/m@v1.2.3: read "https://proxy.golang.org/example.com/m/@v/v1.2.3.zip": stream error: stream ID 1; INTERNAL_ERROR; received from peer';

  test('registered after it, ours is first and consumes the line', () => {
    expect(register(SETUP_GO, OURS).read(LINE)).toEqual({
      owner: 'setup-goproxy-request',
      type: 'warning',
      message: LINE,
    });
  });

  test("registered before it, setup-go's false error on a source line is what a user sees", () => {
    expect(register(OURS, SETUP_GO).read(LINE)).toMatchObject({ owner: 'go', type: 'error', line: 5 });
  });

  test('no message of the corpus that ours shows is left to it', () => {
    const both = register(SETUP_GO, OURS);
    const ours = register(OURS);
    for (const { lines } of readLabelledMessages()) {
      for (const line of lines.filter((one) => ours.read(one) !== undefined)) {
        expect(both.read(line)?.owner).toMatch(/^setup-goproxy-/);
      }
    }
  });

  test("compile errors stay setup-go's", () => {
    expect(register(SETUP_GO, OURS).read('./main.go:5:2: undefined: Get')).toMatchObject({
      owner: 'go',
      line: 5,
    });
  });
});

test.each([
  ['module', '\u001b[31mgo: \u001b[1mexample.com/m@v1.0.0: unknown revision v1.0.0\u001b[0m'],
  ['module', '\u001b[31mexample.com/m@v1.0.0: unknown revision v1.0.0\u001b[0m'],
  ['message', '\u001b[31mgo: zip: not a valid zip file\u001b[0m'],
])('colours hide nothing from %s, whether the runner takes them away or not', (name, line) => {
  expect(register(OURS).read(line)?.owner).toBe(`setup-goproxy-${name}`);
});

test.each([
  [
    'a user name in a URL, which go does not hide',
    'go: example.com/m@v1.0.0: reading https://token@proxy.corp.example/example.com/m/@v/v1.0.0.mod: 500 Internal Server Error',
  ],
  [
    'a signed query of a redirect',
    'go: example.com/m@v1.0.0: Get "https://storage.googleapis.com/a/b?Expires=1&Signature=abc": dial tcp: i/o timeout',
  ],
  [
    "a user's test",
    '    fetch_test.go:12: reading https://proxy.golang.org/example.com/m/@v/v1.0.0.zip: 404 Not Found',
  ],
  ['the trace of -x', '# get https://proxy.golang.org/example.com/m/@v/v1.0.0.zip: 404 Not Found (0.123s)'],
  ['a workflow command', '::warning::go: zip: not a valid zip file'],
])('%s is shown by nobody', (_name, line) => {
  expect(register(OURS).read(line)).toBeUndefined();
});

test.each([
  'Get "https://',
  'Get "https://h/@v/',
  `reading https://h/${'a'.repeat(1400)} `,
  ' a.b@v1.0.0: ',
  'verifying a.b@v1',
  'go: ',
  'go: a requires ',
  'x.go:1:1: ',
  'go: unzip /cache/downloads',
  '_test.go:1',
  'a.',
  ' ',
])('a hostile line of %j ends', (unit) => {
  const line = unit.repeat(Math.ceil(100_000 / unit.length));
  expect(register(OURS).read(line)).toBeUndefined();
});
