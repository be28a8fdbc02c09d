// Probes the base URLs of the command line in a process that does nothing else, and prints what the phase left behind.
import { probeAll } from '../../src/proxy/probe-phase.ts';
import { makeModule } from './modules.ts';
import { apart, askOf, brief, makeCandidate, makeNetwork } from './probing.ts';

const module = makeModule({ path: 'example.com/alone', version: 'v1.0.0', sizeBytes: 5000 });
const { probed } = await probeAll({
  ...apart(process.argv.slice(2).map((url, id) => askOf(makeCandidate(url, { id }), module))),
  timeoutMs: 800,
  network: await makeNetwork({ tls: true }),
});
// Closed sockets are gone after a turn of the event loop or two.
for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
const left = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FSReq|CloseReq)/.test(name));
process.stdout.write(JSON.stringify({ verdicts: probed.map(({ verdict }) => brief(verdict)), left }));
