import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { SyntheticModule } from '../__tests__/support/modules.ts';
import type { RequestCount, ServerOrder, ServerReply } from './server-process.ts';

/** Servers of the same modules in a process of their own, so that they cost both sides of a measurement the same. */
export interface ServerProcess extends AsyncDisposable {
  /** In the order of the latencies. */
  readonly urls: readonly string[];
  /** What was asked of this server since the last count. */
  takeCount(url: string): Promise<RequestCount>;
}

const REPLY_MS = 60_000;

/** Starts the process with one server for each latency in milliseconds; a new connection costs one more of it. */
export async function startServerProcess(
  modules: readonly SyntheticModule[],
  latenciesMs: readonly number[],
): Promise<ServerProcess> {
  const file = new URL('./server-process.ts', import.meta.url);
  const child = fork(file, { serialization: 'advanced', execArgv: [] });
  const started = await ask(child, { kind: 'start', modules, latenciesMs });
  if (started.kind !== 'started') throw new Error('the server process did not start');
  return {
    urls: started.urls,
    takeCount: async (url) => {
      const reply = await ask(child, { kind: 'count', url });
      if (reply.kind !== 'counted') throw new Error('the server process did not count');
      return reply.count;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function ask(child: ChildProcess, order: ServerOrder): Promise<ServerReply> {
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
    if (first === undefined) throw new Error('the server process ended or fell silent');
    return first[0] as ServerReply;
  } finally {
    done.abort();
  }
}
