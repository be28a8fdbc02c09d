import { glob } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from './project-reader.ts';

/** What the globs of `cache-dependency-path` match, sorted; a note for each that matched nothing or was not used. */
export interface GlobMatches {
  readonly files: readonly string[];
  readonly notes: readonly string[];
}

/** How much a search may find, and how long it may take. */
export interface GlobLimits {
  readonly files: number;
  readonly milliseconds: number;
}

const LIMITS: GlobLimits = { files: 1_000, milliseconds: 10_000 };
const LEFT_OUT: ReadonlySet<string> = new Set(['vendor', 'testdata', 'node_modules', '.git']);

/**
 * Returns absolute paths below `base` that match the globs (one each; `!` in front takes matches away; blank ones are
 * skipped). Links to directories are not followed by `**`; what lies in vendor, testdata, node_modules or .git is left out.
 * At most 1,000 files and 10 seconds, unless `limits` says otherwise; more is a note, as is a glob that matches nothing.
 */
export async function findByGlobs(
  base: string,
  globs: readonly string[],
  { signal, limits = LIMITS }: { readonly signal?: AbortSignal; readonly limits?: GlobLimits } = {},
): Promise<GlobMatches> {
  const patterns = globs.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '');
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const search: Search = {
    base,
    excluded,
    found: new Set(),
    notes: [],
    maxFiles: limits.files,
    deadline: performance.now() + limits.milliseconds,
    ...(signal === undefined ? {} : { signal }),
  };
  for (const pattern of patterns.filter((each) => !each.startsWith('!')))
    await searchPattern(search, pattern);
  return { files: [...search.found].sort(), notes: search.notes };
}

interface Search {
  readonly base: string;
  readonly excluded: readonly string[];
  readonly found: Set<string>;
  readonly notes: string[];
  readonly maxFiles: number;
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

async function searchPattern(search: Search, pattern: string): Promise<void> {
  const relative = relativePattern(search.base, pattern);
  if (relative === undefined) {
    search.notes.push(`the glob ${pattern} is not used: it leads out of the workspace`);
    return;
  }
  let matches = 0;
  const isOver = () => performance.now() > search.deadline;
  // Called for every directory on the way: returning true ends the walk quickly when time is up.
  const exclude = (name: string) => isOver() || LEFT_OUT.has(path.basename(name));
  for await (const match of glob(relative, { cwd: search.base, exclude })) {
    search.signal?.throwIfAborted();
    const absolute = path.resolve(search.base, match);
    if (!isWanted(search, absolute)) continue;
    matches++;
    if (search.found.size >= search.maxFiles && !search.found.has(absolute)) {
      search.notes.push(`the globs match more than ${search.maxFiles} files: the rest is not used`);
      return;
    }
    search.found.add(absolute);
  }
  search.signal?.throwIfAborted();
  if (isOver())
    search.notes.push(`the search for ${pattern} took too long: what was found until then is used`);
  else if (matches === 0) search.notes.push(`the glob ${pattern} matches no file`);
}

/** A pattern relative to the base, without a way up; undefined for one that leads out. */
function relativePattern(base: string, pattern: string): string | undefined {
  const relative =
    path.isAbsolute(pattern) && isInside(base, pattern) ? path.relative(base, pattern) : pattern;
  const leadsOut = path.isAbsolute(relative) || relative.split(/[/\\]/).includes('..');
  return leadsOut ? undefined : relative.replace(/^(?:\.\/)+/, '');
}

function isWanted(search: Search, absolute: string): boolean {
  const relative = path.relative(search.base, absolute);
  if (relative === '' || !isInside(search.base, absolute)) return false;
  if (relative.split(path.sep).some((part) => LEFT_OUT.has(part))) return false;
  return !search.excluded.some((pattern) => path.matchesGlob(relative, pattern.replace(/^(?:\.\/)+/, '')));
}
