import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What a request asks for, as faults are matched to it. */
export type RequestKind = 'info' | 'mod' | 'zip' | 'list' | 'latest' | 'sumdb' | 'other';

/** When a fault strikes. Of several faults the first that strikes is taken. */
export interface FaultWhen {
  /** A kind of file, or a pattern for the path with its query; default `any`. Not for connection faults. */
  readonly match?: RequestKind | 'any' | RegExp;
  /** 0 to 1, from the server's seeded generator; default 1. */
  readonly probability?: number;
  /** Spare the first N requests that match (connections, for connection faults). */
  readonly afterRequests?: number;
  /** Strike at most this often. */
  readonly times?: number;
  /** Decides instead of `probability` about the nth request, from 1, of a target: whoever else asks, and in whatever order. */
  readonly decide?: (target: string, nth: number) => boolean;
}

/** What happens on a connection before any request is read. */
export type ConnectionFaultKind =
  /** Nothing listens any more (at once; with `afterRequests` after that many connections). */
  | { readonly kind: 'refuse' }
  /** Accepted, then silence; also a `tls-stall`, but on any server. */
  | { readonly kind: 'accept-and-silent' }
  /** The ClientHello is read and never answered. */
  | { readonly kind: 'tls-stall' }
  /** FIN (or RST) as the answer to the ClientHello. */
  | { readonly kind: 'close-on-hello'; readonly reset?: boolean }
  /** Plain HTTP is spoken on the TLS server's port. */
  | { readonly kind: 'plain-http-on-tls-port' };

/** What happens to one request. */
export type RequestFaultKind =
  | { readonly kind: 'reset-before-headers' }
  | { readonly kind: 'close-before-headers' }
  | { readonly kind: 'headers-never' }
  | { readonly kind: 'headers-slow'; readonly ms: number }
  /** A status line and half of a header, then this. */
  | { readonly kind: 'cut-in-headers'; readonly end: 'silence' | 'close' | 'reset' }
  /** Right headers, `bytes` of the body (default half), then silence. */
  | { readonly kind: 'body-stall'; readonly bytes?: number }
  /** The right body, this slowly. */
  | { readonly kind: 'trickle'; readonly bytesPerSecond: number }
  /** Half of the body (or `bytes`), then FIN; `close-delimited` looks complete to HTTP. */
  | {
      readonly kind: 'truncate';
      readonly framing: 'content-length' | 'chunked' | 'close-delimited';
      readonly bytes?: number;
    }
  /** Half of the body (or `bytes`), then RST. */
  | { readonly kind: 'reset-in-body'; readonly bytes?: number }
  /** The right length, then more bytes than it says. */
  | { readonly kind: 'extra-bytes'; readonly bytes?: number }
  /** The right body with a Content-Length that is off by `delta`; the connection ends after it. */
  | { readonly kind: 'wrong-content-length'; readonly delta: number }
  /** A chunked body without end (at most `limitBytes`, default 1 GiB, for the test's own sake). */
  | { readonly kind: 'endless-body'; readonly limitBytes?: number }
  /** Any answer. A `reason` is written as it is, whatever bytes it has. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string | Uint8Array;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly reason?: string;
    }
  /** 404 text/plain as a proxy answers that hides an upstream's trouble; default goproxy's words. */
  | { readonly kind: 'transient-404'; readonly body?: string }
  /** 200 with a login page. On `any` it is a captive portal. */
  | { readonly kind: 'html-200'; readonly html?: string }
  /** Every path, also those that cannot exist, is 200 HTML. */
  | { readonly kind: 'captive-portal' }
  /** Valid in form, other content: another zip or go.mod of the same module, another time in .info. */
  | { readonly kind: 'wrong-bytes' }
  /** One byte in the middle is changed, so that the zip's CRC is wrong. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'wrong-version-info'; readonly version?: string }
  | { readonly kind: 'not-json-info'; readonly body?: string }
  /** Content-Encoding: gzip, whatever the client accepts. */
  | { readonly kind: 'gzip-encoded' }
  | { readonly kind: 'redirect-loop' }
  /** 302 to this address; with `keepPath` the path asked for is put behind it. */
  | { readonly kind: 'redirect-to'; readonly url: string; readonly keepPath?: boolean }
  /** 302 to http://, from an https server; default this host without TLS. */
  | { readonly kind: 'redirect-to-http'; readonly url?: string }
  /** Bytes that are no HTTP, then the connection ends. */
  | { readonly kind: 'garbage-before-headers'; readonly bytes?: string | Uint8Array }
  /** A whole response, head and body, byte for byte as given, then the connection ends. */
  | { readonly kind: 'raw-response'; readonly bytes: string | Uint8Array };

