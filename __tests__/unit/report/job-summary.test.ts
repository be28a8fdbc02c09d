import { describe, expect, test } from '@jest/globals';
import { Marked, type Token } from 'marked';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { renderJobSummary, type SummaryMode, wantsSummary } from '../../../src/report/job-summary.ts';
import type { Report } from '../../../src/report/report.ts';
import { BROKEN, FAST, HEALTHY, makeReport, probed, unhealthy } from '../../support/sample-report.ts';

const SAME = { ...makeReport().chain, after: makeReport().chain.before, decision: 'kept' } as const;
const [LOST, COVERED] = findingsOfProbe([
  probed('https://a.example', unhealthy('tls-expired')),
  probed('https://b.example', unhealthy('http-status', { status: 502, body: 'bad | upstream' })),
]) as [Finding, Finding, Finding];

describe('wantsSummary', () => {
  const quiet = makeReport({ chain: SAME });
  test.each<[string, SummaryMode, Report, boolean, boolean]>([
    ['always', 'always', quiet, false, true],
    ['never, though it failed', 'never', makeReport({ findings: [LOST] }), true, false],
    ['on-failure without one', 'on-failure', makeReport(), false, false],
    ['on-failure with a finding', 'on-failure', makeReport({ findings: [LOST] }), false, true],
    ['on-failure of the step', 'on-failure', quiet, true, true],
    ['auto, nothing special', 'auto', quiet, false, false],
    ['auto, chosen otherwise', 'auto', makeReport(), false, true],
    [
      'auto, a warning',
      'auto',
      makeReport({ chain: SAME, findings: [{ ...LOST, severity: 'warning' }] }),
      false,
      true,
    ],
    [
      'auto, a notice only',
      'auto',
      makeReport({ chain: SAME, findings: [{ ...LOST, severity: 'notice' }] }),
      false,
      false,
    ],
    ['auto, reused', 'auto', makeReport({ plan: { ...quiet.plan, kind: 'reused' } }), false, false],
    ['auto, failed', 'auto', quiet, true, true],
  ])('%s', (...[, mode, report, failed, expected]) => {
    expect(wantsSummary(mode, report, { failed })).toBe(expected);
  });
});

