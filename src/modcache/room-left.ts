import { access, constants, statfs } from 'node:fs/promises';
import path from 'node:path';

/** Whether the module cache could take files; what could not be found out counts as good. */
export interface RoomLeft {
  /** Bytes that this user may still write. */
  readonly bytes: number;
  /** Whether new files can be made, as far as their number goes. */
  readonly hasFileNumbers: boolean;
  /** Why its directory cannot be written, as an error code of the system. */
  readonly unwritable?: 'EACCES' | 'EPERM' | 'EROFS';
}

/** Returns the room that is left for the module cache; of a directory that is not there, that of the next one above. */
export async function measureRoom(goModCache: string): Promise<RoomLeft> {
  const directory = await deepestDirectory(path.join(goModCache, 'cache', 'download'));
  const unwritable = await reasonNotToWrite(directory);
  const room = await statfs(directory).catch(() => undefined);
  return {
    bytes: room === undefined ? Number.POSITIVE_INFINITY : room.bavail * room.bsize,
    // Some file systems count none.
    hasFileNumbers: room === undefined || room.files === 0 || room.ffree > 0,
    ...(unwritable === undefined ? {} : { unwritable }),
  };
}

async function deepestDirectory(directory: string): Promise<string> {
  for (let one = directory; ; one = path.dirname(one)) {
    const isThere = await access(one).then(
      () => true,
      () => false,
    );
    if (isThere || path.dirname(one) === one) return one;
  }
}

async function reasonNotToWrite(directory: string): Promise<RoomLeft['unwritable']> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? code : undefined;
  }
}
