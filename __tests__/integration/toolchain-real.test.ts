import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readGoEnv } from '../../src/go/go-env.ts';
import { readProject } from '../../src/go/project-files.ts';
import { chooseToolchains, TOOLCHAIN_MODULE, type ToolchainChoice } from '../../src/go/toolchain-choice.ts';
import { findToolchain } from '../../src/modcache/toolchain-presence.ts';
import { moduleFileUrl } from '../../src/proxy/module-url.ts';
import { type GoResult, goEnvironment, runGo } from '../support/go.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

let temp: TempDir;
let proxy: ProxyServer;
let local: string;
beforeAll(async () => {
  temp = await makeTempDir();
  proxy = await startProxy();
  const asked = await runGo(['env', 'GOVERSION'], { cwd: temp.path, env: goEnvironment(temp.path) });
  local = asked.stdout.trim();
});
afterAll(async () => {
  await proxy.close();
  await temp[Symbol.asyncDispose]();
});

/** LOCAL stands for the version of the go on this machine. */
const LINES: Readonly<Record<string, string>> = {
  'no lines': '',
  'an old go line': 'go 1.21.0',
  'the local version': 'go LOCAL',
  'a newer go line': 'go 1.99.1',
  'a newer language version': 'go 1.99',
  'a newer release candidate': 'go 1.99rc1',
  'a newer toolchain line': 'go 1.21.0\ntoolchain go1.99.5',
  'both newer': 'go 1.99.1\ntoolchain go1.99.5',
  'toolchain of the same version as the go line': 'go 1.99.5\ntoolchain go1.99.5',
  'a toolchain line with a suffix': 'go 1.21.0\ntoolchain go1.99.5-Corp',
  'a toolchain line that is a language version': 'go 1.21.0\ntoolchain go1.99',
  'toolchain default, go line old': 'go 1.21.0\ntoolchain default',
  'toolchain default, go line newer': 'go 1.99.1\ntoolchain default',
};

const SETTINGS = [
  '',
  'auto',
  'path',
  'local',
  'local+auto',
  'local+path',
  'local+',
  'LOCAL',
  'LOCAL+auto',
  'LOCAL-corp+auto',
  'go1.99.3',
  'go1.99.3+auto',
  'go1.99.3+path',
  'go1.99.3+auto+path',
  'go1.99',
  'go1.20.5+auto',
  'go1.99.3-Corp',
  'go1.99.3 corp',
  'go1.99.3-a/b',
  'go2.0.1',
  '1.99.3',
  'default',
  'bash',
] as const;

function fillIn(text: string): string {
  return text
    .replaceAll('goLOCAL', local)
    .replaceAll('LOCAL', text.startsWith('go ') ? local.slice(2) : local);
}

/** What a real go does, in the words of describe; -mod=mod lets it tidy `toolchain default` away where it likes to. */
async function observe(cwd: string, env: Record<string, string>): Promise<string> {
  const before = proxy.requests.length;
  const real = await runGo(['list', '-mod=mod', '-m'], { cwd, env });
  return describeRun(
    real,
    proxy.requests.slice(before).map((request) => request.path),
  );
}

function describeRun({ code, stderr }: GoResult, paths: readonly string[]): string {
  const required = /requires go >= (\S+) \(running go ([^;)]+)/.exec(stderr);
  if (required !== null) return `too-old ${required[1]} ${required[2]}`;
  const absent = /cannot find "(.*)" in PATH/.exec(stderr);
  if (absent !== null) return `path ${absent[1]}`;
  if (/is a language version but not a toolchain version|invalid /.test(stderr)) return 'refused';
  if (/toolchain not available/.test(stderr)) return `download ${paths[0]}`;
  return code === 0 ? 'local' : `refused`;
}

function describeChoice(choice: ToolchainChoice): string {
  switch (choice.kind) {
    case 'local':
    case 'refused':
      return choice.kind;
    case 'too-old':
      return `too-old ${choice.required} ${choice.running}`;
    case 'path':
      return `path ${choice.toolchain}`;
    case 'download': {
      const module = { path: TOOLCHAIN_MODULE, version: choice.version };
      return `download ${moduleFileUrl(new URL(proxy.url), module, 'zip').pathname}`;
    }
  }
}

