import { describe, expect, test } from '@jest/globals';
import { diagnoseLog } from '../../../src/diagnosis/log-diagnosis.ts';
import type { FetchOutcome } from '../../../src/fetch/outcome.ts';
import type { GoAnswer } from '../../../src/later/ask-go.ts';
import { conclude, findingsOfLaterSteps, type SuspectAnswer } from '../../../src/later/later-findings.ts';
import type { StartFacts } from '../../../src/later/start-facts.ts';
import type { Evidence } from '../../../src/later/suspects.ts';
import {
  answered,
  attempt,
  PROXY_A,
  PROXY_B,
  tally,
  wantedFile,
  wrongHash,
} from '../../support/sample-prefetch.ts';

const M = 'github.com/acme/tool@v1.2.3';
const AT = Date.UTC(2026, 10, 21, 6, 18, 3);
const TRACE: Evidence = { kind: 'trace', atMs: AT };
const MISSING: Evidence = { kind: 'missing' };

const fetched: FetchOutcome = {
  kind: 'fetched',
  size: 3,
  hash: 'h1:x',
  proxy: PROXY_A.label,
  candidateId: PROXY_A.id,
  attempts: [attempt(PROXY_A, 'fetched')],
};
const failedWith = (
  failureClass: Extract<FetchOutcome, { kind: 'failed' }>['class'],
  ...attempts: FetchOutcome['attempts']
): FetchOutcome => ({ kind: 'failed', class: failureClass, attempts, why: 'exhausted' });
const down = failedWith('infrastructure', answered(PROXY_A, 503, 'infrastructure'));
const gone = failedWith('not-found', answered(PROXY_A, 404, 'not-found'));
const changed = failedWith('integrity', wrongHash(PROXY_A));
const left: FetchOutcome = { kind: 'left-to-go', why: 'not-found', attempts: [] };

const downloaded: GoAnswer = { kind: 'downloaded', elapsedMs: 5 };
const silent: GoAnswer = { kind: 'timeout', elapsedMs: 14_000 };
const noGo: GoAnswer = { kind: 'no-go', reason: 'there is no go command' };
function goSays(...lines: readonly string[]): GoAnswer {
  return { kind: 'failed', diagnosis: diagnoseLog(lines)[0], lines, elapsedMs: 5 };
}
const GIT = [
  `go: ${M}: reading github.com/acme/tool/go.mod at revision v1.2.3: git ls-remote -q origin in /h/go/pkg/mod/cache/vcs/afdbd2084ebceec923100b6b803a1cc26c0c92cb7682c28a7f4b311c37bcc901: exit status 128:`,
  "\tfatal: could not read Username for 'https://github.com': terminal prompts disabled",
];
const LOOP = `go: ${M}: Get "/github.com/acme/tool/@v/v1.2.3.zip": stopped after 10 redirects`;
const DISK = `go: ${M}: write /home/x/go/pkg/mod/cache/download/x.tmp: no space left on device`;

function answer(
  evidence: Evidence,
  outcome: FetchOutcome | undefined,
  go?: GoAnswer,
  name = M,
): SuspectAnswer {
  const file = wantedFile(name);
  return {
    suspect: { module: file.module, evidence, files: [file] },
    files: outcome === undefined ? [] : [{ file, outcome }],
    ...(go === undefined ? {} : { go }),
  };
}

describe('conclude', () => {
  const rows: readonly (readonly [string, SuspectAnswer, string])[] = [
    ['proxies and go have it', answer(TRACE, fetched, downloaded), 'there'],
    ['go has it, whatever a proxy said', answer(TRACE, down, downloaded), 'there'],
    ['proxies have it, and there is no go', answer(TRACE, fetched, noGo), 'there'],
    ['proxies have it, and go is slow', answer(TRACE, fetched, silent), 'there'],
    ['proxies fail', answer(TRACE, down, goSays('go: something else')), 'file'],
    ['proxies fail and go is silent', answer(TRACE, down, silent), 'file'],
    ['a proxy fails for go alone', answer(TRACE, fetched, goSays(...GIT)), 'log'],
    ['nobody may be asked, and git fails', answer(TRACE, undefined, goSays(...GIT)), 'log'],
    ['it is left to go, and git fails', answer(TRACE, left, goSays(...GIT)), 'log'],
    ['the machine is at fault, whatever a proxy says', answer(TRACE, down, goSays(DISK)), 'log'],
    ['go fails for an unknown reason', answer(TRACE, fetched, goSays('go: hm')), 'unexplained'],
    ['nobody could be asked', answer(TRACE, undefined, noGo), 'unexplained'],
    ['the end of the time', answer(TRACE, failedWith('cancelled'), silent), 'unexplained'],
    [
      'the end of the time, after an answer',
      answer(TRACE, failedWith('cancelled', answered(PROXY_A, 503, 'infrastructure')), silent),
      'file',
    ],
    ['missing, and proxies answer', answer(MISSING, fetched), 'nothing'],
    ['missing, and nobody has it', answer(MISSING, gone), 'nothing'],
    ['missing, and a proxy refuses it', answer(MISSING, failedWith('access')), 'nothing'],
    ['missing, and no proxy answers', answer(MISSING, down), 'file'],
    ['missing, and what a proxy has is not what go.sum pins', answer(MISSING, changed), 'file'],
    ['a proxy is set up wrongly, and go says so', answer(TRACE, down, goSays(LOOP)), 'file'],
    ['missing, and left to go', answer(MISSING, left), 'nothing'],
    ['failed at the start, and nobody has it', answer({ kind: 'failed-at-start' }, gone), 'file'],
  ];
  test.each(rows)('%s', (_name, given, kind) => {
    expect(conclude(given).kind).toBe(kind);
  });

  test('a mistake of the setting is told as go tells it', () => {
    const off = goSays(`go: ${M}: module lookup disabled by GOPROXY=off`);
    expect(conclude(answer(TRACE, down, off))).toMatchObject({
      kind: 'log',
      diagnosis: { id: 'goproxy-off' },
    });
  });
});

