import { acceptedSums } from './accepted-sums.ts';
import { type MainUnit, modulesOf, type Project } from './project.ts';
import { formatModuleVersion, type ModuleVersion } from './version.ts';

/** A module version that a project pins: what its sums say of it, and the line that asks for it. */
export interface Pin {
  readonly module: ModuleVersion;
  /** h1 of the zip and of the go.mod; one for each unit that has one. */
  readonly zip: readonly string[];
  readonly mod: readonly string[];
  /** The `require` line, or the `replace` line that leads to it; relative to the workspace. Absent when only go.sum names it. */
  readonly place?: { readonly file: string; readonly line: number };
}

interface Draft {
  readonly module: ModuleVersion;
  readonly zip: string[];
  readonly mod: string[];
  place?: { readonly file: string; readonly line: number };
}

/** Returns what the sums of all units pin, private modules too, by `path@version`. Pure. */
export function pinsOf({ units }: Pick<Project, 'units'>): ReadonlyMap<string, Pin> {
  const pins = new Map<string, Draft>();
  for (const unit of units) {
    for (const { module, kind, hash } of acceptedSums(unit).sums.values()) {
      const hashes = draftOf(pins, module)[kind];
      if (!hashes.includes(hash)) hashes.push(hash);
    }
    for (const { module, place } of linesOf(unit)) {
      const pin = pins.get(formatModuleVersion(module));
      if (pin !== undefined) pin.place ??= place;
    }
  }
  return pins;
}

function draftOf(pins: Map<string, Draft>, module: ModuleVersion): Draft {
  const name = formatModuleVersion(module);
  const known = pins.get(name) ?? { module, zip: [], mod: [] };
  pins.set(name, known);
  return known;
}

/** The lines that ask for a version, as they are written: whether one of them is replaced does not matter here. */
function linesOf(
  unit: MainUnit,
): readonly { readonly module: ModuleVersion; readonly place: NonNullable<Pin['place']> }[] {
  const files = [...modulesOf(unit).map(({ mod }) => mod), ...(unit.kind === 'workspace' ? [unit.work] : [])];
  return files.flatMap((written) => {
    const { file, replace } = written;
    const required = 'require' in written ? written.require : [];
    return [
      ...required.map(({ path, version, line }) => ({ module: { path, version }, place: { file, line } })),
      ...replace.flatMap(({ new: target, line }) =>
        target.kind === 'directory'
          ? []
          : [{ module: { path: target.path, version: target.version }, place: { file, line } }],
      ),
    ];
  });
}
