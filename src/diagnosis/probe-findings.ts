import type { Candidate } from '../proxy/candidate.ts';
import { findDeadProxy } from '../proxy/public-proxies.ts';
import type { Figures, Phases, Probed, Verdict } from '../proxy/verdict.ts';
import type { CauseEntry } from './cause-table.ts';
import { type Finding, failureClassOf } from './finding.ts';
import { fillPlaceholders } from './placeholders.ts';
import { entryOf, idOf, SILENT_IPV6, unknownEntry } from './verdict-table.ts';

/** The id of the finding that speaks for all candidates when none can be used. */
export const NO_HEALTHY_PROXY = 'no-healthy-proxy';

/** What that finding says. */
export const NO_HEALTHY_TITLE = 'no module proxy is healthy: GOPROXY stays as it was';

/** Distinct remedies told by the finding that speaks for all. */
const NAMED_REMEDIES = 3;

type Unhealthy = Extract<Verdict, { kind: 'unhealthy' }>;
type Unknown = Extract<Verdict, { kind: 'unknown' }>;

/** How a candidate is taken out, by where it comes from. */
const REMOVALS = {
  input: 'remove it from `proxies`',
  default: 'name another proxy in `proxies`',
  inherited: 'take it out of GOPROXY where that is set',
  standby: 'name another one in `mirrors`',
} as const satisfies Record<Candidate['origin'], string>;

/**
 * Returns one finding for each candidate that was not healthy, and, when none is healthy and none keeps its place
 * unmeasured or unknown, a first one of severity `failure` that speaks for them all.
 */
export function findingsOfProbe(probed: readonly Probed[]): readonly Finding[] {
  const findings = probed.flatMap((one) => findingOf(one) ?? []);
  const isLost = probed.length > 0 && probed.every(({ verdict }) => verdict.kind === 'unhealthy');
  if (!isLost) return findings;
  return [
    noHealthyProxy(findings),
    ...findings.map((finding): Finding => ({ ...finding, coveredBy: NO_HEALTHY_PROXY })),
  ];
}

/** Returns what a verdict means; undefined for a healthy candidate that nothing is to be told of, or an unmeasured one. */
export function findingOf({ candidate, verdict }: Probed): Finding | undefined {
  switch (verdict.kind) {
    case 'healthy':
      return silentIpv6Finding(candidate, verdict.figures);
    case 'unmeasured':
      return undefined;
    case 'unhealthy': {
      const id = idOf(verdict);
      const severity = candidate.origin === 'standby' ? 'notice' : 'warning';
      const evidence = [...evidenceOf(verdict), ...knownOf(candidate)];
      return { id, severity, ...describe(entryOf(verdict), candidate), evidence };
    }
    case 'unknown': {
      const { id, entry } = unknownEntry(verdict.reason);
      return {
        id,
        severity: 'notice',
        ...describe(entry, candidate),
        evidence: evidenceOf(verdict),
      };
    }
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

function silentIpv6Finding(candidate: Candidate, figures: Figures): Finding | undefined {
  const { silentIpv6, address } = figures;
  if (silentIpv6 === undefined) return undefined;
  const reached = address === undefined ? [] : [`reached at ${address}`];
  const evidence = [`tcp: no answer from ${silentIpv6}`, ...reached, formatPhases(figures.phases)];
  return { id: 'ipv6-unreachable', severity: 'notice', ...describe(SILENT_IPV6, candidate), evidence };
}

/** What the table of dead proxies has about a candidate that fails. */
function knownOf({ url }: Candidate): readonly string[] {
  const dead = findDeadProxy(url);
  return dead === undefined ? [] : [`known of this address: it ${dead.why}`];
}

/** Returns what a finding about a candidate takes from an entry, the placeholders of its remedy filled. */
export function describe(
  entry: CauseEntry,
  { label, url, origin }: Pick<Candidate, 'label' | 'url' | 'origin'>,
): Pick<Finding, 'class' | 'fault' | 'title' | 'rerunHelps' | 'remedy' | 'copy' | 'subject'> {
  const { title, class: failureClass, fault, rerunHelps, copy } = entry;
  const values = {
    proxy: label,
    host: url.host === '' ? label : url.host,
    name: url.hostname,
    removal: REMOVALS[origin],
  };
  const remedy = fillPlaceholders(entry.remedy, values);
  const described = { class: failureClass, fault, title, rerunHelps, remedy, subject: label };
  // Lines that somebody may paste into a shell hold names of hosts and nothing else.
  if (copy === undefined || !/^[\w.:[\]-]*$/.test(url.hostname)) return described;
  return { ...described, copy: copy.map((line) => fillPlaceholders(line, values)) };
}

function evidenceOf(verdict: Unhealthy | Unknown): readonly string[] {
  const { status, address, body } = verdict;
  const detail = verdict.kind === 'unhealthy' ? [`${verdict.stage}: ${verdict.detail}`] : [];
  const timing = formatPhases(verdict.phases);
  return [
    ...detail,
    ...(status === undefined ? [] : [`HTTP status ${status}`]),
    ...(address === undefined ? [] : [`address ${address}`]),
    ...(timing === '' ? [] : [timing]),
    ...(body === undefined || body.trim() === '' ? [] : [`it said: ${body}`]),
  ];
}

/** Returns the phases that were reached, `dns 3 ms, tcp 12 ms`; '' when none was. */
export function formatPhases({ dnsMs, tcpMs, tlsMs, firstByteMs, viaHttpProxy }: Phases): string {
  const parts = [
    ['dns', dnsMs],
    ['tcp', tcpMs],
    ['tls', tlsMs],
    ['first byte', firstByteMs],
  ] as const;
  const timed = parts.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${Math.round(ms)} ms`]));
  return [...timed, ...(viaHttpProxy === undefined ? [] : [`via HTTP proxy ${viaHttpProxy}`])].join(', ');
}

function noHealthyProxy(findings: readonly Finding[]): Finding {
  const failed = findings.map((finding): Finding => ({ ...finding, severity: 'failure' }));
  const first = failed[0];
  const remedies = [...new Set(findings.map((finding) => finding.remedy))];
  const rerunHelps = failed.some((finding) => finding.rerunHelps !== 'no') ? 'maybe' : 'no';
  const failureClass = failureClassOf(failed);
  return {
    id: NO_HEALTHY_PROXY,
    class: failureClass === 'none' ? 'infrastructure' : failureClass,
    fault: findings.every((finding) => finding.fault === first?.fault)
      ? (first?.fault ?? 'network')
      : 'network',
    severity: 'failure',
    title: NO_HEALTHY_TITLE,
    // Without the scheme, so that it stays readable where links are broken.
    evidence: findings.map(({ subject, title }) => `${subject.replace(/^https?:\/\//, '')}: ${title}`),
    rerunHelps,
    remedy: remedies.slice(0, NAMED_REMEDIES).join(' '),
    subject: '',
  };
}
