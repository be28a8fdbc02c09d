import { chmod, cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../src/go/project-files.ts';
import { computeWantedSet, type WantedFile, type WantedSet } from '../../src/go/wanted-set.ts';
import { cachePath, findAbsent, findMissing, type Presence, toFetch } from '../../src/modcache/presence.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import {
  makeModule,
  makeModuleSet,
  type SyntheticModule,
  writeFileProxy,
  writeProject,
} from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const onPosix = process.platform === 'win32' ? test.skip : test;
const asUser = process.platform === 'win32' || process.getuid?.() === 0 ? test.skip : test;
const withGo = (await hasGo()) ? test : test.skip;

interface Scene extends TempDir {
  readonly modules: readonly SyntheticModule[];
  readonly wanted: WantedSet;
  /** GOMODCACHE. */
  readonly cache: string;
  /** Path of the file of this kind of the module at `index`. */
  file(kind: WantedFile['kind'], index?: number): string;
}

/** A project and a module cache with all that it wants: the layout is that of a file system GOPROXY. */
async function makeScene(goVersion = '1.16', totalBytes = 200_000): Promise<Scene> {
  const temp = await makeTempDir();
  const modules = makeModuleSet(10, { totalBytes });
  const cache = temp.join('mod');
  await mkdir(path.join(cache, 'cache'), { recursive: true });
  await writeFileProxy(path.join(cache, 'cache', 'download'), modules);
  await writeProject(temp.join('ws'), { modules, goVersion });
  const wanted = await readWanted(temp.join('ws'));
  const file = (kind: WantedFile['kind'], index = 0) => cachePath(cache, { module: modules[index]!, kind });
  return { ...temp, modules, wanted, cache, file };
}

async function readWanted(directory: string): Promise<WantedSet> {
  const project = await readProject({
    directory: '.',
    workspace: directory,
    gowork: 'off',
    goflags: '',
    dependencyGlobs: [],
  });
  return computeWantedSet(project, { isPrivate: () => 'no' });
}

/** `kind: found` of each wrong file. */
function wrongOf(presence: Presence): string[] {
  return presence.wrong.map(({ file, found }) => `${file.kind}: ${found.kind}`);
}

