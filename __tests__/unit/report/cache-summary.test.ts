import { describe, expect, test } from '@jest/globals';
import { Marked } from 'marked';
import { findingsOfCache } from '../../../src/diagnosis/cache-findings.ts';
import type { RestoreOutcome } from '../../../src/modcache/restore-outcome.ts';
import type { PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import { annotate } from '../../../src/report/annotations.ts';
import { cacheFacts } from '../../../src/report/cache-facts.ts';
import { renderJobSummary, wantsSummary } from '../../../src/report/job-summary.ts';
import { prefetchFacts } from '../../../src/report/prefetch-facts.ts';
import type { Report } from '../../../src/report/report.ts';
import { expectOwnMarkdown } from '../../support/inert.ts';
import { KEY, restored, wrongEntry } from '../../support/sample-cache.ts';
import { failed, placed, ran, wantedFile } from '../../support/sample-prefetch.ts';
import { makeReport } from '../../support/sample-report.ts';

const NOTHING_MISSING: PrefetchOutcome = { kind: 'skipped', reason: 'nothing is missing' };
const TWO = [wantedFile('m.example/x'), wantedFile('m.example/x', 'mod')];

function reportOf(
  restore: RestoreOutcome,
  prefetch: PrefetchOutcome = NOTHING_MISSING,
  changes: Partial<Report> = {},
): Report {
  return makeReport({
    cache: cacheFacts(restore),
    prefetch: prefetchFacts(prefetch),
    findings: findingsOfCache({ restore, prefetch }),
    ...changes,
  });
}

function summary(...args: Parameters<typeof reportOf>): string {
  return renderJobSummary(reportOf(...args)).replaceAll('\u00a0', ' ');
}

describe('the third line', () => {
  const wanted = { ...makeReport().wanted!, modules: 9, files: 20, missing: 2, wrong: 0 };
  const wrong = { wrong: [wrongEntry('m.example/y')] };
  const trouble = { kind: 'trouble', hosts: [], key: KEY, reason: 'x' } as const;
  test.each<[string, RestoreOutcome, PrefetchOutcome, Partial<Report>, string]>([
    [
      'all came from the cache',
      restored(TWO),
      NOTHING_MISSING,
      {},
      '**1 module** restored from the cache (exact match), 2 kB in 1.4 s; nothing was left to fetch; 9 modules wanted',
    ],
    [
      'the rest was fetched',
      restored(TWO, { isExact: false }),
      ran([placed('m.example/y')]),
      {},
      '**1 module** restored from the cache (prefix match), 2 kB in 1.4 s; **1 module** fetched and verified, 1 kB in 1.2 s; 9 modules wanted',
    ],
    [
      'the rest was not fetched',
      restored(TWO),
      { kind: 'impossible', reason: 'no proxy is healthy' },
      { wanted: { ...wanted, missing: 4, wrong: 1 } },
      '**1 module** restored from the cache (exact match), 2 kB in 1.4 s; **3 files** not fetched: no proxy is healthy; 9 modules wanted; on disk **1 with a wrong hash**',
    ],
    [
      'a part was wrong',
      restored(TWO, { archive: wrong }),
      ran([placed('m.example/y')]),
      {},
      '**1 module** restored from the cache (exact match), 2 kB in 1.4 s; **1 file in it wrong**; **1 module** fetched and verified, 1 kB in 1.2 s; 9 modules wanted',
    ],
    [
      'nothing of it was right',
      restored([], { archive: wrong }),
      ran([placed('m.example/y')]),
      {},
      '**1 module** fetched and verified, 1 kB in 1.2 s; nothing came from the cache; **1 file in it wrong**; 9 modules wanted',
    ],
    [
      'nothing matched',
      { kind: 'miss', key: KEY, hosts: [] },
      ran([placed('m.example/y')]),
      {},
      '**1 module** fetched and verified, 1 kB in 1.2 s; no cache matched; 9 modules wanted',
    ],
    [
      'trouble, and nothing was fetched',
      trouble,
      { kind: 'skipped', reason: 'the input prefetch is false' },
      {},
      '9 modules wanted, 20 files, 2 missing; not fetched: the input prefetch is false; the cache could not be restored',
    ],
    [
      'not asked',
      { kind: 'skipped', reason: 'nothing is missing' },
      NOTHING_MISSING,
      { wanted: { ...wanted, missing: 0 } },
      '9 modules wanted, 20 files, all present',
    ],
  ])('%s', (...[, restore, prefetch, changes, line]) => {
    const lines = summary(restore, prefetch, { wanted, ...changes }).split('\n');
    expect(lines).toContain(`- ${line}; took 313 ms`);
  });
});

describe('the folded account', () => {
  const foldOf = (text: string) =>
    /<summary>Module cache<\/summary>\n\n([\s\S]*?)\n<\/details>/.exec(text)?.[1] ?? '';
  const MADE =
    '- Made of: layout `setup-goproxy-v1`; `cache-suffix` `api`; 2 hash lines of 1 module; 1 private module left out; no OS, architecture or Go version';

  test('has key, ingredients, match, sizes, time, and what was not taken', () => {
    const archive = {
      refused: new Map([['foreign-name', 12]] as const),
      entries: 20,
      wrong: [wrongEntry('m.example/y')],
    };
    const outcome = restored(TWO, { archive, isExact: false, matchedKey: 'old', cutShort: 'it broke off' });
    expect(foldOf(summary(outcome)).trimEnd().split('\n')).toEqual([
      'Restored (prefix match): 2 files of 1 module, 2 kB, from an archive of 97.0 MB in 1.4 s.',
      '',
      `- Key: \`${KEY.primary}\``,
      MADE,
      '- Matched: `old`',
      '- Entries of the archive: 20; skipped: 12 not wanted here',
      '- The rest of the archive was not read: it broke off',
      '',
      'Not what go.sum says, and not placed:',
      '',
      '- `m.example/y@v1.0.0 .zip`',
    ]);
  });

  test('an archive read whole: nothing skipped, nothing cut', () => {
    const text = foldOf(summary(restored(TWO)));
    expect(text).toContain('- Entries of the archive: 2; skipped: none\n');
    expect(text).not.toMatch(/not read|not placed|Matched/);
  });

  test.each<[string, RestoreOutcome, readonly string[]]>([
    [
      'skipped',
      { kind: 'skipped', reason: 'the input cache is false' },
      ['Not restored: the input cache is false.'],
    ],
    [
      'a miss',
      { kind: 'miss', key: KEY, hosts: [] },
      ['Not restored: no archive has this key, or begins like it.', '', `- Key: \`${KEY.primary}\``, MADE],
    ],
    [
      'trouble',
      { kind: 'trouble', hosts: [], key: KEY, reason: 'the service is gone', matchedKey: 'old' },
      ['Not restored: the service is gone.', '', `- Key: \`${KEY.primary}\``, MADE, '- Matched: `old`'],
    ],
  ])('%s has its reason', (_name, outcome, expected) => {
    expect(foldOf(summary(outcome)).trimEnd().split('\n')).toEqual(expected);
  });

  test('extracted trees are told with the lines to copy, also without a cache', () => {
    const text = renderJobSummary(makeReport({ extractedTrees: 128 }));
    expect(foldOf(text)).toContain(
      '128 modules were extracted before this action ran, and go uses their files unchecked. Let',
    );
    expect(foldOf(text)).toContain(
      '```text\n- { uses: actions/setup-go@v7, with: { go-version-file: go.mod, cache: false } }\n```',
    );
  });

  test('is left out where there is nothing to tell', () => {
    expect(renderJobSummary(makeReport({ extractedTrees: 0 }))).not.toContain('Module cache');
    expect(renderJobSummary(makeReport())).not.toContain('Module cache');
  });

  test('a great many wrong files are counted', () => {
    const wrong = Array.from({ length: 130 }, (_, id) => wrongEntry(`m.example/${id}`));
    const text = foldOf(summary(restored([], { archive: { wrong } })));
    expect(text).toContain('\n- and 100 more\n');
    expect(text).not.toContain('m.example/30@');
  });
});

test.each<[string, RestoreOutcome, PrefetchOutcome, boolean]>([
  ['all was restored', restored(TWO), NOTHING_MISSING, false],
  ['the service failed', { kind: 'trouble', hosts: [], key: KEY, reason: 'x' }, NOTHING_MISSING, false],
  ['a part was fetched', restored(TWO), ran([placed('m.example/y')]), true],
  [
    'a file was wrong',
    restored(TWO, { archive: { wrong: [wrongEntry('m.example/y')] } }),
    NOTHING_MISSING,
    true,
  ],
])('auto, nothing chosen otherwise, %s: %s', (...[, restore, prefetch, expected]) => {
  const { chain } = makeReport();
  const report = reportOf(restore, prefetch, { chain: { ...chain, after: chain.before } });
  expect(wantsSummary('auto', report, { failed: false })).toBe(expected);
});

describe('hostile keys, reasons and names', () => {
  const evil =
    '</details>|`<img src=x>[a](http://evil.example) @octocat #1 ```\r\n::error::##[x]\x1b[31m\u202e www.evil.example';
  const key = { primary: evil, prefix: evil, ingredients: { ...KEY.ingredients, suffix: evil } };
  const hostile = { key, matchedKey: evil };
  const archive = { wrong: [wrongEntry(evil)] };
  const outcomes: readonly [string, RestoreOutcome, PrefetchOutcome][] = [
    ['restored', restored(TWO, { ...hostile, isExact: false, cutShort: evil, archive }), NOTHING_MISSING],
    [
      'trouble',
      { kind: 'trouble', hosts: [], ...hostile, reason: evil },
      { kind: 'impossible', reason: evil },
    ],
    ['skipped', { kind: 'skipped', reason: evil }, ran([failed(evil, 'not-found')])],
  ];

  test.each(outcomes)(
    '%s: the summary is text and code of the same structure',
    (...[, restore, prefetch]) => {
      const text = renderJobSummary(reportOf(restore, prefetch));
      expect(text).not.toMatch(/::|##\[|[\r\x1b\u202e]/);
      const html = new Marked({ gfm: true }).parse(text, { async: false });
      expect(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '')).not.toMatch(/evil|octocat|<img|<a /);
      expectOwnMarkdown(text);
    },
  );

  test('the annotation is inert, and nobody is told to paste what a service made up', () => {
    const findings = outcomes.flatMap(([, restore, prefetch]) => findingsOfCache({ restore, prefetch }));
    expect(findings).toHaveLength(1);
    expect(findings[0]).not.toHaveProperty('copy');
    for (const { level, title, message } of annotate(findings)) {
      expect(level).toBe('error');
      expect(`${title}${message}`).not.toMatch(/::|##\[|[\r\x1b\u202e]/);
    }
  });
});
