import type { CertificateSet } from './certificate-set.ts';
import { startConnectProxy } from './connect-proxy.ts';
import type { Fault } from './faults.ts';
import type { SyntheticModule } from './modules.ts';
import { type ProxyOptions, type ProxyServer, startProxy } from './proxy-server.ts';
import { startSumdb } from './sumdb-server.ts';

/** The hosts of the defaults. */
export const PUBLIC_HOSTS = [
  'proxy.golang.org',
  'goproxy.cn',
  'sum.golang.org',
  'sum.golang.google.cn',
] as const;
export type PublicHost = (typeof PUBLIC_HOSTS)[number];

/** What the built-in hashes are of, and a zip that is longer than the sample, so that nobody hashes it. */
export const PINNED_ROUTES = {
  '/github.com/pkg/errors/@v/v0.9.1.info': { body: Buffer.from('{"Version":"v0.9.1"}') },
  '/github.com/pkg/errors/@v/v0.9.1.mod': { body: Buffer.from('module github.com/pkg/errors\n') },
  '/golang.org/x/text/@v/v0.3.0.info': { body: Buffer.from('{"Version":"v0.3.0"}') },
  '/golang.org/x/text/@v/v0.3.0.mod': { body: Buffer.from('module golang.org/x/text\n') },
  '/golang.org/x/text/@v/v0.3.0.zip': { body: Buffer.alloc(3 << 20, 'PK') },
} satisfies ProxyOptions['routes'];

/** The public hosts as they are on the internet, each on loopback behind an HTTP proxy that leads nowhere else. */
export interface World extends AsyncDisposable {
  readonly servers: Readonly<Record<PublicHost, ProxyServer>>;
  readonly env: Readonly<Record<string, string>>;
  /** Hosts that somebody connected to. */
  readonly contacted: () => readonly string[];
}

/** What is wrong in it. */
export interface WorldOptions {
  readonly faults?: Readonly<Partial<Record<'proxy.golang.org' | 'goproxy.cn', readonly Fault[]>>>;
  readonly down?: readonly PublicHost[];
  /** What both proxies serve beside the pinned modules. */
  readonly modules?: readonly SyntheticModule[];
}

/** Starts the four hosts and the HTTP proxy; the certificates must be for {@link PUBLIC_HOSTS}. */
export async function startWorld({ files }: CertificateSet, options: WorldOptions = {}): Promise<World> {
  const { faults = {}, down = [], modules = [] } = options;
  const tls = files.good;
  const proxy = (host: 'proxy.golang.org' | 'goproxy.cn') =>
    startProxy({ tls, modules, sumdb: 'serves', routes: PINNED_ROUTES, faults: faults[host] ?? [] });
  const [google, china, sum, sumChina] = await Promise.all([
    proxy('proxy.golang.org'),
    proxy('goproxy.cn'),
    startSumdb({ tls }),
    startSumdb({ tls }),
  ]);
  const servers: Record<PublicHost, ProxyServer> = {
    'proxy.golang.org': google,
    'goproxy.cn': china,
    'sum.golang.org': sum,
    'sum.golang.google.cn': sumChina,
  };
  const names = PUBLIC_HOSTS.map((host) => [`${host}:443`, { host: '127.0.0.1', port: servers[host].port }]);
  for (const host of down) await servers[host].setFaults([{ kind: 'refuse' }]);
  const connect = await startConnectProxy({ names: Object.fromEntries(names) as Record<string, never> });
  return {
    servers,
    env: { HTTPS_PROXY: connect.url, SSL_CERT_FILE: files.caFile },
    contacted: () => [...new Set(connect.targets.map((target) => target.replace(/:443$/, '')))].sort(),
    async [Symbol.asyncDispose]() {
      await connect.close();
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}
