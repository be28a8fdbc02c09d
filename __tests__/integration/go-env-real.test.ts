import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBoundedFile } from '../../src/go/bounded-file.ts';
import { fallbackValues, type GoEnv, readGoEnv } from '../../src/go/go-env.ts';
import { parseGoEnvFile } from '../../src/go/go-env-file.ts';
import { readNetrc } from '../../src/go/netrc.ts';
import { runGo } from '../support/go.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

let temp: TempDir;
beforeAll(async () => {
  temp = await makeTempDir();
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

let counter = 0;

/** An environment with a home of its own, whose go env file has the lines. */
async function home(
  lines: readonly string[],
  extra: Record<string, string> = {},
): Promise<Record<string, string>> {
  const directory = temp.join(`home${counter++}`);
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, GOTELEMETRY: 'off', ...extra };
  const file = extra['GOENV'] ?? path.join(directory, '.config', 'go', 'env');
  await mkdir(path.join(directory, '.config', 'go'), { recursive: true });
  if (file !== 'off' && lines.length > 0)
    await writeFile(path.resolve(temp.path, file), lines.map((line) => `${line}\n`).join(''));
  return env;
}

const SETTINGS: readonly (readonly [string, readonly string[], Record<string, string>])[] = [
  ['nothing', [], {}],
  ['a file', ['GOPROXY=https://a.test|direct', 'GOPRIVATE=a.test', 'GOFLAGS=-mod=mod', 'GOSUMDB=off'], {}],
  [
    'the environment over a file',
    ['GOPROXY=https://a.test', 'GONOSUMDB=b.test'],
    { GOPROXY: 'off', GONOSUMDB: 'c.test' },
  ],
  [
    'empty variables',
    ['GOPROXY=https://a.test', 'GOPRIVATE=b.test'],
    { GOPROXY: '', GOPRIVATE: '', GONOPROXY: '' },
  ],
  [
    'empty lines',
    ['GOPROXY=', 'GOSUMDB=', 'GONOPROXY=', 'GOAUTH=', 'GOPATH=', 'GOMODCACHE='],
    { GOPRIVATE: 'a.test' },
  ],
  ['another file', ['GOPROXY=direct', 'GOENV=/nowhere', 'GOMODCACHE=/m'], { GOENV: 'my-env' }],
  ['no file', ['GOPROXY=direct'], { GOENV: 'off' }],
  ['/dev/null', [], { GOENV: '/dev/null' }],
  [
    'comments, repetitions, carriage returns',
    ['# GOPROXY=a', 'GOPROXY=a', 'GOPROXY=b\r', ' GOSUMDB=off', 'GOSUMDB= x'],
    {},
  ],
  ['two directories in GOPATH', [], { GOPATH: '/a/./b:/c' }],
  ['GONOPROXY beside GOPRIVATE', ['GOPRIVATE=a.test'], { GONOPROXY: 'none' }],
];

/** What only go knows, or what is asked with another GOTOOLCHAIN. */
const GO_ONLY = new Set([
  'GOARCH',
  'GOHOSTARCH',
  'GOHOSTOS',
  'GOMOD',
  'GOOS',
  'GOROOT',
  'GOVERSION',
  'GOWORK',
  'GOTOOLCHAIN',
]);

describe('readGoEnv', () => {
  test.each(SETTINGS)('sees what go sees with %s, and so does its fallback', async (_, lines, extra) => {
    const env = await home(lines, extra);
    const asked = await readGoEnv({ directory: temp.path, env });
    const real = await runGo(['env', '-json'], { cwd: temp.path, env });
    const values = JSON.parse(real.stdout) as Record<string, string>;
    expect(asked).toMatchObject({ source: 'go', goVersion: values['GOVERSION']?.replace(/^go/, '') });
    expect(asked.problem).toBeUndefined();
    for (const [name, value] of asked.values) expect([name, value]).toEqual([name, values[name] ?? '']);

    const fallback = await readGoEnv({ directory: temp.path, env: { ...env, PATH: temp.path } });
    expect(fallback).toMatchObject({ source: 'environment', problem: 'there is no go command on PATH' });
    const known = [...fallback.values].filter(([name]) => !GO_ONLY.has(name) && name in values);
    for (const [name, value] of known) expect([name, value]).toEqual([name, values[name]]);
  });

  test('tells the origin of each value, also of one written by go env -w', async () => {
    const env = await home([], { GOSUMDB: 'off', GOPRIVATE: 'a.test' });
    const written = await runGo(['env', '-w', 'GOPROXY=direct', 'GONOSUMDB=b.test', 'GOTOOLCHAIN=path'], {
      cwd: temp.path,
      env,
    });
    expect(written).toMatchObject({ code: 0 });
    const found = await readGoEnv({ directory: temp.path, env });
    const origins = [
      'GOPROXY',
      'GOSUMDB',
      'GOPRIVATE',
      'GONOPROXY',
      'GONOSUMDB',
      'GOTOOLCHAIN',
      'GOMODCACHE',
      'GOAUTH',
    ];
    expect(origins.map((name) => `${name}: ${found.origin(name)}`)).toEqual([
      'GOPROXY: go env -w',
      'GOSUMDB: environment',
      'GOPRIVATE: environment',
      'GONOPROXY: default',
      'GONOSUMDB: go env -w',
      'GOTOOLCHAIN: go env -w',
      'GOMODCACHE: default',
      'GOAUTH: default',
    ]);
    expect(found.values.get('GOTOOLCHAIN')).toBe('path');
    expect([found.isSet('GONOPROXY'), found.isSet('GONOSUMDB')]).toEqual([false, true]);
    expect(found.envFile).toEqual(parseGoEnvFile('GOPROXY=direct\nGONOSUMDB=b.test\nGOTOOLCHAIN=path'));
  });

  test('finds the module and workspace of its directory, though they want a newer go', async () => {
    const directory = temp.join('workspace', 'module');
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'go.mod'), 'module example.com/m\n\ngo 1.999\n');
    await writeFile(temp.join('workspace', 'go.work'), 'go 1.999\n\nuse ./module\n');
    const found = await readGoEnv({ directory, env: await home([], { GOTOOLCHAIN: 'auto' }) });
    expect(found.values.get('GOMOD')).toBe(path.join(directory, 'go.mod'));
    expect(found.values.get('GOWORK')).toBe(temp.join('workspace', 'go.work'));
    expect(found.values.get('GOTOOLCHAIN')).toBe('auto');
  });

  test('tells when the go env file cannot be read', async () => {
    const env = await home([], { GOENV: temp.path });
    const found = await readGoEnv({ directory: temp.path, env });
    expect(found.source).toBe('go');
    expect(found.problem).toMatch(/^the GOENV file could not be read: .* is a directory$/);
  });

  test('tells a missing directory from a missing go', async () => {
    const found = await readGoEnv({ directory: temp.join('missing'), env: await home([]) });
    expect(found.problem).toMatch(/missing is not a directory$/);
  });
});

