import path from 'node:path';
import { readBoundedFile } from './bounded-file.ts';
import { type Environment, environmentValue } from './child-env.ts';
import { GoRuleError } from './go-rule-error.ts';
import { splitFields } from './white-space.ts';

/** One login of a netrc file; never logged. */
export interface NetrcLine {
  /** A host with its port, or (as go 1.24 and later use it) with a path too. */
  readonly machine: string;
  readonly login: string;
  readonly password: string;
}

const LIMIT_BYTES = 1 << 20;

/**
 * Returns the logins of a netrc file in their order. Like go's it is a tolerant reading of pairs of words, line by
 * line: a `default` entry and macros are passed over, what is incomplete is dropped. Never throws. Source:
 * cmd/go/internal/auth/netrc.go, parseNetrc.
 */
export function parseNetrc(text: string): readonly NetrcLine[] {
  const lines: NetrcLine[] = [];
  let current = NOTHING;
  let inMacro = false;
  for (const line of text.split('\n')) {
    if (inMacro) {
      inMacro = line !== '';
      continue;
    }
    const words = splitFields(line);
    for (const [word, value] of pairs(words)) {
      if (word === 'macdef') inMacro = true;
      current = addWord(current, word, value);
      if (current.machine === '' || current.login === '' || current.password === '') continue;
      lines.push(current);
      current = NOTHING;
    }
    // A `default` that is the odd word at the end of its line ends the file, as in go.
    if (words.length % 2 === 1 && words.at(-1) === 'default') break;
  }
  return lines;
}

const NOTHING: NetrcLine = { machine: '', login: '', password: '' };

function addWord(line: NetrcLine, word: string, value: string): NetrcLine {
  switch (word) {
    case 'machine':
      return { ...NOTHING, machine: value };
    case 'login':
    case 'password':
      return { ...line, [word]: value };
    default:
      return line;
  }
}

function* pairs(words: readonly string[]): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < words.length; index += 2) {
    yield [words[index] ?? '', words[index + 1] ?? ''];
  }
}

/**
 * Returns what go 1.24 and later would send to the URL, or undefined: https only, the host with its port as written,
 * the longest machine that is the host with a leading part of the path; of the same machine the first line counts. A
 * URL with userinfo has no match. A string is looked up as go would, letter for letter; a URL object has a lower-case
 * host and no port 443. Source: cmd/go/internal/auth/auth.go, storeCredential and loadCredential.
 */
export function credentialsFor(
  lines: readonly NetrcLine[],
  url: URL | string,
): { readonly user: string; readonly password: string } | undefined {
  const text = typeof url === 'string' ? url : url.href;
  if (!text.startsWith('https://')) return undefined;
  const logins = new Map<string, NetrcLine>();
  for (const line of lines) {
    const key = trimPrefix(line.machine);
    if (!logins.has(key)) logins.set(key, line);
  }
  for (let prefix = trimPrefix(text); ; prefix = prefix.slice(0, prefix.lastIndexOf('/'))) {
    const line = logins.get(prefix);
    if (line !== undefined) return { user: line.login, password: line.password };
    if (!prefix.includes('/')) return undefined;
  }
}

/**
 * Returns where go looks for netrc, best first; the first that exists is the only one read. NETRC wins; else `.netrc`
 * in the home directory, on Windows `_netrc` before it; none without a home. Source: netrc.go, netrcPath.
 */
export function netrcPaths(env: Environment, platform: NodeJS.Platform): readonly string[] {
  const given = environmentValue(env, 'NETRC', platform);
  if (given !== '') return [given];
  const isWindows = platform === 'win32';
  const home = environmentValue(env, isWindows ? 'USERPROFILE' : 'HOME', platform);
  if (home === '') return [];
  const { join } = isWindows ? path.win32 : path.posix;
  return isWindows ? [join(home, '_netrc'), join(home, '.netrc')] : [join(home, '.netrc')];
}

/**
 * Returns the logins of the netrc file that go would read, [] when there is none. Throws {@link GoRuleError} `netrc`,
 * which names the file and never its content, for one that cannot be read or is larger than 1 MiB.
 */
export async function readNetrc(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly NetrcLine[]> {
  for (const file of netrcPaths(env, platform)) {
    let text: string | undefined;
    try {
      text = await readBoundedFile(file, LIMIT_BYTES);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : 'unknown reason';
      throw new GoRuleError('netrc', `the netrc file cannot be used: ${why}`, { cause });
    }
    if (text !== undefined) return parseNetrc(text);
  }
  return [];
}

function trimPrefix(text: string): string {
  return text.replace(/^https:\/\//, '').replace(/\/$/, '');
}
