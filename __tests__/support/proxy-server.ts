import { EventEmitter } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import {
  type Answer,
  applyFault,
  type ConnectionFault,
  type Fault,
  type FaultPicker,
  isConnectionFault,
  makeFaultPicker,
  type RequestKind,
} from './faults.ts';
import { escapeName, type SyntheticModule, tamperModule } from './modules.ts';

/** Options of startProxy. */
export interface ProxyOptions {
  readonly modules?: readonly SyntheticModule[];
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
  /** Host name in `url`; default 127.0.0.1 (the server listens there whatever the name). */
  readonly hostName?: string;
  /** For example `/goproxy`; all else is 404. */
  readonly pathPrefix?: string;
  /** Before every answer's head. */
  readonly latencyMs?: number;
  /** 0 to 1: latency varies by this share, from the seeded generator. */
  readonly jitter?: number;
  /** A new connection costs latency too: one for TCP, one more for TLS. */
  readonly connectionLatency?: boolean;
  readonly bandwidthBytesPerSecond?: number;
  /** Whether connections share the bandwidth (`server`, the default) or have it each. */
  readonly bandwidthPer?: 'server' | 'connection';
  readonly basicAuth?: { readonly user: string; readonly password: string };
  /** What /sumdb/ answers: 404 (`none`, the default), a database (`serves`), or this status. */
  readonly sumdb?: 'none' | 'serves' | number;
  /** Zips are 302 to this base (the same path below it), or to another path of this server. */
  readonly redirectZipsTo?: string;
  readonly faults?: readonly Fault[];
  /** Every answer ends its connection. */
  readonly closeAfterAnswer?: boolean;
  /** Seed of probabilities and jitter. */
  readonly seed?: number;
  /** Answers of other paths, or other answers, by path without the prefix. */
  readonly routes?: Readonly<Record<string, Partial<Answer>>>;
}

/** One request as it arrived. */
export interface LoggedRequest {
  readonly method: string;
  /** Path with its query, as on the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly when: number;
  /** Counts connections from 1. */
  readonly connection: number;
  /** The fault that struck, if one did. */
  readonly fault?: Fault['kind'];
}

/** A running server. */
export interface ProxyServer extends AsyncDisposable {
  /** Without a slash at the end, with the path prefix. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly requests: readonly LoggedRequest[];
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** Replaces the faults and their counts; idle connections are closed so that new ones meet them. */
  setFaults(faults: readonly Fault[]): Promise<void>;
  /** Closes every socket; the port refuses afterwards. May be called again. */
  close(): Promise<void>;
}

interface Connection {
  readonly id: number;
  readonly socket: Socket;
}

const REDIRECTED = '/_redirected';

/** Starts a GOPROXY on loopback and a free port that serves the modules, with whatever faults are wanted. */
export async function startProxy(options: ProxyOptions = {}): Promise<ProxyServer> {
  const server = new FaultyProxy(options);
  await server.listen();
  return server;
}

