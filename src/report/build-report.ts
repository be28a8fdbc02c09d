import type { Finding } from '../diagnosis/finding.ts';
import { failureClassOf } from '../diagnosis/finding.ts';
import type { GoEnv } from '../go/go-env.ts';
import { describeSkipped, type Skipped } from '../proxy/candidate-list.ts';
import type { ExportName } from '../proxy/exports.ts';
import type { UseDecision } from '../proxy/second-use.ts';
import { removeUserinfo } from '../proxy/userinfo.ts';
import { cacheFacts } from './cache-facts.ts';
import { candidateFacts } from './candidate-facts.ts';
import { boundLater } from './later-text.ts';
import { prefetchFacts } from './prefetch-facts.ts';
import type {
  CandidateFacts,
  ChainFacts,
  ChangedValue,
  PlanFacts,
  PrivatePatternFacts,
  Report,
  WantedFacts,
} from './report.ts';
import type { ReportParts } from './report-parts.ts';

export type { ReportParts } from './report-parts.ts';

const PROBLEMS_SHOWN = 20;

/** Returns the report of what was found and decided; userinfo is removed, foreign text is left to the renderers. */
export function buildReport(parts: ReportParts): Report {
  const { actionVersion, step, mode, startedAt, durations, goEnv, choice, use, exports, findings } = parts;
  const reused = use.kind === 'reuse' && choice === undefined ? reusedText(use) : undefined;
  const plan = planFacts(parts);
  return {
    schema: 1,
    actionVersion,
    step,
    mode,
    startedAt: startedAt.toISOString(),
    durations,
    go: goFacts(goEnv),
    plan,
    chain: chainFacts(parts),
    checksumDatabase: changed(parts, 'GOSUMDB', parts.sumdb.reason),
    privatePatterns: patternFacts(parts),
    exported: exports.exports.map(({ name, value }) => ({ name, value: removeUserinfo(value) })),
    wanted: wantedFacts(parts),
    ...(parts.restore === undefined ? {} : { cache: cacheFacts(parts.restore) }),
    ...extractedFact(parts),
    ...(parts.prefetch === undefined ? {} : { prefetch: prefetchFacts(parts.prefetch) }),
    ...(parts.laterSteps === undefined ? {} : { laterSteps: boundLater(parts.laterSteps) }),
    ...(reused === undefined ? {} : { secondUse: reused }),
    notes: [
      ...parts.notes,
      ...exports.withheld.map(({ name, reason }) => `${name} is not exported: ${reason}`),
    ],
    hosts: contactedHosts(parts),
    findings: findings.map((finding) => withConsequence(finding, plan, parts)),
    failureClass: failureClassOf(findings),
  };
}

/** Returns the effective value of a variable after the step, userinfo removed. */
export function valueAfter(
  { goEnv, exports }: Pick<ReportParts, 'goEnv' | 'exports'>,
  name: ExportName,
): string {
  const exported = exports.exports.find((one) => one.name === name);
  return removeUserinfo(exported?.value ?? goEnv.values.get(name) ?? '');
}

/** Returns the label of the proxy ranked first; '' when none is healthy. */
export function selectedLabel({ choice, use }: Pick<ReportParts, 'choice' | 'use'>): string {
  if (choice !== undefined) return choice.decision.selected?.label ?? '';
  return use.kind === 'reuse' ? use.record.selected : '';
}

function contactedHosts({ choice, restore, prefetch, contacted = [] }: ReportParts): readonly string[] {
  const fetching = prefetch?.kind === 'ran' ? prefetch.result.contacted : [];
  const restoring = restore === undefined || restore.kind === 'skipped' ? [] : restore.hosts;
  return [...new Set([...(choice?.contacted ?? []), ...restoring, ...fetching, ...contacted])];
}

/** What was extracted since an earlier use is the work of this job. */
function extractedFact({ extractedTrees, use }: ReportParts): Pick<Report, 'extractedTrees'> {
  return extractedTrees === undefined || use.kind === 'reuse' ? {} : { extractedTrees };
}

function reusedText({ record }: Extract<UseDecision, { kind: 'reuse' }>): string {
  const selected = record.selected === '' ? 'no healthy one' : record.selected;
  return `An earlier use in this job measured the same proxies and chose ${selected}; nothing is measured again.`;
}

