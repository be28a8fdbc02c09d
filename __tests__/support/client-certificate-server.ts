import { spawn } from 'node:child_process';

/** Options of startClientCertificateServer. */
export interface ClientCertificateServerOptions {
  readonly keyFile: string;
  readonly certFile: string;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** `demands` a certificate of the client, or has no `cipher` in common with anybody. */
  readonly fault: 'demands' | 'cipher';
}

const START_MS = 10_000;

/**
 * Starts the system's `openssl s_server` on loopback and a free port, which ends handshakes with the alerts that real servers
 * send: node's own server closes the connection without one.
 */
export async function startClientCertificateServer(
  options: ClientCertificateServerOptions,
): Promise<AsyncDisposable & { readonly url: string }> {
  const { keyFile, certFile, version, fault } = options;
  const child = spawn(
    'openssl',
    [
      's_server',
      ...['-accept', '127.0.0.1:0', '-key', keyFile, '-cert', certFile, '-cert_chain', certFile],
      version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
      // PSK alone: clients that know no key have no such cipher.
      ...(fault === 'demands' ? ['-Verify', '1'] : ['-psk', '00', '-cipher', 'PSK-AES128-GCM-SHA256']),
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    const port = await new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('openssl s_server did not start')), START_MS);
      let text = '';
      child.once('error', reject).once('close', () => reject(new Error('openssl s_server has ended')));
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    return { url: `https://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
