import { GoRuleError } from '../go/go-rule-error.ts';
import { formatGoproxy, parseGoproxy } from '../go/goproxy.ts';
import { parseGosumdb } from '../go/gosumdb.ts';
import { hasInsecureUserinfo } from './userinfo.ts';

/** The variables of the go command that this action may set for later steps. */
export type ExportName = 'GOPROXY' | 'GOSUMDB' | 'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB';

/** In the order in which they are exported. */
export const EXPORT_NAMES: readonly ExportName[] = [
  'GOPROXY',
  'GOSUMDB',
  'GOPRIVATE',
  'GONOPROXY',
  'GONOSUMDB',
];

/** A variable to export. `value` is a secret when a URL in it has userinfo. */
export interface Export {
  readonly name: ExportName;
  readonly value: string;
}

/** A value that is not exported, with the reason in words that quote nothing of it. */
export interface Withheld {
  readonly name: ExportName;
  readonly reason: string;
}

/** What is exported, and what may not be. */
export interface ExportDecision {
  readonly exports: readonly Export[];
  readonly withheld: readonly Withheld[];
}

/**
 * Returns the decided values that differ from the effective ones, which are what `go env` prints now. Withheld, whatever
 * was decided: what go would refuse, GOSUMDB=off, userinfo in an http URL, and control characters.
 */
export function decideExports(
  decided: ReadonlyMap<ExportName, string>,
  effective: ReadonlyMap<string, string>,
): ExportDecision {
  const exports: Export[] = [];
  const withheld: Withheld[] = [];
  for (const name of EXPORT_NAMES) {
    const value = decided.get(name);
    if (value === undefined || isSame(name, value, { decided, effective })) continue;
    const reason = findFlaw(name, value);
    if (reason === undefined) exports.push({ name, value });
    else withheld.push({ name, reason });
  }
  return { exports, withheld };
}

interface Values {
  readonly decided: ReadonlyMap<ExportName, string>;
  readonly effective: ReadonlyMap<string, string>;
}

function isSame(name: ExportName, value: string, { decided, effective }: Values): boolean {
  const now = effective.get(name) ?? '';
  if (name === 'GOPROXY') return normalizeGoproxy(value) === normalizeGoproxy(now);
  // Unset, these two follow GOPRIVATE, so that their effective value moves when it does.
  const follows = (name === 'GONOPROXY' || name === 'GONOSUMDB') && decided.has('GOPRIVATE');
  return value === now && !(follows && decided.get('GOPRIVATE') !== (effective.get('GOPRIVATE') ?? ''));
}

function findFlaw(name: ExportName, value: string): string | undefined {
  if (/[\x00-\x1f\x7f]/.test(value)) return 'it has a control character in it';
  if (name === 'GOPROXY') return findGoproxyFlaw(value);
  if (name === 'GOSUMDB') return findGosumdbFlaw(value);
  return undefined;
}

function findGoproxyFlaw(value: string): string | undefined {
  if (hasInsecureUserinfo(value)) return 'it has a user name or password in an http URL';
  return isRefused(() => parseGoproxy(value)) ? 'go would refuse it' : undefined;
}

function findGosumdbFlaw(value: string): string | undefined {
  if (value.trim() === 'off') return 'GOSUMDB=off is never exported; use the input gonosumdb';
  return isRefused(() => parseGosumdb(value)) ? 'go would refuse it' : undefined;
}

function isRefused(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch (error) {
    if (error instanceof GoRuleError) return true;
    throw error;
  }
}

/** White space around entries, empty entries, and what stands behind `direct` or `off` make no difference to go. */
function normalizeGoproxy(value: string): string {
  return isRefused(() => parseGoproxy(value)) ? value : formatGoproxy(parseGoproxy(value));
}