let counter = 0;

async function makeModule(lines: string): Promise<string> {
  const directory = temp.join(`module${counter++}`);
  await mkdir(directory);
  await writeFile(`${directory}/go.mod`, `module example.com/main\n${lines}\n`);
  return directory;
}

/** Ours from readGoEnv and readProject, as the step does it, beside what go does. */
async function compare(directory: string, env: Record<string, string>): Promise<readonly [string, string]> {
  const goEnv = await readGoEnv({ directory, env });
  const project = await readProject({
    directory,
    workspace: directory,
    gowork: goEnv.values.get('GOWORK') ?? '',
    goflags: '',
    dependencyGlobs: [],
  });
  const [choice] = chooseToolchains(goEnv.values, project.units);
  const observed = await observe(directory, env);
  // What GOTOOLCHAIN names is fetched before it can refuse a go line, and here it is not to be had.
  const first = choice?.kind === 'too-old' && observed.includes(`@v/v0.0.1-go${choice.running}`);
  return [first ? observed : describeChoice(choice!), observed];
}

describe('chooseToolchains says what go does', () => {
  test.each(SETTINGS)('with GOTOOLCHAIN=%s', async (written) => {
    const setting = written.startsWith('LOCAL') ? written.replace('LOCAL', local) : written;
    const env = goEnvironment(temp.path, { GOPROXY: proxy.url, GOTOOLCHAIN: setting });
    const ours: string[] = [];
    const real: string[] = [];
    for (const [name, lines] of Object.entries(LINES)) {
      const directory = await makeModule(fillIn(lines));
      const [choice, observed] = await compare(directory, env);
      ours.push(`${name}: ${choice}`);
      real.push(`${name}: ${observed}`);
    }
    expect(ours).toEqual(real);
  });
});

describe('what decides beside GOTOOLCHAIN and go.mod', () => {
  test('go.work counts, not the go.mod of a module in it', async () => {
    const directory = await makeModule('go 1.99.1\ntoolchain go1.99.7');
    await writeFile(`${directory}/go.work`, 'go 1.99.2\ntoolchain go1.99.5\nuse .\n');
    const env = goEnvironment(temp.path, { GOPROXY: proxy.url, GOTOOLCHAIN: 'auto' });
    const [choice, observed] = await compare(directory, env);
    expect(choice).toBe(observed);
    expect(choice).toMatch(/^download .*go1\.99\.5\./);
  });

  test('GOTOOLCHAIN of go env -w counts, though our own go runs with local', async () => {
    const directory = await makeModule('go 1.21.0');
    await writeFile(`${directory}/env`, 'GOTOOLCHAIN=go1.99.4+auto\n');
    const env = goEnvironment(temp.path, { GOPROXY: proxy.url, GOTOOLCHAIN: '', GOENV: `${directory}/env` });
    const [choice, observed] = await compare(directory, env);
    expect(choice).toBe(observed);
    expect(choice).toMatch(/^download .*go1\.99\.4\./);
  });

  test('GOOS and GOARCH do not, for the toolchain runs on the host', async () => {
    const directory = await makeModule('go 1.99.1');
    const cross = { GOOS: 'plan9', GOARCH: 'arm' };
    const env = goEnvironment(temp.path, { GOPROXY: proxy.url, GOTOOLCHAIN: 'auto', ...cross });
    const [choice, observed] = await compare(directory, env);
    expect(choice).toBe(observed);
    expect(choice).toMatch(/^download /);
  });

  test('GO111MODULE=off leaves all at the local one', async () => {
    const directory = await makeModule('go 1.99.1');
    const extra = { GOPROXY: proxy.url, GOTOOLCHAIN: 'go1.99.4', GO111MODULE: 'off' };
    const env = goEnvironment(temp.path, extra);
    const version = await runGo(['env', 'GOVERSION'], { cwd: directory, env });
    expect(version.stdout.trim()).toBe(local);
    const goEnv = await readGoEnv({ directory, env });
    expect(chooseToolchains(goEnv.values, [])).toEqual([
      { kind: 'local', why: expect.stringContaining('GO111MODULE') },
    ]);
  });
});

