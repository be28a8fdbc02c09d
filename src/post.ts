import { readFile, stat } from 'node:fs/promises';
import { runStep, type StepContext } from './runner/finish.ts';
import { createLog } from './runner/log.ts';
import { loadState } from './runner/state.ts';

const BOUND_MS = 30_000;
/** Ours are far below; whoever put a larger file in its place does not get it printed. */
const MAX_REPORT_BYTES = 4 << 20;

/** Runs the post step to the end of the process. It never fails the job. */
export function post(): Promise<never> {
  return runStep({ name: 'post', boundMs: BOUND_MS, log: createLog(), body: closeJob });
}

/** Prints the report of the main step into one folded group, for jobs whose RUNNER_TEMP is gone when somebody looks. */
async function closeJob({ log }: StepContext): Promise<void> {
  const state = loadState();
  if (state === undefined) {
    log.info('setup-goproxy: the main step left nothing to report');
    return;
  }
  if (state.mode === 'diagnose') return;
  const text = await readReport(state.reportFile);
  if (text === undefined) {
    log.info('setup-goproxy: the report of the main step is gone');
    return;
  }
  log.section({ title: 'setup-goproxy: report.json', lines: text.trimEnd().split('\n') });
}

async function readReport(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size <= MAX_REPORT_BYTES ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined; // A job may empty RUNNER_TEMP; that is no failure of ours.
  }
}
