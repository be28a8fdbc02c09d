import { describe, expect, test } from '@jest/globals';
import { diagnoseLog, type LogDiagnosis } from '../../../src/diagnosis/log-diagnosis.ts';
import { findingOfLog, findingsOfLog } from '../../../src/diagnosis/log-findings.ts';

const BASE = 'https://proxy.example:8443';
const M = 'github.com/example/tool@v1.4.0';
const zip = (name: string) => `${BASE}/${name.replace('@', '/@v/')}.zip`;
const reading = (status: string, name = M) => `go: ${name}: reading ${zip(name)}: ${status}`;
const got = (cause: string, name = M) => `go: ${name}: Get "${zip(name)}": ${cause}`;
const VCS = `/go/pkg/mod/cache/vcs/${'0'.repeat(64)}`;

function only(lines: readonly string[]): LogDiagnosis {
  const [one, ...others] = diagnoseLog(lines);
  expect(others).toEqual([]);
  return one!;
}

describe('findingOfLog', () => {
  test('tells host, cause, go’s own line with its end first, and what to do', () => {
    const line = reading('502 Bad Gateway');
    expect(findingOfLog(only([line, '\tserver response: upstream is down']))).toMatchObject({
      id: 'http-status',
      class: 'infrastructure',
      fault: 'proxy',
      severity: 'failure',
      rerunHelps: 'yes',
      subject: M,
      title: expect.stringMatching(/^proxy\.example:8443: .*502/),
      evidence: ['502 Bad Gateway', line, '\tserver response: upstream is down'],
      remedy:
        'Run the job again later; if it stays so, ask the operator of proxy.example:8443, or name another proxy in `proxies`.',
    });
  });

  test('takes another severity', () => {
    expect(findingOfLog(only([reading('502 Bad Gateway')]), { severity: 'notice' }).severity).toBe('notice');
  });

  test('a short line is shown once', () => {
    expect(findingOfLog(only(['go: modules disabled by GO111MODULE=off'])).evidence).toEqual([
      'go: modules disabled by GO111MODULE=off',
    ]);
  });

  test('what is wrong with a certificate is not hidden behind what every such line begins with', () => {
    const cause = 'x509: certificate signed by unknown authority';
    const line = got(`tls: failed to verify certificate: ${cause}`);
    expect(findingOfLog(only([line])).evidence).toEqual([cause, line]);
  });

  test('the words of git come before the command', () => {
    const command = `go: ${M}: git ls-remote -q origin in ${VCS}: exit status 128:`;
    const said = "fatal: could not read Username for 'https://github.com': terminal prompts disabled";
    expect(findingOfLog(only([command, `\t${said}`])).evidence).toEqual([said, command, `\t${said}`]);
  });

  test('the end of a chain is read without its importers', () => {
    const line = `\texample.com/app/pkg: ${reading('502 Bad Gateway').slice('go: '.length)}`;
    const { evidence, subject } = findingOfLog(only(['go: example.com/app imports', line]));
    expect(evidence).toEqual(['502 Bad Gateway', line.trim()]);
    expect(subject).toBe(M);
  });

  test.each<readonly [string, string, RegExp]>([
    [
      'the host of the module',
      'go: git.example/m@v1.0.0: unrecognized import path "git.example/m": reading https://git.example/m?go-get=1: 502 Bad Gateway',
      /^Run the job again later; if it stays so, put a proxy before `direct`/,
    ],
    [
      'the host of the module that is not reached',
      'go: git.example/m@v1.0.0: unrecognized import path "git.example/m": https fetch: Get "https://git.example/m?go-get=1": dial tcp 192.0.2.1:443: i/o timeout',
      /connections to git\.example on this runner .*, or put a proxy before `direct` in GOPROXY\.$/,
    ],
    [
      'the name of a host with a port',
      got('dial tcp: lookup proxy.example on 192.0.2.53:53: server misbehaving'),
      /`getent hosts proxy\.example`/,
    ],
    [
      'no host',
      `go: ${M}: downloaded zip file too large`,
      /^Ask the operator of the host, or name another proxy in `proxies`\.$/,
    ],
  ])('the remedy speaks of %s', (_name, line, remedy) => {
    expect(findingOfLog(only([line])).remedy).toMatch(remedy);
  });

  test('what is said of the host of a module calls it no proxy', () => {
    const line =
      'go: git.example/m@v1.0.0: unrecognized import path "git.example/m": reading https://git.example/m?go-get=1: 500 Internal Server Error';
    expect(findingOfLog(only([line]))).toMatchObject({
      fault: 'module',
      title: expect.stringMatching(/^git\.example: the host of the module /),
    });
  });

  test('a failure of this machine does not name the host that was asked', () => {
    const line = got('write /go/pkg/mod/cache/download/x.tmp: no space left on device');
    expect(findingOfLog(only([line])).title).toBe('no space is left on the disk');
  });

  test('a refusal says why, when the proxy does', () => {
    const lines = [reading('403 Forbidden'), '\tserver response: the module is quarantined'];
    expect(findingOfLog(only(lines))).toMatchObject({
      id: 'proxy-security-block',
      class: 'access',
      fault: 'module',
    });
  });

  test('nothing of a log gets into a command', () => {
    const bad = { host: 'a`id`.example', module: 'x.example/$(id)', version: 'v1.0.0' };
    const dns = { ...only([got('dial tcp: lookup proxy.example: server misbehaving')]), ...bad };
    expect(findingOfLog(dns).remedy).toContain('`getent hosts HOST`');
    const sum = { ...only([`verifying ${M}: checksum mismatch`]), ...bad };
    expect(findingOfLog(sum, { isPrivate: () => false }).remedy).not.toContain('$(id)');
    const copied = { ...only([got('Bad Gateway')]), ...bad };
    expect(findingOfLog(copied).copy ?? []).not.toContainEqual(expect.stringContaining('`id`'));
  });
});

