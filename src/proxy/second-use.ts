import { createHash } from 'node:crypto';
import { DEFAULT_GOPROXY } from '../go/goproxy.ts';
import { DEFAULT_GOSUMDB } from '../go/gosumdb.ts';
import { blankUserinfo, removeUserinfo } from './userinfo.ts';

/** The variable by which a second use in the job knows of the first. */
export const STATE_NAME = 'SETUP_GOPROXY';

const SCHEMA = 1;
/** An honest value has some hundred characters. */
const MAX_LENGTH = 16_384;
const MAX_TEXT = 4_096;
const HASH = /^[0-9a-f]{32}$/;

/** The variables whose baseline must be known: with Go's default as baseline a value of ours is no policy. */
export type TracedName = 'GOPROXY' | 'GOSUMDB';

const GO_DEFAULTS: Readonly<Record<TracedName, string>> = {
  GOPROXY: DEFAULT_GOPROXY,
  GOSUMDB: DEFAULT_GOSUMDB,
};

/** What one use left behind of a variable. */
export interface TracedVariable {
  /** Hash of the value in force after the use, without userinfo; see {@link hashValue}. */
  readonly hash: string;
  readonly exported: boolean;
  /** What was in force before the first use: Go's default, or something that somebody had set. */
  readonly baseline: 'default' | 'inherited';
}

/** What a use tells the next one. No secret is in it, and what is read back may have been written by anybody. */
export interface UseRecord {
  readonly fingerprint: string;
  readonly variables: Readonly<Record<TracedName, TracedVariable>>;
  /** Label of the proxy ranked first; '' when none was healthy. */
  readonly selected: string;
  /** The chain for display. */
  readonly chain: string;
  /** Path of the report; to be opened only when it lies where our own reports do. */
  readonly report: string;
}

/** The value to plan from, instead of the effective one. */
export interface Baseline {
  readonly value: string;
  readonly kind: 'default' | 'inherited';
}

/** Which use of the action in this job this is, and what it starts from. */
export type UseDecision =
  | {
      readonly kind: 'first';
      readonly baseline: Readonly<Record<TracedName, Baseline>>;
      /** Set when SETUP_GOPROXY was there and could not be used. */
      readonly note?: string;
    }
  /** Same inputs and GOPROXY is still ours: nothing is measured again. */
  | {
      readonly kind: 'reuse';
      readonly record: UseRecord;
      readonly baseline: Readonly<Record<TracedName, Baseline>>;
    }
  | {
      readonly kind: 'again';
      readonly record: UseRecord;
      readonly baseline: Readonly<Record<TracedName, Baseline>>;
      readonly why: string;
    };

/** What {@link decideSecondUse} looks at. */
export interface UseInput {
  /** The value of SETUP_GOPROXY; '' or undefined when it is not set. */
  readonly state: string | undefined;
  /** The effective values now. */
  readonly current: Readonly<Record<TracedName, string>>;
  /** Of this use's inputs; see {@link fingerprintInputs}. */
  readonly fingerprint: string;
}

/**
 * Returns whether this is the first use, one that can reuse what an earlier one decided, or one that must measure again.
 * The baseline is what was in force before the first use: a value that we exported over Go's default counts as that
 * default. A baseline that somebody had set is not known any more when we exported over it; then our value stands for it.
 */
export function decideSecondUse({ state, current, fingerprint }: UseInput): UseDecision {
  const record = state === undefined || state === '' ? undefined : decodeUse(state);
  if (record === undefined || record === 'invalid') {
    const baseline = { GOPROXY: asFound('GOPROXY', current), GOSUMDB: asFound('GOSUMDB', current) };
    if (record === undefined) return { kind: 'first', baseline };
    return {
      kind: 'first',
      baseline,
      note: `${STATE_NAME} was not written by this version, and is ignored.`,
    };
  }
  const baseline = {
    GOPROXY: baselineOf('GOPROXY', record, current),
    GOSUMDB: baselineOf('GOSUMDB', record, current),
  };
  const isOurs = isUnchanged('GOPROXY', record, current);
  if (isOurs && record.fingerprint === fingerprint) return { kind: 'reuse', record, baseline };
  const why = isOurs
    ? 'The inputs differ from those of the earlier use in this job.'
    : 'GOPROXY was changed after the earlier use in this job.';
  return { kind: 'again', record, baseline, why };
}

