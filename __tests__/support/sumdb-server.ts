import type { Fault } from './faults.ts';
import { type ProxyServer, startProxy, TREE_NOTE } from './proxy-server.ts';

/** Options of startSumdb. */
export interface SumdbOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly hostName?: string;
  /** What every path answers; `note` (the default): /latest with a tree head, /supported, 404 for /lookup. */
  readonly answers?: 'note' | 'html' | 'stall' | number;
}

/** Starts a stand-in for a checksum database on loopback; its signatures are worth nothing. */
export function startSumdb(options: SumdbOptions = {}): Promise<ProxyServer> {
  const { tls, hostName } = options;
  return startProxy({
    ...(tls === undefined ? {} : { tls }),
    ...(hostName === undefined ? {} : { hostName }),
    routes: { '/latest': { body: Buffer.from(TREE_NOTE) }, '/supported': {} },
    faults: faultsFor(options.answers ?? 'note'),
  });
}

function faultsFor(answers: 'note' | 'html' | 'stall' | number): readonly Fault[] {
  switch (answers) {
    case 'note':
      return [];
    case 'html':
      return [{ kind: 'html-200' }];
    case 'stall':
      return [{ kind: 'headers-never' }];
    default:
      return [{ kind: 'status', status: answers }];
  }
}
