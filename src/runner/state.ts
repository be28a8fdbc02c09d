import * as core from '@actions/core';
import type { FailureClass } from '../diagnosis/finding.ts';
import type { SummaryMode } from '../report/job-summary.ts';
import { isToldKeys } from '../report/told-causes.ts';
import { appendRecords } from './command-file.ts';
import type { Log } from './log.ts';

/** What post must know to save the module cache. */
export interface CacheState {
  /** '' when no public module is wanted. */
  readonly primaryKey: string;
  /** '' when nothing matched. */
  readonly matchedKey: string;
  /** What matched could not be read. */
  readonly isMatchBroken: boolean;
  /** Nothing was missing before main restored or fetched. */
  readonly wasComplete: boolean;
  /** `path@version` of modules that no proxy has and go gets by itself: an archive may lack them. */
  readonly leftToGo: readonly string[];
}

/** What main leaves for post; no secrets, no URLs. Absent state means that main did not get so far. */
export interface State {
  readonly schema: 1;
  readonly mode: 'setup' | 'diagnose';
  /** When main started, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly jobSummary: SummaryMode;
  readonly failureClass: FailureClass;
  /** Path of report.json; '' when it could not be written. */
  readonly reportFile: string;
  readonly cache: CacheState;
  /** What main has annotated, as keys of told-causes.ts. */
  readonly told: readonly string[];
  /** `fail-on` failed the job in main: no later step is to blame. */
  readonly failedByMain: boolean;
}

const STATE_NAME = 'setup_goproxy';
const MODES: readonly unknown[] = ['setup', 'diagnose'];
const SUMMARY_MODES: readonly unknown[] = ['auto', 'always', 'on-failure', 'never'] satisfies SummaryMode[];
const FAILURE_CLASSES: readonly unknown[] = [
  'none',
  'integrity',
  'access',
  'not-found',
  'configuration',
  'infrastructure',
] satisfies FailureClass[];

/** Returns the state as one line of JSON. */
export function encodeState(state: State): string {
  return JSON.stringify(state);
}

/** Returns the state, or undefined for anything that this version did not write. Never throws. */
export function decodeState(text: string): State | undefined {
  const value = parseJson(text);
  return isState(value) ? value : undefined;
}

/** Leaves the state for post; a failure is told. Never rejects. */
export async function saveState(state: State, log: Log): Promise<void> {
  try {
    await appendRecords('GITHUB_STATE', new Map([[STATE_NAME, encodeState(state)]]));
  } catch (error) {
    log.fault(`The post step will do nothing: ${error instanceof Error ? error.message : 'unknown error'}.`);
  }
}

/** Returns what main left; undefined when it left nothing. */
export function loadState(): State | undefined {
  return decodeState(core.getState(STATE_NAME));
}

function isState(value: unknown): value is State {
  if (typeof value !== 'object' || value === null) return false;
  const { schema, mode, startedAtMs, jobSummary, failureClass, reportFile, cache, told, failedByMain } =
    value as Record<string, unknown>;
  return (
    schema === 1 &&
    MODES.includes(mode) &&
    Number.isSafeInteger(startedAtMs) &&
    SUMMARY_MODES.includes(jobSummary) &&
    FAILURE_CLASSES.includes(failureClass) &&
    typeof reportFile === 'string' &&
    isCacheState(cache) &&
    isToldKeys(told) &&
    typeof failedByMain === 'boolean'
  );
}

function isCacheState(value: unknown): value is CacheState {
  if (typeof value !== 'object' || value === null) return false;
  const { primaryKey, matchedKey, isMatchBroken, wasComplete, leftToGo } = value as Record<string, unknown>;
  return (
    typeof primaryKey === 'string' &&
    typeof matchedKey === 'string' &&
    typeof isMatchBroken === 'boolean' &&
    typeof wasComplete === 'boolean' &&
    Array.isArray(leftToGo) &&
    leftToGo.every((name) => typeof name === 'string')
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
