import { ACTION_VERSION } from './action-version.ts';
import type { NetrcLine } from './go/netrc.ts';
import { type OpenedNetwork, openNetwork } from './proxy/network.ts';

/** How the measuring is done, and the fetching after it. */
export interface Measuring {
  /** Opened when it is first needed, once. */
  readonly network: () => Promise<OpenedNetwork>;
  readonly netrc: readonly NetrcLine[];
  readonly signal: AbortSignal;
}

/** Returns a function that opens the network of this machine when it is first called. */
export function networkOnce(): Measuring['network'] {
  let opened: Promise<OpenedNetwork> | undefined;
  return () => {
    opened ??= openNetwork({ env: process.env, userAgent: `setup-goproxy/${ACTION_VERSION}` });
    return opened;
  };
}
