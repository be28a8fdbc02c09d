import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CertificateSet, makeCertificateSet } from './certificate-set.ts';
import {
  type Cell,
  cellName,
  cellsOfMatrix,
  faultsOf,
  makeMatrixModules,
  type Outcome,
  type ServerName,
} from './fault-matrix.ts';
import { isConnectionFault } from './faults.ts';
import { goEnvironment, runGo, sharedBuildCache } from './go.ts';
import { escapeName, type SyntheticModule, writeProject } from './modules.ts';
import { type ProxyServer, startProxy } from './proxy-server.ts';
import { runAction } from './runner.ts';
import { makeTempDir, type TempDir } from './temp.ts';

/** What became of a cell. */
export interface CellResult {
  readonly cell: Cell;
  readonly outcome: Outcome;
  /** What is in the module cache and is not a right file of the wanted set; a go command that was killed leaves parts of files. */
  readonly wrongFiles: readonly string[];
  /** Files of the wanted set that are there and right. */
  readonly rightFiles: number;
  /** For reading in a failed assertion. */
  readonly evidence: string;
  readonly elapsedMs: number;
}

/** Two cores run no more at a time ... */
const CELLS_AT_ONCE = 4;
/** ... but silence costs them nothing. */
const WAITING_AT_ONCE = 12;
/** A go command that has sent no request for so long, and does not end, never will: its largest body takes milliseconds. */
const SILENCE_MS = 8000;
const OURS_TIMEOUT_MS = 90_000;
/**
 * What `b` sends where the fault of `a` begins after the probe: a tenth of what loopback gives on a busy machine. Else a busy
 * machine decides which of two equal proxies is ranked first, and with `b` first the fault is not met at all.
 */
const SECOND_BYTES_PER_SECOND = 2_000_000;
/** However slow `b` is, a machine that stands still while `a` is measured ranks it first. */
const TRIES = 4;

interface World {
  readonly directory: TempDir;
  readonly project: string;
  readonly modules: readonly SyntheticModule[];
  readonly certificates: CertificateSet;
}

/** Runs cells, default all, and returns their results in the same order. */
export async function runMatrix(
  cells: readonly Cell[] = cellsOfMatrix(),
  onResult?: (result: CellResult) => void,
): Promise<readonly CellResult[]> {
  await using directory = await makeTempDir('setup-goproxy-matrix-');
  const certificates = await makeCertificateSet();
  await using _certificates = certificates.directory;
  const modules = makeMatrixModules();
  const project = directory.join('project');
  await writeProject(project, { modules });
  // No main program, so that nothing is linked.
  const main = await readFile(path.join(project, 'main.go'), 'utf8');
  await writeFile(
    path.join(project, 'main.go'),
    main.replace('package main', 'package app').replace('func main', 'func Run'),
  );
  // Go's telemetry outlives the command, and would write into a directory that has been removed.
  await mkdir(directory.join('config', 'go', 'telemetry'), { recursive: true });
  await writeFile(directory.join('config', 'go', 'telemetry', 'mode'), 'off');
  const world: World = { directory, project, modules, certificates };
  const results: CellResult[] = [];
  const run = async ([index, cell]: readonly [number, Cell]) => {
    // One cell that could not be judged must not take the others along.
    const result = await runCell(world, cell).catch((error: unknown) => unjudged(cell, error));
    results[index] = result;
    onResult?.(result);
  };
  const entries = [...cells.entries()];
  const waits = ([, { fault }]: readonly [number, Cell]) => fault.waits === true;
  await Promise.all([
    drain(entries.filter(waits), WAITING_AT_ONCE, run),
    drain(
      entries.filter((entry) => !waits(entry)),
      CELLS_AT_ONCE,
      run,
    ),
  ]);
  return results;
}

/** Does the work for every item, so many at a time. */
export async function drain<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

async function runCell(world: World, cell: Cell): Promise<CellResult> {
  const startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    await using place = await makeTempDir('setup-goproxy-cell-');
    await using a = await startServer(world, cell, 'a');
    await using b = await startServer(world, cell, 'b');
    const { contestant } = cell;
    const run = { world, cell, place, servers: [a, b] };
    const ran = await (contestant.startsWith('ours') ? runOurs(run) : runTheGo(run));
    if (ran === 'other order' && tries < TRIES) continue;
    if (ran === 'other order') throw new Error(`${cellName(cell)}: a was not ranked first ${TRIES} times`);
    const goModCache = goModCacheOf(place);
    const { right, wrong } = await judgeModCache(goModCache, world.modules);
    return {
      cell,
      outcome: ran.outcome ?? (await buildOffline(run, right)),
      wrongFiles: wrong,
      rightFiles: right,
      evidence: ran.evidence,
      elapsedMs: performance.now() - startedAt,
    };
  }
}

function unjudged(cell: Cell, error: unknown): CellResult {
  const evidence = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { cell, outcome: 'unjudged', wrongFiles: [], rightFiles: 0, evidence, elapsedMs: 0 };
}

interface CellRun {
  readonly world: World;
  readonly cell: Cell;
  readonly place: TempDir;
  readonly servers: readonly ProxyServer[];
}

/** `outcome` is absent where only an offline build can tell. */
interface Ran {
  readonly outcome?: Outcome;
  readonly evidence: string;
}

