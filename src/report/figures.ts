import { formatDuration } from '../go/duration.ts';
import type { Verdict } from '../proxy/verdict.ts';

/** Returns milliseconds for people: whole ones from 10 up, `8.4 ms` below; `1.2 s` from a second, `2m3s` from a minute up. */
export function formatMs(ms: number): string {
  if (ms >= 59_950) return formatDuration(Math.round(ms / 1000) * 1000);
  if (ms >= 999.5) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? Math.round(ms) : Math.round(ms * 10) / 10} ms`;
}

/** Returns a throughput in decimal units: `12.5 MB/s`, `830 kB/s`. */
export function formatThroughput(bytesPerSecond: number): string {
  const megabytes = bytesPerSecond / 1e6;
  if (megabytes >= 1) return `${megabytes >= 100 ? Math.round(megabytes) : megabytes.toFixed(1)} MB/s`;
  return `${Math.round(bytesPerSecond / 1000)} kB/s`;
}

/** Returns bytes in decimal units: `38.1 MB`, `830 kB`, `12 B`. */
export function formatBytes(bytes: number): string {
  if (bytes >= 999_950_000) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 999_500) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1000 ? `${Math.round(bytes / 1000)} kB` : `${bytes} B`;
}

/** Returns the text with spaces at which no viewer breaks the line, for a number and its unit. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Returns whether the proxy relays the checksum database, in one word; `\u2014` when nobody knows. */
export function checksumsText(verdict: Verdict): string {
  const sumdb = verdict.kind === 'healthy' ? verdict.figures.sumdb : 'not-asked';
  return sumdb === 'not-asked' ? '\u2014' : sumdb;
}

/** Returns `1 module` or `3 modules`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
