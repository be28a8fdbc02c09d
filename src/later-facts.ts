import type { AskedAgain } from './asking-again.ts';
import type { Finding } from './diagnosis/finding.ts';
import { answersOf } from './diagnosis/proxy-answers.ts';
import type { GoAnswer } from './later/ask-go.ts';
import { conclude, evidenceText, type SuspectAnswer } from './later/later-findings.ts';
import type { LaterFacts, LaterQuestion } from './report/report.ts';

/** How far the search for failed downloads came. */
export interface LaterOutcome {
  /** Why it did not look, one clause. */
  readonly reason?: string;
  /** What go left behind of downloads that never came. */
  readonly traces?: number;
  /** Absent when nobody was asked. */
  readonly again?: AskedAgain;
}

/** Returns the search as the report tells it. */
export function laterFacts(
  { reason, traces = 0, again }: LaterOutcome,
  findings: readonly Finding[],
  ms: number,
): LaterFacts {
  const found = findings.length > 0 ? 'found' : 'nothing-found';
  return {
    status: reason === undefined ? found : 'skipped',
    ...(reason === undefined ? {} : { reason }),
    traces,
    asked: (again?.answers ?? []).map(questionOf),
    ms: Math.round(ms),
  };
}

function questionOf(answer: SuspectAnswer): LaterQuestion {
  const { suspect, files, go } = answer;
  const isThere = files.length > 0 && files.every(({ outcome }) => outcome.kind === 'fetched');
  return {
    module: suspect.module.path,
    version: suspect.module.version,
    evidence: evidenceText(suspect.evidence),
    answers: answersOf(files.flatMap(({ outcome }) => outcome.attempts)),
    ...(go === undefined ? {} : { go: goText(go) }),
    // go's word is the truth: of what no go.sum pins, proxies are asked for the info file only.
    isThere: go?.kind === 'failed' ? false : isThere || conclude(answer).kind === 'there',
  };
}

/** Returns what go came to, one clause; what it said is in the findings. */
function goText(go: GoAnswer): string {
  switch (go.kind) {
    case 'downloaded':
      return `downloaded it in ${(go.elapsedMs / 1000).toFixed(1)} s`;
    case 'failed':
      return go.diagnosis === undefined ? 'failed' : go.diagnosis.text.replace(/^go: /, '');
    case 'timeout':
      return `gave no answer in ${Math.round(go.elapsedMs / 1000)} s`;
    case 'no-go':
      return go.reason;
    default: {
      const never: never = go;
      return never;
    }
  }
}
