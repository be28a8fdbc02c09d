import { type AcceptedSum, type AcceptedSums, sumKey } from './accepted-sums.ts';
import type { Requirement } from './go-mod.ts';
import { compareGoVersions } from './go-version.ts';
import { fileOf, type MainUnit, modulesOf } from './project.ts';
import { type ReplacementLookup, replacementsOf } from './replacements.ts';
import { compareVersions } from './version.ts';

/** The zips that builds of a unit can need, and one sentence on how they were found. */
export interface WantedZips {
  readonly zips: readonly AcceptedSum[];
  readonly note: string;
}

/**
 * Returns the zips among `sums` that go can need for builds, tests and vet of the unit (facts: the go command needs
 * a zip line to use a zip at all). From go 1.17 on a module requires all it needs: the required modules, replaced where
 * a replacement says so. Before, and without a go line (1.16 then, gover.DefaultGoModVersion): every zip line. In a
 * workspace minimal version selection never goes below the highest requirement of a path, so every zip line from there on.
 * `root` is the absolute path of the project.
 */
export function wantedZips(unit: MainUnit, { sums }: AcceptedSums, root: string): WantedZips {
  const lookup = replacementsOf(unit, root);
  const file = fileOf(unit);
  if (unit.kind === 'module' && listsAllItNeeds(unit.module.mod.go)) {
    const { go, require } = unit.module.mod;
    const zips = zipsOfRequired(require, sums, lookup);
    return {
      zips,
      note: `${file}: go ${go}, so of ${count(require.length, 'required module')} the ${zips.length} with a zip hash in go.sum are wanted`,
    };
  }
  const lines = unreplacedZipLines(unit, sums, lookup);
  const targets = replacementZips(unit, sums);
  if (unit.kind === 'module') {
    const zips = [...new Set([...lines, ...targets])];
    const version = unit.module.mod.go === undefined ? 'no go line' : `go ${unit.module.mod.go}`;
    return {
      zips,
      note: `${file}: ${version}, so all ${count(zips.length, 'zip')} that go.sum names are wanted`,
    };
  }
  const floor = highestRequirements(unit, lookup);
  const selectable = lines.filter(({ module }) => {
    const lowest = floor.get(module.path);
    return lowest === undefined || compareVersions(module.version, lowest) >= 0;
  });
  const zips = [...new Set([...selectable, ...targets])];
  return {
    zips,
    note: `${file}: a workspace of ${count(unit.modules.length, 'module')}, so the ${count(zips.length, 'zip')} not below the highest requirement are wanted`,
  };
}

function listsAllItNeeds(goVersion: string | undefined): boolean {
  return goVersion !== undefined && compareGoVersions(goVersion, '1.17') >= 0;
}

function zipsOfRequired(
  required: readonly Requirement[],
  sums: AcceptedSums['sums'],
  lookup: ReplacementLookup,
): AcceptedSum[] {
  const found = new Set<AcceptedSum>();
  for (const { path, version } of required) {
    const target = lookup(path, version) ?? { kind: 'module', path, version };
    if (target.kind === 'directory') continue;
    const sum = sums.get(sumKey(target.path, target.version, 'zip'));
    if (sum !== undefined) found.add(sum);
  }
  return [...found];
}

/** Zip lines of modules that are neither main modules nor replaced. */
function unreplacedZipLines(
  unit: MainUnit,
  sums: AcceptedSums['sums'],
  lookup: ReplacementLookup,
): AcceptedSum[] {
  const mainPaths = new Set(modulesOf(unit).map(({ mod }) => mod.module));
  return [...sums.values()].filter(
    ({ kind, module }) =>
      kind === 'zip' && !mainPaths.has(module.path) && lookup(module.path, module.version) === undefined,
  );
}

/** The zips that replacements lead to, whether or not the replaced path is required: another module may require it. */
function replacementZips(unit: MainUnit, sums: AcceptedSums['sums']): AcceptedSum[] {
  const written = modulesOf(unit).flatMap(({ mod }) => mod.replace);
  if (unit.kind === 'workspace') written.push(...unit.work.replace);
  return written.flatMap(({ new: target }) => {
    if (target.kind === 'directory') return [];
    return sums.get(sumKey(target.path, target.version, 'zip')) ?? [];
  });
}

/** Module path to the highest version that a go.mod requires and none excludes; replaced requirements do not count. */
function highestRequirements(unit: MainUnit, lookup: ReplacementLookup): ReadonlyMap<string, string> {
  const excluded = new Set(
    modulesOf(unit).flatMap(({ mod }) => mod.exclude.map(({ path, version }) => `${path} ${version}`)),
  );
  const highest = new Map<string, string>();
  for (const { path, version } of modulesOf(unit).flatMap(({ mod }) => mod.require)) {
    if (excluded.has(`${path} ${version}`) || lookup(path, version) !== undefined) continue;
    const known = highest.get(path);
    if (known === undefined || compareVersions(version, known) > 0) highest.set(path, version);
  }
  return highest;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
