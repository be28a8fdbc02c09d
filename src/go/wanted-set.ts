import { type AcceptedSum, acceptedSums } from './accepted-sums.ts';
import type { FileProblem } from './go-sum.ts';
import { fileOf, type MainUnit, modulesOf, type Project } from './project.ts';
import { decideVendor } from './vendor.ts';
import { compareModuleVersions, formatModuleVersion, type ModuleVersion } from './version.ts';
import { wantedZips } from './wanted-zips.ts';

/**
 * Who may be asked for a file. `given-only`: its path is matched by GOPRIVATE or GONOSUMDB but not by GONOPROXY, so only
 * proxies that the user gave or the environment had may hear of it.
 */
export type Disclosure = 'public' | 'given-only';

/** A file that the module cache should hold: `hashes` are h1, any of which may match; none for an info file. */
export interface WantedFile {
  readonly module: ModuleVersion;
  readonly kind: 'mod' | 'zip' | 'info';
  readonly hashes: readonly string[];
  readonly disclosure: Disclosure;
}

/** The files that builds of a project need, in a fixed order: by module, then mod, info, zip. */
export interface WantedSet {
  readonly files: readonly WantedFile[];
  /** How many module versions the files belong to. */
  readonly modules: number;
  /** How many module versions were left out because GONOPROXY keeps them from every proxy. */
  readonly privateModules: number;
  readonly problems: readonly FileProblem[];
  /** What was decided and why, one sentence each. */
  readonly notes: readonly string[];
}

/** By which of go's patterns a module path is private; `gonoproxy` wins over the others. */
export type PrivateMatch = 'no' | 'goprivate' | 'gonosumdb' | 'gonoproxy';

/** What the environment says about private modules, as a function so that this stays free of it. */
export interface WantedSetPolicy {
  isPrivate(modulePath: string): PrivateMatch;
}

/** go bundles or fetches these by rules of its own; no file of theirs is ever placed. */
const NEVER_WANTED: ReadonlySet<string> = new Set(['golang.org/toolchain', 'golang.org/fips140']);

/**
 * Returns the wanted set of a project (DESIGN §3.1): every go.mod file that the sums name, and the zips with their info
 * files that a build can need; nothing for a unit that builds from its vendor directory. Pure and deterministic.
 */
export function computeWantedSet(project: Project, policy: WantedSetPolicy): WantedSet {
  const collection = new WantedCollection(policy);
  const problems: FileProblem[] = [...project.problems];
  const notes: string[] = [...project.notes];
  for (const unit of project.units) {
    const vendor = decideVendor(unit, project.modFlag, project.root);
    if (vendor.reason !== undefined) notes.push(`${fileOf(unit)}: ${vendor.reason}`);
    if (vendor.vendored) continue;
    const accepted = acceptedSums(unit);
    problems.push(...accepted.problems);
    const { zips, note } = wantedZips(unit, accepted, project.root);
    notes.push(hasSums(unit) ? note : noSumsNote(unit));
    for (const sum of accepted.sums.values()) {
      if (sum.kind === 'mod') collection.add(sum);
    }
    for (const zip of zips) collection.add(zip);
  }
  const files = collection.files();
  if (collection.privateModules > 0) {
    notes.push(
      `${collection.privateModules} module versions are matched by GONOPROXY and left to go: no proxy is asked for them`,
    );
  }
  return {
    files,
    modules: new Set(files.map(({ module }) => formatModuleVersion(module))).size,
    privateModules: collection.privateModules,
    problems,
    notes,
  };
}

function hasSums(unit: MainUnit): boolean {
  const sums = [...modulesOf(unit).map(({ sum }) => sum), unit.kind === 'workspace' ? unit.sum : undefined];
  return sums.some((sum) => sum !== undefined);
}

function noSumsNote(unit: MainUnit): string {
  const requires = modulesOf(unit).some(({ mod }) => mod.require.length > 0);
  return requires
    ? `${fileOf(unit)}: there is no go.sum to check downloads with, so nothing is wanted`
    : `${fileOf(unit)}: requires no module, so nothing is wanted`;
}

const KIND_ORDER = { mod: 0, info: 1, zip: 2 } as const;

/** Gathers files over the units: the same file may be pinned by several, each with its own hash. */
class WantedCollection {
  readonly #policy: WantedSetPolicy;
  readonly #files = new Map<string, Omit<WantedFile, 'hashes'> & { hashes: string[] }>();
  readonly #private = new Set<string>();

  constructor(policy: WantedSetPolicy) {
    this.#policy = policy;
  }

  get privateModules(): number {
    return this.#private.size;
  }

  add({ module, kind, hash }: AcceptedSum): void {
    if (NEVER_WANTED.has(module.path)) return;
    const match = this.#policy.isPrivate(module.path);
    if (match === 'gonoproxy') {
      this.#private.add(formatModuleVersion(module));
      return;
    }
    const disclosure = match === 'no' ? 'public' : 'given-only';
    this.#addFile({ module, kind, disclosure }, hash);
    if (kind === 'zip') this.#addFile({ module, kind: 'info', disclosure });
  }

  files(): readonly WantedFile[] {
    return [...this.#files.values()].sort(
      (a, b) => compareModuleVersions(a.module, b.module) || KIND_ORDER[a.kind] - KIND_ORDER[b.kind],
    );
  }

  #addFile(file: Omit<WantedFile, 'hashes'>, hash?: string): void {
    const key = `${formatModuleVersion(file.module)} ${file.kind}`;
    const known = this.#files.get(key) ?? { ...file, hashes: [] };
    this.#files.set(key, known);
    if (hash !== undefined && !known.hashes.includes(hash)) known.hashes.push(hash);
  }
}
