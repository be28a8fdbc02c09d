import { createHash, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GoRuleError } from '../../../src/go/go-rule-error.ts';
import { hashGoMod, hashZip, isH1, type ZipLimits } from '../../../src/go/h1.ts';
import { writeZip, type ZipEntry } from '../../support/zip-writer.ts';

/** The hash by its definition; names are compared as bytes. */
function expectedH1(
  files: readonly { readonly name: string | Uint8Array; readonly data?: Uint8Array | string }[],
): string {
  const lines = files
    .map(({ name, data = '' }) => ({
      name: Buffer.from(name),
      sum: createHash('sha256').update(data).digest('hex'),
    }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const hash = createHash('sha256');
  for (const { name, sum } of lines) hash.update(`${sum}  `).update(name).update('\n');
  return `h1:${hash.digest('base64')}`;
}

const P = 'example.com/x@v1.0.0/';
const FILES: readonly ZipEntry[] = [
  { name: `${P}x.go`, data: 'package x\n', descriptor: true },
  { name: `${P}go.mod`, data: 'module example.com/x\n' },
  { name: `${P}LICENSE`, data: 'none', method: 'store' },
  { name: `${P}empty`, data: '' },
];
/** Deflated to three bytes. */
const ONE = { name: `${P}x`, data: 'x' };
const honest = () => Buffer.from(writeZip(FILES));
const hashOf = async (bytes: Uint8Array, limits?: ZipLimits) => (await hashZip({ bytes }, limits)).hash;

describe('hashGoMod', () => {
  test.each([
    ['', 'h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY='],
    // As the public go.sum of github.com/pkg/errors has it.
    ['module github.com/pkg/errors\n', 'h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0='],
  ])('%j is %s', (text, hash) => {
    expect(hashGoMod(Buffer.from(text))).toBe(hash);
  });
});

describe('isH1', () => {
  test.each([
    ['h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=', true],
    ['h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydZ=', false],
    ['h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY', false],
    ['h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n', false],
    ['h2:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=', false],
    ['', false],
  ])('%j: %s', (text, is) => expect(isH1(text)).toBe(is));
});

describe('hashZip hashes', () => {
  const big = Buffer.concat([randomBytes(1_500_000), Buffer.alloc(3_000_000, 'abc')]);
  const huge = randomBytes(5_000_000);
  const tables: readonly (readonly [string, readonly ZipEntry[]])[] = [
    ['nothing', []],
    ['stored and deflated entries, with and without descriptor', FILES],
    ['directory entries', [...FILES, { name: P }, { name: `${P}sub/` }]],
    [
      'names by their bytes, not by UTF-16',
      [
        { name: `${P}\u{1d49c}`, data: '1' },
        { name: `${P}\uff21`, data: '2' },
      ],
    ],
    [
      'names that are no UTF-8',
      [
        { name: Buffer.from([0xff, 0x80]), data: '1' },
        { name: Buffer.from([0xc3]), data: '2' },
        { name: '\u00e9', data: '3' },
      ],
    ],
    [
      'names that other readers refuse or change',
      [
        { name: '/abs', data: '1' },
        { name: '../up', data: '2' },
        { name: 'a\\b', data: '3' },
        { name: 'C:x', data: '4' },
        { name: '', data: '5' },
      ],
    ],
    [
      'large entries',
      [
        { name: `${P}big`, data: big, descriptor: true },
        { name: `${P}stored`, data: big, method: 'store' },
        ...FILES,
      ],
    ],
    [
      'an entry of just as much as is inflated at once',
      [
        { name: `${P}x`, data: Buffer.alloc(2 ** 22, 'x') },
        { name: `${P}y`, data: Buffer.alloc(2 ** 22 + 1, 'y') },
      ],
    ],
    [
      'entries that are large also when they are packed',
      [
        { name: `${P}x`, data: huge },
        { name: `${P}y`, data: huge, method: 'store', descriptor: true },
        ...FILES,
      ],
    ],
    ['an entry without CRC', [{ name: `${P}x`, data: 'x', crc: 0 }]],
  ];
  test.each(tables)('%s', async (_, entries) => {
    const found = await hashZip({ bytes: writeZip(entries) });
    const unpackedBytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.data ?? ''), 0);
    expect(found).toEqual({ hash: expectedH1(entries), files: entries.length, unpackedBytes });
  });

  test('of two entries with one name the last content, for both', async () => {
    const bytes = writeZip([
      { name: 'a', data: '1' },
      { name: 'b', data: '2' },
      { name: 'a', data: '3' },
    ]);
    expect(await hashOf(bytes)).toBe(
      expectedH1([
        { name: 'a', data: '3' },
        { name: 'a', data: '3' },
        { name: 'b', data: '2' },
      ]),
    );
  });

  test('a zip with a comment', async () => {
    const zip = honest();
    zip.writeUInt16LE(5, zip.length - 2);
    expect(await hashOf(Buffer.concat([zip, Buffer.from('hello')]))).toBe(expectedH1(FILES));
  });

  test('a zip64', async () => {
    expect(await hashOf(toZip64(honest()))).toBe(expectedH1(FILES));
  });

  test('an entry with its sizes and offset in a zip64 field, behind another field', async () => {
    const other = Buffer.from([9, 9, 2, 0, 1, 2]);
    expect(await hashOf(withExtra(Buffer.concat([other, extra64([1, 3, 0])])))).toBe(expectedH1([ONE]));
  });

  test('a view into a larger buffer', async () => {
    const zip = honest();
    const larger = Buffer.concat([Buffer.alloc(7), zip, Buffer.alloc(9)]);
    expect(await hashOf(new Uint8Array(larger.buffer, larger.byteOffset + 7, zip.length))).toBe(
      expectedH1(FILES),
    );
  });

  test('many at the same time', async () => {
    const sets = Array.from({ length: 40 }, (_, i) => [
      ...FILES,
      { name: `${P}n${i}`, data: `${i}`.repeat(i * 100) },
    ]);
    const hashes = await Promise.all(sets.map((entries) => hashOf(writeZip(entries))));
    expect(hashes).toEqual(sets.map(expectedH1));
  });

  test('any files, whatever their order and packing', async () => {
    const entry = fc.record({
      name: fc
        .string({ unit: 'binary', minLength: 1, maxLength: 8 })
        .filter((name) => !/\n|\/$/.test(name) && name.isWellFormed()),
      data: fc.uint8Array({ maxLength: 300 }),
      method: fc.constantFrom('store' as const, 'deflate' as const),
      descriptor: fc.boolean(),
    });
    const entries = fc.uniqueArray(entry, { maxLength: 12, selector: (each) => each.name });
    await fc.assert(
      fc.asyncProperty(entries, async (files) => {
        expect(await hashOf(writeZip(files))).toBe(expectedH1(files));
        expect(await hashOf(writeZip(files.toReversed()))).toBe(expectedH1(files));
      }),
    );
  });
});

