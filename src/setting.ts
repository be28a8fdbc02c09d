import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type GoEnv, readGoEnv } from './go/go-env.ts';
import { disclosureOf, type MergedGoprivate, mergeGoprivate } from './go/goprivate.ts';
import { readProject } from './go/project-files.ts';
import { chooseToolchains, type ToolchainChoice } from './go/toolchain-choice.ts';
import { computeWantedSet, type PrivateMatch, type WantedSet } from './go/wanted-set.ts';
import { findMissing, type Presence } from './modcache/presence.ts';
import { InputError, type Inputs } from './runner/inputs.ts';

/** What the step starts from: go's configuration, the project, and what the module cache holds of it. */
export interface Setting {
  readonly goEnv: GoEnv;
  readonly merged: MergedGoprivate;
  readonly wanted: WantedSet;
  readonly presence: Presence;
  /** What go will run in each module or workspace. */
  readonly toolchains: readonly ToolchainChoice[];
}

/** A value of go env; '' when it has none. */
export function goValue({ values }: GoEnv, name: string): string {
  return values.get(name) ?? '';
}

/**
 * Reads go's configuration, the Go files of the workspace and the module cache. Wrong files of the project become problems
 * of the wanted set.
 * @throws InputError when working-directory is no directory; the reason of `signal` when it aborts.
 */
export async function readSetting(inputs: Inputs, workspace: string, signal: AbortSignal): Promise<Setting> {
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
  const presence = await findMissing(goValue(goEnv, 'GOMODCACHE'), wanted, { signal });
  const toolchains = chooseToolchains(goEnv.values, project.units);
  return { goEnv, merged, wanted, presence, toolchains };
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
