const MODULE = 'github.com/example/tool@v1.4.0';
const ZIP = 'https://proxy.example/github.com/example/tool/@v/v1.4.0.zip';
const GOMODCACHE = '/home/runner/go/pkg/mod';
const VCS = `${GOMODCACHE}/cache/vcs/${'0123456789abcdef'.repeat(4)}`;

/** A request that got no answer: the cause stands behind the URL. */
const got = (cause: string) => [`go: ${MODULE}: Get "${ZIP}": ${cause}`];
/** An answer that broke off. */
const read = (cause: string) => [`go: ${MODULE}: read "${ZIP}": ${cause}`];
/** An answer with a status, and what it said. */
const answered = (status: string, ...said: readonly string[]) => [
  `go: ${MODULE}: reading ${ZIP}: ${status}`,
  ...said.map((line) => `\t${line}`),
];
const git = (...said: readonly string[]) => [
  `go: ${MODULE}: invalid version: git ls-remote -q origin in ${VCS}: exit status 128:`,
  ...said.map((line) => `\t${line}`),
];
const go = (message: string) => [`go: ${MODULE}: ${message}`];

/** By id, what go, git or tar write when it is met: real wording, with hosts and modules of nobody. */
export const LOG_EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'dns-not-found': got('dial tcp: lookup proxy.example on 192.0.2.53:53: no such host'),
  'dns-failed': got('dial tcp: lookup proxy.example on 192.0.2.53:53: server misbehaving'),
  'dns-refused': got(
    'dial tcp: lookup proxy.example on 127.0.0.1:53: read udp 127.0.0.1:59599->127.0.0.1:53: read: connection refused',
  ),
  'dns-timeout': got(
    'dial tcp: lookup proxy.example on 192.0.2.53:53: read udp 198.51.100.7:38780->192.0.2.53:53: i/o timeout',
  ),
  'connection-refused': got('dial tcp 192.0.2.10:443: connect: connection refused'),
  'connection-reset': read('read tcp 198.51.100.7:60104->192.0.2.10:443: read: connection reset by peer'),
  'connect-timeout': got('dial tcp 192.0.2.10:443: i/o timeout'),
  unreachable: got('dial tcp 192.0.2.10:443: connect: network is unreachable'),
  'tls-timeout': got('net/http: TLS handshake timeout'),
  'tls-unknown-authority': got(
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ),
  'tls-expired': got(
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T05:00:00Z is after 2026-10-21T05:00:00Z',
  ),
  'tls-not-yet-valid': got(
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 1970-01-01T00:05:00Z is before 2026-10-21T05:00:00Z',
  ),
  'tls-wrong-host': got(
    'tls: failed to verify certificate: x509: certificate is valid for other.example, not proxy.example',
  ),
  'tls-protocol': got('remote error: tls: protocol version not supported'),
  'tls-client-certificate': got('remote error: tls: certificate required'),
  'plain-http-on-tls-port': got('http: server gave HTTP response to HTTPS client'),
  'http-proxy-refused': got('Forbidden'),
  'http-proxy-failed': got('Bad Gateway'),
  'http-proxy-login': got('Proxy Authentication Required'),
  'http-proxy-unreachable': got('proxyconnect tcp: dial tcp 192.0.2.31:3128: connect: connection refused'),
  'http-proxy-timeout': got('proxyconnect tcp: dial tcp 192.0.2.31:3128: i/o timeout'),
  'headers-timeout': got('net/http: timeout awaiting response headers'),
  'body-timeout': read('read tcp 198.51.100.7:60104->192.0.2.10:443: read: connection timed out'),
  'closed-early': got('EOF'),
  truncated: read('unexpected EOF'),
  'http-status': answered('502 Bad Gateway', 'server response: upstream is down'),
  'http-too-many-requests': answered('429 Too Many Requests'),
  'http-blocked': answered('451 Unavailable For Legal Reasons', 'server response: not available'),
  'http-region-blocked': answered('403 Forbidden', 'server response: not available in your country'),
  'http-egress-blocked': answered(
    '403 Forbidden',
    'server response: Request is prohibited by VPC Service Controls',
  ),
  'proxy-login-refused': answered('401 Unauthorized', 'server response: the token has expired'),
  'proxy-security-block': answered('403 Forbidden', 'server response: quarantined by the firewall'),
  'redirect-loop': got('stopped after 10 redirects'),
  'redirect-insecure': got(
    'redirected from secure URL https://proxy.example/a to insecure URL http://store.example/a',
  ),
  'redirect-blocked': [
    `go: ${MODULE}: Get "https://store.example/a.zip": dial tcp 192.0.2.20:443: i/o timeout`,
  ],
  'protocol-error': got(
    'net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH_9"',
  ),
  'captive-portal': go(
    `invalid response from proxy "https://proxy.example": invalid character '<' looking for beginning of value`,
  ),
  'invalid-info': go('proxy returned info for version v1.3.0 instead of requested version'),
  'too-large': go('downloaded zip file too large'),
  'checksum-mismatch': [
    `verifying ${MODULE}: checksum mismatch`,
    '\tdownloaded: h1:wljeaSO2mJp8Wb+1/qbBgFL0cRtP19n0N0jSFU1KmrI=',
    '\tgo.sum:     h1:hWpkvlDaC2L1XNOdt0FF0RiYV8M1gDs8WU7Cp4mMcfw=',
  ],
  'module-refused': answered('403 Forbidden', 'server response: not for you'),
  'module-not-found': answered('404 Not Found', 'server response: not found'),
  'module-cache-unwritable': [
    `go: could not create module cache: mkdir ${GOMODCACHE}: read-only file system`,
  ],
  'module-cache-corrupt': [
    `github.com/example/tool v1.4.0: zip has been modified (${GOMODCACHE}/cache/download/github.com/example/tool/@v/v1.4.0.zip)`,
  ],
  'looks-private': answered(
    '404 Not Found',
    'server response:',
    `not found: ${MODULE}: invalid version: git ls-remote -q origin in /tmp/vcs: exit status 128:`,
    "\tfatal: could not read Username for 'https://github.com': terminal prompts disabled",
  ),
  'toolchain-too-old': ['go: go.mod requires go >= 1.26.1 (running go 1.24.4; GOTOOLCHAIN=local)'],
  'toolchain-setting': ['go: invalid GOTOOLCHAIN "1.26"'],
  'request-failed': got('something that nobody has met yet'),
  'http2-stream-reset': read('stream error: stream ID 5; INTERNAL_ERROR; received from peer'),
  'http2-goaway': got(
    'http2: server sent GOAWAY and closed the connection; LastStreamID=1999, ErrCode=NO_ERROR, debug=""',
  ),
  'version-not-found': go('invalid version: unknown revision v1.4.0'),
  'not-found-transient': answered('404 Not Found', 'server response: not found: fetch timed out'),
  'import-path-unrecognized': [
    'go: vanity.example/tool@v1.4.0: unrecognized import path "vanity.example/tool": parse https://vanity.example/tool?go-get=1: no go-import meta tags ()',
  ],
  'invalid-zip': go('zip: not a valid zip file'),
  'zip-wrong-prefix': [`go: zip for ${MODULE} has unexpected file github.com/example/library@v0.9.2/go.mod`],
  'empty-go-mod': [
    `verifying ${MODULE}/go.mod: checksum mismatch`,
    '\tdownloaded: h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=',
    '\tgo.sum:     h1:hWpkvlDaC2L1XNOdt0FF0RiYV8M1gDs8WU7Cp4mMcfw=',
  ],
  'sumdb-mismatch': [
    `go: ${MODULE}: verifying module: checksum mismatch`,
    '\tdownloaded: h1:wljeaSO2mJp8Wb+1/qbBgFL0cRtP19n0N0jSFU1KmrI=',
    '\tsum.golang.org: h1:hWpkvlDaC2L1XNOdt0FF0RiYV8M1gDs8WU7Cp4mMcfw=',
  ],
  'sumdb-unreachable': [
    `go: ${MODULE}: verifying module: ${MODULE}: Get "https://sum.golang.org/lookup/${MODULE}": dial tcp 192.0.2.40:443: i/o timeout`,
  ],
  'sumdb-misbehaving': [`go: ${MODULE}: verifying go.mod: ${MODULE}/go.mod: malformed record data`],
  'sumdb-setting': [`go: ${MODULE}: verifying go.mod: invalid GOSUMDB: malformed verifier id`],
  'missing-go-sum': [
    'main.go:4:2: missing go.sum entry for module providing package github.com/example/tool (imported by github.com/example/app); to add:',
    '\tgo get github.com/example/app',
  ],
  'git-credentials-missing': git(
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
    'Confirm the import path was entered correctly.',
    'If this is a private repository, see https://golang.org/doc/faq#git_https for additional information.',
  ),
  'git-not-found': git("fatal: repository 'https://github.com/example/tool/' not found"),
  'git-network': git(
    "fatal: unable to access 'https://github.com/example/tool/': Could not resolve host: github.com",
  ),
  'git-ssh-host-key': git(
    'No ED25519 host key is known for github.com and you have requested strict checking.',
    'Host key verification failed.',
    'fatal: Could not read from remote repository.',
  ),
  'git-ssh-login': git(
    'git@github.com: Permission denied (publickey).',
    'fatal: Could not read from remote repository.',
  ),
  'git-missing': go(`git init --bare in ${VCS}: exec: "git": executable file not found in $PATH`),
  'git-failed': git('fatal: something that nobody has met yet'),
  'govcs-disallowed': go("GOVCS disallows using git for public github.com/example/tool; see 'go help vcs'"),
  'goauth-setting': ['go: GOAUTH=git dir method requires an absolute path to the git working directory'],
  'goproxy-syntax': go('invalid proxy URL missing scheme: Direct'),
  'goproxy-insecure-credentials': go(
    'refusing to pass credentials to insecure URL: http://user:xxxxx@proxy.example/github.com/example/tool/@v/v1.4.0.zip',
  ),
  'goproxy-off': go('module lookup disabled by GOPROXY=off'),
  'vendor-drift': [
    'go: inconsistent vendoring in /home/runner/work/app:',
    `\t${MODULE}: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt`,
    '',
    '\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.',
    '\tTo sync the vendor directory, run:',
    '\t\tgo mod vendor',
  ],
  'vendor-incomplete': ['go: github.com/example/tool@latest: cannot query module due to -mod=vendor'],
  'go111module-off': ["go: modules disabled by GO111MODULE=off; see 'go help modules'"],
  'toolchain-unavailable': ['go: download go1.99.0 for linux/amd64: toolchain not available'],
  'disk-full': read(
    `write ${GOMODCACHE}/cache/download/github.com/example/tool/@v/v1.4.0.zip1234567.tmp: no space left on device`,
  ),
  'cache-restore-exists': [
    '/usr/bin/tar: ../../../go/pkg/mod/github.com/example/tool@v1.4.0/doc.go: Cannot open: File exists',
  ],
};
