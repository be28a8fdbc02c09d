import { createHash } from 'node:crypto';
import { makeModule, type SyntheticModule } from './modules.ts';
import { writeZip, type ZipEntry } from './zip-writer.ts';

/** What is to become of a zip whose go.sum has the right h1, for who wrote the zip wrote the go.sum too. */
export type ZipFate =
  /** We place it, for its h1 is what go.sum says; go refuses to extract it. */
  | 'go refuses'
  /** We place it, and go takes it: nothing is wrong with what comes of it. */
  | 'go takes'
  /** We do not place it. */
  | 'we refuse';

/** A zip that no honest tool writes. */
export interface HostileZip {
  readonly name: string;
  readonly fate: ZipFate;
  readonly module: SyntheticModule;
}

interface Plan {
  readonly fate: ZipFate;
  /** Instead of go.mod and a package; names get the prefix, unless they are `raw`. */
  readonly entries?: readonly PlannedEntry[];
  /** Beside go.mod and a package. */
  readonly more?: readonly PlannedEntry[];
  readonly twist?: (zip: Buffer) => Uint8Array;
}

interface PlannedEntry extends ZipEntry {
  readonly raw?: boolean;
}

const KIB = 1 << 10;
const MIB = 1 << 20;
const EVIL = 'package p\n';
const NOISE = createHash('shake256', { outputLength: 50 * KIB })
  .update('noise')
  .digest();

const PLANS: Readonly<Record<string, Plan>> = {
  'a prefix of another module': refused({ name: 'example.com/other@v1.0.0/p.go', raw: true }),
  'a prefix of another version': refused({ name: 'hostile.test/zip@v9.9.9/p.go', raw: true }),
  'no prefix': refused({ name: 'p.go', raw: true }),
  'a way up and out': refused({ name: '../../../../outside/evil' }),
  'a way up and out at once': refused({ name: '../../../../../outside/evil', raw: true }),
  'a way up within': refused({ name: 'a/../../evil.go' }),
  'an absolute name': refused({ name: '/tmp/setup-goproxy-evil', raw: true }),
  'an absolute name below the prefix': refused({ name: '/etc/evil' }),
  'a directory that is the parent': refused({ name: '../' }),
  backslashes: refused({ name: '..\\..\\..\\evil' }),
  'a Windows drive': refused({ name: 'C:\\evil.go' }),
  'a stream of NTFS': refused({ name: 'p.go:evil' }),
  CON: refused({ name: 'CON' }),
  'aux.txt': refused({ name: 'aux.txt' }),
  'COM1 as a directory': refused({ name: 'com1/p.go' }),
  'a dot at the end': refused({ name: 'x.' }),
  'a short name': refused({ name: 'module~1' }, 'go takes'),
  'a NUL': refused({ name: 'p.go\0.txt' }),
  'an escape': refused({ name: '\u001b[2J.go' }),
  'a right-to-left override': refused({ name: 'p\u202eog.go' }),
  'no UTF-8': refused({ name: Buffer.from('\xff\xfe.go', 'latin1') }),
  'the same name twice': refused({ name: 'package.go', data: 'package other\n' }),
  'names that differ in case': refused({ name: 'PACKAGE.go' }),
  'names that differ in case by folding': {
    fate: 'go refuses',
    more: [
      { name: 'k.txt', data: 'k' },
      { name: '\u212a.txt', data: 'kelvin' },
    ],
  },
  'a file that is a directory too': refused({ name: 'package.go/p.go' }),
  'GO.MOD': { fate: 'go refuses', entries: [file('GO.MOD'), file('package.go')] },
  'a go.mod of 17 MiB': {
    fate: 'go refuses',
    entries: [file('package.go'), { name: 'go.mod', data: Buffer.alloc(17 * MIB, '\n') }],
  },
  'a symbolic link': {
    fate: 'go takes',
    more: [{ name: 'link', data: '../../../../../outside/secret', unixMode: 0o120777 }],
  },
  'a setuid file': { fate: 'go takes', more: [{ name: 'setuid', data: '#!/bin/sh\n', unixMode: 0o104777 }] },
  'a link and a file below it': {
    fate: 'go refuses',
    more: [
      { name: 'link', data: '../../../../../outside', unixMode: 0o120777 },
      { name: 'link/evil', data: EVIL },
    ],
  },
  'a line break in a name': { fate: 'we refuse', more: [file('p\n.go')] },
  'a declared bomb': { fate: 'we refuse', more: [{ ...file('bomb'), declaredSize: 600 * MIB }] },
  'a bomb declared in parts': {
    fate: 'we refuse',
    more: Array.from({ length: 6 }, (_, at) => ({ ...file(`bomb${at}`), declaredSize: 100 * MIB })),
  },
  'a bomb of 4 GiB': { fate: 'we refuse', more: [{ ...file('bomb'), declaredSize: 0xfffffffe }] },
  'an undeclared bomb': {
    fate: 'we refuse',
    more: [{ name: 'bomb', data: Buffer.alloc(40 * MIB), declaredSize: 10 }],
  },
  'an undeclared bomb behind a descriptor': {
    fate: 'we refuse',
    more: [{ name: 'bomb', data: Buffer.alloc(40 * MIB), declaredSize: 2 * MIB, descriptor: true }],
  },
  'less than is declared': { fate: 'we refuse', more: [{ ...file('less'), declaredSize: 20 * KIB }] },
  'a stored file of another size': {
    fate: 'we refuse',
    more: [{ ...file('stored'), method: 'store', declaredSize: 9 }],
  },
  'entries that overlap': { fate: 'we refuse', more: twins(), twist: overlap },
  'a wrong CRC': { fate: 'we refuse', more: [{ ...file('crc'), crc: 12345 }] },
  'a directory with content': { fate: 'we refuse', more: [{ name: 'directory/', data: EVIL }] },
  'bytes behind its end': { fate: 'we refuse', twist: (zip) => Buffer.concat([zip, Buffer.alloc(40, 'x')]) },
  'bytes before its begin': { fate: 'we refuse', twist: (zip) => Buffer.concat([Buffer.from('MZ'), zip]) },
  'two directories': { fate: 'we refuse', twist: twoDirectories },
  'a broken directory': {
    fate: 'we refuse',
    twist: (zip) => zip.fill(0xff, zip.length - 60, zip.length - 40),
  },
  'an empty zip': { fate: 'go refuses', entries: [] },
};

