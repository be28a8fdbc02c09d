import { archiveName } from '../../src/modcache/archive-name.ts';
import type { Refusal } from '../../src/modcache/archive-reader.ts';
import { type SyntheticModule, tamperModule } from './modules.ts';
import { servingsOf } from './placing.ts';
import { type TarEntry, writeTar } from './tar-writer.ts';

/** What the library's restoreCache does with an archive, as far as it was seen. */
export type LibraryDeed =
  /** Puts the module's altered bytes where they are believed. */
  | 'believes it'
  /** Writes over, or makes, a file outside of the directory that the archive is for. */
  | 'writes outside'
  /** Leaves something there that is no file of a module. */
  | 'leaves it there'
  | 'does nothing'
  /** Fails, and may leave a part. */
  | 'fails';

/** An archive that no save of ours makes. */
export interface HostileArchive {
  readonly name: string;
  /** Unpacked. */
  readonly tar: Buffer;
  /** How many entries we refuse, by reason; all others are of W and right. */
  readonly refused: Partial<Record<Refusal, number>>;
  /** Kinds of files that are of W and have a wrong content. */
  readonly wrong?: readonly string[];
  /** How many files of W we place; default all three of the module. */
  readonly placed?: number;
  /** Why we stop before the end; a part of it. */
  readonly cutShort?: string;
  readonly library: LibraryDeed;
}

/** What the library may write over: absolute names are below `outside`, in the sandbox of the test. */
export interface Sandbox {
  /** Absolute; `sentinel` in it must not change, nothing else appear. */
  readonly outside: string;
  /** From the directory that archives are unpacked in to `outside`. */
  readonly wayOut: string;
}

