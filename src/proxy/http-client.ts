import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { Pool } from 'undici';
import type { Credentials } from './candidate.ts';
import { type Connector, makeConnector } from './connector.ts';
import { classifyEnd, codeOf, type EndedBy, internalFailure, type Pending, RequestError } from './failure.ts';
import {
  basicAuthorization,
  type HttpProxySettings,
  proxyAuthorization,
  type Route,
  routeTo,
} from './http-proxy.ts';
import { blockedRedirect, followRedirect, isRedirect } from './redirect.ts';
import { type BodyPlan, type Received, Receiver } from './response-body.ts';
import type { Phases } from './verdict.ts';

/** What connections of all candidates have in common. */
export interface Network {
  readonly httpProxies: HttpProxySettings;
  /** Undefined where no https is spoken. */
  readonly secureContext?: SecureContext;
  readonly lookup: LookupFunction;
  /** For example `setup-goproxy/1.2.3`. */
  readonly userAgent: string;
}

/** Options of openClient. */
export interface ClientOptions {
  /** The candidate: credentials go to this origin only. */
  readonly base: URL;
  readonly credentials?: Credentials;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  readonly network: Network;
  /** Connections for each origin and lane; default 1. */
  readonly connections?: number;
}

/** Options of one request. */
export interface GetOptions {
  readonly signal: AbortSignal;
  readonly body: BodyPlan;
  /** Requests of other lanes have connections of their own. */
  readonly lane?: string;
  /** Milliseconds without a byte; default 5 s. */
  readonly stallMs?: number;
  /** Milliseconds until the head of the answer, once the request is sent; default `stallMs`. */
  readonly headersMs?: number;
  /** Milliseconds until the request is sent; default 15 s. */
  readonly connectMs?: number;
}

/** An answer after redirects. */
export interface Answer extends Received {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Host of the answer when it is not the candidate's own origin. */
  readonly foreignHost?: string;
  /** Phases of the connection that the first request opened; empty on a warm connection. */
  readonly phases: Phases;
  readonly address?: string;
  readonly redirects: number;
  /** Whether an HTTP proxy passed the request on, without a tunnel: then the answer can be its own. */
  readonly relayed: boolean;
  /** First byte of the first answer, a redirect or not, in milliseconds. */
  readonly firstAnswerMs: number;
}

/** Where a client's last request is, for a failure at the deadline. */
export interface Progress {
  readonly at: Pending;
  readonly phases: Phases;
  readonly address?: string;
}

/** The connection that a client opened first. */
export interface FirstConnection {
  readonly phases: Phases;
  readonly address?: string;
  /** An IPv6 address that gave no answer before another one did. */
  readonly silentIpv6?: string;
}

/** Asks one candidate, and whoever it redirects to. */
export interface ProxyClient {
  /** Rejects with RequestError only. A redirect leg that fails is `redirect-blocked` and named. */
  get(url: URL, options: GetOptions): Promise<Answer>;
  /** Hosts (with port) that were contacted, in order; HTTP proxies too. */
  contacted(): readonly string[];
  requests(): number;
  /** Phases and address of the connection that was opened first. */
  firstConnection(): FirstConnection;
  /** Ends every connection and frees everything. */
  destroy(): Promise<void>;
}

/** Bodies of answers that are no 200: read this far, for their text. */
export const ERROR_BODY: BodyPlan = { limitBytes: 64 << 10, over: 'cut', cutAfterMs: 300, cutFrom: 'head' };
/** Bodies of redirects are dropped; like go (net/http Client.do), up to 2 KiB are read so that the connection is kept. */
const REDIRECT_BODY: BodyPlan = { limitBytes: 2048, over: 'cut', cutAfterMs: 100, cutFrom: 'head' };
/** Longer than go's own limits (30 s to dial, 10 s of TLS) make no sense for us. */
const CONNECT_MS = 15_000;
const DEFAULT_STALL_MS = 5000;
/** Sockets are gone at once; this bounds the wait for undici to say so. */
const DESTROY_MS = 500;

