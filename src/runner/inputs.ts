import path from 'node:path';
import { CandidateListError, type ListInput, parseCandidates } from '../proxy/candidate-list.ts';
import type { SummaryMode } from '../report/job-summary.ts';
import {
  InputError,
  parseAutoBoolean,
  parseBoolean,
  parseBoundedDuration,
  parseChoice,
  parseGosumdbInput,
  parsePatterns,
  refuseControlCharacters,
} from './input-values.ts';

export { InputError } from './input-values.ts';

/** A condition of `fail-on`. */
export type FailOn = 'no-healthy-proxy' | 'download-failure' | 'unverified';

/** How the job went so far, as the runner tells in post. */
export type JobStatus = 'success' | 'failure' | 'cancelled' | 'unknown';

/** All inputs, checked. */
export interface Inputs {
  readonly mode: 'setup' | 'diagnose';
  /** As written: one entry a line or comma separated; read by proxy/candidate-list.ts. */
  readonly proxies: string;
  /** As written; '' when no standby is wanted. */
  readonly mirrors: string;
  readonly fallback: 'auto' | 'any-error' | 'not-found' | 'none';
  readonly direct: 'auto' | boolean;
  readonly goprivate: string;
  readonly gonoproxy: string;
  readonly gonosumdb: string;
  /** `auto` or a valid GOSUMDB value other than off. */
  readonly gosumdb: string;
  readonly probeTimeoutMs: number;
  readonly prefetch: 'auto' | boolean;
  readonly prefetchTimeoutMs: number;
  readonly cache: 'auto' | boolean;
  readonly saveCache: 'auto' | boolean;
  /** Globs of go.sum files, relative to the workspace. */
  readonly cacheDependencyPath: readonly string[];
  readonly cacheSuffix: string;
  /** Absolute; lexically inside of the workspace. */
  readonly workingDirectory: string;
  readonly jobSummary: SummaryMode;
  readonly problemMatchers: boolean;
  readonly failOn: readonly FailOn[];
  readonly jobStatus: JobStatus;
}

/** What inputs are read against. */
export interface InputContext {
  /** Absolute path of GITHUB_WORKSPACE. */
  readonly workspace: string;
}

/** The defaults of action.yml, for a blank input; `mirrors` is not among them, for blank means none there. */
export const INPUT_DEFAULTS = {
  mode: 'setup',
  proxies: '',
  fallback: 'auto',
  direct: 'auto',
  goprivate: '',
  gonoproxy: '',
  gonosumdb: '',
  gosumdb: 'auto',
  'probe-timeout': '3s',
  prefetch: 'auto',
  'prefetch-timeout': '10m',
  cache: 'auto',
  'save-cache': 'auto',
  'cache-dependency-path': '',
  'cache-suffix': '',
  'working-directory': '.',
  'job-summary': 'auto',
  'problem-matchers': 'true',
  'fail-on': 'never',
} as const;

/** Name of an input with a default of its own. */
type InputName = keyof typeof INPUT_DEFAULTS;

const PROBE_BOUNDS = { leastMs: 100, mostMs: 60_000 };
const PREFETCH_BOUNDS = { leastMs: 1000, mostMs: 6 * 3_600_000 };
const FAIL_ON: readonly FailOn[] = ['no-healthy-proxy', 'download-failure', 'unverified'];
/** Longer values are no list of URLs, patterns or globs. */
const MAX_LENGTH = 65_536;

/**
 * Returns all inputs of action.yml, read with `get` (core.getInput: '' when absent). A blank input has its default;
 * blank `mirrors` means none. Touches neither disk nor network.
 * @throws InputError for the first value that is not allowed.
 */
