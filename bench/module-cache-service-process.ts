// The process of `startCacheProcess`: a cache service in memory, and a module proxy that serves a module cache's downloads.
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type CacheServer, startCacheServer } from '../__tests__/support/cache-server.ts';

/** What the parent sends: first `start`, once. */
export type CacheOrder =
  /** `download`: the directory `cache/download` of the module cache to serve. */
  | { readonly kind: 'start'; readonly download: string }
  | { readonly kind: 'entries' }
  /** Writes the archive of this key into a file. */
  | { readonly kind: 'export'; readonly key: string; readonly file: string };

/** One archive that is stored. */
export interface StoredArchive {
  readonly key: string;
  readonly bytes: number;
}

/** What the parent gets. */
export type CacheReply =
  | { readonly kind: 'started'; readonly proxy: string; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'entries'; readonly entries: readonly StoredArchive[] }
  | { readonly kind: 'exported' };

async function startProxy(download: string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = path.join(download, path.posix.normalize(decodeURIComponent(request.url ?? '/')));
    readFile(file).then(
      (bytes) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
      () => response.writeHead(404, { 'content-type': 'text/plain' }).end('not found'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function start(service: CacheServer, download: string): Promise<CacheReply> {
  const proxy = await startProxy(download);
  const { port } = proxy.address() as AddressInfo;
  return { kind: 'started', proxy: `http://127.0.0.1:${port}`, env: service.environment('v2') };
}

async function obey(service: CacheServer, order: CacheOrder): Promise<CacheReply> {
  switch (order.kind) {
    case 'start':
      return await start(service, order.download);
    case 'entries': {
      const entries = service.entries.map(({ key, bytes }) => ({ key, bytes: bytes.length }));
      return { kind: 'entries', entries };
    }
    case 'export': {
      const entry = service.entries.findLast(({ key }) => key === order.key);
      if (entry === undefined) throw new Error(`nothing is stored under ${order.key}`);
      await writeFile(order.file, entry.bytes);
      return { kind: 'exported' };
    }
  }
}

const service = await startCacheServer();
process.on('message', (order: CacheOrder) => {
  obey(service, order).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      process.stderr.write(`bench: the process of the cache service failed: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
