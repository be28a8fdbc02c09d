import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A directory of its own that is removed at the end of the `await using` block, also when the test fails. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  join(...parts: readonly string[]): string;
}

/** Makes an empty directory; its path has no links in it (macOS has its temp directory behind one). */
export async function makeTempDir(prefix = 'setup-goproxy-test-'): Promise<TempDir> {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), prefix)));
  return {
    path: dir,
    join: (...parts) => path.join(dir, ...parts),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }),
  };
}
