import { GoRuleError } from './go-rule-error.ts';

/** Which set of rules a path has to meet: each one allows a little more than the one before. */
type PathKind = 'module' | 'import' | 'file';

/** The ASCII characters that one element may hold; a file name may hold any letter besides. */
const ELEMENT_CHARACTERS: Readonly<Record<PathKind, RegExp>> = {
  module: /^[-._~0-9A-Za-z]$/,
  import: /^[-._~0-9A-Za-z+]$/,
  file: /^[-0-9A-Za-z!#$%&()+,.=@[\]^_{}~ \p{L}]$/u,
};

/** The same sets for a whole element: one test of the common case instead of one per character. */
const WHOLE_ELEMENT: Readonly<Record<PathKind, RegExp>> = {
  module: /^[-._~0-9A-Za-z]+$/,
  import: /^[-._~0-9A-Za-z+]+$/,
  file: /^[-0-9A-Za-z!#$%&()+,.=@[\]^_{}~ \p{L}]+$/u,
};

const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;

/**
 * Refuses what is no module path, by the rules of x/mod/module: CheckPath, with the names that Windows reserves.
 * @throws GoRuleError 'module-path'; the message quotes the path.
 */
export function checkModulePath(path: string): void {
  const fault = modulePathFault(path);
  if (fault !== undefined) throw malformed('module', path, fault);
}

/**
 * Refuses what is no import path (x/mod/module: CheckImportPath).
 * @throws GoRuleError 'module-path'; the message quotes the path.
 */
export function checkImportPath(path: string): void {
  const fault = pathFault(path, 'import');
  if (fault !== undefined) throw malformed('import', path, fault);
}

/**
 * Refuses what may not be the slash-separated name of a file in a module (x/mod/module: CheckFilePath). Letters are
 * those of the Unicode version of this runtime, which may be a little newer than Go's.
 * @throws GoRuleError 'module-path'; the message quotes the path.
 */
export function checkFilePath(path: string): void {
  const fault = pathFault(path, 'file');
  if (fault !== undefined) throw malformed('file', path, fault);
}

/**
 * Returns the path as GOPROXY URLs and the module cache spell it: `!` and the lower-case letter for each upper-case
 * one (x/mod/module: EscapePath).
 * @throws GoRuleError 'module-path' when it is no module path.
 */
export function escapePath(path: string): string {
  checkModulePath(path);
  return escapeLetters(path);
}

/**
 * Returns the module path that was escaped (x/mod/module: UnescapePath).
 * @throws GoRuleError 'module-path' when nothing that escapePath returns looks so.
 */
export function unescapePath(escaped: string): string {
  const path = unescapeLetters(escaped);
  const fault = path === undefined ? 'not an escaped path' : modulePathFault(path);
  if (path === undefined || fault !== undefined) {
    throw new GoRuleError('module-path', `invalid escaped module path ${JSON.stringify(escaped)}: ${fault}`);
  }
  return path;
}

/**
 * Splits off the major version: `/vN` with N ≥ 2, on gopkg.in `.vN` with any N and perhaps `-unstable`. The
 * prefix and pathMajor together are the path; undefined when its end breaks the rules (x/mod/module:
 * SplitPathVersion).
 */
export function splitPathVersion(path: string): { prefix: string; pathMajor: string } | undefined {
  if (path.startsWith('gopkg.in/')) return splitGopkgIn(path);
  // The digits and dots at the end; no regular expression, for one would go back and forth on hostile input.
  let start = path.length;
  while (start > 0 && (isDigit(path, start - 1) || path[start - 1] === '.')) start--;
  const none = { prefix: path, pathMajor: '' };
  if (start <= 1 || start === path.length || path[start - 1] !== 'v' || path[start - 2] !== '/') return none;
  const pathMajor = path.slice(start - 2);
  if (pathMajor.includes('.') || pathMajor[2] === '0' || pathMajor === '/v1') return undefined;
  return { prefix: path.slice(0, start - 2), pathMajor };
}

/**
 * Says what is wrong with one element of a file path, or undefined (x/mod/module: checkElem with filePath). Versions
 * meet these rules too: they become file names.
 */
export function fileElementFault(element: string): string | undefined {
  return elementFault(element, 'file');
}

/** Returns the text with `!` and the lower-case letter for each upper-case one (x/mod/module: escapeString). */
export function escapeLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** Undoes escapeLetters; undefined for what it never returns (x/mod/module: unescapeString). */
export function unescapeLetters(escaped: string): string | undefined {
  if (/[A-Z]|[^\0-\x7f]|!(?![a-z])/.test(escaped)) return undefined;
  return escaped.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function malformed(kind: PathKind, path: string, fault: string): GoRuleError {
  return new GoRuleError('module-path', `malformed ${kind} path ${JSON.stringify(path)}: ${fault}`);
}

function modulePathFault(path: string): string | undefined {
  const fault = pathFault(path, 'module');
  if (fault !== undefined) return fault;
  const slash = path.indexOf('/');
  const first = slash < 0 ? path : path.slice(0, slash);
  if (!first.includes('.')) return 'missing dot in first path element';
  const odd = /[^-.0-9a-z]/.exec(first)?.[0];
  if (odd !== undefined) return `invalid char ${JSON.stringify(odd)} in first path element`;
  return splitPathVersion(path) === undefined ? 'invalid version' : undefined;
}

function pathFault(path: string, kind: PathKind): string | undefined {
  if (!path.isWellFormed()) return 'invalid UTF-8';
  if (path === '') return 'empty string';
  if (path.startsWith('-') && kind !== 'file') return 'leading dash';
  if (path.includes('//')) return 'double slash';
  if (path.endsWith('/')) return 'trailing slash';
  for (const element of path.split('/')) {
    const fault = elementFault(element, kind);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function elementFault(element: string, kind: PathKind): string | undefined {
  if (element === '') return 'empty path element';
  if (/^\.+$/.test(element)) return `invalid path element ${JSON.stringify(element)}`;
  if (element.startsWith('.') && kind === 'module') return 'leading dot in path element';
  if (element.endsWith('.')) return 'trailing dot in path element';
  if (!WHOLE_ELEMENT[kind].test(element)) {
    const odd = [...element].find((character) => !ELEMENT_CHARACTERS[kind].test(character)) ?? '';
    return `invalid char ${JSON.stringify(odd)}`;
  }
  return windowsFault(element, kind);
}

/** Windows reserves device names with any extension, and makes short names that end in a tilde and digits. */
function windowsFault(element: string, kind: PathKind): string | undefined {
  const dot = element.indexOf('.');
  const short = dot < 0 ? element : element.slice(0, dot);
  if (WINDOWS_DEVICE.test(short)) {
    return `${JSON.stringify(short)} disallowed as path element component on Windows`;
  }
  if (kind !== 'file' && /~[0-9]+$/.test(short)) return 'trailing tilde and digits in path element';
  return undefined;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

/** gopkg.in needs its own form of the major version, and for v0 and v1 too (x/mod/module: splitGopkgIn). */
function splitGopkgIn(path: string): { prefix: string; pathMajor: string } | undefined {
  const unstable = '-unstable';
  const end = path.endsWith(unstable) ? path.length - unstable.length : path.length;
  let start = end;
  while (start > 0 && isDigit(path, start - 1)) start--;
  if (path[start - 1] !== 'v' || path[start - 2] !== '.') return undefined;
  const pathMajor = path.slice(start - 2);
  // Go looks at the third character alone: `.v-unstable` without a number passes it, and fails on every version.
  if (pathMajor.length <= 2 || (pathMajor[2] === '0' && pathMajor !== '.v0')) return undefined;
  return { prefix: path.slice(0, start - 2), pathMajor };
}
