import type { LOG_ENTRIES } from './log-entries.ts';

/** What docs/diagnoses.md tells of each entry of LOG_ENTRIES; one without a meaning does not compile. */
export const LOG_MEANINGS: Readonly<Record<keyof typeof LOG_ENTRIES, string>> = {
  'request-failed': 'A request of go failed, and the reason in its line is none that this action knows.',
  'http2-stream-reset':
    'The server, or what stands before it, ended one stream of an HTTP/2 connection (INTERNAL_ERROR, CANCEL, ENHANCE_YOUR_CALM). go takes that for the end: it repeats nothing.',
  'http2-goaway':
    'The server said GOAWAY, or the HTTP/2 connection was lost, while requests of go were under way.',
  'version-not-found':
    'A proxy or a repository knows the module and not the version: it was never tagged, was tagged after somebody asked, or the proxy still remembers that it was missing.',
  'import-path-unrecognized':
    'go asked the host of the import path with `?go-get=1`, and the page has no go-import tag: a slip of the pen, a parked domain, or a host that gave up.',
  'invalid-zip':
    'A zip file was cut off or is a page of HTML. go notices that after it has chosen the proxy, so the next one in GOPROXY is not asked.',
  'zip-wrong-prefix': 'Files in the zip do not begin with `path@version/`.',
  'empty-go-mod':
    'go.sum and the download differ, and the hash of the download is that of a file without content: the proxy lost it.',
  'sumdb-mismatch':
    'The hash of the download differs from the one in the checksum database. go.sum had no line for it, so the database decides.',
  'sumdb-unreachable':
    'A hash was missing in go.sum, and the question to the checksum database failed: on the way, by status, or at the proxy that stands in for it. go does not ask twice and asks nobody else.',
  'sumdb-misbehaving':
    'The signature, the tree or the form of an answer is wrong. A page of HTML in place of the database looks the same.',
  'sumdb-setting': 'The value of GOSUMDB cannot be read, or is `off` although a toolchain has to be checked.',
  'missing-go-sum':
    'go may not add lines to go.sum by itself (`-mod=readonly`, the default), and one that it needs is missing.',
  'git-credentials-missing':
    'go asked a repository with git, the host wanted a login, and nobody could be asked for it. Private repositories do this; so do paths that do not exist on public forges.',
  'git-not-found':
    'The git host says that the repository is not there. It says the same to those who may not see it.',
  'git-network':
    'git itself failed on the network: a name, a connection, a status of the host, or an answer that ended too early.',
  'git-ssh-host-key':
    'ssh refused to go on because the key of the host is in no known_hosts file, or is another than there.',
  'git-ssh-login': 'ssh reached the host, and none of the keys at hand was accepted.',
  'git-missing':
    'The image of the job has no git, and go was told to ask a repository (`direct`, or a private module).',
  'git-failed': 'A command of git ended with an error, and its own lines are missing or unknown.',
  'govcs-disallowed':
    'For public modules git and hg are allowed, for private ones all; GOVCS can change that.',
  'goauth-setting':
    'GOAUTH (go 1.24 and later) is read before the first download; an error in it ends every command.',
  'goproxy-syntax':
    'An entry of GOPROXY is no URL with https, http or file, and neither `direct` nor `off`. One bad entry makes every download fail, also when an earlier one is good.',
  'goproxy-insecure-credentials': 'go sends a login over https only.',
  'goproxy-off': 'Something is not in the module cache, and nobody may be asked.',
  'vendor-drift':
    'go.mod and vendor/modules.txt name different versions, or GOFLAGS says -mod=vendor and there is no vendor directory, so go stops before it builds.',
  'vendor-incomplete':
    'With a vendor directory nothing is looked up or downloaded, and a package or a version is not in it.',
  'go111module-off':
    'The variable comes from the time before modules. Commands that need go.mod refuse to work, others look into GOPATH.',
  'toolchain-unavailable':
    'The go line, the toolchain line or GOTOOLCHAIN names a version that could not be found. The message hides why: also a failed DNS lookup ends in it.',
  'disk-full': 'A file of the module cache, or a temporary one, could not be written for want of space.',
  'cache-restore-exists':
    'tar refused to write over read-only files of the module cache. Two steps restored the same files, or an earlier job left them. The job goes on with what was there.',
};
