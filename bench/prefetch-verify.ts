import { glob, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { makeTempDir } from '../__tests__/support/temp.ts';
import { type Job, modCacheOf, timeGo, withEmptyJob } from './peers.ts';
import { hashZips } from './prefetch-hashing.ts';
import { makeUsualProject, printTitle } from './prefetch-projects.ts';
import { startServerProcess } from './servers.ts';
import { mediansInTurns } from './timing.ts';

const ROUNDS = 5;
const WORKERS = 2;

/** Measures the verification of a module cache's zips alone, ours beside that of go on the same files. */
export async function measure(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const { modules, project, title } = await makeUsualProject(temp);
  await using servers = await startServerProcess(modules, [0]);
  await measureVerification({ project, proxy: servers.urls[0] ?? '' }, title);
}

/** The same with a server that runs already. */
export async function measureVerification(
  given: Pick<Job, 'project' | 'proxy'>,
  title: string,
): Promise<void> {
  printTitle(`${title}: verification alone (rounds: ${ROUNDS})`);
  await withEmptyJob(given, async (job) => {
    await timeGo(job, ['mod', 'download']);
    const zips = await findZips(modCacheOf(job));
    const { files, unpackedBytes } = await hashZips(zips);
    process.stdout.write(
      `${zips.length} zips, ${files} files, ${megabytes(unpackedBytes)} MB unpacked, all in the page cache\n`,
    );
    await using pool = await startWorkers();
    const extracted = await mediansInTurns(ROUNDS, {
      goBoth: () => timeGo(job, ['mod', 'verify']),
      ours: () => time(() => hashZips(zips)),
      workers: () => time(() => pool.hash(zips)),
    });
    await removeExtracted(modCacheOf(job));
    const packed = await mediansInTurns(ROUNDS, {
      goOne: () => timeGo(job, ['mod', 'verify'], { GOMAXPROCS: '1' }),
      goZips: () => timeGo(job, ['mod', 'verify']),
    });
    const print = (name: string, ms: number, bytes = unpackedBytes) => {
      const speed = (bytes / 1e3 / ms).toFixed(0).padStart(5);
      const ratio = (packed.goZips / ms).toFixed(2);
      process.stdout.write(
        `${name.padEnd(64)} ${ms.toFixed(0).padStart(6)} ms ${speed} MB/s   ${ratio} of the speed of the first line\n`,
      );
    };
    print('go mod verify, zips alone, both cores', packed.goZips);
    print('go mod verify, zips alone, GOMAXPROCS=1', packed.goOne);
    print('go mod verify, zips and extracted files (twice the bytes)', extracted.goBoth, 2 * unpackedBytes);
    print('hashZip, one thread, four zips at a time, as the action does', extracted.ours);
    print(`hashZip, ${WORKERS} worker threads that run already, half of the bytes each`, extracted.workers);
    process.stdout.write(
      `${`start of ${WORKERS} worker threads`.padEnd(64)} ${pool.startMs.toFixed(0).padStart(6)} ms\n`,
    );
  });
}

async function findZips(modCache: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob('cache/download/**/*.zip', { cwd: modCache })) found.push(file);
  return found.sort().map((file) => path.join(modCache, file));
}

/** Leaves what was downloaded: go then has nothing but zips to verify. */
async function removeExtracted(modCache: string): Promise<void> {
  for await (const name of glob('*', { cwd: modCache })) {
    if (name !== 'cache') await rm(path.join(modCache, name), { recursive: true });
  }
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

interface WorkerPool extends AsyncDisposable {
  readonly startMs: number;
  hash(zips: readonly string[]): Promise<void>;
}

async function startWorkers(): Promise<WorkerPool> {
  const start = performance.now();
  const workers = Array.from(
    { length: WORKERS },
    () => new Worker(new URL('./prefetch-hash-worker.ts', import.meta.url)),
  );
  await Promise.all(workers.map((worker) => reply(worker)));
  return {
    startMs: performance.now() - start,
    hash: async (zips) => {
      const shares = await shareOut(zips);
      await Promise.all(
        workers.map(async (worker, index) => {
          const done = reply(worker);
          worker.postMessage(shares[index]);
          await done;
        }),
      );
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function reply(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
}

/** The largest first, each to the worker that has least. */
async function shareOut(zips: readonly string[]): Promise<readonly (readonly string[])[]> {
  const sized = await Promise.all(zips.map(async (zip) => ({ zip, bytes: (await stat(zip)).size })));
  sized.sort((a, b) => b.bytes - a.bytes);
  const shares = Array.from({ length: WORKERS }, () => ({ zips: [] as string[], bytes: 0 }));
  for (const { zip, bytes } of sized) {
    const least = shares.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    least.zips.push(zip);
    least.bytes += bytes;
  }
  return shares.map((share) => share.zips);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
