import path from 'node:path';
import { compareGoVersions } from './go-version.ts';
import { checkImportPath } from './module-path.ts';
import { type MainUnit, modulesOf } from './project.ts';
import { type ReplacementTarget, replacementsOf } from './replacements.ts';
import { compareVersions, isValidVersion, type ModuleVersion } from './version.ts';

/** Whether go builds from the vendor directory; `reason` is one sentence, absent when there is nothing to say. */
export interface VendorDecision {
  readonly vendored: boolean;
  readonly reason?: string;
}

interface VendoredModule {
  explicit: boolean;
  replacement?: string;
}

/** What vendor/modules.txt says, as far as consistency depends on it. */
interface VendorList {
  readonly meta: ReadonlyMap<string, VendoredModule>;
  /** Modules that give packages to the build; of several versions each that was higher than those before it. */
  readonly listed: readonly ModuleVersion[];
  readonly replaced: readonly ModuleVersion[];
  /** Module path to the version that is vendored. */
  readonly versions: ReadonlyMap<string, string>;
}

/**
 * Decides as cmd/go/internal/modload does whether a build uses the vendor directory (init.go setDefaultBuildMod) and
 * whether it agrees with the files (vendor.go checkVendorConsistency). One that does not agree makes go stop, so nothing
 * is built from it. `modFlag` is what GOFLAGS sets -mod to, `root` the absolute path of the project.
 */
export function decideVendor(
  unit: MainUnit,
  modFlag: 'mod' | 'readonly' | 'vendor' | undefined,
  root: string,
): VendorDecision {
  if (unit.vendor === undefined) {
    return modFlag === 'vendor'
      ? { vendored: false, reason: 'GOFLAGS says -mod=vendor, but there is no vendor directory' }
      : { vendored: false };
  }
  const why = modFlag === undefined ? whyNotByDefault(unit) : undefined;
  if (why !== undefined) return { vendored: false, reason: why };
  if (modFlag === 'mod' || modFlag === 'readonly') {
    return { vendored: false, reason: `GOFLAGS says -mod=${modFlag}, so the vendor directory is not used` };
  }
  const differences = countDifferences(unit, readVendorList(unit.vendor.modulesTxt ?? ''), root);
  return differences === 0
    ? { vendored: true, reason: 'the vendor directory is consistent, so nothing is wanted' }
    : {
        vendored: false,
        reason: `the vendor directory disagrees with the module files in ${differences} places, so go will refuse it; the wanted files are those of a build without it`,
      };
}

function whyNotByDefault(unit: MainUnit): string | undefined {
  const isWorkspace = unit.kind === 'workspace';
  const goVersion = isWorkspace ? unit.work.go : unit.module.mod.go;
  const file = isWorkspace ? 'go.work' : 'go.mod';
  if (goVersion === undefined) return `${file} has no go line, so the vendor directory is not used`;
  if (compareGoVersions(goVersion, '1.14') < 0) {
    return `${file} is older than go 1.14, so the vendor directory is not used`;
  }
  if (isForWorkspace(unit.vendor?.modulesTxt ?? '') === isWorkspace) return undefined;
  return isWorkspace
    ? 'the vendor directory is not for the workspace, so it is not used'
    : 'the vendor directory is for a workspace, so it is not used';
}

/** init.go modulesTextIsForWorkspace: an annotation of the first line, within the first 512 bytes. */
function isForWorkspace(modulesTxt: string): boolean {
  const line = modulesTxt.slice(0, 512).split('\n', 1)[0] ?? '';
  return line.startsWith('## ') && annotationsOf(line).includes('workspace');
}

function annotationsOf(line: string): string[] {
  return line
    .slice(3)
    .split(';')
    .map((entry) => entry.trim());
}

/** vendor.go readVendorList, without the go versions of modules. */
function readVendorList(text: string): VendorList {
  const list = {
    meta: new Map<string, VendoredModule>(),
    listed: [] as ModuleVersion[],
    replaced: [] as ModuleVersion[],
    versions: new Map<string, string>(),
  };
  let current: ModuleVersion | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) {
      const fields = fieldsOf(line);
      if (fields.length >= 3) current = readModuleLine(fields, list.meta, list.replaced);
    } else if (current !== undefined) {
      // Neither a package nor an annotation means anything before a module.
      readLineOfModule(line, current, list);
    }
  }
  return list;
}

