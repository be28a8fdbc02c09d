/** Environment variables by name; an undefined value is a variable that is not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the runner tells only to actions: tokens of the cache service and OIDC, inputs (often secrets), our state. */
const RUNNER_ONLY = /^(?:ACTIONS|INPUT|STATE)_/i;

/**
 * Returns the environment for a child process: everything but ACTIONS_*, INPUT_* and STATE_* in any case (Windows does
 * not tell the cases apart), and GOTOOLCHAIN=local, so that no go command of ours downloads a toolchain.
 */
export function childEnvironment(env: Environment): Record<string, string> {
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || RUNNER_ONLY.test(name) || name.toUpperCase() === 'GOTOOLCHAIN') continue;
    child[name] = value;
  }
  child['GOTOOLCHAIN'] = 'local';
  return child;
}

/**
 * Returns the value of an environment variable, '' when it is not set: go does not tell the two apart. On win32 the
 * case of the name does not count, as a copy of process.env has lost that property.
 */
export function environmentValue(env: Environment, name: string, platform: NodeJS.Platform): string {
  const exact = env[name];
  if (exact !== undefined || platform !== 'win32') return exact ?? '';
  const upper = name.toUpperCase();
  for (const [key, value] of Object.entries(env)) {
    if (key.toUpperCase() === upper && value !== undefined) return value;
  }
  return '';
}
