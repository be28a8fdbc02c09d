import { describe, expect, test } from '@jest/globals';
import { Marked } from 'marked';
import { findingsOfPrefetch } from '../../../src/diagnosis/prefetch-findings.ts';
import type { PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import { annotate } from '../../../src/report/annotations.ts';
import { renderJobSummary, wantsSummary } from '../../../src/report/job-summary.ts';
import { prefetchFacts } from '../../../src/report/prefetch-facts.ts';
import type { Report } from '../../../src/report/report.ts';
import {
  answered,
  attempt,
  failed,
  failure,
  leftToGo,
  PROXY_A,
  PROXY_B,
  placed,
  ran,
  tally,
  wrongHash,
} from '../../support/sample-prefetch.ts';
import { makeCandidate, makeReport } from '../../support/sample-report.ts';

const FACTS = { isPublicChain: true, hasDirect: true, prefetchInput: 'auto' } as const;
const SPACE = /\u00a0/g;

function reportOf(outcome: PrefetchOutcome, changes: Partial<Report> = {}): Report {
  return makeReport({
    prefetch: prefetchFacts(outcome),
    findings: findingsOfPrefetch(outcome, FACTS),
    ...changes,
  });
}

function summary(outcome: PrefetchOutcome, changes: Partial<Report> = {}): string {
  return renderJobSummary(reportOf(outcome, changes)).replace(SPACE, ' ');
}

describe('the third line', () => {
  const wanted = { ...makeReport().wanted!, modules: 150 };
  const many = Array.from({ length: 142 }, (_, id) => placed(`m.example/x${id}`, 268_310));
  test.each<[string, PrefetchOutcome, Partial<Report>, string]>([
    [
      'all came',
      ran(many),
      {},
      '- **142 modules** fetched and verified, 38.1 MB in 1.2 s, 31.8 MB/s; 150 modules wanted; took 313 ms',
    ],
    [
      'some failed, some are left to go',
      ran([placed('m.example/x'), failed('m.example/y', 'not-found'), leftToGo('m.example/z')]),
      {},
      '- **1 module** fetched and verified, 1 kB in 1.2 s; **1 failed**; 1 left to go; 150 modules wanted; took 313 ms',
    ],
    [
      'only parts of modules came',
      ran([placed('m.example/x'), failed('m.example/x', 'not-found')]),
      {},
      '- **1 file** fetched and verified, 1 kB in 1.2 s; **1 failed**; 150 modules wanted; took 313 ms',
    ],
    [
      'nothing came',
      ran([failed('m.example/x', 'not-found')]),
      {},
      '- **Nothing** was fetched; **1 failed**; 150 modules wanted; took 313 ms',
    ],
    [
      'wrong files were met',
      ran([placed('m.example/x')]),
      { wanted: { ...wanted, wrong: 2 } },
      '- **1 module** fetched and verified, 1 kB in 1.2 s; 150 modules wanted; on disk **2 with a wrong hash**; took 313 ms',
    ],
    [
      'not fetched',
      { kind: 'impossible', reason: 'no proxy is healthy' },
      {},
      '- 150 modules wanted, 300 files, 4 missing; not fetched: no proxy is healthy; took 313 ms',
    ],
    [
      'nothing to fetch',
      { kind: 'skipped', reason: 'nothing is missing' },
      { wanted: { ...wanted, missing: 0 } },
      '- 150 modules wanted, 300 files, all present; took 313 ms',
    ],
  ])('%s', (_name, outcome, changes, line) => {
    expect(summary(outcome, { wanted, ...changes }).split('\n')).toContain(line);
  });

  test('what was skipped has its reason in the account', () => {
    expect(summary({ kind: 'skipped', reason: 'nothing is missing' })).toContain(
      '- Nothing is fetched: nothing is missing\n',
    );
    expect(summary({ kind: 'skipped', reason: 'x' })).not.toContain('<summary>Prefetch</summary>');
    expect(summary({ kind: 'impossible', reason: 'x' })).toContain('- Nothing can be fetched: x\n');
  });
});

describe('the folded account', () => {
  const standby = makeCandidate('https://s.example', 7, 'standby');
  const outcome = ran(
    [
      placed('m.example/x', 10, true),
      failed('m.example/y@v1.2.0', 'integrity', {
        why: 'exhausted',
        attempts: [
          answered(PROXY_A, 503, 'infrastructure', 'come | later'),
          answered(PROXY_A, 503, 'infrastructure'),
          wrongHash(standby),
        ],
      }),
      failed('m.example/w', 'cancelled', { why: 'timeout' }),
      leftToGo('github.com/acme/tool'),
    ],
    {
      earlyEnd: 'timeout',
      requests: 9,
      tallies: [tally(PROXY_A, { fetched: 4, notFound: 1, failed: 2, bytes: 12_345 }), tally(standby)],
    },
  );
  const text = summary(outcome);
  const fold = /<summary>Prefetch<\/summary>\n\n([\s\S]*?)\n<\/details>/.exec(text)?.[1] ?? '';

  test('has counts, the reason of an early end, and the table of proxies', () => {
    expect(fold).toContain('1 file placed, 9 requests; 1 zip had come with the probe.\n');
    expect(fold).toContain('\nThe fetching ended early: prefetch-timeout was over.\n');
    expect(fold).toContain('| `https://a.example` | 4 | 1 | 2 | 12 kB |\n');
    expect(fold).toContain('| `https://s.example` (standby) | 1 | 0 | 0 | 1 kB |\n');
  });

  test('has each failed file with every proxy and its answer', () => {
    expect(fold).toContain(
      '| `m.example/y` | `v1.2.0` | `.zip` | `https://a.example`: HTTP status 503, twice, and said `come \u00a6 later`; `https://s.example` (standby): wrong hash |\n',
    );
    expect(fold).toContain(
      '| `m.example/w` | `v1.0.0` | `.zip` | not asked for: prefetch-timeout was over |\n',
    );
  });

  test('has what is left to go, and the hint with the line to copy', () => {
    expect(fold).toContain('\n- `github.com/acme/tool@v1.0.0`\n');
    expect(fold).toMatch(/\nNo public proxy has the module, .* looks private\. When it is private, add/);
    expect(fold).toContain('```text\ngoprivate: github.com/acme/*\n```');
  });

  test('a failure says what, whose fault, whether a re-run helps, what to change, and what becomes of it', () => {
    const lines = text.split('\n').slice(2, 7);
    expect(lines).toEqual([
      expect.stringMatching(
        /^- \u274c \*\*What failed:\*\* `m\.example\/y@v1\.2\.0`: `https:\/\/s\.example`: the content/,
      ),
      '- **Whose fault:** the module proxy',
      '- **Will a re-run help:** no, something must be changed first',
      expect.stringMatching(/^- \*\*What to change:\*\* Do not change `go\.sum` unseen\./),
      '- **In this job:** nothing unverified was placed, and go asks again when it needs it',
    ]);
  });

  test('a great many rows are counted', () => {
    const many = Array.from({ length: 150 }, (_, id) => id);
    const long = summary(
      ran([
        ...many.map((id) => failed(`m.example/f${id}`, 'not-found')),
        ...many.map((id) => leftToGo(`m.example/l${id}`)),
      ]),
    );
    expect(long).toContain('\n\nand 120 more\n');
    expect(long).toContain('\n- and 120 more\n');
    expect(long).not.toMatch(/^\| `m\.example\/f30`/m);
    expect(Buffer.byteLength(long)).toBeLessThan(64 << 10);
  });

  test('no proxy asked is said', () => {
    expect(summary(ran([failed('m.example/x', 'local')], { tallies: [] }))).toContain(
      '\nNo proxy was asked.\n',
    );
  });
});

test.each<[string, PrefetchOutcome, boolean]>([
  ['something came', ran([placed('m.example/x')]), true],
  ['something failed', ran([failed('m.example/x', 'cancelled')]), true],
  ['only left to go', ran([leftToGo('m.example/x')]), false],
  ['skipped', { kind: 'skipped', reason: '' }, false],
])('auto, nothing chosen otherwise, %s: %s', (...[, outcome, expected]) => {
  const { chain, plan } = makeReport();
  const same = { chain: { ...chain, after: chain.before }, plan: { ...plan, kind: 'reused' } } as const;
  expect(wantsSummary('auto', reportOf(outcome, { ...same, findings: [] }), { failed: false })).toBe(
    expected,
  );
});

describe('hostile module names, labels and bodies', () => {
  const evil =
    '</details>|`<img src=x>[a](http://evil.example) @octocat #1 ```\r\n::error::##[x]\x1b[31m\u202e www.evil.example';
  const proxy = { ...PROXY_A, label: evil };
  const outcome = ran(
    [
      failed(evil, 'integrity', { attempts: [wrongHash(proxy), wrongHash(PROXY_B)] }),
      failed(`a${evil}`, 'access', { attempts: [answered(proxy, 403, 'refused', evil)] }),
      failed(`b${evil}`, 'infrastructure', {
        attempts: [attempt(proxy, 'infrastructure', { failure: failure('truncated', evil), body: evil })],
      }),
      failed(`c${evil}`, 'local', { modcache: { code: 'modcache-failed', message: evil } }),
      failed(`d${evil}`, 'cancelled', { why: 'idle' }),
      leftToGo(`e${evil}`),
    ],
    {
      tallies: [tally(proxy)],
      earlyEnd: 'modcache',
      modcache: { code: 'modcache-failed', message: evil },
    },
  );

  test.each<[string, PrefetchOutcome]>([
    ['ran', outcome],
    ['impossible', { kind: 'impossible', reason: evil }],
  ])('%s: the summary is text and code of the same structure', (_name, one) => {
    const text = renderJobSummary(reportOf(one));
    expect(text).not.toMatch(/::|##\[|[\r\x1b\u202e]/);
    const html = new Marked({ gfm: true }).parse(text, { async: false });
    expect(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '')).not.toMatch(/evil|octocat|<img|<a /);
    expect(text.match(/<details>/g)?.length).toBe(text.match(/^<\/details>$/gm)?.length);
  });

  test('a cell is inert although no bar ends it', () => {
    const said = '<img src=x> [a](http://evil.example) @octocat';
    const modcache = { code: 'modcache-failed', message: said } as const;
    const text = renderJobSummary(reportOf(ran([failed('m.example/x', 'local', { modcache })])));
    const html = new Marked({ gfm: true }).parse(text, { async: false });
    expect(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '')).not.toMatch(/evil|octocat|<img|<a /);
    expect(text).toContain('`@octocat`');
  });

  test('the annotations are inert, and only broken integrity is an error', () => {
    const annotations = annotate(findingsOfPrefetch(outcome, FACTS));
    expect(annotations.map(({ level }) => level)).toEqual([
      'error',
      'warning',
      'warning',
      'warning',
      'warning',
      'notice',
    ]);
    for (const { title, message } of annotations) {
      expect(`${title}${message}`).not.toMatch(/::|##\[|[\r\x1b\u202e]/);
      expect([...(message.split('\n')[0] ?? '')].length).toBeLessThanOrEqual(300);
    }
  });
});
