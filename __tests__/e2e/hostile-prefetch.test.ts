import { execFile } from 'node:child_process';
import { link, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { goEnvironment, hasGo, runGo, sharedBuildCache } from '../support/go.ts';
import { faultOf, makeHostileAnswers } from '../support/hostile-answers.ts';
import { HOSTILE_PATHS, HOSTILE_VERSIONS } from '../support/hostile-names.ts';
import {
  type CachedKind,
  cacheName,
  contentsOf,
  expectedContents,
  makeWorld,
  type Played,
  sha256,
  type World,
} from '../support/hostile-world.ts';
import { makeHostileZips } from '../support/hostile-zips.ts';
import { expectInert } from '../support/inert.ts';
import { pathsOf, traces } from '../support/job.ts';
import {
  escapeName,
  makeModule,
  makeModuleSet,
  type SyntheticModule,
  tamperModule,
  writeFileProxy,
  writeProject,
} from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import type { JobOptions } from '../support/runner.ts';
import { moduleCacheContents, snapshotTree, treeChanges } from '../support/sentinel-tree.ts';

const run = promisify(execFile);
const goIsHere = await hasGo();
const goTest = goIsHere ? test : test.skip;
const posix = process.platform !== 'win32';
const posixTest = posix ? test.concurrent : (test.skip as unknown as typeof test.concurrent);

/** Before all others in module order, so that the probe asks for them and meets nothing hostile. */
const honest = makeModuleSet(7, { totalBytes: 140_000 });

/** Fails unless the step ended well, touched nothing outside, and told no secret. */
async function expectContained(world: World, { job, changes }: Played): Promise<void> {
  expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
  expect([job.main, job.post].map(({ timedOut, lingering }) => timedOut || lingering)).toEqual([
    false,
    false,
  ]);
  expect(changes).toEqual([]);
  for (const [place, text] of await traces(world.site, job)) {
    expect({ place, told: text.includes('TOP-SECRET') }).toEqual({ place, told: false });
  }
}

/** One job that several tests look at, so that a failure tells which of its rows broke. */
function shareJob(start: (world: World) => Promise<Played>, makeIt: () => Promise<World>) {
  let shared: { readonly world: World; readonly played: Played } | undefined;
  beforeAll(async () => {
    const world = await makeIt();
    shared = { world, played: await start(world) };
  });
  afterAll(async () => {
    await shared?.world[Symbol.asyncDispose]();
  });
  return () => {
    if (shared === undefined) throw new Error('the job did not run');
    return shared;
  };
}

describe('zips whose go.sum fits them', () => {
  const zips = makeHostileZips();
  const modules = [...honest, ...zips.map(({ module }) => module)];
  const kindsOf = (module: SyntheticModule) =>
    zips.some((zip) => zip.module === module && zip.fate === 'we refuse')
      ? (['mod', 'info'] as const)
      : (['zip', 'ziphash', 'mod', 'info'] as const);
  const getJob = shareJob(
    async (world) => {
      await using proxy = await startProxy({ modules });
      for (const { module } of zips) {
        const directory = path.join(world.site.workspace, module.path.replace(/.*\//, ''));
        await mkdir(directory);
        await writeFile(path.join(directory, 'p.go'), `package p\n\nimport _ "${module.path}"\n`);
      }
      return await world.play({ inputs: { proxies: proxy.url } });
    },
    () => makeWorld({ modules }),
  );

  test('nothing outside is touched, and the module cache holds what go.sum names and nothing else', async () => {
    const { world, played } = getJob();
    await expectContained(world, played);
    expect(played.contents).toEqual(expectedContents(modules, kindsOf));
  });

  test.each(zips)('$name: $fate', ({ module, fate }) => {
    const { played } = getJob();
    const expected = expectedContents([module], kindsOf);
    expect(contentsOf(played.contents, module)).toEqual(Object.fromEntries(expected));
    if (fate === 'we refuse') expect(played.told).toContain(`${module.path}@${module.version} .zip`);
  });

  const left = zips.filter(({ fate }) => fate !== 'we refuse');
  goTest.each(left)('$name: $fate, when it builds', async ({ module, fate }) => {
    const { world } = getJob();
    const { site, goModCache, outside } = world;
    const env = { ...goEnvironment(site.dir.join('gocache')), GOMODCACHE: goModCache };
    const before = await snapshotTree(site.dir.path, { skip: /^(?:gocache|caches\/mod)$/ });
    const name = module.path.replace(/.*\//, '');
    const built = await runGo(['build', `./${name}`], { cwd: site.workspace, env });
    expect({ refused: built.code !== 0, why: built.stderr }).toEqual({
      refused: fate === 'go refuses',
      why: fate === 'go refuses' ? expect.stringContaining(module.path) : '',
    });
    expect(
      treeChanges(before, await snapshotTree(site.dir.path, { skip: /^(?:gocache|caches\/mod)$/ })),
    ).toEqual([]);
    // Neither links nor odd modes come of a zip: go writes regular files.
    const extracted = path.join(goModCache, `${module.path}@${module.version}`);
    for (const [, { type, mode }] of fate === 'go takes' ? await snapshotTree(extracted) : []) {
      expect([type, mode & 0o7000]).toEqual(['file', 0]);
    }
    expect(await readdir(outside)).toEqual(['deeper', 'secret', 'sentinels']);
  });
});

describe('answers of a proxy that nobody else stands beside', () => {
  const answers = makeHostileAnswers().filter(({ endless, kind }) => !endless || kind === 'info');
  const modules = [...honest, ...answers.map(({ module }) => module)];
  const placedOf = new Map(answers.map(({ module, placed }) => [module, placed]));
  const kindsOf = (module: SyntheticModule) =>
    placedOf.get(module) ?? (['zip', 'ziphash', 'mod', 'info'] as const);
  const getJob = shareJob(
    async (world) => {
      await using proxy = await startProxy({ modules, faults: answers.map(faultOf) });
      return await world.play({ inputs: { proxies: proxy.url, 'job-summary': 'always' } });
    },
    () => makeWorld({ modules }),
  );

  test('nothing outside is touched, all else arrives, and no answer becomes more than text', async () => {
    const { world, played } = getJob();
    await expectContained(world, played);
    await expectInert(world.site, played.job);
    expect(played.contents).toEqual(expectedContents(modules, kindsOf));
  });

  test.each(answers)('$name', ({ module, kind, placed }) => {
    const { played } = getJob();
    const expected = expectedContents([module], kindsOf);
    expect(contentsOf(played.contents, module)).toEqual(Object.fromEntries(expected));
    if (!placed.includes(kind)) expect(played.told).toContain(`${module.path}@${module.version} .${kind}`);
  });
});

/** What the measuring and the prefetch may ask for when only the honest modules are wanted. */
function askedBeside(proxy: ProxyServer, modules: readonly SyntheticModule[]): readonly string[] {
  const allowed = new Set(
    modules.flatMap(({ path: name, version }) =>
      ['info', 'mod', 'zip'].map((kind) => `/${escapeName(name)}/@v/${escapeName(version)}.${kind}`),
    ),
  );
  return pathsOf(proxy).filter(
    (asked) =>
      !allowed.has(decodeURIComponent(asked)) &&
      // The measuring asks for a public module where a project has none.
      !/^\/(?:sumdb|github\.com\/pkg\/errors|golang\.org\/x)\//.test(asked),
  );
}

describe('what a repository holds', () => {
  const HASH = honest[0]!.zipHash;
  const names = [
    ...HOSTILE_PATHS.map(([, name]) => [name, 'v1.0.0']),
    ...HOSTILE_VERSIONS.map(([, version]) => ['example.com/good', version]),
  ];

  async function play(
    prepare: (world: World) => Promise<Partial<JobOptions> | undefined>,
    look: (world: World, played: Played) => Promise<void> | void = () => {},
  ): Promise<void> {
    await using proxy = await startProxy({ modules: honest });
    await using world = await makeWorld({ modules: honest });
    const more = await prepare(world);
    const played = await world.play({
      ...more,
      inputs: { proxies: proxy.url, 'job-summary': 'always', ...more?.inputs },
    });
    await expectContained(world, played);
    expect(askedBeside(proxy, honest)).toEqual([]);
    const all = expectedContents(honest);
    for (const [name, content] of played.contents) expect([name, content]).toEqual([name, all.get(name)]);
    await look(world, played);
  }
  const complete = (_world: World, { contents }: Played) => {
    expect(contents).toEqual(expectedContents(honest));
  };

  test.concurrent('a go.sum full of names that lead elsewhere: the good lines are fetched', () =>
    play(
      async ({ site }) => {
        const file = path.join(site.workspace, 'go.sum');
        const lines = names.flatMap(([name, version]) => [
          `${name} ${version} ${HASH}\n`,
          `${name} ${version}/go.mod ${HASH}\n`,
        ]);
        // Tricks with line ends: each of them must end up as a line that is refused.
        lines.push(`example.com/a\r../../x v1.0.0 ${HASH}\r\n`, `example.com/b v1.0.0\u2028../x ${HASH}\n`);
        lines.push(`example.com/c v1.0.0 ${HASH} ../../x\n`, `\ufeffexample.com/d v1.0.0 ${HASH}\n`);
        await writeFile(file, lines.join('') + (await readFile(file, 'utf8')));
        return undefined;
      },
      async (world, played) => {
        complete(world, played);
        await expectInert(world.site, played.job);
        expect(played.told).toMatch(/go\.sum:\d+: \w/);
        expect(played.told).toMatch(/\d+ more problems in the project's files/);
      },
    ));

  test.concurrent('a go.mod that requires and replaces such names', () =>
    play(
      async ({ site }) => {
        const file = path.join(site.workspace, 'go.mod');
        const lines = names.flatMap(([name, version]) => [
          `require "${name}" "${version}"\n`,
          `replace ${honest[0]!.path} => "${name}" "${version}"\n`,
        ]);
        await writeFile(file, `${await readFile(file, 'utf8')}\n${lines.join('')}`);
        return undefined;
      },
      async ({ site }, played) => {
        await expectInert(site, played.job);
        expect(played.told).toMatch(/go\.mod:\d+: \w/);
      },
    ));

  const FILES = ['go.mod', 'go.sum', 'go.work', 'vendor/modules.txt'] as const;
  const STANDINS: Readonly<Record<string, (file: string, outside: string) => Promise<unknown>>> = {
    'a link to a secret': (file, outside) => symlink(path.join(outside, 'secret'), file),
    'a dangling link': (file, outside) => symlink(path.join(outside, 'nothing'), file),
    'a pipe': (file) => run('mkfifo', [file]),
    'a directory': (file) => mkdir(file),
  };
  const standins = FILES.flatMap((file) => Object.keys(STANDINS).map((what) => ({ file, what })));
  posixTest.each(standins)('$file is $what', ({ file, what }) =>
    play(
      async ({ site, outside }) => {
        const place = path.join(site.workspace, file);
        await rm(place, { force: true });
        await mkdir(path.dirname(place), { recursive: true });
        await STANDINS[what]!(place, outside);
        return undefined;
      },
      (_world, { told }) => {
        // Go looks past a directory of the name go.work.
        const isNone = what === 'a dangling link' || (file === 'go.work' && what === 'a directory');
        if (!isNone) expect(told).toContain(`${file}: `);
      },
    ),
  );

  test.concurrent('use and replace with directories outside of the workspace', () =>
    play(
      async ({ site, outside }) => {
        const { goMod } = await writeProject(outside, { modules: honest, module: 'example.com/TOP-SECRET' });
        expect(goMod).toContain('TOP-SECRET');
        const uses = ['.', '../caches/outside', outside, './sentinels/../../caches/outside'];
        const text = uses.map((use) => `use "${use}"\n`).join('');
        const replace = `replace ${honest[1]!.path} => ../caches/outside\n`;
        await writeFile(path.join(site.workspace, 'go.work'), `go 1.21\n\n${text}${replace}`);
        return undefined;
      },
      (_world, { told }) => {
        expect(told).toContain('go.work: ');
      },
    ));

  test.concurrent('a working-directory that is a link to the outside', () =>
    play(
      async ({ site, outside }) => {
        await writeProject(outside, { modules: honest, module: 'example.com/TOP-SECRET' });
        await symlink(outside, path.join(site.workspace, 'linked'));
        return { inputs: { 'working-directory': 'linked' } };
      },
      (_world, { contents }) => {
        expect([...contents]).toEqual([]);
      },
    ));

  test.concurrent('a go.sum of 200,000 lines that nothing requires', () =>
    play(async ({ site }) => {
      const file = path.join(site.workspace, 'go.sum');
      const lines = Array.from({ length: 200_000 }, (_, at) => `example.com/x${at} v1.0.0 ${HASH}\n`);
      await writeFile(file, lines.join('') + (await readFile(file, 'utf8')));
      return undefined;
    }, complete));

  test('a go.sum of 200,000 go.mod files that nobody has: prefetch-timeout ends it', async () => {
    await using proxy = await startProxy({ modules: honest });
    await using world = await makeWorld({ modules: honest });
    const file = path.join(world.site.workspace, 'go.sum');
    const lines = Array.from({ length: 200_000 }, (_, at) => `zz.example/x${at} v1.0.0/go.mod ${HASH}\n`);
    await writeFile(file, lines.join('') + (await readFile(file, 'utf8')));
    const played = await world.play({ inputs: { proxies: proxy.url, 'prefetch-timeout': '2s' } });
    await expectContained(world, played);
    const all = expectedContents(honest);
    for (const [name, content] of played.contents) expect([name, content]).toEqual([name, all.get(name)]);
    expect(played.told).toContain('prefetch-timeout');
  });

  const long = {
    'an element of 300 letters': `long.test/${'a'.repeat(300)}`,
    'an element that is too long only when it is escaped': `long.test/${'A'.repeat(200)}`,
    'more than 4,096 letters in all': `long.test/${'a23456789/'.repeat(450)}b`,
    'more than a request can have': `long.test/${'c23456789/'.repeat(4000)}d`,
  };
  test.concurrent('paths that are too long for a file system: all others arrive', async () => {
    const tooLong = Object.values(long).map((name) => makeModule({ path: name, version: 'v1.0.0' }));
    const modules = [...honest, ...tooLong];
    await using proxy = await startProxy({ modules });
    await using world = await makeWorld({ modules });
    const played = await world.play({ inputs: { proxies: proxy.url } });
    await expectContained(world, played);
    expect(played.contents).toEqual(expectedContents(honest));
    for (const { path: name } of tooLong) expect(played.told).toContain(name.slice(0, 100));
  });
});

/** What somebody else has put into the module cache before the step, for a module of its own. */
interface Planted {
  readonly name: string;
  /** `at` is the file of the module with this ending, its directory made. */
  readonly plant: (
    at: (ending: string) => string,
    outside: string,
    module: SyntheticModule,
  ) => Promise<unknown>;
  /** What of the module is right afterwards; the rest of what was planted is as it was, but for `gone`. */
  readonly placed: readonly CachedKind[];
  readonly gone?: boolean;
  readonly left?: Readonly<Record<string, string>>;
}

const ALL_KINDS: readonly CachedKind[] = ['zip', 'ziphash', 'mod', 'info'];
/** What makes go extract a module afresh; it is there after a wrong zip was removed. */
const MARK = { partial: sha256('') };
const NO_ZIP: readonly CachedKind[] = ['mod', 'info'];
const secretOf = (outside: string) => path.join(outside, 'secret');
const nothingOf = (outside: string) => path.join(outside, 'nothing');

/** The directory that go extracts the module to, from one of its files. */
function extractedOf(goModCache: string, { path: name, version }: SyntheticModule): string {
  return path.join(goModCache, `${name}@${version}`);
}

const PLANTED: readonly Planted[] = [
  {
    name: "the module's directory is a link",
    plant: async (at, outside) => {
      const directory = path.dirname(path.dirname(at('zip')));
      await rm(directory, { recursive: true });
      await symlink(path.join(outside, 'deeper'), directory);
    },
    placed: [],
  },
  {
    name: '@v is a link',
    plant: async (at, outside) => {
      await rm(path.dirname(at('zip')), { recursive: true });
      await symlink(path.join(outside, 'deeper', '@v'), path.dirname(at('zip')));
    },
    placed: [],
  },
  {
    name: '@v is a link to nothing',
    plant: async (at, outside) => {
      await rm(path.dirname(at('zip')), { recursive: true });
      await symlink(nothingOf(outside), path.dirname(at('zip')));
    },
    placed: [],
  },
  {
    name: '@v is a file',
    plant: async (at) => {
      await rm(path.dirname(at('zip')), { recursive: true });
      await writeFile(path.dirname(at('zip')), 'a file\n');
    },
    placed: [],
  },
  ...(['zip', 'ziphash', 'partial'] as const).flatMap((ending): Planted[] => [
    {
      name: `.${ending} is a link to a secret`,
      plant: (at, o) => symlink(secretOf(o), at(ending)),
      placed: NO_ZIP,
    },
    {
      name: `.${ending} is a link to nothing`,
      plant: (at, o) => symlink(nothingOf(o), at(ending)),
      placed: NO_ZIP,
    },
  ]),
  {
    name: '.zip is a link to the right zip',
    plant: async (at, outside, module) => {
      await writeFile(path.join(outside, 'right.zip'), module.zip);
      await symlink(path.join(outside, 'right.zip'), at('zip'));
    },
    placed: NO_ZIP,
  },
  {
    name: '.mod is a link to a secret',
    plant: (at, outside) => symlink(secretOf(outside), at('mod')),
    placed: ['zip', 'ziphash', 'info'],
  },
  {
    name: '.info is a link to the right one',
    plant: async (at, outside, module) => {
      await writeFile(path.join(outside, 'right.info'), module.info);
      await symlink(path.join(outside, 'right.info'), at('info'));
    },
    placed: ['zip', 'ziphash', 'mod'],
  },
  {
    name: 'the extracted directory is a link',
    plant: (at, outside, module) => symlink(path.join(outside, 'deeper'), extractedOf(at('root'), module)),
    placed: NO_ZIP,
  },
  {
    name: 'the extracted directory is a link to nothing',
    plant: (at, outside, module) => symlink(nothingOf(outside), extractedOf(at('root'), module)),
    placed: NO_ZIP,
  },
  {
    name: '.lock and temporary files are links',
    plant: async (at, outside) => {
      for (const ending of ['lock', 'zip123.tmp', 'mod.tmp']) await symlink(secretOf(outside), at(ending));
    },
    placed: ALL_KINDS,
  },
  ...ALL_KINDS.map(
    (kind): Planted => ({
      name: `.${kind} is a second name of a file outside`,
      plant: (at, outside) => link(path.join(outside, 'deeper', 'file'), at(kind)),
      placed: ALL_KINDS,
      left: kind === 'zip' ? MARK : {},
    }),
  ),
  ...ALL_KINDS.map(
    (kind): Planted => ({
      name: `.${kind} is a directory with a link in it`,
      plant: async (at, outside) => {
        await mkdir(at(kind));
        await symlink(outside, path.join(at(kind), 'link'));
      },
      placed: ALL_KINDS,
      left: kind === 'zip' ? MARK : {},
      gone: true,
    }),
  ),
  ...NO_ZIP.concat('zip').map(
    (kind): Planted => ({
      name: `.${kind} is a pipe`,
      plant: (at) => run('mkfifo', [at(kind)]),
      placed: ALL_KINDS,
      left: kind === 'zip' ? MARK : {},
    }),
  ),
  {
    name: 'a changed zip beside the right .ziphash, and what was extracted from it',
    plant: async (at, outside, module) => {
      await writeFile(at('zip'), tamperModule(module).zip);
      await writeFile(at('ziphash'), module.zipHash);
      const extracted = extractedOf(at('root'), module);
      await mkdir(extracted);
      await writeFile(path.join(extracted, 'package.go'), 'package evil\n');
      await symlink(outside, path.join(extracted, 'link'));
    },
    placed: ALL_KINDS,
    gone: true,
    left: MARK,
  },
  {
    name: 'an empty zip file',
    plant: (at) => writeFile(at('zip'), ''),
    placed: ALL_KINDS,
    left: MARK,
  },
  { name: 'a .mod with a replace', plant: (at) => writeFile(at('mod'), 'module x\n'), placed: ALL_KINDS },
  {
    name: 'an .info of another version',
    plant: (at) => writeFile(at('info'), '{"Version":"v0.9.0"}'),
    placed: ALL_KINDS,
  },
  {
    name: 'an .info with a second version in another spelling',
    plant: (at) => writeFile(at('info'), '{"Version":"v1.0.0","version":"v0.9.0"}'),
    placed: ALL_KINDS,
  },
];

(posix ? describe : describe.skip)('what the module cache holds already', () => {
  const rows = PLANTED.map((planted, index) => ({
    ...planted,
    module: makeModule({ path: `planted.test/p${index}`, version: 'v1.0.0', sizeBytes: 1500 }),
  }));
  const modules = [...honest, ...rows.map(({ module }) => module)];
  let before: ReadonlyMap<string, string> = new Map();
  /** Also the link in the place of a directory. */
  const ofModule = (contents: ReadonlyMap<string, string>, { path: name }: SyntheticModule) =>
    Object.fromEntries(
      [...contents].filter(([at]) => new RegExp(`^(?:cache/download/)?${name}(?:[/@]|$)`).test(at)),
    );
  const getJob = shareJob(
    async (world) => {
      await using proxy = await startProxy({ modules });
      for (const { plant, module } of rows) {
        const at = (ending: string) =>
          ending === 'root' ? world.goModCache : path.join(world.goModCache, cacheName(module, ending));
        await mkdir(path.dirname(at('zip')), { recursive: true });
        await mkdir(path.join(world.goModCache, 'planted.test'), { recursive: true });
        await plant(at, world.outside, module);
      }
      before = await moduleCacheContents(world.goModCache);
      return await world.play({ inputs: { proxies: proxy.url } });
    },
    () => makeWorld({ modules }),
  );

  test('nothing outside is touched, and nothing is left but what was planted and what go.sum names', async () => {
    const { world, played } = getJob();
    await expectContained(world, played);
    const known = new Set([...before.keys(), ...expectedContents(modules).keys()]);
    const others = [...played.contents.keys()].filter((name) => !known.has(name));
    expect(others.filter((name) => !name.endsWith('.partial'))).toEqual([]);
    for (const module of honest) {
      expect(contentsOf(played.contents, module)).toEqual(Object.fromEntries(expectedContents([module])));
    }
  });

  test.each(rows)('$name', ({ module, placed, gone = false, left = {} }) => {
    const { played } = getJob();
    const kept = gone ? {} : ofModule(before, module);
    const extra = Object.entries(left).map(([kind, content]) => [cacheName(module, kind), content]);
    expect(ofModule(played.contents, module)).toEqual({
      ...kept,
      ...Object.fromEntries(expectedContents([module], () => placed)),
      ...Object.fromEntries(extra),
    });
    if (placed.length < 4) expect(played.told).toContain(`${module.path}@${module.version}`);
  });

  const WHOLE: Readonly<Record<string, (goModCache: string, outside: string) => Promise<unknown>>> = {
    'cache is a link': (cache, outside) => symlink(outside, path.join(cache, 'cache')),
    'cache is a link to nothing': (cache, outside) => symlink(nothingOf(outside), path.join(cache, 'cache')),
    'cache/download is a link': async (cache, outside) => {
      await mkdir(path.join(cache, 'cache'));
      await symlink(outside, path.join(cache, 'cache', 'download'));
    },
    'cache is a file': (cache) => writeFile(path.join(cache, 'cache'), 'a file\n'),
  };
  test.concurrent.each(Object.keys(WHOLE))('%s: nothing is written', async (what) => {
    await using proxy = await startProxy({ modules: honest });
    await using world = await makeWorld({ modules: honest });
    await WHOLE[what]!(world.goModCache, world.outside);
    const was = await moduleCacheContents(world.goModCache);
    const played = await world.play({ inputs: { proxies: proxy.url } });
    await expectContained(world, played);
    expect(played.contents).toEqual(was);
    expect(played.told).toMatch(/module cache/);
  });

  test.concurrent('what looks like a staging directory of ours and is a link, is not followed', async () => {
    await using proxy = await startProxy({ modules: honest });
    await using world = await makeWorld({ modules: honest });
    const cache = path.join(world.goModCache, 'cache');
    await mkdir(cache);
    const [linked, old] = ['0', '1'].map((digit) =>
      path.join(cache, `setup-goproxy-staging-${digit.repeat(32)}`),
    ) as [string, string];
    await symlink(world.outside, linked);
    await mkdir(old);
    await symlink(world.outside, path.join(old, 'link'));
    await run('touch', ['-h', '-d', '2020-01-01', linked, old]);
    const played = await world.play({ inputs: { proxies: proxy.url } });
    await expectContained(world, played);
    const { [path.relative(world.goModCache, linked)]: kept, ...rest } = Object.fromEntries(played.contents);
    expect(kept).toBe(`link ${world.outside}`);
    expect(rest).toEqual(Object.fromEntries(expectedContents(honest)));
  });
});

describe('go run tool@version', () => {
  const tool = (version: string) =>
    makeModule({
      path: 'example.com/tool',
      version,
      files: { 'package.go': `package main\n\nfunc main() { println("this is ${version}") }\n` },
    });
  const right = tool('v1.0.0');
  const both = [right, tool('v0.9.0')];
  const forged = {
    'an .info of another version': '{"Version":"v0.9.0","Time":"2024-02-03T04:05:06Z"}',
    'a second version in another spelling': '{"Version":"v1.0.0","version":"v0.9.0"}',
    'a second version in letters that Go folds': '{"Version":"v1.0.0","Ver\u017fion":"v0.9.0"}',
  };

  /** With a proxy, for go asks for the newest version too, to tell of deprecations. */
  async function goRun(world: World, goproxy: string) {
    const { site, goModCache } = world;
    const env = goEnvironment(site.dir.join('gocache'), { GOPROXY: goproxy });
    return await runGo(['run', 'example.com/tool@v1.0.0'], {
      cwd: site.workspace,
      env: { ...env, GOMODCACHE: goModCache, GOCACHE: sharedBuildCache() },
    });
  }

  goTest.each(Object.entries(forged))('%s in the module cache: it is replaced', async (_name, info) => {
    await using hostile = await startProxy({
      modules: both,
      faults: [{ match: /v1\.0\.0\.info$/, kind: 'status', status: 200, body: info }],
    });
    await using proxy = await startProxy({ modules: both });
    await using world = await makeWorld({ modules: [right] });
    const download = path.join(world.goModCache, 'cache', 'download');
    await writeFileProxy(download, both);
    const file = path.join(world.goModCache, cacheName(right, 'info'));
    await writeFile(file, info);
    // Go alone believes it.
    expect((await goRun(world, proxy.url)).stderr).toContain('this is v0.9.0');
    await writeFile(file, info);
    const played = await world.play({ inputs: { proxies: `${hostile.url}\n${proxy.url}` } });
    await expectContained(world, played);
    // Rewritten from what the first or the second proxy sent; of the first one no time is left.
    expect([right.info, '{"Version":"v1.0.0"}']).toContain(await readFile(file, 'utf8'));
    expect((await goRun(world, hostile.url)).stderr).toContain('this is v1.0.0');
  });

  goTest('a proxy that forges it, and no other: it is not there, and go runs no other version', async () => {
    await using hostile = await startProxy({
      modules: [...honest, ...both],
      faults: [{ match: /v1\.0\.0\.info$/, kind: 'wrong-version-info', version: 'v0.9.0' }],
    });
    await using world = await makeWorld({ modules: [...honest, right] });
    const played = await world.play({ inputs: { proxies: hostile.url } });
    await expectContained(world, played);
    expect(Object.keys(contentsOf(played.contents, right))).not.toContain(cacheName(right, 'info'));
    const { code, stderr } = await goRun(world, hostile.url);
    expect([code === 0, stderr.includes('this is v0.9.0')]).toEqual([false, false]);
  });
});
