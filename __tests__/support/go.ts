import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Below the ignored .tmp/. */
const BUILD_CACHES = fileURLToPath(new URL('../../.tmp/go-build/', import.meta.url));

/** What a run of the go command printed, and its exit code. */
export interface GoResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The environment for a go command that sees nothing of this machine but its PATH: caches below `root`, no user
 * configuration, no network (GOPROXY=off) unless `extra` says otherwise.
 */
export function goEnvironment(
  root: string,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    GOPATH: path.join(root, 'gopath'),
    GOMODCACHE: path.join(root, 'gopath', 'pkg', 'mod'),
    GOCACHE: path.join(root, 'gocache'),
    GOENV: 'off',
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'local',
    GOPROXY: 'off',
    GOSUMDB: 'off',
    ...extra,
  };
}

/**
 * Returns the path of a build cache that tests share, so that the standard library is compiled once. Go finds what is in it by
 * content, but for the index of an extracted directory, which it finds by path (modindex/read.go: moduleHash): who has
 * changed such a directory after a build takes the other one.
 */
export function sharedBuildCache(which: 'one' | 'other' = 'one'): string {
  return path.join(BUILD_CACHES, which);
}

/** Runs `go ARGS` in `cwd`, for at most two minutes; never throws on an exit code. */
export async function runGo(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<GoResult> {
  try {
    const { stdout, stderr } = await run('go', [...args], {
      ...options,
      timeout: 120_000,
      maxBuffer: 64 << 20,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const failed = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, stdout: failed.stdout ?? '', stderr: failed.stderr ?? '' };
  }
}

/** Whether a go command is on PATH; tests that need it are skipped with this as the visible reason. */
export async function hasGo(): Promise<boolean> {
  try {
    await run('go', ['version'], { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
