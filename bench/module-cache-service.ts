import { forkServer } from './forked-server.ts';
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

/** Starts the process; its proxy serves the `cache/download` of a module cache. */
export async function startCacheProcess(download: string): Promise<CacheProcess> {
  const file = new URL('./module-cache-service-process.ts', import.meta.url);
  const server = forkServer<CacheOrder, CacheReply>(file, 'the process of the cache service');
  const started = await server.ask({ kind: 'start', download });
  if (started.kind !== 'started') throw new Error('the cache service did not start');
  return {
    proxy: started.proxy,
    env: started.env,
    entries: async () => {
      const reply = await server.ask({ kind: 'entries' });
      return reply.kind === 'entries' ? reply.entries : [];
    },
    exportTo: async (key, target) => {
      await server.ask({ kind: 'export', key, file: target });
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