export type ConnectionFault = FaultWhen & ConnectionFaultKind;
export type RequestFault = FaultWhen & RequestFaultKind;
export type Fault = ConnectionFault | RequestFault;

/** An answer as the healthy server would give it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The answer of the same path with tampered content, where there is one. */
  readonly tampered?: Uint8Array;
}

const CONNECTION_KINDS: ReadonlySet<string> = new Set<ConnectionFaultKind['kind']>([
  'refuse',
  'accept-and-silent',
  'tls-stall',
  'close-on-hello',
  'plain-http-on-tls-port',
]);

/** Whether the fault strikes connections, not requests. */
export function isConnectionFault(fault: Fault): fault is ConnectionFault {
  return CONNECTION_KINDS.has(fault.kind);
}

/** Chooses the fault for each connection and request; counts for itself. */
export interface FaultPicker {
  connection(): ConnectionFault | undefined;
  request(kind: RequestKind, target: string): RequestFault | undefined;
}

/** Returns a picker over `faults`; `random` gives 0 to 1. */
export function makeFaultPicker(faults: readonly Fault[], random: () => number): FaultPicker {
  const counts = faults.map(() => ({ seen: 0, struck: 0 }));
  const asked = new Map<string, number>();
  const strikes = (index: number, fault: Fault, target = '') => {
    const count = counts[index]!;
    count.seen++;
    if (count.seen <= (fault.afterRequests ?? 0) || count.struck >= (fault.times ?? Infinity)) return false;
    if (fault.decide?.(target, asked.get(target) ?? 0) === false) return false;
    if (fault.probability !== undefined && random() >= fault.probability) return false;
    count.struck++;
    return true;
  };
  return {
    connection: () =>
      faults.find((fault, index) => isConnectionFault(fault) && strikes(index, fault)) as
        | ConnectionFault
        | undefined,
    request: (kind, target) => {
      asked.set(target, (asked.get(target) ?? 0) + 1);
      return faults.find(
        (fault, index) =>
          !isConnectionFault(fault) && matches(fault, kind, target) && strikes(index, fault, target),
      ) as RequestFault | undefined;
    },
  };
}

function matches(fault: Fault, kind: RequestKind, target: string): boolean {
  const match = fault.match ?? 'any';
  if (match instanceof RegExp) return new RegExp(match.source, match.flags.replace(/[gy]/g, '')).test(target);
  return match === 'any' || match === kind;
}

/** What a fault needs of the server to be carried out. */
export interface FaultContext {
  readonly request: IncomingMessage;
  /** The TCP socket, below TLS, which alone can be reset. */
  readonly rawSocket: Socket;
  readonly answer: Answer;
  /** Gives the answer as the healthy server does, with its bandwidth. */
  readonly respond: (answer: Answer) => Promise<void>;
  /** Ends at the server's close. */
  readonly sleep: (ms: number) => Promise<void>;
}

const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please log in</body></html>\n';
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** Carries the fault out; silence ends when the client or the server closes. */
export async function applyFault(fault: RequestFaultKind, context: FaultContext): Promise<void> {
  const replaced = replaceAnswer(fault, context);
  return replaced === undefined ? breakTransport(fault, context) : context.respond(replaced);
}

