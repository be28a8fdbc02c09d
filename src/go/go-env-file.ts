import path from 'node:path';
import { type Environment, environmentValue } from './child-env.ts';
import { DEFAULT_GOPROXY } from './goproxy.ts';
import { DEFAULT_GOSUMDB } from './gosumdb.ts';

/**
 * Returns where `go env -w` writes: GOENV, else `go/env` below the user's configuration directory. Undefined for
 * GOENV=off and where the platform's directory is not known. May be relative, to the directory go runs in. Source:
 * cmd/go/internal/cfg, EnvFile, and os.UserConfigDir.
 */
export function goEnvFilePath(env: Environment, platform: NodeJS.Platform): string | undefined {
  const given = environmentValue(env, 'GOENV', platform);
  if (given !== '') return given === 'off' ? undefined : given;
  const directory = userConfigDirectory(env, platform);
  if (directory === undefined) return undefined;
  return (platform === 'win32' ? path.win32 : path.posix).join(directory, 'go/env');
}

/**
 * Returns the variables of a go env file (also of $GOROOT/go.env); the last line of a name counts. Lines that do not
 * begin with A to Z or have no `=` are passed over; nothing is trimmed, a carriage return stays in the value. Source:
 * cmd/go/internal/cfg, readEnvFile.
 */
export function parseGoEnvFile(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0 && /^[A-Z]/.test(line)) values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return values;
}

/**
 * Returns what Go itself takes for a variable that nothing sets, '' for most; `values` are the effective values that
 * others follow (GOPATH, GOPRIVATE). Source: cmd/go/internal/cfg and go.env of the Go distribution.
 */
export function builtInDefault(
  name: string,
  context: {
    readonly values: ReadonlyMap<string, string>;
    readonly env: Environment;
    readonly platform: NodeJS.Platform;
  },
): string {
  const { values, env, platform } = context;
  const windows = platform === 'win32';
  const { join, delimiter } = windows ? path.win32 : path.posix;
  switch (name) {
    case 'GOPROXY':
      return DEFAULT_GOPROXY;
    case 'GOSUMDB':
      return DEFAULT_GOSUMDB;
    case 'GOTOOLCHAIN':
      return 'auto';
    case 'GOAUTH':
      return 'netrc';
    case 'GONOPROXY':
    case 'GONOSUMDB':
      return values.get('GOPRIVATE') ?? '';
    case 'GOPATH': {
      const home = environmentValue(env, windows ? 'USERPROFILE' : 'HOME', platform);
      return home === '' ? '' : join(home, 'go');
    }
    case 'GOMODCACHE': {
      const first = (values.get('GOPATH') ?? '').split(delimiter, 1)[0] ?? '';
      return first === '' ? '' : join(first, 'pkg/mod');
    }
    default:
      return '';
  }
}

function userConfigDirectory(env: Environment, platform: NodeJS.Platform): string | undefined {
  const value = (name: string): string => environmentValue(env, name, platform);
  if (platform === 'win32') return value('AppData') || undefined;
  const home = value('HOME');
  if (platform === 'darwin') return home === '' ? undefined : `${home}/Library/Application Support`;
  const xdg = value('XDG_CONFIG_HOME');
  if (xdg !== '') return xdg.startsWith('/') ? xdg : undefined;
  return home === '' ? undefined : `${home}/.config`;
}
