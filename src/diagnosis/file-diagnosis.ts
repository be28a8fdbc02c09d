import type { AttemptRecord } from '../fetch/outcome.ts';
import type { ProxyTally } from '../fetch/proxy-set.ts';
import type { FileResult, PrefetchResult } from '../prefetch/prefetch-result.ts';
import type { Candidate } from '../proxy/candidate.ts';
import type { Verdict } from '../proxy/verdict.ts';
import { CAUSES, type CauseEntry } from './cause-table.ts';
import { checksumEntry } from './checksum-mismatch.ts';
import type { Finding } from './finding.ts';
import { modCacheEntry, PREFETCH_ENTRIES, refusalEntry } from './prefetch-entries.ts';
import { entryOf, idOf } from './verdict-table.ts';

/** A file that was not fetched. */
export type FailedFile = Extract<FileResult, { readonly kind: 'failed' }>;

/** Why a file failed; files with the same key become one finding. */
export interface Diagnosis {
  readonly key: string;
  readonly id: string;
  readonly entry: CauseEntry & Pick<Finding, 'copy'>;
  /** The proxy that decided; its label stands before the title. */
  readonly candidate?: Pick<Candidate, 'label' | 'url' | 'origin'>;
  /** The title tells how many files are left. */
  readonly countsFiles?: boolean;
}

/** What else decides why a file failed. */
export type DiagnosisContext = Pick<PrefetchResult, 'tallies' | 'earlyEnd' | 'modcache'>;

/** Returns why a file failed; undefined when the job's end is why. */
export function diagnose(file: FailedFile, result: DiagnosisContext): Diagnosis | undefined {
  switch (file.class) {
    case 'integrity':
      return diagnoseContent(file, result.tallies);
    case 'access':
      return diagnoseRefusal(file, result.tallies);
    case 'not-found':
      return plain('module-not-found');
    case 'infrastructure':
      return file.why === 'network-dead' ? plain('network-dead') : diagnoseTrouble(file, result.tallies);
    case 'local':
      return diagnoseModCache(file, result);
    case 'cancelled':
      return diagnoseEnd(file, result);
    default: {
      const never: never = file.class;
      return never;
    }
  }
}

function plain(id: keyof typeof PREFETCH_ENTRIES): Diagnosis {
  return { key: id, id, entry: PREFETCH_ENTRIES[id] };
}

/** One proxy may have been changed, or lie; when several agree, go.sum is the one that differs. */
function diagnoseContent({ attempts }: FailedFile, tallies: readonly ProxyTally[]): Diagnosis {
  const wrong = attempts.filter(({ meaning }) => meaning === 'integrity');
  const [first] = wrong;
  const proxies = new Set(wrong.map(({ candidateId }) => candidateId)).size;
  if (first === undefined || proxies > 1) {
    return { key: 'checksum-mismatch', id: 'checksum-mismatch', entry: checksumEntry('several') };
  }
  const candidate = candidateOf(first, tallies);
  if (wrong.every(({ failure }) => failure?.cause === 'invalid-info')) {
    // What go would resolve a version by came wrong, so here it counts as what the fetching says it is.
    const entry: CauseEntry = { ...CAUSES['invalid-info'], class: 'integrity' };
    return { key: `invalid-info ${first.candidateId}`, id: 'invalid-info', entry, candidate };
  }
  const key = `checksum-mismatch ${first.candidateId}`;
  return { key, id: 'checksum-mismatch', entry: checksumEntry('one'), candidate };
}

function diagnoseRefusal({ attempts }: FailedFile, tallies: readonly ProxyTally[]): Diagnosis {
  const refused = attempts.findLast(({ meaning }) => meaning === 'refused');
  if (refused === undefined) return plain('module-refused');
  const { candidateId, status } = refused;
  const isPublic = tallies.some(
    ({ candidate }) =>
      candidate.id === candidateId && candidate.publicProxy !== undefined && candidate.origin !== 'inherited',
  );
  return {
    key: `module-refused ${candidateId} ${status}`,
    id: 'module-refused',
    entry: refusalEntry(status, isPublic),
    candidate: candidateOf(refused, tallies),
  };
}

/** The last trouble in the chain decides, in the words that the probe has for the same cause. */
function diagnoseTrouble({ attempts, failure }: FailedFile, tallies: readonly ProxyTally[]): Diagnosis {
  const troubled = attempts.filter(({ meaning }) => meaning === 'infrastructure');
  // A standby proxy is asked because the others failed: they are why.
  const last = troubled.findLast(({ standby }) => !standby) ?? troubled.at(-1);
  const decided = last?.failure ?? failure;
  if (decided === undefined) return { key: 'internal', id: 'internal', entry: CAUSES.internal };
  // A 404 that counts as trouble is one of the proxy's upstream, and tells nothing of the URL.
  const status = last?.status === 404 || last?.status === 410 ? undefined : last?.status;
  const verdict: Extract<Verdict, { kind: 'unhealthy' }> = {
    kind: 'unhealthy',
    ...decided,
    phases: last?.phases ?? {},
    ...(status === undefined ? {} : { status }),
  };
  const id = idOf(verdict);
  const entry = entryOf(verdict);
  return {
    key: `${id} ${last?.candidateId} ${entry.title}`,
    id,
    entry,
    ...(last === undefined ? {} : { candidate: candidateOf(last, tallies) }),
  };
}

function diagnoseModCache({ modcache }: FailedFile, result: DiagnosisContext): Diagnosis {
  const code = modcache?.code ?? result.modcache?.code ?? 'modcache-failed';
  const { id, entry } = modCacheEntry(code);
  return { key: `${id} ${entry.title}`, id, entry };
}

function diagnoseEnd(file: FailedFile, result: DiagnosisContext): Diagnosis | undefined {
  const why = file.why ?? result.earlyEnd;
  if (why === 'modcache') return diagnoseModCache(file, result);
  if (why !== 'timeout' && why !== 'idle') return undefined;
  const title = why === 'timeout' ? '`prefetch-timeout` was over' : 'no file was completed for 30 s';
  const entry = { ...PREFETCH_ENTRIES['prefetch-timeout'], title };
  return { key: `prefetch-timeout ${why}`, id: 'prefetch-timeout', entry, countsFiles: true };
}

function candidateOf(
  { candidateId, proxy }: AttemptRecord,
  tallies: readonly ProxyTally[],
): Pick<Candidate, 'label' | 'url' | 'origin'> {
  const known = tallies.find(({ candidate }) => candidate.id === candidateId)?.candidate;
  return known ?? { label: proxy, url: URL.parse(proxy) ?? new URL('file:///'), origin: 'input' };
}
