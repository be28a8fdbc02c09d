import { formatDuration, parseGoDuration } from '../go/duration.ts';
import { GoRuleError } from '../go/go-rule-error.ts';
import { checkPatterns } from '../go/goprivate.ts';
import { parseGosumdb } from '../go/gosumdb.ts';
import { inertName, inertText } from '../report/foreign-text.ts';
import { redactEntry, redactUrls } from '../report/redaction.ts';

/** An input with a value that is not allowed: with `fail-on` the only thing that fails the job. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code = 'invalid-input';
  /** Name of the input. */
  readonly input: string;

  /** The message is one inert sentence without secrets: input, what was found, what is allowed, an example. */
  constructor(input: string, complaint: InputComplaint) {
    const { found, allowed, example, cause } = complaint;
    const seen = found === undefined ? '' : `found "${inertText(redactEntry(found), 80)}", `;
    super(
      `Input '${input}': ${seen}${inertName(redactUrls(allowed), 600)}. Example: \`${input}: ${example}\``,
      cause === undefined ? undefined : { cause },
    );
    this.input = input;
  }
}

/** What is wrong with an input. */
export interface InputComplaint {
  /** The value as given; absent when it must not be quoted. */
  readonly found?: string;
  /** A clause without a full stop: `allowed are true and false`. */
  readonly allowed: string;
  /** A valid value, as it stands in a workflow. */
  readonly example: string;
  readonly cause?: unknown;
}

/** Bounds of a duration, in milliseconds, both allowed. */
export interface DurationBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

const TRUE: readonly string[] = ['true', 'True', 'TRUE'];
const FALSE: readonly string[] = ['false', 'False', 'FALSE'];

/** Returns the value when it is one of the choices, letter for letter. */
export function parseChoice<T extends string>(input: string, found: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === found);
  if (choice !== undefined) return choice;
  throw new InputError(input, {
    found,
    allowed: `allowed are ${choices.join(', ')}`,
    example: choices[0] ?? '',
  });
}

/** Returns a boolean by the YAML 1.2 core schema, as core.getBooleanInput reads it: true, True, TRUE and so on. */
export function parseBoolean(input: string, found: string): boolean {
  if (TRUE.includes(found)) return true;
  if (FALSE.includes(found)) return false;
  throw new InputError(input, { found, allowed: 'allowed are true and false', example: 'true' });
}

/** Returns `auto` or a boolean. */
export function parseAutoBoolean(input: string, found: string): 'auto' | boolean {
  if (found === 'auto') return 'auto';
  if (TRUE.includes(found) || FALSE.includes(found)) return parseBoolean(input, found);
  throw new InputError(input, { found, allowed: 'allowed are auto, true and false', example: 'auto' });
}

/** Returns a Go duration in milliseconds, within the bounds. */
export function parseBoundedDuration(input: string, found: string, bounds: DurationBounds): number {
  const range = `${formatDuration(bounds.leastMs)} to ${formatDuration(bounds.mostMs)}`;
  const complaint = { found, allowed: `allowed are Go durations from ${range}`, example: '3s' };
  try {
    const ms = parseGoDuration(found, { refuseNegative: true });
    if (ms >= bounds.leastMs && ms <= bounds.mostMs) return ms;
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    throw new InputError(input, { ...complaint, cause: error });
  }
  throw new InputError(input, complaint);
}

/** Returns a comma list of module path patterns that go would understand as it is meant. */
export function parsePatterns(input: string, found: string): string {
  try {
    checkPatterns(input, found);
    return found;
  } catch (error) {
    throw asInputError(error, input, 'git.example.com/team,*.corp.example.com');
  }
}

/** Returns `auto` or a GOSUMDB value that go accepts; `off` is refused, as it would switch off checking for everything. */
export function parseGosumdbInput(input: string, found: string): string {
  if (found === 'auto') return found;
  if (found === 'off') {
    throw new InputError(input, {
      found,
      allowed:
        'which would leave every module unchecked: name the modules that the checksum database cannot know in `gonosumdb` instead',
      example: 'auto',
    });
  }
  try {
    parseGosumdb(found);
    return found;
  } catch (error) {
    throw asInputError(error, input, 'sum.golang.org');
  }
}

/** Refuses control characters other than line ends and tabs: no path, URL or pattern has them. */
export function refuseControlCharacters(input: string, found: string, example: string): void {
  if (!/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(found)) return;
  throw new InputError(input, { found, allowed: 'control characters are not allowed', example });
}

function asInputError(error: unknown, input: string, example: string): unknown {
  if (!(error instanceof GoRuleError)) return error;
  // The rule's own sentence quotes what it found; a quoted login must not come with it.
  const sentence = redactUrls(error.message)
    .replace(/"[^"\s]*@/g, '"***@')
    .replace(`${input}: `, '');
  return new InputError(input, { allowed: sentence, example, cause: error });
}
