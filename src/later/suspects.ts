import type { FetchFile } from '../fetch/outcome.ts';
import type { Pin } from '../go/pins.ts';
import { formatModuleVersion, type ModuleVersion } from '../go/version.ts';
import type { Disclosure, WantedFile } from '../go/wanted-set.ts';

/** Why a module is taken for one whose download failed in a later step; the strongest first. */
export type Evidence =
  /** go began a download, and what it fetched is not there. */
  | { readonly kind: 'trace'; readonly atMs: number }
  /** The prefetch could not have it, and it is still not there. */
  | { readonly kind: 'failed-at-start' }
  /** go asked the repository of this pinned module, and the module is not there. */
  | { readonly kind: 'repository'; readonly url: string; readonly atMs: number }
  /** It is wanted and not there. That alone proves nothing: only a proxy that does not answer any more does, with it. */
  | { readonly kind: 'missing' };

/** A module version to ask for again. */
export interface Suspect {
  readonly module: ModuleVersion;
  readonly evidence: Evidence;
  /** What proxies are asked for; empty when none may hear of it, or nothing of it can be checked. */
  readonly files: readonly FetchFile[];
  readonly pin?: Pin;
}

/** What is known when a job has failed. */
export interface SuspectFacts {
  /** Only of a failed job what is missing says anything. */
  readonly hasFailed: boolean;
  /** Downloads that go began after the job's start and that never came. */
  readonly traces: readonly { readonly module: ModuleVersion; readonly atMs: number }[];
  /** Repositories that go asked after the job's start. */
  readonly repositories: readonly { readonly url: string; readonly atMs: number }[];
  /** Files of the wanted set that are not in the module cache. */
  readonly missing: readonly WantedFile[];
  /** `path@version` of what the prefetch could not have. */
  readonly failedAtStart: ReadonlySet<string>;
  /** All that the project pins, by `path@version`. */
  readonly pins: ReadonlyMap<string, Pin>;
  /** Whether the zip of a pinned module is in the module cache. */
  readonly isThere: (module: ModuleVersion) => boolean;
  /** Who may hear of a module path; GONOPROXY keeps it from every proxy. */
  readonly disclosureOf: (path: string) => Disclosure | 'nobody';
}

/** So many modules are asked for again at most ... */
export const ASKED_MODULES = 4;
/** ... and of those that are only missing so many: they are to show whether proxies still answer. */
const ASKED_MISSING = 2;

const STRENGTH: Readonly<Record<Evidence['kind'], number>> = {
  trace: 0,
  'failed-at-start': 1,
  repository: 2,
  missing: 3,
};

/**
 * Returns the modules to ask for again, the strongest evidence first: one for each host of a module path, for modules of
 * one host fail for one cause, then others as long as there is room. `total` counts all suspects. Pure.
 */
export function chooseSuspects(facts: SuspectFacts): {
  readonly asked: readonly Suspect[];
  readonly total: number;
} {
  const wanted = Map.groupBy(facts.missing, ({ module }) => formatModuleVersion(module));
  const all = [...evidenceOf(facts)]
    .map(([name, found]) => toSuspect(facts, found, { pin: facts.pins.get(name), wanted: wanted.get(name) }))
    .toSorted((a, b) => STRENGTH[a.evidence.kind] - STRENGTH[b.evidence.kind]);
  const proven = all.filter(({ evidence }) => evidence.kind !== 'missing');
  const missing = all.filter(({ evidence }) => evidence.kind === 'missing');
  const limit = Math.min(ASKED_MODULES, proven.length + ASKED_MISSING);
  return { asked: onePerHost([...proven, ...missing]).slice(0, limit), total: all.length };
}

interface Found {
  readonly module: ModuleVersion;
  readonly evidence: Evidence;
}

