import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findByGlobs } from '../../src/go/dependency-globs.ts';
import { type ProjectRequest, readProject } from '../../src/go/project-files.ts';
import { openProjectReader } from '../../src/go/project-reader.ts';
import { computeWantedSet } from '../../src/go/wanted-set.ts';
import { goEnvironment, hasGo, runGo } from '../support/go.ts';
import { makeModuleSet, writeFileProxy, writeProject } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const onPosix = process.platform === 'win32' ? test.skip : test;
const withGo = (await hasGo()) ? test : test.skip;

/** Writes files below `ws` of the temp directory, which is the workspace; the rest of the temp directory is outside. */
async function write(temp: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(temp.join('ws', name)), { recursive: true });
    await writeFile(temp.join('ws', name), text);
  }
}

async function read(temp: TempDir, request: Partial<ProjectRequest> = {}) {
  const project = await readProject({
    directory: '.',
    workspace: temp.join('ws'),
    gowork: '',
    goflags: '',
    dependencyGlobs: [],
    ...request,
  });
  const names = project.units.map((unit) =>
    unit.kind === 'module'
      ? unit.module.mod.file
      : `${unit.work.file}: ${unit.modules.map((module) => module.directory).join(' ')}`,
  );
  return { project, names, problems: project.problems.map(({ file, line }) => `${file}:${line}`) };
}

const MOD = 'module example.com/m\ngo 1.22\n';
const SUM = `example.com/a v1.0.0 h1:${'a'.repeat(42)}A=\n`;

describe('which files are read', () => {
  test.each<
    [name: string, files: Readonly<Record<string, string>>, request: Partial<ProjectRequest>, names: string[]]
  >([
    ['a module', { 'go.mod': MOD }, {}, ['go.mod']],
    ['a module above the directory', { 'go.mod': MOD, 'a/b/x.go': '' }, { directory: 'a/b' }, ['go.mod']],
    [
      'the nearest module',
      { 'go.mod': MOD, 'a/go.mod': MOD, 'a/b/x.go': '' },
      { directory: 'a/b' },
      ['a/go.mod'],
    ],
    [
      'a directory called go.mod is passed over',
      { 'go.mod': MOD, 'a/go.mod/x': '' },
      { directory: 'a' },
      ['go.mod'],
    ],
    [
      'a workspace above the module',
      { 'go.work': 'go 1.22\nuse ./a\n', 'a/go.mod': MOD },
      { directory: 'a' },
      ['go.work: a'],
    ],
    [
      'GOWORK=off',
      { 'go.work': 'go 1.22\nuse ./a\n', 'a/go.mod': MOD },
      { directory: 'a', gowork: 'off' },
      ['a/go.mod'],
    ],
    ['GOWORK=auto', { 'go.work': 'go 1.22\nuse .\n', 'go.mod': MOD }, { gowork: 'auto' }, ['go.work: .']],
    [
      'neither: every go.sum below',
      { 'x/go.mod': MOD, 'x/go.sum': SUM, 'y/z/go.mod': MOD, 'y/z/go.sum': SUM, 'y/go.mod': MOD },
      {},
      ['x/go.mod', 'y/z/go.mod'],
    ],
    [
      'globs',
      { 'go.mod': MOD, 'a/go.mod': MOD, 'a/go.sum': SUM, 'b/go.mod': MOD, 'b/go.sum': SUM },
      { dependencyGlobs: ['*/go.sum', '!b/**'] },
      ['a/go.mod'],
    ],
    [
      'globs of other names',
      {
        'w/go.work': 'go 1.22\nuse ./m\n',
        'w/go.work.sum': '',
        'w/m/go.mod': MOD,
        't/tools.mod': MOD,
        't/tools.sum': SUM,
      },
      { dependencyGlobs: ['**/*.sum'] },
      ['t/tools.mod', 'w/go.work: m'],
    ],
    [
      '-modfile beside its own sums',
      { 'go.mod': MOD, 'sub/x.go': '', 'sub/alt.mod': MOD, 'sub/alt.sum': SUM },
      { directory: 'sub', goflags: '-modfile=alt.mod' },
      ['sub/alt.mod'],
    ],
  ])('%s', async (_, files, request, expected) => {
    await using temp = await makeTempDir();
    await write(temp, files);
    const { names, problems } = await read(temp, request);
    expect(names.map((name) => name.replace(': w/m', ': m'))).toEqual(expected);
    expect(problems).toEqual([]);
  });

  test('GOWORK as an absolute path', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'w/go.work': 'go 1.22\nuse ../a\n', 'a/go.mod': MOD });
    const { names } = await read(temp, { gowork: temp.join('ws', 'w', 'go.work') });
    expect(names).toEqual(['w/go.work: a']);
  });

  test('go.sum, go.work.sum and modules.txt come along; a module without go.sum is fine', async () => {
    await using temp = await makeTempDir();
    await write(temp, {
      'go.work': 'go 1.22\nuse ./a\nuse ./b\n',
      'go.work.sum': SUM,
      'a/go.mod': MOD,
      'a/go.sum': SUM + SUM,
      'b/go.mod': MOD,
      'vendor/modules.txt': '## workspace\n',
    });
    const { project, problems } = await read(temp);
    const [unit] = project.units;
    if (unit?.kind !== 'workspace') throw new Error('no workspace');
    expect(unit.sum?.lines).toHaveLength(1);
    expect(unit.modules.map(({ sum }) => sum?.lines.length)).toEqual([2, undefined]);
    expect(unit.vendor).toEqual({ modulesTxt: '## workspace\n' });
    expect(problems).toEqual([]);
  });
});

