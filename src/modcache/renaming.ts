import { rename } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { systemCode } from './modcache-error.ts';

/** What a retried operation needs beside itself, as arguments so that it can be tested. */
export interface RetryPorts {
  readonly platform: NodeJS.Platform;
  wait(ms: number): Promise<unknown>;
}

/** 1 + 2 + 4 + … + 512 ms: about as long as go tries (cmd/internal/robustio: arbitraryTimeout, 2 s). */
const WAITS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512] as const;

/**
 * Renames, over whatever file is there. On Windows a virus scanner or a go command that has the target open makes that
 * fail for a moment, so it is tried for about 1.5 s there; elsewhere once.
 * @throws the last error of node:fs as it is.
 */
export async function renameOver(from: string, to: string): Promise<void> {
  await retryWhileBusy(() => rename(from, to));
}

const REAL_PORTS: RetryPorts = { platform: process.platform, wait: (ms) => wait(ms) };

/** Calls `operation` until it does not fail with an error that passes by itself on this platform; 12 times at most. */
export async function retryWhileBusy(
  operation: () => Promise<void>,
  ports: RetryPorts = REAL_PORTS,
): Promise<void> {
  for (const ms of WAITS_MS) {
    try {
      return await operation();
    } catch (error) {
      if (!passes(error, ports.platform)) throw error;
      await ports.wait(ms);
    }
  }
  await operation();
}

/** ERROR_ACCESS_DENIED comes as EPERM, ERROR_SHARING_VIOLATION as EBUSY (libuv: uv_translate_sys_error). */
function passes(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(systemCode(error) ?? '');
}
