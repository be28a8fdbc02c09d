import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type GoEnv, readGoEnv } from './go/go-env.ts';
import { disclosureOf, type MergedGoprivate, mergeGoprivate } from './go/goprivate.ts';
import type { ZipHasher } from './go/h1.ts';
import type { Project } from './go/project.ts';
import { readProject } from './go/project-files.ts';
import { chooseToolchains, type ToolchainChoice } from './go/toolchain-choice.ts';
import { computeWantedSet, type PrivateMatch, type WantedSet } from './go/wanted-set.ts';
import { countExtracted } from './modcache/extracted-trees.ts';
import { findMissing, type Presence } from './modcache/presence.ts';
import { InputError, type Inputs } from './runner/inputs.ts';

/** Go's configuration, and what the project wants of the module cache. */
export interface ProjectSetting {
  readonly project: Project;
  readonly goEnv: GoEnv;
  readonly merged: MergedGoprivate;
  readonly wanted: WantedSet;
  /** What go will run in each module or workspace. */
  readonly toolchains: readonly ToolchainChoice[];
}

/** What the step starts from: also what the module cache holds. */
export interface Setting extends ProjectSetting {
  readonly presence: Presence;
  /** Modules of the wanted set that are extracted already. */
  readonly extractedTrees: number;
}

/** A value of go env; '' when it has none. */
export function goValue({ values }: GoEnv, name: string): string {
  return values.get(name) ?? '';
}

/**
 * Reads go's configuration, the Go files of the workspace and, by hash, the module cache. Wrong files of the project become
 * problems of the wanted set.
 * @throws InputError when working-directory is no directory; the reason of `signal` when it aborts.
 */
export async function readSetting(
  inputs: Inputs,
  workspace: string,
  ports: { readonly signal: AbortSignal; readonly hashZip: ZipHasher },
): Promise<Setting> {
  const setting = await readProjectSetting(inputs, workspace, ports.signal);
  const goModCache = goValue(setting.goEnv, 'GOMODCACHE');
  const presence = await findMissing(goModCache, setting.wanted, ports);
  const extractedTrees = await countOrNone(goModCache, setting.wanted, ports.signal);
  return { ...setting, presence, extractedTrees };
}

/** A number for the log is not worth a step. */
async function countOrNone(goModCache: string, wanted: WantedSet, signal: AbortSignal): Promise<number> {
  try {
    return await countExtracted(goModCache, wanted, signal);
  } catch {
    signal.throwIfAborted();
    return 0;
  }
}

/** Reads all of the setting but the module cache; see {@link readSetting}. */
export async function readProjectSetting(
  inputs: Inputs,
  workspace: string,
  signal: AbortSignal,
): Promise<ProjectSetting> {
  await checkDirectory(inputs.workingDirectory, workspace);
  const goEnv = await readGoEnv({ directory: inputs.workingDirectory, env: process.env, signal });
  const merged = mergePatterns(inputs, goEnv);
  const project = await readProject({
    directory: inputs.workingDirectory,
    workspace,
    gowork: goValue(goEnv, 'GOWORK'),
    goflags: goValue(goEnv, 'GOFLAGS'),
    dependencyGlobs: inputs.cacheDependencyPath,
    signal,
  });
  const wanted = computeWantedSet(project, { isPrivate: (path) => privateMatch(path, merged) });
  const toolchains = chooseToolchains(goEnv.values, project.units);
  return { project, goEnv, merged, wanted, toolchains };
}

async function checkDirectory(directory: string, workspace: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new InputError('working-directory', {
    found: path.relative(workspace, directory),
    allowed: 'allowed is a directory that exists; check the repository out before this step',
    example: './service',
  });
}

function mergePatterns(inputs: Inputs, goEnv: GoEnv): MergedGoprivate {
  const own = (name: string) => (goEnv.isSet(name) ? goValue(goEnv, name) : '');
  return mergeGoprivate({
    set: { goprivate: own('GOPRIVATE'), gonoproxy: own('GONOPROXY'), gonosumdb: own('GONOSUMDB') },
    additions: { goprivate: inputs.goprivate, gonoproxy: inputs.gonoproxy, gonosumdb: inputs.gonosumdb },
  });
}

function privateMatch(path: string, merged: MergedGoprivate): PrivateMatch {
  switch (disclosureOf(path, merged)) {
    case 'nobody':
      return 'gonoproxy';
    case 'given-only':
      return 'goprivate';
    case 'public':
      return 'no';
  }
}
