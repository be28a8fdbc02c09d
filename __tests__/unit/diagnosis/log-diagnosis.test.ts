import { expect, test } from '@jest/globals';
import { catalogue } from '../../../src/diagnosis/catalogue.ts';
import { CLASS_ORDER } from '../../../src/diagnosis/finding.ts';
import {
  CAUSE_PATTERNS,
  GIT_PATTERNS,
  NOT_FOUND_PATTERNS,
} from '../../../src/diagnosis/log-cause-patterns.ts';
import { diagnoseLog } from '../../../src/diagnosis/log-diagnosis.ts';
import { LOG_ENTRIES } from '../../../src/diagnosis/log-entries.ts';
import { LOG_MEANINGS } from '../../../src/diagnosis/log-meanings.ts';
import { MESSAGE_PATTERNS, WHOLE_PATTERNS } from '../../../src/diagnosis/log-patterns.ts';

const M = 'example.com/Acme/m';
const URL = 'https://proxy.corp.example/example.com/%21acme/m/@v/v1.2.3.zip';
const GET = `go: ${M}@v1.2.3: Get "${URL}": `;
const VCS = `/home/runner/go/pkg/mod/cache/vcs/${'0'.repeat(64)}`;
const WINDOWS_VCS = ['C:', 'Users', 'runner', 'go', 'pkg', 'mod', 'cache', 'vcs', '0'.repeat(64)].join('\\');

const about = (lines: readonly string[]) =>
  diagnoseLog(lines).map(({ id, module, version, host, status, asked, cause }) => ({
    id,
    ...(module === undefined ? {} : { module }),
    ...(version === undefined ? {} : { version }),
    ...(host === undefined ? {} : { host }),
    ...(status === undefined ? {} : { status }),
    ...(asked === undefined ? {} : { asked }),
    ...(cause === undefined ? {} : { cause }),
  }));

const OF_PROXY = { module: M, version: 'v1.2.3', host: 'proxy.corp.example', asked: 'proxy' };

test.each([
  [
    'connectex: No connection could be made because the target machine actively refused it.',
    'connection-refused',
  ],
  [
    'dial tcp 10.0.0.1:443: connectex: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond.',
    'connect-timeout',
  ],
  [
    'dial tcp 10.0.0.1:443: connectex: A socket operation was attempted to an unreachable network.',
    'unreachable',
  ],
  [
    'read tcp 10.0.0.1:50000->10.0.0.2:443: wsarecv: An existing connection was forcibly closed by the remote host.',
    'connection-reset',
  ],
  [
    'read tcp 10.0.0.1:50000->10.0.0.2:443: wsarecv: A connection attempt failed because the connected party did not properly respond after a period of time',
    'connect-timeout',
  ],
  [
    'dial tcp 10.0.0.1:443: bind: An attempt was made to access a socket in a way forbidden by its access permissions.',
    'unreachable',
  ],
  ['read tcp 10.0.0.1:50000->10.0.0.2:443: read: operation timed out', 'body-timeout'],
  [
    'tls: failed to verify certificate: x509: “proxy.corp.example” certificate is not trusted',
    'tls-unknown-authority',
  ],
  ['tls: failed to verify certificate: x509: “proxy.corp.example” certificate is expired', 'tls-expired'],
  ['x509: certificate relies on legacy Common Name field, use SANs instead', 'tls-wrong-host'],
  ['tls: first record does not look like a TLS handshake', 'plain-http-on-tls-port'],
  ['remote error: tls: handshake failure', 'tls-protocol'],
  ['remote error: tls: bad certificate', 'tls-client-certificate'],
  ['proxyconnect tcp: dial tcp 10.0.0.1:3128: i/o timeout', 'http-proxy-timeout'],
  ['proxyconnect tcp: tls: first record does not look like a TLS handshake', 'http-proxy-unreachable'],
  ['http2: client connection lost', 'http2-goaway'],
  ['net/http: timeout awaiting response headers', 'headers-timeout'],
  [
    'write C:\\Users\\runner\\go\\pkg\\mod\\cache\\download\\m.zip1.tmp: There is not enough space on the disk.',
    'disk-full',
  ],
  ['tls: failed to verify certificate: x509: something new', 'tls-unknown-authority'],
  ['dial tcp: lookup proxy.corp.example on 10.0.0.2:53: something new', 'dns-failed'],
  [
    'open /home/runner/go/pkg/mod/cache/download/m/@v/v1.2.3.zip1.tmp: permission denied',
    'module-cache-unwritable',
  ],
  ['context canceled by something new', 'request-failed'],
])('a request that ends with %j is %s', (cause, id) => {
  expect(about([GET + cause])).toEqual([expect.objectContaining({ ...OF_PROXY, id })]);
});

