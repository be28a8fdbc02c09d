import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type ArchiveResult, readArchive } from '../../src/modcache/archive-reader.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { unpack } from '../../src/runner/cache-download.ts';
import { ArchiveBombError } from '../../src/runner/cache-unpack.ts';
import { cacheVersion } from '../../src/runner/cache-version.ts';
import { startCacheServer } from '../support/cache-server.ts';
import { presenceOf, runLibrary, wantedOf } from '../support/caching.ts';
import {
  type HostileArchive,
  type LibraryDeed,
  makeHostileArchives,
  type Sandbox,
} from '../support/hostile-archives.ts';
import { makeModule } from '../support/modules.ts';
import { moduleCacheContents, snapshotTree, treeChanges } from '../support/sentinel-tree.ts';
import { writeTar } from '../support/tar-writer.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const MODULE = makeModule({ path: 'example.com/Acme/a', version: 'v1.0.0' });
const WANTED = wantedOf([MODULE]);
const signal = new AbortController().signal;
const linuxTest = process.platform === 'linux' ? test : test.skip;

async function makeSandbox(dir: TempDir): Promise<Sandbox> {
  const outside = dir.join('outside');
  await mkdir(outside);
  await writeFile(path.join(outside, 'sentinel'), 'a sentinel\n');
  return { outside, wayOut: '../outside' };
}

const ARCHIVES = makeHostileArchives(MODULE, { outside: '/nowhere', wayOut: '../outside' });
const NAMES = ARCHIVES.map(({ name }) => name);
/** Those that do harm by the library. It takes a second a time: SETUP_GOPROXY_ALL_ARCHIVES=1 has it read them all. */
const HARMFUL = ARCHIVES.filter(
  ({ library }) =>
    process.env['SETUP_GOPROXY_ALL_ARCHIVES'] === '1' ||
    library === 'writes outside' ||
    library === 'believes it',
).map(({ name }) => name);

async function archiveNamed(name: string, sandbox: Sandbox): Promise<HostileArchive> {
  const archive = makeHostileArchives(MODULE, sandbox).find((one) => one.name === name);
  if (archive === undefined) throw new Error(name);
  return archive;
}

async function read(
  tar: Readable,
  goModCache: string,
  more: { readonly bytes?: number } = {},
): Promise<ArchiveResult> {
  await using staging = await openStaging(goModCache);
  const limits = { entries: 100_000, bytes: more.bytes ?? 1 << 30 };
  return await readArchive(tar, { wanted: WANTED, staging, limits, signal });
}

function inPieces(bytes: Buffer): Readable {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += 60_001) pieces.push(bytes.subarray(at, at + 60_001));
  return Readable.from(pieces, { objectMode: false });
}

describe('a hostile archive', () => {
  test.each(NAMES)('%s', async (name) => {
    await using dir = await makeTempDir();
    const sandbox = await makeSandbox(dir);
    const archive = await archiveNamed(name, sandbox);
    const goModCache = dir.join('mod');
    await mkdir(goModCache);
    const before = await snapshotTree(dir.path, { skip: /^mod(\/|$)/ });
    const result = await read(inPieces(archive.tar), goModCache);
    expect(treeChanges(before, await snapshotTree(dir.path, { skip: /^mod(\/|$)/ }))).toEqual([]);
    expect(Object.fromEntries(result.refused)).toEqual(archive.refused);
    expect(result.wrong.map(({ file }) => file.kind).sort()).toEqual(archive.wrong ?? []);
    expect(result.placed).toHaveLength(archive.placed ?? 3);
    expect(result.cutShort?.reason ?? '').toContain(archive.cutShort ?? '');
    expect(result.cutShort === undefined).toBe(archive.cutShort === undefined);
    // Whatever is there is right, and nothing else is there.
    const { presentFiles, wrong } = await presenceOf(goModCache, WANTED);
    expect({ presentFiles, wrong }).toEqual({ presentFiles: archive.placed ?? 3, wrong: [] });
    const hasZip = result.placed.some(({ kind }) => kind === 'zip');
    const there = [...(await moduleCacheContents(goModCache)).keys()];
    expect(there).toHaveLength((archive.placed ?? 3) + (hasZip ? 1 : 0));
  });
});

test('an archive bomb ends soon: of zeros, of headers, of a file, of files', async () => {
  await using dir = await makeTempDir();
  const zeros = Buffer.alloc(80 << 20);
  for (const tar of [zeros, writeTar([{ name: 'gomod/x', data: zeros }])]) {
    const packed = Readable.from([zstdCompressSync(tar)], { objectMode: false });
    const result = await read(unpack(packed, 'zstd'), dir.join('mod'));
    expect(result.cutShort?.error).toBeInstanceOf(ArchiveBombError);
    expect(result.placed).toEqual([]);
  }
});

