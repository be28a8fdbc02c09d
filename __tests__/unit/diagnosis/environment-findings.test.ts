import { describe, expect, test } from '@jest/globals';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import {
  ENVIRONMENT_ENTRIES,
  ENVIRONMENT_MEANINGS,
  ENVIRONMENT_RECOGNITION,
} from '../../../src/diagnosis/environment-entries.ts';
import { findingsOfEnvironment } from '../../../src/diagnosis/environment-findings.ts';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { parseGoMod } from '../../../src/go/go-mod.ts';
import { parseGoWork } from '../../../src/go/go-work.ts';
import type { MainUnit } from '../../../src/go/project.ts';
import {
  DRIFTED,
  type EnvironmentSource,
  EVERY_ENVIRONMENT,
  environmentFacts,
  FITTING,
  moduleUnit,
} from '../../support/environment.ts';

function findingsOf(source: EnvironmentSource): readonly Finding[] {
  return findingsOfEnvironment(environmentFacts(source));
}

/** Severity, id and subject of each. */
function outline(source: EnvironmentSource): readonly string[] {
  return findingsOf(source).map(({ severity, id, subject }) => `${severity} ${id} ${subject}`);
}

function project(...units: readonly MainUnit[]): NonNullable<EnvironmentSource['rest']> {
  return { project: { root: '/w', units } };
}

const SYNTAX = 'failure goproxy-syntax GOPROXY';
const PATTERN = 'warning goprivate-pattern GOPRIVATE';