/** Every change is a way to lie; `end` is where the end record begins, `first` where the directory does. */
const CHANGES: readonly (readonly [
  string,
  (zip: Buffer, at: { end: number; first: number }) => Uint8Array,
  string,
])[] = [
  ['no zip', () => Buffer.from('<html>'), 'no end record'],
  ['no bytes', () => Buffer.alloc(0), 'no end record'],
  ['a zip cut off', (zip) => zip.subarray(0, zip.length - 30), 'no end record'],
  ['bytes before', (zip) => Buffer.concat([Buffer.from('MZ'), zip]), 'not where its end record says'],
  ['another zip before', (zip) => Buffer.concat([zip, zip]), 'not where its end record says'],
  ['bytes after', (zip) => Buffer.concat([zip, Buffer.from('x')]), 'bytes follow'],
  [
    'a larger directory than there is',
    (zip, { end }) => set32(zip, end + 12, zip.readUInt32LE(end + 12) + 1),
    'not where its end record says',
  ],
  [
    'a directory elsewhere',
    (zip, { end }) => set32(zip, end + 16, zip.readUInt32LE(end + 16) - 1),
    'not where its end record says',
  ],
  [
    'fewer entries counted',
    (zip, { end }) => set16(zip, end + 10, 3),
    'has 4 entries, but its end record says 3',
  ],
  [
    'more entries counted',
    (zip, { end }) => set16(zip, end + 10, 5),
    'has 4 entries, but its end record says 5',
  ],
  ['one part of several', (zip, { end }) => set16(zip, end + 4, 1), 'one of several parts'],
  [
    'a directory that begins in a later part',
    (zip, { end }) => set16(zip, end + 6, 1),
    'one of several parts',
  ],
  ['a broken directory', (zip, { first }) => set32(zip, first, 0), 'directory is broken'],
  ['a name beyond the directory', (zip, { first }) => set16(zip, first + 28, 0xffff), 'directory is broken'],
  ['an entry without local header', (zip, { first }) => set32(zip, first + 42, 1), 'has no local header'],
  ['an entry outside', (zip, { first }) => set32(zip, first + 42, zip.length), 'cut off'],
  ['another method', (zip, { first }) => set16(zip, first + 10, 12), 'packed by method 12'],
  [
    'a zip64 size without its field',
    (zip, { first }) => set32(zip, first + 24, 0xffffffff),
    'zip64 extra field is missing',
  ],
  [
    'a zip64 record without need',
    (zip, { end }) => set32(set16(toZip64(zip), end + 76 + 10, 4), end + 76 + 16, zip.readUInt32LE(end + 16)),
    'zip64 end record without need',
  ],
  [
    'a zip64 locator to elsewhere',
    (zip, { end }) => set32(toZip64(zip), end + 56 + 8, end - 1),
    'locator does not point',
  ],
  [
    'a zip64 record that is none',
    (zip, { end }) => set32(toZip64(zip), end, 0),
    'zip64 end record is missing',
  ],
  [
    'a wrong CRC behind the data',
    (zip) => set32(zip, zip.indexOf(Buffer.from([0x50, 0x4b, 7, 8])) + 4, 1),
    'wrong CRC-32',
  ],
];

