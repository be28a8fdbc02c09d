import { GoRuleError } from './go-rule-error.ts';
import {
  checkModulePath,
  escapeLetters,
  fileElementFault,
  splitPathVersion,
  unescapeLetters,
} from './module-path.ts';

/** A module at a version, both unescaped. */
export interface ModuleVersion {
  readonly path: string;
  readonly version: string;
}

interface Parsed {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** What is missing of `vMAJOR` or `vMAJOR.MINOR`: `.0.0`, `.0` or nothing. */
  readonly short: string;
  /** With its dash, or ''. */
  readonly prerelease: string;
  /** With its plus, or ''. */
  readonly build: string;
}

const NUMBER = '(0|[1-9][0-9]*)';
const SEMVER = new RegExp(
  `^v${NUMBER}(?:\\.${NUMBER}(?:\\.${NUMBER}(-[-0-9A-Za-z.]+)?(\\+[-0-9A-Za-z.]+)?)?)?$`,
);
/** vX.0.0-TIME-REV, vX.Y.Z-0.TIME-REV, vX.Y.Z-PRE.0.TIME-REV, each perhaps with build metadata. */
const PSEUDO =
  /^v[0-9]+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)(\d{14})-[A-Za-z0-9]+(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** Says whether it is a semantic version as Go has them: `v` in front, minor and patch may lack (x/mod/semver: IsValid). */
export function isValidVersion(v: string): boolean {
  return parse(v) !== undefined;
}

/**
 * Returns the version with minor and patch, and of build metadata only `+incompatible`; '' when it is none
 * (x/mod/module: CanonicalVersion).
 */
export function canonicalVersion(v: string): string {
  const parsed = parse(v);
  if (parsed === undefined) return '';
  if (parsed.build === '' || parsed.build === '+incompatible') return v + parsed.short;
  return v.slice(0, v.length - parsed.build.length);
}

/**
 * Returns a negative number, 0 or a positive number as `a` is lower than, as high as, or higher than `b`
 * (x/mod/semver: Compare). Build metadata does not count; what is no version is lower than every version.
 */
export function compareVersions(a: string, b: string): number {
  const x = parse(a);
  const y = parse(b);
  if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
  return (
    compareNumbers(x.major, y.major) ||
    compareNumbers(x.minor, y.minor) ||
    compareNumbers(x.patch, y.patch) ||
    comparePrereleases(x.prerelease, y.prerelease)
  );
}

/**
 * Returns the version as file names and URLs spell it (x/mod/module: EscapeVersion). It need not be semantic, but has
 * to be a good file name without `!`.
 * @throws GoRuleError 'version'
 */
export function escapeVersion(v: string): string {
  if (fileElementFault(v) !== undefined || /!|[^\0-\x7f]/.test(v)) {
    throw new GoRuleError('version', `version ${JSON.stringify(v)} invalid: disallowed version string`);
  }
  return escapeLetters(v);
}

/**
 * Returns the version that was escaped (x/mod/module: UnescapeVersion).
 * @throws GoRuleError 'version' when nothing that escapeVersion returns looks so.
 */
export function unescapeVersion(escaped: string): string {
  const v = unescapeLetters(escaped);
  const fault = v === undefined ? 'not an escaped version' : fileElementFault(v);
  if (v === undefined || fault !== undefined) {
    throw new GoRuleError('version', `invalid escaped version ${JSON.stringify(escaped)}: ${fault}`);
  }
  return v;
}

/** Says whether the version was made from a commit and its time (x/mod/module: IsPseudoVersion). */
export function isPseudoVersion(v: string): boolean {
  return isValidVersion(v) && PSEUDO.test(v);
}

/**
 * Returns the time in a pseudo-version, as RFC 3339 in UTC with whole seconds; undefined when it is none, or when its
 * digits are no time (x/mod/module: PseudoVersionTime).
 */
export function pseudoVersionTime(v: string): string | undefined {
  const digits = isValidVersion(v) ? PSEUDO.exec(v)?.[1] : undefined;
  if (digits === undefined) return undefined;
  const time = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  // Date takes the 31st of February for a day in March, and 24:00: what does not come back unchanged is no time.
  const ms = Date.parse(time);
  return Number.isFinite(ms) && new Date(ms).toISOString() === time.replace('Z', '.000Z') ? time : undefined;
}

/**
 * Refuses a pair that go would neither record nor download: the path by checkModulePath, the version canonical, its
 * major version as the path says it (x/mod/module: Check, which leaves out canonical form, and CheckPathMajor).
 * @throws GoRuleError 'module-path' or 'version'; the message quotes path and version.
 */
export function checkModuleVersion(m: ModuleVersion): void {
  checkModulePath(m.path);
  const fault = versionFault(m.version, splitPathVersion(m.path)?.pathMajor ?? '');
  if (fault !== undefined) {
    throw new GoRuleError('version', `${m.path}: version ${JSON.stringify(m.version)} invalid: ${fault}`);
  }
}

/** Says whether a version may be one of a module with this pathMajor, as splitPathVersion returns it (CheckPathMajor). */
export function matchesPathMajor(v: string, pathMajor: string): boolean {
  return pathMajorFault(v, pathMajor) === undefined;
}

/** Returns `path@version`, or the path alone without a version (x/mod/module: Version.String). */
export function formatModuleVersion(m: ModuleVersion): string {
  return m.version === '' ? m.path : `${m.path}@${m.version}`;
}

/**
 * Orders as go.sum is ordered: by path, then semantic version, then what follows a slash, as in `v1.0.0/go.mod`
 * (x/mod/module: Sort). Byte-wise for module paths, which are ASCII.
 */
export function compareModuleVersions(a: ModuleVersion, b: ModuleVersion): number {
  if (a.path !== b.path) return compareText(a.path, b.path);
  const [versionA, fileA] = splitFile(a.version);
  const [versionB, fileB] = splitFile(b.version);
  return versionA === versionB ? compareText(fileA, fileB) : compareVersions(versionA, versionB);
}

function splitFile(version: string): readonly [string, string] {
  const slash = version.indexOf('/');
  return slash < 0 ? [version, ''] : [version.slice(0, slash), version.slice(slash)];
}

function versionFault(v: string, pathMajor: string): string | undefined {
  if (!isValidVersion(v)) return 'not a semantic version';
  const canonical = canonicalVersion(v);
  if (canonical !== v) return `not canonical, should be ${canonical}`;
  return pathMajorFault(v, pathMajor);
}

function pathMajorFault(v: string, pathMajor: string): string | undefined {
  const wanted = pathMajor.startsWith('.v') ? pathMajor.replace(/-unstable$/, '') : pathMajor;
  // An old bug gave gopkg.in/….v1 pseudo-versions of v0; go.sum files still hold them.
  if (wanted === '.v1' && v.startsWith('v0.0.0-')) return undefined;
  const parsed = parse(v);
  const major = parsed === undefined ? '' : `v${parsed.major}`;
  if (wanted === '') {
    if (major === 'v0' || major === 'v1' || parsed?.build === '+incompatible') return undefined;
    return `should be v0 or v1, not ${major}`;
  }
  return major === wanted.slice(1) ? undefined : `should be ${wanted.slice(1)}, not ${major}`;
}

function parse(v: string): Parsed | undefined {
  const match = SEMVER.exec(v);
  if (match === null) return undefined;
  const [, major = '', minor, patch, prerelease = '', build = ''] = match;
  if (!isGoodPrerelease(prerelease) || (build !== '' && hasEmptyIdentifier(build))) return undefined;
  const short = minor === undefined ? '.0.0' : patch === undefined ? '.0' : '';
  return { major, minor: minor ?? '0', patch: patch ?? '0', short, prerelease, build };
}

function hasEmptyIdentifier(text: string): boolean {
  return text[1] === '.' || text.endsWith('.') || text.includes('..');
}

/** No identifier may be empty, and none of digits alone may begin with a zero. */
function isGoodPrerelease(text: string): boolean {
  if (text === '') return true;
  return !hasEmptyIdentifier(text) && !/\.0[0-9]+(?:\.|$)/.test(`.${text.slice(1)}`);
}

/** Compares decimals of any length without leading zeros (x/mod/semver: compareInt). */
function compareNumbers(x: string, y: string): number {
  return x.length - y.length || compareText(x, y);
}

function compareText(x: string, y: string): number {
  if (x === y) return 0;
  return x < y ? -1 : 1;
}

/** A version without a prerelease is higher than its prereleases; else identifier by identifier (semver 2.0.0, 11). */
function comparePrereleases(x: string, y: string): number {
  if (x === y) return 0;
  if (x === '' || y === '') return x === '' ? 1 : -1;
  const xs = x.slice(1).split('.');
  const ys = y.slice(1).split('.');
  for (const [index, a] of xs.entries()) {
    const b = ys[index];
    if (b === undefined) return 1;
    if (a !== b) return compareIdentifiers(a, b);
  }
  return -1;
}

function compareIdentifiers(a: string, b: string): number {
  const aIsNumber = /^[0-9]+$/.test(a);
  const bIsNumber = /^[0-9]+$/.test(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return aIsNumber ? compareNumbers(a, b) : compareText(a, b);
}
