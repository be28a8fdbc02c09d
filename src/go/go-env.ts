import path from 'node:path';
import { readBoundedFile } from './bounded-file.ts';
import { type Environment, environmentValue } from './child-env.ts';
import { type GoOutput, runGoCommand } from './go-command.ts';
import { builtInDefault, goEnvFilePath, parseGoEnvFile } from './go-env-file.ts';
import { GoRuleError } from './go-rule-error.ts';

/** Where a value comes from; `go.env` is the distribution's own default, where it differs from Go's. */
export type GoEnvOrigin = 'environment' | 'go env -w' | 'go.env' | 'default';

/** The go command's configuration. */
export interface GoEnv {
  /** A value, perhaps '', for every name of {@link GO_ENV_NAMES}. */
  readonly values: ReadonlyMap<string, string>;
  /** Without the prefix `go`: 1.26.1 or 1.27rc1. Absent for a development build and with source `environment`. */
  readonly goVersion?: string;
  /** `environment`: go could not be asked; these are environment, GOENV file and Go's defaults. */
  readonly source: 'go' | 'environment';
  /** One sentence, when go could not be asked or the GOENV file could not be read. */
  readonly problem?: string;
  /** What `go env -w` has written, also where an environment variable hides it. */
  readonly envFile: ReadonlyMap<string, string>;
  origin(name: string): GoEnvOrigin;
  /** Whether anything sets a value of its own; go env prints an unset GONOPROXY and GONOSUMDB as GOPRIVATE. */
  isSet(name: string): boolean;
}

/** What is asked of go env: nothing that makes it start a C compiler. */
export const GO_ENV_NAMES = [
  'GO111MODULE',
  'GOARCH',
  'GOAUTH',
  'GOENV',
  'GOFLAGS',
  'GOHOSTARCH',
  'GOHOSTOS',
  'GOINSECURE',
  'GOMOD',
  'GOMODCACHE',
  'GONOPROXY',
  'GONOSUMDB',
  'GOOS',
  'GOPATH',
  'GOPRIVATE',
  'GOPROXY',
  'GOROOT',
  'GOSUMDB',
  'GOTOOLCHAIN',
  'GOVCS',
  'GOVERSION',
  'GOWORK',
] as const;

/** These are findings of go, with no default that a distribution could change. */
const COMPUTED: ReadonlySet<string> = new Set([
  'GOARCH',
  'GOENV',
  'GOHOSTARCH',
  'GOHOSTOS',
  'GOMOD',
  'GOOS',
  'GOROOT',
  'GOVERSION',
  'GOWORK',
]);