class FaultyProxy implements ProxyServer {
  readonly requests: LoggedRequest[] = [];
  connections = 0;
  readonly #options: ProxyOptions;
  readonly #random: () => number;
  readonly #front: Server;
  readonly #http: ReturnType<typeof createHttpServer>;
  readonly #plain: ReturnType<typeof createHttpServer>;
  readonly #open = new Map<number, Connection>();
  readonly #routes: ReadonlyMap<string, Answer>;
  readonly #closing = new EventEmitter().setMaxListeners(0);
  #picker: FaultPicker;
  #faults: readonly Fault[];
  #port = 0;
  #closed = false;
  #linkFreeAt = new Map<number, number>();

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#random = makeRandom(options.seed ?? 1);
    this.#faults = options.faults ?? [];
    this.#picker = makeFaultPicker(this.#faults, this.#random);
    this.#routes = makeRoutes(options);
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response).catch((error: unknown) => request.socket.destroy(error as Error));
    };
    this.#plain = createHttpServer({ keepAliveTimeout: 60_000 }, handle);
    const { tls } = options;
    this.#http =
      tls === undefined ? this.#plain : createHttpsServer({ ...tls, keepAliveTimeout: 60_000 }, handle);
    // Clients that refuse a certificate, and our own resets, are no errors of the server.
    this.#http.on('tlsClientError', () => {});
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    if (this.#plain !== this.#http) {
      this.#plain.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    }
    this.#front = createNetServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  get port(): number {
    return this.#port;
  }

  get host(): string {
    return `${this.#options.hostName ?? '127.0.0.1'}:${this.#port}`;
  }

  get url(): string {
    const scheme = this.#options.tls === undefined ? 'http' : 'https';
    return `${scheme}://${this.host}${this.#options.pathPrefix ?? ''}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#front.once('error', reject);
      this.#front.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#port = (this.#front.address() as AddressInfo).port;
    if (this.#refusesNow()) this.#stopListening();
  }

  async setFaults(faults: readonly Fault[]): Promise<void> {
    this.#faults = faults;
    this.#picker = makeFaultPicker(faults, this.#random);
    if (faults.some(isConnectionFault)) this.#dropConnections();
    if (this.#refusesNow()) this.#stopListening();
    else if (!this.#front.listening && !this.#closed) await this.listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.emit('close');
    this.#dropConnections();
    const stopped = new Promise<void>((resolve) => this.#front.close(() => resolve()));
    this.#http.close();
    this.#plain.close();
    await stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refusesNow(): boolean {
    return this.#faults.some((fault) => fault.kind === 'refuse' && (fault.afterRequests ?? 0) === 0);
  }

  #stopListening(): void {
    this.#front.close();
    this.#dropConnections();
  }

  #dropConnections(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  #accept(socket: Socket): void {
    const id = ++this.connections;
    const port = socket.remotePort ?? 0;
    this.#open.set(port, { id, socket });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#open.get(port)?.id === id) this.#open.delete(port);
    });
    const fault = this.#picker.connection();
    if (fault !== undefined) {
      this.#breakConnection(fault, socket);
      return;
    }
    const { connectionLatency, tls, latencyMs = 0 } = this.#options;
    const delay = connectionLatency === true ? latencyMs * (tls === undefined ? 1 : 2) : 0;
    if (delay === 0) this.#http.emit('connection', socket);
    else void this.#sleep(delay).then(() => this.#http.emit('connection', socket));
  }

  #breakConnection(fault: ConnectionFault, socket: Socket): void {
    switch (fault.kind) {
      case 'refuse':
        this.#stopListening();
        return;
      case 'accept-and-silent':
        return;
      case 'tls-stall':
        socket.resume();
        return;
      case 'close-on-hello':
        socket.once('data', () => (fault.reset === true ? socket.resetAndDestroy() : socket.end()));
        return;
      case 'plain-http-on-tls-port':
        this.#plain.emit('connection', socket);
        return;
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = this.#open.get(request.socket.remotePort ?? 0);
    if (connection === undefined) return;
    const target = request.url ?? '/';
    const fault = this.#picker.request(kindOf(target), target);
    this.requests.push({
      method: request.method ?? '',
      path: target,
      headers: { ...request.headers },
      host: request.headers.host ?? '',
      when: Date.now(),
      connection: connection.id,
      ...(fault === undefined ? {} : { fault: fault.kind }),
    });
    request.resume();
    const { latencyMs = 0, jitter = 0 } = this.#options;
    if (latencyMs > 0) await this.#sleep(latencyMs * (1 + jitter * (2 * this.#random() - 1)));
    const answer = this.#authorize(request) ?? this.#answer(request);
    const respond = (given: Answer) => this.#respond(request, response, given, connection.id);
    if (fault === undefined) return respond(answer);
    await applyFault(fault, {
      request,
      rawSocket: connection.socket,
      answer,
      respond,
      sleep: (ms) => this.#sleep(ms),
    });
  }

  #authorize(request: IncomingMessage): Answer | undefined {
    const { basicAuth } = this.#options;
    if (basicAuth === undefined) return undefined;
    const wanted = `Basic ${Buffer.from(`${basicAuth.user}:${basicAuth.password}`).toString('base64')}`;
    if (request.headers.authorization === wanted) return undefined;
    const headers = { ...TEXT, 'www-authenticate': 'Basic realm="modules"' };
    return { status: 401, headers, body: Buffer.from('unauthorized\n') };
  }

  #answer(request: IncomingMessage): Answer {
    const { pathPrefix = '', redirectZipsTo } = this.#options;
    const asked = (request.url ?? '/').split('?')[0] ?? '/';
    const redirected = asked.startsWith(`${REDIRECTED}/`);
    const local = redirected ? asked.slice(REDIRECTED.length) : asked;
    if (!redirected && !local.startsWith(pathPrefix)) return notFound('no such path');
    const file = unescapeUrl(redirected ? local : local.slice(pathPrefix.length));
    const answer = this.#routes.get(file);
    if (answer === undefined) return notFound(`${file.slice(1)}: unknown`);
    if (redirectZipsTo === undefined || redirected || !file.endsWith('.zip')) return answer;
    const base = redirectZipsTo === 'self' ? REDIRECTED : redirectZipsTo.replace(/\/$/, '');
    return {
      status: 302,
      headers: { ...TEXT, location: base + escapeUrl(file) },
      body: Buffer.from('moved\n'),
    };
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Answer,
    connection: number,
  ): Promise<void> {
    const { status, headers, body } = ranged(request, answer);
    if (response.destroyed) return;
    const closing = this.#options.closeAfterAnswer === true ? { connection: 'close' } : {};
    response.writeHead(status, { ...headers, ...closing, 'content-length': String(body.length) });
    if (request.method === 'HEAD' || status === 204 || status === 304) {
      response.end();
      return;
    }
    const { bandwidthBytesPerSecond: bandwidth } = this.#options;
    if (bandwidth === undefined) {
      response.end(body);
      return;
    }
    // About 20 ms of the link at a time, so that downloads share it fairly.
    const step = Math.min(64 << 10, Math.max(256, Math.floor(bandwidth / 50)));
    for (let at = 0; at < body.length && !response.destroyed; at += step) {
      const chunk = body.subarray(at, at + step);
      await this.#useLink(connection, (chunk.length / bandwidth) * 1000);
      response.write(chunk);
    }
    response.end();
  }

  /** Waits until the link has carried `ms` worth of bytes after all that was asked of it before. */
  async #useLink(connection: number, ms: number): Promise<void> {
    const link = this.#options.bandwidthPer === 'connection' ? connection : 0;
    const now = performance.now();
    const until = Math.max(now, this.#linkFreeAt.get(link) ?? 0) + ms;
    this.#linkFreeAt.set(link, until);
    // Timers are no finer than a millisecond; what is owed is paid with the next chunk.
    if (until - now >= 2) await this.#sleep(until - now);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#closing.off('close', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#closing.once('close', done);
    });
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

function notFound(detail: string): Answer {
  return { status: 404, headers: TEXT, body: Buffer.from(`not found: ${detail}`) };
}

/** Classifies a request target by its ending, as the GOPROXY protocol does. */
function kindOf(target: string): RequestKind {
  const name = target.split('?')[0] ?? '';
  if (name.includes('/sumdb/') || name.startsWith('/sumdb')) return 'sumdb';
  if (name.endsWith('/@latest')) return 'latest';
  if (name.endsWith('/@v/list')) return 'list';
  for (const kind of ['info', 'mod', 'zip'] as const) if (name.endsWith(`.${kind}`)) return kind;
  return 'other';
}

/** A path that is no URL is looked up as it is, and not found. */
function unescapeUrl(file: string): string {
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

function escapeUrl(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}

function makeRoutes(options: ProxyOptions): ReadonlyMap<string, Answer> {
  const routes = new Map<string, Answer>();
  const add = (
    name: string,
    headers: Record<string, string>,
    body: string | Uint8Array,
    tampered?: string | Uint8Array,
  ) => {
    const extra = tampered === undefined ? {} : { tampered: Buffer.from(tampered) };
    routes.set(name, {
      status: 200,
      headers,
      body: typeof body === 'string' ? Buffer.from(body) : body,
      ...extra,
    });
  };
  const versions = new Map<string, SyntheticModule[]>();
  for (const module of options.modules ?? []) {
    const base = `/${escapeName(module.path)}`;
    const file = `${base}/@v/${escapeName(module.version)}`;
    add(`${file}.info`, JSON_TYPE, module.info, module.info.replace(/"Time":"\d{4}/, '"Time":"1999'));
    add(`${file}.mod`, TEXT, module.mod);
    add(`${file}.zip`, { 'content-type': 'application/zip' }, module.zip);
    // Tampered content is made when it is asked for: a set has hundreds of zips.
    for (const kind of ['mod', 'zip'] as const) {
      Object.defineProperty(routes.get(`${file}.${kind}`), 'tampered', {
        get: () => Buffer.from(tamperModule(module)[kind]),
      });
    }
    versions.set(base, [...(versions.get(base) ?? []), module]);
  }
  for (const [base, modules] of versions) {
    add(`${base}/@v/list`, TEXT, modules.map((module) => `${module.version}\n`).join(''));
    add(`${base}/@latest`, JSON_TYPE, modules.at(-1)?.info ?? '');
  }
  addSumdb(routes, options.sumdb ?? 'none');
  for (const [name, answer] of Object.entries(options.routes ?? {})) {
    routes.set(name, { status: 200, headers: TEXT, body: Buffer.from(''), ...answer });
  }
  return routes;
}

/** A tree head in the form of a signed note; the signature is not one. */
export const TREE_NOTE =
  'go.sum database tree\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— sum.golang.org AAAAAAAAAAAAAAAAAAAAAAAAAAAA\n';

function addSumdb(routes: Map<string, Answer>, sumdb: 'none' | 'serves' | number): void {
  if (sumdb === 'none') return;
  const status = sumdb === 'serves' ? 200 : sumdb;
  for (const name of ['sum.golang.org', 'sum.golang.google.cn']) {
    const body = status === 200 ? '' : `status ${status}\n`;
    routes.set(`/sumdb/${name}/supported`, { status, headers: TEXT, body: Buffer.from(body) });
    const note = status === 200 ? TREE_NOTE : body;
    routes.set(`/sumdb/${name}/latest`, { status, headers: TEXT, body: Buffer.from(note) });
  }
}

/** Answers a single byte range with 206, as storage servers do. */
function ranged(request: IncomingMessage, answer: Answer): Answer {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (match === null || answer.status !== 200) return answer;
  const total = answer.body.length;
  const from = Number(match[1]);
  const to = match[2] === '' ? total - 1 : Math.min(total - 1, Number(match[2]));
  if (from > to) {
    return { status: 416, headers: { 'content-range': `bytes */${total}` }, body: Buffer.alloc(0) };
  }
  const headers = { ...answer.headers, 'content-range': `bytes ${from}-${to}/${total}` };
  return { status: 206, headers, body: answer.body.subarray(from, to + 1) };
}

/** A small seeded generator (mulberry32): the same faults strike on every run. */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
