import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FailureClass } from '../diagnosis/finding.ts';
import { openRegular } from '../go/regular-file.ts';
import type { Annotation } from '../report/annotations.ts';
import { inertText } from '../report/foreign-text.ts';
import { redactUrls } from '../report/redaction.ts';
import { appendRecords, appendWhole, type CommandFile, CommandFileError } from './command-file.ts';
import type { Log } from './log.ts';

/** The outputs of action.yml, all of them: an output is never left unset. */
export interface Outputs {
  readonly goproxy: string;
  readonly gosumdb: string;
  readonly goprivate: string;
  readonly 'selected-proxy': string;
  readonly gomodcache: string;
  readonly 'cache-hit': boolean;
  readonly 'cache-primary-key': string;
  readonly 'cache-matched-key': string;
  readonly 'modules-fetched': number;
  readonly 'modules-failed': number;
  readonly 'failure-class': FailureClass;
  readonly report: string;
}

/** What outputs say when a step ends before it knows better. */
export const NO_OUTPUTS: Outputs = {
  goproxy: '',
  gosumdb: '',
  goprivate: '',
  'selected-proxy': '',
  gomodcache: '',
  'cache-hit': false,
  'cache-primary-key': '',
  'cache-matched-key': '',
  'modules-fetched': 0,
  'modules-failed': 0,
  'failure-class': 'none',
  report: '',
};

/** What a step tells the runner at its end. */
export interface Outcome {
  readonly outputs: Outputs;
  readonly annotations: readonly Annotation[];
  /** Markdown; '' for none. */
  readonly summary: string;
}

/** Variables that this action must never set, whatever a caller asks for. */
const NEVER_EXPORTED: ReadonlySet<string> = new Set(['GONOSUMCHECK', 'GOINSECURE', 'GOFLAGS', 'GODEBUG']);

/** The runner drops a larger summary with an error annotation (actions/runner, CreateStepSummaryCommand). */
const SUMMARY_LIMIT_BYTES = 1024 * 1024;

/**
 * Publishes the outcome: outputs, annotations, summary. Each of them that fails is told and does not keep the others from
 * being tried. Never rejects.
 */
export async function publish(outcome: Outcome, log: Log): Promise<void> {
  await publishOutputs(outcome.outputs, log);
  publishAnnotations(outcome.annotations, log);
  await publishSummary(outcome.summary, log);
}

/** Writes the annotations in their order. */
export function publishAnnotations(annotations: readonly Annotation[], log: Log): void {
  for (const { level, message, ...place } of annotations) log.annotate(level, message, place);
}

/**
 * Exports variables to later steps as go needs them, userinfo included: their secrets must be masked before. All or none.
 * Never rejects; returns whether they were written. */
export async function publishExports(exports: ReadonlyMap<string, string>, log: Log): Promise<boolean> {
  return await attempt('GITHUB_ENV', 'The environment of later steps stays as it was', log, () => {
    checkExports(exports);
    return appendRecords('GITHUB_ENV', exports);
  });
}

/** A last door: nothing upstream asks for these, and if it did, it must not happen. */
function checkExports(exports: ReadonlyMap<string, string>): void {
  for (const [name, value] of exports) {
    if (NEVER_EXPORTED.has(name) || (name === 'GOSUMDB' && value === 'off')) {
      throw new CommandFileError(`${name} is never exported`);
    }
  }
}

/** Sets all outputs, redacted. Never rejects. */
export async function publishOutputs(outputs: Outputs, log: Log): Promise<void> {
  const records = new Map(
    Object.entries({ ...NO_OUTPUTS, ...outputs }).map(([name, value]) => [
      name,
      outputText(name, value, log),
    ]),
  );
  await attempt('GITHUB_OUTPUT', 'The outputs are not set', log, () =>
    appendRecords('GITHUB_OUTPUT', records),
  );
}

/** A path is not text for display: a temp directory may be called as it likes. */
function outputText(name: string, value: string | number | boolean, log: Log): string {
  const text = String(value);
  return name === 'report' || name === 'gomodcache' ? text : log.redact(text);
}

/** Appends the summary; one that does not fit any more is left out with a warning. Never rejects. */
export async function publishSummary(markdown: string, log: Log): Promise<void> {
  if (markdown === '') return;
  await attempt('GITHUB_STEP_SUMMARY', 'There is no job summary', log, () =>
    appendWhole('GITHUB_STEP_SUMMARY', log.redact(markdown), SUMMARY_LIMIT_BYTES),
  );
}

/** Returns a path in RUNNER_TEMP that no other report has; '' without RUNNER_TEMP. */
export function reportPath(): string {
  const directory = process.env['RUNNER_TEMP'] ?? '';
  return directory === '' ? '' : path.join(path.resolve(directory), `setup-goproxy-${randomUUID()}.json`);
}

/**
 * Writes report.json to a path of {@link reportPath}, readable by the user only; returns the path, or '' when it cannot be
 * written, which is told. Never rejects.
 */
export async function writeReport(file: string, json: string, log: Log): Promise<string> {
  try {
    if (file === '') throw new CommandFileError('RUNNER_TEMP is not set');
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(log.redact(json));
    } catch (error) {
      await rm(file, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
    return file;
  } catch (error) {
    log.fault(`report.json is not written: ${reasonOf(error)}`);
    return '';
  }
}

const REPORT_NAME = /^setup-goproxy-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/;
/** Ours are far below; whoever put a larger file in its place does not get it read. */
const MAX_REPORT_BYTES = 4 << 20;

/** Returns the text of a report of this job; undefined when the job has emptied RUNNER_TEMP, or it is none of ours. */
export async function readReport(file: string): Promise<string | undefined> {
  if (!isReportPath(file)) return undefined;
  try {
    await using handle = await openRegular(file);
    if (handle === undefined || (await handle.stat()).size > MAX_REPORT_BYTES) return undefined;
    return await handle.readFile('utf8');
  } catch {
    return undefined; // A job may remove it; that is no failure of ours.
  }
}

/** Puts another text in the place of a report, whole or not at all. Never rejects. */
export async function rewriteReport(file: string, json: string, log: Log): Promise<void> {
  if (!isReportPath(file)) return;
  const next = reportPath();
  if ((await writeReport(next, json, log)) === '') return;
  await rename(next, file).catch(async () => {
    await rm(next, { force: true }).catch(() => undefined);
  });
}

/** The path comes from state or environment, where anybody can have written it. */
function isReportPath(file: string): boolean {
  const directory = process.env['RUNNER_TEMP'] ?? '';
  return (
    directory !== '' &&
    path.dirname(file) === path.resolve(directory) &&
    REPORT_NAME.test(path.basename(file))
  );
}

async function attempt(
  file: CommandFile,
  effect: string,
  log: Log,
  write: () => Promise<void>,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    log.fault(
      `${effect}: ${error instanceof CommandFileError ? error.message : `${file}: ${reasonOf(error)}`}.`,
    );
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof CommandFileError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  return (error as NodeJS.ErrnoException).code ?? inertText(redactUrls(error.message));
}
