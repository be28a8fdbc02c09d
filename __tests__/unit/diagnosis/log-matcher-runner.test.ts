import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  checkMatchers,
  type Matcher,
  type MatcherPattern,
  toJavaScript,
} from '../../support/issue-matchers.ts';
import { MatcherJob } from '../../support/matcher-job.ts';
import { makeTempDir } from '../../support/temp.ts';

/** The emulation of the runner's matchers, on which the tests of ours stand. */
const matcher = (owner: string, pattern: readonly MatcherPattern[], severity?: string): Matcher => ({
  owner,
  pattern,
  ...(severity === undefined ? {} : { severity }),
});
const simple = (owner: string, regexp: string) => matcher(owner, [{ regexp, message: 1 }]);

function jobWith(...matchers: readonly Matcher[]): MatcherJob {
  const job = new MatcherJob();
  for (const one of matchers) job.add({ problemMatcher: [one] });
  return job;
}

describe('the order of matchers', () => {
  test('the newest comes first, and the first that makes an issue consumes the line', () => {
    const job = jobWith(simple('old', '(a.*)'), simple('new', '(ab.*)'));
    expect(job.read('abc\nac').map(({ owner }) => owner)).toEqual(['new', 'old']);
  });

  test('an owner that comes again loses its old matcher, whatever the case of its name', () => {
    const job = jobWith(simple('Go', '(a)'), simple('other', '(b)'), simple('go', '(c)'));
    expect(job.owners).toEqual(['go', 'other']);
    expect(job.read('a\nb\nc').map(({ message }) => message)).toEqual(['b', 'c']);
  });

  test('of one file the first comes first in later steps, the last in the step itself', () => {
    const job = new MatcherJob();
    const same = job.stream();
    job.add({ problemMatcher: [simple('one', '(a)'), simple('two', '(a)')] });
    expect(same.read('a')?.owner).toBe('two');
    expect(job.stream().read('a')?.owner).toBe('one');
  });

  test('a match without an issue leaves the line to the next matcher', () => {
    const empty = matcher('empty', [{ regexp: 'a(b?)', message: 1 }]);
    const strange = matcher('strange', [{ regexp: '(\\w+) (.*)', severity: 1, message: 2 }]);
    const job = jobWith(simple('plain', '(.*)'), strange, empty);
    expect(job.read('ac\nfatal x\nNotice x').map(({ owner, type }) => `${owner} ${type}`)).toEqual([
      'plain error',
      'plain error',
      'strange notice',
    ]);
  });

  test('removed, it fires no more, in the running step neither', () => {
    const job = jobWith(simple('a', '(a)'), simple('b', '(b)'));
    expect(job.read('a\n::remove-matcher owner=A::\na\nb').map(({ owner }) => owner)).toEqual(['a', 'b']);
    expect(job.owners).toEqual(['b']);
  });
});

describe('several patterns', () => {
  const FILE = { regexp: '^(\\S+):$', file: 1 };
  const LINE = { regexp: '^ (\\d+) (.*)$', line: 1, message: 2 };

  test('make one issue of consecutive lines', () => {
    const job = jobWith(matcher('m', [FILE, LINE], 'warning'));
    expect(job.read('a.go:\n 1 x\n 2 y\nb.go:\n\n 3 z')).toEqual([
      { owner: 'm', type: 'warning', message: 'x', line: 1 },
    ]);
  });

  test('with loop make one of each line that follows', () => {
    const job = jobWith(matcher('m', [FILE, { ...LINE, loop: true }]));
    const found = job.read('a.go:\n 1 x\n 2 y\n\n 3 z').map(({ message }) => message);
    expect(found).toEqual(['x', 'y']);
  });

  test('are remembered for each stream alone', () => {
    const job = jobWith(matcher('m', [FILE, LINE]));
    const [out, err] = [job.stream(), job.stream()];
    expect(out.read('a.go:')).toBeUndefined();
    expect(err.read(' 1 x')).toBeUndefined();
    expect(out.read(' 1 x')?.message).toBe('x');
  });

  test("are forgotten when another matcher's line comes between", () => {
    const job = jobWith(matcher('m', [FILE, { regexp: '^.*$' }, LINE]), simple('other', '^(other)$'));
    expect(job.read('a.go:\n-\n 1 x\na.go:\nother\n 1 x').map(({ owner }) => owner)).toEqual(['m', 'other']);
  });
});

test('a regex that takes a second three times takes its matcher away', () => {
  let ms = 0;
  const job = new MatcherJob({ now: () => (ms += 600) });
  job.add({ problemMatcher: [simple('fast', '(a)')] });
  expect(job.read('a')).toHaveLength(1);
  const slow = new MatcherJob({ now: () => (ms += 1001) });
  slow.add({ problemMatcher: [simple('slow', '(a)')] });
  expect(slow.read('a\na')).toEqual([]);
  expect(slow.timedOut).toEqual(['slow']);
});

