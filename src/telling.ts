import path from 'node:path';
import { ACTION_VERSION } from './action-version.ts';
import type { Decision, Plan } from './decision.ts';
import { findingsOfCache, restoredNames, restoreUnverified } from './diagnosis/cache-findings.ts';
import type { Finding } from './diagnosis/finding.ts';
import { findingsOfPrefetch, prefetchFailed, prefetchUnverified } from './diagnosis/prefetch-findings.ts';
import { findingsOfProbe, NO_HEALTHY_PROXY } from './diagnosis/probe-findings.ts';
import { findingsOfSetting } from './diagnosis/setting-findings.ts';
import { findingsOfToolchain } from './diagnosis/toolchain-findings.ts';
import { fateOfWrong } from './diagnosis/wrong-files.ts';
import { routeOf } from './fetching.ts';
import { errorName } from './go/error-name.ts';
import { formatModuleVersion } from './go/version.ts';
import type { LaterSearch } from './later-steps.ts';
import { cacheable, keyOf } from './modcache/cache-key.ts';
import { cachePath, toFetch } from './modcache/presence.ts';
import type { RestoreOutcome } from './modcache/restore-outcome.ts';
import { countModules, type PrefetchOutcome } from './prefetch/prefetch-result.ts';
import { encodeUse, STATE_NAME, traceVariable } from './proxy/second-use.ts';
import { annotate } from './report/annotations.ts';
import { buildReport, type ReportParts, selectedLabel, valueAfter } from './report/build-report.ts';
import { count } from './report/figures.ts';
import { renderJobSummary, wantsSummary } from './report/job-summary.ts';
import { laterLine } from './report/later-text.ts';
import { sectionsAfterFetch, sectionsBeforeFetch } from './report/log-text.ts';
import type { PhaseDuration, Report } from './report/report.ts';
import { renderReportJson, sealReport } from './report/report-json.ts';
import { toldKeys } from './report/told-causes.ts';
import { FailOnError } from './runner/finish.ts';
import type { FailOn, Inputs } from './runner/inputs.ts';
import type { Log } from './runner/log.ts';
import { NO_OUTPUTS, type Outputs, publish, publishExports, writeReport } from './runner/outputs.ts';
import { type CacheState, saveState } from './runner/state.ts';
import { goValue, type Setting } from './setting.ts';
import { noteSearched } from './telling-later.ts';
import type { Toolchains } from './toolchains.ts';

/** What is known before anything is fetched. */
export interface Chosen {
  readonly inputs: Inputs;
  readonly setting: Setting;
  readonly plan: Plan;
  readonly decision: Decision;
  readonly restore: RestoreOutcome;
  readonly startedAt: Date;
  readonly durations: readonly PhaseDuration[];
  readonly notes: readonly string[];
  /** Where report.json will be; '' when it cannot be written. */
  readonly reportFile: string;
}

/** All that is told at the end of the step. */
export interface Told extends Chosen {
  readonly prefetch: PrefetchOutcome;
  readonly toolchains: Toolchains;
  /** Of the steps before this one, in mode `diagnose`. */
  readonly search?: LaterSearch;
}

/** Log and environment: what later steps need is exported before anything else can go wrong. */
export async function tellChoice(chosen: Chosen, log: Log): Promise<void> {
  const parts = partsOf(chosen, []);
  const report = sealReport(buildReport(parts), log.redact);
  for (const section of sectionsBeforeFetch(report)) log.section(section);
  await publishExports(exportsWithRecord(chosen, parts), log);
}

/** Outputs, the rest of the log, annotations, summary, report and state; only then may `fail-on` fail the step. */
export async function tell(told: Told, log: Log): Promise<void> {
  const { inputs, setting, startedAt, prefetch } = told;
  const findings = findingsOf(told);
  const parts = partsOf(told, findings);
  const report = sealReport(buildReport(parts), log.redact);
  for (const section of sectionsAfterFetch(report)) log.section(section);
  const failed = metConditions(inputs.failOn, { findings, setting, restore: told.restore, prefetch });
  const reportFile = await writeReport(told.reportFile, renderReportJson(report, log.redact), log);
  const summary = wantsSummary(inputs.jobSummary, report, { failed: failed.length > 0 });
  await publish(
    {
      outputs: outputsOf(parts, report, { reportFile, prefetch, restore: told.restore }),
      annotations: annotate(report.findings),
      summary: summary ? renderJobSummary(report) : '',
    },
    log,
  );
  await saveState(
    {
      schema: 1,
      mode: inputs.mode,
      startedAtMs: startedAt.getTime(),
      jobSummary: inputs.jobSummary,
      failureClass: report.failureClass,
      reportFile,
      cache: cacheStateOrNone(told, log),
      told: toldKeys(report.findings),
      failedByMain: failed.length > 0,
    },
    log,
  );
  const line = laterLine(report);
  if (line !== undefined) log.info(`setup-goproxy: ${line}`);
  if (told.search !== undefined) await noteSearched(told.search, reportFile, log);
  log.info(headline(parts));
  if (failed.length > 0) throw new FailOnError(failed, failureText(told));
}

