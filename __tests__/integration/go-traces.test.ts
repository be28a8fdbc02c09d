import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findFailedDownloads, findTriedRepositories } from '../../src/modcache/failed-downloads.ts';
import { makeCertificateSet } from '../support/certificate-set.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import type { Fault } from '../support/faults.ts';
import { hasGo } from '../support/go.ts';
import {
  gitInstead,
  killGoWhen,
  listTraces,
  makeTracedProject,
  makeWidgetRepository,
  runTraced,
  setBack,
  type TracedProject,
  type TracedProjectOptions,
  WIDGET,
} from '../support/go-traces.ts';
import { makeModule, writeFileProxy } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

// What the go command on this machine leaves behind: the evidence that src/modcache/failed-downloads.ts rests on.

const goTest = (await hasGo()) ? test : test.skip;
const spaces = await canUnshare();
const { signal } = new AbortController();

let temp: TempDir;
let proxy: ProxyServer;
let repositories: string;
beforeAll(async () => {
  temp = await makeTempDir();
  proxy = await startProxy({ modules: [WIDGET] });
  repositories = await makeWidgetRepository(temp.join('repositories'));
});
beforeEach(() => proxy.setFaults([]));
afterAll(async () => {
  await proxy.close();
  await temp[Symbol.asyncDispose]();
});

/** Loads all packages as `go build`, `go vet` and `go test` do, and compiles none. */
const LOAD = ['list', '-deps', './...'];
const DOWNLOAD = ['mod', 'download'];
/** A file system can be some milliseconds behind the clock. */
const CLOCK_MS = 1000;

function make(options: TracedProjectOptions = {}): Promise<TracedProject> {
  return makeTracedProject(temp, { ...options, env: { GOPROXY: proxy.url, ...options.env } });
}

/** What is found of a project whose module cache was empty before, or set back. */
async function find({ goModCache }: TracedProject) {
  const options = { sinceMs: Date.now() - 60_000, signal };
  const { downloads, cutShort } = await findFailedDownloads(goModCache, options);
  expect(cutShort).toBe(false);
  const now = Date.now() + CLOCK_MS;
  for (const { atMs } of downloads) expect(atMs).toBeLessThan(now);
  return {
    downloads: downloads.map(
      ({ module, trace, kind }) => `${module.path}@${module.version} ${trace} ${kind}`,
    ),
    repositories: (await findTriedRepositories(goModCache, options)).map(({ url }) => url),
  };
}

const LOCKED = 'github.com/Acme/widget@v1.2.3 lock zip';
const CUT = 'github.com/Acme/widget@v1.2.3 temp-file zip';

/** Of each fault: what go leaves when it loads packages, and when it is told to download. */
const FAULTS: readonly [string, readonly Fault[], readonly string[], readonly string[]][] = [
  ['404 for the zip', [{ kind: 'status', status: 404, match: 'zip' }], [LOCKED], [LOCKED]],
  ['500 for the zip', [{ kind: 'status', status: 500, match: 'zip' }], [LOCKED], [LOCKED]],
  [
    'a zip that is cut off',
    [{ kind: 'truncate', framing: 'content-length', match: 'zip' }],
    [LOCKED],
    [LOCKED],
  ],
  ['a zip that is none', [{ kind: 'html-200', match: 'zip' }], [LOCKED], [LOCKED]],
  ['another zip than go.sum names', [{ kind: 'wrong-bytes', match: 'zip' }], [CUT], [CUT]],
  ['500 for everything', [{ kind: 'status', status: 500 }], [LOCKED], []],
  // Nothing that go keeps tells that a .mod or .info was asked for in vain.
  ['500 for the .mod', [{ kind: 'status', status: 500, match: 'mod' }], [], []],
  ['another .mod than go.sum names', [{ kind: 'wrong-bytes', match: 'mod' }], [], []],
];

goTest.each(FAULTS)('%s', async (_, faults, loading, downloading) => {
  for (const [args, downloads] of [
    [LOAD, loading],
    [DOWNLOAD, downloading],
  ] as const) {
    await proxy.setFaults(faults);
    const project = await make();
    expect(await runTraced(project, args)).toMatchObject({ code: 1 });
    expect(await find(project)).toEqual({ downloads, repositories: [] });
  }
});

goTest('500 for the .info alone: packages load, and nothing is found', async () => {
  await proxy.setFaults([{ kind: 'status', status: 500, match: 'info' }]);
  const [loading, downloading] = [await make(), await make()];
  expect(await runTraced(loading, LOAD)).toMatchObject({ code: 0 });
  expect(await runTraced(downloading, DOWNLOAD)).toMatchObject({ code: 1 });
  expect(await find(loading)).toEqual({ downloads: [], repositories: [] });
  expect(await find(downloading)).toEqual({ downloads: [], repositories: [] });
});

