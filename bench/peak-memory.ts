import { execFile } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { goEnvironmentOf, type Job, runMainStep, withEmptyJob } from './peers.ts';
import { median, printAgainst } from './timing.ts';

const run = promisify(execFile);

/** GNU time asks the kernel when the process has ended (wait4), so that no peak is missed, however short. */
const TIME = '/usr/bin/time';
const BUNDLE = new URL('../dist/index.js', import.meta.url).pathname;

async function canMeasurePeaks(): Promise<boolean> {
  return await access(TIME).then(
    () => true,
    () => false,
  );
}

/** What the kernel says of processes that have ended. */
interface Usage {
  /** Peak of the resident memory of the largest of them, in bytes. */
  readonly peak: number;
  /** Of all of them, on all cores, in milliseconds. */
  readonly cpuMs: number;
}

/** Prints the highest peak of memory and the median CPU time of `go mod download` and of the main step. */
export async function measurePeaks(given: Pick<Job, 'project' | 'proxy'>, rounds: number): Promise<void> {
  if (!(await canMeasurePeaks())) {
    process.stdout.write('peak memory: not measured, GNU time is not on this machine\n');
    return;
  }
  const go: Usage[] = [];
  const ours: Usage[] = [];
  for (let round = 0; round < rounds; round++) {
    go.push(await withEmptyJob(given, (job) => usageOfGo(job, ['mod', 'download'])));
    ours.push(await withEmptyJob(given, usageOfMainStep));
  }
  const peakOf = (usages: readonly Usage[]) => Math.max(...usages.map(({ peak }) => peak));
  const cpuOf = (usages: readonly Usage[]) => median(usages.map(({ cpuMs }) => cpuMs));
  const print = (name: string, bytes: number) => {
    const size = (bytes / 1e6).toFixed(0).padStart(6);
    process.stdout.write(`${name.padEnd(64)} ${size} MB   ×${(bytes / peakOf(go)).toFixed(1)}\n`);
  };
  print('go mod download, peak memory of the highest round', peakOf(go));
  print('main step, peak memory of the highest round', peakOf(ours));
  printAgainst('go mod download, CPU time', cpuOf(go), cpuOf(go));
  printAgainst('main step, CPU time', cpuOf(ours), cpuOf(go));
}

async function usageOfMainStep(job: Job): Promise<Usage> {
  const answer = job.place.join('usage');
  const wrapper = job.place.join('wrapper.mjs');
  // A process between the two: a child would count the memory of the one it was forked from until its exec.
  const args = [...timeArguments(answer), process.execPath, BUNDLE];
  await writeFile(
    wrapper,
    `import { spawnSync } from 'node:child_process';
const { status } = spawnSync(${JSON.stringify(TIME)}, ${JSON.stringify(args)}, { stdio: 'inherit' });
process.exitCode = status ?? 1;
`,
  );
  await runMainStep(job, wrapper);
  return await readUsage(answer);
}

async function usageOfGo(job: Job, args: readonly string[]): Promise<Usage> {
  const answer = job.place.join('usage');
  await run(TIME, [...timeArguments(answer), 'go', ...args], {
    cwd: job.project,
    env: goEnvironmentOf(job),
    timeout: 120_000,
    maxBuffer: 64 << 20,
  });
  return await readUsage(answer);
}

function timeArguments(answer: string): string[] {
  return ['-f', '%M %U %S', '-o', answer];
}

/** GNU time writes kibibytes and seconds. */
async function readUsage(file: string): Promise<Usage> {
  const [kibibytes = Number.NaN, user = Number.NaN, system = Number.NaN] = (await readFile(file, 'utf8'))
    .trim()
    .split(' ')
    .map(Number);
  return { peak: kibibytes * 1024, cpuMs: (user + system) * 1000 };
}