test.each([
  ['zeros', Buffer.alloc(300_000)],
  ['headers', writeTar([{ name: 'x', pax: { comment: 'x'.repeat(300_000) } }])],
  ['a foreign file', writeTar([{ name: 'x', data: Buffer.alloc(300_000) }])],
])('more bytes than the bound, of %s', async (_, tar) => {
  await using dir = await makeTempDir();
  const result = await read(inPieces(tar), dir.join('mod'), { bytes: 200_000 });
  expect(result.cutShort?.reason).toBe('unpacks to more than 200000 bytes');
});

test('a source that fails is not blamed on the archive', async () => {
  await using dir = await makeTempDir();
  const error = new Error('of the source');
  const tar = writeTar([{ name: 'gomod/x', data: Buffer.alloc(9000) }]);
  const failing = Readable.from(
    (async function* () {
      yield tar.subarray(0, 5000);
      throw error;
    })(),
    { objectMode: false },
  );
  const result = await read(failing, dir.join('mod'));
  expect(result.cutShort?.error).toBe(error);
});

test.each(['truncated in a file', 'truncated in a header', 'garbage'])(
  '%s: no error is left that would end the process',
  async (name) => {
    await using dir = await makeTempDir();
    const { tar } = await archiveNamed(name, await makeSandbox(dir));
    const alone = path.resolve('__tests__/support/archive-alone.ts');
    const printed = execFileSync(process.execPath, [alone, dir.join('mod')], {
      input: tar,
      encoding: 'utf8',
    });
    expect(printed).toBe('cannot be read to its end');
  },
);

test('the signal is thrown with its reason, and the staging directory is empty', async () => {
  await using dir = await makeTempDir();
  const abort = new AbortController();
  const reason = new Error('over');
  await using staging = await openStaging(dir.join('mod'));
  const endless = Readable.from(
    (async function* () {
      yield writeTar([{ name: 'gomod/x', data: Buffer.alloc(100) }]);
      // A download that waits ends with the signal too.
      await new Promise((_, reject) => {
        abort.signal.addEventListener('abort', () => reject(reason));
        abort.abort(reason);
      });
    })(),
    { objectMode: false },
  );
  await expect(readArchive(endless, { wanted: WANTED, staging, signal: abort.signal })).rejects.toBe(reason);
});

/** What became of the sandbox after the library's restoreCache. */
async function deedOf(
  name: string,
): Promise<{ readonly deeds: readonly string[]; readonly expected: LibraryDeed }> {
  await using dir = await makeTempDir();
  const sandbox = await makeSandbox(dir);
  const { tar, library } = await archiveNamed(name, sandbox);
  await using server = await startCacheServer();
  server.put('key', cacheVersion(['gomod'], 'zstd'), zstdCompressSync(tar));
  const work = dir.join('work');
  await mkdir(work);
  await mkdir(dir.join('temp'));
  const before = await snapshotTree(sandbox.outside);
  const env = { ...server.environment('v2'), GITHUB_WORKSPACE: work, RUNNER_TEMP: dir.join('temp') };
  const command = { do: 'restore', paths: ['gomod'], key: 'key', restoreKeys: [] } as const;
  const { value } = await runLibrary(command, { env, cwd: work });
  const deeds: string[] = [];
  if (treeChanges(before, await snapshotTree(sandbox.outside)).length > 0) deeds.push('writes outside');
  if (value === undefined) deeds.push('fails');
  const there = await snapshotTree(work);
  const kinds = servedKinds(there);
  if (kinds.some((kind) => kind === 'altered')) deeds.push('believes it');
  if ([...there.keys()].length > 0) deeds.push('leaves it there');
  if (deeds.length === 0) deeds.push('does nothing');
  return { deeds, expected: library };
}

function servedKinds(tree: Awaited<ReturnType<typeof snapshotTree>>): readonly string[] {
  return WANTED.map(({ kind }) => {
    const entry = tree.get(`gomod/example.com/!acme/a/@v/v1.0.0.${kind}`);
    if (entry === undefined) return 'absent';
    const right = HASHES.get(kind);
    return entry.type === 'file' && entry.content === right ? 'right' : 'altered';
  });
}

const HASHES = new Map<string, string>();

describe('beside it, what restoreCache of the library does with the same archive', () => {
  // All that it writes outside is in the sandbox of the test: absolute names, links and `..` of these archives end there.
  linuxTest.each(HARMFUL.filter((name) => name !== '100,001 entries'))('%s', async (name) => {
    if (HASHES.size === 0) await noteHashes();
    const { deeds, expected } = await deedOf(name);
    expect({ name, deeds }).toEqual({ name, deeds: expect.arrayContaining([expected]) });
  });
});

async function noteHashes(): Promise<void> {
  await using dir = await makeTempDir();
  for (const [name, bytes] of [
    ['mod', MODULE.mod],
    ['info', MODULE.info],
    ['zip', MODULE.zip],
  ] as const) {
    await writeFile(dir.join(name), bytes);
    expect(await readFile(dir.join(name))).toEqual(Buffer.from(bytes));
  }
  for (const [name, { content }] of await snapshotTree(dir.path)) HASHES.set(name, content);
}
