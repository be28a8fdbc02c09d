import type { Finding } from '../../src/diagnosis/finding.ts';
import { LATER_ENTRIES } from '../../src/diagnosis/later-entries.ts';
import type { ProxyAnswer } from '../../src/diagnosis/proxy-answers.ts';
import type { LaterFacts, LaterQuestion } from '../../src/report/report.ts';

export const LONG_PATH =
  'github.com/a-very-long-organisation-name/some-monorepo-with-a-long-name/services/internal/platform/observability/exporters/remotewriteexporter/v12';

export const RIGHT: ProxyAnswer = {
  proxy: 'https://a.example',
  standby: false,
  attempts: 1,
  answer: 'the right file',
  meaning: 'fetched',
};

export const BAD: ProxyAnswer = {
  proxy: 'https://b.example',
  standby: true,
  attempts: 2,
  answer: 'HTTP status 503, twice',
  meaning: 'infrastructure',
  status: 503,
  body: 'no healthy upstream',
};

/** A module that was asked for again, and came. */
export function question(module: string, more: Partial<LaterQuestion> = {}): LaterQuestion {
  return {
    module,
    version: 'v1.0.0',
    evidence: 'go began the download at 06:18:03 UTC, and it never came',
    answers: [RIGHT],
    go: 'downloaded in 1.2 s',
    isThere: true,
    ...more,
  };
}

export const FOUND: LaterFacts = {
  status: 'found',
  traces: 3,
  asked: [
    question('example.com/a'),
    question(LONG_PATH, { answers: [RIGHT, BAD], go: 'failed: 503', isThere: false }),
  ],
  ms: 1240,
};

export const NONE: LaterFacts = { status: 'nothing-found', traces: 0, asked: [], ms: 12 };

export const NOT_FOUND: Finding = {
  id: 'not-found',
  class: 'not-found',
  fault: 'module',
  severity: 'failure',
  title: 'no proxy has this module version',
  evidence: ['a.example: HTTP status 404'],
  rerunHelps: 'no',
  remedy: 'Correct the version in `go.mod`. Then run the job again.',
  consequence: 'a later step of this job needed it',
  subject: 'example.com/gone@v1.0.0',
  place: { file: 'go.mod', line: 7 },
};

/** The finding about downloads that failed and can be had now; of one module it is about that, of several about the whole. */
export function transient(...names: readonly string[]): Finding {
  return {
    id: 'download-transient',
    severity: 'failure',
    ...LATER_ENTRIES['download-transient'],
    evidence: names.map((name) => `${name}: go began the download, and it never came`),
    subject: names.length === 1 ? (names[0] ?? '') : '',
  };
}
