// The process of `startServerProcess`: serves the modules it is sent, and counts what is asked of it.
import type { SyntheticModule } from '../__tests__/support/modules.ts';
import { type ProxyServer, startProxy } from '../__tests__/support/proxy-server.ts';

/** What the parent sends: first the modules with a server for each latency, then a question for each count. */
export type ServerOrder =
  | {
      readonly kind: 'start';
      readonly modules: readonly SyntheticModule[];
      readonly latenciesMs: readonly number[];
    }
  | { readonly kind: 'count'; readonly url: string };

/** What one server was asked for since the last count. */
export interface RequestCount {
  readonly total: number;
  readonly mod: number;
  readonly zip: number;
  readonly info: number;
  readonly connections: number;
}

/** What the parent gets: the servers' addresses in the order of the latencies, or a count. */
export type ServerReply =
  | { readonly kind: 'started'; readonly urls: readonly string[] }
  | { readonly kind: 'counted'; readonly count: RequestCount };

interface Counted {
  readonly server: ProxyServer;
  requests: number;
  connections: number;
}

function takeCount(counted: Counted): RequestCount {
  const { server } = counted;
  const paths = server.requests.slice(counted.requests).map(({ path }) => path);
  const ofKind = (kind: string) => paths.filter((path) => path.endsWith(`.${kind}`)).length;
  const connections = server.connections - counted.connections;
  counted.requests = server.requests.length;
  counted.connections = server.connections;
  return { total: paths.length, mod: ofKind('mod'), zip: ofKind('zip'), info: ofKind('info'), connections };
}

function serve(): void {
  const servers = new Map<string, Counted>();
  const obey = async (order: ServerOrder): Promise<ServerReply> => {
    if (order.kind === 'start') {
      for (const latencyMs of order.latenciesMs) {
        const server = await startProxy({ modules: order.modules, latencyMs, connectionLatency: true });
        servers.set(server.url, { server, requests: 0, connections: 0 });
      }
      return { kind: 'started', urls: [...servers.keys()] };
    }
    const counted = servers.get(order.url);
    if (counted === undefined) throw new Error(`no server is at ${order.url}`);
    return { kind: 'counted', count: takeCount(counted) };
  };
  process.on('message', (order: ServerOrder) => {
    obey(order).then(
      (reply) => process.send?.(reply),
      (error: unknown) => {
        process.stderr.write(`bench: the server process failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
}

serve();