function partsOf(
  { inputs, setting, plan, decision, restore, prefetch, toolchains, ...told }: Chosen & Partial<Told>,
  findings: readonly Finding[],
): ReportParts {
  const { choice, sumdb, exports, notes } = decision;
  const useNote = plan.use.kind === 'first' && plan.use.note !== undefined ? [plan.use.note] : [];
  return {
    actionVersion: ACTION_VERSION,
    step: 'main',
    mode: inputs.mode,
    startedAt: told.startedAt,
    durations: told.durations,
    ...setting,
    plan: plan.proxies,
    use: plan.use,
    ...(choice === undefined ? {} : { choice }),
    sumdb,
    exports,
    findings,
    restore,
    ...(prefetch === undefined ? {} : { prefetch }),
    contacted: [...(toolchains?.contacted ?? []), ...(told.search?.hosts ?? [])],
    ...(told.search === undefined ? {} : { laterSteps: told.search.laterSteps }),
    notes: [...useNote, ...told.notes, ...notes],
  };
}

function findingsOf(told: Told): readonly Finding[] {
  const { inputs, setting, plan, decision, restore, prefetch } = told;
  const { choice, sumdb } = decision;
  // A mistake in GOPROXY is told with its rule and its origin.
  const isTold = told.search?.findings.some(({ id }) => id.startsWith('goproxy-')) === true;
  const warning = plan.proxies.kind === 'policy' ? plan.proxies.warning : inheritedWarning(plan, decision);
  const notice = choice?.decision.kind === 'export' ? choice.decision.notice : undefined;
  const cache = goValue(setting.goEnv, 'GOMODCACHE');
  return [
    ...(told.search?.findings ?? []),
    ...findingsOfSetting({
      wrongFiles: setting.presence.wrong.map(({ file }) => path.relative(cache, cachePath(cache, file))),
      wrongFate: fateOfWrong(
        setting.presence.wrong.map(({ file }) => file),
        prefetch,
        restoredNames(restore),
      ),
      ...(warning === undefined || isTold ? {} : { inheritedWarning: warning }),
      ...(notice === undefined ? {} : { standbyNotice: notice }),
      sumdbWarnings: sumdb.warnings,
    }),
    ...findingsOfCache({ restore, prefetch, extractedTrees: foreignTrees(told) }),
    ...findingsOfPrefetch(prefetch, { ...routeFacts(told), prefetchInput: inputs.prefetch }),
    ...(choice === undefined ? [] : findingsOfProbe(choice.probed)),
    ...(plan.proxies.kind === 'policy' ? [] : findingsOfToolchain(told.toolchains.facts)),
  ];
}

/** Trees that somebody else restored: on a machine that is kept, and after a use of ours, they are of earlier go commands. */
function foreignTrees({ setting, plan }: Told): number {
  const isKept = process.env['RUNNER_ENVIRONMENT'] !== 'github-hosted';
  return isKept || plan.use.kind === 'reuse' ? 0 : setting.extractedTrees;
}

/** Asked again only where the prefetch has come this way already. */
function routeFacts(told: Told): { readonly isPublicChain: boolean; readonly hasDirect: boolean } {
  const route = told.prefetch.kind === 'ran' ? routeOf(told) : undefined;
  if (route === undefined || route.kind === 'none') return { isPublicChain: false, hasDirect: false };
  const isPublicChain = route.chain.every(({ candidate }) => candidate.publicProxy !== undefined);
  return { isPublicChain, hasDirect: route.direct };
}

/** Where no candidate at all is healthy, the findings of the probe say it. */
function inheritedWarning({ proxies }: Plan, { choice }: Decision): string | undefined {
  if (proxies.kind === 'policy' || proxies.inherited === undefined) return undefined;
  if (choice?.decision.kind !== 'keep' || choice.decision.ranked.length === 0) return undefined;
  return choice.decision.warning;
}

function metConditions(
  failOn: readonly FailOn[],
  {
    findings,
    setting,
    restore,
    prefetch,
  }: Pick<Told, 'setting' | 'restore' | 'prefetch'> & { readonly findings: readonly Finding[] },
): readonly FailOn[] {
  const isMet: Readonly<Record<FailOn, boolean>> = {
    // A fault of ours is no verdict about a proxy, and must not fail the job.
    'no-healthy-proxy':
      findings.some(({ id }) => id === NO_HEALTHY_PROXY) && !findings.some(({ id }) => id === 'internal'),
    'download-failure': prefetchFailed(prefetch),
    unverified:
      setting.presence.wrong.length > 0 || restoreUnverified(restore) || prefetchUnverified(prefetch),
  };
  return failOn.filter((condition) => isMet[condition]);
}

