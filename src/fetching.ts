import type { Decision, Plan } from './decision.ts';
import { openProxySet } from './fetch/proxy-set.ts';
import type { ZipHasher } from './go/h1.ts';
import { credentialsFor } from './go/netrc.ts';
import { formatModuleVersion } from './go/version.ts';
import type { Measuring } from './measuring.ts';
import { type PrefetchRequest, prefetch } from './prefetch/prefetch.ts';
import type { PrefetchOutcome } from './prefetch/prefetch-result.ts';
import { planRoute, type Route } from './prefetch/route.ts';
import { progressText } from './report/progress-text.ts';
import type { StepContext } from './runner/finish.ts';
import type { Inputs } from './runner/inputs.ts';
import { outputTerminal, startProgress } from './runner/progress.ts';
import { goValue, type Setting } from './setting.ts';

/** What the prefetch starts from. */
export interface Fetching {
  readonly inputs: Inputs;
  readonly setting: Setting;
  readonly plan: Plan;
  readonly decision: Decision;
  readonly measuring: Measuring;
  readonly hashZip: ZipHasher;
}

/**
 * Fetches what the module cache lacks, unless inputs, policy or the lack of a healthy proxy forbid it.
 * @throws the reason of the step's signal when it aborts: nothing is told after the step's end.
 */
export async function fetchWanted(fetching: Fetching, context: StepContext): Promise<PrefetchOutcome> {
  const reason = reasonToSkip(fetching);
  if (reason !== undefined) return { kind: 'skipped', reason };
  const route = routeOf(fetching);
  if (route.kind === 'none') return { kind: 'impossible', reason: route.reason };
  const { prefetchTimeoutMs } = fetching.inputs;
  context.allowMore(prefetchTimeoutMs);
  const result = await fetchAlong(route, fetching, context);
  context.signal.throwIfAborted();
  return { kind: 'ran', result };
}

function reasonToSkip({ inputs, setting }: Fetching): string | undefined {
  const { missing, wrong, wholeness } = setting.presence;
  if (inputs.mode === 'diagnose') return 'the input mode is diagnose';
  if (inputs.prefetch === false) return 'the input prefetch is false';
  if (wholeness === 'empty') return 'nothing is wanted';
  return missing.length + wrong.length === 0 ? 'nothing is missing' : undefined;
}

/** Returns whom the prefetch may ask; pure. */
export function routeOf({ setting, plan, decision }: Pick<Fetching, 'setting' | 'plan' | 'decision'>): Route {
  const { use, proxies } = plan;
  const goproxy = goValue(setting.goEnv, 'GOPROXY');
  return planRoute({
    plan: proxies,
    ...(decision.choice === undefined ? {} : { choice: decision.choice }),
    ...(use.kind === 'reuse' ? { reused: { selected: use.record.selected, goproxy } } : {}),
  });
}

async function fetchAlong(
  route: Extract<Route, { kind: 'proxies' }>,
  fetching: Fetching,
  { log, closing, signal }: StepContext,
) {
  const { measuring } = fetching;
  const { network } = await measuring.network();
  const proxies = openProxySet({
    ...route,
    network,
    credentialsFor: (url) => credentialsFor(measuring.netrc, url),
  });
  const progress = startProgress({ log, terminal: outputTerminal() });
  try {
    const running = prefetch({
      ...whatToFetch(fetching),
      proxies,
      hashZip: fetching.hashZip,
      bounds: { timeoutMs: fetching.inputs.prefetchTimeoutMs },
      onProgress: (now) => progress.tell(progressText(now)),
      onStaging: (removeNow) => closing.removeAtEnd(removeNow),
      signal,
    });
    closing.awaitWrite(running);
    return await running;
  } finally {
    progress.stop();
    await proxies.destroy();
  }
}

function whatToFetch({
  setting,
  decision,
}: Fetching): Pick<PrefetchRequest, 'goModCache' | 'missing' | 'wrong' | 'kept' | 'sizes'> {
  const { choice } = decision;
  return {
    goModCache: goValue(setting.goEnv, 'GOMODCACHE'),
    missing: setting.presence.missing,
    wrong: setting.presence.wrong.map(({ file }) => file),
    kept: choice?.kept ?? [],
    sizes: new Map((choice?.sizes ?? []).map(({ module, bytes }) => [formatModuleVersion(module), bytes])),
  };
}
