import { FETCH_POLICY } from '../fetch/fetch-policy.ts';
import type { ModCacheCode } from '../modcache/modcache-error.ts';
import type { CauseEntry } from './cause-table.ts';
import { UNKNOWN_REASONS } from './verdict-table.ts';

const ASK_AGAIN = 'Then run the job again.';
const OWN_CACHE =
  'Give the user of this job a module cache of its own: set GOMODCACHE to a directory that it may write to.';

/**
 * What each finding of the prefetch means that no cause of one proxy tells; placeholders as in the table of causes.
 * Titles and remedies of `checksum-mismatch`, `module-refused` and the module cache become more exact by the evidence.
 */
export const PREFETCH_ENTRIES = {
  'checksum-mismatch': {
    title: 'no proxy serves the content that go.sum has the hash of',
    class: 'integrity',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Do not change go.sum unseen. When only one proxy was asked, ask another one; when several agree, go.sum is wrong or the version was published again under the same name: restore the line from a commit that built, or require another version.',
  },
  'module-refused': {
    title: 'the proxy refuses the module, by policy or for want of a login',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'With 401, give go a login for {host}: a netrc file written from a secret, or GOAUTH. With 403, ask who runs {host} whether this login may read the module.',
  },
  'module-not-found': {
    title: 'no proxy has the module, and `direct` is not in the chain',
    class: 'not-found',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Check module path and version in go.mod. A private module belongs into the input `goprivate`, so that go asks its host; `direct: true` lets go ask the host of every module that no proxy has.',
  },
  'network-dead': {
    title: `no proxy gave a good answer for ${FETCH_POLICY.deadAfterMs / 1000} s, so the fetching was ended`,
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Run the job again; if it stays so, check the network of this runner and its way to the proxies that the evidence names.',
  },
  'prefetch-timeout': {
    title: 'the time for fetching was over before all files were there',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Run the job again; if it stays so, look at the throughput of the proxies in the job summary, name a faster one in `proxies`, or raise `prefetch-timeout`.',
  },
  'prefetch-impossible': {
    title: 'nothing could be fetched',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Mend what the title names. With `prefetch: auto` the same is only a line of the report, and go downloads by itself.',
  },
  'module-cache-unwritable': {
    title: 'the module cache does not take the files',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: `The evidence has the error of the file system. ${OWN_CACHE}`,
  },
  'module-cache-link': {
    title:
      'the module cache has a link or a wrong entry where go makes files, and nothing is written through it',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy:
      'Empty the module cache in a step before this one, and delete the cache entry that brought the link. To have the module cache elsewhere, set GOMODCACHE instead of a link.',
    copy: ['- run: go clean -modcache'],
  },
  'looks-private': {
    title: 'no public proxy has the module, and it is left to go: it looks private',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'When it is private, add its pattern to the input `goprivate`, and no proxy and no checksum database hears of it. When it is not, check path and version in go.mod.',
  },
} as const satisfies Record<string, CauseEntry & { readonly copy?: readonly string[] }>;

type Variant = Partial<CauseEntry>;

/** What a code says more than its entry. */
const MODCACHE_VARIANTS: Readonly<Partial<Record<ModCacheCode, Variant>>> = {
  'modcache-disk-full': {
    title: 'no space is left for the module cache',
    class: 'infrastructure',
    remedy: `Make room on the runner (\`df -h\`, large caches and images of earlier steps), or set GOMODCACHE to a larger disk. ${ASK_AGAIN}`,
  },
  'modcache-read-only': {
    title: 'the module cache is on a read-only file system',
    remedy: `Mount it writable, or set GOMODCACHE to a directory that this job may write to.`,
  },
  'modcache-no-permission': {
    title: 'this job may not write to the module cache',
    remedy: `Another user made it, most often a step with sudo or a container: give it back (\`sudo chown -R "$(id -u)" "$(go env GOMODCACHE)"\`), or set GOMODCACHE to a directory of this job.`,
  },
  'modcache-not-absolute': {
    title: 'GOMODCACHE is no absolute path, and go refuses that too',
    fault: 'configuration',
    remedy: 'Set GOMODCACHE or GOPATH to an absolute path where it is set now (`go env -changed` tells).',
  },
  'modcache-other-device': {
    title: 'the directories cache and cache/download of the module cache are on different devices',
    remedy: 'Mount the whole of GOMODCACHE, and not only cache/download in it.',
  },
  'modcache-busy': {
    title: 'another program holds files of the module cache',
    class: 'infrastructure',
    rerunHelps: 'maybe',
    remedy: `Keep virus scanners and other jobs out of the module cache of this one. ${ASK_AGAIN}`,
  },
  'modcache-name-too-long': {
    title: 'a path in the module cache is too long for the file system',
    remedy: 'Set GOMODCACHE to a short path; on Windows also switch long paths on.',
  },
  'modcache-failed': { class: 'infrastructure', rerunHelps: 'maybe' },
  'modcache-corrupt-link': {
    title: 'the module cache has a link where go makes files, and nothing is written through it',
  },
  'modcache-corrupt-entry': {
    title: 'the module cache has a directory where a file belongs, or the other way round',
  },
};

/** The codes of content: it was verified, and was another when it was to be placed. */
const CHANGED: Variant = {
  title: 'verified files were changed before they could be placed',
  class: 'infrastructure',
  rerunHelps: 'maybe',
  remedy: `Check the disk of this runner and what else writes to its module cache. ${ASK_AGAIN}`,
};

/** Returns id and meaning of what the module cache did not take, by code. */
export function modCacheEntry(code: ModCacheCode): {
  readonly id: 'module-cache-unwritable' | 'module-cache-link';
  readonly entry: CauseEntry & { readonly copy?: readonly string[] };
} {
  const isLink = code === 'modcache-corrupt-link' || code === 'modcache-corrupt-entry';
  const id = isLink ? 'module-cache-link' : 'module-cache-unwritable';
  return { id, entry: { ...PREFETCH_ENTRIES[id], ...(MODCACHE_VARIANTS[code] ?? CHANGED) } };
}

/** Returns what a refusal with this status means; a public proxy has no logins, it blocks. */
export function refusalEntry(status: number | undefined, isPublic: boolean): CauseEntry {
  const entry: CauseEntry = PREFETCH_ENTRIES['module-refused'];
  if (isPublic) {
    return {
      ...entry,
      title: 'the public proxy blocks the module',
      fault: 'module',
      remedy:
        'The body in the evidence says why, if anything does. Require another version or module, or name a proxy of your own that has it in `proxies`.',
    };
  }
  if (status === 401) {
    const remedy = `${UNKNOWN_REASONS.unauthorized.remedy} A netrc login is used by the prefetch too, GOAUTH by go alone.`;
    return { ...entry, title: 'the proxy asks for a login', remedy };
  }
  if (status === 407) return { ...entry, ...UNKNOWN_REASONS['login-required'] };
  const remedy = `${UNKNOWN_REASONS.forbidden.remedy} A module that it must not serve has to be replaced, or come from elsewhere.`;
  return status === 403 ? { ...entry, title: 'the proxy refuses the module', remedy } : entry;
}
