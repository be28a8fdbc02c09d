import type { GoModFile } from './go-mod.ts';
import type { FileProblem, GoSum } from './go-sum.ts';
import type { GoWorkFile } from './go-work.ts';

/** A main module: its directory relative to the root with slashes (`.` for the root itself), go.mod, and go.sum if any. */
export interface ProjectModule {
  readonly directory: string;
  readonly mod: GoModFile;
  readonly sum?: GoSum;
}

/** A vendor directory; `modulesTxt` is the text of its modules.txt, absent when it has none. */
export interface VendorDirectory {
  readonly modulesTxt?: string;
}

/** What one go command works on: a module, or the modules of a go.work together. */
export type MainUnit =
  | { readonly kind: 'module'; readonly module: ProjectModule; readonly vendor?: VendorDirectory }
  | {
      readonly kind: 'workspace';
      readonly directory: string;
      readonly work: GoWorkFile;
      /** go.work.sum. */
      readonly sum?: GoSum;
      readonly modules: readonly ProjectModule[];
      readonly vendor?: VendorDirectory;
    };

/** The Go files of a job's workspace as far as they decide what go will download. */
export interface Project {
  /** Absolute path of the workspace, links resolved. */
  readonly root: string;
  readonly units: readonly MainUnit[];
  /** What GOFLAGS sets -mod to. */
  readonly modFlag?: 'mod' | 'readonly' | 'vendor';
  /** All that is wrong with the files, line 0 for a file as a whole. */
  readonly problems: readonly FileProblem[];
  /** What was decided while reading, one sentence each. */
  readonly notes: readonly string[];
}

/** Returns the main modules of a unit in their order. */
export function modulesOf(unit: MainUnit): readonly ProjectModule[] {
  return unit.kind === 'module' ? [unit.module] : unit.modules;
}

/** Returns the file that names a unit: the path of its go.mod or go.work. */
export function fileOf(unit: MainUnit): string {
  return unit.kind === 'module' ? unit.module.mod.file : unit.work.file;
}
