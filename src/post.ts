import { environmentFindings } from './environment-mistakes.ts';
import { errorName } from './go/error-name.ts';
import { readFacts, readJobStart } from './job-start.ts';
import { protectGoEnv, protectInputs, readLogins } from './known-secrets.ts';
import { type LaterSearch, notSearched, searchLaterSteps, searchOrTell } from './later-steps.ts';
import { networkOnce } from './measuring.ts';
import type { SaveOutcome } from './modcache/restore-outcome.ts';
import { describeOwnFault, surviveFault } from './own-fault.ts';
import { saveLines } from './report/cache-text.ts';
import { runStep, type StepContext } from './runner/finish.ts';
import type { JobStatus } from './runner/inputs.ts';
import { createLog } from './runner/log.ts';
import { removeMatchers } from './runner/matchers.ts';
import { readInputs, workspaceDirectory } from './runner/read-inputs.ts';
import { type CacheState, loadState, type State } from './runner/state.ts';
import { saveModuleCache } from './saving.ts';
import { readProjectSetting } from './setting.ts';
import { addToReport, noteSearched, tellLaterSteps } from './telling-later.ts';

const BOUND_MS = 30_000;

/** Runs the post step to the end of the process. It never fails the job. */
export function post(): Promise<never> {
  return runStep({ name: 'post', boundMs: BOUND_MS, log: createLog(), body: closeJob });
}

/** Diagnoses, saves, and prints the report into one folded group, for whoever looks when RUNNER_TEMP is gone. */
async function closeJob(context: StepContext): Promise<void> {
  // First of all: they must not fire on what is quoted here.
  removeMatchers();
  const { log } = context;
  const state = loadState();
  if (state === undefined) {
    log.info('setup-goproxy: the main step left nothing to report');
    return;
  }
  if (state.mode === 'diagnose') return;
  const search = await searchOrTell(() => searchFailed(state, context), context);
  await tellOrFault(search, state, context);
  for (const line of saveLines(await saveOrTell(state.cache, context))) log.info(line);
  await noteSearched(search, state.reportFile, log);
  const text = await addToReport(state.reportFile, search, log);
  if (text === undefined) {
    log.info('setup-goproxy: the report of the main step is gone');
    return;
  }
  log.section({ title: 'setup-goproxy: report.json', lines: text.trimEnd().split('\n') });
}

/** A fault of ours in telling it must cost neither the saving nor the report. */
function tellOrFault(search: LaterSearch, state: State, { log, signal }: StepContext): Promise<void> {
  return surviveFault(
    () => tellLaterSteps(search, state, log),
    signal,
    (error) => log.fault(`setup-goproxy: what was found could not be told: ${errorName(error)}.`),
  );
}

const NO_REASON: Readonly<Record<JobStatus, string>> = {
  success: 'the job has not failed',
  cancelled: 'the job was cancelled',
  unknown: 'the runner does not tell how the job went',
  failure: '',
};

async function searchFailed(
  { reportFile, startedAtMs, failedByMain }: State,
  context: StepContext,
): Promise<LaterSearch> {
  const { log, signal } = context;
  const inputs = readInputs();
  if (inputs.jobStatus !== 'failure') return notSearched(NO_REASON[inputs.jobStatus]);
  if (failedByMain) return notSearched('this action has failed the job, as `fail-on` says');
  const own = await readFacts(reportFile);
  const start = (await readJobStart()).facts ?? own;
  if (own?.isSearched === true || start?.isSearched === true) {
    return notSearched('an earlier step of this action has told what it found');
  }
  protectInputs(inputs, log);
  const setting = await readProjectSetting(inputs, workspaceDirectory(), signal);
  protectGoEnv(setting.goEnv, log);
  const logins = await readLogins(log);
  return await searchLaterSteps(
    {
      inputs,
      setting,
      measuring: { network: networkOnce(), netrc: logins.lines },
      sinceMs: Math.min(start?.startedAtMs ?? startedAtMs, startedAtMs),
      mistakes: environmentFindings(setting).filter(({ severity }) => severity === 'failure'),
      ...(start === undefined ? {} : { start }),
    },
    context,
  );
}

/** A fault of ours in saving must not cost the report. */
function saveOrTell(cache: CacheState, context: StepContext): Promise<SaveOutcome> {
  const save = () => saveModuleCache(readInputs(), cache, workspaceDirectory(), context);
  return surviveFault(save, context.signal, (error) => ({
    kind: 'not-saved',
    reason: describeOwnFault(error),
  }));
}