/** Returns the value of SETUP_GOPROXY for a record: compact JSON of a known schema, with userinfo removed from all texts. */
export function encodeUse(record: UseRecord): string {
  const { fingerprint, variables, selected, chain, report } = record;
  return JSON.stringify({
    schema: SCHEMA,
    fingerprint,
    variables: { GOPROXY: variables.GOPROXY, GOSUMDB: variables.GOSUMDB },
    selected: removeUserinfo(selected).slice(0, MAX_TEXT),
    chain: removeUserinfo(chain).slice(0, MAX_TEXT),
    report,
  });
}

/** Returns the record in a value of SETUP_GOPROXY, or `invalid` for anything that {@link encodeUse} did not make. */
export function decodeUse(text: string): UseRecord | 'invalid' {
  if (text.length > MAX_LENGTH) return 'invalid';
  const value = parseJson(text);
  if (!isObject(value) || value['schema'] !== SCHEMA || !isObject(value['variables'])) return 'invalid';
  const goproxy = readVariable(value['variables']['GOPROXY']);
  const gosumdb = readVariable(value['variables']['GOSUMDB']);
  const { fingerprint, selected, chain, report } = value;
  if (goproxy === undefined || gosumdb === undefined || !isHash(fingerprint)) return 'invalid';
  if (!isText(selected) || !isText(chain) || !isText(report)) return 'invalid';
  return { fingerprint, variables: { GOPROXY: goproxy, GOSUMDB: gosumdb }, selected, chain, report };
}

/** Returns the record of what is in force of one variable after a use. */
export function traceVariable(value: string, exported: boolean, baseline: Baseline): TracedVariable {
  return { hash: hashValue(value), exported, baseline: baseline.kind };
}

/** Returns 32 hexadecimal digits for a GOPROXY or GOSUMDB value; another password makes no difference. */
export function hashValue(value: string): string {
  return digest(blankUserinfo(value));
}

/**
 * Returns 32 hexadecimal digits for the inputs that decide about proxies, by name. Userinfo makes no difference but for
 * being there, nor does the order of the names.
 */
export function fingerprintInputs(inputs: Readonly<Record<string, string>>): string {
  const names = Object.keys(inputs).sort();
  return digest(JSON.stringify(names.map((name) => [name, blankUserinfo(inputs[name] ?? '')])));
}

function baselineOf(name: TracedName, record: UseRecord, current: UseInput['current']): Baseline {
  const { exported, baseline } = record.variables[name];
  if (!exported || !isUnchanged(name, record, current)) return asFound(name, current);
  const value = baseline === 'default' ? GO_DEFAULTS[name] : current[name];
  return { value, kind: baseline };
}

function asFound(name: TracedName, current: UseInput['current']): Baseline {
  const value = current[name];
  const isDefault = value === '' || value === GO_DEFAULTS[name];
  return isDefault ? { value: GO_DEFAULTS[name], kind: 'default' } : { value, kind: 'inherited' };
}

function isUnchanged(name: TracedName, record: UseRecord, current: UseInput['current']): boolean {
  return record.variables[name].hash === hashValue(current[name]);
}

function readVariable(value: unknown): TracedVariable | undefined {
  if (!isObject(value)) return undefined;
  const { hash, exported, baseline } = value;
  if (!isHash(hash) || typeof exported !== 'boolean') return undefined;
  if (baseline !== 'default' && baseline !== 'inherited') return undefined;
  return { hash, exported, baseline };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT && !/[\x00-\x1f\x7f-\x9f]/.test(value);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
