/** One entry of a tar archive; what is not given is written as an honest tool would write it. */
export interface TarEntry {
  readonly name: string;
  readonly data?: Uint8Array | string;
  /** As in the header: '0' a file (default), '1' a hard link, '2' a symbolic one, '3' and '4' devices, '5' a directory, … */
  readonly type?: string;
  readonly link?: string;
  /** In place of the true size. */
  readonly size?: number;
  readonly mode?: number;
  readonly device?: readonly [number, number];
  /** Records of a pax header before it (global with type 'g'), values as they are. */
  readonly pax?: Readonly<Record<string, string>>;
  readonly paxType?: 'x' | 'g';
  /** The name comes in a GNU long name entry; the header has `x`. */
  readonly gnuLongName?: boolean;
  readonly format?: 'ustar' | 'gnu';
}

/** Returns a tar archive with these entries, in this order, as bytes; `end` false leaves out the two blocks of zeros. */
export function writeTar(
  entries: readonly TarEntry[],
  { end = true }: { readonly end?: boolean } = {},
): Buffer {
  const blocks = entries.flatMap(blocksOf);
  return Buffer.concat(end ? [...blocks, Buffer.alloc(1024)] : blocks);
}

function blocksOf(entry: TarEntry): readonly Buffer[] {
  const data = Buffer.from(entry.data ?? '');
  const before: Buffer[] = [];
  if (entry.pax !== undefined) {
    const records = Buffer.concat(Object.entries(entry.pax).map(([key, value]) => paxRecord(key, value)));
    before.push(header({ name: 'PaxHeader', type: entry.paxType ?? 'x' }, records.length), padded(records));
  }
  if (entry.gnuLongName === true) {
    const name = Buffer.from(`${entry.name}\0`);
    before.push(header({ name: '././@LongLink', type: 'L', format: 'gnu' }, name.length), padded(name));
  }
  const own = entry.gnuLongName === true ? { ...entry, name: 'x' } : entry;
  return [...before, header(own, entry.size ?? data.length), padded(data)];
}

function paxRecord(key: string, value: string): Buffer {
  const text = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(text);
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length) length = bytes + String(length).length;
  return Buffer.from(`${length}${text}`);
}

function header(entry: Omit<TarEntry, 'data'>, size: number): Buffer {
  const block = Buffer.alloc(512);
  const [name, prefix] = split(entry.name);
  block.write(name, 0, 100);
  octal(block, 100, 8, entry.mode ?? 0o644);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.write(entry.type ?? '0', 156);
  block.write(entry.link ?? '', 157, 100);
  block.write(entry.format === 'gnu' ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  const [major, minor] = entry.device ?? [0, 0];
  octal(block, 329, 8, major);
  octal(block, 337, 8, minor);
  block.write(prefix, 345, 155);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

/** ustar has 100 bytes for the end of a name and 155 for its beginning. */
function split(name: string): readonly [string, string] {
  if (Buffer.byteLength(name) <= 100) return [name, ''];
  const at = name.indexOf('/', name.length - 101);
  return at === -1 ? [name.slice(0, 100), ''] : [name.slice(at + 1), name.slice(0, at)];
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
