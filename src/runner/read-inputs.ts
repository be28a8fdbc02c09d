import * as core from '@actions/core';
import { type Inputs, parseInputs } from './inputs.ts';

/** Returns GITHUB_WORKSPACE, where the runner starts the step. */
export function workspaceDirectory(): string {
  return process.env['GITHUB_WORKSPACE'] || process.cwd();
}

/**
 * Returns the inputs that the runner passes.
 * @throws InputError for the first value that is not allowed.
 */
export function readInputs(): Inputs {
  return parseInputs((name) => core.getInput(name), { workspace: workspaceDirectory() });
}