describe('findings about GOPROXY', () => {
  test.each<readonly [value: string, expected: readonly string[]]>([
    // As go takes them.
    ['https://proxy.golang.org,direct', []],
    [' https://a.test , direct', []],
    ['proxy.golang.org', []],
    ['localhost:3000,off', []],
    ['https://a.test|https://b.test,direct', []],
    ['https://u:p@a.test,off', []],
    ['http://a.test/@x,off', []],
    ['file:///srv/a b,off', []],
    ['https://a.test/x;rev=1,direct', []],
    ['https://goproxy.cn/,direct', []],
    // Refused as a whole.
    [',', [SYNTAX]],
    [' | ', [SYNTAX]],
    ['Direct', [SYNTAX]],
    ['https://a.test|OFF', [SYNTAX]],
    ['athens', [SYNTAX]],
    ['ftp://a.test', [SYNTAX]],
    ['file://host/x', [SYNTAX]],
    ['https://a.test https://b.test', [SYNTAX]],
    ['direct;off', [SYNTAX]],
    ['"https://a.test"', [SYNTAX]],
    ['https://a.test,Off,word', [SYNTAX, SYNTAX]],
    ['http:a.test', [SYNTAX]],
    // Taken, and of no use.
    ['https://proxy.golang.org;direct', [SYNTAX]],
    ['https:/a.test', [SYNTAX]],
    ['https:/a.test,off', [SYNTAX]],
    ['https:/a.test|off', ['warning goproxy-syntax GOPROXY']],
    ['https://a.test,https:/b.test', ['warning goproxy-syntax GOPROXY']],
    ['https:/a.test|https:/b.test', [SYNTAX, SYNTAX]],
    ['https:/a.test,https:/b.test', [SYNTAX, 'warning goproxy-syntax GOPROXY']],
    ['https//a.test', [SYNTAX]],
    ['https://a.test/x direct', ['warning goproxy-syntax GOPROXY']],
    ['https://a.test/;https://b.test', ['warning goproxy-syntax GOPROXY']],
    ['https://goproxy.cn/ direct', ['warning goproxy-syntax GOPROXY']],
    ['http://u:p@a.test', ['failure goproxy-insecure-credentials GOPROXY']],
    ['HTTP://u@a.test,direct', ['failure goproxy-insecure-credentials GOPROXY']],
    ['https://a.test,http://u:p@a.test', ['warning goproxy-insecure-credentials GOPROXY']],
    ['http://u:p@a.test|https:/b.test,direct', ['failure goproxy-insecure-credentials GOPROXY', SYNTAX]],
    // Never read.
    ['direct,https://a.test', ['warning goproxy-ignored GOPROXY']],
    ['direct,ftp://a.test', ['warning goproxy-ignored GOPROXY']],
    ['https://a.test,off|https://b.test', ['warning goproxy-ignored GOPROXY']],
    ['https://a.test,direct,off', ['notice goproxy-ignored GOPROXY']],
    // Policy.
    ['off', ['notice goproxy-off GOPROXY']],
    ['direct', ['notice goproxy-direct GOPROXY']],
    ['https://a.test,off', []],
    // The tables.
    ['https://gocenter.io,direct', ['warning goproxy-known-dead GOPROXY']],
    ['https://mirrors.cloud.tencent.com/golang/', ['warning goproxy-known-dead GOPROXY']],
    ['https://mirrors.aliyun.com', ['warning goproxy-wrong-path GOPROXY']],
    ['https://proxy.golang.org/mod,direct', ['warning goproxy-wrong-path GOPROXY']],
    ['https://mirrors.huaweicloud.com/go', ['warning goproxy-wrong-path GOPROXY']],
    ['https://goproxy.cn:8443/x', []],
  ])('%j', (GOPROXY, expected) => {
    expect(outline({ env: { GOPROXY } })).toEqual(expected);
  });

  test.each<readonly [value: string, line: string]>([
    ['https://a.test;direct', 'https://a.test,direct'],
    ['https://a.test ; https://b.test|Direct', 'https://a.test,https://b.test|direct'],
    ['https://a.test https://b.test direct', 'https://a.test,https://b.test,direct'],
    ['https:/a.test', 'https://a.test'],
    ['https//a.test,OFF', 'https://a.test,off'],
    ['"https://a.test,direct"', 'https://a.test,direct'],
    [',', 'https://proxy.golang.org,direct'],
    ['direct,https://a.test|https://b.test', 'https://a.test,https://b.test,direct'],
    ['https://a.test|off,https://b.test,direct', 'https://a.test|https://b.test,off'],
    ['https://mirrors.aliyun.com|direct', 'https://mirrors.aliyun.com/goproxy|direct'],
  ])('offers a line to copy for %j', (GOPROXY, line) => {
    expect(findingsOf({ env: { GOPROXY } })[0]?.copy).toEqual([`env: { GOPROXY: '${line}' }`]);
    expect(findingsOf({ env: { GOPROXY: line } })).toEqual([]);
  });

  test.each([
    'athens',
    'ftp://a.test',
    'direct,ftp://a.test',
    'https://u:p@a.test;direct',
    'http://u:p@a.test',
  ])('offers no line for %j', (GOPROXY) => {
    expect(findingsOf({ env: { GOPROXY } })[0]).not.toHaveProperty('copy');
  });

  test.each([
    'https://user:S3cret@a.test;direct',
    'https://user:S3cret@a.test https://b.test',
    'http://S3cret@a.test',
    'https://user:S3cret',
    'direct,https://user:S3cret@a.test',
    'https://x:S3cret@mirrors.aliyun.com/nothing',
    'https://x:S3cret@gocenter.io',
    '"https://x:S3cret@a.test"',
    'Direct,https://x:S3cret@a.test',
  ])('tells nothing of the login in %j', (GOPROXY) => {
    const findings = findingsOf({ env: { GOPROXY }, written: { GOPROXY: 'https://y:S3cret@b.test' } });
    expect(findings.length).toBeGreaterThan(1);
    expect(JSON.stringify(findings)).not.toContain('S3cret');
  });

  test.each<readonly [string, EnvironmentSource, string, string | undefined]>([
    [
      'the environment',
      { env: { GOPROXY: 'Direct' } },
      'set in the environment',
      "env: { GOPROXY: 'direct' }",
    ],
    ['go env -w', { written: { GOPROXY: 'Direct' } }, 'written by `go env -w`', 'go env -w GOPROXY=direct'],
    [
      'go env -w, emptied',
      { written: { GOPROXY: '' } },
      'written by `go env -w`',
      'go env -w GOPROXY=https://proxy.golang.org,direct',
    ],
    ['the distribution', { goroot: { GOPROXY: 'direct' } }, 'default of this distribution', undefined],
  ])('names the origin: %s', (_, source, origin, line) => {
    const [finding] = findingsOf(source);
    expect(finding?.evidence[0]).toContain(origin);
    expect(finding?.copy?.[0]).toBe(line);
  });

  test('is silent where this action exports GOPROXY', () => {
    const rest = { exported: new Set(['GOPROXY']) };
    expect(outline({ env: { GOPROXY: 'ftp://a' }, written: { GOPROXY: 'off' }, rest })).toEqual([]);
  });
});