/** Options of {@link readGoEnv}. */
export interface GoEnvOptions {
  /** Where go runs: it decides GOMOD and GOWORK. */
  readonly directory: string;
  readonly env: Environment;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Aborting kills the child with all its processes, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Layers {
  readonly env: Environment;
  readonly envFile: ReadonlyMap<string, string>;
  readonly platform: NodeJS.Platform;
}

const ENV_FILE_LIMIT_BYTES = 1 << 20;

/**
 * Returns the go command's configuration, from one `go env -json` with the environment of childEnvironment, in a
 * process group of its own, killed after the timeout or beyond 1 MiB of output. When that fails in any way, the values
 * are made from what go would read, and `problem` says why. Rejects only when the signal is aborted.
 */
export async function readGoEnv(options: GoEnvOptions): Promise<GoEnv> {
  const { directory, env, timeoutMs = 10_000, signal } = options;
  signal?.throwIfAborted();
  const platform = process.platform;
  const file = await readEnvFile(goEnvFilePath(env, platform), directory);
  const layers: Layers = { env, envFile: file.values, platform };
  try {
    const output = await runGoCommand(['env', '-json', ...GO_ENV_NAMES], {
      directory,
      env,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const values = readOutput(output);
    values.set('GOTOOLCHAIN', await ownToolchain(layers, values.get('GOROOT') ?? ''));
    const goVersion = /^go(\d[0-9a-z.]*)/.exec(values.get('GOVERSION') ?? '')?.[1];
    return assemble(layers, {
      source: 'go',
      values,
      ...(goVersion === undefined ? {} : { goVersion }),
      ...problemOf(file.problem),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const why = error instanceof Error ? error.message : 'for an unknown reason';
    return assemble(layers, {
      source: 'environment',
      values: fallbackValues(layers),
      ...problemOf(why),
    });
  }
}

/** Returns the values that go would have, as far as that can be told without a go command and its $GOROOT/go.env. */
export function fallbackValues(layers: Layers): Map<string, string> {
  const { env, envFile, platform } = layers;
  const values = new Map<string, string>();
  const context = { values, env, platform };
  const set = (name: string): void => {
    // In the file an empty GOPROXY, GOSUMDB or GOTOOLCHAIN hides the default, which is in a file too (go 1.21 and later).
    const isHidden = ['GOPROXY', 'GOSUMDB', 'GOTOOLCHAIN'].includes(name) && envFile.has(name);
    const own = environmentValue(env, name, platform) || envFile.get(name) || '';
    values.set(name, own !== '' || isHidden ? own : builtInDefault(name, context));
  };
  // Others take their defaults from these two.
  for (const name of ['GOPATH', 'GOPRIVATE', ...GO_ENV_NAMES]) set(name);
  values.set('GOENV', goEnvFilePath(env, platform) ?? '');
  return values;
}

/** Returns where an effective value comes from; see {@link GoEnvOrigin}. */
export function originOf(
  name: string,
  layers: Layers & { readonly values: ReadonlyMap<string, string> },
): GoEnvOrigin {
  if (environmentValue(layers.env, name, layers.platform) !== '') return 'environment';
  const value = layers.values.get(name) ?? '';
  const written = layers.envFile.get(name);
  const usual = COMPUTED.has(name) ? value : builtInDefault(name, layers);
  if (name !== 'GOENV' && written !== undefined && (written !== '' || value !== usual)) return 'go env -w';
  return value === '' || value === usual ? 'default' : 'go.env';
}

function assemble(layers: Layers, found: Omit<GoEnv, 'origin' | 'isSet' | 'envFile'>): GoEnv {
  const origin = (name: string): GoEnvOrigin => originOf(name, { ...layers, values: found.values });
  return { ...found, envFile: layers.envFile, origin, isSet: (name) => origin(name) !== 'default' };
}

function problemOf(problem: string | undefined): { problem?: string } {
  return problem === undefined ? {} : { problem };
}

async function readEnvFile(
  file: string | undefined,
  directory: string,
): Promise<{ values: ReadonlyMap<string, string>; problem?: string }> {
  if (file === undefined) return { values: new Map() };
  try {
    const text = await readBoundedFile(path.resolve(directory, file), ENV_FILE_LIMIT_BYTES);
    return { values: parseGoEnvFile(text ?? '') };
  } catch (error) {
    // Go passes over a file that it cannot read.
    const why = error instanceof Error ? error.message : 'unknown reason';
    return { values: new Map(), problem: `the GOENV file could not be read: ${why}` };
  }
}

/** GOTOOLCHAIN as the user's own go sees it: our child has it set to local. */
async function ownToolchain(layers: Layers, goroot: string): Promise<string> {
  const own = environmentValue(layers.env, 'GOTOOLCHAIN', layers.platform);
  const written = layers.envFile.get('GOTOOLCHAIN');
  if (own !== '' || written !== undefined) return own || (written ?? '');
  if (goroot === '') return '';
  const file = await readEnvFile('go.env', goroot);
  return file.values.get('GOTOOLCHAIN') ?? '';
}

function readOutput(output: GoOutput): Map<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(output.stdout);
  } catch (cause) {
    throw new GoRuleError('go-env', 'go env -json printed something that is not JSON', { cause });
  }
  const values = new Map<string, string>();
  for (const name of GO_ENV_NAMES) {
    const value: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : undefined;
    if (typeof value !== 'string') {
      throw new GoRuleError('go-env', `go env -json printed no text for ${name}`);
    }
    values.set(name, value);
  }
  return values;
}