test.each([
  [400, 'http-status', 'configuration'],
  [401, 'module-refused', 'access'],
  [403, 'module-refused', 'access'],
  [404, 'module-not-found', 'not-found'],
  [407, 'http-proxy-login', 'access'],
  [410, 'module-not-found', 'not-found'],
  [418, 'http-blocked', 'access'],
  [429, 'http-too-many-requests', 'infrastructure'],
  [451, 'http-blocked', 'access'],
  [500, 'http-status', 'infrastructure'],
  [503, 'http-status', 'infrastructure'],
])('status %i is %s, %s', (status, id, failureClass) => {
  const [one, ...others] = diagnoseLog([`go: ${M}@v1.2.3: reading ${URL}: ${status} Something`]);
  expect(others).toEqual([]);
  expect(one).toMatchObject({ ...OF_PROXY, id, status, entry: { class: failureClass } });
});

test.each([
  [
    'the checksum database',
    `go: ${M}@v1.2.3: verifying module: ${M}@v1.2.3: Get "https://sum.golang.org/lookup/example.com/%21acme/m@v1.2.3": dial tcp: lookup sum.golang.org: no such host`,
    { id: 'sumdb-unreachable', cause: 'dns-not-found', asked: 'checksum-database', host: 'sum.golang.org' },
  ],
  [
    'the checksum database through a proxy',
    `go: ${M}@v1.2.3: verifying go.mod: ${M}@v1.2.3/go.mod: reading https://proxy.corp.example/sumdb/sum.golang.org/supported: 400 Bad Request`,
    { id: 'sumdb-unreachable', cause: 'http-status', status: 400 },
  ],
  [
    'the host of the module',
    `go: ${M}@v1.2.3: unrecognized import path "example.com/Acme/m": https fetch: Get "https://example.com/Acme/m?go-get=1": dial tcp: lookup example.com: no such host`,
    { id: 'dns-not-found', asked: 'module-host', host: 'example.com' },
  ],
  [
    'the target of a redirect',
    `go: ${M}@v1.2.3: Get "https://storage.googleapis.com/a?Signature=b": dial tcp 10.0.0.1:443: i/o timeout`,
    {
      id: 'redirect-blocked',
      cause: 'connect-timeout',
      asked: 'redirect-target',
      host: 'storage.googleapis.com',
    },
  ],
  [
    'a toolchain',
    'go: download go1.99: golang.org/toolchain@v0.0.1-go1.99.linux-amd64: reading https://proxy.corp.example/golang.org/toolchain/@v/v0.0.1-go1.99.linux-amd64.zip: 404 Not Found',
    { id: 'toolchain-unavailable', status: 404 },
  ],
  [
    'a program that wraps go',
    `fetch_repo: ${M}@v1.2.3: Get "${URL}": EOF`,
    { id: 'closed-early', module: M, version: 'v1.2.3' },
  ],
  [
    'go 1.12',
    `go: ${M}@v1.2.3: unexpected status (${URL}): 410 Gone`,
    { id: 'module-not-found', status: 410 },
  ],
  [
    'a Windows path',
    String.raw`C:\Users\runner\go\pkg\mod\example.com\a@v1.0.0\a.go:5:8: ${M}@v1.2.3: read "${URL}": unexpected EOF`,
    { id: 'truncated', module: M },
  ],
])('%s is told apart', (_name, line, expected) => {
  expect(about([line])).toEqual([expect.objectContaining(expected)]);
});

test('the last module of a chain is the one that failed', () => {
  const lines = [
    'go: example.com/a@v1.0.0 requires',
    '\texample.com/b@v1.1.0 requires',
    `\t${M}@v1.2.3: reading ${URL}: 500 Internal Server Error`,
    '\tserver response: upstream says x509: certificate signed by unknown authority',
  ];
  expect(diagnoseLog(lines)).toMatchObject([
    { id: 'http-status', module: M, version: 'v1.2.3', line: 3, count: 1, below: [lines[3]] },
  ]);
});