/** The answer of a fault that is well-formed HTTP, undefined for all others. */
function replaceAnswer(fault: RequestFaultKind, context: FaultContext): Answer | undefined {
  const { answer, request } = context;
  const redirect = (location: string) => ({
    status: 302,
    headers: { ...TEXT, location },
    body: Buffer.from('moved\n'),
  });
  switch (fault.kind) {
    case 'status':
      return fault.reason === undefined ? statusAnswer(fault) : undefined;
    case 'transient-404':
      return { status: 404, headers: TEXT, body: Buffer.from(fault.body ?? 'not found: bad upstream') };
    case 'html-200':
      return { status: 200, headers: HTML, body: Buffer.from(fault.html ?? LOGIN_PAGE) };
    case 'captive-portal':
      return { status: 200, headers: HTML, body: Buffer.from(LOGIN_PAGE) };
    case 'wrong-bytes':
      return { ...answer, body: answer.tampered ?? flipMiddle(answer.body) };
    case 'corrupt':
      return { ...answer, body: flipMiddle(answer.body) };
    case 'wrong-version-info': {
      const info = JSON.stringify({ Version: fault.version ?? 'v0.0.1', Time: '2020-01-01T00:00:00Z' });
      return { ...answer, body: Buffer.from(info) };
    }
    case 'not-json-info':
      return { ...answer, body: Buffer.from(fault.body ?? 'this is not JSON\n') };
    case 'gzip-encoded':
      return {
        ...answer,
        headers: { ...answer.headers, 'content-encoding': 'gzip' },
        body: gzipSync(answer.body),
      };
    case 'redirect-loop':
      return redirect(request.url ?? '/');
    case 'redirect-to':
      return redirect(
        fault.keepPath === true ? fault.url.replace(/\/$/, '') + (request.url ?? '') : fault.url,
      );
    case 'redirect-to-http':
      return redirect(fault.url ?? `http://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`);
    default:
      return undefined;
  }
}

function statusAnswer(fault: Extract<RequestFaultKind, { kind: 'status' }>): Answer {
  return {
    status: fault.status,
    headers: { 'content-type': fault.contentType ?? 'text/plain; charset=utf-8', ...fault.headers },
    body: Buffer.from(fault.body ?? `status ${fault.status}\n`),
  };
}