describe('findMissing', () => {
  test('a whole cache: nothing is missing, all bytes were hashed', async () => {
    await using scene = await makeScene();
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(scene.wanted.files).toHaveLength(30);
    expect(presence).toMatchObject({
      missing: [],
      wrong: [],
      presentFiles: 30,
      wholeness: 'complete',
      notes: [],
    });
    const zipBytes = scene.modules.reduce((sum, { zip }) => sum + zip.length, 0);
    expect(presence.checkedBytes).toBeGreaterThan(zipBytes);
    expect(await findAbsent(scene.cache, scene.wanted)).toEqual([]);
  });

  test('an absent cache, and a set that wants nothing', async () => {
    await using scene = await makeScene();
    const nowhere = scene.join('nowhere');
    const presence = await findMissing(nowhere, scene.wanted);
    expect(presence).toMatchObject({ wrong: [], presentFiles: 0, wholeness: 'none', notes: [] });
    expect(presence.missing).toEqual(scene.wanted.files);
    expect(await findAbsent(nowhere, scene.wanted)).toEqual(scene.wanted.files);
    expect((await findMissing(nowhere, { ...scene.wanted, files: [] })).wholeness).toBe('empty');
  });

  test.each<[name: string, change: (scene: Scene) => Promise<unknown>, wrong: string[]]>([
    ['a changed byte of a zip', (s) => flipByte(s.file('zip')), ['zip: broken-zip']],
    ['the zip of another version', (s) => cp(s.file('zip', 1), s.file('zip')), ['zip: hash']],
    ['a truncated zip', (s) => truncate(s.file('zip'), 100), ['zip: broken-zip']],
    ['an empty zip', (s) => truncate(s.file('zip'), 0), ['zip: broken-zip']],
    ['a sparse zip above 500 MiB', (s) => truncate(s.file('zip'), (500 << 20) + 1), ['zip: too-large']],
    ['a changed go.mod', (s) => writeFile(s.file('mod'), 'module x\n'), ['mod: hash']],
    ['a go.mod above 16 MiB', (s) => truncate(s.file('mod'), (16 << 20) + 1), ['mod: too-large']],
    [
      'an info of another version',
      (s) => writeFile(s.file('info'), '{"Version":"v0.9.0"}'),
      ['info: wrong-info'],
    ],
    [
      'an info with more beside its version',
      (s) => writeFile(s.file('info'), `{"Version":"${s.modules[0]?.version}","X":1}`),
      [],
    ],
    [
      'an info with a second version in another spelling, which go takes',
      (s) => writeFile(s.file('info'), `{"Version":"${s.modules[0]?.version}","version":"v0.9.0"}`),
      ['info: wrong-info'],
    ],
    [
      'an info with a second version in a spelling that only Go folds',
      (s) => writeFile(s.file('info'), `{"Version":"${s.modules[0]?.version}","Ver\u017fion":"v0.9.0"}`),
      ['info: wrong-info'],
    ],
    ['an info that is no JSON', (s) => writeFile(s.file('info'), '<html>'), ['info: wrong-info']],
    ['an info that is no object', (s) => writeFile(s.file('info'), 'null'), ['info: wrong-info']],
    [
      'an info with a version that is no text',
      (s) => writeFile(s.file('info'), '{"Version":1}'),
      ['info: wrong-info'],
    ],
    ['an info above 64 KiB', (s) => truncate(s.file('info'), (64 << 10) + 1), ['info: too-large']],
    [
      'a directory in the place of a go.mod',
      (s) => rm(s.file('mod')).then(() => mkdir(s.file('mod'))),
      ['mod: not-a-file'],
    ],
  ])('%s', async (_, change, wrong) => {
    await using scene = await makeScene();
    await change(scene);
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(wrongOf(presence)).toEqual(wrong);
    expect(presence).toMatchObject({ missing: [], presentFiles: 30 - wrong.length });
    expect(toFetch(presence)).toHaveLength(wrong.length);
  });

  test.each([
    ['an h1 of something else', `h1:${'A'.repeat(43)}=`, ['zip: zip-hash']],
    ['the right one with a line end', undefined, []],
    ['half of one, which go makes anew', 'h1:AAAA', []],
    ['nothing, which go makes anew', '', []],
  ])('a right zip beside a .ziphash with %s', async (_what, said, wrong) => {
    await using scene = await makeScene();
    const text = said ?? `${scene.modules[0]?.zipHash}\n`;
    await writeFile(`${scene.file('zip')}hash`, text);
    expect(wrongOf(await findMissing(scene.cache, scene.wanted))).toEqual(wrong);
  });

  onPosix('a .ziphash that is a link is wrong, whatever it leads to', async () => {
    await using scene = await makeScene();
    await rm(`${scene.file('zip')}hash`, { force: true });
    await writeFile(scene.join('elsewhere'), scene.modules[0]?.zipHash ?? '');
    await symlink(scene.join('elsewhere'), `${scene.file('zip')}hash`);
    expect(wrongOf(await findMissing(scene.cache, scene.wanted))).toEqual(['zip: zip-hash']);
  });

  test('a .ziphash is not believed', async () => {
    await using scene = await makeScene();
    await cp(scene.file('zip', 1), scene.file('zip'));
    await writeFile(`${scene.file('zip')}hash`, scene.modules[0]!.zipHash);
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(presence.wrong).toMatchObject([{ found: { kind: 'hash', hash: expect.stringMatching(/^h1:/) } }]);
  });

  test('any of several hashes may match', async () => {
    await using scene = await makeScene();
    const files = scene.wanted.files.map((file) => ({ ...file, hashes: ['h1:other', ...file.hashes] }));
    expect(await findMissing(scene.cache, { ...scene.wanted, files })).toMatchObject({
      wholeness: 'complete',
    });
  });

  onPosix('a link to the very file that is wanted', async () => {
    await using scene = await makeScene();
    await rename(scene.file('zip'), scene.join('elsewhere.zip'));
    await symlink(scene.join('elsewhere.zip'), scene.file('zip'));
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(presence.wrong).toMatchObject([{ found: { kind: 'link', path: scene.file('zip') } }]);
    expect(await findAbsent(scene.cache, scene.wanted)).toHaveLength(1);
  });

  onPosix('a directory on the way that is a link', async () => {
    await using scene = await makeScene();
    const top = path.join(scene.cache, 'cache', 'download', 'example.com');
    await rename(top, scene.join('elsewhere'));
    await symlink(scene.join('elsewhere'), top);
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(presence).toMatchObject({ missing: [], presentFiles: 0, checkedBytes: 0 });
    expect(new Set(presence.wrong.map(({ found }) => JSON.stringify(found)))).toEqual(
      new Set([JSON.stringify({ kind: 'link', path: top })]),
    );
  });

  onPosix('GOMODCACHE itself and cache/download may be links', async () => {
    await using scene = await makeScene();
    await symlink(scene.cache, scene.join('link'));
    await rename(path.join(scene.cache, 'cache', 'download'), scene.join('elsewhere'));
    await symlink(scene.join('elsewhere'), path.join(scene.cache, 'cache', 'download'));
    expect(await findMissing(scene.join('link'), scene.wanted)).toMatchObject({ wholeness: 'complete' });
  });

  asUser('what cannot be read is missing, with a note', async () => {
    await using scene = await makeScene();
    await writeFile(scene.file('mod'), scene.modules[0]!.mod);
    await chmod(scene.file('mod'), 0);
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(presence).toMatchObject({ missing: [{ kind: 'mod' }], wrong: [] });
    expect(presence.notes.join()).toContain('EACCES');
  });

  onPosix('a name that the system refuses is missing, with a note', async () => {
    await using scene = await makeScene();
    const module = { path: `example.com/${'a'.repeat(300)}`, version: 'v1.0.0' };
    const files = scene.wanted.files.slice(0, 1).map((file) => ({ ...file, module }));
    const presence = await findMissing(scene.cache, { ...scene.wanted, files });
    expect(presence).toMatchObject({ missing: files, wrong: [], wholeness: 'none' });
    expect(presence.notes.join()).toContain('ENAMETOOLONG');
  });

  test('a file on the way to others makes them wrong, and is no error', async () => {
    await using scene = await makeScene();
    const directory = path.dirname(scene.file('mod'));
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    const presence = await findMissing(scene.cache, scene.wanted);
    expect(wrongOf(presence)).toEqual(['mod: not-a-file', 'info: not-a-file', 'zip: not-a-file']);
  });

  test('an aborted signal ends it with its reason', async () => {
    await using scene = await makeScene();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(findMissing(scene.cache, scene.wanted, { signal })).rejects.toThrow('enough');
    await expect(findAbsent(scene.cache, scene.wanted, { signal })).rejects.toThrow('enough');
  });

  test('an abort while a zip is hashed is no missing file', async () => {
    // Half of the bytes are in the last module: large enough that the abort is noticed inside its zip.
    await using scene = await makeScene('1.16', 6 << 20);
    const large = scene.modules[9]!.path;
    const files = scene.wanted.files.filter(({ kind, module }) => kind === 'zip' && module.path === large);
    const zips = { ...scene.wanted, files };
    let rejected = 0;
    for (let checks = 0; checks < 20; checks++) {
      let left = checks;
      const abortsLater = {
        throwIfAborted: () => {
          if (left-- <= 0) throw new Error('enough');
        },
      };
      const signal = abortsLater as unknown as AbortSignal;
      const result = await findMissing(scene.cache, zips, { signal }).catch((error: Error) => error.message);
      if (result === 'enough') rejected++;
      else expect(result).toMatchObject({ wholeness: 'complete' });
    }
    // Four checks are made around the hashing, the others in it.
    expect(rejected).toBeGreaterThan(4);
  });
});

