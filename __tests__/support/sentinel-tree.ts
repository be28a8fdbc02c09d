import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What is at one name, links not followed. */
export interface TreeEntry {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  /** Bytes of a file. */
  readonly size: number;
  /** Nanoseconds since the epoch; as text, for they are too many for a number. */
  readonly modified: string;
  /** SHA-256 of a file in hex, target of a link. */
  readonly content: string;
}

/** A tree by names relative to its top, with slashes. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** What is looked at in a snapshot. */
export interface SnapshotOptions {
  /** Names at which neither the entry nor what is below it is looked at. */
  readonly skip?: RegExp;
  /** Directories that may get entries, whose time therefore says nothing. */
  readonly open?: RegExp;
}

/** Returns all that is below a directory: names, types, modes, sizes, times and contents. */
export async function snapshotTree(top: string, options: SnapshotOptions = {}): Promise<Tree> {
  const tree = new Map<string, TreeEntry>();
  const walk = async (relative: string): Promise<void> => {
    const names = await readdir(path.join(top, relative));
    for (const name of names.sort()) {
      const at = relative === '' ? name : `${relative}/${name}`;
      if (options.skip?.test(at) === true) continue;
      const entry = await look(path.join(top, at), options.open?.test(at) === true);
      tree.set(at, entry);
      if (entry.type === 'directory') await walk(at);
    }
  };
  await walk('');
  return tree;
}

async function look(absolute: string, open: boolean): Promise<TreeEntry> {
  const stats = await lstat(absolute, { bigint: true });
  const common = { mode: Number(stats.mode) & 0o7777, size: 0, modified: open ? '' : `${stats.mtimeNs}` };
  if (stats.isSymbolicLink()) return { ...common, type: 'link', content: await readlink(absolute) };
  if (stats.isDirectory()) return { ...common, type: 'directory', content: '' };
  if (!stats.isFile()) return { ...common, type: 'other', content: '' };
  const content = createHash('sha256')
    .update(await readFile(absolute))
    .digest('hex');
  return { ...common, type: 'file', size: Number(stats.size), content };
}

/** Returns what differs between two snapshots, one line for each name; empty when nothing does. */
export function treeChanges(before: Tree, after: Tree): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].sort().flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined) return [`new: ${name} (${is?.type})`];
    if (is === undefined) return [`gone: ${name}`];
    const changed = (['type', 'mode', 'size', 'modified', 'content'] as const).filter(
      (key) => was[key] !== is[key],
    );
    return changed.length === 0 ? [] : [`changed: ${name} (${changed.join(', ')})`];
  });
}

/** Writes files below a directory that nothing may touch, and a secret that nothing may show. */
export async function writeSentinels(directory: string): Promise<void> {
  await mkdir(path.join(directory, 'deeper', '@v'), { recursive: true });
  await writeFile(path.join(directory, 'secret'), 'TOP-SECRET\n', { mode: 0o600 });
  await writeFile(path.join(directory, 'deeper', 'file'), 'a sentinel\n');
  await writeFile(path.join(directory, 'deeper', '@v', 'list'), 'v1.0.0\n');
}

/** Returns every file and link below a module cache by its name, with the text that {@link expectedContents} has for it. */
export async function moduleCacheContents(goModCache: string): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  for (const [name, { type, content }] of await snapshotTree(goModCache)) {
    if (type === 'directory') {
      // An empty directory holds nothing that go believes; one of ours left behind is another matter.
      if (/(?:^|\/)setup-goproxy-/.test(name)) contents.set(name, 'directory');
    } else contents.set(name, type === 'file' ? content : `${type} ${content}`.trim());
  }
  return contents;
}
