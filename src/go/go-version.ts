interface Parsed {
  readonly major: string;
  readonly minor: string;
  /** '' from Go 1.21 on when it is not written: `1.21` is lower than `1.21.0`. */
  readonly patch: string;
  /** `alpha`, `beta`, `rc`, any lower-case letters, or ''. */
  readonly kind: string;
  readonly pre: string;
}

const NUMBER = '(0|[1-9][0-9]*)';
const GO_VERSION = new RegExp(`^${NUMBER}(?:\\.${NUMBER}(?:\\.${NUMBER}|([a-z]+)${NUMBER}?)?)?$`);
const NONE: Parsed = { major: '', minor: '', patch: '', kind: '', pre: '' };

/** Says whether it is a Go version as in a `go` line, such as `1.17`, `1.21.0` or `1.22rc1` (internal/gover: IsValid). */
export function isValidGoVersion(v: string): boolean {
  return GO_VERSION.test(v);
}

/**
 * Returns a negative number, 0 or a positive number as `a` is older than, the same as, or newer than `b`
 * (internal/gover: Compare). Both as in a `go` line, without `go` in front. What is no version is older than any.
 */
export function compareGoVersions(a: string, b: string): number {
  const x = parse(a);
  const y = parse(b);
  return (
    compareNumbers(x.major, y.major) ||
    compareNumbers(x.minor, y.minor) ||
    compareNumbers(x.patch, y.patch) ||
    compareText(x.kind, y.kind) ||
    compareNumbers(x.pre, y.pre)
  );
}

/**
 * Returns the Go version in a toolchain name: `1.21.3` of `go1.21.3-custom`; undefined when the name is none, as
 * `default` or `local` are (cmd/go/internal/gover: FromToolchain).
 */
export function toolchainGoVersion(name: string): string | undefined {
  const version = /^go([^ \t\\/-]*)(?:[ \t-][^\\/]*)?$/s.exec(name)?.[1] ?? '';
  return isValidGoVersion(version) ? version : undefined;
}

function parse(v: string): Parsed {
  const match = GO_VERSION.exec(v);
  if (match === null) return NONE;
  const [, major = '', minor, patch, kind = '', pre = ''] = match;
  if (minor === undefined) return { major, minor: '0', patch: '0', kind, pre };
  // Before Go 1.21 the first release of a minor version had no patch number.
  const unwritten = kind === '' && compareNumbers(minor, '21') < 0 ? '0' : '';
  return { major, minor, patch: patch ?? unwritten, kind, pre };
}

/** Compares decimals of any length without leading zeros; '' is below all (internal/gover: CmpInt). */
function compareNumbers(x: string, y: string): number {
  return x.length - y.length || compareText(x, y);
}

function compareText(x: string, y: string): number {
  if (x === y) return 0;
  return x < y ? -1 : 1;
}
