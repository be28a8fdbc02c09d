import { makeTempDir } from '../__tests__/support/temp.ts';
import { measurePeaks } from './peak-memory.ts';
import { runMainStep, timeGo, withEmptyJob } from './peers.ts';
import { makeManyProject, printTitle } from './prefetch-projects.ts';
import { startServerProcess } from './servers.ts';
import { mediansInTurns, printAgainst } from './timing.ts';

const ROUNDS = 3;

/** Measures time and memory for thousands of small modules, ours beside those of the go command. */
export async function measureMany(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const { modules, project, title } = await makeManyProject(temp);
  await using servers = await startServerProcess(modules, [0]);
  const given = { project, proxy: servers.urls[0] ?? '' };
  printTitle(`${title}, 0 ms a request (rounds: ${ROUNDS})`);
  const medians = await mediansInTurns(ROUNDS, {
    download: () => withEmptyJob(given, (job) => timeGo(job, ['mod', 'download'])),
    step: () => withEmptyJob(given, async (job) => (await runMainStep(job)).durationMs),
  });
  printAgainst('go mod download (also extracts)', medians.download, medians.download);
  printAgainst('main step (does not extract)', medians.step, medians.download);
  await measurePeaks(given, 1);
}

export { measureMany as measure };