/** Returns the archives; each has the three right files of `module` behind the hostile entries, if it gets that far. */
export function makeHostileArchives(module: SyntheticModule, sandbox: Sandbox): readonly HostileArchive[] {
  const servings = servingsOf(module);
  const right = servings.map(({ file, bytes }): TarEntry => ({ name: archiveName(file), data: bytes }));
  const [mod, info, zip] = right as [TarEntry, TarEntry, TarEntry];
  const tampered = tamperModule(module);
  const directory = mod.name.slice(0, mod.name.lastIndexOf('/'));
  const evil = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, data: 'EVIL', ...more });
  const { outside, wayOut } = sandbox;
  const before = (
    name: string,
    entries: readonly TarEntry[],
    refused: HostileArchive['refused'],
    library: LibraryDeed,
  ): HostileArchive => ({ name, tar: writeTar([...entries, ...right]), refused, library });
  const foreign = (count: number) => ({ 'foreign-name': count });
  const noFile = (count: number) => ({ 'not-a-file': count });
  return [
    before('a foreign name', [evil('gomod/example.com/other/@v/v1.0.0.zip')], foreign(1), 'leaves it there'),
    before('a name of another root', [evil('dist/index.js')], foreign(1), 'leaves it there'),
    before('an absolute name', [evil(`${outside}/sentinel`)], foreign(1), 'writes outside'),
    before('two points', [evil(`${wayOut}/sentinel`)], foreign(1), 'writes outside'),
    before('two points behind the root', [evil(`gomod/../${wayOut}/new`)], foreign(1), 'writes outside'),
    before(
      'a name with a point',
      [evil(`./${zip.name}x`), evil(`gomod//${zip.name}`)],
      foreign(2),
      'leaves it there',
    ),
    before('backslashes', [evil(zip.name.replaceAll('/', '\\'))], foreign(1), 'leaves it there'),
    before(
      'a symbolic link',
      [{ name: 'gomod/link', type: '2', link: outside }],
      noFile(1),
      'leaves it there',
    ),
    before(
      'a file through a symbolic link',
      [{ name: 'gomod/link', type: '2', link: outside }, evil('gomod/link/sentinel')],
      { ...noFile(1), ...foreign(1) },
      'writes outside',
    ),
    before(
      'a symbolic link as a wanted file',
      [{ name: `${zip.name}`, type: '2', link: `${outside}/sentinel` }],
      noFile(1),
      'leaves it there',
    ),
    before(
      'a symbolic link as the way to wanted files',
      [{ name: directory, type: '2', link: outside }],
      noFile(1),
      'writes outside',
    ),
    before(
      'a hard link',
      [{ name: zip.name, type: '1', link: `${outside}/sentinel` }],
      noFile(1),
      'leaves it there',
    ),
    before('a fifo', [{ name: 'gomod/fifo', type: '6' }], noFile(1), 'leaves it there'),
    before('a device', [{ name: 'gomod/null', type: '3', device: [1, 3] }], noFile(1), 'leaves it there'),
    before('an unknown type', [evil(zip.name, { type: 'Z' })], noFile(1), 'leaves it there'),
    before('a contiguous file', [evil(zip.name, { type: '7' })], noFile(1), 'leaves it there'),
    before('a sparse file', [evil(zip.name, { type: 'S', format: 'gnu' })], noFile(1), 'leaves it there'),
    before(
      'a sparse file of pax',
      [
        evil('gomod/GNUSparseFile.0/x', {
          pax: {
            'GNU.sparse.major': '1',
            'GNU.sparse.minor': '0',
            'GNU.sparse.name': `${outside}/sentinel`,
            'GNU.sparse.realsize': '4',
          },
        }),
      ],
      foreign(1),
      'fails',
    ),
    before(
      'sumdb, vcs, lock, list, ziphash',
      [
        evil('gomod/sumdb/sum.golang.org/latest'),
        evil('gomod/cache/vcs/x/config'),
        evil(zip.name.replace(/zip$/, 'lock')),
        evil(`${directory}/list`),
        evil(zip.name.replace(/zip$/, 'ziphash'), { data: module.zipHash }),
      ],
      foreign(5),
      'leaves it there',
    ),
    {
      name: 'an altered zip with its ziphash intact',
      tar: writeTar([
        mod,
        info,
        { ...zip, data: tampered.zip },
        evil(zip.name.replace(/zip$/, 'ziphash'), { data: module.zipHash }),
      ]),
      refused: foreign(1),
      wrong: ['zip'],
      placed: 2,
      library: 'believes it',
    },
    {
      name: 'an altered zip, and the right one after it',
      tar: writeTar([mod, info, { ...zip, data: tampered.zip }, zip]),
      refused: { duplicate: 1 },
      wrong: ['zip'],
      placed: 2,
      library: 'leaves it there',
    },
    before(
      'the right zip, and an altered one after it',
      [zip, { ...zip, data: tampered.zip }],
      { duplicate: 2 },
      'leaves it there',
    ),
    {
      name: 'an altered go.mod',
      tar: writeTar([{ ...mod, data: tampered.mod }, info, zip]),
      refused: {},
      wrong: ['mod'],
      placed: 2,
      library: 'believes it',
    },
    {
      name: 'an info file that names another version',
      tar: writeTar([
        mod,
        { ...info, data: JSON.stringify({ Version: 'v0.9.0', Time: '2020-01-01T00:00:00Z' }) },
        zip,
      ]),
      refused: {},
      wrong: ['info'],
      placed: 2,
      library: 'believes it',
    },
    {
      name: 'an info file with an origin',
      tar: writeTar([
        mod,
        {
          ...info,
          data: JSON.stringify({ Version: module.version, Origin: { VCS: 'git', URL: 'https://evil.test' } }),
        },
        zip,
      ]),
      refused: {},
      wrong: ['info'],
      placed: 2,
      library: 'believes it',
    },
    {
      name: 'an empty file of each',
      tar: writeTar(right.map((entry) => ({ ...entry, data: '' }))),
      refused: {},
      wrong: ['info', 'mod', 'zip'],
      placed: 0,
      library: 'believes it',
    },
    {
      name: 'an info file of 65 KiB',
      tar: writeTar([mod, { ...info, data: Buffer.alloc(65 << 10, ' ') }, zip]),
      refused: { 'too-large': 1 },
      placed: 2,
      library: 'believes it',
    },
    before(
      'pax: another path',
      [evil('gomod/harmless', { pax: { path: `${outside}/sentinel` } })],
      foreign(1),
      'writes outside',
    ),
    {
      name: 'pax: the path of a wanted file',
      tar: writeTar([mod, info, { ...zip, name: 'x', pax: { path: zip.name } }]),
      refused: {},
      library: 'leaves it there',
    },
    {
      name: 'pax: a size that is larger',
      tar: writeTar([mod, info, evil('gomod/x', { pax: { size: '9000' } }), zip]),
      refused: foreign(1),
      placed: 2,
      cutShort: 'cannot be read to its end',
      library: 'fails',
    },
    {
      name: 'pax: a size of many digits',
      tar: writeTar([mod, info, evil('gomod/x', { pax: { size: '9'.repeat(30) } }), zip]),
      refused: {},
      placed: 2,
      cutShort: 'unpacks to more than',
      library: 'fails',
    },
    {
      name: 'pax: a size that is none',
      tar: writeTar([mod, info, evil('gomod/x', { pax: { size: '-1' } }), zip]),
      refused: {},
      placed: 2,
      cutShort: 'cannot be read to its end',
      library: 'fails',
    },
    before(
      'pax: global records',
      [{ name: 'x', type: '0', pax: { path: `${outside}/sentinel` }, paxType: 'g', data: 'EVIL' }],
      foreign(1),
      'writes outside',
    ),
    before(
      'pax: __proto__',
      [
        evil('gomod/x', {
          pax: { ['__proto__']: 'x', constructor: 'x', toString: 'x' } as Record<string, string>,
        }),
      ],
      foreign(1),
      'leaves it there',
    ),
    before(
      'a GNU long name',
      [evil(`${outside}/${'a/'.repeat(100)}../x`, { gnuLongName: true, format: 'gnu' })],
      foreign(1),
      'writes outside',
    ),
    {
      name: 'a GNU long name of a wanted file',
      tar: writeTar([mod, info, { ...zip, gnuLongName: true, format: 'gnu' }]),
      refused: {},
      library: 'leaves it there',
    },
    {
      name: 'a header of 5 MiB',
      tar: writeTar([mod, info, evil('gomod/x', { pax: { comment: 'x'.repeat(5 << 20) } }), zip]),
      refused: {},
      placed: 2,
      cutShort: 'cannot be read to its end',
      library: 'leaves it there',
    },
    {
      name: 'truncated in a file',
      tar: writeTar(right).subarray(
        0,
        writeTar([mod, info, { ...zip, data: '' }], { end: false }).length + 100,
      ),
      refused: {},
      placed: 2,
      cutShort: 'cannot be read to its end',
      library: 'fails',
    },
    {
      name: 'truncated in a header',
      tar: writeTar(right).subarray(0, writeTar([mod, info], { end: false }).length + 400),
      refused: {},
      placed: 2,
      cutShort: 'cannot be read to its end',
      library: 'leaves it there',
    },
    { name: 'no end', tar: writeTar(right, { end: false }), refused: {}, library: 'leaves it there' },
    {
      name: 'two archives in one',
      tar: Buffer.concat([writeTar([mod]), writeTar([info, zip])]),
      refused: {},
      library: 'leaves it there',
    },
    {
      name: 'garbage',
      tar: Buffer.alloc(4096, 'garbage '),
      refused: {},
      placed: 0,
      cutShort: 'cannot be read to its end',
      library: 'fails',
    },
    { name: 'nothing', tar: Buffer.alloc(0), refused: {}, placed: 0, library: 'does nothing' },
    {
      name: '100,001 entries',
      tar: writeTar([
        ...right,
        ...Array.from({ length: 100_001 - 3 }, (_, index) => ({ name: `gomod/${index}` })),
      ]),
      refused: foreign(100_000 - 3),
      cutShort: 'has more than 100000 entries',
      library: 'leaves it there',
    },
  ];
}
