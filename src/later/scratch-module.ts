import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../go/child-env.ts';
import { isH1 } from '../go/h1.ts';
import type { ModuleVersion } from '../go/version.ts';

/** The hashes of a module that go.sum names; empty where it names none. */
export interface KnownHashes {
  readonly zip: readonly string[];
  readonly mod: readonly string[];
}

/** A main module without requirements in which go can be asked for one module. */
export interface ScratchModule {
  readonly directory: string;
  readonly env: Environment;
}

/** .invalid is nobody's (RFC 2606), so that no module that is asked for can have this path. */
const GO_MOD = 'module setup-goproxy.invalid/ask\n';

/**
 * Writes go.mod and go.sum below `directory`, which exists and is private, and returns the environment in which go works
 * there and nowhere else: module cache, build cache, GOPATH (with what go remembers of the checksum database) and
 * temporary files are below it too, and neither workspace nor flags lead to the project. Whom go asks, with what login
 * and under what rules, stays as the job has it. Lines of go.sum that are no h1 hashes are left out.
 */
export async function makeScratchModule(
  module: ModuleVersion,
  hashes: KnownHashes,
  where: { readonly directory: string; readonly env: Environment },
): Promise<ScratchModule> {
  const directory = await mkdtemp(path.join(where.directory, 'ask-'));
  const temporary = path.join(directory, 'tmp');
  await mkdir(temporary);
  await writeFile(path.join(directory, 'go.mod'), GO_MOD);
  await writeFile(path.join(directory, 'go.sum'), goSumText(module, hashes));
  const env = replaceNames(where.env, {
    GO111MODULE: 'on',
    GOCACHE: path.join(directory, 'build-cache'),
    // Nothing of the user's: -modfile, -mod, -C, -overlay and -x lead elsewhere or change what is printed.
    GOFLAGS: '-modcacherw',
    GOMODCACHE: path.join(directory, 'module-cache'),
    GOPATH: path.join(directory, 'gopath'),
    GOWORK: 'off',
    GIT_TERMINAL_PROMPT: '0',
    // git is recognised by its English words.
    LC_ALL: 'C',
    LANGUAGE: undefined,
    TMPDIR: temporary,
    TMP: temporary,
    TEMP: temporary,
    // Of the directory above, os.Getwd would believe it.
    PWD: directory,
  });
  return { directory, env };
}

function goSumText({ path: modulePath, version }: ModuleVersion, { zip, mod }: KnownHashes): string {
  const lines = [
    ...zip.filter(isH1).map((hash) => `${modulePath} ${version} ${hash}\n`),
    ...mod.filter(isH1).map((hash) => `${modulePath} ${version}/go.mod ${hash}\n`),
  ];
  return lines.join('');
}

/** Windows does not tell the cases of names apart: `GoFlags` there would stand beside ours. */
function replaceNames(env: Environment, ours: Environment): Environment {
  const others = Object.entries(env).filter(([name]) => !Object.hasOwn(ours, name.toUpperCase()));
  return { ...Object.fromEntries(others), ...ours };
}
