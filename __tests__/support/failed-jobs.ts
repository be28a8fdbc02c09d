import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LaterFacts } from '../../src/report/report.ts';
import { cacheDownload, readReport, type Site } from './job.ts';
import { escapeName } from './modules.ts';
import type { JobResult, Step } from './runner.ts';

/** What names a module version. */
export interface Named {
  readonly path: string;
  readonly version: string;
}

/** Leaves in the site's module cache what go leaves when a zip never comes. */
export async function plantLocks(site: Pick<Site, 'home'>, modules: readonly Named[]): Promise<void> {
  for (const { path: name, version } of modules) {
    const directory = path.join(cacheDownload(site), escapeName(name), '@v');
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, `${escapeName(version)}.lock`), '');
  }
}

/** Returns a step in which downloads of these modules failed, after `before` was done. */
export function failing(
  site: Pick<Site, 'home'>,
  modules: readonly Named[],
  before: () => Promise<void> = async () => {},
): Step {
  return async () => {
    await before();
    await plantLocks(site, modules);
    return false;
  };
}

/** Returns what the report says of the search. */
export async function laterOf({ main }: Pick<JobResult, 'main'>): Promise<LaterFacts | undefined> {
  return (await readReport(main)).laterSteps;
}

/** Returns what post left in RUNNER_TEMP but for the report. */
export async function leftIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names.filter((name) => !/^setup-goproxy-[\da-f-]{36}\.json$/.test(name));
}

/**
 * Returns a PATH on which `go` is a shell script; in it `$GO` is the real one, '' where there is none, `$STATE` a directory
 * that it may write, and `"$*"` its arguments.
 */
export async function scriptedGo(site: Pick<Site, 'dir'>, script: string): Promise<string> {
  const bin = site.dir.join('bin');
  const state = site.dir.join('go-state');
  await mkdir(bin, { recursive: true });
  await mkdir(state, { recursive: true });
  const head = `#!/bin/sh\nGO='${realGo()}'\nSTATE='${state}'\n`;
  await writeFile(path.join(bin, 'go'), `${head}${script}\n`, { mode: 0o755 });
  return `${bin}:/usr/bin:/bin`;
}

function realGo(): string {
  try {
    const command = process.platform === 'win32' ? 'where' : 'which';
    return execFileSync(command, ['go'], { encoding: 'utf8' }).split(/\r?\n/)[0] ?? '';
  } catch {
    return '';
  }
}

/** Returns the process ids that a scripted go wrote, one per line, into `$STATE/pids`. */
export async function startedPids(site: Pick<Site, 'dir'>): Promise<readonly number[]> {
  const text = await readFile(site.dir.join('go-state', 'pids'), 'utf8').catch(() => '');
  return text.split(/\s+/).map(Number).filter(Boolean);
}

/** Waits until a process has ended, at most 5 s; one that nobody has waited for yet counts as ended. */
export async function hasEnded(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 50) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (/\) Z /.test(stat)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** One line of git's smart protocol (gitprotocol-common, pkt-line). */
function packetLine(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
}

/** Returns the routes of a server whose repository answers git with this message. */
export function gitSays(repository: string, message: string) {
  const body = Buffer.from(`${packetLine('# service=git-upload-pack\n')}0000${packetLine(`ERR ${message}`)}`);
  const headers = { 'content-type': 'application/x-git-upload-pack-advertisement' };
  return { [`${repository}/info/refs`]: { body, headers } };
}

/** Has git find the repositories of github.com below `base` instead; returns what was written to .gitconfig. */
export async function insteadOfGithub(site: Pick<Site, 'home'>, base: string): Promise<void> {
  await mkdir(site.home, { recursive: true });
  await writeFile(
    path.join(site.home, '.gitconfig'),
    `[url "${base}/"]\n\tinsteadOf = https://github.com/\n`,
  );
}
