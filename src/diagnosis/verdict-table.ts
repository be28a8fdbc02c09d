import type { Stage, Verdict } from '../proxy/verdict.ts';
import { CAUSES, type CauseEntry } from './cause-table.ts';

type Unhealthy = Extract<Verdict, { kind: 'unhealthy' }>;
type Unknown = Extract<Verdict, { kind: 'unknown' }>;

/** What an unknown verdict means, by its reason; the id is `proxy-` and the reason. */
export const UNKNOWN_REASONS = {
  unauthorized: {
    title: 'the proxy asks for a login',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Give go a login for {host}: a netrc file written from a secret, or GOAUTH.',
  },
  forbidden: {
    title: 'the proxy refuses the request, by policy or for want of a right',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Ask who runs {host} whether this runner and login may read modules there.',
  },
  'login-required': {
    title: 'the HTTP proxy asks for a login',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Put the login into HTTPS_PROXY from a secret, or add {host} to NO_PROXY.',
  },
  'not-found': {
    title: 'the proxy does not have the module it was asked for',
    class: 'not-found',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy:
      'Nothing, if {proxy} serves only your own modules. Otherwise check its path: it must be the base URL of a Go module proxy.',
  },
} as const satisfies Record<Unknown['reason'], CauseEntry>;

const HTTP_STATUS: CauseEntry = CAUSES['http-status'];

/** What a status says more than `http-status`: a limit passes, a block does not, other client errors are the URL's. */
export const STATUS_ENTRIES = {
  'http-too-many-requests': {
    ...HTTP_STATUS,
    title: 'the proxy limits the number of requests',
    rerunHelps: 'yes',
    remedy: 'Run the job again later; if it stays so, ask the operator of {host}, or {removal}.',
  },
  'http-blocked': {
    ...HTTP_STATUS,
    title: 'the proxy or a filter before it blocks this runner',
    class: 'access',
    fault: 'network',
    rerunHelps: 'no',
    remedy: '{host} refuses this address or request: use a runner elsewhere, or {removal}.',
  },
} as const satisfies Record<string, CauseEntry>;

const CLIENT_ERROR: CauseEntry = {
  ...HTTP_STATUS,
  class: 'configuration',
  fault: 'configuration',
  rerunHelps: 'no',
  remedy: CAUSES['wrong-content'].remedy,
};

/** Who is slow when not one answer came: at dns the runner's resolver, then the way there, then the proxy itself. */
const SILENT_FAULT = {
  dns: 'runner',
  tcp: 'network',
  tls: 'network',
  http: 'proxy',
  content: 'proxy',
} as const satisfies Record<Stage, CauseEntry['fault']>;

/** Returns the id of the finding about an unhealthy verdict: its cause, but for some statuses. */
export function idOf({ cause, status }: Pick<Unhealthy, 'cause' | 'status'>): string {
  if (cause !== 'http-status') return cause;
  if (status === 429) return 'http-too-many-requests';
  return status === 403 || status === 451 ? 'http-blocked' : 'http-status';
}

/** Returns what an unhealthy verdict means, as exactly as status and phases tell. */
export function entryOf(verdict: Unhealthy): CauseEntry {
  if (verdict.cause === 'too-slow') return slowEntry(verdict);
  return verdict.cause === 'http-status' ? statusEntry(verdict.status) : CAUSES[verdict.cause];
}

function statusEntry(status: number | undefined): CauseEntry {
  if (status === undefined) return HTTP_STATUS;
  const id = idOf({ cause: 'http-status', status });
  if (id === 'http-too-many-requests' || id === 'http-blocked') return STATUS_ENTRIES[id];
  const title = `the proxy answered with HTTP status ${status}`;
  return status >= 500 ? { ...HTTP_STATUS, title, rerunHelps: 'yes' } : { ...CLIENT_ERROR, title };
}

/** One that had answered is slow; of one that had not, nobody knows whether it ever would. */
function slowEntry({ stage, phases }: Unhealthy): CauseEntry {
  const entry: CauseEntry = CAUSES['too-slow'];
  if (phases.firstByteMs !== undefined) return entry;
  return {
    ...entry,
    title: 'did not answer while another candidate did',
    fault: SILENT_FAULT[stage],
    remedy: 'If it is always so, check that {host} is up and can be reached from this runner, or {removal}.',
  };
}
