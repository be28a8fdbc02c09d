// Runs inside a namespace (namespace.ts) with two DNS servers of its own that do not agree: probes names as `mode: diagnose`
// does (argument `all`) or as a job does, and prints the verdicts as JSON.
import { probeCandidates } from '../../src/proxy/probe-candidates.ts';
import { startDnsServer } from './dns-server.ts';
import { makeModule } from './modules.ts';
import { makeCandidate, makeNetwork } from './probing.ts';
import { startProxy } from './proxy-server.ts';

const [thoroughness = 'all', ...hosts] = process.argv.slice(2);
const module = makeModule({ path: 'example.com/names', version: 'v1.0.0', sizeBytes: 5000 });
const server = await startProxy({ modules: [module] });
const shared = {
  'refused.test': 'refused',
  'servfail.test': 'servfail',
  'same-dead.test': ['192.0.2.8'],
  'hosts-agrees.test': ['127.0.0.9'],
  'six-only.test': ['2001:db8:2::1'],
} as const;
const first = await startDnsServer({ port: 53, names: { ...shared, 'differ-dead.test': ['192.0.2.8'] } });
const second = await startDnsServer({
  port: 53,
  address: '127.0.0.2',
  names: {
    ...shared,
    'differ-missing.test': ['127.0.0.1'],
    'differ-dead.test': ['127.0.0.1'],
    'hosts-wrong.test': ['127.0.0.1'],
  },
});
const id = { path: module.path, version: module.version };
const wanted = [
  { module: id, kind: 'mod', hashes: [module.modHash], disclosure: 'public' },
  { module: id, kind: 'zip', hashes: [module.zipHash], disclosure: 'public' },
] as const;
const candidates = hosts.map((host, id) =>
  makeCandidate(`http://${host.includes(':') ? host : `${host}:${server.port}`}`, { id }),
);
const { probed } = await probeCandidates(
  {
    wanted,
    missing: wanted,
    privacy: { goprivate: '', gonoproxy: '', gonosumdb: '' },
    thoroughness: thoroughness === 'all' ? 'all' : 'as-needed',
    sumdbName: undefined,
    network: await makeNetwork(),
  },
  {
    candidates,
    groups: new Map(candidates.map((one) => [one.id, one.id])),
    endsIdle: false,
    endsAt: performance.now() + 2000,
  },
);
await server.close();
await first.close();
await second.close();
const verdicts = Object.fromEntries(probed.map(({ verdict }, index) => [hosts[index], verdict]));
process.stdout.write(JSON.stringify(verdicts));
