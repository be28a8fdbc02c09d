import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { connect, isIP } from 'node:net';
import { type HttpProxySettings, routeTo } from './http-proxy.ts';
import { findInHosts, type HostsEntry } from './name-lookup.ts';
import type { Cause, Probed, Verdict } from './verdict.ts';

/** Options of explainNames; file and name servers are parameters for tests. */
export interface NameFactsOptions {
  readonly httpProxies: HttpProxySettings;
  /** Whether each name server is asked apart, and addresses are tried: 1 s in all. */
  readonly thorough: boolean;
  readonly hostsFile?: string;
  /** As dns.getServers() gives them; default the runner's own, and never another one. */
  readonly nameServers?: readonly string[];
}

type Unhealthy = Extract<Verdict, { readonly kind: 'unhealthy' }>;

/** What one name server says of a name. */
interface ServerAnswer {
  readonly server: string;
  readonly kind: 'addresses' | 'not-found' | 'failed';
  readonly addresses: readonly string[];
  /** A clause about the server, in our words. */
  readonly says: string;
}

const ASK_MS = 1000;
/** What glibc and go read of resolv.conf. */
const MAX_SERVERS = 3;
const MAX_DIALS = 2;
const SHOWN_ADDRESSES = 2;

/** What a wrong address does: nobody is there, somebody else is, or one who shows another's certificate. */
const OF_AN_ADDRESS: ReadonlySet<Cause> = new Set([
  'connection-refused',
  'connection-reset',
  'connect-timeout',
  'unreachable',
  'ipv6-unreachable',
  'tls-timeout',
  'tls-unknown-authority',
  'tls-self-signed',
  'tls-expired',
  'tls-wrong-host',
  'tls-protocol',
  'tls-closed',
  'plain-http-on-tls-port',
  'headers-timeout',
  'closed-early',
  'protocol-error',
  'captive-portal',
  'parked-domain',
  'wrong-content',
]);
const OF_THE_NAME: ReadonlySet<Cause> = new Set([
  'dns-not-found',
  'dns-failed',
  'dns-refused',
  'dns-timeout',
]);
const NO_CONNECTION: ReadonlySet<Cause> = new Set([
  'connection-refused',
  'connect-timeout',
  'unreachable',
  'ipv6-unreachable',
]);

/**
 * Returns the candidates with what their names tell of the unhealthy ones: `hosts-file-override` for a failure that a wrong
 * address explains and an address that the hosts file gives; else, when thorough, `dns-answers-differ` when one name server
 * of the runner knows the name, or an address that can be connected to, and another does not. Never rejects.
 */
export async function explainNames(
  probed: readonly Probed[],
  options: NameFactsOptions,
): Promise<readonly Probed[]> {
  return await Promise.all(
    probed.map(async (one): Promise<Probed> => {
      const { verdict, candidate } = one;
      if (verdict.kind !== 'unhealthy' || isIP(unbracketed(candidate.url)) !== 0) return one;
      // Behind an HTTP proxy it is that one who asks for names.
      if (routeTo(options.httpProxies, candidate.url).kind !== 'direct') return one;
      return { candidate, verdict: await explain(verdict, candidate.url, options) };
    }),
  );
}

async function explain(verdict: Unhealthy, url: URL, options: NameFactsOptions): Promise<Unhealthy> {
  const file = options.hostsFile ?? systemHostsFile();
  const entries = findInHosts(await readText(file), url.hostname);
  if (entries.length > 0) return await explainByHosts(verdict, { file, entries }, { url, options });
  const byName = OF_THE_NAME.has(verdict.cause);
  if (!options.thorough || (!byName && !NO_CONNECTION.has(verdict.cause))) return verdict;
  const signal = AbortSignal.timeout(ASK_MS);
  const answers = await askEachServer(url.hostname, options, signal);
  if (answers.length < 2) return verdict;
  const differ = byName ? someKnow(answers) : await someReach(answers, url, signal);
  if (!differ) return verdict;
  const says = answers.map((one) => `${one.server} ${one.says}`).join('; ');
  return { ...verdict, stage: 'dns', cause: 'dns-answers-differ', detail: `${says} (${verdict.detail})` };
}

