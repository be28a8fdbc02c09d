import { stat } from 'node:fs/promises';
import { type StartFacts, startFactsOf } from './later/start-facts.ts';
import { decodeUse, STATE_NAME } from './proxy/second-use.ts';
import { readReport } from './runner/outputs.ts';

/** What is known of the first use of this action in the job. */
export interface JobStart {
  /** Path of its report; '' when there is none. */
  readonly reportFile: string;
  /** Absent without a readable report. */
  readonly facts?: StartFacts;
}

/** Reads the report of the first use in the job, as far as SETUP_GOPROXY and RUNNER_TEMP still have it. */
export async function readJobStart(): Promise<JobStart> {
  const record = decodeUse(process.env[STATE_NAME] ?? '');
  const reportFile = record === 'invalid' ? '' : record.report;
  const facts = await readFacts(reportFile);
  return facts === undefined ? { reportFile: '' } : { reportFile, facts };
}

/** Returns what a report of this job tells about its start. */
export async function readFacts(reportFile: string): Promise<StartFacts | undefined> {
  const text = await readReport(reportFile);
  return text === undefined ? undefined : startFactsOf(text);
}

/** The longest that a job may take on GitHub's runners. */
const LONGEST_JOB_MS = 6 * 60 * 60_000;

/**
 * Returns when the job began, in milliseconds since the epoch: the runner writes the event file then. Without one nothing
 * older than the longest job counts.
 */
export async function jobStartedAtMs(nowMs: number): Promise<number> {
  const event = process.env['GITHUB_EVENT_PATH'] ?? '';
  const found = event === '' ? undefined : await stat(event).catch(() => undefined);
  return found?.mtimeMs ?? nowMs - LONGEST_JOB_MS;
}
