import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';
import { LOG_ENTRIES } from './log-entries.ts';
import type { Recognition } from './recognition.ts';

/** What a mistake in go's environment means that no line of go tells; titles and remedies become more exact by the case. */
export const ENVIRONMENT_ENTRIES = {
  'goproxy-ignored': {
    title: 'GOPROXY goes on behind `direct` or `off`, and go never reads that',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Put `direct` or `off` at the end of the list, behind the proxies.',
  },
  'goproxy-direct': {
    title: 'go asks no proxy, but the repository of each module',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Nothing has to be done when this is meant. Every module then needs git and a host that answers; a proxy before `direct` is faster and keeps what its author has deleted.',
  },
  'goproxy-known-dead': {
    title: 'GOPROXY names a host that is known to serve no modules (any more)',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Take it out of the list, or name a proxy that works.',
  },
  'goproxy-wrong-path': {
    title: 'GOPROXY names a public proxy with a path at which it serves no modules',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Write the base URL as the operator documents it.',
  },
  'go-env-hidden': {
    title: 'the environment hides what `go env -w` has written',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'A variable of the environment counts before the file of `go env -w`. Set it in one place only: take it out of the environment, or the other away with `go env -u`.',
  },
  'go-env-unread': {
    title: 'go reads no such variable',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Take it away.',
  },
  'go111module-setting': {
    title: 'GO111MODULE has a value that go refuses',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Modules are on without the variable; `on`, `auto` and `off`, in lower case, are all it takes.',
  },
  'goflags-setting': {
    title: 'GOFLAGS has a value that go refuses',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Flags in it begin with `-`, have white space between them, and their values after `=`, as in `-mod=mod -tags=a,b`.',
  },
  'sumdb-off': {
    title: 'what go.sum does not know is downloaded unchecked',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Nothing has to be done when this is meant. For private modules GOPRIVATE is enough, and the others stay checked.',
  },
  'goprivate-pattern': {
    title: 'a pattern can match no module',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Patterns are prefixes of module paths, such as `git.example.com/team`, with only a comma between them.',
  },
  'goprivate-everything': {
    title: 'the pattern `*` makes every module a private one',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Name only the hosts or owners of your private modules, such as `git.example.com` or `github.com/acme/*`.',
  },
  'http-proxy-setting': {
    title: 'the HTTP proxy of the environment has a value that go cannot use',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Write `http://host:port`, without quotes and spaces, where the variable is set: `env:` of the workflow, or the service of the runner.',
  },
} as const satisfies Record<string, CauseEntry & Pick<Finding, 'copy'>>;

/** What docs/diagnoses.md tells of each. */
export const ENVIRONMENT_MEANINGS: Readonly<Record<keyof typeof ENVIRONMENT_ENTRIES, string>> = {
  'goproxy-ignored':
    '`off` ends every download, and behind `direct` go reads no entry, not even a broken one. What stands there is never asked.',
  'goproxy-direct':
    'GOPROXY begins with `direct`. It is what some distributions of go have for a default, and what old advice for private modules says.',
  'goproxy-known-dead':
    'The base URL is in many lists on the web, and is shut down, has moved, or never was a Go module proxy. The finding says which. It rests on a table of this action, not on a request.',
  'goproxy-wrong-path':
    'The host is that of a public proxy in the table of this action, and the path is none of those that it serves modules at. go gets 404 there and moves on, or fails.',
  'go-env-hidden':
    'The same variable has one value in the environment and another in the file of `go env -w`. The environment wins, without a word in later steps.',
  'go-env-unread':
    'A variable that advice on the web names, and that the go command does not read: GONOSUMCHECK was in previews of Go 1.13 only.',
  'go111module-setting':
    'Every go command but `go version` and `go help` ends with `unknown environment setting GO111MODULE`, `go env` too.',
  'goflags-setting':
    'Only `go env` and `go bug` bear a GOFLAGS that cannot be read. A wrong value of -mod or -modfile stops the commands that have this flag. Names of flags that go does not know are not noticed here.',
  'sumdb-off':
    'GOSUMDB is off, or GONOSUMDB matches everything. Modules with a line in go.sum are checked as always; for others go believes the proxy, and writes what it got into go.sum.',
  'goprivate-pattern':
    'GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE hold globs of module paths. go trims no white space in them and passes over a malformed one without a word, so a private module may be asked of public proxies by its path.',
  'goprivate-everything':
    'A `*` alone matches the first element of every module path. go asks no proxy for anything then, whatever GOPROXY says.',
  'http-proxy-setting':
    'go reads HTTPS_PROXY and HTTP_PROXY (or the lower-case names) as a URL or host:port. A value that it cannot read at all is ignored, so nothing goes through the proxy; one that reads as another host makes every request fail.',
};

/** By what each is recognised: settings only, before go has said a word. */
export const ENVIRONMENT_RECOGNITION: Readonly<Record<keyof typeof ENVIRONMENT_ENTRIES, Recognition>> = {
  'goproxy-ignored': { check: 'entries behind the first `direct` or `off` of GOPROXY' },
  'goproxy-direct': { check: '`direct` as the first entry of GOPROXY' },
  'goproxy-known-dead': { check: 'an entry of GOPROXY in the table of dead proxies' },
  'goproxy-wrong-path': { check: 'the host of a public proxy in GOPROXY, with none of its paths' },
  'go-env-hidden': {
    check: 'a variable in the environment, and another value for it in the file of `go env -w`',
    evidence: 'both values',
  },
  'go-env-unread': { check: 'GONOSUMCHECK in the environment', evidence: 'nothing but the name' },
  'go111module-setting': { check: 'GO111MODULE other than `on`, `off`, `auto`' },
  'goflags-setting': { check: 'GOFLAGS as go would read it; -mod and -modfile in it; -insecure' },
  'sumdb-off': { check: 'GOSUMDB=off, or `*` in GONOSUMDB (or in the GOPRIVATE that it follows)' },
  'goprivate-pattern': {
    check:
      'in GOPRIVATE, GONOPROXY, GONOSUMDB, GOINSECURE: white space, a scheme, a malformed glob, an upper-case host, or what no module path has',
  },
  'goprivate-everything': { check: '`*` in GONOPROXY, or in the GOPRIVATE that it follows' },
  'http-proxy-setting': { check: 'HTTPS_PROXY and HTTP_PROXY as go would read them' },
};

/** What go itself says in a log when it meets the mistake: the same id, known before go runs. */
const SHARED = {
  'goproxy-syntax': LOG_ENTRIES['goproxy-syntax'],
  'goproxy-insecure-credentials': LOG_ENTRIES['goproxy-insecure-credentials'],
  'goproxy-off': LOG_ENTRIES['goproxy-off'],
  'go111module-off': LOG_ENTRIES['go111module-off'],
  'sumdb-setting': LOG_ENTRIES['sumdb-setting'],
  'toolchain-unavailable': LOG_ENTRIES['toolchain-unavailable'],
  'vendor-drift': LOG_ENTRIES['vendor-drift'],
} as const;

/** The id of every finding about the environment. */
export type EnvironmentId = keyof typeof ENVIRONMENT_ENTRIES | keyof typeof SHARED;

/** Returns what an id means, before the case makes it more exact. */
export function environmentEntry(id: EnvironmentId): CauseEntry & Pick<Finding, 'copy'> {
  return { ...ENVIRONMENT_ENTRIES, ...SHARED }[id];
}
