import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { findByGlobs } from './dependency-globs.ts';
import { parseGoMod } from './go-mod.ts';
import { GoRuleError } from './go-rule-error.ts';
import { type FileProblem, type GoSum, parseGoSum } from './go-sum.ts';
import { parseGoWork } from './go-work.ts';
import { modFlag, modfile } from './goflags.ts';
import {
  type MainUnit,
  modulesOf,
  type Project,
  type ProjectModule,
  type VendorDirectory,
} from './project.ts';
import { openProjectReader, type ProjectReader, statOrUndefined } from './project-reader.ts';

export type { MainUnit, Project, ProjectModule, VendorDirectory } from './project.ts';

/** Where to look for the project. */
export interface ProjectRequest {
  /** The directory that go runs in, absolute or relative to the workspace. */
  readonly directory: string;
  /** The workspace of the job (GITHUB_WORKSPACE): nothing outside is read. */
  readonly workspace: string;
  /** The value of GOWORK: empty or `auto`, `off`, or an absolute path. */
  readonly gowork: string;
  /** The value of GOFLAGS. */
  readonly goflags: string;
  /** Globs of go.sum files, relative to the workspace; empty: the module or workspace of `directory`. */
  readonly dependencyGlobs: readonly string[];
  readonly signal?: AbortSignal;
}

const MAX_WORKSPACE_MODULES = 1_000;