test.each([
  [`go: ${M}@v1.2.3: downloaded zip file too large`, 'too-large'],
  [
    'go: writing go.mod cache: mkdir /go/pkg/mod/cache/download/m: permission denied',
    'module-cache-unwritable',
  ],
  ['go: writing stat cache: open /go/pkg/mod/m.info: read-only file system', 'module-cache-unwritable'],
  ['main.go:4:2: open /home/runner/go/pkg/mod/cache/lock: permission denied', 'module-cache-unwritable'],
  ['go: creating work dir: mkdir /tmp/go-build1: no space left on device', 'disk-full'],
  ['go: updates to go.sum needed, disabled by -mod=readonly', 'missing-go-sum'],
  ['go.sum database server misbehavior detected!', 'sumdb-misbehaving'],
  ['verifying module: checksum mismatch', 'sumdb-mismatch'],
  [`go: ${M}@v1.2.3: verifying module: checksum mismatch`, 'sumdb-mismatch'],
  [`go: ${M}@v1.2.3: verifying module: checksum missing from sumdb response`, 'sumdb-misbehaving'],
  ['go: go.work requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)', 'toolchain-too-old'],
])('%j is %s', (line, id) => {
  expect(about([line])).toEqual([expect.objectContaining({ id })]);
});

const refused = `go: ${M}@v1.2.3: reading ${URL}: 404 Not Found`;
test.each([
  ['nothing', [], 'module-not-found'],
  ['a plain answer', ['\tserver response: not found'], 'module-not-found'],
  ['a timeout', ['\tserver response: not found: fetch timed out'], 'not-found-transient'],
  [
    'a login that git wanted',
    [
      '\tserver response:',
      '\tnot found: m@v1.2.3: invalid version: git fetch: exit status 128:',
      "\t\tfatal: could not read Username for 'https://github.com': terminal prompts disabled",
    ],
    'looks-private',
  ],
  [
    'a host that no page names',
    ['\tserver response: not found: m@v1.2.3: unrecognized import path "m": no go-import meta tags ()'],
    'import-path-unrecognized',
  ],
  [
    'a version',
    ['\tserver response: not found: m@v1.2.3: invalid version: unknown revision v1.2.3'],
    'version-not-found',
  ],
])('a 404 with %s below it is %s', (_name, below, id) => {
  expect(about([refused, ...below])).toEqual([{ ...OF_PROXY, id, status: 404 }]);
});

test.each([
  ['Host key verification failed.', 'git-ssh-host-key', 'configuration'],
  ['git@github.com: Permission denied (publickey).', 'git-ssh-login', 'access'],
  [
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
    'git-credentials-missing',
    'access',
  ],
  ["fatal: Authentication failed for 'https://github.com/a/b/'", 'git-credentials-missing', 'access'],
  ['remote: Repository not found.', 'git-not-found', 'not-found'],
  [
    "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com",
    'git-network',
    'infrastructure',
  ],
  ['error: RPC failed; curl 56 GnuTLS recv error (-9)', 'git-network', 'infrastructure'],
  ["fatal: couldn't find remote ref refs/tags/v1", 'version-not-found', 'not-found'],
  ['fatal: write error: No space left on device', 'disk-full', 'infrastructure'],
  ['fatal: something new', 'git-failed', 'infrastructure'],
])('git that says %j is %s', (said, id, failureClass) => {
  for (const place of [VCS, WINDOWS_VCS]) {
    const lines = [
      `go: ${M}@v1.2.3: git fetch -f origin in ${place}: exit status 128:`,
      `\t${said}`,
      '\tfatal: Could not read from remote repository.',
    ];
    const wanted = id === 'git-failed' ? lines.slice(0, 2) : lines;
    expect(diagnoseLog(wanted)).toMatchObject([{ id, entry: { class: failureClass }, module: M }]);
  }
});

test('what a proxy quotes is no failure of its own', () => {
  const below = ['\tserver response:', '\tgo: example.com/other@v1.0.0: unknown revision v1.0.0'];
  const first = `go: ${M}@v1.2.3: reading ${URL}: 502 Bad Gateway`;
  expect(diagnoseLog([first, ...below])).toMatchObject([{ id: 'http-status', below }]);
});

test('the end of an import chain may name a package only', () => {
  const end = '\texample.com/a/b: zip: not a valid zip file';
  expect(about(['go: example.com/app imports', end])).toEqual([{ id: 'invalid-zip' }]);
  expect(about([end])).toEqual([]);
});

test('a bare end of a download is one behind the line that began it', () => {
  const lines = ['go: downloading example.com/a v1.0.0', 'main.go:4:2: unexpected EOF'];
  expect(about(lines)).toEqual([{ id: 'invalid-zip' }]);
});

