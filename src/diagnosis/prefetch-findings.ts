import { formatModuleVersion } from '../go/version.ts';
import {
  failedFiles,
  isOwnFault,
  type PrefetchOutcome,
  type PrefetchResult,
} from '../prefetch/prefetch-result.ts';
import { compareText } from './checksum-mismatch.ts';
import { type Diagnosis, type DiagnosisContext, diagnose, type FailedFile } from './file-diagnosis.ts';
import { CLASS_ORDER, type Finding } from './finding.ts';
import { PREFETCH_ENTRIES } from './prefetch-entries.ts';
import { privateHint } from './private-hint.ts';
import { describe } from './probe-findings.ts';
import { answersLine, fileName, withoutScheme } from './proxy-answers.ts';

/** What the prefetch was to do and through whom. */
export interface PrefetchFindingFacts {
  /** Every proxy of the chain is one of the built-in table. */
  readonly isPublicChain: boolean;
  /** `direct` ends the chain. */
  readonly hasDirect: boolean;
  readonly prefetchInput: 'auto' | boolean;
}

/** Files told in the evidence of one finding. */
const EVIDENCE_LINES = 20;

/**
 * Returns one finding for each cause for which files were not fetched, the gravest first, and the hint at `goprivate`
 * where modules look private. A prefetch that was skipped, or ended by the job's end, is no finding.
 */
export function findingsOfPrefetch(
  outcome: PrefetchOutcome,
  facts: PrefetchFindingFacts,
): readonly Finding[] {
  switch (outcome.kind) {
    case 'skipped':
      return [];
    case 'impossible':
      return facts.prefetchInput === true ? [impossibleFinding(outcome.reason)] : [];
    case 'ran': {
      const hint = facts.isPublicChain && facts.hasDirect ? privateHint(outcome.result.files) : [];
      return [...failureFindings(outcome.result), ...hint];
    }
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** Says whether a file was not fetched for another reason than the job's end or a fault of ours: `download-failure` of `fail-on`. */
export function prefetchFailed(outcome: PrefetchOutcome): boolean {
  return (
    outcome.kind === 'ran' &&
    failedFiles(outcome.result.files).some((file) => !isCancelled(file) && !isOwnFault(file))
  );
}

/** Says whether a proxy served a wrong file and nobody the right one: one half of `unverified` of `fail-on`. */
export function prefetchUnverified(outcome: PrefetchOutcome): boolean {
  return (
    outcome.kind === 'ran' &&
    failedFiles(outcome.result.files).some(({ class: failureClass }) => failureClass === 'integrity')
  );
}

function impossibleFinding(reason: string): Finding {
  const entry = PREFETCH_ENTRIES['prefetch-impossible'];
  return {
    id: 'prefetch-impossible',
    severity: 'warning',
    ...entry,
    title: `${entry.title}: ${reason.replace(/\.$/, '')}`,
    evidence: [],
    consequence: 'go downloads what is missing by itself',
    subject: '',
  };
}

function failureFindings(result: PrefetchResult): readonly Finding[] {
  return groupFailures(failedFiles(result.files), result).map(({ diagnosis, files }) =>
    findingOfFailure(diagnosis, files),
  );
}

/** Files that failed for one cause. */
export interface FailureGroup {
  readonly diagnosis: Diagnosis;
  readonly files: readonly FailedFile[];
}

/** Returns the failed files by cause, the gravest class first; those that the job's end cut off are in no group. */
export function groupFailures(
  failed: readonly FailedFile[],
  context: DiagnosisContext,
): readonly FailureGroup[] {
  const groups = new Map<string, FailureGroup & { readonly files: FailedFile[] }>();
  for (const file of failed) {
    const diagnosis = diagnose(file, context);
    if (diagnosis === undefined) continue;
    const group = groups.get(diagnosis.key);
    if (group === undefined) groups.set(diagnosis.key, { diagnosis, files: [file] });
    else group.files.push(file);
  }
  const place = ({ diagnosis }: FailureGroup) => CLASS_ORDER.indexOf(diagnosis.entry.class);
  return [...groups.values()].toSorted((a, b) => place(a) - place(b));
}

function isCancelled({ class: failureClass, why }: FailedFile): boolean {
  return failureClass === 'cancelled' && (why === undefined || why === 'cancelled');
}

/** Returns what one cause means for its files, with what everybody answered for them. */
export function findingOfFailure(
  { id, entry, candidate, countsFiles }: Diagnosis,
  files: readonly FailedFile[],
): Finding {
  const modules = [...new Set(files.map(({ file }) => formatModuleVersion(file.module)))];
  const isOne = modules.length === 1 && countsFiles !== true;
  const { class: failureClass, fault, rerunHelps } = entry;
  const { remedy, copy } = candidate === undefined ? entry : describe(entry, candidate);
  const about = candidate === undefined ? entry.title : `${candidate.label}: ${entry.title}`;
  const many =
    countsFiles === true ? `${about}, and ${leftText(files.length)}` : `${modules.length} modules: ${about}`;
  return {
    id,
    class: failureClass,
    fault,
    severity: 'failure',
    title: isOne ? about : many,
    evidence: evidenceOf(files),
    rerunHelps,
    remedy: remedy.replace('{compare}', () => compareText(files.map(({ file }) => file))),
    ...(copy === undefined ? {} : { copy }),
    consequence: consequenceOf(failureClass, isOne || files.length === 1),
    subject: isOne ? (modules[0] ?? '') : '',
  };
}

function consequenceOf(failureClass: Finding['class'], isOne: boolean): string {
  const asks = `go asks again when it needs ${isOne ? 'it' : 'them'}`;
  return failureClass === 'integrity' ? `nothing unverified was placed, and ${asks}` : asks;
}

function leftText(files: number): string {
  return files === 1 ? '1 file is left' : `${files} files are left`;
}

/** One line a file; after the first what the proxy said in words, which is the same for the others. */
function evidenceOf(files: readonly FailedFile[]): readonly string[] {
  const lines = files.slice(0, EVIDENCE_LINES).map((one) => `${fileName(one.file)}: ${answerOf(one)}`);
  const said = files
    .flatMap(({ attempts }) => attempts)
    .find(({ body }) => body !== undefined && body.trim() !== '');
  const [first = '', ...rest] = lines;
  const more = files.length - lines.length;
  return [
    first,
    ...(said === undefined ? [] : [`${withoutScheme(said.proxy)} said: ${said.body}`]),
    ...rest,
    ...(more > 0 ? [`and ${more} more files`] : []),
  ];
}

function answerOf({ attempts, modcache, failure }: FailedFile): string {
  if (modcache !== undefined) return modcache.message;
  const answers = answersLine(attempts);
  return answers === '' ? (failure?.detail ?? 'not asked for') : answers;
}
