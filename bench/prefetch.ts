import { makeTempDir } from '../__tests__/support/temp.ts';
import { measurePeaks } from './peak-memory.ts';
import {
  copyBuildCache,
  type Job,
  runMainStep,
  timeBuild,
  timeGo,
  warmBuildCache,
  withEmptyJob,
} from './peers.ts';
import { measureMany } from './prefetch-many.ts';
import { makeUsualProject, printTitle } from './prefetch-projects.ts';
import { measureVerification } from './prefetch-verify.ts';
import type { RequestCount } from './server-process.ts';
import { type ServerProcess, startServerProcess } from './servers.ts';
import { median, printAgainst } from './timing.ts';

/** At each delay in milliseconds so many rounds: go needs more than half a minute for one at the longest. */
const DELAYS = [
  { latencyMs: 0, rounds: 5 },
  { latencyMs: 20, rounds: 3 },
  { latencyMs: 100, rounds: 1 },
] as const;
const PEAK_ROUNDS = 3;

/** Measures the whole prefetch beside the go command, with the same single proxy. */
export async function measure(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const { modules, project, title } = await makeUsualProject(temp);
  const warm = await warmBuildCache(temp);
  await using servers = await startServerProcess(
    modules,
    DELAYS.map(({ latencyMs }) => latencyMs),
  );
  const [quick = ''] = servers.urls;
  for (const [index, { latencyMs, rounds }] of DELAYS.entries()) {
    printTitle(`${title}, ${latencyMs} ms a request (rounds: ${rounds})`);
    const given = { project, proxy: servers.urls[index] ?? '' };
    await measureDownloads(given, { servers, warm, rounds });
  }
  printTitle(`${title}, 0 ms a request: peak of the resident memory (rounds: ${PEAK_ROUNDS})`);
  await measurePeaks({ project, proxy: quick }, PEAK_ROUNDS);
  await measureMany();
  await measureVerification({ project, proxy: quick }, title);
}

/** What one way of getting the modules took in each round, and the requests of its last one. */
interface Side {
  readonly ms: number[];
  requests: RequestCount | undefined;
}

async function measureDownloads(
  given: Pick<Job, 'project' | 'proxy'>,
  {
    servers,
    warm,
    rounds,
  }: { readonly servers: ServerProcess; readonly warm: string; readonly rounds: number },
): Promise<void> {
  const sides = { download: newSide(), step: newSide(), build: newSide(), both: newSide(), later: newSide() };
  const count = () => servers.takeCount(given.proxy);
  await count();
  for (let round = 0; round < rounds; round++) {
    sides.download.ms.push(await withEmptyJob(given, (job) => timeGo(job, ['mod', 'download'])));
    sides.download.requests = await count();
    await withEmptyJob(given, async (job) => {
      await copyBuildCache(job, warm);
      const step = await runMainStep(job);
      sides.step.ms.push(step.durationMs);
      sides.step.requests = await count();
      const later = await timeBuild(job, step.env);
      sides.later.ms.push(later);
      sides.later.requests = await count();
      sides.both.ms.push(step.durationMs + later);
    });
    await withEmptyJob(given, async (job) => {
      await copyBuildCache(job, warm);
      sides.build.ms.push(await timeBuild(job));
    });
    sides.build.requests = await count();
  }
  const download = median(sides.download.ms);
  const build = median(sides.build.ms);
  printAgainst('go mod download (also extracts)', download, download);
  printAgainst('main step (does not extract)', median(sides.step.ms), download);
  printFaster('the main step', download, median(sides.step.ms));
  printAgainst('go build ./... from an empty module cache', build, build);
  printAgainst('main step, then go build ./...', median(sides.both.ms), build);
  printAgainst('  of this the build', median(sides.later.ms), build);
  printFaster('with the action', build, median(sides.both.ms));
  printRequests('go mod download', sides.download.requests);
  printRequests('main step', sides.step.requests);
  printRequests('go build ./... without the action', sides.build.requests);
  printRequests('go build ./... after the main step', sides.later.requests);
}

function newSide(): Side {
  return { ms: [], requests: undefined };
}

function printFaster(name: string, peer: number, ms: number): void {
  process.stdout.write(
    `${`  ${name} is faster by`.padEnd(64)} ${''.padStart(6)}      ×${(peer / ms).toFixed(1)}\n`,
  );
}

function printRequests(name: string, count: RequestCount | undefined): void {
  if (count === undefined) return;
  const { total, mod, zip, info, connections } = count;
  const rest = total - mod - zip - info;
  const kinds = `mod ${mod}, zip ${zip}, info ${info}, other ${rest}`;
  process.stdout.write(
    `${`requests: ${name}`.padEnd(64)} ${String(total).padStart(6)}      (${kinds}; connections ${connections})\n`,
  );
}