/** Each module with its strongest evidence. */
function evidenceOf(facts: SuspectFacts): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  const note = (module: ModuleVersion, evidence: Evidence) => {
    const name = formatModuleVersion(module);
    const before = found.get(name);
    if (before !== undefined && STRENGTH[before.evidence.kind] <= STRENGTH[evidence.kind]) return;
    found.set(name, { module, evidence });
  };
  for (const { module, atMs } of facts.traces) note(module, { kind: 'trace', atMs });
  for (const { module } of facts.missing) {
    const failed = facts.failedAtStart.has(formatModuleVersion(module));
    if (facts.hasFailed) note(module, { kind: failed ? 'failed-at-start' : 'missing' });
  }
  const repositories = byPlace(facts.repositories);
  for (const { module, zip } of repositories.size === 0 ? [] : facts.pins.values()) {
    // Of a module without a zip line go needs the go.mod only.
    if (zip.length === 0) continue;
    const tried = placesOf(module.path).flatMap((place) => repositories.get(place) ?? [])[0];
    if (tried !== undefined && !facts.isThere(module)) note(module, { kind: 'repository', ...tried });
  }
  return found;
}

type Repository = SuspectFacts['repositories'][number];

/** The first repository of each place: thousands of pins are looked up, and the module cache can name a thousand of them. */
function byPlace(repositories: readonly Repository[]): ReadonlyMap<string, Repository> {
  const places = new Map<string, Repository>();
  for (const repository of repositories) {
    const place = placeOf(repository.url);
    if (place !== undefined && !places.has(place)) places.set(place, repository);
  }
  return places;
}

/**
 * Says whether a repository is the one of a module path, as the well-known forges have it and as a path with a `.git`
 * element says it (cmd/go/internal/vcs, vcsPaths): host and path are the first elements of the module path. Where a
 * vanity host leads elsewhere nothing is known.
 */
export function isRepositoryOf(repository: string, modulePath: string): boolean {
  const place = placeOf(repository);
  return place !== undefined && placesOf(modulePath).includes(place);
}

function placeOf(repository: string): string | undefined {
  const url = URL.parse(repository);
  if (url === null || url.host === '') return;
  const place = `${url.host}${url.pathname}`.replace(/(?:\.git)?\/?$/, '').toLowerCase();
  return place.includes('/') ? place : undefined;
}

/** The module path and all that is above it. */
function placesOf(modulePath: string): readonly string[] {
  const elements = modulePath
    .replace(/\.git(?=\/|$)/, '')
    .toLowerCase()
    .split('/');
  return elements.map((_, index) => elements.slice(0, elements.length - index).join('/'));
}

interface Known {
  readonly pin: Pin | undefined;
  /** What is missing of it. */
  readonly wanted: readonly WantedFile[] | undefined;
}

function toSuspect({ disclosureOf }: SuspectFacts, found: Found, { pin, wanted }: Known): Suspect {
  const disclosure = disclosureOf(found.module.path);
  const files = disclosure === 'nobody' ? [] : (wanted ?? filesOf(found, pin, disclosure));
  return { ...found, files, ...(pin === undefined ? {} : { pin }) };
}

/** What no go.sum pins can be asked for, and only its info file can be checked. */
function filesOf({ module }: Found, pin: Pin | undefined, disclosure: Disclosure): readonly FetchFile[] {
  const pinned = pin !== undefined;
  const info: FetchFile = { module, kind: 'info', hashes: [], disclosure, pinned };
  if (pin === undefined || pin.zip.length === 0) return [info];
  return [info, { module, kind: 'zip', hashes: pin.zip, disclosure }];
}

/** The first of each host, in their order, then the others. */
function onePerHost(suspects: readonly Suspect[]): readonly Suspect[] {
  const groups = Map.groupBy(suspects, ({ module }) => module.path.split('/', 1)[0] ?? '');
  const firsts = new Set([...groups.values()].flatMap(([first]) => first ?? []));
  return [...firsts, ...suspects.filter((one) => !firsts.has(one))];
}
