import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of our own that answers each order with one reply. */
export interface ForkedServer<Order, Reply> extends AsyncDisposable {
  /** Sends an order and returns the reply; one at a time. Throws when the process ends or is silent for a minute. */
  ask(order: Order): Promise<Reply>;
}

const REPLY_MS = 60_000;

/**
 * Starts a server in a process of its own, so that it costs both sides of a measurement the same; `name` is what errors call
 * it. Buffers reach it and come back as they are. Disposing of it ends the process.
 */
export function forkServer<Order extends object, Reply>(
  script: URL,
  name: string,
): ForkedServer<Order, Reply> {
  const child = fork(script, { serialization: 'advanced', execArgv: [] });
  return {
    ask: async (order) => {
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
        if (first === undefined) throw new Error(`${name} ended or fell silent`);
        return first[0] as Reply;
      } finally {
        done.abort();
      }
    },
    [Symbol.asyncDispose]: async () => {
      // It has ended already, and an error has told it.
      if (!child.connected) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
