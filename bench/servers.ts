import type { SyntheticModule } from '../__tests__/support/modules.ts';
import { forkServer } from './forked-server.ts';
import type { RequestCount, ServerOrder, ServerReply } from './server-process.ts';

/** Servers of the same modules in a process of their own, so that they cost both sides of a measurement the same. */
export interface ServerProcess extends AsyncDisposable {
  /** In the order of the latencies. */
  readonly urls: readonly string[];
  /** What was asked of this server since the last count. */
  takeCount(url: string): Promise<RequestCount>;
}

/** Starts the process with one server for each latency in milliseconds; a new connection costs one more of it. */
export async function startServerProcess(
  modules: readonly SyntheticModule[],
  latenciesMs: readonly number[],
): Promise<ServerProcess> {
  const file = new URL('./server-process.ts', import.meta.url);
  const server = forkServer<ServerOrder, ServerReply>(file, 'the server process');
  const started = await server.ask({ kind: 'start', modules, latenciesMs });
  if (started.kind !== 'started') throw new Error('the server process did not start');
  return {
    urls: started.urls,
    takeCount: async (url) => {
      const reply = await server.ask({ kind: 'count', url });
      if (reply.kind !== 'counted') throw new Error('the server process did not count');
      return reply.count;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