describe('hashZip refuses', () => {
  test.each(CHANGES)('%s', async (_, change, why) => {
    const zip = honest();
    const end = zip.length - 22;
    await refusal(change(zip, { end, first: zip.readUInt32LE(end + 16) }), why);
  });

  const large = Buffer.alloc(2 ** 21, 'x');
  const entries: readonly (readonly [string, readonly ZipEntry[], string])[] = [
    ['a wrong CRC', [{ name: 'x', data: 'x', crc: 1 }], 'entry "x" has a wrong CRC-32'],
    ['a wrong CRC with descriptor', [{ name: 'x', data: 'x', crc: 1, descriptor: true }], 'wrong CRC-32'],
    ['a wrong CRC of a large entry', [{ name: 'x', data: large, crc: 1 }], 'wrong CRC-32'],
    ['no CRC but a descriptor', [{ name: 'x', data: 'x', crc: 0, descriptor: true }], 'wrong CRC-32'],
    [
      'more content than declared',
      [{ name: 'x', data: 'xyz', declaredSize: 2 }],
      'has not the 2 bytes that it declares',
    ],
    ['content where none is declared', [{ name: 'x', data: 'x', declaredSize: 0 }], 'has not the 0 bytes'],
    ['less content than declared', [{ name: 'x', data: 'xyz', declaredSize: 4 }], 'has not the 4 bytes'],
    [
      'another size than stored',
      [{ name: 'x', data: 'xyz', method: 'store', declaredSize: 2 }],
      'has not the 2 bytes',
    ],
    [
      'much more content than declared',
      [{ name: 'x', data: large, declaredSize: 10 }],
      'has not the 10 bytes',
    ],
    [
      'a little more content than a large entry declares',
      [{ name: 'x', data: large, declaredSize: large.length - 1 }],
      'has not the 2097151 bytes',
    ],
    [
      'a little less',
      [{ name: 'x', data: large, declaredSize: large.length + 1 }],
      'has not the 2097153 bytes',
    ],
    ['a directory with content', [{ name: 'x/', data: 'x' }], 'is a directory with content'],
    ['a name with a line break', [{ name: 'x\ny', data: 'x' }], 'line break'],
  ];
  test.each(entries)('%s', async (_, files, why) => {
    await refusal(writeZip(files), why);
  });

  test('a descriptor that ends behind its CRC', async () => {
    const zip = Buffer.from(writeZip([{ name: 'x', data: 'x', method: 'store', descriptor: true }]));
    const end = zip.length - 22;
    const first = zip.readUInt32LE(end + 16);
    // The data goes on up to a comment that begins like a descriptor, and Go reads twelve bytes behind the signature.
    const comment = Buffer.concat([Buffer.from([0x50, 0x4b, 7, 8]), Buffer.alloc(8)]);
    const size = zip.length - 'x'.length - 30;
    const whole = Buffer.concat([set16(zip, end + 20, comment.length), comment]);
    await refusal(set32(set32(whole, first + 20, size), first + 24, size), 'it is cut off');
  });

  test('deflated data that is cut off or broken', async () => {
    for (const size of [200, 3_000_000, 5_000_000]) {
      const data = randomBytes(size);
      const packed = deflateRawSync(data);
      // Stored as it is, then declared to be deflated.
      const zip = Buffer.from(
        writeZip([{ name: 'x', data: packed.subarray(0, -9), method: 'store', declaredSize: size }]),
      );
      zip.writeUInt16LE(8, zip.readUInt32LE(zip.length - 6) + 10);
      await refusal(zip, 'entry "x" cannot be inflated');
      const broken = Buffer.from(writeZip([{ name: 'x', data: Buffer.alloc(size, 0xff), method: 'store' }]));
      broken.writeUInt16LE(8, broken.readUInt32LE(broken.length - 6) + 10);
      await refusal(broken, 'entry "x" cannot be inflated');
    }
  });

  test.each([
    ['a zip64 field too short', extra64([1, 3]), 'zip64 extra field is missing or short'],
    [
      'a zip64 field that is cut off',
      extra64([1, 3, 0]).subarray(0, -1),
      'zip64 extra field is missing or short',
    ],
    ['two zip64 fields', Buffer.concat([extra64([1, 3, 0]), extra64([1, 3, 0])]), 'two zip64 extra fields'],
    ['a size beyond all limits', extra64([2 ** 62, 3, 0]), 'at most 524288000 are allowed'],
    ['an offset beyond the zip', extra64([1, 3, 2 ** 62]), 'cut off'],
  ])('%s', async (_, extra, why) => {
    await refusal(withExtra(extra), why);
  });

  test('entries that share their data', async () => {
    const zip = Buffer.from(
      writeZip([
        { name: 'a', data: randomBytes(5000) },
        { name: 'b', data: randomBytes(5000) },
      ]),
    );
    const first = zip.readUInt32LE(zip.length - 6);
    zip.writeUInt32LE(zip.length, first + 20);
    await refusal(zip, 'entries overlap');
  });
});

