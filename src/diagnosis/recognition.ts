import { ENVIRONMENT_RECOGNITION } from './environment-entries.ts';
import { CAUSE_PATTERNS, GIT_PATTERNS, NOT_FOUND_PATTERNS } from './log-cause-patterns.ts';
import { MESSAGE_PATTERNS, WHOLE_PATTERNS } from './log-patterns.ts';
import { LOG_RECOGNITION } from './recognition-logs.ts';
import { REQUEST_RECOGNITION } from './recognition-requests.ts';
import { STEP_RECOGNITION } from './recognition-steps.ts';

/** By what a diagnosis is recognised, and what it shows for it. At least one of the first three. */
export interface Recognition {
  /** Errors, statuses and bodies of our own requests. */
  readonly request?: string;
  /** Words of go, git or tar in a log. */
  readonly log?: string;
  /** Settings and files of the runner. */
  readonly check?: string;
  /** Where it is not what a request or a log shows otherwise. */
  readonly evidence?: string;
}

/** What a finding about a request of ours shows. */
const REQUEST_EVIDENCE =
  'the phase with its error code, the status, the address, the time of each phase, and the first 200 bytes of a text/plain answer of the proxy itself';
/** What a finding about a line of a log shows. */
const LOG_EVIDENCE =
  "go's own line, its end first when it is long, and the lines of git or of the proxy below it; 20 lines at most";

const RECOGNITION: Readonly<Record<string, Recognition>> = {
  ...REQUEST_RECOGNITION,
  ...LOG_RECOGNITION,
  ...STEP_RECOGNITION,
  ...ENVIRONMENT_RECOGNITION,
};

/** Returns how an id is recognised; an empty one for an id that no table has. */
export function recognitionOf(id: string): Recognition {
  return RECOGNITION[id] ?? {};
}

/** Returns what evidence a finding shows, one clause. */
export function evidenceShown({ request, log, check, evidence }: Recognition): string {
  const shown = evidence ?? (request === undefined ? undefined : REQUEST_EVIDENCE);
  if (log === undefined) return shown ?? (check === undefined ? '' : 'the value and where it is set');
  return shown === undefined ? LOG_EVIDENCE : `${shown}; of a log ${LOG_EVIDENCE}`;
}

/** Returns the patterns of lines by which an id is recognised, as they are in the code. */
export function patternsOf(id: string): readonly string[] {
  const tables = [
    ...CAUSE_PATTERNS,
    ...MESSAGE_PATTERNS,
    ...WHOLE_PATTERNS,
    ...GIT_PATTERNS,
    ...NOT_FOUND_PATTERNS,
  ];
  return tables.filter((pattern) => pattern.id === id).map(({ regex }) => String(regex));
}