/** Returns the hostile zips, each a module of its own `hostile.test/zip…` v1.0.0 with a go.sum that fits it. */
export function makeHostileZips(): readonly HostileZip[] {
  return Object.entries(PLANS).map(([name, plan], index) => {
    const honest = makeModule({ path: `hostile.test/zip${index}`, version: 'v1.0.0' });
    const prefix = `${honest.path}@${honest.version}/`;
    const planned = plan.entries ?? [
      { name: 'go.mod', data: honest.mod },
      { name: 'package.go', data: 'package p\n' },
      ...(plan.more ?? []),
    ];
    const entries = planned.map(({ raw, ...entry }) =>
      raw === true
        ? entry
        : { ...entry, name: Buffer.concat([Buffer.from(prefix), Buffer.from(entry.name)]) },
    );
    const zip = Buffer.from(writeZip(entries));
    const zipHash = h1OfEntries(entries);
    const [, modLine] = honest.goSumLines;
    const module: SyntheticModule = {
      ...honest,
      zip: Uint8Array.from(plan.twist?.(zip) ?? zip),
      zipHash,
      goSumLines: [`${honest.path} ${honest.version} ${zipHash}`, modLine],
    };
    return { name, fate: plan.fate, module };
  });
}

/** Returns h1 as go computes it for entries, also for names that come twice: the last one counts for both. */
function h1OfEntries(entries: readonly ZipEntry[]): string {
  const hashes = new Map(
    entries.map(({ name, data = '' }) => [
      Buffer.from(name).toString('latin1'),
      createHash('sha256').update(data).digest('hex'),
    ]),
  );
  const names = entries.map(({ name }) => Buffer.from(name).toString('latin1')).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(Buffer.from(`${hashes.get(name)}  ${name}\n`, 'latin1'));
  return `h1:${hash.digest('base64')}`;
}

function refused(entry: PlannedEntry, fate: ZipFate = 'go refuses'): Plan {
  return { fate, more: [{ data: entry.name.toString().endsWith('/') ? '' : EVIL, ...entry }] };
}

function file(name: string): PlannedEntry {
  return { name, data: EVIL };
}

function twins(): readonly PlannedEntry[] {
  return [0, 1].map((at) => ({ name: `twin${at}`, data: NOISE, method: 'store' as const }));
}

/** Lets the second of two twins have the data of the first, and takes its own out. */
function overlap(zip: Buffer): Buffer {
  const end = zip.length - 22;
  const directory = zip.readUInt32LE(end + 16);
  const headers = headersFrom(zip, directory);
  const [first, second] = headers.slice(-2) as [number, number];
  const secondAt = zip.readUInt32LE(second + 42);
  const removed = directory - secondAt;
  zip.writeUInt32LE(zip.readUInt32LE(first + 42), second + 42);
  zip.writeUInt32LE(secondAt, end + 16);
  return Buffer.concat([zip.subarray(0, secondAt), zip.subarray(secondAt + removed)]);
}

function headersFrom(zip: Buffer, directory: number): readonly number[] {
  const headers: number[] = [];
  for (let at = directory; zip.readUInt32LE(at) === 0x02014b50; ) {
    headers.push(at);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return headers;
}

/** A whole second zip stands in the comment of the first: who looks from the end finds another one. */
function twoDirectories(zip: Buffer): Buffer {
  const other = writeZip([{ name: 'evil', data: EVIL }]);
  zip.writeUInt16LE(other.length, zip.length - 2);
  return Buffer.concat([zip, other]);
}