test('a hash of nothing is an empty go.mod', () => {
  const first = `verifying ${M}@v1.2.3/go.mod: checksum mismatch`;
  const empty = '\tdownloaded: h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=';
  expect(about([first, empty])).toEqual([{ id: 'empty-go-mod', module: M, version: 'v1.2.3' }]);
  expect(about([first])).toEqual([{ id: 'checksum-mismatch', module: M, version: 'v1.2.3' }]);
});

test('the same failure is told once and counted, another one apart', () => {
  const lines = [refused, refused, `go: example.com/other@v1.0.0: reading ${URL}: 404 Not Found`];
  expect(diagnoseLog(lines)).toMatchObject([
    { module: M, count: 2, line: 1, text: refused },
    { module: 'example.com/other', count: 1, line: 3 },
  ]);
});

test.each([
  [
    'a request of a program',
    'Get "https://api.example.com/v1/orders": dial tcp 10.0.0.1:443: connect: connection refused',
  ],
  ['a plugin without a host', 'plugin@v1.2.3: dial tcp 10.0.0.1:443: connect: connection refused'],
  ['a log of a test', `    a_test.go:12: ${GET}EOF`],
  ['git of a test', "fatal: could not read Username for 'https://github.com': terminal prompts disabled"],
  ['a cause without a request', 'dial tcp 10.0.0.1:443: connect: connection refused'],
  ['an answer without a request', '\tserver response: not found'],
  ['a hash', '\tdownloaded: h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY='],
  ['tar of something else', '/usr/bin/tar: src/a.txt: Cannot open: File exists'],
  ['a word that is a checksum', 'verifying order 17: checksum mismatch'],
  ['a parser', 'main.go:4:2: unexpected EOF'],
  ['a trace', `# get ${URL}: 500 Internal Server Error (0.100s)`],
  ['a build', 'main.go:4:2: undefined: proxy'],
])('%s is nothing', (_name, line) => {
  expect(about([line])).toEqual([]);
});

const UNITS = [
  'go: ',
  `${M}@v1.2.3: `,
  'Get "https://h/@v/',
  'lookup a',
  'proxyconnect tcp: ',
  'x509: ',
  'verifying ',
  'open /a/cache/download/',
  'a/',
  '@',
  'a.',
  'tar: pkg/mod/',
  ': ',
  '\t"Error": "',
  'go: unzip /cache/download/',
  ' requires go >= ',
];
test.each(UNITS)('a hostile log of %j ends, and keeps little', (unit) => {
  const line = unit.repeat(Math.ceil(20_000 / unit.length));
  const log = [line, `${GET}${line}`, `go: ${M}@v1.2.3: git fetch ${line}`, `\t${line}`, `go: ${line}`];
  expect(diagnoseLog(log).length).toBeLessThanOrEqual(log.length);
});

test('a log of different failures without end keeps a bounded number of them', () => {
  const lines = Array.from(
    { length: 1000 },
    (_one, index) => `go: example.com/m${index}@v1.0.0: unknown revision v1.0.0`,
  );
  expect(diagnoseLog(lines).length).toBe(200);
});

const TABLES = [
  ...CAUSE_PATTERNS,
  ...GIT_PATTERNS,
  ...NOT_FOUND_PATTERNS,
  ...MESSAGE_PATTERNS,
  ...WHOLE_PATTERNS,
];

test('no pattern has state, or a quantifier upon a quantifier', () => {
  for (const { regex } of TABLES) {
    expect(regex.flags).toMatch(/^i?$/);
    expect(regex.source).not.toMatch(/[*+}]\)(?:[*+]|\{\d+,)/);
  }
});

test('every literal is in what its regex can match', () => {
  for (const { literal, regex } of TABLES) {
    expect(regex.source.replaceAll('\\', '')).toContain(literal);
  }
});

test('every entry has a class of the output, a meaning, and an id that no other table has', () => {
  expect(Object.keys(LOG_MEANINGS)).toEqual(Object.keys(LOG_ENTRIES));
  for (const [id, { class: failureClass, title, remedy }] of Object.entries(LOG_ENTRIES)) {
    expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
    expect(CLASS_ORDER).toContain(failureClass);
    expect(title).not.toMatch(/\.$/);
    expect(remedy).toMatch(/\.$/);
  }
});

test('every id of a pattern has an entry, here or in the catalogue', () => {
  const known = new Set<string>([...Object.keys(LOG_ENTRIES), ...catalogue().map(({ id }) => id)]);
  expect(TABLES.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
});
