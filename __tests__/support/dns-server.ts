import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** The addresses of a name, or the failure to answer with. */
export type DnsAnswer = readonly string[] | 'nxdomain' | 'servfail' | 'refused' | 'silent';

/** Options of startDnsServer. */
export interface DnsServerOptions {
  /** Default 0 (any); resolvers ask 53, which needs the namespace of namespace.ts. */
  readonly port?: number;
  /** Loopback; default 127.0.0.1. */
  readonly address?: string;
  /** By name in lower case. */
  readonly names?: Readonly<Record<string, DnsAnswer>>;
  /** For all other names; default `nxdomain`. */
  readonly otherwise?: DnsAnswer;
}

/** A running DNS server. */
export interface DnsServer extends AsyncDisposable {
  readonly port: number;
  /** Names asked for, in their order. */
  readonly queries: readonly string[];
  close(): Promise<void>;
}

const RCODE = { ok: 0, servfail: 2, nxdomain: 3, refused: 5 } as const;
const TYPE_A = 1;
const TYPE_AAAA = 28;

/** Starts a DNS server on loopback over UDP; malformed queries are dropped. */
export async function startDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const queries: string[] = [];
  socket.on('message', (query, from) => {
    const question = readQuestion(query);
    if (question === undefined) return;
    queries.push(question.name);
    const answer = options.names?.[question.name] ?? options.otherwise ?? 'nxdomain';
    if (answer !== 'silent') socket.send(writeAnswer(query, question, answer), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
  });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  return { port: socket.address().port, queries, close, [Symbol.asyncDispose]: close };
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the query. */
  readonly end: number;
}

function readQuestion(query: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at++;
    if (length === 0) break;
    labels.push(query.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at), end: at + 4 };
}

function writeAnswer(query: Buffer, question: Question, answer: Exclude<DnsAnswer, 'silent'>): Buffer {
  const addresses =
    typeof answer === 'string'
      ? []
      : answer.filter((ip) => question.type === (isIPv6(ip) ? TYPE_AAAA : TYPE_A));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // A response that allows recursion, with the question's own wish for it.
  head.writeUInt16BE(
    0x8080 | (query.readUInt16BE(2) & 0x0100) | RCODE[typeof answer === 'string' ? answer : 'ok'],
    2,
  );
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([head, query.subarray(12, question.end), ...addresses.map(writeRecord)]);
}

function writeRecord(address: string): Buffer {
  const data = isIPv6(address) ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number));
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(data.length === 16 ? TYPE_AAAA : TYPE_A, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(1, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}

function ipv6Bytes(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const words = (text: string) =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const head = words(left);
  const tail = right === undefined ? [] : words(right);
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  const bytes = Buffer.alloc(16);
  for (const [index, word] of all.entries()) bytes.writeUInt16BE(word, index * 2);
  return bytes;
}
