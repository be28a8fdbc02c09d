/**
 * Why somebody is refused, as far as a text tells: by where the request comes from (`region`), by a rule about what may
 * leave or enter a network (`egress`), by a rule about the module (`security`), or for a login that is no good (`login`).
 */
export type Refusal = 'region' | 'egress' | 'security' | 'login';

/** Google's front ends, and the storage they redirect to, speak so of VPC Service Controls. */
const EGRESS = /securitypolicyviolated|vpc service controls/;
/** Google's front ends speak so of countries and of addresses with too much traffic; CDNs of a region. */
const REGION = /\b(?:in|from) your (?:region|country|location)\b|unusual traffic/;
/** Artifactory (Curation, Xray) and Nexus (firewall) speak so of a module that nobody may have. */
const SECURITY =
  /\bquarantined?\b|\bcuration\b|\bxray\b|\bmalicious\b|\bmalware\b|\bvulnerab(?:le|ility|ilities)\b|\bblocked (?:by|for|due to|because of) .{0,60}(?:polic|security|firewall)|\bsecurity (?:block|policy|reasons?)\b/;
const LOGIN =
  /\b(?:token|credentials?|password|api[ -]?key)\b.{0,40}\b(?:expired|invalid|revoked|incorrect|not valid|wrong)\b|\b(?:expired|invalid|bad|wrong|incorrect|revoked)\b.{0,20}\b(?:token|credentials?|password|api[ -]?key)\b/;
/** Longer texts are pages, and what is meant stands first. */
const TEXT_LIMIT = 4096;

/** Returns what the text of a 401, 403, 407, 418 or 451 gives as the reason; undefined when it gives none that is known. */
export function readRefusal(text: string): Refusal | undefined {
  const lower = text.slice(0, TEXT_LIMIT).toLowerCase().replace(/\s+/g, ' ');
  if (EGRESS.test(lower)) return 'egress';
  if (REGION.test(lower)) return 'region';
  if (SECURITY.test(lower)) return 'security';
  return LOGIN.test(lower) ? 'login' : undefined;
}

/** With these goproxy and Athens answer 404 although the fault is a transient one of their upstream. */
const TRANSIENT_404 = ['bad upstream', 'fetch timed out', 'temporarily unavailable'] as const;

/** Whether the text of a 404 or 410 tells of a failure of the proxy's upstream, which passes. */
export function isTransientNotFound(text: string): boolean {
  const lower = text.slice(0, TEXT_LIMIT).toLowerCase();
  return TRANSIENT_404.some((words) => lower.includes(words));
}

/** Whether a 400 is nginx's for a client that showed no certificate: it lets the handshake pass and answers with a page of its own. */
export function wantsClientCertificate(status: number, text: string): boolean {
  return status === 400 && text.slice(0, TEXT_LIMIT).includes('No required SSL certificate was sent');
}
