import { isGoDefault, parseGosumdb } from './go/gosumdb.ts';
import { credentialsFor } from './go/netrc.ts';
import type { Measuring } from './measuring.ts';
import { toFetch } from './modcache/presence.ts';
import { decideSumdb, type SumdbDecision } from './proxy/checksum-db.ts';
import { type Choice, chooseProxies } from './proxy/choose.ts';
import { decideExports, type ExportDecision, type ExportName } from './proxy/exports.ts';
import { type ProxyPlan, planProxies } from './proxy/proxy-plan.ts';
import { decideSecondUse, fingerprintInputs, STATE_NAME, type UseDecision } from './proxy/second-use.ts';
import type { Inputs } from './runner/inputs.ts';
import { goValue, type Setting } from './setting.ts';

/** Which proxies are considered, and from which values; made before any network is touched. */
export interface Plan {
  readonly use: UseDecision;
  readonly proxies: ProxyPlan;
  /** Of the inputs that decide about proxies. */
  readonly fingerprint: string;
}

/** What becomes of go's environment, and what that rests on. */
export interface Decision {
  /** Absent where nothing was measured: an inherited policy, or an earlier use that decided. */
  readonly choice?: Choice;
  readonly sumdb: SumdbDecision;
  readonly exports: ExportDecision;
  readonly notes: readonly string[];
}

/**
 * Returns the candidates by inputs and environment, as they were before any use of this action in the job.
 * @throws CandidateListError for an input that is no list of proxies.
 */
export function makePlan(inputs: Inputs, { goEnv }: Pick<Setting, 'goEnv'>): Plan {
  const { proxies, mirrors, fallback, direct, gosumdb, goprivate, gonoproxy, gonosumdb } = inputs;
  const fingerprint = fingerprintInputs({
    ...{ proxies, mirrors, fallback, direct: String(direct), gosumdb },
    ...{ goprivate, gonoproxy, gonosumdb },
  });
  const use = decideSecondUse({
    state: process.env[STATE_NAME],
    current: { GOPROXY: goValue(goEnv, 'GOPROXY'), GOSUMDB: goValue(goEnv, 'GOSUMDB') },
    fingerprint,
  });
  // What is to be diagnosed is the chain that later steps had, unless the inputs name another.
  const goproxy = inputs.mode === 'diagnose' ? goValue(goEnv, 'GOPROXY') : use.baseline.GOPROXY.value;
  return { use, fingerprint, proxies: planProxies({ proxies, mirrors, goproxy }) };
}

/** Measures what the plan asks for and decides; in mode `diagnose` everything is measured and nothing exported. */
export async function decide(
  inputs: Inputs,
  setting: Setting,
  plan: Plan,
  measuring: Measuring,
): Promise<Decision> {
  const { proxies, use } = plan;
  const isReused = use.kind === 'reuse' && inputs.mode === 'setup';
  if (proxies.kind === 'policy' || isReused) return withoutMeasuring(inputs, setting, plan);
  const opened = await measuring.network();
  const { goVersion } = setting.goEnv;
  const gosumdb = use.baseline.GOSUMDB.value;
  const choice = await chooseProxies({
    plan: proxies,
    wanted: setting.wanted.files,
    missing: toFetch(setting.presence),
    privacy: setting.merged,
    thoroughness: inputs.mode === 'diagnose' ? 'all' : 'as-needed',
    fallback: inputs.fallback,
    direct: inputs.direct === 'auto' ? 'auto' : `${inputs.direct}`,
    gosumdbSetting: inputs.gosumdb,
    gosumdb,
    sumdbName: sumdbName(gosumdb),
    ...(goVersion === undefined ? {} : { goVersion }),
    probeTimeoutMs: inputs.probeTimeoutMs,
    network: opened.network,
    credentialsFor: (url) => credentialsFor(measuring.netrc, url),
    signal: measuring.signal,
  });
  return {
    choice,
    sumdb: choice.sumdb,
    exports: exportsOf(inputs, setting, { choice, sumdb: choice.sumdb }),
    notes: opened.notes,
  };
}

function withoutMeasuring(inputs: Inputs, setting: Setting, { use }: Plan): Decision {
  const { goVersion } = setting.goEnv;
  const sumdb: SumdbDecision =
    use.kind === 'reuse'
      ? { reason: 'An earlier use in this job decided.', warnings: [] }
      : decideSumdb({
          setting: inputs.gosumdb,
          effective: use.baseline.GOSUMDB.value,
          chain: undefined,
          answers: new Map(),
          offers: () => undefined,
          ...(goVersion === undefined ? {} : { goVersion }),
        });
  return { sumdb, exports: exportsOf(inputs, setting, { sumdb }), notes: [] };
}

function exportsOf(
  { mode }: Inputs,
  { goEnv, merged }: Setting,
  { choice, sumdb }: Pick<Decision, 'choice' | 'sumdb'>,
): ExportDecision {
  if (mode === 'diagnose') return { exports: [], withheld: [] };
  const decided = new Map<ExportName, string>(merged.assignments);
  if (choice?.decision.kind === 'export') decided.set('GOPROXY', choice.decision.goproxy);
  if (sumdb.gosumdb !== undefined) decided.set('GOSUMDB', sumdb.gosumdb);
  return decideExports(decided, goEnv.values);
}

/** The database whose relaying by a proxy matters: go asks for it by the name of its key. */
function sumdbName(gosumdb: string): string | undefined {
  if (isGoDefault(gosumdb)) return 'sum.golang.org';
  try {
    const database = parseGosumdb(gosumdb);
    return database.kind === 'off' || database.url !== undefined ? undefined : database.name;
  } catch {
    return undefined; // go refuses the value; it will say so itself.
  }
}
