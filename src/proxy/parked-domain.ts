/** What is known of a page that answered in place of a module file. */
export interface StrangePage {
  /** Host of the page without port, when a redirect led away from the candidate. */
  readonly foreignHost?: string;
  /** The start of its body. Compared here, never shown. */
  readonly text: string;
}

/** Services that answer for domains without an owner who uses them, and markets for such domains: the page is theirs, or built from theirs. */
const PARKING_DOMAINS = [
  'sedoparking.com',
  'sedo.com',
  'parkingcrew.net',
  'bodis.com',
  'parklogic.com',
  'hugedomains.com',
  'afternic.com',
  'dan.com',
  'undeveloped.com',
  'skenzo.com',
  'above.com',
  'uniregistry.com',
  'forsale.dynadot.com',
] as const;

/**
 * What such pages hold and others do not: the key with which parking pages ask to be let through by advertisement blockers, and the
 * script of GoDaddy's that leads to /lander.
 */
const MARKS = [/\bdata-adblockkey\s*=/i, /window\.location\.href\s*=\s*["']\/lander["'?]/i] as const;
/** Where a page loads something from, or leads to. */
const LOADED_HOST = /\b(?:src|href|action)\s*=\s*["']?(?:https?:)?\/\/([a-z0-9.-]{1,253})/gi;
const TEXT_LIMIT = 64 << 10;

/**
 * Whether a page is one of a parked domain, by the known services and nothing else: that somebody writes "for sale" tells
 * nothing. What it does not know is no parked domain.
 */
export function isParkedPage({ foreignHost, text }: StrangePage): boolean {
  if (foreignHost !== undefined && isOfParking(foreignHost)) return true;
  const start = text.slice(0, TEXT_LIMIT);
  if (MARKS.some((mark) => mark.test(start))) return true;
  return [...start.matchAll(LOADED_HOST)].some(([, host = '']) => isOfParking(host));
}

function isOfParking(host: string): boolean {
  const lower = host.toLowerCase().replace(/:\d+$/, '');
  return PARKING_DOMAINS.some((domain) => lower === domain || lower.endsWith(`.${domain}`));
}