describe('renderJobSummary', () => {
  test('a healthy run is three lines, the rest is folded', () => {
    const text = renderJobSummary(makeReport());
    const open = text
      .replace(/<details>[\s\S]*?<\/details>/g, '')
      .split('\n')
      .filter((line) => line !== '');
    expect(open).toEqual([
      '### Go module proxy',
      '- **`https://fast.example`** is first of 2 candidates: first byte 12\u00a0ms, 21.3\u00a0MB/s',
      '- `GOPROXY` is now `https://fast.example`',
      '- 120 modules wanted, 300 files, 4 missing; took 313\u00a0ms',
    ]);
  });

  test('the candidates stand in the order of their rank, with phases; a number and its unit are not parted', () => {
    const [table] = tables(renderJobSummary(makeReport()));
    expect(table).toEqual([
      [
        '1',
        '`fast.example`',
        'healthy',
        '3.2 ms',
        '8 ms',
        '12 ms',
        '12 ms',
        '21.3 MB/s',
        'none',
        '800 ms',
      ].map((cell) => cell.replace(' ', '\u00a0')),
      ['\u2014', '`broken.example`', 'unhealthy\u00a0(http)', '1\u00a0ms', ...Array(6).fill('\u2014')],
    ]);
  });

  test('a column that is empty in every row is left out', () => {
    const phases = { tcpMs: 1 };
    const quick = {
      kind: 'healthy',
      figures: { phases, firstByteMs: 2, sumdb: 'not-asked', requests: 2 },
    } as const;
    const { estimateMs: _none, ...fast } = FAST;
    const candidates = [{ ...fast, verdict: quick }];
    const text = renderJobSummary(makeReport({ plan: { ...makeReport().plan, candidates } }));
    expect(text).toContain('| # | proxy | verdict | TCP | first\u00a0byte |\n');
    expect(text).not.toContain('Estimate:');
    expect(renderJobSummary(makeReport())).toContain('Estimate: the time to fetch what is missing');
  });

  test('below the table: where each comes from and why it has its place', () => {
    const text = renderJobSummary(makeReport());
    expect(text).toContain('1. `https://fast.example` (input): the lowest estimate');
    expect(text).toContain('- `https://broken.example` (input) left out, `http-status`: our words (ECODE)');
    const candidates = [{ ...BROKEN, inChain: true }, FAST];
    expect(renderJobSummary(makeReport({ plan: { ...makeReport().plan, candidates } }))).toContain(
      '- `https://broken.example` (input) stays in the chain, `http-status`: our words',
    );
  });

  test.each<[string, Verdict, string, string]>([
    [
      'unknown',
      { kind: 'unknown', reason: 'forbidden', status: 403, phases: {} },
      'unknown\u00a0(403)',
      'x (forbidden, HTTP status 403)',
    ],
    ['unmeasured', { kind: 'unmeasured', why: 'a file' }, 'not\u00a0measured', 'x'],
  ])('a verdict that is %s', (...[, verdict, cell, why]) => {
    const candidates = [{ ...FAST, verdict, reason: 'x' }];
    const text = renderJobSummary(makeReport({ plan: { ...makeReport().plan, candidates } }));
    expect(text).toContain(`| \`fast.example\` | ${cell} |`);
    expect(text).toContain(`1. \`https://fast.example\` (input): ${why}\n`);
  });

  test('only what changed is in the table of the chain, the rest in one sentence with the reason of GOSUMDB', () => {
    const table = tables(renderJobSummary(makeReport()))[1];
    expect(table).toEqual([['`GOPROXY`', '`https://proxy.golang.org,direct`', '`https://fast.example`']]);
    expect(renderJobSummary(makeReport())).toContain(
      'Unchanged: `GOSUMDB` (`sum.golang.org`), `GOPRIVATE` (empty), `GONOPROXY` (empty), `GONOSUMDB` (empty). the default stays\n',
    );
    const checksumDatabase = { before: 'a', after: 'b', reason: 'because' };
    const changed = renderJobSummary(makeReport({ checksumDatabase }));
    expect(changed).toContain('| `GOSUMDB` | `a` | `b` |');
    expect(changed).toContain('- `GOSUMDB`: because');
    expect(tables(renderJobSummary(makeReport({ chain: SAME })))).toHaveLength(1);
  });

  test('chain, reasons, skipped entries, standby, hosts and notes are told', () => {
    const text = renderJobSummary(makeReport());
    for (const part of [
      '- `https://broken.example` left the chain: unhealthy',
      '- skipped `https://:@host`: user name and password are blank',
      'Standby mirrors not asked: a candidate is healthy',
      '- Hosts contacted: `fast.example`, `broken.example`',
      '- prefetch comes later',
      'Go: `go1.26.1`',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('a failed run says what failed, whose fault, whether a re-run helps, what to change; once for all', () => {
    const text = renderJobSummary(makeReport({ findings: [LOST, COVERED], failureClass: 'configuration' }));
    const lines = text.slice(0, text.indexOf('is first of')).split('\n');
    expect(lines.slice(2, 6)).toEqual([
      '- \u274c **What failed:** no module proxy is healthy: GOPROXY stays as it was',
      '- **Whose fault:** the module proxy',
      '- **Will a re-run help:** perhaps',
      expect.stringMatching(
        /^- \*\*What to change:\*\* Renew the certificate of `a\.example`; .* \(`date -u`\)\. Run the job again later; .* `b\.example`, or remove it from `proxies`\.$/,
      ),
    ]);
    expect(lines.slice(7, 13)).toEqual([
      '<details><summary>Evidence</summary>',
      '',
      '- `a.example: the certificate has expired`',
      expect.stringMatching(/^- `b\.example: the proxy .*HTTP status 502\)?`$/),
      '',
      '</details>',
    ]);
    expect(text).not.toContain('```');
    expect(text.match(/What failed/g)).toHaveLength(1);
  });

  test('only what is to be copied is a code block', () => {
    const findings = findingsOfSetting({ wrongFiles: ['a.zip'], sumdbWarnings: [] });
    expect(renderJobSummary(makeReport({ findings }))).toContain(
      '```text\n- run: go clean -modcache -cache\n```\n',
    );
  });

  const slow = findingsOfProbe([
    probed(BROKEN.label, unhealthy('headers-timeout')),
    probed(FAST.label, HEALTHY),
  ]);

  test('a candidate left out is one line after the three', () => {
    const candidates = [{ ...BROKEN, verdict: unhealthy('headers-timeout') }, FAST];
    const text = renderJobSummary(makeReport({ findings: slow, plan: { ...makeReport().plan, candidates } }));
    const open = text.slice(0, text.indexOf('<details>')).trimEnd().split('\n');
    expect(open).toHaveLength(6);
    expect(open.at(-1)).toBe(
      '- \u26a0\ufe0f `https://broken.example` left out: accepts connections but does not answer (http: `headers-timeout`). Run the job again later; if it stays so, ask the operator of `broken.example`, or remove it from `proxies`.',
    );
    expect(text).not.toContain('What failed');
  });

  test('an unhealthy one that stays in the chain is not told as left out; a remedy is one sentence', () => {
    const plan = { ...makeReport().plan, candidates: [{ ...BROKEN, inChain: true }, FAST] };
    const findings = slow.map((finding) => ({ ...finding, remedy: 'Do `a`. Then b.' }));
    expect(renderJobSummary(makeReport({ findings, plan }))).toContain(
      '- \u26a0\ufe0f `https://broken.example`: accepts connections but does not answer (http: `headers-timeout`). Do `a`.\n',
    );
  });

  test('where nothing is in the chain, nobody is left out of it', () => {
    const plan = { ...makeReport().plan, candidates: [BROKEN] };
    const text = renderJobSummary(makeReport({ findings: slow, plan }));
    expect(text).toContain('- `https://broken.example` (input) unhealthy, `http-status`: our words');
    expect(text).not.toContain('left out');
  });

  test('more than five warnings are counted', () => {
    const findings = Array.from({ length: 8 }, (_, id) => ({
      ...slow[0]!,
      subject: `https://${id}.example`,
    }));
    const text = renderJobSummary(makeReport({ findings }));
    expect(text).toContain('https://4.example');
    expect(text).not.toContain('https://5.example');
    expect(text).toContain('- and 3 more\n');
  });

  test('a standby mirror that is used is called so; a single candidate too', () => {
    const standby = [{ ...FAST, origin: 'standby' } as const, BROKEN];
    const text = (candidates: Report['plan']['candidates']) =>
      renderJobSummary(makeReport({ plan: { ...makeReport().plan, candidates } }));
    expect(text(standby)).toContain('** is used, a standby mirror, for no candidate is healthy: first byte');
    expect(text([FAST])).toContain('** is the only candidate: first byte');
  });

  test('policy and reuse have their own first line', () => {
    const plan = {
      ...makeReport().plan,
      kind: 'policy',
      reason: 'GOPROXY is off: nothing was asked',
    } as const;
    expect(renderJobSummary(makeReport({ plan }))).toContain('- GOPROXY is off: nothing was asked');
  });

  test('no selection is said', () => {
    const { selected: _selected, ...chain } = makeReport().chain;
    expect(renderJobSummary(makeReport({ chain }))).toContain('**No proxy selected** of 2 candidates');
  });

  test('hostile text in every place comes out as text and code of the same structure', () => {
    const evil =
      '</details>|`<img src=x>[a](http://evil.example) @octocat #1 ```\r\n::error::##[x]\x1b[31m\u202e www.evil.example';
    const finding: Finding = { ...LOST, title: evil, evidence: [evil], remedy: evil, subject: evil };
    const more = { ...finding, copy: [evil], consequence: evil };
    const warned = { ...more, id: 'dns-failed', severity: 'warning' } as const;
    const hostile = makeReport({
      go: { version: evil, source: 'go' },
      plan: {
        kind: 'candidates',
        candidates: [
          { ...FAST, label: evil, reason: evil },
          { ...BROKEN, verdict: { ...unhealthy('truncated'), detail: evil } as Verdict },
        ],
        skipped: [{ entry: evil, reason: evil }],
        standby: { asked: false, reason: evil },
      },
      chain: { ...makeReport().chain, before: evil, after: evil, reasons: [evil], selected: evil },
      exported: [{ name: evil, value: evil }],
      wanted: { ...makeReport().wanted!, notes: [evil] },
      hosts: [evil],
      notes: [evil],
      findings: [more, warned],
      checksumDatabase: { before: evil, after: `${evil}.`, reason: evil },
      privatePatterns: {
        ...makeReport().privatePatterns,
        goprivate: { before: evil, after: evil, reason: evil },
      },
      actionVersion: evil,
      durations: [{ phase: evil, ms: 1 }],
    });
    const text = renderJobSummary(hostile);
    expect(text).not.toMatch(/::|##\[|[\r\x1b\u202e]/);
    const found = kinds(new Marked({ gfm: true }).lexer(text));
    expect(found.filter((kind) => ['link', 'image', 'del', 'em', 'blockquote'].includes(kind))).toEqual([]);
    expect(found.filter((kind) => kind === 'html')).toEqual(Array(8).fill('html'));
    expect(text.match(/<\/details>$/gm)).toHaveLength(4);
    const html = new Marked({ gfm: true }).parse(text, { async: false });
    expect(html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '')).not.toMatch(/evil|octocat|<img|<a /);
  });

  test('a great many rows are counted, not shown', () => {
    const candidates = Array.from({ length: 50 }, (_, id) => ({ ...BROKEN, label: `https://${id}.example` }));
    const text = renderJobSummary(makeReport({ plan: { ...makeReport().plan, candidates } }));
    expect(text).toContain('and 20 more');
    expect(text).not.toContain('https://31.example');
  });
});

function tables(markdown: string): readonly (readonly (readonly string[])[])[] {
  return new Marked({ gfm: true })
    .lexer(markdown)
    .flatMap((token) =>
      token.type === 'table'
        ? [token['rows'].map((row: readonly { text: string }[]) => row.map(({ text }) => text))]
        : [],
    )
    .slice(-2);
}

function kinds(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) => [
    token.type,
    ...('tokens' in token && token.tokens !== undefined ? kinds(token.tokens) : []),
    ...(token.type === 'list' ? kinds(token['items']) : []),
    ...(token.type === 'table'
      ? token['rows'].flat().flatMap((cell: { tokens: readonly Token[] }) => kinds(cell.tokens))
      : []),
  ]);
}
