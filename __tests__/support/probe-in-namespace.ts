// Runs inside a namespace (namespace.ts) with a DNS server of its own on 127.0.0.1:53: probes names and addresses that
// cannot be had outside, beside a healthy candidate, and prints the verdicts as JSON. Nothing may keep the process alive.
import { probeAll } from '../../src/proxy/probe-phase.ts';
import { startDnsServer } from './dns-server.ts';
import { makeModule } from './modules.ts';
import { apart, askOf, makeCandidate, makeNetwork } from './probing.ts';
import { startProxy } from './proxy-server.ts';

const module = makeModule({ path: 'example.com/ns', version: 'v1.0.0', sizeBytes: 5000 });
const dns = await startDnsServer({
  port: 53,
  names: {
    'healthy.test': ['127.0.0.1'],
    'healthy.corp.test': ['127.0.0.1'],
    'half.test': ['192.0.2.7', '127.0.0.1'],
    'silent.test': 'silent',
    'silent2.test': 'silent',
    'silent3.test': 'silent',
    'servfail.test': 'servfail',
    'blackhole.test': ['192.0.2.8'],
  },
});
const server = await startProxy({ modules: [module] });
const hosts = [
  'silent.test',
  'silent2.test',
  'silent3.test',
  'servfail.test',
  'missing.test',
  'blackhole.test',
  '198.51.100.9',
  'half.test',
  'healthy.test',
  'healthy',
  'in-hosts.test',
];
const started = performance.now();
const { probed } = await probeAll({
  ...apart(hosts.map((host, id) => askOf(makeCandidate(`http://${host}:${server.port}`, { id }), module))),
  timeoutMs: 2500,
  network: await makeNetwork(),
});
const elapsedMs = performance.now() - started;
await server.close();
await dns.close();
process.stdout.write(
  JSON.stringify({
    elapsedMs,
    verdicts: Object.fromEntries(probed.map(({ verdict }, id) => [hosts[id], verdict])),
  }),
);
