import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type GoResult, goEnvironment, runGo, sharedBuildCache } from './go.ts';
import { type GoCommand, type OfflineProject, preparationOf } from './offline-project.ts';

/**
 * Go must not need a checksum database either: `off` would let it take what go.sum lacks, this one fails when it is asked.
 * Nothing listens on port 9 (discard).
 */
const UNREACHABLE_SUMDB = 'sum.golang.org http://127.0.0.1:9';

/** Where a project is and what its go commands share. */
export interface GoPlace {
  readonly directory: string;
  /** Home of the caches and of GOPATH, by its own for each role. */
  readonly root: string;
}

/** Writes the files of a project; undefined removes one. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (text === undefined) await rm(file);
    else await writeFile(file, text);
  }
}

/**
 * Writes a project and lets the real go make its go.sum with the proxy, in a module cache that nothing else uses: what
 * is in it is go's word and not ours.
 */
export async function prepareProject(
  project: OfflineProject,
  place: GoPlace,
  proxyUrl: string,
): Promise<void> {
  await writeFiles(place.directory, project.files);
  const env = goEnvironment(place.root, { GOPROXY: proxyUrl, GOCACHE: sharedBuildCache() });
  for (const command of preparationOf(project)) {
    const result = await runIn(place.directory, command, env);
    if (result.code !== 0) throw new Error(`go ${command.args.join(' ')}: ${result.stderr}`);
  }
  await checkGoLines(project, place.directory);
  if (project.afterwards === undefined) return;
  const read = (name: string) => readFileSync(path.join(place.directory, name), 'utf8');
  await writeFiles(place.directory, project.afterwards(read));
}

/** Throws when go has raised a go line (to that of a dependency): then the project is not of the version it says. */
async function checkGoLines({ files }: OfflineProject, directory: string): Promise<void> {
  const goLine = (text: string) => /^go .*$/m.exec(text)?.[0];
  for (const [name, text] of Object.entries(files)) {
    if (!/go\.(mod|work)$/.test(name)) continue;
    const now = goLine(await readFile(path.join(directory, name), 'utf8'));
    if (now !== goLine(text)) throw new Error(`${name}: ${goLine(text)} has become ${now}`);
  }
}

/** Compiles and vets what every test links, so that projects that start together do not each do it. */
export async function warmBuildCache(root: string): Promise<void> {
  const directory = path.join(root, 'project');
  await writeFiles(directory, {
    'go.mod': 'module example.com/warm\n\ngo 1.16\n',
    'warm.go': 'package main\n\nfunc main() {}\n',
    'warm_test.go': 'package main\n\nimport "testing"\n\nfunc Test(*testing.T) {}\n',
  });
  const env = goEnvironment(root, { GOCACHE: sharedBuildCache() });
  for (const verb of ['test', 'vet', 'build']) {
    const { code, stderr } = await runGo([verb, './...'], { cwd: directory, env });
    if (code !== 0) throw new Error(`go ${verb}: ${stderr}`);
  }
}

/** A command to run without a network, and whether it must fail there. */
export interface OfflineCommand extends GoCommand {
  readonly fails?: boolean;
}

/** The commands of a project when no network is there: those that must work, then those that must not. */
export function commandsOf(project: OfflineProject): readonly OfflineCommand[] {
  const { buildIn = ['.'], downloads = false, commands = [], failing = [] } = project;
  const verbs = [
    ['build', './...'],
    ['vet', './...'],
    ['test', './...'],
    ['mod', 'verify'],
    ...(downloads ? [['mod', 'download']] : []),
  ];
  return [
    ...buildIn.flatMap((directory) => verbs.map((args) => ({ args, in: directory }))),
    ...commands,
    ...failing.map((command) => ({ ...command, fails: true })),
  ];
}

/**
 * Runs a command as a later step of the job, without a network and with the module cache of the step; returns
 * `as it should be`, or the command and what it did.
 */
export async function runOffline(
  project: OfflineProject,
  command: OfflineCommand,
  place: GoPlace & { readonly goModCache: string },
): Promise<string> {
  const { goModCache } = place;
  const env = {
    ...goEnvironment(place.root, { GOSUMDB: UNREACHABLE_SUMDB }),
    GOMODCACHE: goModCache,
    GOCACHE: sharedBuildCache(),
    ...project.env,
  };
  const { code, stdout, stderr } = await runIn(place.directory, command, env);
  const { fails = false, prints = /^/ } = command;
  if (fails === (code !== 0) && prints.test(stdout)) return 'as it should be';
  const where = command.in === undefined ? '' : ` in ${command.in}`;
  return `go ${command.args.join(' ')}${where} ended with ${code}:\n${stdout}${stderr}`;
}

async function runIn(
  directory: string,
  command: GoCommand,
  env: Readonly<Record<string, string>>,
): Promise<GoResult> {
  return await runGo(command.args, {
    cwd: path.join(directory, command.in ?? '.'),
    env: { ...env, ...command.env },
  });
}
