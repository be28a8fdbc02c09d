import { CAUSES, type CauseEntry } from './cause-table.ts';
import { OF_SEVERAL } from './checksum-mismatch.ts';
import type { Finding } from './finding.ts';
import type { LineMeaning } from './log-classify.ts';
import { LOG_ENTRIES } from './log-entries.ts';
import type { LogId } from './log-id.ts';
import { PREFETCH_ENTRIES, refusalEntry } from './prefetch-entries.ts';
import { SETTING_ENTRIES } from './setting-findings.ts';
import { TOOLCHAIN_ENTRIES } from './toolchain-findings.ts';
import { entryOf, STATUS_ENTRIES, UNKNOWN_REASONS } from './verdict-table.ts';

type LogEntry = CauseEntry & Pick<Finding, 'copy'>;

const ENTRIES: Readonly<Record<LogId, LogEntry>> = {
  ...CAUSES,
  ...STATUS_ENTRIES,
  ...PREFETCH_ENTRIES,
  ...SETTING_ENTRIES,
  ...TOOLCHAIN_ENTRIES,
  ...LOG_ENTRIES,
  'proxy-login-refused': UNKNOWN_REASONS['login-refused'],
  'proxy-security-block': UNKNOWN_REASONS['security-block'],
};

/** Where the table has the words of probe and prefetch, and go, which asked one after the other, saw less or something else. */
const OF_GO: Readonly<Partial<Record<LogId, Partial<CauseEntry>>>> = {
  'checksum-mismatch': {
    title: 'the download is not what go.sum has the hash of',
    remedy: OF_SEVERAL,
  },
  'module-not-found': {
    title: 'the module, or this version of it, is not there',
    remedy:
      'Check module path and version in go.mod. A private module belongs into the input `goprivate`, so that go asks its host and no proxy hears of it.',
  },
  'looks-private': {
    title: 'the proxy could not read the repository of the module, which looks private',
    remedy:
      'When it is private, add its pattern to the input `goprivate`, and no proxy and no checksum database hears of it; go then needs a login for its host. When it is not, check path and version in go.mod.',
  },
  'module-cache-corrupt': {
    title: 'the module cache holds files that are not what go.sum says',
  },
  'module-cache-unwritable': { title: 'go may not write to the module cache' },
  'toolchain-setting': { title: 'go stopped at the toolchain that it is told to use' },
};

/** What the table of verdicts tells more exactly by the status. */
const BY_STATUS: ReadonlySet<LogId> = new Set<LogId>([
  'http-status',
  'http-too-many-requests',
  'http-blocked',
]);

const LET_PROXY_SERVE =
  'put a proxy before `direct` in GOPROXY, so that go need not ask {host}, unless the module is private.';

/** The same answers of the host of a module, which is no proxy. */
const OF_HOST: Readonly<Partial<Record<LogId, Partial<CauseEntry>>>> = {
  'http-status': { remedy: `Run the job again later; if it stays so, ${LET_PROXY_SERVE}` },
  'http-too-many-requests': { remedy: `Run the job again later; if it stays so, ${LET_PROXY_SERVE}` },
  'module-not-found': {
    title: 'the host of the module does not know the import path',
    remedy: LOG_ENTRIES['import-path-unrecognized'].remedy,
  },
  'module-refused': {
    title: 'the host of the module refuses to say where it is',
    remedy: `Ask who runs {host} why, or ${LET_PROXY_SERVE}`,
  },
};

/** Returns what an id of a log means, as exactly as the status, who was asked, and the cause tell. */
export function entryOfLog(
  id: LogId,
  about: Pick<LineMeaning, 'status' | 'host' | 'cause' | 'asked'>,
): LogEntry {
  const entry = { ...entryOfStatus(id, about), ...OF_GO[id] };
  if (about.asked === 'module-host') return { ...ofHost(entry), ...OF_HOST[id] };
  const { cause } = about;
  return cause === undefined ? entry : { ...entry, rerunHelps: ENTRIES[cause].rerunHelps };
}

function entryOfStatus(id: LogId, { status, host }: Pick<LineMeaning, 'status' | 'host'>): LogEntry {
  if (status !== undefined && BY_STATUS.has(id)) {
    return entryOf({
      kind: 'unhealthy',
      stage: 'http',
      cause: 'http-status',
      status,
      detail: '',
      phases: {},
    });
  }
  return id === 'module-refused' ? refusalEntry(status, host === 'proxy.golang.org') : ENTRIES[id];
}

/** Titles speak of the proxy, because it is the one that probe and prefetch ask. */
function ofHost(entry: LogEntry): LogEntry {
  return {
    ...entry,
    title: entry.title.replace(/^the proxy /, 'the host of the module '),
    fault: entry.fault === 'proxy' ? 'module' : entry.fault,
  };
}
