import path from 'node:path';
import { ACTION_VERSION } from './action-version.ts';
import type { Decision, Plan } from './decision.ts';
import type { Finding } from './diagnosis/finding.ts';
import { findingsOfProbe, NO_HEALTHY_PROXY } from './diagnosis/probe-findings.ts';
import { findingsOfSetting } from './diagnosis/setting-findings.ts';
import { cachePath } from './modcache/presence.ts';
import { encodeUse, STATE_NAME, traceVariable } from './proxy/second-use.ts';
import { annotate } from './report/annotations.ts';
import { buildReport, type ReportParts, selectedLabel, valueAfter } from './report/build-report.ts';
import { renderJobSummary, wantsSummary } from './report/job-summary.ts';
import { logSections } from './report/log-text.ts';
import type { PhaseDuration, Report } from './report/report.ts';
import { renderReportJson, sealReport } from './report/report-json.ts';
import { FailOnError } from './runner/finish.ts';
import type { FailOn, Inputs } from './runner/inputs.ts';
import type { Log } from './runner/log.ts';
import { NO_OUTPUTS, type Outputs, publish, writeReport } from './runner/outputs.ts';
import { saveState } from './runner/state.ts';
import { goValue, type Setting } from './setting.ts';

/** What this version checks but does not do yet; nothing is left undone in silence. */
const NOT_YET =
  'prefetch, module cache and the diagnosis of later steps are not part of this version: go downloads what is missing, through the chosen proxies';

/** All that is told at the end of the step. */
export interface Told {
  readonly inputs: Inputs;
  readonly setting: Setting;
  readonly plan: Plan;
  readonly decision: Decision;
  readonly startedAt: Date;
  readonly durations: readonly PhaseDuration[];
  readonly notes: readonly string[];
}

/** Exports, outputs, log, annotations, summary, report and state; only then may `fail-on` fail the step. */
export async function tell(told: Told, log: Log): Promise<void> {
  const { inputs, setting, decision, startedAt } = told;
  const findings = findingsOf(told);
  const parts = partsOf(told, findings);
  const report = sealReport(buildReport(parts), log.redact);
  for (const section of logSections(report)) log.section(section);
  const failed = metConditions(inputs.failOn, { findings, setting });
  const reportFile = await writeReport(renderReportJson(report, log.redact), log);
  const summary = wantsSummary(inputs.jobSummary, report, { failed: failed.length > 0 });
  await publish(
    {
      outputs: outputsOf(parts, report, reportFile),
      exports: exportsWithRecord(told, parts, reportFile),
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
    },
    log,
  );
  log.info(headline(parts));
  if (failed.length > 0) throw new FailOnError(failed, failureText(decision, setting));
}

function partsOf(
  { inputs, setting, plan, decision, ...told }: Told,
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
    notes: [...useNote, ...told.notes, ...notes, NOT_YET],
  };
}

function findingsOf({ setting, plan, decision }: Told): readonly Finding[] {
  const { choice, sumdb } = decision;
  const warning = plan.proxies.kind === 'policy' ? plan.proxies.warning : inheritedWarning(plan, decision);
  const notice = choice?.decision.kind === 'export' ? choice.decision.notice : undefined;
  const cache = goValue(setting.goEnv, 'GOMODCACHE');
  return [
    ...findingsOfSetting({
      wrongFiles: setting.presence.wrong.map(({ file }) => path.relative(cache, cachePath(cache, file))),
      ...(warning === undefined ? {} : { inheritedWarning: warning }),
      ...(notice === undefined ? {} : { standbyNotice: notice }),
      sumdbWarnings: sumdb.warnings,
    }),
    ...(choice === undefined ? [] : findingsOfProbe(choice.probed)),
  ];
}

/** Where no candidate at all is healthy, the findings of the probe say it. */
function inheritedWarning({ proxies }: Plan, { choice }: Decision): string | undefined {
  if (proxies.kind === 'policy' || proxies.inherited === undefined) return undefined;
  if (choice?.decision.kind !== 'keep' || choice.decision.ranked.length === 0) return undefined;
  return choice.decision.warning;
}

function metConditions(
  failOn: readonly FailOn[],
  { findings, setting }: { readonly findings: readonly Finding[]; readonly setting: Setting },
): readonly FailOn[] {
  const isMet: Readonly<Record<FailOn, boolean>> = {
    // A fault of ours is no verdict about a proxy, and must not fail the job.
    'no-healthy-proxy':
      findings.some(({ id }) => id === NO_HEALTHY_PROXY) && !findings.some(({ id }) => id === 'internal'),
    'download-failure': false, // Nothing is downloaded by this version.
    unverified: setting.presence.wrong.length > 0,
  };
  return failOn.filter((condition) => isMet[condition]);
}

function failureText({ choice }: Decision, { presence }: Setting): string {
  const warning = choice?.decision.kind === 'keep' ? choice.decision.warning : undefined;
  return warning ?? `${presence.wrong.length} files of the module cache are not what go.sum says`;
}

function outputsOf(parts: ReportParts, report: Report, reportFile: string): Outputs {
  return {
    ...NO_OUTPUTS,
    goproxy: valueAfter(parts, 'GOPROXY'),
    gosumdb: valueAfter(parts, 'GOSUMDB'),
    goprivate: valueAfter(parts, 'GOPRIVATE'),
    'selected-proxy': selectedLabel(parts),
    gomodcache: goValue(parts.goEnv, 'GOMODCACHE'),
    'failure-class': report.failureClass,
    report: reportFile,
  };
}

/** What later steps get, and by SETUP_GOPROXY what a second use in the job gets; nothing where GOPROXY is policy. */
function exportsWithRecord(
  { inputs, plan, decision, setting }: Told,
  parts: ReportParts,
  report: string,
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
    encodeUse({ fingerprint, variables, selected: selectedLabel(parts), chain, report }),
  );
}

function headline(parts: ReportParts): string {
  const selected = selectedLabel(parts);
  const goproxy = valueAfter(parts, 'GOPROXY');
  return `setup-goproxy: ${selected === '' ? 'no proxy selected' : `selected ${selected}`}; GOPROXY=${goproxy}`;
}
