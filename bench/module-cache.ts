import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { findMachineProxy, PROGRAM } from '../__tests__/support/real-input.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';
import { measureBuilds } from './module-cache-building.ts';
import { fetchProgram } from './module-cache-program.ts';
import {
  makeSite,
  type RestoreGiven,
  restoreByLibrary,
  restoreOurs,
  untarTree,
} from './module-cache-restoring.ts';
import { type Archives, saveArchives } from './module-cache-saving.ts';
import { startCacheProcess } from './module-cache-service.ts';
import { printTitle } from './prefetch-projects.ts';
import { median, printAgainst, printLoad } from './timing.ts';

const RESTORE_ROUNDS = 5;
const BUILD_ROUNDS = 2;
/** A file system in memory, where there is one. */
const MEMORY = '/dev/shm';
const SYSTEMS = 3;
const GO_VERSIONS = 2;

/** Measures the module cache beside the whole GOMODCACHE in one archive, on a real program, over one cache service. */
export async function measure(): Promise<void> {
  const machine = await findMachineProxy();
  if ('reason' in machine) {
    process.stdout.write(`skipped: ${machine.reason}\n`);
    return;
  }
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const program = await fetchProgram(temp, machine);
  await using service = await startCacheProcess(program.download);
  const saved = await saveArchives(program, service);
  const [archives] = saved;
  if (archives === undefined) throw new Error('nothing was saved');
  const { modules, files } = archives.wanted;
  const title = `${PROGRAM}, ${modules} modules wanted (${files} files)`;
  printTitle(`${title}: bytes of the archive, zstd`);
  printBytes('whole GOMODCACHE after go mod download', archives.tree.bytes, archives.tree.bytes);
  printBytes('ours', archives.ours.bytes, archives.tree.bytes);
  printMatrix(title, saved);
  // To look at another bundle than the committed one.
  const bundle = process.env['BENCH_BUNDLE'];
  const given = { archives, service, ...(bundle === undefined ? {} : { bundle }) };
  await measureRestores(`${title}: restore, on disk`, given, tmpdir());
  if (await isThere(MEMORY)) {
    await measureRestores(`${title}: restore, on a file system in memory`, given, MEMORY);
  }
  printTitle(`${title}: restore and go, on disk (rounds: ${BUILD_ROUNDS})`);
  await measureBuilds(given, temp, BUILD_ROUNDS);
  printLoad();
}

async function measureRestores(title: string, given: RestoreGiven, parent: string): Promise<void> {
  printTitle(`${title} (rounds: ${RESTORE_ROUNDS})`);
  const times = {
    untar: [] as number[],
    library: [] as number[],
    step: [] as number[],
    phase: [] as number[],
  };
  for (let round = 0; round < RESTORE_ROUNDS; round++) {
    {
      await using site = await makeSite(parent);
      times.untar.push(await untarTree(site, given));
    }
    {
      await using site = await makeSite(parent);
      const { step, phase } = await restoreOurs(site, given);
      times.step.push(step);
      times.phase.push(phase);
    }
    await using site = await makeSite(parent);
    times.library.push(await restoreByLibrary(site, given));
  }
  const untar = median(times.untar);
  printAgainst('tar and unzstd on the whole tree, from a file', untar, untar);
  printAgainst(
    '@actions/cache restores the whole tree (lookup, download, tar)',
    median(times.library),
    untar,
  );
  printAgainst('ours: main step with prefetch: false', median(times.step), untar);
  printAgainst('  of this restoring: download, verify, place', median(times.phase), untar);
  printFaster('the main step', untar, median(times.step));
  printFaster('restoring alone', untar, median(times.phase));
  printFaster("restoring, beside the library's restore", median(times.library), median(times.phase));
  printLoad();
}

function printMatrix(title: string, saved: readonly Archives[]): void {
  const jobs = SYSTEMS * GO_VERSIONS;
  printTitle(`${title}: ${SYSTEMS} systems, ${GO_VERSIONS} Go versions, ${saved.length} commits`);
  for (const [index, { restored, fetchedFiles, wanted }] of saved.entries()) {
    process.stdout.write(
      `commit ${index + 1}: the first job restored ${restored} and fetched ${fetchedFiles} of ${wanted.files} files\n`,
    );
  }
  const keys = new Set(saved.map(({ ours }) => ours.key));
  const ours = saved.reduce((sum, { ours: { bytes } }) => sum + bytes, 0);
  const tree = saved.reduce((sum, { tree: { bytes } }) => sum + bytes * jobs, 0);
  printBytes(`system, Go version and go.mod in the key: ${saved.length * jobs} uploads`, tree, tree);
  printBytes(`ours, the wanted set in the key: ${keys.size} uploads`, ours, tree);
}

function printBytes(name: string, bytes: number, peer: number): void {
  const percent = ((100 * bytes) / peer).toFixed(0).padStart(4);
  process.stdout.write(`${name.padEnd(64)} ${(bytes / 1e6).toFixed(1).padStart(8)} MB  ${percent} %\n`);
}

function printFaster(name: string, peer: number, ms: number): void {
  process.stdout.write(
    `${`  ${name} is faster by`.padEnd(64)} ${''.padStart(6)}      ×${(peer / ms).toFixed(1)}\n`,
  );
}

async function isThere(directory: string): Promise<boolean> {
  return await access(directory).then(
    () => true,
    () => false,
  );
}