describe('findingsOfLaterSteps', () => {
  const start: StartFacts = {
    startedAtMs: AT - 60_000,
    healthy: new Map([[PROXY_A.label, 20.4]]),
    failed: new Set(),
    isSearched: false,
  };
  const tallies = [tally(PROXY_A), tally(PROXY_B)];

  test('has one finding for each cause, with start, evidence and the proxy that decided', () => {
    const answers = [answer(TRACE, down), answer(TRACE, down, undefined, 'github.com/acme/other@v1.0.0')];
    const [finding, ...others] = findingsOfLaterSteps({ answers, tallies, start });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: 'http-status', severity: 'failure', class: 'infrastructure' });
    expect(finding?.evidence).toContain('a.example was healthy at 06:17:03 UTC (first byte 20 ms)');
  });

  test('what is no answer of a proxy is a matter of the setting only where the proxy was never one', () => {
    const failure = { stage: 'content', cause: 'wrong-content', detail: 'text/html' } as const;
    const page = failedWith('infrastructure', {
      ...attempt(PROXY_A, 'infrastructure'),
      status: 200,
      failure,
    });
    const answers = [answer(TRACE, page)];
    const [never] = findingsOfLaterSteps({ answers, tallies });
    expect(never).toMatchObject({ id: 'wrong-content', class: 'configuration', rerunHelps: 'no' });
    const [once] = findingsOfLaterSteps({ answers, tallies, start });
    expect(once).toMatchObject({ id: 'wrong-content', class: 'infrastructure', rerunHelps: 'maybe' });
    expect(once?.remedy).not.toContain('path');
  });

  test('nobody answered for long: the last answer tells more', () => {
    const dead: FetchOutcome = {
      kind: 'failed',
      class: 'infrastructure',
      attempts: down.attempts,
      why: 'network-dead',
    };
    const [finding] = findingsOfLaterSteps({ answers: [answer(TRACE, dead)], tallies });
    expect(finding?.id).toBe('http-status');
  });

  test('of one module: why it was looked for, and its line in go.mod where that is at fault', () => {
    const place = { file: 'go.mod', line: 7 };
    const mismatch = failedWith('integrity', wrongHash(PROXY_A));
    const given = answer(TRACE, mismatch);
    const pin = { module: given.suspect.module, zip: ['h1:x'], mod: [], place };
    const one = { ...given, suspect: { ...given.suspect, pin } };
    const [finding] = findingsOfLaterSteps({ answers: [one], tallies });
    expect(finding).toMatchObject({ id: 'checksum-mismatch', class: 'integrity', subject: M, place });
    expect(finding?.evidence.at(-1)).toBe('go began the download at 06:18:03 UTC, and it never came');
    const down1 = { ...answer(TRACE, down), suspect: one.suspect };
    expect(findingsOfLaterSteps({ answers: [down1], tallies })[0]).not.toHaveProperty('place');
  });

  test('who is at fault of a wrong hash shows where a standby proxy has the right file', () => {
    const standby = { ...attempt(PROXY_B, 'fetched'), standby: true };
    const answers = [answer(TRACE, failedWith('integrity', wrongHash(PROXY_A), standby))];
    const [finding] = findingsOfLaterSteps({ answers, tallies });
    expect(finding).toMatchObject({ fault: 'proxy' });
    expect(finding?.evidence.join()).toContain('the right file');
  });

  test('the gravest class first, and those that can be had now together', () => {
    const answers = [
      answer(TRACE, fetched, downloaded, 'b.example/1@v1.0.0'),
      answer(TRACE, fetched, downloaded, 'b.example/2@v1.0.0'),
      answer(TRACE, undefined, goSays(...GIT)),
      answer(TRACE, fetched, goSays('go: hm'), 'c.example/1@v1.0.0'),
    ];
    const findings = findingsOfLaterSteps({ answers, tallies });
    expect(findings.map(({ id }) => id)).toEqual([
      'git-credentials-missing',
      'download-transient',
      'download-unexplained',
    ]);
    expect(findings[1]).toMatchObject({ subject: '', rerunHelps: 'yes', evidence: { length: 2 } });
    expect(findings[2]?.evidence).toContain('go: hm');
  });

  test('is empty where there is no evidence', () => {
    expect(findingsOfLaterSteps({ answers: [answer(MISSING, fetched)], tallies, start })).toEqual([]);
  });
});
