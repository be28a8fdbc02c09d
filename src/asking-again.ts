import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePlan } from './decision.ts';
import type { LogId } from './diagnosis/log-id.ts';
import type { Environment } from './go/child-env.ts';
import { disclosureOf, type MergedGoprivate } from './go/goprivate.ts';
import { hashZip } from './go/h1.ts';
import { credentialsFor } from './go/netrc.ts';
import { askGo, type GoAnswer } from './later/ask-go.ts';
import { type AskedProxies, askProxies } from './later/ask-proxies.ts';
import type { SuspectAnswer } from './later/later-findings.ts';
import type { Suspect } from './later/suspects.ts';
import type { Measuring } from './measuring.ts';
import { removalBudget, removeTree, removeTreeNow } from './modcache/tree-removal.ts';
import { describeOwnFault } from './own-fault.ts';
import { planRoute, type Route } from './prefetch/route.ts';
import { mayHearPrivatePaths } from './proxy/candidate.ts';
import { planProxies } from './proxy/proxy-plan.ts';
import type { Closing } from './runner/closing.ts';
import type { Inputs } from './runner/inputs.ts';
import { goValue, type ProjectSetting } from './setting.ts';

/** What asking again needs. */
export interface AskAgainRequest {
  readonly inputs: Inputs;
  readonly setting: ProjectSetting;
  readonly measuring: Pick<Measuring, 'network' | 'netrc'>;
  readonly closing: Closing;
  /** Its end is the end of the asking: what was not answered by then is unknown. */
  readonly signal: AbortSignal;
}

/** What proxies and go answered for the modules that were asked for again. */
export interface AskedAgain {
  readonly answers: readonly SuspectAnswer[];
  readonly tallies: AskedProxies['tallies'];
  /** Hosts (with port) that were contacted by us. */
  readonly contacted: readonly string[];
}

/** go ends before the search does: its answer has to be told. */
const GO_MS = 14_000;
/** The same for the proxies: who is silent for so long is told as silent. */
const PROXIES_MS = 14_000;

/**
 * Asks the proxies of the GOPROXY in force for the files of a few modules, and go itself for the modules, all at once, in
 * a private directory that is removed. Nothing of the project or the module cache is touched.
 */
export async function askAgain(suspects: readonly Suspect[], request: AskAgainRequest): Promise<AskedAgain> {
  const route = routeNow(request.inputs, request.setting);
  const root = await mkdtemp(path.join(temporaryDirectory(), 'setup-goproxy-ask-'));
  const forget = request.closing.removeAtEnd(() => removeTreeNow(root, removalBudget()));
  const stop = new AbortController();
  const asking = { ...request, route, signal: AbortSignal.any([request.signal, stop.signal]) };
  const asked = askRoute(suspects, { ...asking, directory: root });
  const said = suspects.map((suspect, place) =>
    askOfGo(suspect, { ...asking, directory: path.join(root, `go-${place}`) }),
  );
  try {
    return answersTo(suspects, ...(await Promise.all([asked, Promise.all(said)])));
  } finally {
    // After a fault of ours in one of them the others must not go on in a directory that is being removed.
    stop.abort();
    await Promise.allSettled([asked, ...said]);
    await removeTree(root, removalBudget());
    forget();
  }
}

function answersTo(
  suspects: readonly Suspect[],
  asked: AskedProxies,
  said: readonly Pick<SuspectAnswer, 'go'>[],
): AskedAgain {
  return {
    answers: suspects.map((suspect, place) => ({
      suspect,
      files: asked.answers[place]?.files ?? [],
      ...said[place],
    })),
    tallies: asked.tallies,
    contacted: asked.contacted,
  };
}

/** An empty RUNNER_TEMP must not lead into the project. */
function temporaryDirectory(): string {
  const directory = process.env['RUNNER_TEMP'] ?? '';
  return path.resolve(directory === '' ? tmpdir() : directory);
}

interface Asking extends AskAgainRequest {
  readonly route: Route;
  /** For this question alone. */
  readonly directory: string;
}

async function askRoute(
  suspects: readonly Suspect[],
  { route, directory, measuring, signal }: Asking,
): Promise<AskedProxies> {
  if (route.kind === 'none') return { answers: [], tallies: [], contacted: [] };
  const { network } = await measuring.network();
  return await askProxies({
    ...route,
    suspects,
    network,
    credentialsFor: (url) => credentialsFor(measuring.netrc, url),
    directory,
    hashZip,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PROXIES_MS)]),
  });
}

/**
 * Returns the proxies that go uses now: by the candidates of the inputs as long as GOPROXY holds what this action made of
 * them, else as a GOPROXY that somebody has set since.
 */
function routeNow(inputs: Inputs, setting: ProjectSetting): Route {
  const goproxy = goValue(setting.goEnv, 'GOPROXY');
  const reused = { selected: goproxy, goproxy };
  const planned = planRoute({ plan: makePlan(inputs, setting).proxies, reused });
  if (planned.kind === 'proxies') return planned;
  return planRoute({ plan: planProxies({ proxies: '', mirrors: inputs.mirrors, goproxy }), reused });
}

/** What is only missing is asked of the proxies alone: it is they who are to be judged by it. */
async function askOfGo(
  { module, evidence, pin }: Suspect,
  { route, directory, setting, signal }: Asking,
): Promise<Pick<SuspectAnswer, 'go'>> {
  if (evidence.kind === 'missing' || !mayGoAsk(module.path, setting.merged, route)) return {};
  const env = environmentFor(module.path, setting.merged);
  const hashes = { zip: pin?.zip ?? [], mod: pin?.mod ?? [] };
  try {
    await mkdir(directory, { mode: 0o700 });
    const go = await askGo({ module, hashes, directory, env, timeoutMs: GO_MS, signal });
    return { go: withoutOwnPlace(go) };
  } catch (error) {
    if (signal.aborted) return { go: { kind: 'timeout', elapsedMs: GO_MS } };
    return { go: { kind: 'no-go', reason: describeOwnFault(error) } };
  }
}

/** go asks every proxy of the chain, also a public one that must not hear of this module. */
function mayGoAsk(modulePath: string, merged: MergedGoprivate, route: Route): boolean {
  if (disclosureOf(modulePath, merged) !== 'given-only' || route.kind === 'none') return true;
  return route.chain.every(({ candidate }) => mayHearPrivatePaths(candidate));
}

/** What the inputs alone call private is so for go too; and what is, no checksum database hears of, pinned or not. */
function environmentFor(modulePath: string, merged: MergedGoprivate): Environment {
  const env = { ...process.env, ...Object.fromEntries(merged.assignments) };
  if (disclosureOf(modulePath, merged) === 'public') return env;
  const gonosumdb = merged.gonosumdb === '' ? modulePath : `${merged.gonosumdb},${modulePath}`;
  return { ...env, GONOSUMDB: gonosumdb };
}

/** What is wrong with our directory says nothing of the module cache, in which there was room (room-findings.ts). */
const OF_OUR_PLACE: ReadonlySet<string> = new Set<LogId>(['disk-full', 'module-cache-unwritable']);

function withoutOwnPlace(answer: GoAnswer): GoAnswer {
  if (answer.kind !== 'failed' || !OF_OUR_PLACE.has(answer.diagnosis?.id ?? '')) return answer;
  return { kind: 'no-go', reason: 'go could not be asked: its files did not fit into RUNNER_TEMP' };
}
