import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';

const OPERATOR =
  'Run the job again later; if it stays so, ask the operator of {host}, or name another proxy in `proxies`.';
const SETUP_GO = ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod } }'];

/** What go and git say in a log that no cause of a probe or of the prefetch tells; placeholders as in the table of causes. */
export const LOG_ENTRIES = {
  'request-failed': {
    title: 'go could not download a file of a module',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: OPERATOR,
  },
  'http2-stream-reset': {
    title: 'the server reset an HTTP/2 stream in the middle of a download',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'yes',
    remedy:
      'Run the job again: go never repeats such a request, the prefetch of this action does. If it is frequent, let go speak HTTP/1.1 in the step that downloads.',
    copy: ['env: { GODEBUG: http2client=0 }'],
  },
  'http2-goaway': {
    title: 'the server closed the HTTP/2 connection that go used',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'yes',
    remedy: `${OPERATOR} ENHANCE_YOUR_CALM in the line means that {host} was asked too fast.`,
  },
  'version-not-found': {
    title: 'the module is there, and this version or revision of it is not',
    class: 'not-found',
    fault: 'module',
    rerunHelps: 'maybe',
    remedy:
      'Check version and spelling in go.mod. A tag that was pushed minutes ago is not known yet where it was asked for before: proxies remember that something is missing for up to half an hour.',
  },
  'import-path-unrecognized': {
    title: 'the import path leads to no module',
    class: 'not-found',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Check the spelling of the import path. When it is right, its host does not tell (any more) where the module lives: require another version or a fork.',
  },
  'invalid-zip': {
    title: 'the proxy served something that is no whole zip file',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: OPERATOR,
  },
  'zip-wrong-prefix': {
    title: 'the proxy served the zip file of something else',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Ask the operator of the proxy, or name another one in `proxies`.',
  },
  'empty-go-mod': {
    title: 'the proxy served an empty go.mod file',
    class: 'integrity',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy:
      'Do not change go.sum. Name another proxy in `proxies`; the one that was asked has a broken copy.',
  },
  'sumdb-mismatch': {
    title: 'the module is not what the checksum database knows',
    class: 'integrity',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Do not switch the checksum database off for it. The version was published again with other content, or a proxy changed it: ask for it through another proxy, or require another version.',
  },
  'sumdb-unreachable': {
    title: 'the checksum database could not be asked',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Run the job again. go asks the database only for what go.sum lacks: commit a complete go.sum (`go mod tidy`). A private module belongs into the input `goprivate`; where sum.golang.org is blocked, another address of the same database helps.',
    copy: ['gosumdb: sum.golang.google.cn'],
  },
  'sumdb-misbehaving': {
    title: 'the answer of the checksum database is not one that go believes',
    class: 'integrity',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Let go ask the database itself and not through a proxy. If it stays so, something between the runner and the database answers in its place.',
    copy: ['gosumdb: sum.golang.org https://sum.golang.org'],
  },
  'sumdb-setting': {
    title: 'GOSUMDB has a value with which go cannot check what it has to check',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Take GOSUMDB away where it is set (`go env -changed` tells). Toolchains are checked by the database always, also with GOSUMDB=off.',
  },
  'missing-go-sum': {
    title: 'go.sum lacks a line that go needs',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Run `go mod tidy` and commit go.mod and go.sum.',
    copy: ['go mod tidy'],
  },
  'git-credentials-missing': {
    title: 'git has no login for the repository of a module',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'If the module is private, give git a token for {host} in a step before, and add its pattern to the input `goprivate`. If it is public, check the spelling: hosts ask for a login where there is no repository.',
    copy: [
      '- run: git config --global url."https://x-access-token:$TOKEN@github.com/".insteadOf "https://github.com/"',
    ],
  },
  'git-not-found': {
    title: 'the repository of a module does not exist, or this login may not see it',
    class: 'not-found',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Check the module path. For a private repository give git a token that may read it; the token of a job reads its own repository only.',
  },
  'git-network': {
    title: 'git could not fetch the repository of a module',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Run the job again. Through a proxy the repository is not asked: put one before `direct` in GOPROXY, unless the module is private.',
  },
  'git-ssh-host-key': {
    title: 'ssh does not know the key of the git host',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy:
      'Write the published key of {host} into known_hosts in a step before; do not switch the check off.',
  },
  'git-ssh-login': {
    title: 'ssh has no key that the git host accepts',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Load a deploy key with ssh-agent in a step before, or let git use https with a token.',
  },
  'git-missing': {
    title: 'go has to ask a repository, and there is no git',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: 'Install git in the image of the job, or put a proxy before `direct` in GOPROXY.',
  },
  'git-failed': {
    title: 'git failed on the repository of a module',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: 'The lines below it in the log say why. Run the job again when they tell of the network.',
  },
  'govcs-disallowed': {
    title: 'GOVCS forbids the version control system of a module',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Allow it in GOVCS for this path only, or let a proxy serve the module.',
  },
  'goauth-setting': {
    title: 'GOAUTH has a value that go refuses, or its command failed',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Mend GOAUTH where it is set (`go env GOAUTH`): `off`, `netrc`, `git` with an absolute directory, or a command.',
  },
  'goproxy-syntax': {
    title: 'GOPROXY is not a list that go can read',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Mend GOPROXY where it is set (`go env GOPROXY`): base URLs, `direct` and `off` in lower case, with `,` or `|` between them; no space within and no `;`.',
  },
  'goproxy-insecure-credentials': {
    title: 'GOPROXY has a login in a URL without TLS, which go refuses',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Use https for that proxy, or take the login out of the URL.',
  },
  'goproxy-off': {
    title: 'a module is missing, and GOPROXY=off forbids to download it',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Let a step with network run `go mod download` before, restore a complete module cache, or take GOPROXY=off away.',
  },
  'vendor-drift': {
    title: 'the vendor directory does not fit to go.mod',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Run `go mod vendor` (in a workspace `go work vendor`) and commit the result.',
    copy: ['go mod vendor'],
  },
  'vendor-incomplete': {
    title: 'the vendor directory lacks something, and with it go downloads nothing',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Run `go mod vendor` and commit the result, or use `-mod=mod` for the command that needs the network.',
    copy: ['go mod vendor'],
  },
  'go111module-off': {
    title: 'GO111MODULE=off switches modules off',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Take GO111MODULE away where it is set (`go env -changed` tells).',
  },
  'toolchain-unavailable': {
    title: 'go could not get the toolchain that the project wants',
    class: 'not-found',
    fault: 'configuration',
    rerunHelps: 'maybe',
    remedy:
      'Let actions/setup-go install that version. go says so also when GOPROXY is off, when no proxy has golang.org/toolchain, or when DNS failed with `direct`; check too that the version exists.',
    copy: SETUP_GO,
  },
  'disk-full': {
    title: 'no space is left on the disk',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy:
      'Make room on the runner (`df -h`, large caches and images of earlier steps), or set GOMODCACHE to a larger disk.',
  },
  'cache-restore-exists': {
    title: 'a restored cache met files that were there already',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Let one step alone restore the module cache: switch that of setup-go off, for this action restores it by itself.',
    copy: ['- { uses: actions/setup-go@v7, with: { cache: false } }'],
  },
} as const satisfies Record<string, CauseEntry & Pick<Finding, 'copy'>>;