describe('findings about the module mode', () => {
  const VENDOR = 'failure vendor-drift go.mod';
  const GOFLAGS = 'failure goflags-setting GOFLAGS';
  const workspace: MainUnit = {
    kind: 'workspace',
    directory: '.',
    work: parseGoWork('go.work', 'go 1.22\nuse .\n'),
    modules: [{ directory: '.', mod: (moduleUnit() as Extract<MainUnit, { kind: 'module' }>).module.mod }],
  };
  test.each<readonly [string, Readonly<Record<string, string>>, readonly MainUnit[], readonly string[]]>([
    ['nothing set', {}, [moduleUnit()], []],
    ['on', { GO111MODULE: 'on' }, [moduleUnit()], []],
    ['auto', { GO111MODULE: 'auto' }, [moduleUnit()], []],
    ['off', { GO111MODULE: 'off' }, [moduleUnit()], ['failure go111module-off GO111MODULE']],
    ['off without a module', { GO111MODULE: 'off' }, [], ['warning go111module-off GO111MODULE']],
    ['ON', { GO111MODULE: 'ON' }, [], ['failure go111module-setting GO111MODULE']],
    ['no flag', { GOFLAGS: '-mod vendor' }, [moduleUnit()], [GOFLAGS]],
    ['an open quote', { GOFLAGS: '"-mod=mod' }, [], [GOFLAGS]],
    ['a wrong -mod', { GOFLAGS: '-mod=vendored' }, [moduleUnit(DRIFTED)], [GOFLAGS, VENDOR]],
    ['-modfile without the extension', { GOFLAGS: '-modfile=x' }, [], [GOFLAGS]],
    ['-insecure', { GOFLAGS: '-insecure -mod=mod' }, [moduleUnit()], ['warning goflags-setting GOFLAGS']],
    ['-mod=mod in a workspace', { GOFLAGS: '-mod=mod' }, [workspace], [GOFLAGS]],
    ['-mod=mod', { GOFLAGS: '-mod=mod' }, [moduleUnit(DRIFTED)], []],
    ['-mod=readonly', { GOFLAGS: '-mod=readonly' }, [moduleUnit(DRIFTED)], []],
    ['a fitting vendor', {}, [moduleUnit(FITTING)], []],
    ['a drifted vendor', {}, [moduleUnit(DRIFTED)], [VENDOR]],
    ['a vendor without modules.txt', {}, [moduleUnit('')], [VENDOR]],
    ['a drifted vendor that go does not use', {}, [moduleUnit(DRIFTED, '1.13')], []],
    ['a drifted vendor of a workspace', {}, [moduleUnit(`## workspace\n${DRIFTED}`)], []],
    ['-mod=vendor, fitting', { GOFLAGS: '-mod=vendor' }, [moduleUnit(FITTING)], []],
    ['-mod=vendor, drifted', { GOFLAGS: '-mod=vendor' }, [moduleUnit(DRIFTED)], [VENDOR]],
    [
      '-mod=vendor, drifted in spite of go 1.13',
      { GOFLAGS: '-mod=vendor' },
      [moduleUnit(DRIFTED, '1.13')],
      [VENDOR],
    ],
    ['-mod=vendor without vendor', { GOFLAGS: '-mod=vendor' }, [moduleUnit()], [VENDOR]],
    [
      '-mod=vendor in a workspace without vendor',
      { GOFLAGS: '-mod=vendor' },
      [workspace],
      ['failure vendor-drift go.work'],
    ],
  ])('%s', (_, env, units, expected) => {
    expect(outline({ env, rest: project(...units) })).toEqual(expected);
  });

  test('nothing is said of vendor where go gets no further than to a broken go.mod', () => {
    const mod = parseGoMod('go.mod', 'module example.com/m\ngo 1.21\nrequire example.com/x v1.0.0\nwhat\n');
    const unit: MainUnit = {
      kind: 'module',
      module: { directory: '.', mod },
      vendor: { modulesTxt: DRIFTED },
    };
    expect(outline({ rest: project(unit) })).toEqual([]);
  });

  test('a workspace is mended by go work vendor', () => {
    const env = { GOFLAGS: '-mod=vendor' };
    expect(findingsOf({ env, rest: project(workspace) })[0]?.copy).toEqual(['go work vendor']);
  });
});

