import { chmodSync, constants, lstatSync, opendirSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { chmod, lstat, open, opendir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';

/** How many entries may still be removed; counted down, so that several trees can share one. */
export interface RemovalBudget {
  entries: number;
}

/** More than any module has: a zip of 500 MiB with a directory of 64 MiB holds fewer in practice. */
export function removalBudget(): RemovalBudget {
  return { entries: 500_000 };
}

/**
 * Removes a file or a whole tree, read-only directories (as go makes them) too. A link is removed, never followed.
 * Returns whether nothing is left; errors and a used-up budget only make it false.
 */
export async function removeTree(target: string, budget: RemovalBudget): Promise<boolean> {
  if (budget.entries-- <= 0) return false;
  try {
    const stats = await lstat(target);
    if (!stats.isDirectory()) {
      await unlink(target);
      return true;
    }
    await makeWritable(target, stats);
    let whole = true;
    // Entries are read before they are removed: removing while reading can skip some.
    for (const name of await namesIn(target, budget)) {
      whole = (await removeTree(path.join(target, name), budget)) && whole;
    }
    if (whole) await rmdir(target);
    return whole;
  } catch (error) {
    return isGone(error);
  }
}

/** Does what removeTree does before it returns: for signal handlers, after which no promise is served. */
export function removeTreeNow(target: string, budget: RemovalBudget): boolean {
  if (budget.entries-- <= 0) return false;
  try {
    const stats = lstatSync(target);
    if (!stats.isDirectory()) {
      unlinkSync(target);
      return true;
    }
    if (lacksOwnerBits(stats)) chmodSync(target, 0o700);
    let whole = true;
    for (const name of namesInNow(target, budget)) {
      whole = removeTreeNow(path.join(target, name), budget) && whole;
    }
    if (whole) rmdirSync(target);
    return whole;
  } catch (error) {
    return isGone(error);
  }
}

/** Gives the owner of a directory (of these `stats`) the right to change it, not through a link put there since. */
export async function makeWritable(directory: string, stats: Stats): Promise<void> {
  if (!lacksOwnerBits(stats)) return;
  if (process.platform === 'win32') return await chmod(directory, 0o700);
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  await using handle = await open(directory, flags);
  await handle.chmod(0o700);
}

function lacksOwnerBits(stats: Stats): boolean {
  return (stats.mode & 0o700) !== 0o700;
}

async function namesIn(directory: string, budget: RemovalBudget): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(directory)) {
    if (names.length > budget.entries) break;
    names.push(name);
  }
  return names;
}

function namesInNow(directory: string, budget: RemovalBudget): readonly string[] {
  const names: string[] = [];
  const entries = opendirSync(directory);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (names.length > budget.entries) break;
      names.push(entry.name);
    }
  } finally {
    entries.closeSync();
  }
  return names;
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
