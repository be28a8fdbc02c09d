import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Returns the text of a file, '' for one that is not regular (/dev/null is a common value), undefined when there is
 * none. Never waits for a writer of a pipe. Throws for a file over the limit or one that may not be read; the message
 * names the file.
 */
export async function readBoundedFile(file: string, limitBytes: number): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    // Without O_NONBLOCK opening a named pipe waits until somebody writes to it; Windows has no such flag.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new Error(`${file} is a directory`);
    if (!stat.isFile()) return '';
    const buffer = Buffer.alloc(Math.min(stat.size, limitBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > limitBytes) throw new Error(`${file} is larger than ${limitBytes} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    await handle.close();
  }
}
