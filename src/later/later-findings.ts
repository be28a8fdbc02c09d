import type { FailedFile } from '../diagnosis/file-diagnosis.ts';
import { CLASS_ORDER, type Finding } from '../diagnosis/finding.ts';
import { LATER_ENTRIES } from '../diagnosis/later-entries.ts';
import type { LogDiagnosis } from '../diagnosis/log-diagnosis.ts';
import { findingsOfLog } from '../diagnosis/log-findings.ts';
import { type FailureGroup, findingOfFailure, groupFailures } from '../diagnosis/prefetch-findings.ts';
import { withoutScheme } from '../diagnosis/proxy-answers.ts';
import type { ProxyTally } from '../fetch/proxy-set.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { GoAnswer } from './ask-go.ts';
import type { FileAnswer } from './ask-proxies.ts';
import type { StartFacts } from './start-facts.ts';
import type { Evidence, Suspect } from './suspects.ts';

/** What asking again for one module brought. */
export interface SuspectAnswer {
  readonly suspect: Suspect;
  /** Of the proxies; empty when none was asked. */
  readonly files: readonly FileAnswer[];
  /** Absent when go was not asked. */
  readonly go?: GoAnswer;
}

/** All that was found about the downloads of later steps. */
export interface LaterEvidence {
  readonly answers: readonly SuspectAnswer[];
  readonly tallies: readonly ProxyTally[];
  /** Absent when the first use of the job left no report. */
  readonly start?: StartFacts;
}

/** What the answers for one module come to. */
export type Conclusion =
  /** It can be had now. */
  | { readonly kind: 'there' }
  /** The proxies tell why. */
  | { readonly kind: 'file'; readonly failed: FailedFile }
  /** go itself tells why. */
  | { readonly kind: 'log'; readonly diagnosis: LogDiagnosis }
  | { readonly kind: 'unexplained'; readonly lines: readonly string[] }
  /** There is no evidence that a download of it failed. */
  | { readonly kind: 'nothing' };

/** Lines of go that are shown when their cause is unknown. */
const SHOWN_LINES = 5;
/** Evidence of one finding. */
const EVIDENCE_LINES = 20;

/**
 * Returns what the answers for a module come to (DESIGN §3.6). go's own success decides; a failure is told as the proxies
 * tell it, for their answers are exact, and else as go words it. A module that is only missing proves nothing, unless no
 * proxy answers for it any more, or what they answer is not what go.sum pins: that is worth telling whoever needs it. Pure.
 */
export function conclude({ suspect, files, go }: SuspectAnswer): Conclusion {
  const isWeak = suspect.evidence.kind === 'missing';
  if (go?.kind === 'downloaded') return isWeak ? NOTHING : { kind: 'there' };
  const failed = files.flatMap(failedFile)[0];
  if (isWeak) {
    const isTold = failed?.class === 'infrastructure' || failed?.class === 'integrity';
    return isTold ? { kind: 'file', failed } : NOTHING;
  }
  const said = go?.kind === 'failed' ? go.diagnosis : undefined;
  if (said !== undefined && isOfMachine(said)) return { kind: 'log', diagnosis: said };
  if (failed !== undefined) return { kind: 'file', failed };
  if (said !== undefined) return { kind: 'log', diagnosis: said };
  if (go?.kind === 'failed') return { kind: 'unexplained', lines: go.lines.slice(0, SHOWN_LINES) };
  const isThere = files.length > 0 && files.every(({ outcome }) => outcome.kind === 'fetched');
  return isThere ? { kind: 'there' } : { kind: 'unexplained', lines: [] };
}

/** What is wrong on this machine shows in no answer of a proxy; of a proxy that is set up wrongly its answers tell. */
function isOfMachine({ entry }: LogDiagnosis): boolean {
  return entry.fault === 'runner' || (entry.class === 'configuration' && entry.fault !== 'proxy');
}

const NOTHING: Conclusion = { kind: 'nothing' };

/** What ended for a reason of this machine is no answer of a proxy; what the end of the time cut off has those before it. */
function failedFile({ file, outcome }: FileAnswer): readonly FailedFile[] {
  if (outcome.kind !== 'failed' || outcome.class === 'local') return [];
  const { error: _error, ...whole } = outcome;
  const failed = whole.why === 'network-dead' ? withoutWhy(whole) : whole;
  if (failed.class !== 'cancelled') return [{ ...failed, file }];
  const isAnswered = failed.attempts.some(({ meaning }) => meaning === 'infrastructure');
  return isAnswered ? [{ ...failed, file, class: 'infrastructure' }] : [];
}

/** That nobody answered for long is told of a whole prefetch; of the few files that were asked for, the answers say more. */
function withoutWhy<T extends Pick<FailedFile, 'why' | 'attempts'>>(failed: T): T | Omit<T, 'why'> {
  const { why: _why, ...rest } = failed;
  return failed.attempts.some(({ meaning }) => meaning === 'infrastructure') ? rest : failed;
}

