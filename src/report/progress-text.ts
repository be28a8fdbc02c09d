import type { PrefetchProgress } from '../prefetch/prefetch.ts';
import { count, formatMs, formatThroughput } from './figures.ts';

/** Returns one line on a prefetch under way: `fetching: 120 of 450 files, 12.3 MB in 4.0 s, 3.1 MB/s`. */
export function progressText({ files, settled, failed, bytes, elapsedMs }: PrefetchProgress): string {
  const speed = elapsedMs < 1 ? [] : [formatThroughput((bytes * 1000) / elapsedMs)];
  const bad = failed === 0 ? [] : [`${count(failed, 'file')} failed`];
  const moved = `${(bytes / 1e6).toFixed(1)} MB in ${formatMs(elapsedMs)}`;
  return `fetching: ${[`${settled} of ${count(files, 'file')}`, moved, ...speed, ...bad].join(', ')}`;
}
