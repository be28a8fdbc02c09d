import { readFile, stat } from 'node:fs/promises';
import type { SaveOutcome } from './modcache/restore-outcome.ts';
import { describeOwnFault, surviveFault } from './own-fault.ts';
import { saveLines } from './report/cache-text.ts';
import { runStep, type StepContext } from './runner/finish.ts';
import { createLog } from './runner/log.ts';
import { readInputs, workspaceDirectory } from './runner/read-inputs.ts';
import { type CacheState, loadState } from './runner/state.ts';
import { saveModuleCache } from './saving.ts';

const BOUND_MS = 30_000;
/** Ours are far below; whoever put a larger file in its place does not get it printed. */
const MAX_REPORT_BYTES = 4 << 20;

/** Runs the post step to the end of the process. It never fails the job. */
export function post(): Promise<never> {
  return runStep({ name: 'post', boundMs: BOUND_MS, log: createLog(), body: closeJob });
}

/** Prints the report of the main step into one folded group, for jobs whose RUNNER_TEMP is gone when somebody looks. */
async function closeJob(context: StepContext): Promise<void> {
  const { log } = context;
  const state = loadState();
  if (state === undefined) {
    log.info('setup-goproxy: the main step left nothing to report');
    return;
  }
  if (state.mode === 'diagnose') return;
  for (const line of saveLines(await saveOrTell(state.cache, context))) log.info(line);
  const text = await readReport(state.reportFile);
  if (text === undefined) {
    log.info('setup-goproxy: the report of the main step is gone');
    return;
  }
  log.section({ title: 'setup-goproxy: report.json', lines: text.trimEnd().split('\n') });
}

/** A fault of ours in saving must not cost the report. */
function saveOrTell(cache: CacheState, context: StepContext): Promise<SaveOutcome> {
  const save = () => saveModuleCache(readInputs(), cache, workspaceDirectory(), context);
  return surviveFault(save, context.signal, (error) => ({
    kind: 'not-saved',
    reason: describeOwnFault(error),
  }));
}

async function readReport(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size <= MAX_REPORT_BYTES ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined; // A job may empty RUNNER_TEMP; that is no failure of ours.
  }
}
