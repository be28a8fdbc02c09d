import { escapePath } from '../go/module-path.ts';
import { escapeVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';

/** The one directory of an archive. */
export const ARCHIVE_ROOT = 'gomod';

/** Returns the name of a file in an archive, with slashes: `gomod/<escaped path>/@v/<escaped version>.zip`. */
export function archiveName({ module, kind }: Pick<WantedFile, 'module' | 'kind'>): string {
  return `${ARCHIVE_ROOT}/${escapePath(module.path)}/@v/${escapeVersion(module.version)}.${kind}`;
}
