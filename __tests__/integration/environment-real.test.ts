import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findingsOfEnvironment } from '../../src/diagnosis/environment-findings.ts';
import type { Finding } from '../../src/diagnosis/finding.ts';
import { readGoEnv } from '../../src/go/go-env.ts';
import { readProject } from '../../src/go/project-files.ts';
import { chooseToolchains } from '../../src/go/toolchain-choice.ts';
import { type GoResult, goEnvironment, runGo } from '../support/go.ts';
import { makeModule, writeFileProxy } from '../support/modules.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

/** Stands in for every host that is not loopback: nobody listens there, so nothing leaves this machine. */
const NOBODY = 'http://127.0.0.1:1';
const MODULE = makeModule({ path: 'example.com/x', version: 'v1.0.0' });
const GO_MOD = 'module example.com/m\n\ngo 1.21\n\nrequire example.com/x v1.0.0\n';
/** On loopback and not listening, so that go goes there past every HTTP proxy. */
const DEAD_END = 'http://127.0.0.1:1';

let temp: TempDir;
let good: string;
let counter = 0;

beforeAll(async () => {
  temp = await makeTempDir();
  await writeFileProxy(temp.join('proxy'), [MODULE]);
  good = `file://${temp.join('proxy')}`;
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A module of its own that needs one other, and the environment of its go commands. */
interface Case {
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of the file of `go env -w`. */
  readonly written?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}

interface Outcome {
  readonly go: GoResult;
  readonly findings: readonly Finding[];
}

/** What go does in this environment, and what we say of it; `GOOD` stands for a proxy that serves the module. */
async function tryOut({
  env = {},
  written,
  files = {},
  command = ['mod', 'download'],
}: Case): Promise<Outcome> {
  const root = temp.join(`job${counter++}`);
  const directory = path.join(root, 'project');
  const texts = {
    'project/go.mod': GO_MOD,
    'project/go.sum': `${MODULE.goSumLines.join('\n')}\n`,
    'project/m.go': 'package m\n\nimport _ "example.com/x"\n',
    ...(written === undefined ? {} : { 'go-env': written.map((line) => `${line}\n`).join('') }),
    ...files,
  };
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text.replaceAll('GOOD', good));
  }
  const given = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replaceAll('GOOD', good)]),
  );
  const own = goEnvironment(root, {
    GOVCS: '*:off',
    HTTPS_PROXY: NOBODY,
    HTTP_PROXY: NOBODY,
    GOPROXY: good,
    GOSUMDB: '',
    ...(written === undefined ? {} : { GOENV: path.join(root, 'go-env') }),
    ...given,
  });
  const goEnv = await readGoEnv({ directory, env: own });
  const project = await readProject({
    directory,
    workspace: directory,
    gowork: 'off',
    goflags: '',
    dependencyGlobs: [],
    signal: new AbortController().signal,
  });
  const toolchains = chooseToolchains(goEnv.values, project.units).map((choice) => ({ choice }));
  const findings = findingsOfEnvironment({
    goEnv,
    env: own,
    platform: process.platform,
    project,
    toolchains,
    exported: new Set(),
  });
  return { go: await runGo(command, { cwd: directory, env: own }), findings };
}

/** Severity and id of each. */
function outline(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, id }) => `${severity} ${id}`);
}

const BUILD = ['build', './...'];
const SYNTAX = 'failure goproxy-syntax';
const PATTERN = 'warning goprivate-pattern';
const DRIFTED = '# example.com/x v1.0.1\n## explicit; go 1.21\nexample.com/x\n';

