import type { Network } from './http-client.ts';
import { readHttpProxySettings } from './http-proxy.ts';
import { makeNameLookup } from './name-lookup.ts';
import { loadTrust } from './trust.ts';

/** What decides about the network that the probe uses. */
export interface NetworkRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For example `setup-goproxy/1.2.3`. */
  readonly userAgent: string;
}

/** A network, and what of the machine's configuration could not be read. */
export interface OpenedNetwork {
  readonly network: Network;
  readonly notes: readonly string[];
}

/**
 * Returns the network as go would see it: HTTP proxies, names, trusted authorities. Authorities are read also where all
 * candidates are http, for any of them can redirect to https.
 */
export async function openNetwork({ env, userAgent }: NetworkRequest): Promise<OpenedNetwork> {
  const { secureContext, notes } = await loadTrust({ env });
  const httpProxies = readHttpProxySettings(env);
  return { network: { httpProxies, lookup: makeNameLookup(), userAgent, secureContext }, notes };
}