goTest.each<[string, Readonly<Record<string, string>>]>([
  ['GOPROXY=off', { GOPROXY: 'off' }],
  ['a proxy that refuses', { GOPROXY: 'http://127.0.0.1:1' }],
  ['a GOPROXY that cannot be read', { GOPROXY: 'ftp://proxy.test' }],
  ['no word with git allowed', { GOPROXY: 'direct', GOVCS: '*:off' }],
])('%s', async (_, env) => {
  const [loading, downloading] = [await make({ env }), await make({ env })];
  expect(await runTraced(loading, LOAD)).toMatchObject({ code: 1 });
  expect(await runTraced(downloading, DOWNLOAD)).toMatchObject({ code: 1 });
  expect(await find(loading)).toEqual({ downloads: [LOCKED], repositories: [] });
  expect(await find(downloading)).toEqual({ downloads: [], repositories: [] });
});

const WIDGET_REPOSITORY = 'https://github.com/Acme/widget';

goTest.each<[string, () => string, readonly Fault[]]>([
  ['a host that refuses', () => 'http://127.0.0.1:1', []],
  ['a repository that is not there', () => `${proxy.url}/nobody`, []],
  [
    'a login that is missing',
    () => `${proxy.url}/private`,
    [{ kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="repositories"' } }],
  ],
])('git and %s', async (_, base, faults) => {
  await proxy.setFaults(faults);
  const env = gitInstead(base());
  const [loading, downloading] = [await make({ env }), await make({ env })];
  expect(await runTraced(loading, LOAD)).toMatchObject({ code: 1 });
  expect(await runTraced(downloading, DOWNLOAD)).toMatchObject({ code: 1 });
  expect(await find(loading)).toEqual({ downloads: [LOCKED], repositories: [WIDGET_REPOSITORY] });
  expect(await find(downloading)).toEqual({ downloads: [], repositories: [WIDGET_REPOSITORY] });
});

goTest('git with other content than go.sum names, and with what it names nothing of', async () => {
  const env = gitInstead(repositories);
  const wrong = await make({ env });
  expect(await runTraced(wrong, DOWNLOAD)).toMatchObject({ code: 1 });
  expect(await find(wrong)).toEqual({ downloads: [CUT], repositories: [WIDGET_REPOSITORY] });
  const right = await make({ env, goSum: [] });
  expect(await runTraced(right, DOWNLOAD)).toMatchObject({ code: 0 });
  expect(await find(right)).toEqual({ downloads: [], repositories: [WIDGET_REPOSITORY] });
});

((await hasOpenssl()) ? goTest : test.skip)('a host of import paths that fails', async () => {
  const { directory, files } = await makeCertificateSet(['vanity.example.test']);
  await using _certificates = directory;
  await using web = await startProxy({ tls: files.good, faults: [{ kind: 'status', status: 500 }] });
  await using connect = await startConnectProxy({
    names: { 'vanity.example.test:443': { host: '127.0.0.1', port: web.port } },
  });
  const module = makeModule({ path: 'vanity.example.test/lib', version: 'v1.0.0' });
  const env = { GOPROXY: 'direct', HTTPS_PROXY: connect.url, SSL_CERT_FILE: files.caFile };
  const [loading, downloading] = [await make({ module, env }), await make({ module, env })];
  expect(await runTraced(loading, LOAD)).toMatchObject({ code: 1 });
  expect(await runTraced(downloading, DOWNLOAD)).toMatchObject({ code: 1 });
  const locked = 'vanity.example.test/lib@v1.0.0 lock zip';
  expect(await find(loading)).toEqual({ downloads: [locked], repositories: [] });
  expect(await find(downloading)).toEqual({ downloads: [], repositories: [] });
});

const TOOLCHAIN = 'golang.org/toolchain';

goTest.each([404, 500])('a toolchain that cannot be had: %i', async (status) => {
  await proxy.setFaults([{ kind: 'status', status }]);
  const project = await make({ env: { GOTOOLCHAIN: 'go1.99.1' } });
  expect(await runTraced(project, ['version'])).toMatchObject({ code: 1 });
  const { downloads } = await find(project);
  expect(downloads).toEqual([
    expect.stringMatching(/^golang\.org\/toolchain@v0\.0\.1-go1\.99\.1\.\S+ lock zip$/),
  ]);
});

goTest('a toolchain that is downloaded', async () => {
  const env = { GOTOOLCHAIN: 'go1.99.1' };
  const probe = await make({ env });
  await runTraced(probe, ['version']);
  const version = (await find(probe)).downloads[0]?.match(/@(\S+)/)?.[1] ?? '';
  const tools = {
    'bin/go': '#!/bin/sh\necho switched\n',
    'pkg/tool/x': '',
    'lib/x': '',
    'bin/gofmt': '',
  };
  await writeFileProxy(temp.join('tools'), [makeModule({ path: TOOLCHAIN, version, files: tools })]);
  const project = await make({ env: { ...env, GOPROXY: `file://${temp.join('tools')}` } });
  expect(await runTraced(project, ['version'])).toMatchObject({ code: 0, stdout: 'switched\n' });
  expect(await listTraces(project.goModCache)).toContain(`download/${TOOLCHAIN}/@v/${version}.lock`);
  expect(await find(project)).toEqual({ downloads: [], repositories: [] });
});

goTest.each<[string, readonly Fault[], readonly string[]]>([
  ['before the answer, told to download', [{ kind: 'headers-never', match: 'zip' }], DOWNLOAD],
  ['in the middle of a zip, building', [{ kind: 'body-stall', match: 'zip' }], ['build', './...']],
])('go is killed %s', async (_, faults, args) => {
  await proxy.setFaults(faults);
  const project = await make();
  const hasBegun = async () => (await listTraces(project.goModCache)).some((name) => name.endsWith('.tmp'));
  await killGoWhen(project, args, hasBegun);
  expect(await find(project)).toEqual({ downloads: [CUT], repositories: [] });
  // The next go that is served removes what was left.
  await proxy.setFaults([]);
  expect(await runTraced(project, DOWNLOAD)).toMatchObject({ code: 0 });
  expect(await find(project)).toEqual({ downloads: [], repositories: [] });
});

goTest('a download that works leaves nothing to find, nor do runs after it', async () => {
  const project = await make();
  for (const args of [LOAD, DOWNLOAD, ['mod', 'verify'], ['mod', 'vendor'], LOAD]) {
    expect(await runTraced(project, args)).toMatchObject({ code: 0 });
    expect(await find(project)).toEqual({ downloads: [], repositories: [] });
    await setBack(path.join(project.goModCache, 'cache'));
  }
});

goTest.each<[string, readonly string[], TracedProjectOptions]>([
  ['a line that is missing in go.sum', LOAD, { goSum: WIDGET.goSumLines.slice(0, 1) }],
  ['a version that does not exist', ['get', 'github.com/Acme/widget@v1.2.4'], {}],
  ['a module that does not exist', ['get', 'github.com/Acme/none'], {}],
  ['a package that is no command', ['install', 'github.com/Acme/widget@v1.2.3'], {}],
  ['a package that is not in the module', ['vet', 'github.com/Acme/widget/none'], {}],
])('a job that fails for another reason leaves nothing to find: %s', async (_, args, options) => {
  const project = await make(options);
  expect(await runTraced(project, args)).toMatchObject({ code: 1 });
  expect(await find(project)).toEqual({ downloads: [], repositories: [] });
});

goTest('a module for a newer go than this one was downloaded', async () => {
  const module = makeModule({ path: 'github.com/Acme/new', version: 'v1.0.0', goVersion: '1.98' });
  await using serving = await startProxy({ modules: [module] });
  const project = await make({ module, env: { GOPROXY: serving.url } });
  expect(await runTraced(project, LOAD)).toMatchObject({ code: 1 });
  expect(await find(project)).toEqual({ downloads: [], repositories: [] });
});

goTest('the cryptography that go unpacks from its own tree leaves a lock, and is not found', async () => {
  const project = await make({ env: { GOFIPS140: 'v1.0.0' } });
  expect(await runTraced(project, ['list', '-deps', 'crypto/sha256'])).toMatchObject({ code: 0 });
  expect((await listTraces(project.goModCache)).filter((name) => name.endsWith('.lock'))).toEqual([
    expect.stringMatching(/^download\/golang\.org\/fips140\//),
  ]);
  expect(await find(project)).toEqual({ downloads: [], repositories: [] });
});

goTest(
  'where an earlier job failed, the lock stays as it is, and the next failure is found all the same',
  async () => {
    await proxy.setFaults([{ kind: 'status', status: 500, match: 'zip' }]);
    const project = await make();
    await runTraced(project, DOWNLOAD);
    await setBack(path.join(project.goModCache, 'cache'));
    expect(await find(project)).toEqual({ downloads: [], repositories: [] });
    expect(await runTraced(project, DOWNLOAD)).toMatchObject({ code: 1 });
    expect(await find(project)).toEqual({ downloads: [LOCKED], repositories: [] });
  },
);

(spaces.ok ? goTest : test.skip)('a full disk', async () => {
  const script = path.join(import.meta.dirname, '../support/disk-full-go.ts');
  await using directory = await makeTempDir();
  const { stdout, stderr, exitCode } = await runInNamespace(script, [directory.path]);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no space left on device'),
    downloads: [{ module: { path: 'github.com/Acme/large' }, trace: 'lock', kind: 'zip' }],
  });
});
