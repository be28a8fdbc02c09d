import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type Answer,
  applyFault,
  type Fault,
  type FaultPicker,
  type FaultWhen,
  makeFaultPicker,
  type RequestFaultKind,
} from './faults.ts';

/** What a request is for. `store-upload` and `store-download` go to the signed URLs (v1: PATCH and archiveLocation). */
export type CacheRoute = 'lookup' | 'create' | 'store-upload' | 'finalize' | 'store-download' | 'other';

/** A fault at one route; `change` gives any other answer in place of the right one. */
export type CacheFault = Omit<FaultWhen, 'match'> & { readonly route: CacheRoute } & (
    | RequestFaultKind
    | { readonly kind: 'change'; readonly change: (answer: Answer, request: CacheRequest) => Answer }
  );

/** One request as it arrived. */
export interface CacheRequest {
  readonly route: CacheRoute;
  readonly method: string;
  /** Path with its query, as on the wire; absolute when it came to the server as to an HTTP proxy. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body when it is JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly fault?: string;
}

/** An archive in the store. */
export interface CacheEntry {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** Options of startCacheServer. */
export interface CacheServerOptions {
  /** What tokens of untrusted events may not. */
  readonly deny?: 'read' | 'write';
  /** Whether the store serves ranges; default true. */
  readonly ranges?: boolean;
  /** As act: keys are lower-cased, the same one may be saved again and again. */
  readonly likeAct?: boolean;
  readonly faults?: readonly CacheFault[];
  /** In place of the server's own origin in signed URLs of downloads. */
  readonly storeOrigin?: string;
}

/** A running cache service: v1 and v2 at once, over the same entries. */
export interface CacheServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly requests: readonly CacheRequest[];
  readonly entries: readonly CacheEntry[];
  /** The most downloads from the store that were under way at once. */
  readonly peakDownloads: number;
  /** Those under way now. */
  readonly openDownloads: number;
  /** What the runner gives an action for this service. */
  environment(version: 'v1' | 'v2'): Record<string, string>;
  /** Puts an archive into the store, as the newest. */
  put(key: string, version: string, bytes: Uint8Array): CacheEntry;
  /** Returns the signed URL of an entry. */
  signedUrl(entry: CacheEntry): URL;
  setFaults(faults: readonly CacheFault[]): void;
  close(): Promise<void>;
}

interface Upload {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly blocks: Map<string, Buffer>;
  readonly pieces: Map<number, Buffer>;
  bytes: Buffer | undefined;
}

const TWIRP = '/twirp/github.actions.results.api.v1.CacheService/';
const WRITE_DENIED = 'cache write denied: the token of this run is read-only';
const READ_DENIED = 'cache read denied: the token of this run has no readable scopes';

/** Starts a cache service on loopback and a free port; everything is kept in memory. */
export async function startCacheServer(options: CacheServerOptions = {}): Promise<CacheServer> {
  const server = new MemoryCacheServer(options);
  await server.listen();
  return server;
}

class MemoryCacheServer implements CacheServer {
  readonly token = `token-${randomBytes(8).toString('hex')}`;
  readonly requests: CacheRequest[] = [];
  readonly entries: CacheEntry[] = [];
  peakDownloads = 0;
  readonly #options: CacheServerOptions;
  readonly #signature = randomBytes(12).toString('hex');
  readonly #base = `/${randomBytes(6).toString('hex')}/`;
  readonly #uploads = new Map<number, Upload>();
  readonly #sockets = new Set<Socket>();
  readonly #closing = new EventEmitter().setMaxListeners(0);
  readonly #server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    this.#handle(request, response).catch((error: unknown) => request.socket.destroy(error as Error));
  });
  #picker: FaultPicker = makeFaultPicker([], () => 0);
  openDownloads = 0;
  #nextId = 1;

  constructor(options: CacheServerOptions) {
    this.#options = options;
    this.setFaults(options.faults ?? []);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  environment(version: 'v1' | 'v2'): Record<string, string> {
    const common = { GITHUB_SERVER_URL: 'https://github.com', ACTIONS_RUNTIME_TOKEN: this.token };
    return version === 'v1'
      ? { ...common, ACTIONS_CACHE_URL: `${this.url}${this.#base}` }
      : { ...common, ACTIONS_CACHE_SERVICE_V2: 'True', ACTIONS_RESULTS_URL: `${this.url}/` };
  }

  put(key: string, version: string, bytes: Uint8Array): CacheEntry {
    const id = this.#nextId++;
    const entry = {
      id,
      key: this.#spell(key),
      version,
      bytes,
      etag: `"0x${id.toString(16).padStart(15, '8')}"`,
    };
    this.entries.push(entry);
    return entry;
  }

  signedUrl({ id }: CacheEntry): URL {
    const origin = this.#options.storeOrigin ?? this.url;
    return new URL(`${origin}/store/${id}?se=2030-01-01&sig=${this.#signature}`);
  }

  setFaults(faults: readonly CacheFault[]): void {
    const matched = faults.map(
      ({ route, ...fault }) => ({ ...fault, match: new RegExp(`^${route} `) }) as Fault,
    );
    this.#picker = makeFaultPicker(matched, () => 0);
  }

  async close(): Promise<void> {
    this.#closing.emit('close');
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const target = request.url ?? '/';
    const url = new URL(target, this.url);
    const route = routeOf(method, url);
    const fault = this.#picker.request('other', `${route} ${target}`) as
      | (Fault & { change?: (answer: Answer, request: CacheRequest) => Answer })
      | undefined;
    const body = await readBody(request);
    const json = parseJson(body);
    const logged = {
      route,
      method,
      target,
      headers: { ...request.headers },
      json,
      ...(fault === undefined ? {} : { fault: fault.kind as string }),
    };
    this.requests.push(logged);
    if (route === 'store-download') this.peakDownloads = Math.max(this.peakDownloads, ++this.openDownloads);
    response.on('close', () => {
      if (route === 'store-download') this.openDownloads--;
    });
    // A fault strikes instead of the service: what it should have done is not done.
    const isAnswered = fault === undefined || fault.change !== undefined || route === 'store-download';
    const answer = isAnswered
      ? this.#answer({ method, url, headers: request.headers, body, json: json ?? {} })
      : text(200, '');
    const respond = async (given: Answer) => send(response, method, given);
    if (fault === undefined) return respond(answer);
    if (fault.change !== undefined) return respond(fault.change(answer, logged));
    await applyFault(fault as RequestFaultKind, {
      request,
      rawSocket: request.socket,
      answer: {
        ...answer,
        headers: { ...answer.headers },
      },
      respond,
      sleep: (ms) => this.#sleep(ms),
    });
  }

  #answer(asked: Asked): Answer {
    const { pathname } = asked.url;
    if (pathname.startsWith('/store/')) return this.#store(asked);
    const { authorization = '' } = asked.headers;
    const isV2 = pathname.startsWith(TWIRP);
    if (authorization !== `Bearer ${this.token}` && (isV2 || authorization !== '')) {
      return json(401, { code: 'unauthenticated', msg: 'the token is none of ours' });
    }
    if (isV2 && asked.method === 'POST') return this.#twirp(pathname.slice(TWIRP.length), asked.json);
    const prefix = `${this.#base}_apis/artifactcache/`;
    return pathname.startsWith(prefix) ? this.#v1(pathname.slice(prefix.length), asked) : notFound();
  }

  #twirp(name: string, asked: Readonly<Record<string, unknown>>): Answer {
    const key = String(asked['key'] ?? '');
    const version = String(asked['version'] ?? '');
    switch (name) {
      case 'GetCacheEntryDownloadURL': {
        if (this.#options.deny === 'read') return json(403, { code: 'permission_denied', msg: READ_DENIED });
        const entry = this.#find([key, ...((asked['restore_keys'] as string[] | undefined) ?? [])], version);
        if (entry === undefined) return json(200, { ok: false, signed_download_url: '', matched_key: '' });
        return json(200, {
          ok: true,
          signed_download_url: this.signedUrl(entry).href,
          matched_key: entry.key,
        });
      }
      case 'CreateCacheEntry': {
        if (this.#options.deny === 'write')
          return json(200, { ok: false, signed_upload_url: '', message: WRITE_DENIED });
        if (this.#exists(key, version)) {
          return json(409, {
            code: 'already_exists',
            msg: 'cache entry with the same key, version, and scope already exists',
          });
        }
        const { id } = this.#upload(key, version);
        return json(200, {
          ok: true,
          signed_upload_url: `${this.url}/store/${id}?se=2030-01-01&sig=${this.#signature}`,
        });
      }
      case 'FinalizeCacheEntryUpload': {
        const upload = [...this.#uploads.values()].findLast(
          (one) => one.key === key && one.version === version,
        );
        if (upload?.bytes === undefined || String(upload.bytes.length) !== asked['size_bytes']) {
          return json(200, {
            ok: false,
            entry_id: '0',
            message: 'the size is another one than was uploaded',
          });
        }
        this.#uploads.delete(upload.id);
        return json(200, { ok: true, entry_id: String(this.put(key, version, upload.bytes).id) });
      }
      default:
        return json(404, { code: 'bad_route', msg: 'no such method' });
    }
  }

  #v1(resource: string, { method, url, json: asked, headers, body }: Asked): Answer {
    const id = /^caches\/(\d+)$/.exec(resource)?.[1];
    if (method === 'GET' && resource === 'cache') {
      if (this.#options.deny === 'read') return json(403, { message: READ_DENIED });
      const keys = (url.searchParams.get('keys') ?? '').split(',');
      const entry = this.#find(keys, url.searchParams.get('version') ?? '');
      if (entry === undefined) return { status: 204, headers: {}, body: Buffer.alloc(0) };
      const { key: cacheKey } = entry;
      return json(200, { cacheKey, scope: 'refs/heads/main', archiveLocation: this.signedUrl(entry).href });
    }
    if (method === 'POST' && resource === 'caches') {
      if (this.#options.deny === 'write') return json(403, { message: WRITE_DENIED });
      const [key, version] = [String(asked['key']), String(asked['version'])];
      if (this.#exists(key, version))
        return json(409, { message: 'Cache already exists. Scope: refs/heads/main' });
      return json(201, { cacheId: this.#upload(key, version).id });
    }
    const upload = this.#uploads.get(Number(id));
    if (upload === undefined) return notFound();
    if (method === 'PATCH') {
      const start = /^bytes (\d+)-/.exec(String(headers['content-range']))?.[1];
      upload.pieces.set(Number(start), body);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    }
    const pieces = [...upload.pieces].sort(([one], [other]) => one - other);
    const bytes = Buffer.concat(pieces.map(([, piece]) => piece));
    if (bytes.length !== asked['size'])
      return json(400, { message: 'the size is another one than was uploaded' });
    this.#uploads.delete(upload.id);
    this.put(upload.key, upload.version, bytes);
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  }

  #store({ method, url, headers, body }: Asked): Answer {
    if (url.searchParams.get('sig') !== this.#signature) return text(403, 'the signature is none of ours');
    const id = Number(url.pathname.slice('/store/'.length));
    if (method !== 'PUT') {
      const entry = this.entries.find((one) => one.id === id);
      return entry === undefined ? notFound() : this.#serve(entry, headers);
    }
    const upload = this.#uploads.get(id);
    if (upload === undefined) return notFound();
    const created = {
      status: 201,
      headers: { etag: '"0x1"', 'x-ms-request-id': 'one' },
      body: Buffer.alloc(0),
    };
    switch (url.searchParams.get('comp')) {
      case 'block':
        upload.blocks.set(url.searchParams.get('blockid') ?? '', body);
        return created;
      case 'blocklist': {
        const ids = [...body.toString('utf8').matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(
          ([, one]) => one ?? '',
        );
        upload.bytes = Buffer.concat(ids.map((one) => upload.blocks.get(one) ?? Buffer.alloc(0)));
        return created;
      }
      default:
        if (headers['x-ms-blob-type'] !== 'BlockBlob') return text(400, 'no block blob');
        upload.bytes = body;
        return created;
    }
  }

  #serve({ bytes, etag }: CacheEntry, headers: Asked['headers']): Answer {
    const common = {
      etag,
      'content-type': 'application/octet-stream',
      'last-modified': 'Sat, 01 Jun 2024 00:00:00 GMT',
    };
    const asked = String(headers['x-ms-range'] ?? headers['range'] ?? '');
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(asked) ?? [];
    if (from === undefined || to === undefined || this.#options.ranges === false) {
      return { status: 200, headers: common, body: bytes };
    }
    if (Number(from) >= bytes.length) return text(416, 'no such range');
    const end = Math.min(Number(to), bytes.length - 1);
    return {
      status: 206,
      headers: { ...common, 'content-range': `bytes ${from}-${end}/${bytes.length}` },
      body: bytes.subarray(Number(from), end + 1),
    };
  }

  /** GitHub's order: the first key itself, then as a prefix, then the same for each other key; the newest of several. */
  #find(keys: readonly string[], version: string): CacheEntry | undefined {
    const entries = this.entries.filter((entry) => entry.version === version);
    for (const key of keys.map((one) => this.#spell(one))) {
      const found =
        entries.findLast((entry) => entry.key === key) ??
        entries.findLast((entry) => entry.key.startsWith(key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #exists(key: string, version: string): boolean {
    if (this.#options.likeAct === true) return false;
    return this.entries.some((entry) => entry.key === key && entry.version === version);
  }

  #upload(key: string, version: string): Upload {
    const id = this.#nextId++;
    const upload: Upload = { id, key, version, blocks: new Map(), pieces: new Map(), bytes: undefined };
    this.#uploads.set(id, upload);
    return upload;
  }

  #spell(key: string): string {
    return this.#options.likeAct === true ? key.toLowerCase() : key;
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

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}

function routeOf(method: string, { pathname, searchParams }: URL): CacheRoute {
  if (pathname.startsWith('/store/')) return method === 'PUT' ? 'store-upload' : 'store-download';
  if (pathname.endsWith('/GetCacheEntryDownloadURL') || searchParams.has('keys')) return 'lookup';
  if (pathname.endsWith('/CreateCacheEntry') || /\/caches$/.test(pathname)) return 'create';
  if (method === 'PATCH') return 'store-upload';
  if (pathname.endsWith('/FinalizeCacheEntryUpload') || /\/caches\/\d+$/.test(pathname)) return 'finalize';
  return 'other';
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function send(response: ServerResponse, method: string, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  const length = status === 204 ? {} : { 'content-length': String(body.length) };
  response.writeHead(status, { ...length, ...headers });
  response.end(method === 'HEAD' || status === 204 ? undefined : body);
}

function parseJson(body: Buffer): Record<string, unknown> | undefined {
  if (body[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function json(status: number, value: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(body) };
}

function notFound(): Answer {
  return {
    status: 404,
    headers: { 'content-type': 'text/html' },
    body: Buffer.from('<html>not found</html>'),
  };
}
