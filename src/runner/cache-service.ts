import { type Dispatcher, request } from 'undici';
import { parseObject } from '../go/json-object.ts';
import { isSameKey } from '../modcache/save-policy.ts';
import { type Compression, cacheVersion } from './cache-version.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The cache service of this runner, as far as the environment tells. */
export type CacheService =
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'v1' | 'v2';
      readonly base: URL;
      readonly token: string;
      readonly readable: boolean;
      readonly writable: boolean;
    };

/** What the service says to a question. */
export type Lookup =
  | {
      readonly kind: 'hit';
      readonly matchedKey: string;
      /** Signed: a secret. */
      readonly url: URL;
      readonly compression: Compression;
    }
  | { readonly kind: 'miss' }
  /** `reason` is one clause in our own words. */
  | { readonly kind: 'trouble'; readonly reason: string };

/** What is looked for. */
export interface LookupQuestion {
  readonly primary: string;
  /** Prefixes of other keys that serve too. */
  readonly prefixes: readonly string[];
  readonly paths: readonly string[];
}

/** How it is asked. */
export interface LookupPorts {
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

const MODES: ReadonlySet<string> = new Set(['none', 'read', 'write', 'write-only']);
/** An answer is a URL and a key. */
const MAX_ANSWER_BYTES = 64 << 10;
const ANSWER_MS = 10_000;
const MAX_KEY = 512;

/**
 * Returns the cache service by the variables that the runner gives an action, by the rules of @actions/cache 6.3
 * (config.ts, cache.ts: isFeatureAvailable): v1 on GitHub Enterprise Server, else v2 when ACTIONS_CACHE_SERVICE_V2 is set.
 */
export function findCacheService(env: Env): CacheService {
  const version = !isEnterpriseServer(env) && isSet(env['ACTIONS_CACHE_SERVICE_V2']) ? 'v2' : 'v1';
  const name = version === 'v2' ? 'ACTIONS_RESULTS_URL' : 'ACTIONS_CACHE_URL';
  const token = env['ACTIONS_RUNTIME_TOKEN'] ?? '';
  if (!isSet(env[name])) return none('this runner has no cache service');
  if (version === 'v2' && token === '') return none('the runner gave no token for its cache service');
  let base: URL;
  try {
    base = new URL(env[name] ?? '');
  } catch {
    return none(`${name} is no URL`);
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:') return none(`${name} is no http URL`);
  const mode = (env['ACTIONS_CACHE_MODE'] ?? '').trim().toLowerCase();
  const isFree = !MODES.has(mode);
  return {
    kind: version,
    base,
    token,
    readable: isFree || mode === 'read' || mode === 'write',
    writable: isFree || mode === 'write' || mode === 'write-only',
  };
}

/**
 * Asks for an archive made with zstd, then for one made with gzip: what is in the store depends on who saved it, not on
 * who restores. Each answer has 10 s. Never rejects but with the reason of the signal.
 */
export async function lookUp(
  service: Extract<CacheService, { kind: 'v1' | 'v2' }>,
  question: LookupQuestion,
  ports: LookupPorts,
): Promise<Lookup> {
  let prefixHit: Lookup = { kind: 'miss' };
  for (const compression of ['zstd', 'gzip'] as const) {
    const found = await ask(service, { ...question, compression }, ports);
    if (found.kind === 'trouble') return prefixHit.kind === 'hit' ? prefixHit : found;
    if (found.kind === 'miss') continue;
    if (isSameKey(found.matchedKey, question.primary)) return found;
    if (prefixHit.kind !== 'hit') prefixHit = found;
  }
  return prefixHit;
}

interface Question extends LookupQuestion {
  readonly compression: Compression;
}

async function ask(
  service: Extract<CacheService, { kind: 'v1' | 'v2' }>,
  question: Question,
  ports: LookupPorts,
): Promise<Lookup> {
  try {
    const answer =
      service.kind === 'v2' ? await askV2(service, question, ports) : await askV1(service, question, ports);
    return readAnswer(answer, question.compression);
  } catch (error) {
    ports.signal.throwIfAborted();
    return { kind: 'trouble', reason: describeTrouble(error) };
  }
}

/** An answer in the words of either version. */
interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly url: unknown;
  readonly key: unknown;
  readonly isMiss: boolean;
}

async function askV2(
  { base, token }: { readonly base: URL; readonly token: string },
  { primary, prefixes, paths, compression }: Question,
  ports: LookupPorts,
): Promise<Answer> {
  const url = new URL('/twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL', base);
  const body = {
    key: primary,
    ...(prefixes.length === 0 ? {} : { restore_keys: prefixes }),
    version: cacheVersion(paths, compression),
  };
  const { status, retryAfter, json } = await exchange(url, ports, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  // A page of someone else is no miss: whoever reads "miss" believes that the service was asked.
  const isMiss = status === 200 && json !== undefined && json['ok'] !== true;
  return { status, retryAfter, url: json?.['signed_download_url'], key: json?.['matched_key'], isMiss };
}

async function askV1(
  { base, token }: { readonly base: URL; readonly token: string },
  { primary, prefixes, paths, compression }: Question,
  ports: LookupPorts,
): Promise<Answer> {
  const keys = encodeURIComponent([primary, ...prefixes].join(','));
  const url = new URL(
    `${base.href}_apis/artifactcache/cache?keys=${keys}&version=${cacheVersion(paths, compression)}`,
  );
  const { status, retryAfter, json } = await exchange(url, ports, {
    method: 'GET',
    headers: {
      accept: 'application/json;api-version=6.0-preview.1',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  return {
    status,
    retryAfter,
    url: json?.['archiveLocation'],
    key: json?.['cacheKey'],
    isMiss: status === 204,
  };
}

async function exchange(
  url: URL,
  { dispatcher, userAgent, signal }: LookupPorts,
  options: {
    readonly method: 'GET' | 'POST';
    readonly headers: Record<string, string>;
    readonly body?: string;
  },
) {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const { statusCode, headers, body } = await request(url, {
    ...options,
    headers: { ...options.headers, 'user-agent': userAgent },
    dispatcher,
    signal: bounded,
  });
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    length += (piece as Buffer).length;
    if (length > MAX_ANSWER_BYTES) throw new EndlessAnswer();
    pieces.push(piece as Buffer);
  }
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    json: parseObject(Buffer.concat(pieces).toString('utf8')),
  };
}

function readAnswer({ status, retryAfter, url, key, isMiss }: Answer, compression: Compression): Lookup {
  if (isMiss) return { kind: 'miss' };
  if (status === 429) {
    const wait = /^\d{1,5}$/.test(retryAfter ?? '') ? ` for ${retryAfter} s` : '';
    return { kind: 'trouble', reason: `the cache service limits requests${wait} (429)` };
  }
  if (status === 403)
    return { kind: 'trouble', reason: 'the cache service refuses to read in this job (403)' };
  if (status !== 200) return { kind: 'trouble', reason: `the cache service answered ${status}` };
  const target = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const isWeb = target?.protocol === 'https:' || target?.protocol === 'http:';
  if (target === undefined || !isWeb || typeof key !== 'string' || key.length > MAX_KEY) {
    return { kind: 'trouble', reason: 'the cache service gave an answer that makes no sense' };
  }
  return { kind: 'hit', matchedKey: key, url: target, compression };
}

/** cache.ts and config.ts of the library: what is not one of GitHub's own hosts is an Enterprise Server. */
function isEnterpriseServer(env: Env): boolean {
  const server = env['GITHUB_SERVER_URL'] ?? '';
  if (server === '' || !URL.canParse(server)) return false;
  const host = new URL(server).hostname.toUpperCase();
  return host !== 'GITHUB.COM' && !host.endsWith('.GHE.COM') && !host.endsWith('.LOCALHOST');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function none(reason: string): CacheService {
  return { kind: 'none', reason };
}

class EndlessAnswer extends Error {
  override readonly name = 'EndlessAnswer';
}

function describeTrouble(error: unknown): string {
  if (error instanceof EndlessAnswer) {
    return `the cache service gave an answer of more than ${MAX_ANSWER_BYTES >> 10} KiB`;
  }
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  if (name === 'TimeoutError') {
    return `the cache service gave no answer within ${ANSWER_MS / 1000} s`;
  }
  return `the cache service cannot be asked (${typeof code === 'string' ? code : 'unknown error'})`;
}