describe('findings about checksums and private modules', () => {
  test.each<readonly [Readonly<Record<string, string>>, readonly string[]]>([
    [{ GOSUMDB: 'sum.golang.google.cn' }, []],
    [{ GOSUMDB: 'off' }, ['notice sumdb-off GOSUMDB']],
    [{ GOSUMDB: 'OFF' }, ['warning sumdb-setting GOSUMDB']],
    [{ GOSUMDB: 'https://sum.golang.org' }, ['warning sumdb-setting GOSUMDB']],
    [{ GOSUMDB: 'sum.golang.org https://a.test x' }, ['warning sumdb-setting GOSUMDB']],
    [{ GONOSUMDB: '*' }, ['notice sumdb-off GONOSUMDB']],
    [{ GONOSUMDB: 'a.test,*/' }, ['notice sumdb-off GONOSUMDB']],
    [{ GONOSUMDB: '*', GOSUMDB: 'off' }, ['notice sumdb-off GOSUMDB']],
    [{ GOPRIVATE: '*' }, ['warning goprivate-everything GOPRIVATE']],
    [{ GOPRIVATE: '*', GONOPROXY: 'none' }, ['notice sumdb-off GOPRIVATE']],
    [{ GOPRIVATE: '*', GONOSUMDB: 'none' }, ['warning goprivate-everything GOPRIVATE']],
    [
      { GONOPROXY: '*', GONOSUMDB: '*' },
      ['warning goprivate-everything GONOPROXY', 'notice sumdb-off GONOSUMDB'],
    ],
    [{ GOPRIVATE: '*', GOPROXY: 'direct' }, ['notice goproxy-direct GOPROXY', 'notice sumdb-off GOPRIVATE']],
    [{ GOPRIVATE: '*.test,github.com/acme/*,none' }, []],
    [{ GOPRIVATE: 'a.test/,b.test' }, []],
    [{ GOPRIVATE: 'a.test, b.test' }, [PATTERN]],
    [{ GOPRIVATE: 'https://a.test' }, [PATTERN]],
    [{ GOPRIVATE: 'a.test//' }, [PATTERN]],
    [{ GOPRIVATE: 'a.test/[' }, [PATTERN]],
    [{ GOPRIVATE: '.a.test,A.test' }, [PATTERN, PATTERN]],
    [{ GOPRIVATE: 'a.test:8443' }, [PATTERN]],
    [{ GOINSECURE: 'http://a.test' }, ['warning goprivate-pattern GOINSECURE']],
    [
      { GOPRIVATE: 'a.test;b.test', GONOPROXY: 'a.test;b.test', GONOSUMDB: 'a.test;b.test' },
      ['warning goprivate-pattern GOPRIVATE, GONOPROXY, GONOSUMDB'],
    ],
    [{ GONOSUMCHECK: '1' }, ['notice go-env-unread GONOSUMCHECK']],
  ])('%j', (env, expected) => {
    expect(outline({ env })).toEqual(expected);
  });

  test.each<readonly [value: string, mended: string | undefined]>([
    ['a.test, b.test', 'a.test,b.test'],
    ['a.test;b.test/x', 'a.test,b.test/x'],
    ['https://a.test/x/', 'a.test/x/'],
    ['.a.test,A.test/X', '*.a.test,a.test/X'],
    ['a.test/[', undefined],
    ['https://token@a.test', undefined],
  ])('offers a line to copy for the patterns %j', (GOPRIVATE, mended) => {
    const expected = mended === undefined ? undefined : [`env: { GOPRIVATE: '${mended}' }`];
    const [finding] = findingsOf({ env: { GOPRIVATE } });
    expect(finding?.copy).toEqual(expected);
    expect(JSON.stringify(finding)).not.toContain('token');
  });

  test('is silent where this action exports GOSUMDB', () => {
    expect(outline({ env: { GOSUMDB: 'OFF' }, rest: { exported: new Set(['GOSUMDB']) } })).toEqual([]);
  });

  const because = { kind: 'go line', file: 'go.mod', value: '1.99' } as const;
  const choice = {
    kind: 'download',
    toolchain: 'go1.99.0',
    version: 'v0.0.1-go1.99.0.x-y',
    because,
  } as const;
  test.each<readonly [string, EnvironmentSource, readonly string[]]>([
    [
      'GOPROXY=off',
      { env: { GOPROXY: 'off' } },
      ['failure toolchain-unavailable go1.99.0', 'notice goproxy-off GOPROXY'],
    ],
    [
      'GOSUMDB=off',
      { env: { GOSUMDB: 'off' } },
      ['failure sumdb-setting GOSUMDB', 'notice sumdb-off GOSUMDB'],
    ],
    [
      'GOSUMDB=off with one file URL',
      { env: { GOSUMDB: 'off', GOPROXY: 'file:///x' } },
      ['notice sumdb-off GOSUMDB'],
    ],
    [
      'GOSUMDB=off and the toolchain at hand',
      { env: { GOSUMDB: 'off' }, rest: { toolchains: [{ choice, place: 'PATH' }] } },
      ['notice sumdb-off GOSUMDB'],
    ],
  ])('a toolchain that has to be downloaded: %s', (_, source, expected) => {
    expect(outline({ rest: { toolchains: [{ choice }] }, ...source })).toEqual(expected);
  });
});

