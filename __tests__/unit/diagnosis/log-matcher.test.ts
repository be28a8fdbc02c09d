import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkMatchers, type MatcherFile } from '../../support/issue-matchers.ts';
import { readLabelledMessages, readNegatives } from '../../support/log-corpus.ts';
import { type Issue, MatcherJob } from '../../support/matcher-job.ts';
import { splitLines } from '../../support/runner-protocol.ts';

const FILE = path.join(import.meta.dirname, '..', '..', '..', 'matchers', 'go-download.json');
const OURS: MatcherFile = JSON.parse(readFileSync(FILE, 'utf8'));

/** What actions/setup-go registers (matchers.json): any path that ends in .go is a file of the user. */
const setupGo = (regexp: string): MatcherFile => ({
  problemMatcher: [{ owner: 'go', pattern: [{ regexp, file: 1, line: 2, column: 3, message: 4 }] }],
});
/** The one in use, and the one of its second major version. */
const SETUP_GO = setupGo(String.raw`^\s*(.+\.go):(?:(\d+):(\d+):)? (.*)`);
const SETUP_GOS = [
  { name: 'today', file: SETUP_GO },
  {
    name: 'as of version 2',
    file: setupGo(String.raw`((?:\.{0,2}\/|\.{0,2}\\)(?:.+\.go)):(?:(\d+):(\d+):)? (.*)`),
  },
] as const;

function register(...files: readonly MatcherFile[]): MatcherJob {
  const job = new MatcherJob();
  for (const file of files) job.add(file);
  return job;
}

/** What a later step's line becomes. */
function read(line: string, ...files: readonly MatcherFile[]): Issue | undefined {
  return register(...files)
    .stream()
    .read(line);
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

  test.each(SETUP_GOS)(
    "makes no warning of other programs, with setup-go's matcher ($name) or without it",
    ({ file }) => {
      const ours = register(OURS).stream();
      expect(readNegatives().filter((line) => ours.read(line) !== undefined)).toEqual([]);
      const both = register(file, OURS).stream();
      const alone = register(file).stream();
      for (const line of readNegatives()) expect(both.read(line)).toEqual(alone.read(line));
    },
  );

  test("shows go's own line, once and without a file, for most of the corpus, and nothing without a failure", () => {
    const ours = register(OURS).stream();
    const shown = readLabelledMessages().map(({ lines, expected }) => ({
      isFailure: expected.ids.length > 0,
      issues: lines.flatMap(splitLines).flatMap((line) => ours.read(line) ?? []),
    }));
    const failures = shown.filter(({ isFailure }) => isFailure);
    expect(failures.filter(({ issues }) => issues.length > 0).length / failures.length).toBeGreaterThan(0.9);
    expect(shown.filter(({ isFailure, issues }) => !isFailure && issues.length > 0)).toEqual([]);
    for (const issue of shown.flatMap(({ issues }) => issues)) {
      expect(issue).toEqual({ owner: expect.any(String), type: 'warning', message: expect.any(String) });
    }
  });
});

const ON_SOURCE_LINE =
  '/home/runner/go/pkg/mod/example.com/a@v1.0.0/a.go:5:8: example.com/m@v1.2.3: read "https://proxy.golang.org/example.com/m/@v/v1.2.3.zip": stream error: stream ID 1; INTERNAL_ERROR; received from peer';

describe.each(SETUP_GOS)("beside setup-go's matcher ($name)", ({ file }) => {
  test('registered after it, ours is first and consumes the line', () => {
    expect(read(ON_SOURCE_LINE, file, OURS)).toEqual({
      owner: 'setup-goproxy-request',
      type: 'warning',
      message: ON_SOURCE_LINE,
    });
  });

  test("registered before it, setup-go's false error on a source line is what a user sees", () => {
    expect(read(ON_SOURCE_LINE, OURS, file)).toMatchObject({ owner: 'go', type: 'error', line: 5 });
  });

  test('registered before it and once more after it, ours is first again', () => {
    expect(read(ON_SOURCE_LINE, OURS, file, OURS)?.owner).toBe('setup-goproxy-request');
  });

  test('registered before it, ours still shows what does not look like a source line', () => {
    const line = 'go: example.com/m@v1.0.0: unknown revision v1.0.0';
    expect(read(line, OURS, file)?.owner).toBe('setup-goproxy-module');
  });

  test('no message of the corpus that ours shows is left to it', () => {
    const both = register(file, OURS).stream();
    const ours = register(OURS).stream();
    for (const line of readLabelledMessages()
      .flatMap(({ lines }) => lines)
      .flatMap(splitLines)) {
      const issue = ours.read(line);
      if (issue !== undefined) expect(both.read(line)).toEqual(issue);
    }
  });

  test.each([
    './main.go:5:2: undefined: Get',
    './internal/proxy.go:12:9: cannot use x (variable of type int) as string value in return statement',
    '../vendor/example.com/m@v1.0.0/read.go:1:1: expected declaration, found reading',
  ])('the compile error %j stays its own', (line) => {
    expect(read(line, file, OURS)).toEqual(read(line, file));
    expect(read(line, file, OURS)).toMatchObject({ owner: 'go', type: 'error' });
  });

  test('removed, ours leaves the line to it', () => {
    const job = register(file, OURS);
    for (const { owner } of OURS.problemMatcher) job.read(`::remove-matcher owner=${owner}::`);
    expect(job.owners).toEqual(['go']);
    expect(job.read(ON_SOURCE_LINE)).toMatchObject([{ owner: 'go' }]);
  });
});

describe('lines', () => {
  test.each([
    ['module', '\u001b[31mgo: \u001b[1mexample.com/m@v1.0.0: unknown revision v1.0.0\u001b[0m'],
    ['module', '\u001b[31mexample.com/m@v1.0.0: unknown revision v1.0.0\u001b[0m'],
    ['message', '\u001b[31mgo: zip: not a valid zip file\u001b[0m'],
  ])('colours, which the runner does not take away, hide nothing from %s', (name, line) => {
    expect(read(line, OURS)?.owner).toBe(`setup-goproxy-${name}`);
    const plain = line.replaceAll(/\u001b\[[0-9;]*m/g, '');
    expect(read(plain, OURS)?.owner).toBe(`setup-goproxy-${name}`);
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
    expect(read(line, OURS)).toBeUndefined();
  });
});

/** What the parts of our patterns begin with, and what makes each of them start anew. */
const HOSTILE = [
  'Get "https://',
  'Get \\"https://h/',
  'Get "https://h/@v/',
  'Get "https://h/a@v/v1"',
  'read file:/',
  `reading https://h/${'a'.repeat(1400)} `,
  `reading https://${'a'.repeat(300)}/`,
  ' a.b@v1.0.0: ',
  ' a.',
  'a.b@v1',
  'verifying a.b@v1',
  'go: ',
  'go: a requires ',
  'go: module a: ',
  'go: unzip ',
  'go: unzip \\cache\\download',
  'go: unzip /cache/downloads',
  'go: download go1 for',
  'x.go:1:1: ',
  '_test.go:1',
  'a.',
  'a',
  ': ',
  '\u001b[31m',
  ' ',
] as const;

test.each(HOSTILE)('64 KiB of %j take no matcher away: the runner gives each a second', (unit) => {
  const line = unit.repeat(Math.ceil((64 << 10) / unit.length));
  const job = register(OURS);
  expect(job.read(line)).toEqual([]);
  expect(job.timedOut).toEqual([]);
});