describe('what go refuses or cannot download with is a failure', () => {
  test.each<readonly [name: string, one: Case, says: RegExp, expected: readonly string[]]>([
    ['Direct', { env: { GOPROXY: 'Direct' } }, /invalid proxy URL missing scheme: Direct/, [SYNTAX]],
    ['OFF behind a good one', { env: { GOPROXY: 'GOOD,OFF' } }, /missing scheme: OFF/, [SYNTAX]],
    ['a word', { env: { GOPROXY: 'athens,GOOD' } }, /missing scheme: athens/, [SYNTAX]],
    ['a scheme', { env: { GOPROXY: 'GOOD,ftp://a.test' } }, /must be https, http, file/, [SYNTAX]],
    ['file with a host', { env: { GOPROXY: 'file://h/x' } }, /non-path elements/, [SYNTAX]],
    ['separators only', { env: { GOPROXY: ' ,|' } }, /contains no entries/, [SYNTAX]],
    [
      'an emptied go env -w',
      { env: { GOPROXY: '' }, written: ['GOPROXY='] },
      /contains no entries/,
      [SYNTAX],
    ],
    [
      'a space between hosts',
      { env: { GOPROXY: 'a.test direct' } },
      /invalid character " " in host name/,
      [SYNTAX],
    ],
    ['quotes', { env: { GOPROXY: '"https://a.test"' } }, /parse "\\"https/, [SYNTAX]],
    [
      'a semicolon behind a host',
      { env: { GOPROXY: 'https://a.test;direct' } },
      /Get "https:\/\/a\.test;direct\/example/,
      [SYNTAX],
    ],
    ['one slash', { env: { GOPROXY: 'https:/a.test,GOOD' } }, /no Host in request URL/, [SYNTAX]],
    ['no colon', { env: { GOPROXY: 'https//a.test,GOOD' } }, /Get "https:\/\/https\/a\.test\//, [SYNTAX]],
    [
      'a login over http',
      { env: { GOPROXY: 'http://u:p@a.test,GOOD' } },
      /refusing to pass credentials to insecure URL/,
      ['failure goproxy-insecure-credentials'],
    ],
    [
      'GO111MODULE=ON',
      { env: { GO111MODULE: 'ON' } },
      /unknown environment setting GO111MODULE=ON/,
      ['failure go111module-setting'],
    ],
    [
      'GO111MODULE=off',
      { env: { GO111MODULE: 'off' } },
      /modules disabled by GO111MODULE=off/,
      ['failure go111module-off'],
    ],
    [
      'GOFLAGS with a word',
      { env: { GOFLAGS: '-mod mod' } },
      /parsing \$GOFLAGS: non-flag "mod"/,
      ['failure goflags-setting'],
    ],
    [
      'GOFLAGS with an open quote',
      { env: { GOFLAGS: "'-v" } },
      /parsing \$GOFLAGS: unterminated/,
      ['failure goflags-setting'],
    ],
    [
      'GOFLAGS with a wrong -mod',
      { env: { GOFLAGS: '-mod=x' }, command: BUILD },
      /-mod=x not supported/,
      ['failure goflags-setting'],
    ],
    [
      'GOFLAGS with a wrong -modfile',
      { env: { GOFLAGS: '-modfile=x' }, command: BUILD },
      /does not have \.mod extension/,
      ['failure goflags-setting'],
    ],
    [
      '-mod=vendor without vendor',
      { env: { GOFLAGS: '-mod=vendor' }, command: BUILD },
      /inconsistent vendoring/,
      ['failure vendor-drift'],
    ],
    [
      'a drifted vendor',
      { files: { 'project/vendor/modules.txt': DRIFTED }, command: BUILD },
      /inconsistent vendoring/,
      ['failure vendor-drift'],
    ],
    [
      'an HTTP proxy in quotes',
      { env: { GOPROXY: 'https://a.test', HTTPS_PROXY: '"http://127.0.0.1:1"' } },
      /proxyconnect tcp: dial tcp: lookup "http/,
      ['failure http-proxy-setting'],
    ],
    [
      'an HTTP proxy without a host',
      { env: { GOPROXY: 'https://a.test', HTTPS_PROXY: 'http://:1' } },
      /proxyconnect tcp: dial tcp :1/,
      ['failure http-proxy-setting'],
    ],
    [
      'a toolchain and GOPROXY=off',
      {
        env: { GOPROXY: 'off', GOTOOLCHAIN: 'auto' },
        files: { 'project/go.mod': GO_MOD.replace('1.21', '1.99.0') },
      },
      /go1\.99\.0 .*toolchain not available/,
      ['failure toolchain-unavailable', 'notice goproxy-off'],
    ],
  ])('%s', async (_, one, says, expected) => {
    const { go, findings } = await tryOut(one);
    expect(go.code).not.toBe(0);
    expect(go.stderr).toMatch(says);
    expect(outline(findings)).toEqual(expected);
  });
});

describe('what go does something else with than was meant', () => {
  test.each<readonly [name: string, one: Case, says: RegExp, expected: readonly string[]]>([
    [
      'a space in a path',
      { env: { GOPROXY: `${DEAD_END}/x direct` } },
      /Get "http:\/\/127\.0\.0\.1:1\/x%20direct\//,
      ['warning goproxy-syntax'],
    ],
    [
      'a semicolon in a path',
      { env: { GOPROXY: `${DEAD_END}/;direct` } },
      /Get "http:\/\/127\.0\.0\.1:1\/;direct\//,
      ['warning goproxy-syntax'],
    ],
    [
      'a proxy behind off',
      { env: { GOPROXY: 'off,GOOD' } },
      /module lookup disabled by GOPROXY=off/,
      ['warning goproxy-ignored'],
    ],
    [
      'a proxy behind direct',
      { env: { GOPROXY: 'direct,GOOD' } },
      /unrecognized import path|go-get=1/,
      ['warning goproxy-ignored'],
    ],
    ['off', { env: { GOPROXY: 'off' } }, /module lookup disabled by GOPROXY=off/, ['notice goproxy-off']],
    ['direct', { env: { GOPROXY: 'direct' } }, /go-get=1/, ['notice goproxy-direct']],
    ['GOPRIVATE=*', { env: { GOPRIVATE: '*' } }, /go-get=1/, ['warning goprivate-everything']],
    [
      'GOFLAGS=-insecure',
      { env: { GOFLAGS: '-insecure' }, command: ['get', 'example.com/x'] },
      /-insecure flag is no longer supported/,
      ['warning goflags-setting'],
    ],
    [
      'a broken GOSUMDB where go.sum lacks a line',
      { env: { GOSUMDB: 'OFF' }, files: { 'project/go.sum': '' } },
      /invalid GOSUMDB: malformed verifier id/,
      ['warning sumdb-setting'],
    ],
    [
      'too many fields in GOSUMDB',
      { env: { GOSUMDB: 'sum.golang.org https://a.test x' }, files: { 'project/go.sum': '' } },
      /invalid GOSUMDB: too many fields/,
      ['warning sumdb-setting'],
    ],
    [
      'GONOSUMCHECK, which checks nonetheless',
      { env: { GONOSUMCHECK: '1', GOSUMDB: `sum.golang.org ${DEAD_END}` }, files: { 'project/go.sum': '' } },
      /verifying .*127\.0\.0\.1:1/,
      ['notice go-env-unread'],
    ],
    [
      'an environment variable before go env -w',
      { env: { GOPROXY: 'off' }, written: ['GOPROXY=GOOD'] },
      /module lookup disabled by GOPROXY=off/,
      ['warning go-env-hidden', 'notice goproxy-off'],
    ],
  ])('%s', async (_, one, says, expected) => {
    const { go, findings } = await tryOut(one);
    expect(go.code).not.toBe(0);
    expect(go.stderr).toMatch(says);
    expect(outline(findings)).toEqual(expected);
  });

  // GONOPROXY would send the module past the only proxy that has it: that it comes shows that nothing matches.
  test.each<readonly [name: string, env: Readonly<Record<string, string>>, expected: readonly string[]]>([
    ['a pattern behind a space', { GOPRIVATE: 'a.test, example.com' }, [PATTERN]],
    ['a pattern with a scheme', { GOPRIVATE: 'https://example.com' }, [PATTERN]],
    ['a malformed glob', { GOPRIVATE: 'example.com/[' }, [PATTERN]],
    ['two slashes', { GOPRIVATE: 'example.com//' }, [PATTERN]],
    ['an upper-case host', { GOPRIVATE: 'Example.com' }, [PATTERN]],
    ['a semicolon', { GOPRIVATE: 'example.com;a.test' }, [PATTERN]],
    ['a dot before the host', { GOPRIVATE: '.example.com' }, [PATTERN]],
  ])('%s matches nothing', async (_, env, expected) => {
    const { go, findings } = await tryOut({ env });
    expect(go).toMatchObject({ code: 0 });
    expect(outline(findings)).toEqual(expected);
  });
});

describe('what go takes as it was meant is no finding', () => {
  test.each<readonly [name: string, one: Case, expected: readonly string[]]>([
    ['white space around', { env: { GOPROXY: ' GOOD , off ' } }, []],
    ['a broken one behind direct', { env: { GOPROXY: 'GOOD,direct' } }, []],
    [
      'a login over http behind a good one',
      { env: { GOPROXY: 'GOOD,http://u:p@a.test' } },
      ['warning goproxy-insecure-credentials'],
    ],
    ['one slash before a pipe', { env: { GOPROXY: 'https:/a.test|GOOD' } }, ['warning goproxy-syntax']],
    ['GO111MODULE=auto', { env: { GO111MODULE: 'auto' } }, []],
    ['GOFLAGS', { env: { GOFLAGS: '-mod=mod "-tags=a b"' } }, []],
    ['GOSUMDB=off', { env: { GOSUMDB: 'off' }, files: { 'project/go.sum': '' } }, ['notice sumdb-off']],
    ['GONOSUMDB=*', { env: { GONOSUMDB: '*' }, files: { 'project/go.sum': '' } }, ['notice sumdb-off']],
    ['a broken GOSUMDB and a whole go.sum', { env: { GOSUMDB: 'OFF' } }, ['warning sumdb-setting']],
    [
      'a drifted vendor and mod download',
      { files: { 'project/vendor/modules.txt': DRIFTED } },
      ['failure vendor-drift'],
    ],
    [
      'an HTTP proxy that go ignores',
      { env: { HTTPS_PROXY: ' http://127.0.0.1:1' } },
      ['warning http-proxy-setting'],
    ],
  ])('%s', async (_, one, expected) => {
    const { go, findings } = await tryOut(one);
    expect(go).toMatchObject({ code: 0 });
    expect(outline(findings)).toEqual(expected);
  });

  test('a trailing slash of a pattern, so the module is asked of its host', async () => {
    const { go, findings } = await tryOut({ env: { GOPRIVATE: 'example.com/' } });
    expect(go.stderr).toContain('go-get=1');
    expect(findings).toEqual([]);
  });

  test('a host without a scheme is https', async () => {
    const { go, findings } = await tryOut({ env: { GOPROXY: 'a.test' } });
    expect(go.stderr).toContain('Get "https://a.test/example.com/x/');
    expect(findings).toEqual([]);
  });
});

describe('a toolchain and GOSUMDB=off', () => {
  test('is downloaded, and then refused', async () => {
    const goMod = GO_MOD.replace('1.21', '1.99.0');
    const arch = process.arch === 'x64' ? 'amd64' : process.arch;
    const os = process.platform === 'win32' ? 'windows' : process.platform;
    const toolchain = makeModule({ path: 'golang.org/toolchain', version: `v0.0.1-go1.99.0.${os}-${arch}` });
    await writeFileProxy(temp.join('toolchains'), [toolchain]);
    const GOPROXY = `file://${temp.join('toolchains')},off`;
    const env = { GOPROXY, GOSUMDB: 'off', GOTOOLCHAIN: 'auto' };
    const { go, findings } = await tryOut({ env, files: { 'project/go.mod': goMod } });
    expect(go.stderr).toContain('checksum database disabled by GOSUMDB=off');
    expect(outline(findings)).toEqual(['failure sumdb-setting', 'notice sumdb-off']);
  });
});
