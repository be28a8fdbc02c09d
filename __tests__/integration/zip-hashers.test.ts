import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { GoRuleError } from '../../src/go/go-rule-error.ts';
import { hashZip } from '../../src/go/h1.ts';
import { openZipHashers } from '../../src/hashing/zip-hashers.ts';
import { makeModule, makeModuleSet } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';
import { writeZip as writeZipBytes } from '../support/zip-writer.ts';

/** The bundle that a job runs; npm test checks before that it is made from the sources. */
const SCRIPT = fileURLToPath(new URL('../../dist/hash-worker.js', import.meta.url));
const MODULE = makeModule({ path: 'example.com/one', version: 'v1.0.0', sizeBytes: 60_000 });

async function writeZip(temp: TempDir, bytes: Uint8Array, name = 'one.zip'): Promise<string> {
  await writeFile(temp.join(name), bytes);
  return temp.join(name);
}

describe('a zip that is read in pieces', () => {
  // Entries, their headers and what stands behind them lie across the ends of the pieces of 1 MiB that are read ahead.
  const entries = Array.from({ length: 6000 }, (_, index) => ({
    name: `example.com/many@v1.0.0/${index}`,
    data: randomBytes((index * 37) % 2500),
    method: index % 3 === 0 ? ('store' as const) : ('deflate' as const),
    descriptor: index % 2 === 0,
  }));
  const large = { name: 'example.com/many@v1.0.0/large', data: randomBytes(3 << 20), descriptor: true };
  const bytes = writeZipBytes([...entries.slice(0, 3000), large, ...entries.slice(3000)]);

  test.each([
    ['by its path', async (file: string) => await hashZip({ path: file })],
    [
      'through a handle',
      async (file: string) => {
        await using handle = await open(file);
        return await hashZip({ handle });
      },
    ],
    [
      'through a descriptor',
      async (file: string) => {
        await using handle = await open(file);
        return await hashZip({ fd: handle.fd });
      },
    ],
  ])('has the hash that it has in memory: %s', async (_name, hash) => {
    await using temp = await makeTempDir();
    expect(bytes.length).toBeGreaterThan(8 << 20);
    expect(await hash(await writeZip(temp, bytes))).toEqual(await hashZip({ bytes }));
  });
});

describe('hashing on other threads', () => {
  test('gives the hashes that this thread gives, for many zips at once', async () => {
    await using temp = await makeTempDir();
    const modules = makeModuleSet(24, { totalBytes: 3 << 20 });
    const hashers = openZipHashers({ script: SCRIPT, threads: 2 });
    const hashes = await Promise.all(
      modules.map(async ({ zip }, index) => {
        await using handle = await open(await writeZip(temp, zip, `${index}.zip`));
        return (await hashers.hash({ handle })).hash;
      }),
    );
    expect(hashes).toEqual(modules.map(({ zipHash }) => zipHash));
    await hashers.close();
  });

  test('reads from the start, whatever the position of the file is', async () => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: SCRIPT });
    await using handle = await open(await writeZip(temp, MODULE.zip));
    await handle.read(Buffer.alloc(100), 0, 100, null);
    expect(await hashers.hash({ handle })).toEqual(await hashZip({ bytes: MODULE.zip }));
    await hashers.close();
  });

  test.each([
    ['a zip that is cut off', (zip: Uint8Array) => zip.subarray(0, zip.length - 30), {}],
    ['no zip at all', () => Buffer.from('no zip'), {}],
    ['one that is too large', (zip: Uint8Array) => zip, { zipBytes: 100 }],
    ['one that unpacks to too much', (zip: Uint8Array) => zip, { unpackedBytes: 100 }],
  ])('refuses %s in the words of this thread', async (_name, spoil, limits) => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: SCRIPT });
    await using handle = await open(await writeZip(temp, spoil(MODULE.zip)));
    const here = await hashZip({ handle }, limits).catch((error: unknown) => error);
    const there = await hashers.hash({ handle }, limits).catch((error: unknown) => error);
    expect(there).toBeInstanceOf(GoRuleError);
    expect(there).toMatchObject({ code: 'zip', message: (here as Error).message });
    await hashers.close();
  });

  test('an error of the file system keeps its code', async () => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: SCRIPT });
    const file = await writeZip(temp, MODULE.zip);
    await using handle = await open(file, 'w');
    await handle.writeFile(MODULE.zip);
    await expect(hashers.hash({ handle })).rejects.toMatchObject({ code: 'EBADF' });
    await hashers.close();
  });

  test('gives the reason of the signal', async () => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: SCRIPT });
    await using handle = await open(await writeZip(temp, MODULE.zip));
    const ending = new AbortController();
    const hashing = hashers.hash({ handle }, { signal: ending.signal });
    ending.abort('enough');
    await expect(hashing).rejects.toBe('enough');
    await expect(hashers.hash({ handle }, { signal: ending.signal })).rejects.toBe('enough');
    await hashers.close();
  });

  test.each([
    ['ends at once', 'process.exit(1);'],
    [
      'throws when it is asked',
      "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('x'); });",
    ],
    ['is no program', 'this is no program'],
  ])('a thread that %s costs nothing but time', async (_name, program) => {
    await using temp = await makeTempDir();
    await writeFile(temp.join('worker.mjs'), program);
    const hashers = openZipHashers({ script: temp.join('worker.mjs') });
    await using handle = await open(await writeZip(temp, MODULE.zip));
    for (let time = 0; time < 3; time++) expect((await hashers.hash({ handle })).hash).toBe(MODULE.zipHash);
    await hashers.close();
  });

  test('without the worker everything is hashed here', async () => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: path.join(temp.path, 'missing.js') });
    await using handle = await open(await writeZip(temp, MODULE.zip));
    expect((await hashers.hash({ handle })).hash).toBe(MODULE.zipHash);
    await hashers.close();
  });

  test('what is under way when the threads are ended is hashed here', async () => {
    await using temp = await makeTempDir();
    const hashers = openZipHashers({ script: SCRIPT, threads: 1 });
    await using handle = await open(await writeZip(temp, MODULE.zip));
    const hashing = Promise.all([hashers.hash({ handle }), hashers.hash({ handle })]);
    await hashers.close();
    expect((await hashing).map(({ hash }) => hash)).toEqual([MODULE.zipHash, MODULE.zipHash]);
  });
});
