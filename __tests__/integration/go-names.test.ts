import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseGoSum } from '../../src/go/go-sum.ts';
import { hashGoMod, hashZip } from '../../src/go/h1.ts';
import { checkModulePath, escapePath } from '../../src/go/module-path.ts';
import { checkModuleVersion, compareVersions, escapeVersion } from '../../src/go/version.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { makeModule, type SyntheticModule, writeFileProxy, writeProject } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';
import { writeZip, type ZipEntry } from '../support/zip-writer.ts';

/** What `go mod download -json` says of one module. */
interface Download {
  readonly Path: string;
  readonly Version: string;
  readonly Error?: string;
  readonly Info?: string;
  readonly GoMod?: string;
  readonly Zip?: string;
  readonly Sum?: string;
  readonly GoModSum?: string;
}

const withGo = (await hasGo()) ? describe : describe.skip;
let dir: TempDir;

beforeAll(async () => {
  dir = await makeTempDir();
});

afterAll(async () => {
  await dir[Symbol.asyncDispose]();
});

async function download(root: string, modules: readonly SyntheticModule[], extra: readonly string[] = []) {
  const proxy = path.join(root, 'proxy');
  await writeFileProxy(proxy, modules);
  const env = goEnvironment(root, { GOPROXY: pathToFileURL(proxy).href });
  const cwd = path.join(root, 'main');
  await writeProject(cwd, { modules: [] });
  const names = [...modules.map((module) => `${module.path}@${module.version}`), ...extra];
  const { stdout } = await runGo(['mod', 'download', '-json', ...names], { cwd, env });
  const found = JSON.parse(`[${stdout.replace(/^}\n(?=\{)/gm, '},')}]`) as readonly Download[];
  return { found: new Map(found.map((each) => [`${each.Path}@${each.Version}`, each])), env };
}

