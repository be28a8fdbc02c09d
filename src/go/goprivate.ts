import { GoRuleError } from './go-rule-error.ts';
import { matchPath } from './path-match.ts';
import { hasSpace } from './white-space.ts';

/** The variable that matches no module path; go knows no special meaning of it. */
const NONE = 'none';

/** To whom the path of a module may be told: to anybody, to proxies that the user or the environment gave, to none. */
export type ModuleDisclosure = 'public' | 'given-only' | 'nobody';

/** The effective values, as go env prints them. */
export interface PrivacyPatterns {
  readonly goprivate: string;
  readonly gonoproxy: string;
  readonly gonosumdb: string;
}

/** What {@link mergeGoprivate} starts from. */
export interface GoprivateMerge {
  /** '' when not set; for GONOPROXY and GONOSUMDB only a value of their own, not the one that go takes from GOPRIVATE. */
  readonly set: PrivacyPatterns;
  /** Comma lists to add; '' for nothing. */
  readonly additions: PrivacyPatterns;
}

/** The outcome of {@link mergeGoprivate}. */
export interface MergedGoprivate extends PrivacyPatterns {
  /** The variables that must be set, and to what, for go to see these values: none when nothing was added. */
  readonly assignments: ReadonlyMap<'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB', string>;
}

/**
 * Says whether a glob of the comma list matches a prefix of the target: a glob with N slashes is compared with the
 * first N+1 elements. One trailing slash of a glob is dropped; empty and malformed globs match nothing; white space is
 * not trimmed, and case counts. Source: x/mod/module, MatchPrefixPatterns.
 */
export function matchPrefixPatterns(globs: string, target: string): boolean {
  const elements = target.split('/');
  return globs.split(',').some((raw) => {
    const glob = raw.replace(/\/$/, '');
    if (glob === '') return false;
    const wanted = glob.split('/').length;
    return wanted <= elements.length && matchPath(glob, elements.slice(0, wanted).join('/')) === true;
  });
}

/**
 * Checks a comma list of patterns that a user wrote for the input or variable `name`. Throws {@link GoRuleError}
 * `goprivate` for white space, which go does not trim, and for a pattern that can match no module path: malformed
 * globs, schemes, empty elements, leading dots, characters and upper-case hosts that module paths cannot have.
 */
export function checkPatterns(name: string, value: string): void {
  if (hasSpace(value)) {
    const shown = JSON.stringify(shorten(value));
    throw new GoRuleError(
      'goprivate',
      `${name}: ${shown} has white space in it, which go takes for a part of the pattern; separate patterns with a comma only`,
    );
  }
  for (const pattern of value.split(',')) {
    const flaw = pattern === '' ? undefined : findFlaw(pattern);
    if (flaw === undefined) continue;
    throw new GoRuleError(
      'goprivate',
      `${name}: the pattern ${JSON.stringify(shorten(pattern))} can never match: ${flaw}`,
    );
  }
}

/**
 * Returns the values after the additions. An unset GONOPROXY or GONOSUMDB begins as the merged GOPRIVATE; where one is
 * set, what is added to GOPRIVATE is added to it too, unless it is `none`. An addition `none` makes an unset variable
 * `none`, and changes nothing else: merging never removes. Duplicates are dropped, the order is kept; a value to which
 * nothing new is added stays letter for letter.
 */
export function mergeGoprivate({ set, additions }: GoprivateMerge): MergedGoprivate {
  const goprivate = append(set.goprivate, splitPatterns(additions.goprivate));
  const assignments = new Map<'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB', string>();
  if (goprivate !== set.goprivate) assignments.set('GOPRIVATE', goprivate);
  const follow = (name: 'GONOPROXY' | 'GONOSUMDB', own: string, added: string): string => {
    const merged = mergeFollower({ own, added, goprivate, addedToGoprivate: additions.goprivate });
    // Unset, go makes it the merged GOPRIVATE by itself.
    if (merged !== (own === '' ? goprivate : own)) assignments.set(name, merged);
    return merged;
  };
  return {
    goprivate,
    gonoproxy: follow('GONOPROXY', set.gonoproxy, additions.gonoproxy),
    gonosumdb: follow('GONOSUMDB', set.gonosumdb, additions.gonosumdb),
    assignments,
  };
}

/**
 * Says to whom a module path may be told, by the effective values: to nobody what GONOPROXY matches, and not to public
 * proxies what GOPRIVATE or GONOSUMDB matches. An empty GONOPROXY or GONOSUMDB counts as GOPRIVATE, as for go.
 */
export function disclosureOf(path: string, patterns: PrivacyPatterns): ModuleDisclosure {
  const { goprivate } = patterns;
  if (matchPrefixPatterns(patterns.gonoproxy || goprivate, path)) return 'nobody';
  // An empty GONOSUMDB is GOPRIVATE for go, which is asked here anyway.
  const isPrivate = matchPrefixPatterns(goprivate, path) || matchPrefixPatterns(patterns.gonosumdb, path);
  return isPrivate ? 'given-only' : 'public';
}

interface Follower {
  readonly own: string;
  readonly added: string;
  readonly goprivate: string;
  readonly addedToGoprivate: string;
}

function mergeFollower({ own, added, goprivate, addedToGoprivate }: Follower): string {
  const additions = splitPatterns(added);
  if (own === '') return added === NONE ? NONE : append(goprivate, additions);
  const inherited = own === NONE ? [] : splitPatterns(addedToGoprivate);
  return append(own, [...inherited, ...additions]);
}

function append(value: string, additions: readonly string[]): string {
  const present = new Set(splitPatterns(value));
  const fresh = additions.filter((pattern) => !present.has(pattern));
  return fresh.length === 0 ? value : [...new Set([...present, ...fresh])].join(',');
}

/** Without empty entries, and without `none`, which adds nothing beside other patterns. */
function splitPatterns(value: string): readonly string[] {
  return value.split(',').filter((pattern) => pattern !== '' && pattern !== NONE);
}

/** Why the pattern matches no path that passes x/mod/module's CheckPath; undefined when it may match one. */
function findFlaw(pattern: string): string | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(pattern)) {
    return 'module paths have no scheme, so write host/path without it';
  }
  if (pattern.startsWith('/')) return 'module paths do not begin with a slash';
  const glob = pattern.replace(/\/$/, '');
  if (matchPath(glob, '') === undefined) return 'it is not a well-formed glob (a bracket or a backslash)';
  const elements = glob.split('/');
  if (elements.includes('')) return 'module paths have no empty elements (two slashes)';
  if (elements.some((element) => element.startsWith('.'))) {
    return 'no element of a module path begins with a dot; for all hosts below example.com write *.example.com';
  }
  // In brackets and behind a backslash characters have other meanings: such patterns are left to go.
  if (/[[\\]/.test(glob)) return undefined;
  const foreign = /[^A-Za-z0-9\-._~/*?]/u.exec(glob)?.[0];
  if (foreign !== undefined) {
    const hint = foreign === ';' ? '; separate patterns with a comma' : '';
    return `module paths have no ${JSON.stringify(foreign)}${hint}`;
  }
  if (/[A-Z]/.test(elements[0] ?? '')) return 'case counts, and the host in a module path is in lower case';
  return undefined;
}

function shorten(text: string): string {
  // Somebody may have pasted a URL with a token.
  const shown = text.replace(/[^,\s]*@/g, '…@');
  return shown.length > 100 ? `${shown.slice(0, 99)}…` : shown;
}
