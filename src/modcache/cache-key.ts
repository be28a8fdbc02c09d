import { createHash } from 'node:crypto';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';

/** Under which names a wanted set is saved and looked for. */
export interface CacheKey {
  /** For this set exactly. */
  readonly primary: string;
  /** What all keys of this suffix begin with: the newest of them serves when there is none for the set. */
  readonly prefix: string;
  /** What went into the hash, for the log. */
  readonly ingredients: {
    readonly suffix: string;
    /** Hash lines: one for each zip and go.mod. */
    readonly lines: number;
    readonly modules: number;
    /** Module versions that are in no archive, for a pattern of GOPRIVATE or GONOSUMDB matches them. */
    readonly privateModules: number;
  };
}

/** Part of every key; another one for another layout of the archive. */
const FORMAT = 'setup-goproxy-v1';

/**
 * Returns the files that may be in an archive: those of public modules. What any pattern matches stays out, so that no
 * name and no byte of it leaves for a store that others of the repository can read.
 */
export function cacheable(files: readonly WantedFile[]): readonly WantedFile[] {
  return files.filter(({ disclosure }) => disclosure === 'public');
}

/**
 * Returns the keys of a wanted set (DESIGN §3.5): the SHA-256 of its sorted `path@version hash` lines, those of go.mod
 * files with `/go.mod` behind the version as in go.sum. Neither system nor Go version is in it: a module is the same
 * everywhere. At most 160 characters, no comma.
 */
export function keyOf(files: readonly WantedFile[], suffix: string): CacheKey {
  const own = cacheable(files);
  const lines = own.flatMap(linesOf).sort();
  const hash = createHash('sha256').update(lines.join('')).digest('hex');
  const prefix = `${FORMAT}-${suffix}-`;
  const names = (some: readonly WantedFile[]) =>
    new Set(some.map(({ module }) => formatModuleVersion(module)));
  const publicNames = names(own);
  return {
    primary: `${prefix}${hash}`,
    prefix,
    ingredients: {
      suffix,
      lines: lines.length,
      modules: publicNames.size,
      privateModules: names(files).size - publicNames.size,
    },
  };
}

function linesOf({ module, kind, hashes }: WantedFile): readonly string[] {
  if (kind === 'info') return [];
  const name = `${formatModuleVersion(module)}${kind === 'mod' ? '/go.mod' : ''}`;
  return hashes.map((hash) => `${name} ${hash}\n`);
}