/** Changes a byte in the middle, which is file content. */
async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle]! ^ 1;
  await writeFile(file, bytes);
}

describe('beside the go command', () => {
  withGo.each(['1.16', '1.21'])(
    'go %s: after go mod download nothing is missing, and a tampered zip is found',
    async (goVersion) => {
      await using scene = await makeScene(goVersion);
      const proxy = new URL(`file://${path.join(scene.cache, 'cache', 'download')}`).href;
      const env = goEnvironment(scene.path, { GOPROXY: proxy });
      expect(await runGo(['mod', 'download'], { cwd: scene.join('ws'), env })).toMatchObject({ code: 0 });
      const cache = env['GOMODCACHE']!;
      expect(await findMissing(cache, scene.wanted)).toMatchObject({ wholeness: 'complete', wrong: [] });
      const zip = cachePath(cache, { module: scene.modules[0]!, kind: 'zip' });
      await flipByte(zip);
      const presence = await findMissing(cache, scene.wanted);
      expect(presence.wrong.map(({ file }) => [file.kind, file.module.path])).toEqual([
        ['zip', scene.modules[0]!.path],
      ]);
    },
  );

  withGo('go takes the first of two hashes of a go.sum only, and so does the wanted set', async () => {
    await using scene = await makeScene('1.21');
    const [module, other] = scene.modules;
    const lines = (first: string, second: string) =>
      `${scene.modules.flatMap((m) => (m === module ? [`${m.path} ${m.version} ${first}`, `${m.path} ${m.version} ${second}`, m.goSumLines[1]] : m.goSumLines)).join('\n')}\n`;
    const proxy = new URL(`file://${path.join(scene.cache, 'cache', 'download')}`).href;
    for (const [name, hashes, accepted] of [
      ['right', [module!.zipHash, other!.zipHash], true],
      ['wrong', [other!.zipHash, module!.zipHash], false],
    ] as const) {
      await writeFile(scene.join('ws', 'go.sum'), lines(hashes[0], hashes[1]));
      const root = scene.join(name);
      const env = goEnvironment(root, { GOPROXY: proxy });
      await mkdir(root);
      const go = await runGo(['mod', 'download', module!.path], { cwd: scene.join('ws'), env });
      expect(go.code === 0).toBe(accepted);
      const presence = await findMissing(scene.cache, await readWanted(scene.join('ws')));
      expect(presence.wrong.length === 0).toBe(accepted);
    }
  });

  // a needs z, which needs a higher x than b requires: the version that is built stands in no go.mod of the workspace.
  withGo.each([
    ['a workspace', 'go 1.22\nuse ./a\nuse ./b\n', '1.21'],
    ['modules of go 1.21', undefined, '1.21'],
    ['modules of go 1.16', undefined, '1.16'],
  ])('%s: the wanted set is enough to load all packages without a proxy', async (_, work, goVersion) => {
    await using temp = await makeTempDir();
    const x = (version: string) => makeModule({ path: 'example.com/x', version });
    const z = makeModule({
      path: 'example.com/z',
      version: 'v1.9.0',
      requires: [{ path: 'example.com/x', version: 'v1.5.0' }],
      files: { 'use.go': 'package pz\n\nimport _ "example.com/x"\n' },
    });
    const modules = [x('v1.0.0'), x('v1.1.0'), x('v1.5.0'), z];
    await writeFileProxy(temp.join('proxy'), modules);
    for (const [name, requires] of [
      ['a', [z]],
      ['b', [modules[1]!]],
    ] as const) {
      await writeProject(temp.join('ws', name), {
        module: `example.com/${name}`,
        modules,
        requires,
        goVersion,
        goSumLines: [],
      });
      const env = goEnvironment(temp.path, { GOPROXY: new URL(`file://${temp.join('proxy')}`).href });
      expect(await runGo(['mod', 'tidy'], { cwd: temp.join('ws', name), env })).toMatchObject({ code: 0 });
    }
    if (work !== undefined) await writeFile(temp.join('ws', 'go.work'), work);
    const project = await readProject({
      directory: '.',
      workspace: temp.join('ws'),
      gowork: '',
      goflags: '',
      dependencyGlobs: [],
    });
    const wanted = computeWantedSet(project, { isPrivate: () => 'no' });
    for (const file of wanted.files) {
      const from = cachePath(temp.path, file).replace(path.join('cache', 'download'), 'proxy');
      const to = cachePath(temp.join('fresh', 'gopath', 'pkg', 'mod'), file);
      await mkdir(path.dirname(to), { recursive: true });
      await cp(from, to);
    }
    const env = goEnvironment(temp.join('fresh'));
    for (const name of ['a', 'b']) {
      const go = await runGo(['list', '-deps', '-test', '.'], { cwd: temp.join('ws', name), env });
      expect(go).toMatchObject({ code: 0 });
    }
  });
});