describe('findings about what is hidden', () => {
  test.each<readonly [string, EnvironmentSource, readonly string[]]>([
    [
      'another value',
      { env: { GOFLAGS: '-mod=mod' }, written: { GOFLAGS: '-v' } },
      ['warning go-env-hidden GOFLAGS'],
    ],
    ['the same value', { env: { GOFLAGS: '-v' }, written: { GOFLAGS: '-v' } }, []],
    ['an empty variable hides nothing', { env: { GOFLAGS: '' }, written: { GOFLAGS: '-v' } }, []],
    [
      'what setup-go exports',
      { env: { GOTOOLCHAIN: 'local' }, written: { GOTOOLCHAIN: 'auto' } },
      ['notice go-env-hidden GOTOOLCHAIN'],
    ],
    ['what has nothing to do with downloads', { env: { GOBIN: '/a' }, written: { GOBIN: '/b' } }, []],
  ])('%s', (_, source, expected) => {
    expect(outline(source)).toEqual(expected);
  });

  test('the values are shown only where they can hold no secret', () => {
    const source = {
      env: { GOAUTH: 'git S3cret', GOSUMDB: 'off' },
      written: { GOAUTH: 'S3cret', GOSUMDB: 'sum.golang.org' },
    };
    const text = JSON.stringify(findingsOf(source).map(({ evidence }) => evidence));
    expect(text).not.toContain('S3cret');
    expect(text).toContain('sum.golang.org');
  });
});

