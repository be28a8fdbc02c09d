import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { askGo, type GoAnswer } from '../../src/later/ask-go.ts';
import { makeCertificateSet } from '../support/certificate-set.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import type { Fault } from '../support/faults.ts';
import { hasGo } from '../support/go.ts';
import {
  gitInstead,
  makeTracedProject,
  makeWidgetRepository,
  readTree,
  type TracedProject,
  WIDGET,
} from '../support/go-traces.ts';
import { makeModule, type SyntheticModule, writeFileProxy } from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const goTest = (await hasGo()) ? test : test.skip;
const posixTest = process.platform === 'win32' ? test.skip : test;
const TOO_NEW = makeModule({ path: 'github.com/Acme/new', version: 'v1.0.0', goVersion: '1.98' });
const TOOLCHAIN = makeModule({
  path: 'golang.org/toolchain',
  version: 'v0.0.1-go1.99.1.linux-amd64',
  files: { 'bin/go': '#!/bin/sh\necho ran > "$MARKER"\n' },
});
const UNPINNED = { zip: [], mod: [] };

let temp: TempDir;
let proxy: ProxyServer;
let repositories: string;
beforeAll(async () => {
  temp = await makeTempDir();
  proxy = await startProxy({ modules: [WIDGET, TOO_NEW, TOOLCHAIN], sumdb: 'serves' });
  repositories = await makeWidgetRepository(temp.join('repositories'));
});
beforeEach(() => proxy.setFaults([]));
afterAll(async () => {
  await proxy.close();
  await temp[Symbol.asyncDispose]();
});

