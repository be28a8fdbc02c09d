import type { FetchPolicy } from './fetch-policy.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HTTP_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * Returns the milliseconds that a Retry-After header asks for, at most `capMs`: whole seconds or a date as RFC 9110 §5.6.7
 * writes it (the two obsolete forms are not read). Undefined without one that can be read; a date of the past is 0.
 */
export function retryAfterMs(value: string | undefined, epochMs: number, capMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, capMs);
  const [, day = '', month = '', year = '', hour = '', minute = '', second = ''] = HTTP_DATE.exec(text) ?? [];
  const index = MONTHS.indexOf(month);
  if (index < 0) return undefined;
  const at = Date.UTC(Number(year), index, Number(day), Number(hour), Number(minute), Number(second));
  return Math.min(Math.max(0, at - epochMs), capMs);
}

/**
 * Returns the milliseconds before the same proxy is asked again for a file after `failures` failures there: full jitter,
 * `random` being 0 to 1.
 */
export function jitterMs(
  failures: number,
  random: number,
  { baseMs, capMs }: FetchPolicy['backoff'],
): number {
  return random * Math.min(capMs, baseMs * 2 ** Math.max(0, failures - 1));
}