describe('findings about the HTTP proxy', () => {
  const FAILURE = 'failure http-proxy-setting HTTPS_PROXY';
  const WARNING = 'warning http-proxy-setting HTTPS_PROXY';
  test.each<readonly [value: string, expected: readonly string[]]>([
    ['http://a.test:3128', []],
    ['HTTPS://u:p@a.test', []],
    ['a.test:3128', []],
    ['a.test:3128/', []],
    ['socks5h://a.test:1080', []],
    ['http://', [FAILURE]],
    [':', [FAILURE]],
    ['http:/a.test:3128', [FAILURE]],
    ['http//a.test:3128', [FAILURE]],
    ['http://a.test:x', [FAILURE]],
    ['http://a.test:3128 ', [FAILURE]],
    ['"http://a.test:3128"', [FAILURE]],
    ['a b', [FAILURE]],
    ['http://u:p@:8080', [FAILURE]],
    ['%zz', [WARNING]],
    [' http://a.test', [WARNING]],
    ['socks://a.test:1080', [WARNING]],
  ])('%j', (HTTPS_PROXY, expected) => {
    expect(outline({ env: { HTTPS_PROXY } })).toEqual(expected);
    expect(outline({ env: { HTTPS_PROXY, NO_PROXY: '*' } })).toEqual([]);
  });

  test('the lower-case name counts too, and http is of less weight', () => {
    const env = { http_proxy: 'http://', https_proxy: 'http//u:S3cret@a.test' };
    expect(outline({ env })).toEqual([
      'failure http-proxy-setting https_proxy',
      'warning http-proxy-setting http_proxy',
    ]);
    expect(JSON.stringify(findingsOf({ env }))).not.toContain('S3cret');
  });
});

describe('the entries', () => {
  test('each is met by a finding, and every id of a finding is in the catalogue', () => {
    const found = new Set(EVERY_ENVIRONMENT.flatMap(findingsOf).map(({ id }) => id));
    expect([...found]).toEqual(expect.arrayContaining(Object.keys(ENVIRONMENT_ENTRIES)));
    const known: readonly string[] = catalogue().map(({ id }) => id);
    expect(known).toEqual(expect.arrayContaining([...found]));
  });

  test.each(Object.entries(ENVIRONMENT_ENTRIES))('%s says what and what to do', (id, entry) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(entry.title).toMatch(/[^.]$/);
    expect(entry.title.length).toBeLessThan(110);
    expect(entry.remedy).toMatch(/^[^{}]*\.$/);
  });

  test('an OFF is not answered with the opposite to copy', () => {
    expect(findingsOf({ env: { GOSUMDB: 'OFF' } })[0]).not.toHaveProperty('copy');
    expect(findingsOf({ env: { GOSUMDB: 'https://x' } })[0]?.copy).toEqual([
      "env: { GOSUMDB: 'sum.golang.org' }",
    ]);
  });

  test('each has a meaning and a recognition, and the gravest findings come first', () => {
    expect(Object.keys(ENVIRONMENT_MEANINGS).sort()).toEqual(Object.keys(ENVIRONMENT_ENTRIES).sort());
    expect(Object.keys(ENVIRONMENT_RECOGNITION).sort()).toEqual(Object.keys(ENVIRONMENT_ENTRIES).sort());
    const env = { GOSUMDB: 'off', GOPRIVATE: '*', GOPROXY: 'Direct', HTTPS_PROXY: 'http://' };
    const severities = findingsOf({ env }).map(({ severity }) => severity);
    expect(severities).toEqual(['failure', 'failure', 'warning', 'notice']);
  });
});
