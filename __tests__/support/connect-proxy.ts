import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, isIP, type Socket } from 'node:net';

/** Where a name really leads; loopback only. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** Options of startConnectProxy. */
export interface ConnectProxyOptions {
  /** By `host:port` as clients ask for it. */
  readonly names?: Readonly<Record<string, Destination>>;
  /** Without this login everything is 407. */
  readonly login?: { readonly user: string; readonly password: string };
  /** `refuse` is 403, `bad-gateway` 502; `stall` never answers, `close` ends the connection without an answer. */
  readonly behaviour?: 'ok' | 'refuse' | 'stall' | 'close' | 'bad-gateway';
}

/** One request to the proxy. */
export interface ProxiedRequest {
  readonly method: string;
  /** `host:port` of a CONNECT, the whole URL of an absolute-form request. */
  readonly target: string;
  readonly authorized: boolean;
}

/** A running HTTP proxy. */
export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, with the login as userinfo if there is one. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly requests: readonly ProxiedRequest[];
  /** Targets of the CONNECT requests, in their order. */
  readonly targets: readonly string[];
  close(): Promise<void>;
}

/** Starts an HTTP proxy on loopback that leads only to loopback, whatever it is asked for: no traffic leaves. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const admit = (request: IncomingMessage) => {
    const authorized = isAuthorized(request, options);
    requests.push({ method: request.method ?? '', target: request.url ?? '', authorized });
    return authorized;
  };
  const server = createServer((request, response) => forward(request, response, options, admit(request)));
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    tunnel(request, socket, { head, options, authorized: admit(request), keep });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { login } = options;
  const userinfo =
    login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://${userinfo}127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    port,
    requests,
    get targets() {
      return requests.filter((request) => request.method === 'CONNECT').map((request) => request.target);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isAuthorized(request: IncomingMessage, { login }: ConnectProxyOptions): boolean {
  if (login === undefined) return true;
  const wanted = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  return request.headers['proxy-authorization'] === wanted;
}

/** The loopback address for a name, undefined for whatever would leave this machine. */
function resolveTarget(target: string, { names = {} }: ConnectProxyOptions): Destination | undefined {
  const mapped = names[target];
  if (mapped !== undefined) return isLoopback(mapped.host) ? mapped : undefined;
  const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(target);
  const host = match?.[1] ?? match?.[2] ?? '';
  return isLoopback(host)
    ? { host: host === 'localhost' ? '127.0.0.1' : host, port: Number(match?.[3]) }
    : undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly header?: string;
}

/** Why a request gets no further; undefined when it may. */
function refusal(
  options: ConnectProxyOptions,
  authorized: boolean,
  to: Destination | undefined,
): Refusal | undefined {
  if (options.behaviour === 'refuse') return { status: 403, reason: 'Forbidden' };
  if (options.behaviour === 'bad-gateway') return { status: 502, reason: 'Bad Gateway' };
  if (!authorized) {
    const header = 'proxy-authenticate: Basic realm="tests"\r\n';
    return { status: 407, reason: 'Proxy Authentication Required', header };
  }
  return to === undefined ? { status: 403, reason: 'Not Loopback' } : undefined;
}

interface Tunnel {
  readonly head: Buffer;
  readonly options: ConnectProxyOptions;
  readonly authorized: boolean;
  readonly keep: (socket: Socket) => void;
}

function tunnel(request: IncomingMessage, socket: Socket, { head, options, authorized, keep }: Tunnel): void {
  if (options.behaviour === 'stall') return;
  if (options.behaviour === 'close') {
    socket.end();
    return;
  }
  const to = resolveTarget(request.url ?? '', options);
  const refused = refusal(options, authorized, to);
  if (refused !== undefined || to === undefined) {
    const { status, reason, header = '' } = refused ?? { status: 403, reason: 'Forbidden' };
    socket.end(`HTTP/1.1 ${status} ${reason}\r\n${header}content-length: 0\r\nconnection: close\r\n\r\n`);
    return;
  }
  const upstream = connect(to.port, to.host);
  keep(upstream);
  let open = false;
  upstream.on('connect', () => {
    open = true;
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => {
    if (open) socket.destroy();
    else socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  socket.on('close', () => upstream.destroy());
}

/** An absolute-form request (`GET http://host/…`), as clients send it for http targets. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: ConnectProxyOptions,
  authorized: boolean,
): void {
  if (options.behaviour === 'stall') return;
  if (options.behaviour === 'close') {
    request.socket.end();
    return;
  }
  const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
  const to = url && resolveTarget(`${url.hostname}:${url.port || '80'}`, options);
  const refused = refusal(options, authorized, to);
  if (refused !== undefined || to === undefined || url === undefined) {
    const { status, reason } = refused ?? { status: 403, reason: 'Forbidden' };
    response.writeHead(status, reason, status === 407 ? { 'proxy-authenticate': 'Basic realm="tests"' } : {});
    response.end();
    return;
  }
  const { 'proxy-authorization': _login, ...headers } = request.headers;
  const upstream = httpRequest(
    { ...to, method: request.method, path: url.pathname + url.search, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  upstream.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  request.pipe(upstream);
}
