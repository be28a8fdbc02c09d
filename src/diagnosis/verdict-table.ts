import type { Cause, Stage, Verdict } from '../proxy/verdict.ts';
import { CAUSES, type CauseEntry } from './cause-table.ts';

type Unhealthy = Extract<Verdict, { kind: 'unhealthy' }>;
type Unknown = Extract<Verdict, { kind: 'unknown' }>;

/** What an unknown verdict means, by its reason; the id is `proxy-` and the reason, but for {@link SHARED_REASONS}. */
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
  'login-refused': {
    title: 'the proxy does not accept the login: a token or password that is wrong or has expired',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Renew the secret with the login for {host}, and check that this event may read it: workflows from forks get no secrets.',
  },
  'security-block': {
    title: 'the proxy blocks the module for security reasons',
    class: 'access',
    fault: 'module',
    rerunHelps: 'no',
    remedy:
      'Ask who runs {host} why, and require another version of the module. Do not go around it by another proxy.',
  },
} as const satisfies Record<Exclude<Unknown['reason'], keyof typeof SHARED_REASONS>, CauseEntry>;

/** Reasons that are the same of a public proxy, where they make it unhealthy. */
const SHARED_REASONS = {
  'region-blocked': 'http-region-blocked',
  'egress-blocked': 'http-egress-blocked',
} as const satisfies Partial<Record<Unknown['reason'], Cause>>;

/** Returns id and meaning of an unknown verdict. */
export function unknownEntry(reason: Unknown['reason']): { readonly id: string; readonly entry: CauseEntry } {
  if (reason === 'region-blocked' || reason === 'egress-blocked') {
    const id = SHARED_REASONS[reason];
    return { id, entry: CAUSES[id] };
  }
  return { id: `proxy-${reason}`, entry: UNKNOWN_REASONS[reason] };
}

const HTTP_STATUS: CauseEntry = CAUSES['http-status'];

const BLOCKS: ReadonlySet<number> = new Set([403, 418, 451]);

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

const LOGIN: Partial<CauseEntry> = { class: 'access', fault: 'configuration', rerunHelps: 'no' };

/** What a status says more than its number; the number stays, for readers search for it. */
const STATUS_SAYS: Readonly<Record<number, Partial<CauseEntry>>> = {
  400: { title: 'the proxy takes the request for malformed (HTTP status 400)' },
  401: {
    ...LOGIN,
    title: 'the proxy asks for a login (HTTP status 401)',
    remedy: UNKNOWN_REASONS.unauthorized.remedy,
  },
  404: { title: 'the proxy does not have a module that it ought to have (HTTP status 404)' },
  407: {
    ...LOGIN,
    title: 'something before the proxy asks for a login (HTTP status 407)',
    remedy: CAUSES['http-proxy-login'].remedy,
  },
  408: {
    ...HTTP_STATUS,
    title: 'the proxy waited too long for the request (HTTP status 408)',
    rerunHelps: 'yes',
  },
  410: { title: 'the proxy does not have a module any more that it ought to have (HTTP status 410)' },
  418: { title: 'the proxy or a filter before it takes this runner for a robot (HTTP status 418)' },
  451: { title: 'the proxy may not serve this for legal reasons (HTTP status 451)' },
  502: { title: 'the proxy got no good answer from a server behind it (HTTP status 502)' },
  503: { title: 'the proxy is overloaded or out of service (HTTP status 503)' },
  504: { title: 'the proxy waited too long for a server behind it (HTTP status 504)' },
};

/** Who is slow when not one answer came: at dns the runner's resolver, then the way there, then the proxy itself. */
const SILENT_FAULT = {
  dns: 'runner',
  tcp: 'network',
  tls: 'network',
  http: 'proxy',
  content: 'proxy',
} as const satisfies Record<Stage, CauseEntry['fault']>;

/** Of a candidate that was reached by IPv4 after an IPv6 address had been silent. */
export const SILENT_IPV6: CauseEntry = {
  ...CAUSES['ipv6-unreachable'],
  title: 'IPv6 to the host is silent, and every new connection loses time before IPv4 is tried',
  fault: 'network',
  rerunHelps: 'maybe',
  remedy: 'Nothing has to be done. A runner whose IPv6 leads nowhere is faster without it.',
  copy: ['- run: sudo sysctl -w net.ipv6.conf.all.disable_ipv6=1'],
};

/** Returns the id of the finding about an unhealthy verdict: its cause, but for some statuses. */
export function idOf({ cause, status }: Pick<Unhealthy, 'cause' | 'status'>): string {
  if (cause !== 'http-status') return cause;
  if (status === 429) return 'http-too-many-requests';
  return status !== undefined && BLOCKS.has(status) ? 'http-blocked' : 'http-status';
}

/** Returns what an unhealthy verdict means, as exactly as status and phases tell. */
export function entryOf(verdict: Unhealthy): CauseEntry {
  if (verdict.cause === 'too-slow') return slowEntry(verdict);
  return verdict.cause === 'http-status' ? statusEntry(verdict.status) : CAUSES[verdict.cause];
}

function statusEntry(status: number | undefined): CauseEntry {
  if (status === undefined) return HTTP_STATUS;
  const id = idOf({ cause: 'http-status', status });
  const said = STATUS_SAYS[status] ?? {};
  if (id === 'http-too-many-requests' || id === 'http-blocked') return { ...STATUS_ENTRIES[id], ...said };
  const title = `the proxy answered with HTTP status ${status}`;
  const entry: CauseEntry = status >= 500 ? { ...HTTP_STATUS, rerunHelps: 'yes' } : CLIENT_ERROR;
  return { ...entry, title, ...said };
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