/** Returns one finding for each cause for which downloads failed in later steps, the gravest class first. Pure. */
export function findingsOfLaterSteps({ answers, tallies, start }: LaterEvidence): readonly Finding[] {
  const concluded = answers.map((answer) => ({ answer, conclusion: conclude(answer) }));
  const failed = concluded.flatMap(({ conclusion }) =>
    conclusion.kind === 'file' ? [conclusion.failed] : [],
  );
  const said = concluded.flatMap(({ conclusion }) =>
    conclusion.kind === 'log' ? [conclusion.diagnosis] : [],
  );
  const findings = [
    ...groupFailures(failed, { tallies }).map((group) => findingOfGroup(group, start)),
    ...findingsOfLog(said),
  ].map((finding) => aboutLaterStep(finding, answers));
  return [
    ...findings,
    ...ofKind('download-transient', 'there', concluded),
    ...ofKind('download-unexplained', 'unexplained', concluded),
  ].toSorted((a, b) => CLASS_ORDER.indexOf(a.class) - CLASS_ORDER.indexOf(b.class));
}

/** A path that was right when the job began is no mistake of the setting. */
const NO_PROXY_NOW = {
  class: 'infrastructure',
  rerunHelps: 'maybe',
  remedy:
    'It was a Go module proxy when the job began: look at what it answers now, a login page or one that tells of an outage, say; then run the job again.',
} as const satisfies Partial<Finding>;

function findingOfGroup({ diagnosis, files }: FailureGroup, start: StartFacts | undefined): Finding {
  const label = diagnosis.candidate?.label;
  const line = label === undefined ? undefined : startLine(label, start);
  const finding = findingOfFailure(diagnosis, files);
  const isNew = diagnosis.id === 'wrong-content' && line !== undefined;
  return withEvidence(isNew ? { ...finding, ...NO_PROXY_NOW } : finding, line);
}

type Concluded = { readonly answer: SuspectAnswer; readonly conclusion: Conclusion };

function ofKind(
  id: keyof typeof LATER_ENTRIES,
  kind: Conclusion['kind'],
  concluded: readonly Concluded[],
): readonly Finding[] {
  const meant = concluded.filter(({ conclusion }) => conclusion.kind === kind);
  const names = meant.map(({ answer }) => formatModuleVersion(answer.suspect.module));
  if (meant.length === 0) return [];
  const entry = LATER_ENTRIES[id];
  const [only = ''] = names;
  return [
    {
      id,
      severity: 'failure',
      ...entry,
      evidence: meant
        .flatMap(({ answer, conclusion }) => [
          `${formatModuleVersion(answer.suspect.module)}: ${evidenceText(answer.suspect.evidence)}`,
          ...(conclusion.kind === 'unexplained' ? conclusion.lines : []),
        ])
        .slice(0, EVIDENCE_LINES),
      subject: names.length === 1 ? only : '',
    },
  ];
}

/** Returns why a module was asked for again, one clause of ours. */
export function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'trace':
      return `go began the download at ${clockTime(evidence.atMs)}, and it never came`;
    case 'failed-at-start':
      return 'it could not be fetched at the start of the job, and is still missing';
    case 'repository':
      return `go asked its repository at ${clockTime(evidence.atMs)}, and the module never came`;
    case 'missing':
      return 'it is wanted and was missing when the job had failed';
    default: {
      const never: never = evidence;
      return never;
    }
  }
}

function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}

/** A finding about one module gets what is known of it: why it was looked for, and the line that requires it. */
function aboutLaterStep(finding: Finding, answers: readonly SuspectAnswer[]): Finding {
  const suspect = answers.find(
    (answer) => formatModuleVersion(answer.suspect.module) === finding.subject,
  )?.suspect;
  if (suspect === undefined) {
    const isNeeded = answers.some((answer) => wasNeeded(answer.suspect.evidence));
    return {
      ...finding,
      consequence: isNeeded
        ? 'later steps of this job needed them'
        : 'they are missing, and the job has failed',
    };
  }
  const place = finding.class === 'infrastructure' ? undefined : suspect.pin?.place;
  return {
    ...withEvidence(finding, evidenceText(suspect.evidence)),
    consequence: wasNeeded(suspect.evidence)
      ? 'a later step of this job needed it'
      : 'it is missing, and the job has failed',
    ...(place === undefined ? {} : { place }),
  };
}

/** go does not ask for what it does not need. */
function wasNeeded({ kind }: Evidence): boolean {
  return kind === 'trace' || kind === 'repository';
}

function withEvidence(finding: Finding, line: string | undefined): Finding {
  if (line === undefined) return finding;
  return { ...finding, evidence: [...finding.evidence.slice(0, EVIDENCE_LINES - 1), line] };
}

/** Says how a proxy did at the job's start, where that was measured. */
function startLine(label: string, start: StartFacts | undefined): string | undefined {
  const firstByteMs = start?.healthy.get(label);
  if (start === undefined || firstByteMs === undefined) return undefined;
  const at = clockTime(start.startedAtMs);
  return `${withoutScheme(label)} was healthy at ${at} (first byte ${Math.round(firstByteMs)} ms)`;
}
