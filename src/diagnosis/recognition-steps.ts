import type { CACHE_ENTRIES } from './cache-findings.ts';
import type { LATER_ENTRIES } from './later-entries.ts';
import type { PREFETCH_ENTRIES } from './prefetch-entries.ts';
import type { NO_HEALTHY_PROXY } from './probe-findings.ts';
import type { Recognition } from './recognition.ts';
import type { SETTING_ENTRIES } from './setting-findings.ts';
import type { TOOLCHAIN_ENTRIES } from './toolchain-findings.ts';

type StepId =
  | typeof NO_HEALTHY_PROXY
  | keyof typeof SETTING_ENTRIES
  | keyof typeof CACHE_ENTRIES
  | keyof typeof PREFETCH_ENTRIES
  | keyof typeof TOOLCHAIN_ENTRIES
  | keyof typeof LATER_ENTRIES;

const ANSWERS =
  'each file (20 at most) with what each proxy answered, and the text of the first answer that has one';
const CACHE_PATHS = 'the error of the file system for each file';

/** How the diagnoses of main and post are recognised that speak of more than one answer. */
export const STEP_RECOGNITION: Readonly<Record<StepId, Recognition>> = {
  'no-healthy-proxy': {
    request: 'every candidate of the chain was measured, and each is unhealthy',
    evidence: 'each candidate with its own diagnosis',
  },
  'module-cache-corrupt': {
    log: '`zip has been modified`, `dir has been modified` of `go mod verify`; `unzip FILE: ...` of go',
    check: 'the h1 of each wanted file in GOMODCACHE, beside go.sum',
    evidence: 'the names of the files',
  },
  'inherited-goproxy': {
    check:
      'GOPROXY of the environment, of `go env -w` or of go.env, read as go reads it, and the answers of the proxies in it',
    evidence: 'none: the title says what it is',
  },
  'sumdb-through-third-party': {
    check: 'the version of go, GOSUMDB, and whether a proxy of the chain relays the checksum database',
    evidence: 'none: the title says what it is',
  },
  'standby-used': {
    request: 'no candidate is healthy, and a standby proxy is',
    evidence: 'none: the title names it',
  },
  'cache-poisoned': {
    check: 'the h1 of each wanted file in the archive, beside go.sum, before it is placed',
    evidence: 'each file with both hashes (15 at most), and the key of the archive',
  },
  'extracted-trees': {
    check: 'directories of wanted modules in GOMODCACHE that were there before this action',
    evidence: 'none: the title has their number',
  },
  'checksum-mismatch': {
    request: 'a body with another h1 than go.sum has, from every proxy that served the file',
    log: '`verifying MODULE: checksum mismatch`, with both hashes below it',
    evidence: ANSWERS,
  },
  'module-refused': {
    request: 'status 401, 403 or 407 for a module; only the chain decides whether anybody else is asked',
    log: '`reading URL: 401 Unauthorized`, `403 Forbidden`',
    evidence: ANSWERS,
  },
  'module-not-found': {
    request: '404 or 410 of every proxy of a chain without `direct`',
    log: '`reading URL: 404 Not Found` or `410 Gone`, without a text below that says more; a missing file of a file:// proxy',
    evidence: ANSWERS,
  },
  'network-dead': { request: 'no good answer of any proxy for the whole of that time', evidence: ANSWERS },
  'prefetch-timeout': {
    request: 'the end of `prefetch-timeout`, or 30 s in which no file was completed',
    evidence: ANSWERS,
  },
  'prefetch-impossible': {
    check: '`prefetch: true` without a proxy, a module cache or go.sum',
    evidence: 'none: the title has it',
  },
  'module-cache-unwritable': {
    log: '`could not create module cache`, `permission denied` or `read-only file system` for a path in the module cache',
    check:
      '`ENOSPC`, `EDQUOT`, `EROFS`, `EACCES`, `EPERM`, `EBUSY`, `ENAMETOOLONG` or `EXDEV` while a file is placed',
    evidence: CACHE_PATHS,
  },
  'module-cache-link': {
    check: 'a symbolic link, or a file in the place of a directory, below GOMODCACHE/cache/download',
    evidence: CACHE_PATHS,
  },
  'looks-private': {
    request: '404 or 410 of a chain of public proxies for a module that `direct` leaves to go',
    log: '404 or 410, and below it that the proxy had no login for the repository',
    evidence: 'up to three modules with what the proxies answered',
  },
  'toolchain-download': {
    check: 'go line, toolchain line and GOTOOLCHAIN beside the installed go, PATH and the module cache',
    evidence: 'none: the title names the version, its size and the reason',
  },
  'toolchain-too-old': {
    log: '`requires go >= VERSION (running go VERSION; GOTOOLCHAIN=local)`',
    check: 'the go line beside the installed go and GOTOOLCHAIN',
    evidence: 'none: the title names file and versions',
  },
  'toolchain-setting': {
    log: '`invalid GOTOOLCHAIN`, `invalid toolchain`, `cannot find "go..." in PATH`',
    check: 'GOTOOLCHAIN and the toolchain line, read as go reads them, and PATH',
    evidence: 'none: the title has it',
  },
  'download-transient': {
    check: 'a lock or temporary file of a download that is newer than the job, without the file itself',
    request: 'the same file can be had when it is asked for after the failure',
    evidence: 'each module with the time at which go began its download',
  },
  'download-unexplained': {
    check: 'a lock or temporary file of a download that is newer than the job, without the file itself',
    request: 'asking again told no cause',
    evidence:
      'each module with the time at which go began its download, and up to five lines of go when it was asked',
  },
};
