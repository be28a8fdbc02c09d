import { escapePath } from '../go/module-path.ts';
import { escapeVersion, formatModuleVersion, type ModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import type { CauseEntry } from './cause-table.ts';
import { PREFETCH_ENTRIES } from './prefetch-entries.ts';

/** What to do when all who were asked have the same view; `{compare}` is left to fill. */
export const OF_SEVERAL =
  'Do not change go.sum unseen. {compare} When go.sum is wrong, restore its line from a commit that built; when the version was published again under the same name, require another one and tell its author.';

/**
 * Returns what a wrong hash means by how many proxies served it: one may have been changed, or something on the way to
 * it; when several have the same view, go.sum is wrong or the version was published again. `{compare}` is left to fill.
 */
export function checksumEntry(served: 'one' | 'several'): CauseEntry {
  const entry: CauseEntry = PREFETCH_ENTRIES['checksum-mismatch'];
  if (served === 'several') {
    return {
      ...entry,
      title:
        'several proxies serve other content than go.sum has: go.sum is wrong, or the version was re-tagged',
      remedy: OF_SEVERAL,
    };
  }
  return {
    ...entry,
    title: 'the content is not what go.sum has; the proxy, its store or something on the way changed it',
    fault: 'proxy',
    remedy:
      'Do not change go.sum unseen. {compare} When go.sum is right, the operator of {host} has to explain it; until then {removal}.',
  };
}

/** Returns how go.sum is compared with the checksum database, which never hears of a private module. */
export function compareText(files: readonly Pick<WantedFile, 'module' | 'disclosure'>[]): string {
  const shared = files.filter(({ disclosure }) => disclosure === 'public').map(({ module }) => module);
  const names = new Set(shared.map(formatModuleVersion));
  const [first] = shared;
  if (first === undefined) return 'Compare its line with that of a commit that built.';
  const name = names.size === 1 ? lookupName(first) : 'MODULE@VERSION';
  const plain = names.size === 1 ? formatModuleVersion(first) : name;
  return `Compare its line with \`https://sum.golang.org/lookup/${name}\`; \`go mod download -x ${plain}\` shows what go gets.`;
}

function lookupName(module: ModuleVersion): string {
  try {
    return `${escapePath(module.path)}@${escapeVersion(module.version)}`;
  } catch {
    return formatModuleVersion(module); // It was checked long ago; if not, it is only shown.
  }
}
