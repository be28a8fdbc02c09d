import { decide, makePlan } from './decision.ts';
import { environmentFindings } from './environment-mistakes.ts';
import { type Fetching, fetchWanted } from './fetching.ts';
import { errorName } from './go/error-name.ts';
import { openZipHashers } from './hashing/zip-hashers.ts';
import { jobStartedAtMs, readJobStart } from './job-start.ts';
import { protectGoEnv, protectInputs, readLogins } from './known-secrets.ts';
import { type LaterSearch, searchLaterSteps, searchOrTell } from './later-steps.ts';
import { type Measuring, networkOnce } from './measuring.ts';
import type { RestoreOutcome } from './modcache/restore-outcome.ts';
import { describeOwnFault, surviveFault } from './own-fault.ts';
import type { PrefetchOutcome } from './prefetch/prefetch-result.ts';
import type { PhaseDuration } from './report/report.ts';
import { type Restore, restoreCache, withExpected, withRestored } from './restoring.ts';
import { bundleBeside } from './runner/bundles.ts';
import { runStep, type StepContext } from './runner/finish.ts';
import { createLog } from './runner/log.ts';
import { registerMatchers, removeMatchers } from './runner/matchers.ts';
import { NO_OUTPUTS, publishOutputs, reportPath } from './runner/outputs.ts';
import { readInputs, workspaceDirectory } from './runner/read-inputs.ts';
import { markStarted } from './runner/stage.ts';
import { readSetting } from './setting.ts';
import { type Chosen, type Told, tell, tellChoice } from './telling.ts';
import { lookAtToolchains } from './toolchains.ts';

/** Beyond the probe's own bound: go env (10 s), files, hashing of a large module cache, writing. */
const STEP_SLACK_MS = 60_000;
const LONGEST_PROBE_MS = 60_000;

/** Runs the main step to the end of the process. */
export function main(): Promise<never> {
  return runStep({ name: 'main', boundMs: LONGEST_PROBE_MS + STEP_SLACK_MS, log: createLog(), body: setUp });
}

async function setUp(context: StepContext): Promise<void> {
  const { log, signal } = context;
  const startedAt = new Date();
  // Those of an earlier use must not fire on what this one says.
  removeMatchers();
  await markStarted(log);
  await publishOutputs(NO_OUTPUTS, log);
  const inputs = readInputs();
  protectInputs(inputs, log);
  const watch = startWatch();
  // It is read while go env runs.
  const network = networkOnce();
  network().catch(() => {});
  const { hash: hashZip } = openZipHashers({ script: bundleBeside('hash-worker.js') });
  const setting = await readSetting(inputs, workspaceDirectory(), { signal, hashZip });
  protectGoEnv(setting.goEnv, log);
  const logins = await readLogins(log);
  const plan = makePlan(inputs, setting);
  watch.lap('environment and files');
  const measuring = { network, netrc: logins.lines, signal };
  const restoring = startRestoring({ inputs, setting, hashZip }, context);
  // With an archive of exactly these modules nothing is left to fetch, and the proxies need no measuring for it.
  const expected = (await restoring.isExact) ? withExpected(setting) : setting;
  const [decision, restore] = await Promise.all([
    decide(inputs, expected, plan, measuring),
    restoring.outcome,
  ]);
  watch.lap('measuring, choosing and restoring');
  const chosen: Chosen = {
    ...{ inputs, setting, plan, decision, restore, startedAt },
    durations: watch.laps,
    notes: logins.notes,
    reportFile: reportPath(),
  };
  await tellChoice(chosen, log);
  const lacking = withRestored(setting, restore);
  const [prefetch, toolchains] = await Promise.all([
    fetchOrTell({ inputs, setting: lacking, plan, decision, measuring, hashZip }, context),
    lookAtToolchains(setting, decision, measuring),
  ]);
  watch.lap('fetching');
  const told: Told = { ...chosen, durations: watch.laps, prefetch, toolchains };
  try {
    await tell(inputs.mode === 'diagnose' ? await withSearch(told, measuring, context) : told, log);
  } finally {
    // Last of all, also when `fail-on` fails the step: what is said here goes through the matchers too.
    const enabled = inputs.problemMatchers && inputs.mode === 'setup';
    await registerMatchers({ enabled, script: process.argv[1] ?? '', log });
  }
}

/** Adds what the search for failed downloads of the steps before this one finds. */
async function withSearch(told: Told, measuring: Measuring, context: StepContext): Promise<Told> {
  const { inputs, setting, startedAt, toolchains } = told;
  const environment = environmentFindings(setting, toolchains.facts);
  const searchNow = async (): Promise<LaterSearch> => {
    const { facts: start } = await readJobStart();
    return await searchLaterSteps(
      {
        inputs,
        setting,
        measuring,
        sinceMs: start?.startedAtMs ?? (await jobStartedAtMs(startedAt.getTime())),
        mistakes: environment.filter(({ severity }) => severity === 'failure'),
        ...(start === undefined ? {} : { start }),
      },
      context,
    );
  };
  const search = await searchOrTell(searchNow, context);
  const known = new Set(search.findings.map(({ id, subject }) => `${id} ${subject}`));
  const others = environment.filter(({ id, subject }) => !known.has(`${id} ${subject}`));
  return { ...told, search: { ...search, findings: [...search.findings, ...others] } };
}

/** The cache service may take so long to say what it has, before the proxies are measured without knowing. */
const LOOKUP_MS = 1000;

interface Restoring {
  readonly isExact: Promise<boolean>;
  readonly outcome: Promise<RestoreOutcome>;
}

function startRestoring(restore: Restore, context: StepContext): Restoring {
  const { promise: isExact, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, LOOKUP_MS, false);
  const outcome = restoreOrTell({ ...restore, onLookup: (found) => resolve(found.isExact) }, context);
  const settle = () => {
    clearTimeout(timer);
    resolve(false);
  };
  outcome.then(settle, settle);
  return { isExact, outcome };
}

/** A fault of ours in restoring must not cost what is measured beside it; what is not restored is fetched. */
function restoreOrTell(restoring: Restore, context: StepContext): Promise<RestoreOutcome> {
  const restore = () => restoreCache(restoring, context);
  return surviveFault(restore, context.signal, (error) => {
    context.log.fault(`setup-goproxy: restoring the module cache ended early: ${errorName(error)}.`);
    return { kind: 'skipped', reason: describeOwnFault(error) };
  });
}

/** A fault of ours in the prefetch must not cost what was measured and exported. */
function fetchOrTell(fetching: Fetching, context: StepContext): Promise<PrefetchOutcome> {
  const fetchAll = () => fetchWanted(fetching, context);
  return surviveFault(fetchAll, context.signal, (error) => {
    const name = errorName(error);
    context.log.fault(`setup-goproxy: the prefetch ended early: ${name}. go downloads what is missing.`);
    return { kind: 'impossible', reason: describeOwnFault(error) };
  });
}

function startWatch(): { readonly laps: PhaseDuration[]; lap(phase: string): void } {
  const laps: PhaseDuration[] = [];
  let from = performance.now();
  return {
    laps,
    lap: (phase) => {
      const now = performance.now();
      laps.push({ phase, ms: Math.round(now - from) });
      from = now;
    },
  };
}