withGo('as the go command (skipped without go on PATH)', () => {
  test('hashes and names of files of modules of all shapes', async () => {
    const modules = [
      { path: 'example.com/plain', version: 'v1.2.3' },
      { path: 'example.com/Acme/HTTPServer', version: 'v0.1.0' },
      { path: 'example.com/acme', version: 'v1.0.0-RC1' },
      { path: 'example.com/old', version: 'v3.1.0+incompatible' },
      { path: 'example.com/pseudo', version: 'v0.0.0-20240102030405-abcdefabcdef' },
      { path: 'example.com/next/v2', version: 'v2.0.1-0.20240102030405-abcdefabcdef' },
      { path: 'gopkg.in/yaml.v2', version: 'v2.4.0' },
      { path: 'gopkg.in/check.v1', version: 'v0.0.0-20161208181325-20d25e280405' },
    ].map((source) => makeModule({ ...source, sizeBytes: 5000 }));
    const root = dir.join('shapes');
    const { found, env } = await download(root, modules);
    for (const module of modules) {
      const go = found.get(`${module.path}@${module.version}`);
      expect(go?.Error).toBeUndefined();
      const base = path.join(
        env['GOMODCACHE'] ?? '',
        'cache',
        'download',
        ...escapePath(module.path).split('/'),
      );
      const file = path.join(base, '@v', escapeVersion(module.version));
      expect([go?.Info, go?.GoMod, go?.Zip]).toEqual([`${file}.info`, `${file}.mod`, `${file}.zip`]);
      expect((await hashZip({ path: `${file}.zip` })).hash).toBe(go?.Sum);
      expect(hashGoMod(await readFile(`${file}.mod`))).toBe(go?.GoModSum);
      expect(await readFile(`${file}.ziphash`, 'utf8')).toBe(go?.Sum);
      expect(() => checkModuleVersion(module)).not.toThrow();
    }
  });

  test('hashes of odd zips, and which are refused', async () => {
    const zips = oddZips();
    const modules = zips.map(([, make], index) => {
      const module = makeModule({ path: 'example.com/zips', version: `v1.0.${index}` });
      const zip = make(`${module.path}@${module.version}/`);
      return { ...module, zip: Uint8Array.from(Buffer.isBuffer(zip) ? zip : writeZip(zip)) };
    });
    const { found } = await download(dir.join('zips'), modules);
    for (const [index, [name, , verdict]] of zips.entries()) {
      const module = modules[index];
      if (module === undefined) throw new Error(name);
      const go = found.get(`${module.path}@${module.version}`);
      const ours = await hashZip({ bytes: module.zip }).then(
        (hash) => hash.hash,
        () => 'refused',
      );
      const theirs = go?.Error === undefined ? go?.Sum : 'refused';
      // 'stricter': go takes one of several readings of it.
      const expected =
        verdict === 'stricter' ? [name, 'refused', expect.stringMatching(/^h1:/)] : [name, theirs, theirs];
      expect([name, ours, theirs]).toEqual(expected);
      expect([name, theirs === 'refused']).toEqual([name, verdict === 'refused']);
    }
  });

  test('module paths and versions that are accepted', async () => {
    const names: readonly (readonly [string, string])[] = [
      ['example.com/fine', 'v1.0.0'],
      ['example.com/com0', 'v1.0.0'],
      ['example.com/x~a1', 'v1.0.0'],
      ['example.com/x.go~1', 'v1.0.0'],
      ['example.com/nul', 'v1.0.0'],
      ['example.com/COM1.txt/x', 'v1.0.0'],
      ['example.com/x~1', 'v1.0.0'],
      ['example.com/x.', 'v1.0.0'],
      ['example.com/.x', 'v1.0.0'],
      ['example.com/a!b', 'v1.0.0'],
      ['example.com/a+b', 'v1.0.0'],
      ['example.com/\u00e9', 'v1.0.0'],
      ['Example.com/x', 'v1.0.0'],
      ['example.com/x/v1', 'v1.0.0'],
      ['example.com/x/v02', 'v2.0.0'],
      ['gopkg.in/x', 'v1.0.0'],
      ['gopkg.in/x.v0', 'v0.1.0'],
      ['gopkg.in/x.v2-unstable', 'v2.0.0'],
    ];
    const { found } = await download(
      dir.join('names'),
      [],
      names.map((name) => name.join('@')),
    );
    for (const name of names) {
      const error = found.get(name.join('@'))?.Error ?? 'go says nothing';
      expect(error).not.toBe('go says nothing');
      const theirs = /malformed module path|malformed import path|invalid char|disallowed/.test(error);
      let ours = false;
      try {
        checkModulePath(name[0]);
      } catch {
        ours = true;
      }
      expect([name[0], ours, error]).toEqual([name[0], theirs, error]);
    }
  });

  test('the order of versions', async () => {
    const versions = [
      'v1.0.0',
      'v1.10.0',
      'v1.9.0',
      'v0.0.1',
      'v1.0.0-rc.2',
      'v1.0.0-rc.10',
      'v1.0.0-rc',
      'v1.0.0-1',
      'v1.0.0-a-b',
      'v1.0.0-RC',
      'v1.0.0-alpha.beta',
      'v1.2.0',
      'v1.99999999999999999999.0',
    ];
    const root = dir.join('order');
    const folder = path.join(root, 'proxy', 'example.com', 'ordered', '@v');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'list'), versions.map((version) => `${version}\n`).join(''));
    // go asks the highest release for retractions.
    const { env } = await download(root, [
      makeModule({ path: 'example.com/ordered', version: 'v1.99999999999999999999.0' }),
    ]);
    await writeFile(path.join(folder, 'list'), versions.map((version) => `${version}\n`).join(''));
    const { stdout } = await runGo(
      ['list', '-m', '-versions', '-f', '{{join .Versions " "}}', 'example.com/ordered'],
      {
        cwd: path.join(root, 'main'),
        env,
      },
    );
    expect(stdout.trim().split(' ')).toEqual(versions.toSorted(compareVersions));
  });

  const module = makeModule({ path: 'example.com/Dep', version: 'v1.0.0' });
  const other = makeModule({
    path: 'example.com/Dep',
    version: 'v1.0.0',
    files: { 'other.go': 'package dep\n' },
  });
  const [zipLine, modLine] = module.goSumLines;
  const wrongLine = other.goSumLines[0];
  /** What go says (ok, missing: no hash known, malformed, mismatch), and whether we know both hashes without a problem. */
  const sums: readonly (readonly [string, string, string, boolean])[] = [
    ['as go writes it', `${zipLine}\n${modLine}\n`, 'ok', true],
    ['CRLF', `${zipLine}\r\n${modLine}\r\n`, 'ok', true],
    ['blank lines and tabs', `\n\t${zipLine.replaceAll(' ', '\t')}  \n\n\u3000\n${modLine}`, 'ok', true],
    ['duplicates', `${zipLine}\n${modLine}\n`.repeat(2), 'ok', true],
    [
      'the hash of an empty go.mod',
      `example.com/Dep v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n${zipLine}\n${modLine}\n`,
      'ok',
      true,
    ],
    ['another algorithm', `example.com/Dep v1.0.0 h9:x\n${zipLine}\n${modLine}\n`, 'ok', false],
    [
      'a hash that is no hash, of another module',
      `example.com/else v1.0.0 h1:x\n${zipLine}\n${modLine}\n`,
      'ok',
      false,
    ],
    ['two fields', `example.com/else v1.0.0\n${zipLine}\n${modLine}\n`, 'malformed', false],
    ['four fields', `${zipLine} x\n${modLine}\n`, 'malformed', false],
    ['no zip line', `${modLine}\n`, 'missing', false],
    // go takes the BOM for a part of the path and does not know the hash; we know it.
    ['a BOM', `\ufeff${zipLine}\n${modLine}\n`, 'missing', true],
    ['the right hash, then a wrong one', `${zipLine}\n${wrongLine}\n${modLine}\n`, 'ok', true],
    ['a wrong hash, then the right one', `${wrongLine}\n${zipLine}\n${modLine}\n`, 'mismatch', true],
  ];

  test.each(sums)('go.sum: %s', async (name, text, theirs, ours) => {
    const root = dir.join(`sum-${name.replace(/\W/g, '-')}`);
    await writeFileProxy(path.join(root, 'proxy'), [module]);
    const cwd = path.join(root, 'main');
    await writeProject(cwd, { modules: [module] });
    await writeFile(path.join(cwd, 'go.sum'), text);
    const env = goEnvironment(root, { GOPROXY: pathToFileURL(path.join(root, 'proxy')).href });
    const { code, stderr } = await runGo(['list', '-mod=readonly', '-deps', '.'], { cwd, env });
    const said = /malformed go\.sum|missing go\.sum|mismatch/.exec(stderr)?.[0].split(' ')[0];
    expect([code === 0 ? 'ok' : said, stderr]).toEqual([theirs, stderr]);
    const { lines, problems } = parseGoSum('go.sum', text);
    const hashes = new Set(lines.map((line) => line.hash));
    expect(problems.length === 0 && hashes.has(module.zipHash) && hashes.has(module.modHash)).toBe(ours);
  });
});