describe('the comparison of a wrong hash', () => {
  const lines = [`verifying ${M}: checksum mismatch`];

  test('is with a commit that built, for a module that may be private', () => {
    expect(findingOfLog(only(lines)).remedy).toContain('Compare its line with that of a commit that built.');
  });

  test('is with the database, for one that is known to be public', () => {
    const lookup = '`https://sum.golang.org/lookup/github.com/example/tool@v1.4.0`';
    expect(findingOfLog(only(lines), { isPrivate: () => false }).remedy).toContain(lookup);
    const known = only(['verifying golang.org/x/text@v0.3.0: checksum mismatch']);
    expect(findingOfLog(known).remedy).toContain('https://sum.golang.org/lookup/golang.org/x/text@v0.3.0');
  });
});

describe('findingsOfLog', () => {
  test('makes one finding of what has the same cause, and keeps other causes apart', () => {
    const log = [
      reading('502 Bad Gateway'),
      reading('502 Bad Gateway', 'github.com/example/a@v1.0.0'),
      reading('502 Bad Gateway', 'github.com/example/a@v1.0.0'),
      reading('503 Service Unavailable', 'github.com/example/b@v1.0.0'),
      reading('502 Bad Gateway', 'github.com/example/c@v1.0.0').replace(BASE, 'https://mirror.example'),
    ];
    const found = findingsOfLog(diagnoseLog(log));
    expect(found.map(({ subject, title }) => `${subject} ${title.split(': the')[0]}`)).toEqual([
      ' 2 modules: proxy.example:8443',
      'github.com/example/b@v1.0.0 proxy.example:8443',
      'github.com/example/c@v1.0.0 mirror.example',
    ]);
    expect(found[0]?.evidence).toEqual(['502 Bad Gateway', log[0], `${log[1]} (2 times)`]);
  });

  test('puts the gravest class first, and what was met first within one', () => {
    const log = [
      got('EOF'),
      `go: ${M}: module lookup disabled by GOPROXY=off`,
      got('unexpected EOF'),
      `verifying ${M}: checksum mismatch`,
    ];
    expect(findingsOfLog(diagnoseLog(log)).map(({ id }) => id)).toEqual([
      'checksum-mismatch',
      'goproxy-off',
      'closed-early',
      'truncated',
    ]);
  });

  test('bounds the evidence', () => {
    const log = Array.from({ length: 50 }, (_, index) => got('EOF', `github.com/example/m${index}@v1.0.0`));
    const [finding] = findingsOfLog(diagnoseLog(log));
    expect(finding?.evidence).toHaveLength(20);
    expect(finding?.evidence.at(-1)).toBe('and 32 more lines');
    const below = Array.from({ length: 60 }, (_, index) => `\tline ${index}`);
    expect(findingOfLog(only([reading('502 Bad Gateway'), ...below])).evidence).toHaveLength(20);
  });

  test('of nothing is nothing', () => {
    expect(findingsOfLog([])).toEqual([]);
  });
});