describe('what is refused', () => {
  test.each<
    [
      name: string,
      files: Readonly<Record<string, string>>,
      request: Partial<ProjectRequest>,
      problems: string[],
    ]
  >([
    ['a go.mod above the workspace', { 'x/x.go': '' }, { directory: 'x' }, []],
    ['a working directory outside', {}, { directory: '../outside' }, ['../outside:0']],
    ['a working directory that is none', { f: '' }, { directory: 'f' }, ['f:0']],
    ['a relative GOWORK', { 'go.mod': MOD }, { gowork: 'go.work' }, ['go.work:0']],
    [
      'a -modfile outside',
      { 'go.mod': MOD },
      { goflags: '-modfile=../outside/go.mod' },
      ['../outside/go.mod:0'],
    ],
    ['GOFLAGS that go refuses', { 'go.mod': MOD }, { goflags: 'x' }, ['GOFLAGS:0']],
    ['a go.work without its module', { 'go.work': 'go 1.22\nuse ./a\n' }, {}, ['a/go.mod:0']],
    [
      'use of a directory outside',
      { 'go.work': 'go 1.22\n\nuse ../outside\nuse ./a\n', 'a/go.mod': MOD },
      {},
      ['go.work:3'],
    ],
    ['use twice', { 'go.work': 'go 1.22\nuse ./a\nuse ./b/../a\n', 'a/go.mod': MOD }, {}, ['go.work:3']],
    ['a go.mod without a module line', { 'go.mod': 'go 1.22\n' }, {}, ['go.mod:0']],
    ['wrong lines of all files', { 'go.mod': `${MOD}x\n`, 'go.sum': 'a b\n' }, {}, ['go.mod:3', 'go.sum:1']],
    ['a go.sum without a go.mod', { 'a/go.sum': SUM }, {}, ['a/go.mod:0']],
  ])('%s', async (_, files, request, expected) => {
    await using temp = await makeTempDir();
    await mkdir(temp.join('outside'));
    await mkdir(temp.join('ws'));
    for (const name of ['go.mod', 'outside/go.mod']) await writeFile(temp.join(name), 'module SECRET\n');
    await write(temp, files);
    const { project, problems } = await read(temp, request);
    expect(problems).toEqual(expected);
    expect(JSON.stringify(project)).not.toContain('SECRET');
  });

  test('GOWORK outside the workspace', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.mod': MOD });
    await writeFile(temp.join('go.work'), 'go 1.22\n');
    const { names, problems } = await read(temp, { gowork: temp.join('go.work') });
    expect({ names, problems }).toEqual({ names: ['go.mod'], problems: ['go.work:0'] });
  });

  onPosix.each(['go.mod', 'go.sum', 'vendor/modules.txt'])(
    '%s as a link out of the workspace',
    async (name) => {
      await using temp = await makeTempDir();
      await write(temp, { 'go.mod': MOD, 'go.sum': SUM, 'vendor/modules.txt': '' });
      await writeFile(temp.join('secret'), 'SECRET');
      await rm(temp.join('ws', name));
      await symlink(temp.join('secret'), temp.join('ws', name));
      const { project, problems } = await read(temp);
      expect(problems).toEqual([`${name}:0`]);
      expect(JSON.stringify(project)).not.toContain('SECRET');
    },
  );

  onPosix('a directory of modules that is a link out of the workspace', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.work': 'go 1.22\nuse ./a\n' });
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside', 'go.mod'), MOD);
    await symlink(temp.join('outside'), temp.join('ws', 'a'));
    expect(await read(temp)).toMatchObject({ names: ['go.work: '], problems: ['a/go.mod:0'] });
    expect(await read(temp, { directory: 'a' })).toMatchObject({ names: [], problems: ['a:0'] });
  });

  onPosix('a link inside the workspace is followed', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'real.mod': MOD });
    await symlink('real.mod', temp.join('ws', 'go.mod'));
    expect(await read(temp)).toMatchObject({ names: ['go.mod'], problems: [] });
  });

  onPosix('a FIFO does not make it wait', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.mod': MOD });
    execFileSync('mkfifo', [temp.join('ws', 'go.sum')]);
    expect(await read(temp)).toMatchObject({ names: ['go.mod'], problems: ['go.sum:0'] });
  });

  test('a directory and a file above 16 MiB', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.mod': MOD, 'go.sum/x': '', 'b/go.mod': MOD, 'b/go.sum': '' });
    expect((await read(temp)).problems).toEqual(['go.sum:0']);
    await truncate(temp.join('ws', 'b', 'go.sum'), (16 << 20) + 1);
    expect((await read(temp, { directory: 'b' })).problems).toEqual(['b/go.sum:0']);
  });

  test('all files together have a limit', async () => {
    await using temp = await makeTempDir();
    await write(temp, { a: 'x'.repeat(60), b: 'x'.repeat(60) });
    const reader = await openProjectReader(temp.join('ws'), { fileBytes: 100, totalBytes: 100 });
    expect(await reader.read(temp.join('ws', 'a'))).toHaveLength(60);
    expect(await reader.read(temp.join('ws', 'b'))).toBeUndefined();
    expect(reader.problems).toMatchObject([{ file: 'b' }]);
  });

  test('an aborted signal ends it with its reason', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.mod': MOD });
    await expect(read(temp, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('findByGlobs', () => {
  test('leaves out vendor, testdata and node_modules, whatever the glob', async () => {
    await using temp = await makeTempDir();
    const names = ['go.sum', 'a/go.sum', 'vendor/go.sum', 'a/testdata/x/go.sum', 'node_modules/b/go.sum'];
    await write(temp, Object.fromEntries(names.map((name) => [name, ''])));
    const base = temp.join('ws');
    const { files } = await findByGlobs(base, ['**/go.sum', 'vendor/go.sum', '', ' ./a/*.sum ']);
    expect(files.map((file) => path.relative(base, file))).toEqual([path.join('a', 'go.sum'), 'go.sum']);
  });

  test.each([
    ['matches nothing', 'x/*.sum', 'matches no file'],
    ['leads out', '../*', 'leads out'],
    ['leads out in the middle', 'a/../../*', 'leads out'],
    ['is absolute and outside', '/etc/*', 'leads out'],
  ])('a glob that %s is a note', async (_, glob, words) => {
    await using temp = await makeTempDir();
    await write(temp, { 'go.sum': '' });
    const { files, notes } = await findByGlobs(temp.join('ws'), [glob]);
    expect(files).toEqual([]);
    expect(notes.join()).toContain(words);
  });

  test('an absolute glob inside the workspace works', async () => {
    await using temp = await makeTempDir();
    await write(temp, { 'a/go.sum': '' });
    expect((await findByGlobs(temp.join('ws'), [temp.join('ws', '*', 'go.sum')])).files).toHaveLength(1);
  });

  test('count and time are bounded, and a note says so', async () => {
    await using temp = await makeTempDir();
    await write(temp, Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`${index}/go.sum`, ''])));
    const few = await findByGlobs(temp.join('ws'), ['**/go.sum'], {
      limits: { files: 3, milliseconds: 60_000 },
    });
    expect(few.files).toHaveLength(3);
    expect(few.notes).toHaveLength(1);
    const late = await findByGlobs(temp.join('ws'), ['**/go.sum'], {
      limits: { files: 9, milliseconds: -1 },
    });
    expect(late.files).toEqual([]);
    expect(late.notes.join()).toContain('too long');
  });
});

describe('beside the go command', () => {
  withGo('a vendor directory counts as consistent exactly when go builds from it', async () => {
    await using temp = await makeTempDir();
    const modules = makeModuleSet(4);
    await writeFileProxy(temp.join('proxy'), modules);
    await writeProject(temp.join('ws'), { modules });
    const proxy = new URL('proxy', `file://${temp.path}/`).href;
    const env = goEnvironment(temp.path, { GOPROXY: proxy, GONOSUMDB: '*' });
    const go = (...args: string[]) => runGo(args, { cwd: temp.join('ws'), env });
    const wanted = async () =>
      computeWantedSet((await read(temp)).project, { isPrivate: () => 'no' }).files.length;
    expect(await wanted()).toBeGreaterThan(0);
    expect(await go('mod', 'vendor')).toMatchObject({ code: 0 });
    expect(await go('list', './...')).toMatchObject({ code: 0 });
    expect(await wanted()).toBe(0);
    const [first] = modules;
    await go('mod', 'edit', `-replace=${first?.path}=./elsewhere`);
    expect((await go('list', './...')).stderr).toContain('inconsistent vendoring');
    expect(await wanted()).toBeGreaterThan(0);
  });
});
