import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { CacheOrder, CacheReply, StoredArchive } from './module-cache-service-process.ts';

/** A cache service and a module proxy in a process of their own, so that they cost both sides of a measurement the same. */
export interface CacheProcess extends AsyncDisposable {
  /** The module proxy. */
  readonly proxy: string;
  /** What the runner gives an action for the service. */
  readonly env: Readonly<Record<string, string>>;
  /** What is stored, the oldest first. */
  entries(): Promise<readonly StoredArchive[]>;
  /** Writes the archive of this key into a file. */
  exportTo(key: string, file: string): Promise<void>;
}

const REPLY_MS = 60_000;

/** Starts the process; its proxy serves the `cache/download` of a module cache. */
export async function startCacheProcess(download: string): Promise<CacheProcess> {
  const file = new URL('./module-cache-service-process.ts', import.meta.url);
  const child = fork(file, { execArgv: [] });
  const started = await ask(child, { kind: 'start', download });
  if (started.kind !== 'started') throw new Error('the cache service did not start');
  return {
    proxy: started.proxy,
    env: started.env,
    entries: async () => {
      const reply = await ask(child, { kind: 'entries' });
      return reply.kind === 'entries' ? reply.entries : [];
    },
    exportTo: async (key, target) => {
      await ask(child, { kind: 'export', key, file: target });
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function ask(child: ChildProcess, order: CacheOrder): Promise<CacheReply> {
  const done = new AbortController();
  const { signal } = done;
  try {
    const reply = once(child, 'message', { signal });
    const ended = once(child, 'exit', { signal });
    const late = AbortSignal.timeout(REPLY_MS);
    child.send(order);
    const first = await Promise.race([
      reply,
      ended.then(() => undefined),
      once(late, 'abort', { signal }).then(() => undefined),
    ]);
    if (first === undefined) throw new Error('the process of the cache service ended or fell silent');
    return first[0] as CacheReply;
  } finally {
    done.abort();
  }
}