describe('files that are no plain text files', () => {
  const withoutGo = (GOENV: string) => readGoEnv({ directory: temp.path, env: { PATH: temp.path, GOENV } });

  test('a go env file that is too large is not read', async () => {
    await writeFile(temp.join('large'), `GOPROXY=off\n${'#'.repeat(1 << 20)}`);
    const env = await home([], { GOENV: temp.join('large') });
    const found = await readGoEnv({ directory: temp.path, env });
    expect(found.problem).toMatch(/large is larger than 1048576 bytes$/);
    expect(found.envFile.size).toBe(0);
  });

  (process.platform === 'win32' ? test.skip : test)('a named pipe is never waited for', async () => {
    const pipe = temp.join('pipe');
    execFileSync('mkfifo', [pipe], { timeout: 10_000 });
    const alone = await withoutGo(pipe);
    expect(alone.problem).toBe('there is no go command on PATH');
    const writer = await open(pipe, 'r+');
    try {
      await writer.write('GOPROXY=off\n');
      expect(await readBoundedFile(pipe, 100)).toBe('');
    } finally {
      await writer.close();
    }
  });

  test('readNetrc reads the file that go would, and none is no error', async () => {
    const env = await home([]);
    expect(await readNetrc(env)).toEqual([]);
    await writeFile(path.join(env['HOME'] ?? '', '.netrc'), 'machine a.test login u password p');
    expect(await readNetrc(env, 'linux')).toEqual([{ machine: 'a.test', login: 'u', password: 'p' }]);
    expect(await readNetrc({ ...env, NETRC: temp.join('missing') })).toEqual([]);
    await writeFile(temp.join('netrc'), '#'.repeat((1 << 20) + 1));
    await expect(readNetrc({ NETRC: temp.join('netrc') })).rejects.toMatchObject({
      code: 'netrc',
      message: expect.stringMatching(/^the netrc file cannot be used: .*netrc is larger than 1048576 bytes$/),
    });
    await expect(readNetrc({ NETRC: temp.path })).rejects.toThrow('is a directory');
  });
});