/** An annotation `## explicit; …`, or a package; any other line means nothing to go. */
function readLineOfModule(
  line: string,
  module: ModuleVersion,
  list: {
    readonly meta: Map<string, VendoredModule>;
    readonly listed: ModuleVersion[];
    readonly versions: Map<string, string>;
  },
): void {
  if (line.startsWith('## ')) {
    if (annotationsOf(line).includes('explicit')) metaOf(list.meta, module).explicit = true;
    return;
  }
  const fields = fieldsOf(line);
  if (fields.length !== 1 || !isImportPath(fields[0] ?? '')) return;
  const known = list.versions.get(module.path);
  if (known !== undefined && compareVersions(known, module.version) >= 0) return;
  list.listed.push(module);
  list.versions.set(module.path, module.version);
}

function fieldsOf(line: string): string[] {
  return line.trim().split(/\s+/);
}

function isImportPath(text: string): boolean {
  try {
    checkImportPath(text);
    return true;
  } catch {
    return false;
  }
}

/** A line `# path version`, `# path version => …` or `# path => …`; undefined for one that means nothing to go. */
function readModuleLine(
  fields: readonly string[],
  meta: Map<string, VendoredModule>,
  replaced: ModuleVersion[],
): ModuleVersion | undefined {
  const [, modulePath = '', third = ''] = fields;
  const hasVersion = isValidVersion(third);
  if (!hasVersion && third !== '=>') return undefined;
  const module = { path: modulePath, version: hasVersion ? third : '' };
  const rest = fields.slice(hasVersion ? 3 : 2);
  const [arrow, target, version] = rest;
  if (arrow !== '=>' || target === undefined) return module;
  if (rest.length === 2 || (rest.length === 3 && isValidVersion(version ?? ''))) {
    metaOf(meta, module).replacement = version === undefined ? target : `${target} ${version}`;
    replaced.push(module);
  }
  return module;
}

function metaOf(meta: Map<string, VendoredModule>, module: ModuleVersion): VendoredModule {
  const key = keyOf(module);
  const known = meta.get(key);
  if (known !== undefined) return known;
  const fresh: VendoredModule = { explicit: false };
  meta.set(key, fresh);
  return fresh;
}

function keyOf({ path: modulePath, version }: { readonly path: string; readonly version?: string }): string {
  return `${modulePath} ${version ?? ''}`;
}

/** vendor.go checkVendorConsistency: how many of its complaints apply. */
function countDifferences(unit: MainUnit, list: VendorList, root: string): number {
  const isOld = unit.kind === 'module' && isBefore114(unit.module.mod.go);
  return (
    requirementDifferences(unit, list, isOld) +
    replacementDifferences(unit, list, { isOld, root }) +
    explicitDifferences(unit, list)
  );
}

/** vendor.go pre114: a missing go line counts as older, since it compares below every version. */
function isBefore114(goVersion: string | undefined): boolean {
  return goVersion === undefined || compareGoVersions(goVersion, '1.14') < 0;
}

function requirementDifferences(unit: MainUnit, list: VendorList, isOld: boolean): number {
  let count = 0;
  for (const required of modulesOf(unit).flatMap(({ mod }) => mod.require)) {
    if (list.meta.get(keyOf(required))?.explicit === true) continue;
    const vendored = list.versions.get(required.path);
    if (!isOld || (vendored !== undefined && vendored !== required.version)) count++;
  }
  return count;
}

function replacementDifferences(
  unit: MainUnit,
  list: VendorList,
  { isOld, root }: { readonly isOld: boolean; readonly root: string },
): number {
  const lookup = replacementsOf(unit, root);
  const written = modulesOf(unit).flatMap(({ mod }) => mod.replace);
  if (unit.kind === 'workspace') written.push(...unit.work.replace);
  let count = 0;
  const seen = new Set<string>();
  for (const { old } of written) {
    if (seen.has(keyOf(old))) continue;
    seen.add(keyOf(old));
    const target = lookup(old.path, old.version);
    const vendored = list.meta.get(keyOf(old))?.replacement;
    if (vendored === undefined) {
      const mayBeOmitted =
        isOld && (old.version === undefined || list.versions.get(old.path) !== old.version);
      if (target !== undefined && !mayBeOmitted) count++;
    } else if (target === undefined || vendored !== describeTarget(target)) {
      count++;
    }
  }
  const isReplaced = ({ path: modulePath, version }: ModuleVersion) =>
    lookup(modulePath, version === '' ? undefined : version) !== undefined;
  return count + list.replaced.filter((module) => !isReplaced(module)).length;
}

function describeTarget(target: ReplacementTarget): string {
  if (target.kind === 'module') return `${target.path} ${target.version}`;
  return path.sep === '/' ? target.directory : target.directory.replaceAll('\\', '/');
}

function explicitDifferences(unit: MainUnit, list: VendorList): number {
  const required = new Set(modulesOf(unit).flatMap(({ mod }) => mod.require.map(keyOf)));
  return list.listed.filter((m) => list.meta.get(keyOf(m))?.explicit === true && !required.has(keyOf(m)))
    .length;
}
