import type { Stats } from 'node:fs';
import { type FileHandle, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileProblem } from './go-sum.ts';
import { openRegular } from './regular-file.ts';

/** The largest file that is read, as Go limits go.mod (16 MiB). */
export const MAX_PROJECT_FILE_BYTES = 16 << 20;
/** What all files of a project may have together: a thousand modules do not fill the memory of a runner. */
export const MAX_PROJECT_BYTES = 128 << 20;

/** Reads Go files of one workspace, none of which is trusted: see {@link ProjectReader.read}. */
export interface ProjectReader {
  /** Absolute path of the workspace, links resolved. */
  readonly root: string;
  readonly problems: readonly FileProblem[];
  /** Adds a problem with a file as a whole, or with one of its lines. */
  refuse(absolute: string, rule: string, line?: number): void;
  /**
   * Returns the text of a file, a byte order mark kept; undefined when there is none, or when it is refused, which adds
   * a problem: not a regular file, larger than 16 MiB, or really outside the workspace (a link to a secret).
   */
  read(absolute: string): Promise<string | undefined>;
  /** Returns the path relative to the workspace, with slashes. */
  display(absolute: string): string;
  /** Whether the path is the workspace or below it, by its name alone. */
  contains(absolute: string): boolean;
}

/** A file that cannot be read by the rules; the message is the rule. */
class Refused extends Error {}

/** Makes a reader for a workspace; throws what node:fs throws when the workspace itself does not exist. */
export async function openProjectReader(
  workspace: string,
  limits: { readonly fileBytes: number; readonly totalBytes: number } = {
    fileBytes: MAX_PROJECT_FILE_BYTES,
    totalBytes: MAX_PROJECT_BYTES,
  },
): Promise<ProjectReader> {
  const root = await realpath(workspace);
  const problems: FileProblem[] = [];
  let left = limits.totalBytes;
  const display = (absolute: string) => path.relative(root, absolute).replaceAll(path.sep, '/') || '.';
  const refuse = (absolute: string, rule: string, line = 0) => {
    problems.push({ file: display(absolute), line, rule });
  };
  const contains = (absolute: string) => isInside(root, absolute);
  const read = async (absolute: string) => {
    try {
      const real = await realpath(absolute);
      if (!contains(real)) throw new Refused('is inside the workspace, also when it is a link');
      const bytes = await readRegularFile(real, Math.min(limits.fileBytes, left));
      left -= bytes.length;
      return bytes.toString('utf8');
    } catch (error) {
      if (isAbsent(error)) return undefined;
      refuse(absolute, error instanceof Refused ? `the file ${error.message}` : unreadable(error));
      return undefined;
    }
  };
  return { root, problems, refuse, read, display, contains };
}

/** Whether `absolute` is `root` or below it, by the names alone. */
export function isInside(root: string, absolute: string): boolean {
  const relative = path.relative(root, absolute);
  return (
    relative === '' ||
    !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
  );
}

/** Returns what a path leads to, links followed; undefined when that is nothing or cannot be told. */
export async function statOrUndefined(absolute: string): Promise<Stats | undefined> {
  try {
    return await stat(absolute);
  } catch {
    return undefined;
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function unreadable(error: unknown): string {
  return `the file can be read (${codeOf(error) ?? 'unknown error'})`;
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Reads what is there now and is regular. */
async function readRegularFile(real: string, maxBytes: number): Promise<Buffer> {
  await using handle = await openRegular(real);
  if (handle === undefined) throw new Refused('is a regular file');
  return await readAtMost(handle, maxBytes);
}

/** Counts what is read: the size that stat tells can be wrong, since files grow, and those of /proc say 0. */
async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(64 << 10));
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    total += bytesRead;
    if (total > maxBytes) throw new Refused(`has at most ${maxBytes} bytes`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}