interface HostsFacts {
  readonly file: string;
  readonly entries: readonly HostsEntry[];
}

async function explainByHosts(
  verdict: Unhealthy,
  { file, entries }: HostsFacts,
  { url, options }: { readonly url: URL; readonly options: NameFactsOptions },
): Promise<Unhealthy> {
  const { address, line } = entries.find((one) => one.address === verdict.address) ?? entries[0] ?? {};
  // Every machine has that name there.
  if (address === undefined || /^(?:.+\.)?localhost\.?$/.test(url.hostname)) return verdict;
  const detail = `${verdict.detail}; line ${line} of ${file} says that the host is ${address}`;
  if (!isOfAnAddress(verdict)) return { ...verdict, detail };
  const agrees = options.thorough && (await dnsAgrees(url.hostname, address, options));
  if (agrees) return { ...verdict, detail: `${detail}, and so does DNS` };
  return { ...verdict, cause: 'hosts-file-override', detail };
}

/** A server that is another one answers 4xx to what it does not know; from 500 up and 429 are of one that serves. */
function isOfAnAddress({ cause, status }: Unhealthy): boolean {
  if (cause !== 'http-status' || status === undefined) return OF_AN_ADDRESS.has(cause);
  return status >= 400 && status < 500 && status !== 429;
}

async function dnsAgrees(name: string, address: string, options: NameFactsOptions): Promise<boolean> {
  const answers = await askEachServer(name, options, AbortSignal.timeout(ASK_MS));
  return answers.some(({ addresses }) => addresses.includes(address));
}

function someKnow(answers: readonly ServerAnswer[]): boolean {
  return answers.some(({ kind }) => kind === 'addresses') && answers.some(({ kind }) => kind !== 'addresses');
}

/** Different addresses alone are normal: large hosts have many. That only some can be connected to is not. */
async function someReach(answers: readonly ServerAnswer[], url: URL, signal: AbortSignal): Promise<boolean> {
  const port = Number(url.port || (url.protocol === 'https:' ? '443' : '80'));
  const known = answers.filter(({ kind }) => kind === 'addresses');
  const reached = await Promise.all(
    known.map(async ({ addresses }) => {
      const dials = addresses.slice(0, MAX_DIALS).map((address) => dial(address, port, signal));
      return (await Promise.all(dials)).includes(true);
    }),
  );
  return reached.includes(true) && (reached.includes(false) || known.length < answers.length);
}

async function askEachServer(
  name: string,
  { nameServers = dns.getServers() }: NameFactsOptions,
  signal: AbortSignal,
): Promise<readonly ServerAnswer[]> {
  const servers = [...new Set(nameServers)].slice(0, MAX_SERVERS);
  return await Promise.all(servers.map((server) => askServer(server, name, signal)));
}

async function askServer(server: string, name: string, signal: AbortSignal): Promise<ServerAnswer> {
  const resolver = new dns.Resolver({ timeout: ASK_MS, tries: 1 });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    resolver.setServers([server]);
    const settled = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])).toSorted();
    const codes = settled.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
    return { server, addresses, ...describeAnswer(addresses, codes) };
  } catch (error) {
    return { server, addresses: [], ...describeAnswer([], [codeOf(error)]) };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function describeAnswer(
  addresses: readonly string[],
  codes: readonly string[],
): Pick<ServerAnswer, 'kind' | 'says'> {
  if (addresses.length > 0) {
    return { kind: 'addresses', says: `says ${addresses.slice(0, SHOWN_ADDRESSES).join(' and ')}` };
  }
  const failed = codes.find((code) => code !== 'ENOTFOUND' && code !== 'ENODATA');
  if (failed === undefined) return { kind: 'not-found', says: 'says that it does not exist' };
  const silent = failed === 'ETIMEOUT' || failed === 'ECANCELLED';
  return { kind: 'failed', says: silent ? 'does not answer' : `fails (${failed})` };
}

function dial(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const done = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

function systemHostsFile(): string {
  if (process.platform !== 'win32') return '/etc/hosts';
  return `${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? 'unknown';
}

function unbracketed(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
