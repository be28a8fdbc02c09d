import { readFile, stat } from 'node:fs/promises';
import { EOL } from 'node:os';
import path from 'node:path';
import type { Log } from './log.ts';

/** The owners in matchers/go-download.json: by these names they are removed. */
export const MATCHER_OWNERS: readonly string[] = [
  'setup-goproxy-request',
  'setup-goproxy-module',
  'setup-goproxy-checksum',
  'setup-goproxy-message',
];

const NAME = 'matchers/go-download.json';
/** The file has a tenth of it. */
const MAX_BYTES = 64 << 10;

/** Writes one line that the runner reads. */
export type CommandWriter = (line: string) => void;

/** What {@link registerMatchers} works with. */
export interface Registration {
  readonly enabled: boolean;
  /** The bundle that runs, as the runner started it: `process.argv[1]`. */
  readonly script: string;
  readonly log: Log;
  readonly write?: CommandWriter;
}

/**
 * Returns where the matcher file of a bundle is. The path stays under the name by which the runner started the bundle: in a
 * container job that is a path of the container, whose beginning the runner turns into the host's (actions/runner:
 * AddMatcherCommandExtension, ContainerInfo.TranslateToHostPath); a path without links would no longer begin so.
 */
export function matcherFile(script: string): string {
  return path.join(path.dirname(script), '..', ...NAME.split('/'));
}

/**
 * Has the runner show go's own lines about failed downloads as warnings, from now to the end of the job; to be called when
 * the step has written all it has to say, since that also goes through the matchers. The runner fails a step that names a
 * file which it cannot read, so one that is not as it was committed is told in a line of the log, and nothing is registered.
 * Registered once more, the matchers take the place of the older ones. Never rejects.
 */
export async function registerMatchers(registration: Registration): Promise<void> {
  const { enabled, script, log, write = toRunner } = registration;
  if (!enabled) return;
  const file = matcherFile(script);
  const problem = await problemOf(file);
  if (problem === undefined) send(write, `::add-matcher::${escapeData(file)}`);
  else log.info(`Problem matchers are not registered: ${NAME} of the action ${problem}`);
}

/**
 * Has the runner forget the matchers; to be called before anything is written that quotes go. Of owners that are not there
 * the runner takes no notice. Never throws.
 */
export function removeMatchers(write: CommandWriter = toRunner): void {
  for (const owner of MATCHER_OWNERS) send(write, `::remove-matcher owner=${owner}::`);
}

async function problemOf(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > MAX_BYTES) return `is not a file of at most ${MAX_BYTES} bytes`;
    const owners = ownersIn(JSON.parse(await readFile(file, 'utf8')));
    // With other owners it could not be removed again.
    return owners === MATCHER_OWNERS.join(' ') ? undefined : 'has other owners than this version knows';
  } catch (error) {
    if (error instanceof SyntaxError) return 'is not JSON';
    const { code } = error as NodeJS.ErrnoException;
    return `cannot be read (${code ?? 'unknown error'})`;
  }
}

function ownersIn(content: unknown): string | undefined {
  const { problemMatcher } = (content ?? {}) as { readonly problemMatcher?: unknown };
  if (!Array.isArray(problemMatcher)) return;
  const matchers: readonly ({ readonly owner?: unknown } | null)[] = problemMatcher;
  return matchers.map((matcher) => String(matcher?.owner)).join(' ');
}

/** As the runner undoes it (actions/runner: ActionCommand.cs). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** What cannot be written must not change the job's result. */
function send(write: CommandWriter, line: string): void {
  try {
    write(line);
  } catch {
    // Nowhere is left to say it.
  }
}

function toRunner(line: string): void {
  process.stdout.write(`${line}${EOL}`);
}