/** The first that applies, in the order of `fail-on`. */
function failureText({ decision: { choice }, setting: { presence }, restore, prefetch }: Told): string {
  const warning = choice?.decision.kind === 'keep' ? choice.decision.warning : undefined;
  if (warning !== undefined) return warning;
  const failed = prefetch.kind === 'ran' ? countModules(prefetch.result.files).failed : 0;
  if (failed > 0) return `${count(failed, 'module')} could not be fetched`;
  if (restoreUnverified(restore)) return 'the restored cache held files that are not what go.sum says';
  return `${count(presence.wrong.length, 'file')} of the module cache had another content than go.sum says`;
}

function outputsOf(
  parts: ReportParts,
  report: Report,
  { reportFile, prefetch, restore }: Pick<Told, 'reportFile' | 'prefetch' | 'restore'>,
): Outputs {
  const modules = countModules(prefetch.kind === 'ran' ? prefetch.result.files : []);
  return {
    ...NO_OUTPUTS,
    goproxy: valueAfter(parts, 'GOPROXY'),
    gosumdb: valueAfter(parts, 'GOSUMDB'),
    goprivate: valueAfter(parts, 'GOPRIVATE'),
    'selected-proxy': selectedLabel(parts),
    gomodcache: goValue(parts.goEnv, 'GOMODCACHE'),
    'cache-hit': restore.kind === 'restored' && restore.isExact,
    'cache-primary-key': restore.key?.primary ?? '',
    'cache-matched-key': matchedKey(restore) ?? '',
    'modules-fetched': modules.fetched,
    'modules-failed': modules.failed,
    'failure-class': report.failureClass,
    report: reportFile,
  };
}

/** What post needs; more modules than these are left to go in no project, and the state is not the place for lists. */
const MAX_LEFT_TO_GO = 500;

const NO_CACHE: CacheState = {
  primaryKey: '',
  matchedKey: '',
  isMatchBroken: false,
  wasComplete: true,
  leftToGo: [],
};

/** Without it post saves nothing; what was fetched and told is worth more. */
function cacheStateOrNone(told: Told, log: Log): CacheState {
  try {
    return cacheState(told);
  } catch (error) {
    log.fault(`setup-goproxy: the module cache will not be saved (${errorName(error)})`);
    return NO_CACHE;
  }
}

function cacheState({ inputs, setting, restore, prefetch }: Told): CacheState {
  const left =
    prefetch.kind === 'ran' ? prefetch.result.files.filter(({ kind }) => kind === 'left-to-go') : [];
  const names = new Set(left.map(({ file }) => formatModuleVersion(file.module)));
  return {
    primaryKey: primaryKey(restore, setting, inputs.cacheSuffix),
    matchedKey: matchedKey(restore) ?? '',
    isMatchBroken: restore.kind === 'trouble',
    wasComplete: cacheable(toFetch(setting.presence)).length === 0,
    leftToGo: [...names].slice(0, MAX_LEFT_TO_GO),
  };
}

/** A fault of ours in restoring leaves no key, and what was fetched is worth saving nevertheless. */
function primaryKey({ key }: RestoreOutcome, { wanted }: Setting, suffix: string): string {
  if (key !== undefined) return key.primary;
  return cacheable(wanted.files).length === 0 ? '' : keyOf(wanted.files, suffix).primary;
}

function matchedKey(restore: RestoreOutcome): string | undefined {
  return restore.kind === 'restored' || restore.kind === 'trouble' ? restore.matchedKey : undefined;
}

/** What later steps get, and by SETUP_GOPROXY what a second use in the job gets; nothing where GOPROXY is policy. */
function exportsWithRecord(
  { inputs, plan, decision, setting, reportFile }: Chosen,
  parts: ReportParts,
): ReadonlyMap<string, string> {
  const exports = new Map<string, string>(decision.exports.exports.map(({ name, value }) => [name, value]));
  const { use, fingerprint } = plan;
  if (inputs.mode === 'diagnose' || plan.proxies.kind === 'policy' || use.kind === 'reuse') return exports;
  const trace = (name: 'GOPROXY' | 'GOSUMDB') =>
    traceVariable(exports.get(name) ?? goValue(setting.goEnv, name), exports.has(name), use.baseline[name]);
  const variables = { GOPROXY: trace('GOPROXY'), GOSUMDB: trace('GOSUMDB') };
  const chain = valueAfter(parts, 'GOPROXY');
  return exports.set(
    STATE_NAME,
    encodeUse({ fingerprint, variables, selected: selectedLabel(parts), chain, report: reportFile }),
  );
}

function headline(parts: ReportParts): string {
  const selected = selectedLabel(parts);
  const goproxy = valueAfter(parts, 'GOPROXY');
  return `setup-goproxy: ${selected === '' ? 'no proxy selected' : `selected ${selected}`}; GOPROXY=${goproxy}`;
}
