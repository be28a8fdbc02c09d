import { promises as dns, type LookupAddress, lookup as systemLookup } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Options of makeNameLookup; files are parameters for tests in a namespace of their own. */
export interface NameLookupOptions {
  readonly platform?: NodeJS.Platform;
  readonly hostsFile?: string;
  readonly resolvConf?: string;
}

/** How names become addresses, as far as resolv.conf(5) tells. */
export interface ResolverConfig {
  readonly search: readonly string[];
  readonly ndots: number;
}

const MAX_SEARCH = 6;
/** How long AAAA may take after A has answered: RFC 8305, "Resolution Delay". */
const SECOND_FAMILY_MS = 50;
const QUERY_TIMEOUT_MS = 5000;
/** Silence, a refusal (or a reset, which it may be on TCP), and nothing at the name server's port; all else is one failure. */
const TOLD_APART: ReadonlySet<string> = new Set(['ETIMEOUT', 'EREFUSED', 'ECONNREFUSED']);

/**
 * Returns a `lookup` for sockets. On Linux names are asked of the name servers on the event loop: getaddrinfo holds one
 * of two threads until a dead name server times out (10 s and more), so that two such names delay every other lookup
 * and even the end of the process. /etc/hosts comes first, search domains as in Go's resolver (net/dnsclient_unix.go,
 * nameList); a name that name servers do not know goes to getaddrinfo, which may know other sources.
 */
export function makeNameLookup(options: NameLookupOptions = {}): LookupFunction {
  const { platform = process.platform } = options;
  const getaddrinfo = systemLookup as unknown as LookupFunction;
  if (platform !== 'linux') return getaddrinfo;
  const { hostsFile = '/etc/hosts', resolvConf = '/etc/resolv.conf' } = options;
  return (hostname, lookupOptions, callback) => {
    resolveName(hostname, { hostsFile, resolvConf }).then(
      (addresses) => {
        if (addresses === undefined) {
          getaddrinfo(hostname, lookupOptions, callback);
          return;
        }
        const family = lookupOptions.family;
        const wanted = addresses.filter((one) =>
          family !== 4 && family !== 6 ? true : one.family === family,
        );
        const first = wanted[0];
        if (first === undefined) callback(lookupError('ENOTFOUND', hostname), '', 0);
        else if (lookupOptions.all === true) callback(null, wanted);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** Addresses in the order in which they are to be tried; undefined: getaddrinfo has the last word. */
async function resolveName(
  hostname: string,
  files: { readonly hostsFile: string; readonly resolvConf: string },
): Promise<readonly LookupAddress[] | undefined> {
  const [hosts, conf] = await Promise.all([readText(files.hostsFile), readText(files.resolvConf)]);
  const local = findInHosts(hosts, hostname);
  if (local.length > 0) return local;
  // Multicast DNS and the like are beyond name servers.
  if (/(^|\.)(local|localhost)\.?$/i.test(hostname)) return undefined;
  let failure: NodeJS.ErrnoException | undefined;
  for (const name of searchNames(hostname, parseResolvConf(conf))) {
    const answer = await askNameServers(name);
    if (Array.isArray(answer)) return answer;
    failure ??= answer as NodeJS.ErrnoException | undefined;
  }
  if (failure === undefined) return undefined;
  const told = TOLD_APART.has(failure.code ?? '') ? failure.code : undefined;
  throw lookupError(told ?? 'EAI_AGAIN', hostname, failure);
}

/** Addresses; undefined when the name does not exist; the error when the name servers fail. */
async function askNameServers(
  name: string,
): Promise<readonly LookupAddress[] | NodeJS.ErrnoException | undefined> {
  const resolver = new dns.Resolver({ timeout: QUERY_TIMEOUT_MS, tries: 2 });
  const ask = (query: Promise<string[]>, family: 4 | 6) =>
    query.then(
      (addresses) => addresses.map((address) => ({ address, family })),
      (error: NodeJS.ErrnoException) => error,
    );
  const v4 = ask(resolver.resolve4(name), 4);
  const v6 = ask(resolver.resolve6(name), 6);
  const four = await v4;
  const six = Array.isArray(four) ? await within(v6, SECOND_FAMILY_MS) : await v6;
  resolver.cancel();
  const found4 = Array.isArray(four) ? four : [];
  const found6 = Array.isArray(six) ? six : [];
  if (found4.length + found6.length > 0) return hasIpv6() ? [...found6, ...found4] : [...found4, ...found6];
  for (const result of [four, six]) if (result instanceof Error && !isNotFound(result)) return result;
  return undefined;
}

function isNotFound(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOTFOUND' || error.code === 'ENODATA';
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** RFC 6724 sorts IPv6 first where there is a global IPv6 address, and last where there is none. */
function hasIpv6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return all.some((entry) => !entry.internal && entry.family === 'IPv6' && !/^fe[89ab]/i.test(entry.address));
}

/** An address that a hosts file gives a name. */
export interface HostsEntry extends LookupAddress {
  /** Of the file, from 1. */
  readonly line: number;
}

/** Returns the addresses that an /etc/hosts text gives a name, in its order. */
export function findInHosts(text: string, hostname: string): readonly HostsEntry[] {
  const wanted = hostname.toLowerCase().replace(/\.$/, '');
  const found: HostsEntry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    const isNamed = family !== 0 && names.some((name) => name.toLowerCase() === wanted);
    if (isNamed) found.push({ address, family, line: index + 1 });
  }
  return found;
}

/** Returns search domains and ndots of a resolv.conf text; the last `search` or `domain` line counts. */
export function parseResolvConf(text: string): ResolverConfig {
  let search: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (word === 'search' || word === 'domain')
      search = rest.filter((name) => name !== '.').slice(0, MAX_SEARCH);
    if (word !== 'options') continue;
    const option = rest.find((name) => name.startsWith('ndots:'));
    const value = Number(option?.slice('ndots:'.length));
    if (option !== undefined && Number.isInteger(value)) ndots = Math.min(Math.max(value, 0), 15);
  }
  return { search, ndots };
}

/** Returns the full names to ask for, in order: net/dnsclient_unix.go, dnsConfig.nameList. */
export function searchNames(hostname: string, config: ResolverConfig): readonly string[] {
  if (hostname.endsWith('.')) return [hostname.slice(0, -1)];
  const dots = hostname.split('.').length - 1;
  const searched = config.search.map((domain) => `${hostname}.${domain.replace(/^\.|\.$/g, '')}`);
  return dots >= config.ndots ? [hostname, ...searched] : [...searched, hostname];
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}

function lookupError(code: string, hostname: string, cause?: unknown): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code} ${hostname}`, { cause });
  return Object.assign(error, { code, syscall: 'getaddrinfo' });
}