describe('hashZip of a file', () => {
  const data = randomBytes(3_000_000);
  const bytes = writeZip([
    { name: 'large', data, descriptor: true },
    { name: 'stored', data, method: 'store' },
    ...Array.from({ length: 500 }, (_, i) => ({ name: `small/${i}`, data: `${i}\n`.repeat(i * 10) })),
  ]);

  test('by path and by handle gives what its bytes give, many at the same time', async () => {
    const file = dir.join('large.zip');
    await writeFile(file, bytes);
    const expected = await hashZip({ bytes });
    const handle = await open(file, 'r');
    try {
      const sources = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? { path: file } : { handle }));
      expect(await Promise.all(sources.map((source) => hashZip(source)))).toEqual(
        sources.map(() => expected),
      );
      // It is still open, and its position was not moved.
      expect((await handle.read(Buffer.alloc(2))).buffer.toString()).toBe('PK');
    } finally {
      await handle.close();
    }
  });

  test('a directory is refused, a missing file is ENOENT', async () => {
    await expect(hashZip({ path: dir.path })).rejects.toMatchObject({ code: 'zip' });
    await expect(hashZip({ path: dir.join('none.zip') })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

type OddZip = readonly [
  string,
  (prefix: string) => readonly ZipEntry[] | Buffer,
  'same' | 'refused' | 'stricter',
];

function oddZips(): readonly OddZip[] {
  const files = (prefix: string): readonly ZipEntry[] => [
    { name: `${prefix}go.mod`, data: 'module example.com/zips\n' },
    { name: `${prefix}x.go`, data: 'package x\n', descriptor: true },
  ];
  const plain = (prefix: string) => Buffer.from(writeZip(files(prefix)));
  const large = Buffer.concat([randomBytes(1_200_000), Buffer.alloc(2_000_000, 'abc')]);
  return [
    ['plain', files, 'same'],
    ['not sorted', (prefix) => files(prefix).toReversed(), 'same'],
    [
      'directories',
      (prefix) => [
        { name: prefix },
        { name: `${prefix}sub/` },
        ...files(prefix),
        { name: `${prefix}sub/y.go`, data: 'package y\n' },
      ],
      'same',
    ],
    [
      'letters ordered by bytes',
      (prefix) => [
        { name: `${prefix}\u{1d49c}`, data: '1' },
        { name: `${prefix}\uff21`, data: '2' },
        ...files(prefix),
      ],
      'same',
    ],
    [
      'large entries',
      (prefix) => [
        { name: `${prefix}large`, data: large, descriptor: true },
        { name: `${prefix}stored`, data: large, method: 'store' },
        ...files(prefix),
      ],
      'same',
    ],
    ['no CRC', (prefix) => [{ name: `${prefix}y`, data: 'y', crc: 0 }, ...files(prefix)], 'same'],
    ['a wrong CRC', (prefix) => [{ name: `${prefix}y`, data: 'y', crc: 1 }, ...files(prefix)], 'refused'],
    [
      'a wrong size',
      (prefix) => [{ name: `${prefix}y`, data: 'yyyy', declaredSize: 3 }, ...files(prefix)],
      'refused',
    ],
    [
      'too large a size',
      (prefix) => [{ name: `${prefix}y`, data: 'yyyy', declaredSize: 5 }, ...files(prefix)],
      'refused',
    ],
    ['a line break', (prefix) => [{ name: `${prefix}y\nz`, data: 'y' }, ...files(prefix)], 'refused'],
    [
      'a directory with content',
      (prefix) => [{ name: `${prefix}y/`, data: 'y' }, ...files(prefix)],
      'refused',
    ],
    ['cut off', (prefix) => plain(prefix).subarray(0, -30), 'refused'],
    ['bytes before', (prefix) => Buffer.concat([Buffer.from('#!'), plain(prefix)]), 'stricter'],
    ['bytes after', (prefix) => Buffer.concat([plain(prefix), Buffer.from('x')]), 'stricter'],
    // A reader that trusts the offset in the end record sees the first zip, go sees the second.
    [
      'two zips',
      (prefix) =>
        Buffer.concat([Buffer.from(writeZip([{ name: `${prefix}other`, data: 'other' }])), plain(prefix)]),
      'stricter',
    ],
    [
      'two directories',
      (prefix) =>
        twoDirectories(
          plain(prefix),
          Buffer.from(
            writeZip([...files(prefix).slice(0, 1), { name: `${prefix}x.go`, data: 'package evil\n' }]),
          ),
        ),
      'stricter',
    ],
  ];
}

/**
 * A zip with the entries of `shown` for a reader that takes the directory's offset from the end record, and with those
 * of `hidden` for go, which takes its end and its size. Both have as many entries.
 */
function twoDirectories(shown: Buffer, hidden: Buffer): Buffer {
  const directoryOf = (zip: Buffer) => zip.readUInt32LE(zip.length - 6);
  const before = hidden.length - 22;
  const head = Buffer.from(hidden.subarray(0, before));
  const tail = Buffer.from(shown);
  const shownDirectory = before + directoryOf(shown);
  shiftOffsets(tail, directoryOf(shown), before);
  // go subtracts what the offset is too large by from every offset in the directory.
  shiftOffsets(head, directoryOf(hidden), shownDirectory - directoryOf(hidden));
  tail.writeUInt32LE(before + shown.length - 22 - directoryOf(hidden), tail.length - 10);
  tail.writeUInt32LE(shownDirectory, tail.length - 6);
  return Buffer.concat([head, tail]);
}

function shiftOffsets(zip: Buffer, directory: number, by: number): void {
  for (let at = directory; at + 46 <= zip.length && zip.readUInt32LE(at) === 0x02014b50; ) {
    zip.writeUInt32LE(zip.readUInt32LE(at + 42) + by, at + 42);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
}
