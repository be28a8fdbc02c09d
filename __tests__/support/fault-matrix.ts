import { createHash } from 'node:crypto';
import type { CertificateVariant } from './certificates.ts';
import type { Fault, RequestFaultKind, RequestKind } from './faults.ts';
import { escapeName, makeModule, type SyntheticModule } from './modules.ts';

/** Where in an exchange a fault strikes; the tables are in this order. */
export const PLACES = [
  'before headers',
  'within headers',
  'within body',
  'wrong content',
  'statuses',
  'redirects',
  'TLS',
] as const;

/** One fault of the matrix. */
export interface MatrixFault {
  readonly place: (typeof PLACES)[number];
  readonly name: string;
  /** Absent where the certificate is the fault. */
  readonly fault?: Fault;
  readonly tls?: CertificateVariant;
  /** Silence: a cell of it waits, and costs nothing meanwhile. */
  readonly waits?: true;
  /** Why one of the crossings makes no sense. */
  readonly leftOut?: Partial<Record<Crossing, string>>;
}

/** Whom a fault strikes, and from when on. */
export const CROSSINGS = ['one-start', 'one-after', 'both-start', 'both-after'] as const;
export type Crossing = (typeof CROSSINGS)[number];

/** Who has to get the modules. */
export const CONTESTANTS = ['ours |', 'ours ,', 'go |', 'go ,'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/**
 * How it ended: everything is there and go builds offline; something is missing; nothing moves any more; or the run itself
 * went wrong, which no document may hold.
 */
export type Outcome = 'survives' | 'fails' | 'hangs' | 'unjudged';

/** Who runs in a crossing. */
const RUNNING: Readonly<Record<Crossing, readonly Contestant[]>> = {
  'one-start': CONTESTANTS,
  'one-after': CONTESTANTS,
  'both-start': ['ours |', 'go |', 'go ,'],
  'both-after': ['ours |', 'ours ,'],
};

/** One cell of the matrix. */
export interface Cell {
  readonly fault: MatrixFault;
  readonly crossing: Crossing;
  readonly contestant: Contestant;
}

/** The first of two proxies has the name `a`. */
export type ServerName = 'a' | 'b';

/** The module whose zip comes first in go.sum's order, and tells the probe enough alone. */
export const PROBED = { path: 'fault.test/Acme/probed', version: 'v1.2.3' };
/** Requests of the probe to a proxy without a fault: .info, .mod, .zip of {@link PROBED}. */
export const PROBE_REQUESTS = 3;
const MODULES = 12;

/** Returns twelve modules of 1.6 MB together: four zips of 200 KB and more, `+incompatible`, pseudo-version, upper case. */
export function makeMatrixModules(): readonly SyntheticModule[] {
  const shapes = Array.from({ length: MODULES - 1 }, (_, index) => {
    const path = `fault.test/mod${String(index).padStart(2, '0')}`;
    const sizeBytes = index % 4 === 3 ? 240_000 : 20_000;
    if (index === 4) return { path, version: 'v2.0.1+incompatible', sizeBytes };
    if (index === 5) return { path, version: 'v0.0.0-20240102030405-0123456789ab', sizeBytes };
    if (index === 6) return { path: `${path}/v3`, version: 'v3.1.0', sizeBytes };
    return { path, version: `v1.0.${index}`, sizeBytes };
  });
  return [makeModule({ ...PROBED, sizeBytes: 640_000 }), ...shapes.map(makeModule)];
}

/** Returns the request targets of the three files of a module. */
export function targetsOf({ path, version }: { readonly path: string; readonly version: string }) {
  const file = `/${escapeName(path)}/@v/${escapeName(version)}`;
  return { info: `${file}.info`, mod: `${file}.mod`, zip: `${file}.zip` };
}

/** The action writes the exclamation mark of an upper-case letter percent-encoded, go does not: the same file. */
function plainTarget(target: string): string {
  return target.replaceAll('%21', '!').replaceAll('%2B', '+');
}

const PROBABILITY = 0.3;
/** {@link factsOfSeed} says what it gives, the test what it must. */
export const SEED = 1476;

/** Whether a fault of 30 % strikes the nth request for this target at this server: the same in every run, in any order of requests. */
export function strikesBoth(server: ServerName, target: string, nth: number, seed = SEED): boolean {
  const hash = createHash('sha256')
    .update(`${seed}/${server}/${plainTarget(target)}/${nth}`)
    .digest();
  return hash.readUInt32BE() / 2 ** 32 < PROBABILITY;
}

/** Returns the faults of a server in a crossing. */
export function faultsOf({ fault, crossing }: Cell, server: ServerName): readonly Fault[] {
  if (fault.fault === undefined) return [];
  const probed = new Set(Object.values(targetsOf(PROBED)));
  switch (crossing) {
    case 'one-start':
      return server === 'a' ? [fault.fault] : [];
    case 'one-after':
      return server === 'a' ? [{ ...fault.fault, afterRequests: PROBE_REQUESTS }] : [];
    case 'both-start':
      return [{ ...fault.fault, decide: (target, nth) => strikesBoth(server, target, nth) }];
    case 'both-after':
      return [
        {
          ...fault.fault,
          decide: (target, nth) =>
            !(nth === 1 && probed.has(plainTarget(target))) && strikesBoth(server, target, nth),
        },
      ];
    default: {
      const never: never = crossing;
      return never;
    }
  }
}

const CONNECTION = 'a connection has no file, so that 30 % of connections strike other files in every run';
const CONNECTIONS_ONLY = { 'both-start': CONNECTION, 'both-after': CONNECTION };
const FROM_START_ONLY = {
  ...CONNECTIONS_ONLY,
  'one-after': 'a certificate does not change while a job runs',
};
const NO_LOOP = 'a redirect to itself that strikes by chance is no loop';

const TRICKLE =
  'a trickle is told after 10 s, so that chance decides whether a file with three of them comes before 20 s without any count as a dead network';

function request(
  place: MatrixFault['place'],
  name: string,
  fault: RequestFaultKind,
  match: RequestKind | 'any' = 'any',
): MatrixFault {
  return { place, name, fault: { ...fault, match } };
}

function answering(status: number, headers: Readonly<Record<string, string>> = {}): RequestFaultKind {
  return { kind: 'status', status, headers, body: status === 404 ? 'not found: unknown\n' : 'no\n' };
}

const INFO = 'info';

/** Every fault of the matrix. */
export const MATRIX_FAULTS: readonly MatrixFault[] = [
  { place: 'before headers', name: 'nothing listens', fault: { kind: 'refuse' }, leftOut: CONNECTIONS_ONLY },
  {
    place: 'before headers',
    name: 'accepted, then silence',
    fault: { kind: 'accept-and-silent' },
    waits: true,
    leftOut: CONNECTIONS_ONLY,
  },
  { ...request('before headers', 'no answer', { kind: 'headers-never' }), waits: true },
  request('before headers', 'reset', { kind: 'reset-before-headers' }),
  request('before headers', 'closed', { kind: 'close-before-headers' }),
  request('before headers', 'bytes that are no HTTP', { kind: 'garbage-before-headers' }),
  { ...request('within headers', 'silence', { kind: 'cut-in-headers', end: 'silence' }), waits: true },
  request('within headers', 'reset', { kind: 'cut-in-headers', end: 'reset' }),
  request('within headers', 'closed', { kind: 'cut-in-headers', end: 'close' }),
  { ...request('within body', 'silence', { kind: 'body-stall' }), waits: true },
  {
    ...request('within body', 'a trickle of 500 B/s', { kind: 'trickle', bytesPerSecond: 500 }),
    waits: true,
    leftOut: { 'both-start': TRICKLE, 'both-after': TRICKLE },
  },
  request('within body', 'reset', { kind: 'reset-in-body' }),
  request('within body', 'closed before its length', { kind: 'truncate', framing: 'content-length' }),
  request('within body', 'closed before its last chunk', { kind: 'truncate', framing: 'chunked' }),
  request('within body', 'cut where nothing tells', { kind: 'truncate', framing: 'close-delimited' }),
  request('wrong content', 'a login page', { kind: 'html-200' }),
  request('wrong content', 'other bytes, valid in form', { kind: 'wrong-bytes' }),
  request('wrong content', 'one byte changed', { kind: 'corrupt' }),
  request('wrong content', 'a Content-Length too small', { kind: 'wrong-content-length', delta: -100 }),
  request('wrong content', 'gzip that nobody asked for', { kind: 'gzip-encoded' }),
  request('wrong content', '.info of another version', { kind: 'wrong-version-info' }, INFO),
  request('wrong content', '.info that is no JSON', { kind: 'not-json-info' }, INFO),
  request('wrong content', '.info without end', { kind: 'endless-body', limitBytes: 4 << 20 }, INFO),
  request('statuses', '401', answering(401)),
  request('statuses', '403', answering(403)),
  request('statuses', '404', answering(404)),
  request('statuses', "404 for an upstream's trouble", { kind: 'transient-404' }),
  request('statuses', '410', answering(410)),
  request('statuses', '429, Retry-After 1 s', answering(429, { 'retry-after': '1' })),
  request('statuses', '500', answering(500)),
  request('statuses', '503', answering(503)),
  {
    ...request('redirects', 'to itself for ever', { kind: 'redirect-loop' }),
    leftOut: { 'both-start': NO_LOOP, 'both-after': NO_LOOP },
  },
  request('redirects', 'to a host that refuses', {
    kind: 'redirect-to',
    url: 'http://127.0.0.1:1',
    keepPath: true,
  }),
  { ...request('redirects', 'from https to http', { kind: 'redirect-to-http' }), tls: 'good' },
  {
    place: 'TLS',
    name: 'silence after ClientHello',
    fault: { kind: 'tls-stall' },
    tls: 'good',
    waits: true,
    leftOut: CONNECTIONS_ONLY,
  },
  {
    place: 'TLS',
    name: 'reset after ClientHello',
    fault: { kind: 'close-on-hello', reset: true },
    tls: 'good',
    leftOut: CONNECTIONS_ONLY,
  },
  {
    place: 'TLS',
    name: 'plain HTTP on the TLS port',
    fault: { kind: 'plain-http-on-tls-port' },
    tls: 'good',
    leftOut: CONNECTIONS_ONLY,
  },
  { place: 'TLS', name: 'expired certificate', tls: 'expired', leftOut: FROM_START_ONLY },
  { place: 'TLS', name: 'certificate of another host', tls: 'wrongHost', leftOut: FROM_START_ONLY },
  { place: 'TLS', name: 'unknown authority', tls: 'unknownCaSent', leftOut: FROM_START_ONLY },
];

/** Every cell of the matrix. */
export function cellsOfMatrix(): readonly Cell[] {
  return MATRIX_FAULTS.flatMap((fault) =>
    CROSSINGS.filter((crossing) => fault.leftOut?.[crossing] === undefined).flatMap((crossing) =>
      RUNNING[crossing]
        .filter((contestant) => crossing !== 'one-start' || contestant !== 'ours ,' || isAnswer(fault))
        .map((contestant): Cell => ({ fault, crossing, contestant })),
    ),
  );
}

/** A proxy that answers with a status may keep its place in the chain; all else leaves it, and the separator with it. */
function isAnswer({ place }: MatrixFault): boolean {
  return place === 'statuses';
}

/** Returns the name of a cell, which no other has. */
export function cellName({ fault, crossing, contestant }: Cell): string {
  return `${rowName(fault)} · ${crossing} · ${contestant}`;
}

/** Returns the name of a fault, which no other has. */
export function rowName({ place, name }: Pick<MatrixFault, 'place' | 'name'>): string {
  return `${place}: ${name}`;
}

/** What a seed must give, so that what a cell says does not depend on the order of requests. */
export interface SeedFacts {
  /** Most faults that one file can meet before its first good answer, at both proxies together. */
  readonly longestRun: number;
  /** Files of which both proxies' first answers are struck: more than the go command could meet by luck. */
  readonly struckAtBoth: readonly string[];
  /** Of the first answers of both proxies. */
  readonly share: number;
  /** Whether the probe of a proxy from the start meets one. */
  readonly probeStruck: Readonly<Record<ServerName, boolean>>;
}

/** Returns what the seed gives for the modules of the matrix. */
export function factsOfSeed(seed = SEED): SeedFacts {
  const targets = makeMatrixModules().flatMap((module) => Object.values(targetsOf(module)));
  const run = (server: ServerName, target: string, from: number) => {
    let length = 0;
    while (strikesBoth(server, target, from + length, seed)) length++;
    return length;
  };
  // The probe may have asked for a file before.
  const runs = (server: ServerName, target: string) =>
    Math.max(run(server, target, 1), run(server, target, 2));
  const first = (server: ServerName) => (target: string) => strikesBoth(server, target, 1, seed);
  const struck = targets.filter(first('a')).length + targets.filter(first('b')).length;
  const probed = Object.values(targetsOf(PROBED));
  return {
    longestRun: Math.max(...targets.map((target) => runs('a', target) + runs('b', target))),
    struckAtBoth: targets.filter(first('a')).filter(first('b')),
    share: struck / (2 * targets.length),
    probeStruck: { a: probed.some(first('a')), b: probed.some(first('b')) },
  };
}
