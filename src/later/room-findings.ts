import type { Finding } from '../diagnosis/finding.ts';
import { LOG_ENTRIES } from '../diagnosis/log-entries.ts';
import { modCacheEntry } from '../diagnosis/prefetch-entries.ts';
import type { RoomLeft } from '../modcache/room-left.ts';

/** Less than this is no room for modules: a single zip may have more. */
const FULL_BYTES = 16 << 20;

/** Returns what is wrong with the place where downloads would go; a full disk explains every other failure. Pure. */
export function findingsOfRoom(room: RoomLeft): readonly Finding[] {
  if (room.unwritable !== undefined) {
    const code = room.unwritable === 'EROFS' ? 'modcache-read-only' : 'modcache-no-permission';
    const { id, entry } = modCacheEntry(code);
    const evidence = [`the directory of the module cache cannot be written (${room.unwritable})`];
    return [{ id, severity: 'failure', ...entry, evidence, subject: '' }];
  }
  if (room.bytes >= FULL_BYTES && room.hasFileNumbers) return [];
  const left = room.hasFileNumbers ? `${room.bytes} bytes are free` : 'no file can be made any more (inodes)';
  const evidence = [`where the module cache is, ${left}`];
  return [{ id: 'disk-full', severity: 'failure', ...LOG_ENTRIES['disk-full'], evidence, subject: '' }];
}