interface Asking {
  readonly env?: Readonly<Record<string, string>>;
  readonly faults?: readonly Fault[];
  readonly module?: SyntheticModule;
  readonly hashes?: { readonly zip: readonly string[]; readonly mod: readonly string[] };
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Asked {
  readonly answer: GoAnswer;
  readonly project: TracedProject;
  readonly scratch: ReadonlyMap<string, string>;
}

let count = 0;

/** Asks as a job would that is about to build a project, and checks that project and caches of the job stay untouched. */
async function ask({ env = {}, faults = [], module = WIDGET, ...asking }: Asking): Promise<Asked> {
  await proxy.setFaults(faults);
  const project = await makeTracedProject(temp, { module, env: { GOPROXY: proxy.url, ...env } });
  const root = path.dirname(project.directory);
  const before = await readTree(root);
  const directory = temp.join(`ask-${++count}`);
  await mkdir(directory, { mode: 0o700 });
  const cwd = process.cwd();
  const answer = await askGo({
    module: { path: module.path, version: module.version },
    hashes: asking.hashes ?? { zip: [module.zipHash], mod: [module.modHash] },
    directory,
    env: { ...project.env, ACTIONS_RUNTIME_TOKEN: 'secret' },
    timeoutMs: asking.timeoutMs ?? 20_000,
    signal: asking.signal ?? new AbortController().signal,
  });
  expect(process.cwd()).toBe(cwd);
  // go counts its own runs below the home directory.
  const after = new Map(
    [...(await readTree(root))].filter(([name]) => !/^(?:\.config|Library)\b/.test(name)),
  );
  expect(after).toEqual(before);
  return { answer, project, scratch: await readTree(directory) };
}

/** What was killed and not yet collected by its parent is dead too. */
async function stateOf(pid: number): Promise<'alive' | 'dead'> {
  try {
    process.kill(pid, 0);
  } catch {
    return 'dead';
  }
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /^\d+ \(.*\) Z/.test(state) ? 'dead' : 'alive';
}

function brief(answer: GoAnswer): string {
  if (answer.kind !== 'failed') return answer.kind;
  const { diagnosis } = answer;
  const name = diagnosis?.module === undefined ? '' : ` ${diagnosis.module}@${diagnosis.version}`;
  return `${diagnosis?.entry.class} ${diagnosis?.id}${name}`;
}

const status = (code: number, match: Fault['match'] = 'any'): readonly Fault[] => [
  { kind: 'status', status: code, ...(match === undefined ? {} : { match }) } as Fault,
];
const W = 'github.com/Acme/widget@v1.2.3';
const T = 'golang.org/toolchain@v0.0.1-go1.99.1.linux-amd64';
const ALLOWED = { GOSUMDB: 'sum.golang.org' };

goTest.each<[string, string, () => Asking]>([
  ['nothing is wrong', 'downloaded', () => ({})],
  ['the proxy has no zip', `not-found module-not-found ${W}`, () => ({ faults: status(404, 'zip') })],
  ['the proxy refuses the module', `access module-refused ${W}`, () => ({ faults: status(403, 'zip') })],
  ['500 for the zip', `infrastructure http-status ${W}`, () => ({ faults: status(500, 'zip') })],
  ['500 for the .mod', `infrastructure http-status ${W}`, () => ({ faults: status(500, 'mod') })],
  ['500 for the .info', `infrastructure http-status ${W}`, () => ({ faults: status(500, 'info') })],
  [
    'the zip is another than go.sum names',
    `integrity checksum-mismatch ${W}`,
    () => ({ faults: [{ kind: 'wrong-bytes', match: 'zip' }] }),
  ],
  [
    'the .mod is another than go.sum names',
    `integrity checksum-mismatch ${W}`,
    () => ({ faults: [{ kind: 'wrong-bytes', match: 'mod' }] }),
  ],
  [
    'the zip is cut off',
    `infrastructure truncated ${W}`,
    () => ({ faults: [{ kind: 'truncate', framing: 'content-length', match: 'zip' }] }),
  ],
  [
    'the zip is none',
    `infrastructure invalid-zip ${W}`,
    () => ({ faults: [{ kind: 'truncate', framing: 'close-delimited', match: 'zip' }] }),
  ],
  [
    'a login page',
    `infrastructure captive-portal ${W}`,
    () => ({ faults: [{ kind: 'html-200', match: 'info' }] }),
  ],
  ['silence', 'timeout', () => ({ faults: [{ kind: 'headers-never', match: 'zip' }], timeoutMs: 1500 })],
  [
    'nothing listens',
    `infrastructure connection-refused ${W}`,
    () => ({ env: { GOPROXY: 'http://127.0.0.1:1' } }),
  ],
  ['GOPROXY is off', `configuration goproxy-off ${W}`, () => ({ env: { GOPROXY: 'off' } })],
  [
    'GOPROXY cannot be read',
    `configuration goproxy-syntax ${W}`,
    () => ({ env: { GOPROXY: 'ftp://proxy.test' } }),
  ],
  [
    'GOVCS forbids git',
    `configuration govcs-disallowed ${W}`,
    () => ({ env: { GOPROXY: 'direct', GOVCS: '*:off' } }),
  ],
  [
    'GOPRIVATE leads to git',
    `not-found git-not-found ${W}`,
    () => ({
      env: { ...gitInstead(`${proxy.url}/nobody`), GOPROXY: proxy.url, GOPRIVATE: 'github.com/Acme' },
    }),
  ],
  [
    'git lacks a login',
    `access git-credentials-missing ${W}`,
    () => ({
      env: gitInstead(`${proxy.url}/private`),
      faults: [{ kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }],
    }),
  ],
  [
    'the repository is not there, in a job of another language',
    `not-found git-not-found ${W}`,
    () => ({ env: { ...gitInstead(`${proxy.url}/nobody`), LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de' } }),
  ],
  [
    'the host of the repository refuses',
    `infrastructure git-network ${W}`,
    () => ({ env: gitInstead('http://127.0.0.1:1') }),
  ],
  [
    'the repository has other content',
    `integrity checksum-mismatch ${W}`,
    () => ({ env: gitInstead(repositories) }),
  ],
  [
    'the repository has the version, and go.sum has not',
    'downloaded',
    () => ({ env: gitInstead(repositories), hashes: UNPINNED }),
  ],
  [
    'the repository lacks the version',
    'not-found version-not-found github.com/Acme/widget@v1.2.9',
    () => ({
      env: gitInstead(repositories),
      module: makeModule({ path: WIDGET.path, version: 'v1.2.9' }),
    }),
  ],
  [
    'the checksum database lacks what go.sum lacks',
    `infrastructure sumdb-unreachable ${W}`,
    () => ({ env: ALLOWED, hashes: UNPINNED }),
  ],
  [
    'the checksum database fails',
    `infrastructure sumdb-unreachable ${W}`,
    () => ({ env: ALLOWED, hashes: UNPINNED, faults: status(500, 'sumdb') }),
  ],
  [
    'the checksum database fails, and go.sum has the hashes',
    'downloaded',
    () => ({ env: ALLOWED, faults: status(500, 'sumdb') }),
  ],
  ['the module is for a newer go', 'downloaded', () => ({ module: TOO_NEW })],
  [
    'the proxy lacks a toolchain',
    `not-found toolchain-unavailable ${T}`,
    () => ({ module: TOOLCHAIN, hashes: UNPINNED, faults: status(404) }),
  ],
  [
    'the proxy fails for a toolchain',
    `infrastructure http-status ${T}`,
    () => ({ module: TOOLCHAIN, hashes: UNPINNED, faults: status(500) }),
  ],
  [
    'a toolchain cannot be verified',
    `configuration sumdb-setting ${T}`,
    () => ({ module: TOOLCHAIN, hashes: UNPINNED }),
  ],
])('%s: %s', async (_, expected, asking) => {
  const { answer } = await ask(asking());
  expect(brief(answer)).toBe(expected);
});

goTest('a toolchain is downloaded, and not run', async () => {
  await writeFileProxy(temp.join('tools'), [TOOLCHAIN]);
  const env = {
    GOPROXY: `file://${temp.join('tools')}`,
    MARKER: temp.join('marker'),
    GOTOOLCHAIN: 'go1.99.1',
  };
  const { answer } = await ask({ module: TOOLCHAIN, hashes: UNPINNED, env });
  expect(brief(answer)).toBe('downloaded');
  await expect(readFile(temp.join('marker'))).rejects.toThrow('ENOENT');
});

((await hasOpenssl()) ? goTest : test.skip)('the host of an import path fails', async () => {
  const { directory, files } = await makeCertificateSet(['vanity.example.test']);
  await using _certificates = directory;
  await using web = await startProxy({ tls: files.good, faults: status(500) });
  await using connect = await startConnectProxy({
    names: { 'vanity.example.test:443': { host: '127.0.0.1', port: web.port } },
  });
  const module = makeModule({ path: 'vanity.example.test/lib', version: 'v1.0.0' });
  const env = { GOPROXY: 'direct', HTTPS_PROXY: connect.url, SSL_CERT_FILE: files.caFile };
  const { answer } = await ask({ module, env });
  expect(brief(answer)).toBe('infrastructure http-status vanity.example.test/lib@v1.0.0');
});

goTest('says what go says, with the module where go names none', async () => {
  const { answer } = await ask({ faults: [{ kind: 'html-200', match: 'zip' }] });
  expect(answer).toMatchObject({ kind: 'failed', lines: [`go: ${W}: zip: not a valid zip file`] });
});

goTest('keeps a part of what is very long', async () => {
  const body = `${Array.from({ length: 8 }, () => 'x'.repeat(79)).join('\n')}\n`;
  const { answer } = await ask({
    faults: [{ kind: 'status', status: 500, body, contentType: 'text/plain', match: 'zip' }],
  });
  expect(answer.kind === 'failed' ? answer.lines.length : 0).toBe(10);
  expect(brief(answer)).toBe(`infrastructure http-status ${W}`);
});

describe('what the job has set', () => {
  goTest('nothing that leads to the project, or elsewhere, counts', async () => {
    const elsewhere = temp.join('elsewhere');
    const { answer } = await ask({
      env: {
        GOFLAGS: `-mod=vendor -modfile=${elsewhere}/go.mod -x`,
        GOWORK: `${elsewhere}/go.work`,
        GO111MODULE: 'off',
        GOTMPDIR: temp.path,
        TMPDIR: elsewhere,
      },
    });
    expect(brief(answer)).toBe('downloaded');
  });

  goTest('go keeps all it writes below the directory', async () => {
    const { scratch } = await ask({});
    const names = [...scratch.keys()].map((name) => name.replace(/^ask-[^/]+\/?/, ''));
    expect(names).toContain('module-cache/cache/download/github.com/!acme/widget/@v/v1.2.3.zip');
  });

  posixTest('go sees neither tokens of the runner nor another toolchain', async () => {
    const bin = temp.join('bin');
    await mkdir(bin);
    await writeFile(path.join(bin, 'go'), '#!/bin/sh\nenv > "$SEEN"\nexit 0\n');
    await chmod(path.join(bin, 'go'), 0o755);
    const seen = temp.join('seen');
    const env = {
      PATH: `${bin}:${process.env['PATH']}`,
      SEEN: seen,
      GOTOOLCHAIN: 'go1.99.1',
      GOAUTH: 'netrc',
    };
    expect(brief((await ask({ env })).answer)).toBe('downloaded');
    const lines = (await readFile(seen, 'utf8')).split('\n');
    expect(lines.filter((line) => line.includes('secret'))).toEqual([]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'GOTOOLCHAIN=local',
        'GOFLAGS=-modcacherw',
        'GOWORK=off',
        'GIT_TERMINAL_PROMPT=0',
        'LC_ALL=C',
        'GOAUTH=netrc',
        `GOPROXY=${proxy.url}`,
        ...['GOPATH', 'GOMODCACHE', 'GOCACHE', 'TMPDIR', 'PWD'].map((name) =>
          expect.stringMatching(new RegExp(`^${name}=${temp.path}/ask-\\d+/ask-\\w+`)),
        ),
      ]),
    );
  });
});

describe('hashes', () => {
  const other = makeModule({ path: 'a.test/b', version: 'v1.0.0' });
  goTest.each([
    ['the first is right', [WIDGET.zipHash, other.zipHash], 'downloaded'],
    ['the first is wrong', [other.zipHash, WIDGET.zipHash], `integrity checksum-mismatch ${W}`],
  ])(
    'of several the first decides, as in go.sum (modfetch: haveModSumLocked): %s',
    async (_, zip, expected) => {
      const { answer } = await ask({ hashes: { zip, mod: [WIDGET.modHash] } });
      expect(brief(answer)).toBe(expected);
    },
  );

  goTest('what is no hash is left out', async () => {
    const { answer } = await ask({ hashes: { zip: ['h1:short\nx y z'], mod: ['\n'] } });
    expect(brief(answer)).toBe('downloaded');
  });
});

describe('without an answer of go', () => {
  test('no go on PATH', async () => {
    const { answer } = await ask({ env: { PATH: temp.join('nothing') } });
    expect(answer).toEqual({ kind: 'no-go', reason: 'there is no go command on PATH' });
  });

  goTest('a module that go would refuse', async () => {
    const module = { path: '-x', version: 'v1.0.0' };
    const question = { module, hashes: UNPINNED, directory: temp.path, env: {}, timeoutMs: 1000 };
    const { signal } = new AbortController();
    await expect(askGo({ ...question, signal })).rejects.toThrow('malformed module path');
  });

  goTest('an aborted signal ends go', async () => {
    const controller = new AbortController();
    const asked = ask({ faults: [{ kind: 'headers-never', match: 'zip' }], signal: controller.signal });
    const waiting = setInterval(() => {
      if (proxy.requests.at(-1)?.fault === 'headers-never') controller.abort(new Error('enough'));
    }, 20);
    try {
      await expect(asked).rejects.toThrow('enough');
    } finally {
      clearInterval(waiting);
    }
  });

  posixTest('all that go has started is killed with it', async () => {
    const bin = temp.join('slow');
    await mkdir(bin);
    const pidFile = temp.join('pid');
    await writeFile(path.join(bin, 'go'), '#!/bin/sh\nsleep 300 &\necho $! > "$PID"\nwait\n');
    await chmod(path.join(bin, 'go'), 0o755);
    const env = { PATH: `${bin}:${process.env['PATH']}`, PID: pidFile };
    expect(brief((await ask({ env, timeoutMs: 1000 })).answer)).toBe('timeout');
    const pid = Number(await readFile(pidFile, 'utf8'));
    const until = Date.now() + 5000;
    while ((await stateOf(pid)) === 'alive' && Date.now() < until) await sleep(20);
    expect(await stateOf(pid)).toBe('dead');
  });
});
