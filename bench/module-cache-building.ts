import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { promisify } from 'node:util';
import { goEnvironment } from '../__tests__/support/go.ts';
import type { TempDir } from '../__tests__/support/temp.ts';
import { makeSite, type RestoreGiven, restoreOurs, type Site, untarTree } from './module-cache-restoring.ts';
import { median, printAgainst } from './timing.ts';

const run = promisify(execFile);

/** Loads every package with those of its tests, for which go extracts every module there is. */
const LOAD = ['list', '-deps', '-test', './...'] as const;
/** The program as a whole compiles for minutes; this part of it needs few of the modules. */
const BUILT = ['./context', './git', './internal/keyring'] as const;
const GO_LIMIT_MS = 600_000;

interface Times {
  readonly restore: number[];
  readonly load: number[];
  readonly build: number[];
}

/** Measures restoring, loading all packages and compiling some, by both ways, and prints it. */
export async function measureBuilds(given: RestoreGiven, parent: TempDir, rounds: number): Promise<void> {
  const warm = await warmBuildCache(given, parent);
  const ways = {
    tree: { times: newTimes(), restore: (site: Site) => untarTree(site, given) },
    ours: {
      times: newTimes(),
      restore: async (site: Site) => (await restoreOurs(site, given)).step,
    },
  };
  for (let round = 0; round < rounds; round++) {
    for (const { times, restore } of Object.values(ways)) {
      await using site = await makeSite(parent.path);
      await cp(warm, site.goEnv['GOCACHE'] ?? '', { recursive: true });
      const project = given.archives.project;
      times.restore.push(await restore(site));
      times.load.push(await timeGo(project, site.goEnv, LOAD));
      times.build.push(await timeGo(project, site.goEnv, ['build', ...BUILT]));
    }
  }
  const peer = print('whole tree', ways.tree.times);
  print('ours', ways.ours.times, peer);
}

interface Sums {
  readonly restore: number;
  readonly load: number;
  readonly build: number;
}

function print(name: string, times: Times, peer?: Sums): Sums {
  const sums = { restore: median(times.restore), load: median(times.load), build: median(times.build) };
  const against = peer ?? sums;
  printAgainst(`${name}: restore`, sums.restore, against.restore);
  printAgainst(`${name}: go ${LOAD.join(' ')}`, sums.load, against.load);
  printAgainst(`${name}: go build ${BUILT.join(' ')}`, sums.build, against.build);
  const whole = sums.restore + sums.load + sums.build;
  printAgainst(`${name}: all three`, whole, against.restore + against.load + against.build);
  return sums;
}

function newTimes(): Times {
  return { restore: [], load: [], build: [] };
}

/** A build cache that holds what is built of the standard library. */
async function warmBuildCache(given: RestoreGiven, parent: TempDir): Promise<string> {
  const env = goEnvironment(parent.path, {
    GOPROXY: given.service.proxy,
    GOCACHE: parent.join('warm'),
    GOMODCACHE: parent.join('source'),
  });
  const { project } = given.archives;
  const format = '{{if .Standard}}{{.ImportPath}}{{end}}';
  const options = { cwd: project, env, timeout: GO_LIMIT_MS, maxBuffer: 64 << 20 };
  const { stdout } = await run('go', ['list', '-deps', '-f', format, ...BUILT], options);
  await run('go', ['build', ...stdout.split('\n').filter((name) => name !== '')], options);
  return parent.join('warm');
}

async function timeGo(
  cwd: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<number> {
  const start = performance.now();
  await run('go', [...args], { cwd, env, timeout: GO_LIMIT_MS, maxBuffer: 64 << 20 });
  return performance.now() - start;
}
