import { Agent, Dispatcher, ProxyAgent } from 'undici';
import { type HttpProxySettings, readHttpProxySettings, routeTo } from '../proxy/http-proxy.ts';
import { loadTrust, type Trust } from '../proxy/trust.ts';

/** How the cache service and its store are reached; disposing of it ends every connection. */
export interface CacheNetwork extends AsyncDisposable {
  readonly dispatcher: Dispatcher;
  readonly userAgent: string;
}

/**
 * Returns the network as the environment has it: HTTP(S)_PROXY and NO_PROXY, loopback exempt as for @actions/cache and go,
 * and the authorities that go trusts beside Node's own, for Enterprise Servers with one of their own.
 */
export async function openCacheNetwork(
  env: Readonly<Record<string, string | undefined>>,
  userAgent: string,
): Promise<CacheNetwork> {
  const { secureContext } = await loadTrust({ env });
  const dispatcher = new RoutedDispatcher(readHttpProxySettings(env), secureContext);
  return { dispatcher, userAgent, [Symbol.asyncDispose]: () => dispatcher.destroy() };
}

/**
 * Sends each request directly or to the HTTP proxy for its URL. undici's own agent for this sends https to HTTP_PROXY where
 * HTTPS_PROXY is not set, and loopback too, where the cache services of act and Forgejo are.
 */
class RoutedDispatcher extends Dispatcher {
  readonly #settings: HttpProxySettings;
  readonly #secureContext: Trust['secureContext'];
  readonly #agents = new Map<string, Dispatcher>();

  constructor(settings: HttpProxySettings, secureContext: Trust['secureContext']) {
    super();
    this.#settings = settings;
    this.#secureContext = secureContext;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const route = routeTo(this.#settings, new URL(String(options.origin)));
    switch (route.kind) {
      case 'direct':
        return this.#agent('').dispatch(options, handler);
      case 'http-proxy':
        return this.#agent(route.proxy.href).dispatch(options, handler);
      case 'refused':
      case 'unsupported':
        throw new UnusableProxyError();
      default: {
        const never: never = route;
        return never;
      }
    }
  }

  override async destroy(): Promise<void> {
    const agents = [...this.#agents.values()];
    await Promise.all(agents.map((agent) => agent.destroy().catch(() => {})));
  }

  override async close(): Promise<void> {
    await this.destroy();
  }

  #agent(proxy: string): Dispatcher {
    const known = this.#agents.get(proxy);
    if (known !== undefined) return known;
    const tls = { secureContext: this.#secureContext };
    const agent =
      proxy === ''
        ? new Agent({ connect: tls, allowH2: false })
        : new ProxyAgent({ uri: proxy, connect: tls, requestTls: tls, proxyTls: tls, allowH2: false });
    this.#agents.set(proxy, agent);
    return agent;
  }
}

class UnusableProxyError extends Error {
  override readonly name = 'UnusableProxyError';
  readonly code = 'unusable HTTP proxy';
}