interface Leg {
  readonly pool: Pool;
  readonly connector: Connector;
  /** What the request line starts with: the origin for an HTTP proxy that relays http requests, else nothing. */
  readonly absolute: string;
  /** The login for that HTTP proxy. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Returns a client; nothing is contacted before the first request. */
export function openClient(options: ClientOptions): ProxyClient {
  return new Client(options);
}

class Client implements ProxyClient {
  readonly #options: ClientOptions;
  readonly #legs = new Map<string, Leg>();
  readonly #contacted = new Set<string>();
  #first: Connector | undefined;
  #requests = 0;
  #destroyed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async get(url: URL, options: GetOptions): Promise<Answer> {
    let asked = url;
    let firstAnswerMs: number | undefined;
    let opened: ReturnType<typeof connectionOf> = { phases: {} };
    for (let redirects = 0; ; redirects++) {
      const foreign = asked.origin !== this.#options.base.origin;
      const received = await this.#ask(asked, options).catch((error: unknown) => {
        throw foreign ? blockedRedirect(asked, error) : error;
      });
      firstAnswerMs ??= received.firstByteMs;
      if (redirects === 0) opened = connectionOf(received);
      const next = isRedirect(received) ? followRedirect(asked, received, redirects) : undefined;
      if (next === undefined) {
        return {
          ...received,
          ...opened,
          url: asked,
          redirects,
          firstAnswerMs,
          ...(foreign ? { foreignHost: asked.host } : {}),
        };
      }
      asked = next;
    }
  }

  contacted(): readonly string[] {
    return [...this.#contacted];
  }

  requests(): number {
    return this.#requests;
  }

  firstConnection(): FirstConnection {
    const trace = this.#first?.latest();
    if (this.#first === undefined || trace === undefined) return { phases: {} };
    const { address, silentIpv6 } = trace;
    return {
      phases: this.#first.phases(trace),
      ...(address === undefined ? {} : { address }),
      ...(silentIpv6 === undefined ? {} : { silentIpv6 }),
    };
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    const legs = [...this.#legs.values()];
    this.#legs.clear();
    for (const { connector } of legs) connector.abort();
    const destroyed = Promise.all(legs.map(({ pool }) => pool.destroy(new Error('destroyed'))));
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DESTROY_MS);
    });
    await Promise.race([destroyed, bound]).catch(() => {});
    clearTimeout(timer);
  }

  /** Like net/http: a kept connection that was closed before it answered is no failure; one new one is tried. */
  async #ask(url: URL, options: GetOptions): Promise<Exchange> {
    const first = await this.#exchange(url, options);
    if (!(first instanceof StaleConnection)) return first;
    const second = await this.#exchange(url, options);
    if (second instanceof StaleConnection) throw second.error;
    return second;
  }

  #exchange(url: URL, options: GetOptions): Promise<Exchange | StaleConnection> {
    if (options.signal.aborted) throw endedBefore(options.signal);
    const leg = this.#legFor(url, options.lane ?? '');
    const headers = { ...this.#headersFor(url), ...leg.headers };
    this.#requests++;
    return new Promise((resolve, reject) => {
      const { signal } = options;
      let cold = false;
      const end = (by: EndedBy) => {
        const at = receiver.at ?? leg.connector.latest()?.at ?? 'dns';
        const error = new RequestError(classifyEnd(by, at));
        if (signal.aborted) receiver.cutOff(error);
        else receiver.fail(error);
        if (receiver.at === undefined) this.#drop(leg);
      };
      const onAbort = () => end(endedBy(signal));
      const connecting = setTimeout(() => end('timeout'), options.connectMs ?? CONNECT_MS);
      const receiver = new Receiver({
        plan: (status, given) => planFor(status, given, options.body),
        stallMs: options.stallMs ?? DEFAULT_STALL_MS,
        ...(options.headersMs === undefined ? {} : { headersMs: options.headersMs }),
        onStall: () => end('timeout'),
        onStart: () => {
          clearTimeout(connecting);
          const trace = leg.connector.latest();
          cold = trace?.used === false;
          if (trace !== undefined) trace.used = true;
        },
        onSettled: (result) => {
          clearTimeout(connecting);
          signal.removeEventListener('abort', onAbort);
          if (result instanceof RequestError) {
            const refused = leg.connector.latest()?.refused;
            if (refused !== undefined) return reject(new RequestError(refused, { cause: result }));
            const stale = receiver.at === 'headers' && !cold && !signal.aborted && isStale(result);
            if (stale) resolve(new StaleConnection(result));
            else reject(result);
            return;
          }
          resolve({ ...result, ...describe(leg.connector, cold, result), relayed: leg.absolute !== '' });
        },
      });
      signal.addEventListener('abort', onAbort, { once: true });
      const path = `${leg.absolute}${url.pathname}${url.search}`;
      try {
        leg.pool.dispatch({ path, method: 'GET', headers }, receiver);
      } catch (error) {
        receiver.fail(new RequestError(internalFailure(codeOf(error)), { cause: error }));
      }
    });
  }

  /** A connection attempt that is given up would go on in undici. */
  #drop(leg: Leg): void {
    leg.connector.abort();
    for (const [key, one] of this.#legs) if (one === leg) this.#legs.delete(key);
    leg.pool.destroy(new Error('gave up')).catch(() => {});
  }

  #headersFor(url: URL): Record<string, string> {
    const { base, credentials, credentialsFor, network } = this.#options;
    const headers: Record<string, string> = {
      host: url.host,
      'user-agent': network.userAgent,
      'accept-encoding': 'identity',
    };
    if (url.protocol === 'https:' && url.origin === base.origin) {
      const login = credentials ?? credentialsFor?.(url);
      if (login !== undefined) headers['authorization'] = basicAuthorization(login.user, login.password);
    }
    return headers;
  }

  #legFor(url: URL, lane: string): Leg {
    if (this.#destroyed) throw new RequestError(classifyEnd('timeout', 'headers'));
    const key = `${lane} ${url.origin}`;
    const known = this.#legs.get(key);
    if (known !== undefined) return known;
    const route = routeTo(this.#options.network.httpProxies, url);
    const leg = this.#openLeg(url, route);
    this.#first ??= leg.connector;
    this.#legs.set(key, leg);
    this.#contacted.add(url.host);
    if (route.kind === 'http-proxy') this.#contacted.add(route.proxy.host);
    return leg;
  }

  #openLeg(url: URL, route: Route): Leg {
    const { network, connections = 1 } = this.#options;
    if (route.kind === 'refused' || route.kind === 'unsupported') {
      const detail =
        route.kind === 'refused'
          ? route.why
          : `HTTP proxies of scheme ${route.scheme} are not supported here`;
      throw new RequestError({ stage: 'tcp', cause: 'http-proxy-unreachable', detail });
    }
    const tunnel = url.protocol === 'https:';
    const connector = makeConnector({
      lookup: network.lookup,
      userAgent: network.userAgent,
      ...(network.secureContext === undefined ? {} : { secureContext: network.secureContext }),
      ...(route.kind === 'direct' ? {} : { httpProxy: { url: route.proxy, tunnel } }),
    });
    const absolute = route.kind === 'http-proxy' && !tunnel;
    const origin = absolute ? route.proxy.origin : url.origin;
    const pool = new Pool(origin, {
      connect: connector.connect,
      connections,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
    const login = absolute ? proxyAuthorization(route.proxy) : undefined;
    const headers = login === undefined ? {} : { 'proxy-authorization': login };
    return { pool, connector, absolute: absolute ? url.origin : '', headers };
  }
}

function endedBy(signal: AbortSignal): EndedBy {
  return signal.reason === 'too-slow' ? 'too-slow' : 'timeout';
}

/** The end came between two requests. */
function endedBefore(signal: AbortSignal): RequestError {
  return new RequestError(classifyEnd(endedBy(signal), 'headers'));
}

type Exchange = Received & { readonly phases: Phases; readonly address?: string; readonly relayed: boolean };

class StaleConnection {
  readonly error: RequestError;
  constructor(error: RequestError) {
    this.error = error;
  }
}

function isStale(error: RequestError): boolean {
  return error.code === 'closed-early' || error.code === 'connection-reset';
}

function planFor(status: number, headers: IncomingHttpHeaders, wanted: BodyPlan): BodyPlan {
  if (isRedirect({ status, headers })) return REDIRECT_BODY;
  return status === 200 ? wanted : ERROR_BODY;
}

function describe(
  connector: Connector,
  cold: boolean,
  received: Received,
): { readonly phases: Phases; readonly address?: string } {
  const trace = connector.latest();
  if (!cold || trace === undefined) return { phases: {} };
  const phases = { ...connector.phases(trace), firstByteMs: received.firstByteMs };
  return trace.address === undefined ? { phases } : { phases, address: trace.address };
}

function connectionOf(exchange: Exchange): { readonly phases: Phases; readonly address?: string } {
  const { phases, address } = exchange;
  return address === undefined ? { phases } : { phases, address };
}
