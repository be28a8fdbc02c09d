import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { killGroup } from '../go/process-group.ts';

/** What has to be ended before a step may end: writes to await, children to stop. */
export interface Closing {
  /** Has the end of the step wait for a write; its failure is the caller's to tell. */
  awaitWrite(write: Promise<unknown>): void;
  /** Has the end of the step kill this process group; returns the function that takes it back when the child has ended. */
  killAtEnd(pid: number): () => void;
  /** Has the end of the step call this once the writes are done or given up; returns the function that takes it back. */
  removeAtEnd(remove: () => void): () => void;
  /** Awaits the writes, kills the children. Never rejects; takes at most the bound. */
  close(boundMs: number): Promise<void>;
}

/** Returns an empty list of things to end. */
export function createClosing(): Closing {
  const writes = new Set<Promise<unknown>>();
  const groups = new Set<number>();
  const removals = new Set<() => void>();
  return {
    awaitWrite: (write) => {
      const settled = write.catch(() => undefined).finally(() => writes.delete(settled));
      writes.add(settled);
    },
    killAtEnd: (pid) => {
      groups.add(pid);
      return () => groups.delete(pid);
    },
    removeAtEnd: (remove) => {
      removals.add(remove);
      return () => removals.delete(remove);
    },
    close: async (boundMs) => {
      // The children first: a write may wait for one of them.
      const killed = [...groups].map((pid) => killTree(pid, boundMs));
      groups.clear();
      await within(boundMs, Promise.allSettled([...killed, ...writes]));
      for (const remove of removals) attempt(remove);
    },
  };
}

/** What cannot be removed must not keep the rest from being removed, nor the step from its end. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {
    // Whoever removes tells it, or nobody can.
  }
}

/** Waits for the work, but not longer than the bound. Says whether the work was done. */
export async function within(boundMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: bound, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, boundMs, false);
  try {
    return await Promise.race([work.then(() => true), bound]);
  } finally {
    clearTimeout(timer);
  }
}

/** Kills the group that a child started with `detached: true` leads; on Windows the tree below it. Never rejects. */
async function killTree(pid: number, boundMs: number): Promise<void> {
  if (process.platform !== 'win32') {
    killGroup(pid);
    return;
  }
  try {
    const killer = spawn('taskkill', ['/pid', String(pid), '/t', '/f'], {
      stdio: 'ignore',
      timeout: boundMs,
    });
    await once(killer, 'close');
  } catch {
    // It has ended already.
  }
}
