import { askAgain } from './asking-again.ts';
import type { Finding } from './diagnosis/finding.ts';
import { errorName } from './go/error-name.ts';
import { disclosureOf } from './go/goprivate.ts';
import { pinsOf } from './go/pins.ts';
import { formatModuleVersion } from './go/version.ts';
import type { WantedFile } from './go/wanted-set.ts';
import { findingsOfLaterSteps } from './later/later-findings.ts';
import { findingsOfRoom } from './later/room-findings.ts';
import type { StartFacts } from './later/start-facts.ts';
import { chooseSuspects, type Suspect } from './later/suspects.ts';
import { type LaterOutcome, laterFacts } from './later-facts.ts';
import type { Measuring } from './measuring.ts';
import { findFailedDownloads, findTriedRepositories } from './modcache/failed-downloads.ts';
import { findAbsent } from './modcache/presence.ts';
import { measureRoom } from './modcache/room-left.ts';
import { describeOwnFault, surviveFault } from './own-fault.ts';
import type { LaterFacts } from './report/report.ts';
import type { StepContext } from './runner/finish.ts';
import type { Inputs } from './runner/inputs.ts';
import { goValue, type ProjectSetting } from './setting.ts';

/** What the search starts from. */
export interface LaterRequest {
  readonly inputs: Inputs;
  readonly setting: ProjectSetting;
  readonly measuring: Pick<Measuring, 'network' | 'netrc'>;
  /** What go left behind before is of others; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Of the first use in the job; absent without a report of it. */
  readonly start?: StartFacts;
  /** Of go's environment, with which no download can work: told where downloads failed. */
  readonly mistakes: readonly Finding[];
}

/** What the search for failed downloads of later steps brought. */
export interface LaterSearch {
  readonly findings: readonly Finding[];
  readonly laterSteps: LaterFacts;
  /** Hosts (with port) that were contacted. */
  readonly hosts: readonly string[];
}

/** The whole of it (DESIGN §4). */
const SEARCH_MS = 20_000;
/** Of that, looking at the module cache: a network drive must not eat up the time for asking. */
const LOOK_MS = 5000;

/**
 * Searches the module cache for downloads that failed in later steps, asks for a few of them again, and says what that
 * means. Ends within 20 s, and leaves neither the project nor the module cache changed.
 * @throws the reason of the step's signal.
 */
export async function searchLaterSteps(request: LaterRequest, context: StepContext): Promise<LaterSearch> {
  const startedAt = performance.now();
  context.allowMore(SEARCH_MS);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(SEARCH_MS)]);
  const goModCache = goValue(request.setting.goEnv, 'GOMODCACHE');
  const end = (found: LaterOutcome, findings: readonly Finding[] = []): LaterSearch => ({
    findings,
    laterSteps: laterFacts(found, findings, performance.now() - startedAt),
    hosts: found.again?.contacted ?? [],
  });
  const suspects = await findSuspectsInTime(request, goModCache, signal);
  context.signal.throwIfAborted();
  if (suspects === undefined)
    return end({ reason: `the module cache could not be read in ${LOOK_MS / 1000} s` });
  const { asked } = suspects;
  if (asked.length === 0) return end(suspects);
  const local = findingsOfRoom(await measureRoom(goModCache));
  if (local.length > 0) return end(suspects, local);
  const again = await askAgain(asked, { ...request, signal, closing: context.closing });
  context.signal.throwIfAborted();
  const { start, mistakes } = request;
  const found = findingsOfLaterSteps({ ...again, ...(start === undefined ? {} : { start }) });
  // What go says of a mistake in its environment is told with the variable and its origin.
  const ids = new Set(mistakes.map(({ id }) => id));
  return end({ ...suspects, again }, [...mistakes, ...found.filter(({ id }) => !ids.has(id))]);
}

/** Returns what a search that was not made tells; the reason is one clause. */
export function notSearched(reason: string): LaterSearch {
  return { findings: [], laterSteps: { status: 'skipped', reason, traces: 0, asked: [], ms: 0 }, hosts: [] };
}

/**
 * Returns what the search brings, or that it was not made for a fault of ours, which is told: it must cost nothing else.
 * @throws the reason of the step's signal.
 */
export function searchOrTell(
  search: () => Promise<LaterSearch>,
  { log, signal }: StepContext,
): Promise<LaterSearch> {
  return surviveFault(search, signal, (error) => {
    log.fault(`setup-goproxy: the search for failed downloads ended early: ${errorName(error)}.`);
    return notSearched(describeOwnFault(error));
  });
}

interface Suspects {
  readonly asked: readonly Suspect[];
  readonly total: number;
  readonly traces: number;
}

async function findSuspectsInTime(
  request: LaterRequest,
  goModCache: string,
  stepSignal: AbortSignal,
): Promise<Suspects | undefined> {
  const time = AbortSignal.timeout(LOOK_MS);
  try {
    return await findSuspects(request, goModCache, AbortSignal.any([stepSignal, time]));
  } catch (error) {
    if (time.aborted || stepSignal.aborted) return undefined;
    throw error;
  }
}

async function findSuspects(
  { inputs, setting, sinceMs, start }: LaterRequest,
  goModCache: string,
  signal: AbortSignal,
): Promise<Suspects> {
  const pins = pinsOf(setting.project);
  const zips = [...pins.values()].map(
    ({ module, zip }): WantedFile => ({ module, kind: 'zip', hashes: zip, disclosure: 'public' }),
  );
  const [{ downloads }, repositories, missing, absentZips] = await Promise.all([
    findFailedDownloads(goModCache, { sinceMs, signal }),
    findTriedRepositories(goModCache, { sinceMs, signal }),
    findAbsent(goModCache, setting.wanted, { signal }),
    findAbsent(goModCache, { files: zips }, { signal }),
  ]);
  const absent = new Set(absentZips.map(({ module }) => formatModuleVersion(module)));
  const chosen = chooseSuspects({
    hasFailed: inputs.jobStatus === 'failure',
    traces: downloads,
    repositories,
    missing,
    failedAtStart: start?.failed ?? new Set(),
    pins,
    isThere: (module) => !absent.has(formatModuleVersion(module)),
    disclosureOf: (path) => disclosureOf(path, setting.merged),
  });
  return { ...chosen, traces: downloads.length };
}
