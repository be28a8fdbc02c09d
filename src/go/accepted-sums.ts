import type { FileProblem, GoSum, GoSumLine } from './go-sum.ts';
import type { MainUnit } from './project.ts';
import type { ModuleVersion } from './version.ts';

/** A zip or go.mod that go.sum names, with the one hash that go accepts for it. */
export interface AcceptedSum {
  readonly module: ModuleVersion;
  readonly kind: 'zip' | 'mod';
  readonly hash: string;
}

/** The sums of a unit by {@link sumKey}. */
export interface AcceptedSums {
  readonly sums: ReadonlyMap<string, AcceptedSum>;
  readonly problems: readonly FileProblem[];
}

/** Returns the key of a module version's zip or go.mod in {@link AcceptedSums}. */
export function sumKey(modulePath: string, version: string, kind: 'zip' | 'mod'): string {
  return `${modulePath} ${version} ${kind}`;
}

/**
 * Returns what go accepts for each file that the unit's sums name, by cmd/go/internal/modfetch/fetch.go
 * (haveModSumLocked): the first h1 of a go.sum or go.work.sum decides, a second one is never reached; in a workspace,
 * where go.work.sum is silent, all go.sum files must agree, otherwise go refuses whatever it downloads. At most
 * a hundred contradictions are told one by one.
 */
export function acceptedSums(unit: MainUnit): AcceptedSums {
  const first = new Map<string, AcceptedSum>();
  const problems: FileProblem[] = [];
  const tell = (sum: GoSum | undefined, line: GoSumLine, rule: string) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ file: sum?.file ?? '', line: line.line, rule });
  };
  const main = unit.kind === 'module' ? unit.module.sum : unit.sum;
  addSums(first, main, (line) => tell(main, line, FIRST_COUNTS));
  if (unit.kind === 'module') return { sums: first, problems };
  const agreed = new Map<string, AcceptedSum>();
  const refused = new Set<string>();
  for (const { sum } of unit.modules) {
    addSums(agreed, sum, (line, key) => {
      if (!first.has(key) && !refused.has(key)) tell(sum, line, ALL_AGREE);
      refused.add(key);
    });
  }
  for (const key of refused) agreed.delete(key);
  return { sums: new Map([...agreed, ...first]), problems };
}

/** Adds the sums of a file that are not in the map yet, and tells of lines that contradict one that is. */
function addSums(
  sums: Map<string, AcceptedSum>,
  file: GoSum | undefined,
  contradict: (line: GoSumLine, key: string) => void,
): void {
  for (const line of file?.lines ?? []) {
    const { path, version, kind, hash } = line;
    const key = sumKey(path, version, kind);
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { module: { path, version }, kind, hash });
    else if (known.hash !== hash) contradict(line, key);
  }
}

const MAX_PROBLEMS = 100;
const FIRST_COUNTS = 'a file has one hash; go accepts only the first of several';
const ALL_AGREE =
  'the go.sum files of a workspace give the same hash; go refuses a file that they disagree on';