function goFacts({ goVersion, source, problem }: GoEnv): Report['go'] {
  return {
    source,
    ...(goVersion === undefined ? {} : { version: `go${goVersion}` }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function planFacts(parts: ReportParts): PlanFacts {
  const { plan, use, choice } = parts;
  const skipped = plan.skipped.map((one) => ({ entry: one.entry, reason: skippedReason(one) }));
  const none = { candidates: [], skipped };
  if (plan.kind === 'policy') {
    return {
      kind: 'policy',
      reason: plan.reason,
      ...none,
      standby: { asked: false, reason: 'GOPROXY is policy' },
    };
  }
  if (choice === undefined) {
    const reason = use.kind === 'reuse' ? reusedText(use) : 'nothing was measured';
    return { kind: 'reused', reason, ...none, standby: { asked: false, reason: 'an earlier use decided' } };
  }
  return { kind: 'candidates', candidates: candidateFacts(choice, parts), skipped, standby: choice.standby };
}

/** The entry stands before it already. */
function skippedReason(one: Skipped): string {
  const why = describeSkipped(one)
    .replace(/^Entry .*? is skipped: /, '')
    .replace(/\.$/, '');
  return `${why} (entry ${one.place} of ${one.input})`;
}

/** Says what became of a candidate that is not healthy; the user wants to know whether the job goes on. */
function withConsequence(finding: Finding, { candidates }: PlanFacts, parts: ReportParts): Finding {
  const about = candidates.find(({ label }) => label === finding.subject);
  if (about === undefined || finding.coveredBy !== undefined || parts.mode === 'diagnose') return finding;
  if (finding.consequence !== undefined) return finding;
  const consequence = consequenceOf(about, selectedLabel(parts));
  return consequence === undefined ? finding : { ...finding, consequence };
}

function consequenceOf({ origin, verdict, inChain }: CandidateFacts, selected: string): string | undefined {
  if (inChain) {
    return verdict.kind === 'unknown' ? 'it keeps its place in GOPROXY' : 'it stays in GOPROXY';
  }
  if (origin === 'standby') return undefined;
  return selected === '' ? 'left out of GOPROXY' : `left out of GOPROXY, the job goes on with ${selected}`;
}

function chainFacts(parts: ReportParts): ChainFacts {
  const { goEnv } = parts;
  const selected = selectedLabel(parts);
  return {
    decision: parts.exports.exports.some(({ name }) => name === 'GOPROXY') ? 'exported' : 'kept',
    before: removeUserinfo(goEnv.values.get('GOPROXY') ?? ''),
    after: valueAfter(parts, 'GOPROXY'),
    reasons: chainReasons(parts),
    ...(selected === '' ? {} : { selected }),
  };
}

function chainReasons({
  choice,
  plan,
  use,
}: Pick<ReportParts, 'choice' | 'plan' | 'use'>): readonly string[] {
  if (plan.kind === 'policy') return [plan.reason];
  if (choice === undefined) return use.kind === 'reuse' ? [reusedText(use)] : [];
  const { decision } = choice;
  const said = decision.kind === 'export' ? decision.notice : decision.warning;
  return [...(said === undefined ? [] : [said]), ...decision.reasons];
}

function patternFacts(parts: ReportParts): PrivatePatternFacts {
  const { merged } = parts;
  const fact = (name: 'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB', effective: string): ChangedValue => {
    const before = parts.goEnv.values.get(name) ?? '';
    // Unset, GONOPROXY and GONOSUMDB follow GOPRIVATE without being exported.
    const after = parts.mode === 'diagnose' ? before : effective;
    return { before, after, reason: before === after ? '' : 'the inputs add patterns' };
  };
  return {
    goprivate: fact('GOPRIVATE', merged.goprivate),
    gonoproxy: fact('GONOPROXY', merged.gonoproxy),
    gonosumdb: fact('GONOSUMDB', merged.gonosumdb),
  };
}

function changed(parts: ReportParts, name: ExportName, reason: string): ChangedValue {
  return {
    before: removeUserinfo(parts.goEnv.values.get(name) ?? ''),
    after: valueAfter(parts, name),
    reason,
  };
}

function wantedFacts({ wanted, presence }: ReportParts): WantedFacts {
  const problems = wanted.problems.map(
    ({ file, line, rule }) => `${file}${line > 0 ? `:${line}` : ''}: ${rule}`,
  );
  const more = problems.length - PROBLEMS_SHOWN;
  return {
    modules: wanted.modules,
    files: wanted.files.length,
    missing: presence.missing.length,
    wrong: presence.wrong.length,
    privateModules: wanted.privateModules,
    notes: [
      ...wanted.notes,
      ...problems.slice(0, PROBLEMS_SHOWN),
      ...(more > 0 ? [`${more} more problems in the project's files`] : []),
      ...presence.notes,
    ],
  };
}