describe('hashZip, what follows the deflated data inside an entry', () => {
  test.each([200, 1_000_000, 3_000_000, 5_000_000])('is ignored as in Go (%d bytes)', async (size) => {
    const data = randomBytes(size);
    const packed = Buffer.concat([deflateRawSync(data), Buffer.alloc(size)]);
    const zip = Buffer.from(
      writeZip([{ name: 'x', data: packed, method: 'store', declaredSize: size, crc: 0 }]),
    );
    zip.writeUInt16LE(8, zip.readUInt32LE(zip.length - 6) + 10);
    expect(await hashOf(zip)).toBe(expectedH1([{ name: 'x', data }]));
  });
});

describe('the limits of hashZip', () => {
  const zip = honest();
  test.each<[string, ZipLimits, string]>([
    [
      'of the zip',
      { zipBytes: zip.length - 1 },
      `has ${zip.length} bytes, at most ${zip.length - 1} are allowed`,
    ],
    ['of what is unpacked', { unpackedBytes: 34 }, 'unpacked it has 35 bytes, at most 34 are allowed'],
    ['of the directory', { directoryBytes: 100 }, 'at most 100 are allowed'],
  ])('%s', async (_, limits, why) => {
    await refusal(zip, why, limits);
  });

  test('what is just within them is hashed', async () => {
    expect(await hashOf(zip, { zipBytes: zip.length, unpackedBytes: 35 })).toBe(expectedH1(FILES));
  });

  test('a bomb ends at what it declares, by default 500 MiB', async () => {
    const bomb = (declaredSize: number) =>
      writeZip([{ name: 'x', data: Buffer.alloc(50_000_000), declaredSize }]);
    await refusal(bomb(500 * 2 ** 20 + 1), 'unpacked it has 524288001 bytes, at most 524288000 are allowed');
    await refusal(bomb(100), 'has not the 100 bytes');
  });

  test('a signal ends it with its reason', async () => {
    const reason = new Error('enough');
    const bytes = writeZip([{ name: 'x', data: Buffer.alloc(2 ** 21) }]);
    await expect(hashZip({ bytes }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

async function refusal(bytes: Uint8Array, why: string, limits?: ZipLimits): Promise<void> {
  const error = await hashZip({ bytes }, limits).then(
    (found) => found,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GoRuleError);
  const refused = error as GoRuleError;
  expect(refused.code).toBe('zip');
  expect(refused.message).toMatch(/^not a valid module zip: /);
  expect(refused.message).toContain(why);
}

function set16(zip: Buffer, at: number, value: number): Buffer {
  zip.writeUInt16LE(value, at);
  return zip;
}

function set32(zip: Buffer, at: number, value: number): Buffer {
  zip.writeUInt32LE(value, at);
  return zip;
}

/** Puts the numbers of the end record into a zip64 record: 56 bytes, then the locator with 20, then the end. */
function toZip64(zip: Buffer): Buffer {
  const at = zip.length - 22;
  const end = Buffer.from(zip.subarray(at));
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(end.readUInt16LE(8)), 24);
  record.writeBigUInt64LE(BigInt(end.readUInt16LE(10)), 32);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  end.fill(0xff, 8, 20);
  return Buffer.concat([zip.subarray(0, at), record, locator, end]);
}

function extra64(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(values.length * 8, 2);
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + index * 8);
  return field;
}

/** A zip of ONE, whose directory says that sizes and offset are in this extra field: unpacked, packed, offset. */
function withExtra(extra: Buffer): Buffer {
  const zip = Buffer.from(writeZip([ONE]));
  const end = zip.length - 22;
  const first = zip.readUInt32LE(end + 16);
  set32(set32(set32(zip, first + 20, 0xffffffff), first + 24, 0xffffffff), first + 42, 0xffffffff);
  set16(zip, first + 30, extra.length);
  set32(zip, end + 12, end - first + extra.length);
  return Buffer.concat([zip.subarray(0, end), extra, zip.subarray(end)]);
}
