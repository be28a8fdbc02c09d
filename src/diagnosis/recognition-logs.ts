import type { LOG_ENTRIES } from './log-entries.ts';
import type { Recognition } from './recognition.ts';

/** How the diagnoses are recognised that only go, git or tar can tell of. */
export const LOG_RECOGNITION: Readonly<Record<keyof typeof LOG_ENTRIES, Recognition>> = {
  'request-failed': { log: 'the URL of a request of go, and behind it words that are in no other entry' },
  'http2-stream-reset': {
    log: '`stream error: stream ID N; INTERNAL_ERROR` (or `CANCEL`, `ENHANCE_YOUR_CALM`)',
  },
  'http2-goaway': { log: '`http2: server sent GOAWAY`, `http2: client connection lost`' },
  'version-not-found': {
    log: "`unknown revision`, `no matching versions for query`, from go or in what a proxy answers 404 with; `couldn't find remote ref` of git",
  },
  'import-path-unrecognized': { log: '`no go-import meta tags`, `unrecognized import path`' },
  'invalid-zip': {
    log: '`zip: not a valid zip file`, `zip: checksum error`; a bare `unexpected EOF` behind `go: downloading`',
  },
  'zip-wrong-prefix': { log: '`zip for MODULE has unexpected file NAME`' },
  'empty-go-mod': {
    log: '`checksum mismatch` of a go.mod file, and below it `downloaded: h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=`',
  },
  'sumdb-mismatch': { log: '`verifying module: checksum mismatch`, without the path of go.sum' },
  'sumdb-unreachable': {
    log: 'a failed request below `/sumdb/`, to sum.golang.org, or behind `verifying module:` or `verifying go.mod:`',
  },
  'sumdb-misbehaving': {
    log: '`go.sum database server misbehavior detected!`, or another error behind `verifying module:` that is none of the network',
  },
  'sumdb-setting': {
    log: '`invalid GOSUMDB`, `missing GOSUMDB`, `checksum database disabled by GOSUMDB=off`',
    check: 'GOSUMDB as go would read it; GOSUMDB=off where go has to download a toolchain',
  },
  'missing-go-sum': { log: '`missing go.sum entry`, `updates to go.sum needed`' },
  'git-credentials-missing': {
    log: 'below a git command of go: `could not read Username`, `terminal prompts disabled`, `Authentication failed`, status 401 or 403',
  },
  'git-not-found': {
    log: 'below a git command of go: `Repository not found`, `repository ... not found`, status 404',
  },
  'git-network': {
    log: 'below a git command of go: `unable to access`, `RPC failed`, `early EOF`, `Could not resolve hostname`',
  },
  'git-ssh-host-key': {
    log: 'below a git command of go: `Host key verification failed.`, `REMOTE HOST IDENTIFICATION HAS CHANGED`',
  },
  'git-ssh-login': { log: 'below a git command of go: `Permission denied (publickey).`' },
  'git-missing': { log: '`exec: "git": executable file not found in $PATH`' },
  'git-failed': {
    log: '`git ... in .../cache/vcs/HASH: exit status 128`, and nothing below it that is in another entry',
  },
  'govcs-disallowed': { log: '`GOVCS disallows using git for public ...`' },
  'goauth-setting': { log: '`GOAUTH=...: ...`, `cannot parse GOAUTH command`' },
  'goproxy-syntax': {
    log: '`invalid proxy URL`, `GOPROXY list is not the empty string, but contains no entries`, or a `lookup` of a name with `,`, `;` or `|` in it',
    check: 'GOPROXY as go would read it, before anything is asked',
  },
  'goproxy-insecure-credentials': {
    log: '`refusing to pass credentials to insecure URL`',
    check: 'a login in an http URL of GOPROXY',
  },
  'goproxy-off': {
    log: '`module lookup disabled by GOPROXY=off`',
    check: '`off` as the first entry of GOPROXY',
  },
  'vendor-drift': {
    log: '`inconsistent vendoring in DIR:`',
    check: 'vendor/modules.txt beside go.mod, as go compares them',
  },
  'vendor-incomplete': {
    log: '`import lookup disabled by -mod=vendor`, `cannot query module due to -mod=vendor`, `using the vendor directory`',
  },
  'go111module-off': {
    log: '`modules disabled by GO111MODULE=off`, `can only use path@version syntax with`, `cannot find package ... in any of:`',
    check: 'the value of GO111MODULE',
  },
  'toolchain-unavailable': {
    log: '`toolchain not available`, or 404 for golang.org/toolchain',
    check: 'GOPROXY=off where go has to download a toolchain',
  },
  'disk-full': {
    log: '`no space left on device`, `disk quota exceeded`; on Windows `There is not enough space on the disk`',
  },
  'cache-restore-exists': { log: '`tar: .../pkg/mod/...: Cannot open: File exists`' },
};
