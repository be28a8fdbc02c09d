// Runs inside a namespace (namespace.ts) in which the system's store holds what the test put there: probes a server with
// the certificate of the command line (key file, certificate file) and prints the verdict in short.
import { readFileSync } from 'node:fs';
import { probeAll } from '../../src/proxy/probe-phase.ts';
import { makeModule } from './modules.ts';
import { apart, askOf, brief, makeCandidate, makeNetwork } from './probing.ts';
import { startProxy } from './proxy-server.ts';

const [key = '', cert = ''] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const module = makeModule({ path: 'example.com/tls', version: 'v1.0.0', sizeBytes: 5000 });
const server = await startProxy({ modules: [module], tls: { key, cert } });
const { probed } = await probeAll({
  ...apart([askOf(makeCandidate(server.url), module)]),
  timeoutMs: 5000,
  network: await makeNetwork({ tls: true }),
});
await server.close();
process.stdout.write(probed.map(({ verdict }) => brief(verdict)).join());