/** Starts one of a cell's two proxies, with the cell's faults. */
export async function startServer(
  { modules, certificates }: Pick<World, 'modules' | 'certificates'>,
  cell: Cell,
  name: ServerName,
): Promise<ProxyServer> {
  const { tls, fault } = cell.fault;
  const variant = name === 'a' ? tls : tls && 'good';
  return await startProxy({
    modules,
    faults: faultsOf(cell, name),
    // The same for both sides: else a fault of connections would spare the one that is kept, and Go's HTTP client, which
    // repeats a request when a kept connection ends before the first byte of an answer, would meet a fault by chance.
    closeAfterAnswer: fault !== undefined && (isConnectionFault(fault) || endsBeforeHeaders(fault.kind)),
    ...(cell.crossing === 'one-after' && name === 'b'
      ? { bandwidthBytesPerSecond: SECOND_BYTES_PER_SECOND }
      : {}),
    ...(variant === undefined ? {} : { tls: certificates.files[variant] }),
  });
}

function endsBeforeHeaders(kind: string): boolean {
  return kind === 'reset-before-headers' || kind === 'close-before-headers';
}

function goModCacheOf(place: TempDir): string {
  return place.join('gopath', 'pkg', 'mod');
}

function environmentOf({ world, cell, place }: CellRun): Record<string, string> {
  return {
    ...goEnvironment(place.path),
    GOCACHE: sharedBuildCache(),
    XDG_CONFIG_HOME: world.directory.join('config'),
    ...(cell.fault.tls === undefined ? {} : { SSL_CERT_FILE: world.certificates.files.caFile }),
  };
}

/** The main step of the committed bundle. */
async function runOurs(run: CellRun): Promise<Ran | 'other order'> {
  const { world, cell, place, servers } = run;
  const { GOPROXY: _goproxy, HOME: _home, PATH: _path, ...env } = environmentOf(run);
  const result = await runAction({
    stage: 'main',
    workspace: world.project,
    temp: place.join('runner'),
    inputs: {
      proxies: servers.map(({ url }) => url).join('\n'),
      ...(cell.contestant === 'ours |' ? { fallback: 'any-error' } : {}),
      cache: 'false',
    },
    env,
    timeoutMs: OURS_TIMEOUT_MS,
  });
  const selected = result.outputs['selected-proxy'];
  if (cell.crossing === 'one-after' && selected !== servers[0]?.url) return 'other order';
  const evidence = `${result.stdout}\n${result.stderr}`;
  if (result.timedOut) return { outcome: 'hangs', evidence };
  if (result.exitCode !== 0) throw new Error(`${cellName(cell)}: main failed\n${evidence}`);
  return { evidence };
}

/** `go mod download` with both proxies, killed when it hangs. */
async function runTheGo(run: CellRun): Promise<Ran> {
  const { world, cell, servers } = run;
  const separator = cell.contestant === 'go |' ? '|' : ',';
  const env = { ...environmentOf(run), GOPROXY: servers.map(({ url }) => url).join(separator) };
  const child = spawn('go', ['mod', 'download'], {
    cwd: world.project,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let evidence = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      evidence += text;
    });
  }
  const startedAt = Date.now();
  let hangs = false;
  const timer = setInterval(() => {
    const last = Math.max(startedAt, ...servers.map(({ requests }) => requests.at(-1)?.when ?? 0));
    if (Date.now() - last < SILENCE_MS) return;
    hangs = true;
    child.kill('SIGKILL');
  }, 250);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  clearInterval(timer);
  if (hangs) return { outcome: 'hangs', evidence };
  return code === 0 ? { evidence } : { outcome: 'fails', evidence };
}

/** Without a network, with the module cache of the cell. Files that are there but of no use to go would be a contradiction. */
async function buildOffline(run: CellRun, right: number): Promise<Outcome> {
  const { world, cell } = run;
  const env = { ...environmentOf(run), GOPROXY: 'off' };
  const whole = right === 3 * world.modules.length;
  for (const args of [
    ['mod', 'download'],
    ['build', './...'],
  ]) {
    const { code, stderr } = await runGo(args, { cwd: world.project, env });
    if (code === 0) continue;
    if (whole) throw new Error(`${cellName(cell)}: all files are there, go ${args.join(' ')}: ${stderr}`);
    return 'fails';
  }
  if (!whole) throw new Error(`${cellName(cell)}: go builds offline with ${right} files`);
  return 'survives';
}

/** Compares every file of the download cache with what the modules are; `.info` by the version it names. */
async function judgeModCache(
  goModCache: string,
  modules: readonly SyntheticModule[],
): Promise<{ readonly right: number; readonly wrong: readonly string[] }> {
  const expected = new Map<string, (data: Buffer) => boolean>();
  for (const module of modules) {
    const file = `${escapeName(module.path)}/@v/${escapeName(module.version)}`;
    expected.set(`${file}.mod`, (data) => data.equals(Buffer.from(module.mod)));
    expected.set(`${file}.zip`, (data) => data.equals(module.zip));
    expected.set(`${file}.info`, (data) => versionIn(data) === module.version);
    expected.set(`${file}.ziphash`, (data) => data.toString().trim() === module.zipHash);
  }
  const cache = path.join(goModCache, 'cache');
  const wrong: string[] = [];
  let right = 0;
  for (const entry of await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(path.join(cache, 'download'), file).split(path.sep).join('/');
    if (/\.lock$|^\.\.\/lock$/.test(name)) continue;
    const isRight = expected.get(name);
    if (isRight === undefined || !isRight(await readFile(file))) wrong.push(name);
    else if (!name.endsWith('.ziphash')) right++;
  }
  return { right, wrong };
}

function versionIn(info: Buffer): unknown {
  try {
    return (JSON.parse(info.toString()) as { Version?: unknown }).Version;
  } catch {
    return undefined;
  }
}
