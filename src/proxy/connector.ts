import { isIP, type LookupFunction, type Socket } from 'node:net';
import { type PeerCertificate, type SecureContext, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import {
  classifyError,
  clientCertificateFailure,
  codeOf,
  type ErrorContext,
  type Failure,
  type Pending,
  RequestError,
} from './failure.ts';
import { httpProxyLabel } from './http-proxy.ts';
import { openTunnel } from './http-proxy-tunnel.ts';
import type { Phases } from './verdict.ts';

/** What is known of one connection; changes while it is opened. */
export interface ConnectionTrace {
  at: Pending;
  dnsMs?: number;
  tcpMs?: number;
  tlsMs?: number;
  address?: string;
  /** An IPv6 address that gave no answer before the next one was tried. */
  silentIpv6?: string;
  /** What the server said of the open connection in TLS; undici tells only that it was closed. */
  refused?: Failure;
  /** Whether a request has used it: then the next one is warm. */
  used: boolean;
}

/** Options of makeConnector. */
export interface ConnectorOptions {
  /** Undefined where no https is spoken. */
  readonly secureContext?: SecureContext;
  readonly lookup: LookupFunction;
  /** An HTTP proxy in between; `tunnel` for https targets, else the connection to it is all. */
  readonly httpProxy?: { readonly url: URL; readonly tunnel: boolean };
  readonly userAgent: string;
}

/** Opens connections for one undici pool. */
export interface Connector {
  readonly connect: buildConnector.connector;
  /** The connection opened last. */
  latest(): ConnectionTrace | undefined;
  phases(trace: ConnectionTrace): Phases;
  /** Ends everything that is being opened; undici does not. */
  abort(): void;
}

/**
 * How long one of several addresses may take before the next is tried; Node ends the attempt then, and 250 ms
 * (RFC 8305) is too short for far mirrors.
 */
const ATTEMPT_TIMEOUT_MS = 500;

/**
 * Returns a connector for undici that times DNS, TCP and TLS, goes through HTTP proxies (CONNECT on a connection of our
 * own, since undici's never settles when the HTTP proxy stalls), and rejects with RequestError. HTTP/1.1 only. It has no
 * timeout: the caller aborts.
 */
export function makeConnector(options: ConnectorOptions): Connector {
  const open = new Set<Socket>();
  let latest: ConnectionTrace | undefined;
  let aborted = false;
  const dial = makeDial(options, open);
  return {
    connect: (target, callback) => {
      const trace: ConnectionTrace = { at: 'dns', used: false };
      latest = trace;
      const opened = aborted
        ? Promise.reject(new Error('aborted'))
        : establish(options, target, { trace, dial });
      opened.then(
        (socket) => {
          trace.at = 'headers';
          callback(null, socket);
        },
        (error: unknown) => callback(toRequestError(error, trace), null),
      );
    },
    latest: () => latest,
    phases: (trace) => ({
      ...(trace.dnsMs === undefined ? {} : { dnsMs: trace.dnsMs }),
      ...(trace.tcpMs === undefined ? {} : { tcpMs: trace.tcpMs }),
      ...(trace.tlsMs === undefined ? {} : { tlsMs: trace.tlsMs }),
      ...(options.httpProxy === undefined ? {} : { viaHttpProxy: httpProxyLabel(options.httpProxy.url) }),
    }),
    abort: () => {
      aborted = true;
      for (const socket of open) socket.destroy(new Error('aborted'));
      open.clear();
    },
  };
}

type Dial = (target: buildConnector.Options, trace: ConnectionTrace) => Promise<Socket>;

/** An error with what only its connection knows. */
class PhaseError extends Error {
  readonly seen: SeenInHandshake;
  constructor(cause: unknown, seen: SeenInHandshake) {
    super('connection failed', { cause });
    this.seen = seen;
  }
}

type SeenInHandshake = Pick<ErrorContext, 'namesIssuer' | 'gotCertificate'>;

function toRequestError(error: unknown, trace: ConnectionTrace): RequestError {
  const inner = error instanceof PhaseError ? error.cause : error;
  const seen = error instanceof PhaseError ? error.seen : {};
  return new RequestError(classifyError(inner, { at: trace.at, ...seen }), { cause: inner });
}

async function establish(
  options: ConnectorOptions,
  target: buildConnector.Options,
  tools: { readonly trace: ConnectionTrace; readonly dial: Dial },
): Promise<Socket> {
  const { trace, dial } = tools;
  const { httpProxy } = options;
  if (httpProxy === undefined) return dial(target, trace);
  const socket = await dialHttpProxy(httpProxy.url, tools);
  if (!httpProxy.tunnel) return socket;
  trace.at = 'http-proxy';
  const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  const port = target.port || '443';
  const tunnel = await openTunnel(socket, {
    proxy: httpProxy.url,
    target: `${host}:${port}`,
    userAgent: options.userAgent,
  });
  trace.at = 'tls';
  return dial({ ...target, httpSocket: tunnel }, trace);
}

async function dialHttpProxy(
  url: URL,
  tools: { readonly trace: ConnectionTrace; readonly dial: Dial },
): Promise<Socket> {
  const isTls = url.protocol === 'https:';
  const target = {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    protocol: url.protocol,
    port: url.port || (isTls ? '443' : '80'),
  };
  try {
    return await tools.dial(target, tools.trace);
  } catch (error) {
    const { failure } = toRequestError(error, tools.trace);
    const detail = `the HTTP proxy cannot be reached: ${failure.detail}`;
    throw new RequestError({ stage: 'tcp', cause: 'http-proxy-unreachable', detail }, { cause: error });
  }
}

function makeDial(options: ConnectorOptions, open: Set<Socket>): Dial {
  const connect = buildConnector({
    allowH2: false,
    // A resumed session would make the second handshake look faster than go's.
    maxCachedSessions: 0,
    timeout: 0,
    lookup: options.lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
    ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
  } as buildConnector.BuildOptions);
  return (target, trace) =>
    new Promise<Socket>((resolve, reject) => {
      let namesIssuer = false;
      const done: buildConnector.Callback = (error, socket) => {
        open.delete(returned);
        if (error === null) resolve(socket);
        else reject(new PhaseError(error, { namesIssuer, gotCertificate: hasShownCertificate(returned) }));
      };
      // It returns the socket that it opens, though its type does not say so.
      const returned = connect(target, done) as unknown as Socket;
      open.add(returned);
      watch(returned, target, trace);
      // Before Node verifies, for afterwards the certificate is gone.
      returned.prependListener('secure', () => {
        // Not getPeerX509Certificate: after it Node 24 checks the host name against an empty certificate.
        const certificate: PeerCertificate | null = (returned as TLSSocket).getPeerCertificate();
        namesIssuer = Object.keys(certificate?.infoAccess ?? {}).some((name) =>
          name.startsWith('CA Issuers'),
        );
      });
    });
}

/** Whether the server sent its certificate, as it does before it asks for ours. */
function hasShownCertificate(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket)) return false;
  const certificate: PeerCertificate | null = socket.getPeerCertificate();
  return Object.keys(certificate ?? {}).length > 0;
}

function watch(socket: Socket, target: buildConnector.Options, trace: ConnectionTrace): void {
  let since = performance.now();
  const lap = () => {
    const now = performance.now();
    const ms = now - since;
    since = now;
    return ms;
  };
  const isTls = target.protocol === 'https:';
  if (target.httpSocket === undefined) {
    trace.at = isIP(target.hostname) === 0 ? 'dns' : 'tcp';
    socket.once('lookup', (error: Error | null) => {
      if (error !== null || isIP(target.hostname) !== 0) return;
      trace.at = 'tcp';
      trace.dnsMs = lap();
    });
    socket.on('connectionAttemptTimeout', (address: string, _port: number, family: number) => {
      if (family === 6) trace.silentIpv6 ??= address;
    });
    socket.once('connect', () => {
      trace.tcpMs = lap();
      if (socket.remoteAddress !== undefined) trace.address = socket.remoteAddress;
      trace.at = isTls ? 'tls' : 'headers';
    });
  }
  socket.once('secureConnect', () => {
    trace.tlsMs = lap();
    socket.on('error', (error) => {
      const refused = clientCertificateFailure(codeOf(error), false);
      if (refused !== undefined) trace.refused ??= refused;
    });
  });
}