/** What all steps of reading share. */
interface Reading {
  readonly reader: ProjectReader;
  readonly notes: string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Returns the Go files that decide what go downloads in a directory: those of its go.work, else of its go.mod, both found
 * upward as cmd/go/internal/modload/init.go does but never above the workspace, else of every go.sum below; or of the
 * modules that `dependencyGlobs` name. What is missing, refused or wrong is a problem or a note of the project.
 * @throws the reason of `signal` when it aborts, and what node:fs throws when the workspace does not exist.
 */
export async function readProject(request: ProjectRequest): Promise<Project> {
  request.signal?.throwIfAborted();
  const reader = await openProjectReader(request.workspace);
  const reading: Reading = { reader, notes: [], signal: request.signal };
  const flags = readFlags(request.goflags);
  const directory = await findDirectory(reader, request.directory);
  const units =
    directory === undefined ? [] : await readUnits(reading, request, { directory, modfile: flags.modfile });
  return {
    root: reader.root,
    units,
    ...(flags.modFlag === undefined ? {} : { modFlag: flags.modFlag }),
    problems: [...flags.problems, ...reader.problems, ...units.flatMap(problemsOf)],
    notes: reading.notes,
  };
}

interface Flags {
  readonly modFlag: ReturnType<typeof modFlag>;
  readonly modfile: string | undefined;
  readonly problems: readonly FileProblem[];
}

function readFlags(goflags: string): Flags {
  try {
    return { modFlag: modFlag(goflags), modfile: modfile(goflags), problems: [] };
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return {
      modFlag: undefined,
      modfile: undefined,
      problems: [{ file: 'GOFLAGS', line: 0, rule: error.message }],
    };
  }
}

async function findDirectory(reader: ProjectReader, directory: string): Promise<string | undefined> {
  const absolute = path.resolve(reader.root, directory);
  const real = await realpath(absolute).catch(() => undefined);
  if (real !== undefined && reader.contains(real) && (await statOrUndefined(real))?.isDirectory() === true)
    return real;
  reader.refuse(absolute, 'the working directory is an existing directory inside the workspace');
  return undefined;
}

async function readUnits(
  reading: Reading,
  request: ProjectRequest,
  { directory, modfile: alternative }: { readonly directory: string; readonly modfile: string | undefined },
): Promise<readonly MainUnit[]> {
  if (request.dependencyGlobs.some((glob) => glob.trim() !== '')) {
    if (alternative !== undefined) {
      reading.notes.push('GOFLAGS names a -modfile: it is not used for the modules of cache-dependency-path');
    }
    return await readMatches(reading, reading.reader.root, request.dependencyGlobs);
  }
  const work = await findWorkspaceFile(reading, directory, request.gowork);
  if (work !== undefined) {
    if (alternative !== undefined) {
      reading.notes.push('GOFLAGS names a -modfile, which go refuses in a workspace: it is not used');
    }
    return await readWorkspace(reading, work);
  }
  const moduleRoot = await findUpward(reading.reader, directory, 'go.mod');
  if (moduleRoot === undefined) {
    reading.notes.push(
      `${reading.reader.display(directory)} has neither go.mod nor go.work: looking for **/go.sum below it`,
    );
    return await readMatches(reading, directory, ['**/go.sum']);
  }
  const goMod =
    alternative === undefined ? path.join(moduleRoot, 'go.mod') : path.resolve(directory, alternative);
  return await readSingleModule(reading, moduleRoot, goMod);
}

/** init.go findModuleRoot and findWorkspaceFile, ended at the workspace: the directory that holds `name`, not as a directory. */
async function findUpward(reader: ProjectReader, from: string, name: string): Promise<string | undefined> {
  let directory = from;
  while (reader.contains(directory)) {
    const stats = await statOrUndefined(path.join(directory, name));
    if (stats !== undefined && !stats.isDirectory()) return directory;
    const parent = path.dirname(directory);
    if (parent === directory) return undefined;
    directory = parent;
  }
  return undefined;
}

/** init.go FindGoWork. */
async function findWorkspaceFile(
  { reader }: Reading,
  directory: string,
  gowork: string,
): Promise<string | undefined> {
  if (gowork === 'off') return undefined;
  if (gowork === '' || gowork === 'auto') {
    const found = await findUpward(reader, directory, 'go.work');
    return found === undefined ? undefined : path.join(found, 'go.work');
  }
  const absolute = path.normalize(gowork);
  if (!path.isAbsolute(gowork)) {
    reader.refuse(path.join(reader.root, 'go.work'), 'GOWORK is off, auto or an absolute path');
    return undefined;
  }
  // The workspace may be known to go by a name with links in it.
  const parent = await realpath(path.dirname(absolute)).catch(() => path.dirname(absolute));
  const real = path.join(parent, path.basename(absolute));
  if (!reader.contains(real)) {
    reader.refuse(path.join(reader.root, 'go.work'), 'the file that GOWORK names is inside the workspace');
    return undefined;
  }
  if ((await statOrUndefined(real)) !== undefined) return real;
  reader.refuse(real, 'the file that GOWORK names exists');
  return undefined;
}

async function readSingleModule(
  reading: Reading,
  moduleRoot: string,
  goMod: string,
): Promise<readonly MainUnit[]> {
  const module = await readModule(reading, moduleRoot, goMod);
  if (module === undefined) return [];
  const vendor = await readVendor(reading, moduleRoot);
  return [{ kind: 'module', module, ...(vendor === undefined ? {} : { vendor }) }];
}

async function readModule(
  { reader, signal }: Reading,
  moduleRoot: string,
  goMod: string,
): Promise<ProjectModule | undefined> {
  signal?.throwIfAborted();
  const known = reader.problems.length;
  const text = await reader.read(goMod);
  if (text === undefined) {
    if (reader.problems.length === known) reader.refuse(goMod, 'the file exists');
    return undefined;
  }
  const mod = parseGoMod(reader.display(goMod), text);
  if (mod.module === undefined) reader.refuse(goMod, 'a go.mod has a module line');
  const sum = await readSum(reader, `${goMod.slice(0, -'.mod'.length)}.sum`);
  return { directory: reader.display(moduleRoot), mod, ...(sum === undefined ? {} : { sum }) };
}

async function readSum(reader: ProjectReader, file: string): Promise<GoSum | undefined> {
  const text = await reader.read(file);
  return text === undefined ? undefined : parseGoSum(reader.display(file), text);
}

async function readVendor({ reader }: Reading, parent: string): Promise<VendorDirectory | undefined> {
  const directory = path.join(parent, 'vendor');
  if ((await statOrUndefined(directory))?.isDirectory() !== true) return undefined;
  const modulesTxt = await reader.read(path.join(directory, 'modules.txt'));
  return modulesTxt === undefined ? {} : { modulesTxt };
}

/** init.go LoadWorkFile, for the modules that are inside the job's workspace. */
async function readWorkspace(reading: Reading, file: string): Promise<readonly MainUnit[]> {
  const { reader } = reading;
  const text = await reader.read(file);
  if (text === undefined) return [];
  const work = parseGoWork(reader.display(file), text);
  const directory = path.dirname(file);
  const modules: ProjectModule[] = [];
  const seen = new Set<string>();
  for (const { path: used, line } of work.use) {
    const moduleRoot = path.resolve(directory, used);
    const rule = whyNotUsed(reader, moduleRoot, seen);
    if (rule !== undefined) {
      reader.refuse(file, rule, line);
      continue;
    }
    seen.add(moduleRoot);
    const module = await readModule(reading, moduleRoot, path.join(moduleRoot, 'go.mod'));
    if (module !== undefined) modules.push(module);
  }
  const sum = await readSum(reader, `${file}.sum`);
  const vendor = await readVendor(reading, directory);
  const optional = { ...(sum === undefined ? {} : { sum }), ...(vendor === undefined ? {} : { vendor }) };
  return [{ kind: 'workspace', directory: reader.display(directory), work, modules, ...optional }];
}

function whyNotUsed(
  reader: ProjectReader,
  moduleRoot: string,
  seen: ReadonlySet<string>,
): string | undefined {
  if (!reader.contains(moduleRoot)) return 'a directory of a use line is inside the workspace of the job';
  if (seen.has(moduleRoot)) return 'a directory stands in one use line only';
  if (seen.size >= MAX_WORKSPACE_MODULES)
    return `at most ${MAX_WORKSPACE_MODULES} modules of a workspace are read`;
  return undefined;
}

/** The units beside the files that globs match: X.mod for X.sum, the workspace for go.work.sum. */
async function readMatches(
  reading: Reading,
  base: string,
  globs: readonly string[],
): Promise<readonly MainUnit[]> {
  const { reader, notes, signal } = reading;
  const matches = await findByGlobs(base, globs, signal === undefined ? {} : { signal });
  notes.push(...matches.notes);
  const units: MainUnit[] = [];
  const seen = new Set<string>();
  for (const match of matches.files) {
    const main = mainFileOf(match);
    if (main === undefined) {
      notes.push(`${reader.display(match)} is no go.sum, go.mod, go.work.sum or go.work: it is not used`);
    } else if (!seen.has(main)) {
      seen.add(main);
      const read =
        path.basename(main) === 'go.work'
          ? readWorkspace(reading, main)
          : readSingleModule(reading, path.dirname(main), main);
      units.push(...(await read));
    }
  }
  return units;
}

function mainFileOf(match: string): string | undefined {
  if (path.basename(match) === 'go.work') return match;
  if (path.basename(match) === 'go.work.sum') return match.slice(0, -'.sum'.length);
  if (match.endsWith('.sum')) return `${match.slice(0, -'.sum'.length)}.mod`;
  return match.endsWith('.mod') ? match : undefined;
}

function problemsOf(unit: MainUnit): readonly FileProblem[] {
  const sums = [...modulesOf(unit).map(({ sum }) => sum), unit.kind === 'workspace' ? unit.sum : undefined];
  const own = unit.kind === 'workspace' ? unit.work.problems : [];
  return [
    ...own,
    ...modulesOf(unit).flatMap(({ mod }) => mod.problems),
    ...sums.flatMap((sum) => sum?.problems ?? []),
  ];
}
