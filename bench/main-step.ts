import { makeModuleSet, type SyntheticModule, writeProject } from '../__tests__/support/modules.ts';
import { startProxy } from '../__tests__/support/proxy-server.ts';
import { runAction } from '../__tests__/support/runner.ts';
import { makeTempDir, type TempDir } from '../__tests__/support/temp.ts';
import { mediansInTurns, printAgainst, timeProcess } from './timing.ts';

const ROUNDS = 7;
const LATENCY_MS = 20;

/** Measures the main step as the runner starts it, beside an empty program. */
export async function measure(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const modules = makeModuleSet(60, { totalBytes: 15 << 20 });
  await writeProject(temp.join('empty'), { modules: [] });
  await writeProject(temp.join('project'), { modules });
  await using a = await startMirror(modules);
  await using b = await startMirror(modules);
  await using c = await startMirror(modules);
  await using dead = await startProxy({ modules });
  await using silent = await startProxy({ modules, faults: [{ match: 'any', kind: 'accept-and-silent' }] });
  await dead.close();
  const three = [a, b, c].map(({ url }) => url);
  const holed = [dead.url, a.url, silent.url.replace('http:', 'https:')];
  const stalled = [dead.url, a.url, silent.url];
  const medians = await mediansInTurns(ROUNDS, {
    peer: () => timeProcess(['-e', '0']),
    nothing: () => timeMain(temp, 'empty', three),
    healthy: () => timeMain(temp, 'project', three),
    holed: () => timeMain(temp, 'project', holed),
    stalled: () => timeMain(temp, 'project', stalled),
  });
  printAgainst('node -e 0', medians.peer, medians.peer);
  printAgainst('main step, nothing to fetch', medians.nothing, medians.peer);
  printAgainst(`main step, three healthy candidates at ${LATENCY_MS} ms`, medians.healthy, medians.peer);
  printAgainst('main step, one healthy, one dead, one black-holed', medians.holed, medians.peer);
  printAgainst(
    'main step, one healthy, one dead, one that accepts and stalls',
    medians.stalled,
    medians.peer,
  );
}

async function startMirror(modules: readonly SyntheticModule[]) {
  return await startProxy({ modules, latencyMs: LATENCY_MS, connectionLatency: true });
}

async function timeMain(temp: TempDir, workspace: string, proxies: readonly string[]): Promise<number> {
  await using place = await makeTempDir('setup-goproxy-bench-');
  const result = await runAction({
    stage: 'main',
    workspace: temp.join(workspace),
    temp: place.path,
    inputs: { proxies: proxies.join('\n') },
  });
  if (result.exitCode !== 0) throw new Error(`the main step ended with ${result.exitCode}`);
  return result.durationMs;
}
