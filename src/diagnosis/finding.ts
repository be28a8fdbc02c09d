/** What a failure is about, in the order in which the output `failure-class` names the first that applies. */
export type FailureClass = 'none' | 'integrity' | 'access' | 'not-found' | 'configuration' | 'infrastructure';

/** Whose change would end the failure. */
export type Fault = 'runner' | 'network' | 'proxy' | 'module' | 'configuration';

/** One diagnosis about one subject, with what a reader needs to act on it. */
export interface Finding {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly class: Exclude<FailureClass, 'none'>;
  readonly fault: Fault;
  /** `failure`: the step could not do what it is for; `warning`: it could, the user should act; `notice`: for information. */
  readonly severity: 'failure' | 'warning' | 'notice';
  /** One sentence without the subject and without a full stop. */
  readonly title: string;
  readonly evidence: readonly string[];
  readonly rerunHelps: 'yes' | 'no' | 'maybe';
  /** Text to follow; names and commands in it stand between backquotes. */
  readonly remedy: string;
  /** Lines to copy as they are, when the remedy is something to copy. */
  readonly copy?: readonly string[];
  /** What became of the subject in this job, as a clause without it: `left out of GOPROXY, the job goes on with ...`. */
  readonly consequence?: string;
  /** Label of the candidate, a module, or a file; '' when it is about the whole. */
  readonly subject: string;
  /** The id of a finding that speaks for this one too: no annotation of its own. */
  readonly coveredBy?: string;
  /** Only when it is truly about that line: the go.mod line of the module. Relative to the workspace, with slashes; from 1. */
  readonly place?: { readonly file: string; readonly line: number };
}

/** The classes in the order in which `failure-class` names the first that applies. */
export const CLASS_ORDER: readonly Exclude<FailureClass, 'none'>[] = [
  'integrity',
  'access',
  'not-found',
  'configuration',
  'infrastructure',
];

/** Returns the class of the output `failure-class`: the first in order that a finding of severity `failure` has. */
export function failureClassOf(findings: readonly Finding[]): FailureClass {
  const failures = findings.filter((finding) => finding.severity === 'failure');
  return CLASS_ORDER.find((name) => failures.some((finding) => finding.class === name)) ?? 'none';
}
