import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Windows has neither of the last two. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for reading that may be another one than was looked at a moment ago: not through a link in the last place,
 * and without waiting for the writer of a named pipe. Returns undefined for what is no regular file; the caller closes the
 * handle. Errors of the file system as they are, ELOOP or EMLINK for a link.
 */
export async function openRegular(file: string): Promise<FileHandle | undefined> {
  const handle = await open(file, READ_FLAGS);
  let isFile = false;
  try {
    isFile = (await handle.stat()).isFile();
  } finally {
    if (!isFile) await handle.close();
  }
  return isFile ? handle : undefined;
}
