import { disclosureOf, type PrivacyPatterns } from '../go/goprivate.ts';
import { compareModuleVersions, isPseudoVersion, type ModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import { type Candidate, mayHearPrivatePaths } from './candidate.ts';
import type { ProbeAsk, ZipSample } from './probe-run.ts';
import { PINNED_MODULES, publicRank } from './public-modules.ts';

/** What one candidate is asked. */
export type ProbeAssignment =
  | {
      readonly kind: 'ask';
      readonly candidate: Candidate;
      readonly ask: ProbeAsk;
    }
  /** Nothing may or can be asked: the verdict is `unmeasured`. */
  | { readonly kind: 'none'; readonly candidate: Candidate; readonly why: string };

/** What {@link assignProbes} chooses from. */
export interface ProbeChoice {
  readonly candidates: readonly Candidate[];
  /** All files of W. */
  readonly wanted: readonly WantedFile[];
  /** Those that the module cache lacks. */
  readonly missing: readonly WantedFile[];
  /** The effective values after merging the inputs. */
  readonly privacy: PrivacyPatterns;
  /** Name of the checksum database whose relaying is asked for; absent: not asked. */
  readonly sumdb?: string;
}

/**
 * Returns what to ask of each candidate, in their order. Public proxies, and all that the user did not name, are asked for
 * well-known public modules only: of W, else pinned. The others may be asked for any module of W, and are asked for a
 * well-known one where there is one: the same zip for all makes them comparable. A zip is asked only when W lacks one; who
 * may not be asked for any of them gets a pinned zip. One zip shows whether zips come at all, redirects included; more, for
 * the throughput, are asked only where there are candidates to compare. What GONOPROXY matches is asked of nobody: when that leaves nothing,
 * no request is made, for an answer about a module that cannot exist would not tell a proxy from any web server.
 */
export function assignProbes(choice: ProbeChoice): readonly ProbeAssignment[] {
  const isAlone = choice.candidates.filter(({ kind }) => kind === 'http').length === 1;
  return choice.candidates.map((candidate): ProbeAssignment => {
    if (candidate.kind === 'file') {
      return { kind: 'none', candidate, why: 'a file:// proxy has no network to measure' };
    }
    const audience = mayHearPrivatePaths(candidate) ? 'given-only' : 'public';
    const samples = chooseSamples(choice, audience).slice(0, isAlone ? 1 : MAX_SAMPLES);
    const module = chooseModule(choice, audience, samples[0]?.module);
    if (module === undefined) {
      return {
        kind: 'none',
        candidate,
        why: 'GONOPROXY or GOPRIVATE keeps every module from it that could be asked for',
      };
    }
    return {
      kind: 'ask',
      candidate,
      ask: {
        ...module,
        samples,
        ...(choice.sumdb === undefined ? {} : { sumdb: choice.sumdb }),
      },
    };
  });
}

/** Sizes are not in go.sum: where the first zips are small, a few more together show a throughput. */
const MAX_SAMPLES = 6;

/** `public`: may hear of well-known public modules only; `given-only`: of every module but what GONOPROXY matches. */
type Audience = 'public' | 'given-only';

function chooseSamples(choice: ProbeChoice, audience: Audience): readonly ZipSample[] {
  const zips = choice.missing.filter(({ kind, hashes }) => kind === 'zip' && hashes.length > 0);
  if (zips.length === 0) return [];
  const files = byPreference(zips, choice, audience);
  if (files.length > 0) return files.map(({ module, hashes }) => ({ module, hashes }));
  // The larger one: eighteen kilobytes of the other say nothing about throughput.
  const pinned = PINNED_MODULES.filter(({ module }) => allowed(module.path, audience, choice.privacy)).at(-1);
  return pinned === undefined ? [] : [{ module: pinned.module, hashes: [pinned.zipHash] }];
}

function chooseModule(
  choice: ProbeChoice,
  audience: Audience,
  sampled: ModuleVersion | undefined,
): Pick<ProbeAsk, 'module' | 'modHashes'> | undefined {
  const mods = choice.wanted.filter(({ kind, hashes }) => kind === 'mod' && hashes.length > 0);
  // A proxy that has the zip at hand has its .mod too, so that a slow fetch from the origin is not taken for the proxy.
  const same = mods.filter(({ module }) => sampled && compareModuleVersions(module, sampled) === 0);
  const file = byPreference(same, choice, audience)[0] ?? byPreference(mods, choice, audience)[0];
  if (file !== undefined) return { module: file.module, modHashes: file.hashes };
  const pinned = PINNED_MODULES.find(({ module }) => allowed(module.path, audience, choice.privacy));
  return pinned && { module: pinned.module, modHashes: [pinned.modHash] };
}

/** Well-known before other public ones before private ones, releases before pseudo-versions; then in module order. */
function byPreference(
  files: readonly WantedFile[],
  { privacy }: ProbeChoice,
  audience: Audience,
): readonly WantedFile[] {
  return files
    .filter((file) => isAllowed(file, audience, privacy))
    .map((file) => ({ file, rank: rankOf(file) }))
    .sort((a, b) => a.rank - b.rank || compareFiles(a.file, b.file))
    .map(({ file }) => file);
}

function isAllowed(file: WantedFile, audience: Audience, privacy: PrivacyPatterns): boolean {
  const { path } = file.module;
  if (!allowed(path, audience, privacy)) return false;
  return audience === 'given-only' || (file.disclosure === 'public' && publicRank(path) !== undefined);
}

function allowed(path: string, audience: Audience, privacy: PrivacyPatterns): boolean {
  const disclosure = disclosureOf(path, privacy);
  return disclosure === 'public' || (disclosure === 'given-only' && audience === 'given-only');
}

function rankOf({ module, disclosure }: WantedFile): number {
  if (disclosure === 'given-only') return Number.MAX_SAFE_INTEGER;
  return publicRank(module.path) ?? Number.MAX_SAFE_INTEGER - 1;
}

function compareFiles(a: WantedFile, b: WantedFile): number {
  const pseudo = Number(isPseudoVersion(a.module.version)) - Number(isPseudoVersion(b.module.version));
  return pseudo || compareModuleVersions(a.module, b.module);
}
