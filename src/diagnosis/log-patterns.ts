import type { LogPattern } from './log-cause-patterns.ts';
import type { Marker } from './log-go-line.ts';
import type { LogId } from './log-id.ts';

/** A message of go that is not about a request: read where module, clauses and file names have been taken away. */
export interface MessagePattern extends LogPattern {
  /** What the line must begin with before the text is believed. */
  readonly markers: readonly Marker[];
}

const GO: readonly Marker[] = ['go'];
const MODULE: readonly Marker[] = ['module'];
const ANY: readonly Marker[] = ['go', 'file', 'module'];
/** `cache/vcs/HASH`, with the slashes of Windows too: where go keeps the repositories that git fetches. */
const VCS = '[\\\\/]cache[\\\\/]vcs[\\\\/][0-9a-f]{6,64}: ';

/** Anchored at the start of what is left, unless go writes something of its own before it. */
export const MESSAGE_PATTERNS: readonly MessagePattern[] = [
  // modfetch/repo.go, modfetch/proxy.go: proxyList and newProxyRepo
  row('goproxy-off', 'GOPROXY=off', /^module lookup disabled by GOPROXY=off$/, ANY),
  row(
    'goproxy-syntax',
    'GOPROXY list is',
    /^GOPROXY list is not the empty string, but contains no entries/,
    ANY,
  ),
  row('goproxy-syntax', 'proxy URL', /^invalid (?:file:\/\/ )?proxy URL /, ANY),
  row(
    'goproxy-syntax',
    'parse "',
    /^parse "[^"]{0,2000}": (?:invalid|first path segment|net\/url|missing|unsupported)/,
    ANY,
  ),
  row(
    'goproxy-insecure-credentials',
    'refusing to pass',
    /^refusing to pass credentials to insecure URL: /,
    ANY,
  ),
  row(
    'captive-portal',
    'invalid response from proxy',
    /^invalid response from proxy "[^"]{0,2000}": invalid character '<'/,
    MODULE,
  ),
  row('invalid-info', 'invalid response from proxy', /^invalid response from proxy "/, MODULE),
  row('invalid-info', 'proxy returned info', /^proxy returned info for version /, MODULE),
  row('too-large', 'too large', /^downloaded zip file too large/, ANY),
  // modfetch/fetch.go
  row(
    'invalid-zip',
    'zip: ',
    /^zip: (?:not a valid zip file|checksum error|unsupported compression algorithm)/,
    ANY,
  ),
  row(
    'zip-wrong-prefix',
    'has unexpected file',
    /^zip for (?<module>\S{1,400})@(?<version>\S{1,200}) has unexpected file /,
    ANY,
  ),
  row('module-cache-corrupt', 'unzip ', /^unzip .{1,1000}[\\/]cache[\\/]download[\\/].{1,1000}\.zip: /, ANY),
  row('module-cache-unwritable', 'module cache', /^could not create module cache: /, ANY),
  row('module-cache-unwritable', 'GOMODCACHE', /^GOMODCACHE entry is relative; must be absolute path/, ANY),
  row('module-cache-unwritable', ' cache: ', /^writing (?:go\.mod|stat) cache: /, ANY),
  row(
    'module-cache-unwritable',
    '',
    /^(?:open|write|mkdir|rename|chmod|remove|creating) .{1,1000}[\\/](?:pkg[\\/]mod|cache[\\/](?:download|vcs|lock)).{0,1000}: (?:read-only file system|permission denied|operation not permitted|Access is denied)/,
    ANY,
  ),
  row(
    'disk-full',
    '',
    /^(?:open|write|mkdir|rename|unzip|writing|creating) .{1,2000}: (?:no space left on device|There is not enough space on the disk|disk quota exceeded)/,
    ANY,
  ),
  // modfetch/sumdb.go
  row(
    'sumdb-setting',
    '',
    /^(?:invalid GOSUMDB|invalid sumdb name|missing GOSUMDB|checksum database disabled by GOSUMDB=off)/,
    ANY,
  ),
  // load/, modload/import.go
  row('missing-go-sum', 'missing go.sum entry', /^missing go\.sum entry(?:$| |;|:)/, ANY),
  row('missing-go-sum', 'go.sum', /^updates to go\.sum needed, disabled by /, ANY),
  row(
    'vendor-incomplete',
    '-mod=vendor',
    /(?:import|module) lookup disabled by -mod=vendor$|^cannot query module due to -mod=vendor/,
    ANY,
  ),
  row(
    'vendor-incomplete',
    'vendor directory',
    /^can't (?:determine available upgrades|resolve|compute|match|query|use) .{0,200}using the vendor directory/,
    GO,
  ),
  row('vendor-drift', 'inconsistent vendoring', /^inconsistent vendoring in .{1,1000}:$/, GO),
  row(
    'go111module-off',
    'GO111MODULE=off',
    /^(?:modules disabled by|list -m cannot be used with) GO111MODULE=off/,
    GO,
  ),
  row('go111module-off', 'path@version syntax', /^can only use path@version syntax with /, GO),
  // go/build, and only without modules.
  row('go111module-off', 'cannot find package "', /^cannot find package "[^"]{1,400}" in any of:$/, ['file']),
  // vcs/, codehost/
  row('govcs-disallowed', 'GOVCS disallows', /^GOVCS disallows using \S{1,20} for (?:public|private) /, ANY),
  row(
    'git-missing',
    'executable file not found',
    /^(?:git .{1,2000}: |unable to resolve git version: .{0,200})exec: "git": executable file not found in /,
    ANY,
  ),
  row('git-missing', 'missing Git command', /^missing Git command\. See /, GO),
  row(
    'git-failed',
    '',
    new RegExp(`^(?:git|hg|svn|bzr|fossil) .{1,2000}${VCS}(?:exit status \\d{1,3}|signal: )`),
    ANY,
  ),
  row('import-path-unrecognized', 'go-import meta tags', /no go-import meta tags \(/, ANY),
  row(
    'version-not-found',
    '',
    /^(?:unknown revision \S|no matching versions for query "|invalid version: unknown revision |does not match version-control timestamp \()/,
    ANY,
  ),
  // auth/
  row(
    'goauth-setting',
    'GOAUTH',
    /^(?:GOAUTH=|GOAUTH encountered an empty command|cannot parse (?:output of )?GOAUTH command)/,
    GO,
  ),
  // toolchain/select.go, gover/toolchain.go
  row(
    'toolchain-unavailable',
    'toolchain not available',
    /^(?:download go[\w.-]{1,60} for \S{1,60}: )?toolchain not available$/,
    ANY,
  ),
  row(
    'toolchain-too-old',
    ' requires go >= ',
    /(?:^|\s|: )\S{1,400} requires go >= (?<version>[\w.]{1,40}) \(running go /,
    ANY,
  ),
  row(
    'toolchain-setting',
    '',
    /^(?:cannot find "go[\w.-]{1,60}" in PATH|invalid GOTOOLCHAIN |invalid toolchain|invalid minimum toolchain )/,
    GO,
  ),
];

/** Lines that go, and tar under a cache action, write as a whole. */
export const WHOLE_PATTERNS: readonly LogPattern[] = [
  whole('sumdb-misbehaving', 'misbehavior', /^go\.sum database server misbehavior detected!$/),
  whole(
    'module-cache-corrupt',
    'has been modified',
    /^(?<module>[\w~-][\w.~+/-]{1,400}) (?<version>v\d[\w.+-]{1,200}): (?:zip|dir) has been modified \(/,
  ),
  whole(
    'cache-restore-exists',
    'File exists',
    /^(?:\S{0,200}[\\/])?tar(?:\.exe)?: .{0,300}(?:pkg[\\/]mod|cache[\\/]download)[\\/].{1,400}: Cannot (?:open|mkdir|create symlink to .{1,400}): File exists$/,
  ),
  whole(
    'goauth-setting',
    'GOAUTH=',
    /^\s{1,8}GOAUTH=.{1,1000}: (?:could not run command|cannot parse|'git credential fill' failed) /,
  ),
  // The end of a chain, and what tools show of one.
  whole(
    'missing-go-sum',
    'missing go.sum entry for module providing package ',
    /^\s{0,16}[\w~-][^\s:@]{1,400}: missing go\.sum entry for module providing package \S{1,400}(?: \(imported by \S{1,400}\))?; to add:$/,
  ),
  whole(
    'import-path-unrecognized',
    'unrecognized import path "',
    /^package \S{1,400}: unrecognized import path "[^"\s]{1,400}"$/,
  ),
  // What go compiles goes there first.
  whole(
    'disk-full',
    'no space left on device',
    /^(?:[\w~-][^\s:@]{1,400}: )?(?:mkdir|open|write|copying) \S{0,300}[\\/]go-build\d{1,20}[\\/]\S{0,300}: no space left on device$/,
  ),
  whole('sumdb-mismatch', 'checksum mismatch', /^verifying (?:module|go\.mod): checksum mismatch$/),
  whole('sumdb-setting', 'invalid GOSUMDB', /verifying (?:module|go\.mod): invalid GOSUMDB: /),
];

function row(id: LogId, literal: string, regex: RegExp, markers: readonly Marker[]): MessagePattern {
  return { id, literal, regex, markers, specific: 5 };
}

function whole(id: LogId, literal: string, regex: RegExp): LogPattern {
  return { id, literal, regex, specific: 5 };
}