export function parseInputs(get: (name: string) => string, context: InputContext): Inputs {
  const value = (name: InputName): string => readValue(get, name) || INPUT_DEFAULTS[name];
  return {
    mode: parseChoice('mode', value('mode'), ['setup', 'diagnose']),
    ...parseProxyInputs(get, value),
    ...parseCacheInputs(value),
    goprivate: parsePatterns('goprivate', value('goprivate')),
    gonoproxy: parsePatterns('gonoproxy', value('gonoproxy')),
    gonosumdb: parsePatterns('gonosumdb', value('gonosumdb')),
    gosumdb: parseGosumdbInput('gosumdb', value('gosumdb')),
    probeTimeoutMs: parseBoundedDuration('probe-timeout', value('probe-timeout'), PROBE_BOUNDS),
    prefetch: parseAutoBoolean('prefetch', value('prefetch')),
    prefetchTimeoutMs: parseBoundedDuration('prefetch-timeout', value('prefetch-timeout'), PREFETCH_BOUNDS),
    workingDirectory: parseWorkingDirectory(value('working-directory'), context.workspace),
    jobSummary: parseChoice('job-summary', value('job-summary'), ['auto', 'always', 'on-failure', 'never']),
    problemMatchers: parseBoolean('problem-matchers', value('problem-matchers')),
    failOn: parseFailOn(value('fail-on')),
    jobStatus: parseJobStatus(get('job-status')),
  };
}

/** Returns the job's status; anything but the three known words is `unknown`. In post the runner evaluates it anew. */
export function parseJobStatus(text: string): JobStatus {
  const status = text.trim();
  return status === 'success' || status === 'failure' || status === 'cancelled' ? status : 'unknown';
}

function readValue(get: (name: string) => string, name: string): string {
  const found = get(name).trim();
  if (found.length <= MAX_LENGTH) return found;
  throw new InputError(name, {
    allowed: `at most ${MAX_LENGTH} characters are allowed, and it has ${found.length}`,
    example: '…',
  });
}

function parseProxyInputs(get: (name: string) => string, value: (name: InputName) => string) {
  const mirrors = readValue(get, 'mirrors');
  return {
    proxies: readProxyList('proxies', value('proxies')),
    mirrors: mirrors === 'none' ? '' : readProxyList('mirrors', mirrors),
    fallback: parseChoice('fallback', value('fallback'), ['auto', 'any-error', 'not-found', 'none']),
    direct: parseAutoBoolean('direct', value('direct')),
  } as const;
}

function parseCacheInputs(value: (name: InputName) => string) {
  return {
    cache: parseAutoBoolean('cache', value('cache')),
    saveCache: parseAutoBoolean('save-cache', value('save-cache')),
    cacheDependencyPath: parseGlobs(value('cache-dependency-path')),
    cacheSuffix: parseCacheSuffix(value('cache-suffix')),
  } as const;
}

/** Returns the text of a proxy list once proxy/candidate-list.ts could read it; the plan reads it again. */
function readProxyList(input: ListInput, text: string): string {
  refuseControlCharacters(input, text, 'https://proxy.golang.org');
  try {
    parseCandidates({ input, text, origin: 'input', firstId: 0 });
    return text;
  } catch (error) {
    if (!(error instanceof CandidateListError)) throw error;
    const allowed = error.message.replace(/^Input "\w+",? /, '').replace(/\.$/, '');
    throw new InputError(input, { allowed, example: 'https://proxy.golang.org', cause: error });
  }
}

function parseGlobs(found: string): readonly string[] {
  refuseControlCharacters('cache-dependency-path', found, '**/go.sum');
  return found
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function parseCacheSuffix(found: string): string {
  if (/^[A-Za-z0-9._-]{0,64}$/.test(found)) return found;
  throw new InputError('cache-suffix', {
    found,
    allowed: 'allowed are at most 64 of the characters A-Z a-z 0-9 . _ -',
    example: 'tools',
  });
}

function parseWorkingDirectory(found: string, workspace: string): string {
  refuseControlCharacters('working-directory', found, './service');
  const absolute = path.resolve(workspace, found);
  const relative = path.relative(workspace, absolute);
  const isInside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  if (isInside && !/[\r\n]/.test(found)) return absolute;
  throw new InputError('working-directory', {
    found,
    allowed: 'allowed is one directory inside of the workspace',
    example: './service',
  });
}

function parseFailOn(found: string): readonly FailOn[] {
  if (found === 'never') return [];
  const words = found.split(',').map((word) => word.trim());
  const conditions = FAIL_ON.filter((condition) => words.includes(condition));
  if (words.every((word) => (FAIL_ON as readonly string[]).includes(word))) return conditions;
  throw new InputError('fail-on', {
    found,
    allowed: `allowed are never, or a comma list of ${FAIL_ON.join(', ')}`,
    example: 'no-healthy-proxy,unverified',
  });
}
