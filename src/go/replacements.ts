import path from 'node:path';
import type { Replacement } from './go-mod.ts';
import { isDirectoryPath } from './mod-directives.ts';
import { type MainUnit, modulesOf } from './project.ts';

/** Where a replacement leads. */
export type ReplacementTarget = Replacement['new'];

/** Returns what `modulePath` at `version` (undefined: at every version) is replaced by, or undefined. */
export type ReplacementLookup = (modulePath: string, version?: string) => ReplacementTarget | undefined;

/**
 * Returns the lookup of a unit by the rules of cmd/go/internal/modload/modfile.go (replacementFrom): go.work before the
 * modules, a replacement of one version before that of all, the last module before the others. A relative directory of
 * a workspace's module comes back relative to the workspace (canonicalizeReplacePath); `root` is the absolute path that
 * the directories of the unit are relative to.
 */
export function replacementsOf(unit: MainUnit, root: string): ReplacementLookup {
  const mainPaths = new Set(modulesOf(unit).map(({ mod }) => mod.module));
  const fromWork = unit.kind === 'workspace' ? indexReplacements(unit.work.replace) : undefined;
  const fromModules = modulesOf(unit).map(({ directory, mod }) => ({
    directory,
    find: indexReplacements(mod.replace),
  }));
  return (modulePath, version) => {
    if (version === undefined && mainPaths.has(modulePath)) return undefined;
    const target = fromWork?.(modulePath, version);
    if (target !== undefined) return target;
    let found: ReplacementTarget | undefined;
    for (const { directory, find } of fromModules) {
      const own = find(modulePath, version);
      if (own === undefined) continue;
      found = unit.kind === 'module' ? own : relativeTo(unit.directory, directory, { target: own, root });
    }
    return found;
  };
}

function indexReplacements(replacements: readonly Replacement[]): ReplacementLookup {
  const index = new Map(replacements.map((r) => [keyOf(r.old.path, r.old.version), r.new]));
  return (modulePath, version) => index.get(keyOf(modulePath, version)) ?? index.get(keyOf(modulePath));
}

function keyOf(modulePath: string, version = ''): string {
  return `${modulePath}\n${version}`;
}

function relativeTo(
  workDirectory: string,
  moduleDirectory: string,
  { target, root }: { readonly target: ReplacementTarget; readonly root: string },
): ReplacementTarget {
  if (target.kind === 'module' || path.isAbsolute(target.directory)) return target;
  const absolute = path.join(root, moduleDirectory, target.directory);
  const relative = path.relative(path.join(root, workDirectory), absolute).replaceAll(path.sep, '/') || '.';
  return { kind: 'directory', directory: isDirectoryPath(relative) ? relative : `./${relative}` };
}
