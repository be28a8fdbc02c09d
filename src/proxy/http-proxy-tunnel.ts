import { request } from 'node:http';
import type { Socket } from 'node:net';
import { RequestError } from './failure.ts';
import { proxyAuthorization } from './http-proxy.ts';
import type { Cause } from './verdict.ts';

/** Options of openTunnel. */
export interface TunnelOptions {
  readonly proxy: URL;
  /** host:port of the target; IPv6 in brackets. */
  readonly target: string;
  readonly userAgent: string;
}

const HTTP_PROXY_LOGIN = 407;

/**
 * Asks the HTTP proxy at the other end of `socket` for a tunnel and resolves with the socket when it answers 200, as
 * net/http does (Transport.dialConn). Rejects with `http-proxy-login` for 407, `http-proxy-failed` from 500 up (a proxy says so
 * of the way behind it), `http-proxy-refused` for any other answer, or the socket's error. Has no timeout: the caller destroys the socket.
 */
export function openTunnel(socket: Socket, options: TunnelOptions): Promise<Socket> {
  const authorization = proxyAuthorization(options.proxy);
  const asked = request({
    method: 'CONNECT',
    path: options.target,
    createConnection: () => socket,
    headers: {
      host: options.target,
      'user-agent': options.userAgent,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
  });
  return new Promise((resolve, reject) => {
    asked.once('connect', (response, tunnel: Socket, head) => {
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        tunnel.destroy();
        reject(refusal(status));
        return;
      }
      if (head.length > 0) tunnel.unshift(head);
      resolve(tunnel);
    });
    asked.once('error', reject);
    asked.end();
  });
}

function refusal(status: number): RequestError {
  const refused = (cause: Cause, detail: string) => new RequestError({ stage: 'tcp', cause, detail });
  if (status === HTTP_PROXY_LOGIN) return refused('http-proxy-login', 'the HTTP proxy wants a login (407)');
  if (status >= 500) {
    return refused('http-proxy-failed', `the HTTP proxy could not open the tunnel (${status})`);
  }
  return refused('http-proxy-refused', `the HTTP proxy refused the tunnel (${status})`);
}
