import { stat } from 'node:fs/promises';
import path from 'node:path';
import { TOOLCHAIN_MODULE } from '../go/toolchain-choice.ts';
import { escapeVersion } from '../go/version.ts';

/** Where go finds a toolchain without a network, in the order in which it looks. */
export type ToolchainPlace = 'PATH' | 'module cache';

/** What is looked for. */
export interface ToolchainSearch {
  /** Name of the command on PATH: go1.25.0. */
  readonly toolchain: string;
  /** v0.0.1-go1.25.0.linux-amd64. */
  readonly version: string;
  /** Absolute; '' when it is not known. */
  readonly goModCache: string;
  /** The value of PATH; '' for none. */
  readonly searchPath: string;
  readonly platform: NodeJS.Platform;
}

/**
 * Returns where go finds the toolchain without a download; undefined when nowhere. Only looks, and does not vouch for what
 * is there: in the module cache an extracted directory with its .ziphash and without the mark of an unfinished extraction,
 * or a zip (cmd/go/internal/toolchain, Exec; modfetch, DownloadDir and DownloadZip). Never rejects.
 */
export async function findToolchain(search: ToolchainSearch): Promise<ToolchainPlace | undefined> {
  if (await isOnPath(search)) return 'PATH';
  return (await isInModuleCache(search)) ? 'module cache' : undefined;
}

/** Relative entries are left out, for go refuses what it finds by them (os/exec: ErrDot). */
async function isOnPath({ toolchain, searchPath, platform }: ToolchainSearch): Promise<boolean> {
  const windows = platform === 'win32';
  const { delimiter, isAbsolute, join } = windows ? path.win32 : path.posix;
  const name = windows ? `${toolchain}.exe` : toolchain;
  for (const directory of searchPath.split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const found = await look(join(directory, name));
    // Windows has no such mode bits.
    if (found?.isFile() === true && (windows || (found.mode & 0o111) !== 0)) return true;
  }
  return false;
}

async function isInModuleCache({ goModCache, version }: ToolchainSearch): Promise<boolean> {
  if (goModCache === '') return false;
  const escaped = escapeVersion(version);
  const download = path.join(goModCache, 'cache', 'download', TOOLCHAIN_MODULE, '@v', escaped);
  const [tree, partial, ziphash, zip] = await Promise.all([
    look(path.join(goModCache, `${TOOLCHAIN_MODULE}@${escaped}`)),
    look(`${download}.partial`),
    look(`${download}.ziphash`),
    look(`${download}.zip`),
  ]);
  if (zip?.isFile() === true) return true;
  return tree?.isDirectory() === true && partial === undefined && ziphash !== undefined;
}

/** What cannot be looked at is not there, for go neither. */
function look(file: string) {
  return stat(file).catch(() => undefined);
}
