import { GoRuleError } from './go-rule-error.ts';

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const NS_PER_MS = 1_000_000n;
/** One more than the largest duration: about 292 years. */
const LIMIT_NS = 2n ** 63n;
/** No duration needs more; without a limit a long row of digits costs its square. */
const MAX_LENGTH = 100;

/**
 * Returns a Go duration, such as `1500ms`, `3s` or `1h30m`, in milliseconds, perhaps with a fraction (time: ParseDuration).
 * @throws GoRuleError 'duration' for anything else, for more than 292 years, for more than 100 characters, and with
 * `refuseNegative` for what is below zero.
 */
export function parseGoDuration(text: string, options: { readonly refuseNegative?: boolean } = {}): number {
  if (text.length > MAX_LENGTH) throw refused(text, `it is longer than ${MAX_LENGTH} characters`);
  const negative = text.startsWith('-');
  const unsigned = /^[-+]/.test(text) ? text.slice(1) : text;
  const nanoseconds = unsigned === '0' ? 0n : sumOfParts(text, unsigned);
  if (nanoseconds > (negative ? LIMIT_NS : LIMIT_NS - 1n)) throw refused(text, 'it is too long');
  if (negative && nanoseconds > 0n && options.refuseNegative === true) {
    throw refused(text, 'it is below zero');
  }
  // In two parts: nanoseconds alone pass 2^53 after 104 days.
  const ms = Number(nanoseconds / NS_PER_MS) + Number(nanoseconds % NS_PER_MS) / Number(NS_PER_MS);
  return negative && ms > 0 ? -ms : ms;
}

/**
 * Returns milliseconds in Go's notation: `1.5s`, `320ms`, `2m3s` (time: Duration.String), for people: rounded to
 * whole milliseconds, below one to whole microseconds. Whole milliseconds come back from parseGoDuration as they were.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return `${ms}ms`;
  if (ms < 0) {
    const text = formatDuration(-ms);
    return text === '0s' ? text : `-${text}`;
  }
  // 0.9999 rounds to 1000 µs, which is written as 1ms.
  const microseconds = Math.round(ms * 1000);
  if (microseconds === 0) return '0s';
  if (microseconds < 1000) return `${microseconds}\u00b5s`;
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  return formatSeconds(BigInt(whole));
}

function formatSeconds(ms: bigint): string {
  const fraction = String(ms % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const seconds = `${(ms / 1000n) % 60n}${fraction === '' ? '' : `.${fraction}`}s`;
  const minutes = ms / 60_000n;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function refused(text: string, why: string): GoRuleError {
  return new GoRuleError(
    'duration',
    `invalid duration ${JSON.stringify(text.slice(0, MAX_LENGTH))}: ${why}; allowed are Go durations such as 1500ms, 3s or 2m30s`,
  );
}

/** Adds up `1h`, `30m`, `.5s`: numbers with a unit, none left out. */
function sumOfParts(text: string, unsigned: string): bigint {
  if (unsigned === '') throw refused(text, 'it is empty');
  const part = /([0-9]*)(?:\.([0-9]*))?([^.0-9]*)/y;
  let sum = 0n;
  while (part.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', unit = ''] = part.exec(unsigned) ?? [];
    if (whole === '' && fraction === '') throw refused(text, 'a number is missing');
    if (unit === '') throw refused(text, 'a unit is missing');
    const factor = NANOSECONDS.get(unit);
    if (factor === undefined) throw refused(text, `the unit ${JSON.stringify(unit)} is unknown`);
    sum += BigInt(whole) * factor + fractionOf(fraction, factor);
  }
  return sum;
}

/** Go computes the fraction in floating point, and so cuts off below a nanosecond; it ignores digits past 2^63. */
function fractionOf(digits: string, factor: bigint): bigint {
  const kept = leadingFraction(digits);
  return BigInt(Math.trunc(Number(kept.value) * (Number(factor) / kept.scale)));
}

function leadingFraction(digits: string): { readonly value: bigint; readonly scale: number } {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (LIMIT_NS - 1n) / 10n || next > LIMIT_NS) break;
    value = next;
    scale *= 10;
  }
  return { value, scale };
}