/** A go command that is a shell script. */
async function fakeGo(script: string): Promise<Record<string, string>> {
  const env = await home(['GOPROXY=https://file.test']);
  const bin = path.join(env['HOME'] ?? '', 'bin');
  await mkdir(bin);
  await writeFile(path.join(bin, 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { ...env, PATH: `${bin}:${env['PATH']}` };
}

async function readPid(file: string): Promise<number> {
  for (let tries = 0; tries < 500; tries++) {
    const pid = Number(await readFile(file, 'utf8').catch(() => ''));
    if (pid > 0) return pid;
    await delay(10);
  }
  throw new Error(`no process wrote ${file}`);
}

async function waitForEnd(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isGone(pid)) return true;
    await delay(10);
  }
  return false;
}

/** Gone, or a zombie that nobody in a container takes care of. */
async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) Z /.test(stat);
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

(process.platform === 'win32' ? describe.skip : describe)('readGoEnv with a go that is no go', () => {
  const expectFallback = (found: GoEnv, env: Record<string, string>, problem: RegExp): void => {
    expect(found).toMatchObject({ source: 'environment', problem: expect.stringMatching(problem) });
    expect(found.values.get('GOPROXY')).toBe('https://file.test');
    const envFile = new Map([['GOPROXY', 'https://file.test']]);
    expect(found.values).toEqual(fallbackValues({ env, envFile, platform: process.platform }));
  };

  test.each([
    ['prints rubbish', 'echo rubbish', /^go env -json printed something that is not JSON$/],
    ['prints a list', 'echo "[]"', /^go env -json printed no text for GO111MODULE$/],
    ['prints null', 'echo null', /^go env -json printed no text for GO111MODULE$/],
    ['prints numbers', 'echo \'{"GO111MODULE": 1}\'', /^go env -json printed no text for GO111MODULE$/],
    [
      'fails',
      'printf "\\n\\033[31mno luck\\nmore\\n" >&2; exit 3',
      /^go env failed \(exit code 3\): \[31mno luck$/,
    ],
    ['kills itself', 'kill -KILL $$', /^go env failed \(SIGKILL\)$/],
    ['prints without end', 'yes', /^go env printed more than 1048576 bytes$/],
    ['cannot be executed', 'exit 0', /^go env could not be started \(EACCES\)$/],
  ])('falls back when it %s', async (what, script, problem) => {
    const env = await fakeGo(script);
    if (what === 'cannot be executed') {
      await writeFile(path.join(env['HOME'] ?? '', 'bin', 'go'), '', { mode: 0o644 });
      await chmod(path.join(env['HOME'] ?? '', 'bin', 'go'), 0o644);
      env['PATH'] = path.join(env['HOME'] ?? '', 'bin');
    }
    expectFallback(await readGoEnv({ directory: temp.path, env }), env, problem);
  });

  test('kills it with all its children when it hangs', async () => {
    const env = await fakeGo('sleep 600 &\necho $! > "$HOME/pid"\nwait');
    const found = await readGoEnv({ directory: temp.path, env, timeoutMs: 700 });
    expectFallback(found, env, /^go env did not end within 0\.7 s$/);
    expect(await waitForEnd(await readPid(path.join(env['HOME'] ?? '', 'pid')))).toBe(true);
  });

  test('kills it with all its children when it is stopped from outside', async () => {
    const env = await fakeGo('sleep 600 &\necho $! > "$HOME/pid"\nwait');
    const controller = new AbortController();
    const reading = readGoEnv({ directory: temp.path, env, signal: controller.signal });
    const outcome = expect(reading).rejects.toThrow('job cancelled');
    const pid = await readPid(path.join(env['HOME'] ?? '', 'pid'));
    controller.abort(new Error('job cancelled'));
    await outcome;
    expect(await waitForEnd(pid)).toBe(true);
    await expect(readGoEnv({ directory: temp.path, env, signal: controller.signal })).rejects.toThrow(
      'job cancelled',
    );
  });

  test('gives it nothing that is meant for actions', async () => {
    const fake = await fakeGo('env > "$HOME/seen"; exit 1');
    const env = {
      ...fake,
      INPUT_TOKEN: 's1',
      ACTIONS_RUNTIME_TOKEN: 's2',
      STATE_x: 's3',
      GOTOOLCHAIN: 'auto',
    };
    await readGoEnv({ directory: temp.path, env });
    const seen = await readFile(path.join(fake['HOME'] ?? '', 'seen'), 'utf8');
    expect(seen).toMatch(/^GOTOOLCHAIN=local$/m);
    expect(seen).not.toMatch(/^(?:INPUT|ACTIONS|STATE)_/m);
  });
});