interface Planted {
  /** Relative to the module cache, `{}` for the escaped version; a slash at the end makes a directory. */
  readonly files: readonly string[];
  readonly place: 'module cache' | undefined;
}

const PLANTED: Readonly<Record<string, Planted>> = {
  nothing: { files: [], place: undefined },
  'a tree and its .ziphash': {
    files: ['golang.org/toolchain@{}/', 'cache/download/golang.org/toolchain/@v/{}.ziphash'],
    place: 'module cache',
  },
  'a tree without its .ziphash': { files: ['golang.org/toolchain@{}/'], place: undefined },
  'an unfinished tree': {
    files: [
      'golang.org/toolchain@{}/',
      'cache/download/golang.org/toolchain/@v/{}.ziphash',
      'cache/download/golang.org/toolchain/@v/{}.partial',
    ],
    place: undefined,
  },
  'a file in place of the tree': {
    files: ['golang.org/toolchain@{}', 'cache/download/golang.org/toolchain/@v/{}.ziphash'],
    place: undefined,
  },
  'a zip': {
    files: [
      'cache/download/golang.org/toolchain/@v/{}.zip',
      'cache/download/golang.org/toolchain/@v/{}.ziphash',
    ],
    place: 'module cache',
  },
};

describe('findToolchain', () => {
  const name = 'go1.99.1-Corp';

  async function setUp(): Promise<{ directory: string; env: Record<string, string>; version: string }> {
    const directory = await makeModule('go 1.21.0');
    const env = goEnvironment(directory, { GOPROXY: proxy.url, GOTOOLCHAIN: name });
    const { values } = await readGoEnv({ directory, env });
    const [choice] = chooseToolchains(values, []);
    return { directory, env, version: choice?.kind === 'download' ? choice.version : '' };
  }

  function search(env: Record<string, string>, version: string) {
    const { GOMODCACHE = '', PATH = '' } = env;
    const { platform } = process;
    return findToolchain({ toolchain: name, version, goModCache: GOMODCACHE, searchPath: PATH, platform });
  }

  test.each(Object.entries(PLANTED))(
    'finds %s in the module cache as go does',
    async (_, { files, place }) => {
      const { directory, env, version } = await setUp();
      for (const file of files) {
        const target = path.join(
          env['GOMODCACHE'] ?? '',
          file.replace('{}', version.replace('Corp', '!corp')),
        );
        await mkdir(file.endsWith('/') ? target : path.dirname(target), { recursive: true });
        if (!file.endsWith('/')) await writeFile(target, '');
      }
      expect(await search(env, version)).toBe(place);
      const before = proxy.requests.length;
      await runGo(['version'], { cwd: directory, env });
      const asked = proxy.requests.slice(before).filter((request) => request.path.endsWith('.zip'));
      expect(asked).toHaveLength(place === undefined ? 1 : 0);
    },
  );

  test.each([
    ['a program', 0o755, 'PATH'],
    ['a file that is no program', 0o644, undefined],
  ] as const)('finds %s on PATH as go does', async (_, mode, place) => {
    const { directory, env, version } = await setUp();
    await writeFile(`${directory}/${name}`, '#!/bin/sh\necho switched\n');
    await chmod(`${directory}/${name}`, mode);
    const withPath = { ...env, PATH: `relative:${env['PATH']}:${directory}` };
    expect(await search(withPath, version)).toBe(place);
    const { stdout } = await runGo(['version'], { cwd: directory, env: withPath });
    expect(stdout.trim()).toBe(place === undefined ? '' : 'switched');
  });

  test('is at a loss without PATH and module cache', async () => {
    const { version } = await setUp();
    expect(await search({}, version)).toBeUndefined();
  });
});
