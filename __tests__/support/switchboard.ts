import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One address behind which the server can change, as a certificate does on a host. */
export interface Switchboard extends AsyncDisposable {
  readonly port: number;
  /** Where new connections go; those that are open end. */
  switchTo(port: number): void;
}

/** Listens on loopback and passes every connection on to a port there, byte for byte. */
export async function startSwitchboard(first: number): Promise<Switchboard> {
  let target = first;
  const open = new Set<Socket>();
  const dropAll = () => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one
        .on('error', () => other.destroy())
        .on('close', () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    switchTo(port) {
      target = port;
      dropAll();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dropAll();
      await closed;
    },
  };
}