test('colours stay: what the runner looks for is a NUL and 33[', () => {
  const job = jobWith(simple('m', '^(a)'));
  expect(job.read('\u001b[31ma')).toEqual([]);
  expect(job.read('\u000033[31ma')).toHaveLength(1);
});

test('a file stays only where it exists in the repository of the workflow', async () => {
  await using temp = await makeTempDir();
  for (const [name, url] of [
    ['ours', 'https://github.com/Acme/demo'],
    ['other', 'https://github.com/acme/other'],
  ] as const) {
    await mkdir(temp.join(name, '.git'), { recursive: true });
    await writeFile(temp.join(name, '.git', 'config'), `[remote "origin"]\n\turl = ${url}\n`);
    await writeFile(temp.join(name, 'a.go'), '');
  }
  const job = new MatcherJob({ workspace: temp.join('ours'), repository: 'acme/demo' });
  job.add({
    problemMatcher: [matcher('m', [{ regexp: '^(.+):(\\d+): (.*)', file: 1, line: 2, message: 3 }])],
  });
  const files = ['a.go', temp.join('ours', 'a.go'), 'b.go', temp.join('other', 'a.go'), '../other/a.go'];
  const found = files.map((file) => job.read(`${file}:7: x`)[0]);
  expect(found.map((issue) => issue?.file)).toEqual(['a.go', 'a.go', undefined, undefined, undefined]);
  expect(found.map((issue) => issue?.line)).toEqual([7, 7, 7, 7, 7]);
});

describe('add-matcher', () => {
  test('of a file that is missing or wrong fails the step', async () => {
    await using temp = await makeTempDir();
    await writeFile(temp.join('no.json'), '{');
    await writeFile(temp.join('owner.json'), JSON.stringify({ problemMatcher: [simple('', '(a)')] }));
    const job = new MatcherJob({ workspace: temp.path });
    for (const name of ['missing.json', 'no.json', 'owner.json']) job.read(`::add-matcher::${name}`);
    expect(job.failedCommands).toHaveLength(3);
    expect(job.owners).toEqual([]);
  });

  test('of a path in a container is looked for on the host', async () => {
    await using temp = await makeTempDir();
    await mkdir(temp.join('_actions'));
    await writeFile(
      temp.join('_actions', 'm.json'),
      JSON.stringify({ problemMatcher: [simple('m', '(a)')] }),
    );
    const job = new MatcherJob({ mounts: [{ host: temp.path, container: '/__w' }] });
    job.read(`::add-matcher::${path.posix.join('/__w', '_actions', 'm.json')}`);
    expect([job.owners, job.failedCommands]).toEqual([['m'], []]);
  });
});

test.each<[string, readonly Matcher[], RegExp]>([
  ['no owner', [simple('', '(a)')], /Owner must not be empty/],
  ['an owner twice', [simple('a', '(a)'), simple('A', '(a)')], /Duplicate owner/],
  ['an unknown severity', [matcher('a', [{ regexp: '(a)', message: 1 }], 'fatal')], /severity/],
  ['no pattern', [matcher('a', [])], /any patterns/],
  ['no message', [matcher('a', [{ regexp: '(a)', file: 1 }])], /must set 'message'/],
  ['a group that is not there', [matcher('a', [{ regexp: '(a)', message: 2 }])], /out of range/],
  [
    'a property twice',
    [
      matcher('a', [
        { regexp: '(a)', message: 1 },
        { regexp: '(a)', message: 1 },
      ]),
    ],
    /twice/,
  ],
  ['loop in a single pattern', [matcher('a', [{ regexp: '(a)', message: 1, loop: true }])], /loop/],
  [
    'loop without a message',
    [
      matcher('a', [
        { regexp: '(a)', message: 1 },
        { regexp: 'b', loop: true },
      ]),
    ],
    /must set 'message'/,
  ],
])('a file with %s is refused', (_name, problemMatcher, why) => {
  expect(() => checkMatchers({ problemMatcher })).toThrow(why);
});

describe('regexes of .NET', () => {
  test.each([
    ['a line separator is a character like others', '^(.*)$', 'a\u2028b', true],
    ['a no-break space is no space', '^\\S+$', 'a\u00a0b', true],
    ['nor is it one in a class', '^[^\\s"]+$', 'a\u00a0b', true],
    ['a point in a class is a point', '^[.]$', 'a', false],
    ['letters are those of ASCII', '^\\w$', 'é', false],
  ])('%s', (_name, regexp, text, isMatch) => {
    expect(new RegExp(toJavaScript(regexp)).test(text)).toBe(isMatch);
  });

  test.each(['(?<n>a)', '(?i)a', '(?>a)', '\\p{L}', '\\Aa', '(a)\\1', '[a-z-[m]]', '[]a]', '[\\S]'])(
    '%s is refused',
    (regexp) => {
      expect(() => toJavaScript(regexp)).toThrow(/emulation/);
    },
  );
});
