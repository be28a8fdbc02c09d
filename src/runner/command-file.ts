import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Says that one of the runner's files could not be written; nothing of the attempt is left in it. */
export class CommandFileError extends Error {
  override readonly name = 'CommandFileError';
  readonly code = 'command-file';
}

/** The runner's file for what a step says to later ones, by the variable that holds its path. */
export type CommandFile = 'GITHUB_ENV' | 'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_STEP_SUMMARY';

/**
 * Appends `name=value` records to a file command's file, all or none: the runner fails the step for a half-written
 * record, so what a full disk left is cut off again (@actions/core appends each record without that).
 * @throws CommandFileError when the variable is not set or the file cannot be written.
 */
export async function appendRecords(file: CommandFile, records: ReadonlyMap<string, string>): Promise<void> {
  if (records.size === 0) return;
  await appendWhole(file, [...records].map(([name, value]) => formatRecord(name, value)).join(''));
}

/**
 * Appends text to a file of the runner, whole or not at all.
 * @throws CommandFileError as {@link appendRecords}, and when the file would grow beyond `limitBytes`.
 */
export async function appendWhole(file: CommandFile, text: string, limitBytes = Infinity): Promise<void> {
  const path = process.env[file];
  if (path === undefined || path === '') throw new CommandFileError(`${file} is not set`);
  try {
    // r+: a missing file is the runner's fault and is not made.
    const handle = await open(path, 'r+');
    try {
      await appendOrRestore(handle, Buffer.from(text.toWellFormed()), limitBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof CommandFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new CommandFileError(`${file} cannot be written (${code})`, { cause: error });
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function appendOrRestore(handle: Handle, bytes: Buffer, limitBytes: number): Promise<void> {
  const { size } = await handle.stat();
  if (size + bytes.length > limitBytes) {
    throw new CommandFileError(`the file would be larger than ${limitBytes} bytes`);
  }
  try {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, size + written);
      if (bytesWritten === 0) throw new CommandFileError('nothing more can be written to it');
      written += bytesWritten;
    }
  } catch (error) {
    await handle.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** The heredoc form, whose delimiter nobody can guess (docs: workflow commands, multiline strings). */
function formatRecord(name: string, value: string): string {
  const delimiter = `setup_goproxy_${randomUUID()}`;
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))
    throw new CommandFileError(`invalid name of ${name.length} characters`);
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
