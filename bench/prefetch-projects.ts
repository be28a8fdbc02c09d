import { makeModuleSet, type SyntheticModule, writeProject } from '../__tests__/support/modules.ts';
import type { TempDir } from '../__tests__/support/temp.ts';
import { printLoad } from './timing.ts';

/** A project that imports all of the modules, and what to call it. */
export interface BenchProject {
  readonly modules: readonly SyntheticModule[];
  readonly project: string;
  readonly title: string;
}

/** Writes a project as large as many are: 150 modules, 38 MB of zips, 135 MB unpacked. */
export async function makeUsualProject(temp: TempDir): Promise<BenchProject> {
  return await makeProject(temp, makeModuleSet(150, { totalBytes: 38e6, unpackedBytes: 135e6 }));
}

/** Writes a project of 3,000 modules of a few KB each, where each file costs more than its bytes. */
export async function makeManyProject(temp: TempDir): Promise<BenchProject> {
  return await makeProject(temp, makeModuleSet(3000, { totalBytes: 12e6, unpackedBytes: 36e6 }));
}

async function makeProject(temp: TempDir, modules: readonly SyntheticModule[]): Promise<BenchProject> {
  const project = temp.join('project');
  await writeProject(project, { modules });
  const bytes = modules.reduce((sum, { zip }) => sum + zip.length, 0);
  return { modules, project, title: `${modules.length} modules, ${(bytes / 1e6).toFixed(0)} MB of zips` };
}

/** Prints the heading of a table, and how busy the machine is. */
export function printTitle(title: string): void {
  process.stdout.write(`\n### ${title}\n\n`);
  printLoad();
}