function flipMiddle(body: Uint8Array): Uint8Array {
  const flipped = Uint8Array.from(body);
  const middle = Math.floor(flipped.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 0xff;
  return flipped;
}

async function breakTransport(fault: RequestFaultKind, context: FaultContext): Promise<void> {
  const { answer, rawSocket, respond, sleep } = context;
  const { body } = answer;
  const half = Math.floor(body.length / 2);
  switch (fault.kind) {
    case 'reset-before-headers':
      rawSocket.resetAndDestroy();
      return;
    case 'close-before-headers':
      context.request.socket.end();
      return;
    case 'headers-never':
      return;
    case 'headers-slow':
      await sleep(fault.ms);
      return respond(answer);
    case 'cut-in-headers':
      return cutInHeaders(context, fault.end);
    case 'body-stall':
      writeRaw(context, headOf(answer, body.length), body.subarray(0, fault.bytes ?? half));
      return;
    case 'trickle':
      return trickle(context, fault.bytesPerSecond);
    case 'truncate':
      return endRaw(context, ...truncated(answer, fault.framing, fault.bytes ?? half));
    case 'reset-in-body':
      writeRaw(context, headOf(answer, body.length), body.subarray(0, fault.bytes ?? half));
      // The kernel throws away what it has not sent yet on a reset.
      await sleep(50);
      rawSocket.resetAndDestroy();
      return;
    case 'extra-bytes':
      return endRaw(
        context,
        keptAlive(headOf(answer, body.length)),
        body,
        Buffer.alloc(fault.bytes ?? 1000, 'x'),
      );
    case 'wrong-content-length':
      return endRaw(context, keptAlive(headOf(answer, Math.max(0, body.length + fault.delta))), body);
    case 'endless-body':
      return endless(context, fault.limitBytes ?? 1 << 30);
    case 'garbage-before-headers':
      return endRaw(context, latin1(fault.bytes ?? '\x00\x01\xfe\xffnonsense\r\n\r\n'));
    case 'raw-response':
      return endRaw(context, latin1(fault.bytes));
    case 'status': {
      const own = statusAnswer(fault);
      return endRaw(context, headOf(own, own.body.length, fault.reason), own.body);
    }
    default:
      throw new Error(`fault ${fault.kind} is not a transport fault`);
  }
}

async function cutInHeaders(context: FaultContext, end: 'silence' | 'close' | 'reset'): Promise<void> {
  const { socket } = context.request;
  socket.write('HTTP/1.1 200 OK\r\ncontent-le');
  if (end === 'close') socket.end();
  if (end !== 'reset') return;
  await context.sleep(50);
  context.rawSocket.resetAndDestroy();
}

/** Text of tests is written byte for byte; characters above U+00FF as UTF-8. */
function latin1(text: string | Uint8Array): Buffer {
  if (typeof text !== 'string') return Buffer.from(text);
  return Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
}

/** The head of a response that ends its connection; without a length the end of the connection ends the body. */
function headOf(answer: Answer, length: number | 'chunked' | undefined, reason = 'OK'): Buffer {
  const lines = [`HTTP/1.1 ${answer.status} ${reason}`];
  for (const [name, value] of Object.entries(answer.headers)) lines.push(`${name}: ${value}`);
  if (length === 'chunked') lines.push('transfer-encoding: chunked');
  else if (length !== undefined) lines.push(`content-length: ${length}`);
  return latin1(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`);
}

/** Without `connection: close`, after which Node's parser refuses what it else would take for the next response. */
function keptAlive(head: Buffer): Buffer {
  return latin1(head.toString('latin1').replace('connection: close\r\n', ''));
}

function truncated(answer: Answer, framing: 'content-length' | 'chunked' | 'close-delimited', bytes: number) {
  const part = answer.body.subarray(0, bytes);
  switch (framing) {
    case 'content-length':
      return [headOf(answer, answer.body.length), part];
    case 'chunked':
      return [headOf(answer, 'chunked'), latin1(`${part.length.toString(16)}\r\n`), part, latin1('\r\n')];
    case 'close-delimited':
      return [headOf(answer, undefined), part];
  }
}

function writeRaw(context: FaultContext, ...parts: readonly Uint8Array[]): void {
  context.request.socket.write(Buffer.concat(parts));
}

function endRaw(context: FaultContext, ...parts: readonly Uint8Array[]): void {
  context.request.socket.end(Buffer.concat(parts));
}

async function trickle(context: FaultContext, bytesPerSecond: number): Promise<void> {
  const { socket } = context.request;
  const { body } = context.answer;
  const intervalMs = Math.max(20, Math.ceil(1000 / bytesPerSecond));
  const step = Math.max(1, Math.floor((bytesPerSecond * intervalMs) / 1000));
  socket.write(headOf(context.answer, body.length));
  for (let at = 0; at < body.length && !socket.destroyed; at += step) {
    socket.write(body.subarray(at, at + step));
    await context.sleep(intervalMs);
  }
  socket.end();
}

async function endless(context: FaultContext, limitBytes: number): Promise<void> {
  const { socket } = context.request;
  const block = Buffer.alloc(0x10000, 'z');
  const chunk = Buffer.concat([latin1('10000\r\n'), block, latin1('\r\n')]);
  socket.write(headOf(context.answer, 'chunked'));
  for (let sent = 0; sent < limitBytes && !socket.destroyed; sent += block.length) {
    if (!socket.write(chunk)) await drained(socket);
  }
  socket.destroy();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
