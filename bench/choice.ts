import { makeModuleSet, writeProject } from '../__tests__/support/modules.ts';
import { type ProxyServer, startProxy } from '../__tests__/support/proxy-server.ts';
import { runAction } from '../__tests__/support/runner.ts';
import { makeTempDir, type TempDir } from '../__tests__/support/temp.ts';

const RUNS = 50;
const JITTER = 0.3;
const MODULES = 150;
const TOTAL_BYTES = 38e6;
const LATENCIES_MS = [10, 40, 120];
const BANDWIDTHS = [20e6, 10e6, 2e6];
/** As the product counts a workload: requests go out 32 at a time. */
const ROUNDS_OF_REQUESTS = Math.ceil((MODULES * 3) / 32);

interface Mirror {
  readonly latencyMs: number;
  readonly bandwidth: number;
  /** Time for the whole workload by the injected figures: the truth that a choice is judged by. */
  readonly trueMs: number;
}

interface Tally {
  runs: number;
  product: number;
  roundTrip: number;
  random: number;
}

/** Measures how often the truly fastest of three mirrors is chosen, by us, by one round trip alone, and at random. */
export async function measure(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const modules = makeModuleSet(MODULES, { totalBytes: TOTAL_BYTES });
  await writeProject(temp.join('project'), { modules });
  const clear: Tally = { runs: 0, product: 0, roundTrip: 0, random: 0 };
  const close: Tally = { runs: 0, product: 0, roundTrip: 0, random: 0 };
  for (let run = 0; run < RUNS; run++) {
    const mirrors = drawMirrors(run);
    const [fastest, next] = mirrors.toSorted((a, b) => a.trueMs - b.trueMs);
    if (fastest === undefined || next === undefined) throw new Error('no mirrors');
    const tally = next.trueMs >= 2 * fastest.trueMs ? clear : close;
    const servers = await Promise.all(
      mirrors.map(({ latencyMs, bandwidth }, index) =>
        startProxy({
          modules,
          latencyMs,
          jitter: JITTER,
          connectionLatency: true,
          bandwidthBytesPerSecond: bandwidth,
          seed: run * 3 + index + 1,
        }),
      ),
    );
    try {
      tally.runs++;
      const best = servers[mirrors.indexOf(fastest)]?.url;
      if ((await chooseByRoundTrip(servers)) === best) tally.roundTrip++;
      if ((await chooseByProduct(temp, servers)) === best) tally.product++;
      if (servers[run % servers.length]?.url === best) tally.random++;
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  }
  print('the fastest at least twice as fast as the next', clear);
  print('closer than that (then the first configured may win on purpose)', close);
}

/** The three latencies, each with some bandwidth, in an order that changes from run to run. */
function drawMirrors(run: number): readonly Mirror[] {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const bandwidthOf = orders[run % 6] ?? [];
  const place = orders[Math.floor(run / 6) % 6] ?? [];
  return place.map((index) => {
    const latencyMs = LATENCIES_MS[index] ?? 0;
    const bandwidth = BANDWIDTHS[bandwidthOf[index] ?? 0] ?? 1;
    const trueMs = ROUNDS_OF_REQUESTS * latencyMs + (TOTAL_BYTES / bandwidth) * 1000;
    return { latencyMs, bandwidth, trueMs };
  });
}

async function chooseByProduct(temp: TempDir, servers: readonly ProxyServer[]): Promise<string | undefined> {
  await using place = await makeTempDir('setup-goproxy-bench-');
  const result = await runAction({
    stage: 'main',
    workspace: temp.join('project'),
    temp: place.path,
    inputs: { proxies: servers.map(({ url }) => url).join('\n') },
  });
  return result.outputs['selected-proxy'];
}

/** One small request each, all at once, the quickest wins: what a connect time tells on a real network. */
async function chooseByRoundTrip(servers: readonly ProxyServer[]): Promise<string | undefined> {
  return await Promise.any(
    servers.map(async ({ url }) => {
      await fetch(`${url}/`, { signal: AbortSignal.timeout(5000) });
      return url;
    }),
  );
}

function print(title: string, { runs, product, roundTrip, random }: Tally): void {
  const share = (hits: number) =>
    runs === 0 ? '-' : `${hits}/${runs} (${Math.round((100 * hits) / runs)} %)`;
  process.stdout.write(`${title}\n`);
  process.stdout.write(`  this action                ${share(product)}\n`);
  process.stdout.write(`  one round trip alone       ${share(roundTrip)}\n`);
  process.stdout.write(`  at random                  ${share(random)}\n`);
}
