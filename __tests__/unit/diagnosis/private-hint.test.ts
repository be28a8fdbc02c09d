import { expect, test } from '@jest/globals';
import { privateHint, privatePattern } from '../../../src/diagnosis/private-hint.ts';
import { checkPatterns, matchPrefixPatterns } from '../../../src/go/goprivate.ts';
import type { FileResult } from '../../../src/prefetch/prefetch-result.ts';
import { failed, leftToGo, placed } from '../../support/sample-prefetch.ts';

test.each([
  ['github.com/acme/tool', 'github.com/acme/*'],
  ['github.com/acme/tool/v2', 'github.com/acme/*'],
  ['gitlab.com/acme/group/tool', 'gitlab.com/acme/*'],
  ['github.com/acme', 'github.com/acme'],
  ['git.corp.example/team/tool', 'git.corp.example'],
  ['corp.example', 'corp.example'],
  ['gopkg.in/acme.v1', 'gopkg.in/acme.v1'],
  ['golang.org/x/nothing', 'golang.org/x/nothing'],
])('the pattern for %s is %s, and go accepts it', (path, pattern) => {
  expect(privatePattern(path)).toBe(pattern);
  expect(() => checkPatterns('goprivate', pattern)).not.toThrow();
  expect(matchPrefixPatterns(pattern, path)).toBe(true);
});

test('one module is the subject, with its pattern to copy', () => {
  const files = [leftToGo('github.com/acme/tool@v1.2.3'), placed('m.example/x')];
  expect(privateHint(files)).toEqual([
    expect.objectContaining({
      id: 'looks-private',
      severity: 'notice',
      subject: 'github.com/acme/tool@v1.2.3',
      evidence: ['github.com/acme/tool@v1.2.3: a.example: HTTP status 404'],
      copy: ['goprivate: github.com/acme/*'],
    }),
  ]);
});

test('several are one hint that names three and offers each pattern once', () => {
  const names = ['github.com/acme/a', 'github.com/acme/b', 'git.corp.example/c', 'git.corp.example/d'];
  const [hint, ...rest] = privateHint(names.map((name) => leftToGo(name)));
  expect(rest).toEqual([]);
  expect(hint).toMatchObject({
    subject: '',
    title: 'no public proxy has 4 modules, which are left to go: they look private',
    copy: ['goprivate: github.com/acme/*,git.corp.example'],
  });
  expect(hint?.evidence).toHaveLength(4);
  expect(hint?.evidence.at(-1)).toBe('and 1 more');
});

test.each([
  ['a file that came', placed('github.com/acme/a')],
  ['one that failed', failed('github.com/acme/a', 'not-found')],
  [
    'one behind a file:// entry, which go reads first',
    { ...leftToGo('github.com/acme/a'), why: 'out-of-reach' } as FileResult,
  ],
  ['one that nobody was asked for', leftToGo('github.com/acme/a', [])],
  ['a module that is public beyond doubt', leftToGo('golang.org/x/text@v0.99.0')],
])('%s is no hint', (_name, file) => {
  expect(privateHint([file])).toEqual([]);
});
