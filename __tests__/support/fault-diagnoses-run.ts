import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '../../src/diagnosis/finding.ts';
import { diagnoseLog } from '../../src/diagnosis/log-diagnosis.ts';
import { killGroup } from '../../src/go/process-group.ts';
import { type CertificateSet, makeCertificateSet } from './certificate-set.ts';
import {
  type Cell,
  type Crossing,
  faultsOf,
  MATRIX_FAULTS,
  type MatrixFault,
  rowName,
} from './fault-matrix.ts';
import { drain, startServer } from './fault-matrix-run.ts';
import { sharedBuildCache } from './go.ts';
import { annotationsOf, readReport } from './job.ts';
import { makeModule, type SyntheticModule, writeProject } from './modules.ts';
import type { ProxyServer } from './proxy-server.ts';
import { type JobOptions, type JobResult, runJob, type StageResult, type StepContext } from './runner.ts';
import { startSwitchboard } from './switchboard.ts';
import { makeTempDir, type TempDir } from './temp.ts';

/** One annotation, with what its finding says. */
export interface Told extends Pick<Finding, 'id' | 'class' | 'fault' | 'rerunHelps'> {
  /** The annotation's first sentence; `a` and `b` stand for the proxies, PORT for any other port. */
  readonly sentence: string;
}

/** What go came to as a later step. */
export type GoEnd =
  | { readonly kind: 'works' | 'hangs' }
  /** With each failure that its lines tell of, as far as they are recognised. */
  | { readonly kind: 'fails'; readonly said: readonly Pick<Told, 'id' | 'class'>[]; readonly log: string };

/**
 * How a user meets a fault. `probe`: main, when one proxy of two has it from the start. `prefetch`: main, when the only
 * proxy has it after the probe. `build`, `download`: a later step and post, when the only proxy has it after main.
 */
export const SCENES = ['probe', 'prefetch', 'build', 'download'] as const;
export type Scene = (typeof SCENES)[number];

/** What the later steps run: a build asks for what it lacks, a download for all. */
const COMMANDS = { build: ['build', './...'], download: ['mod', 'download'] } as const;

/** What a user sees of one fault in one scene. */
export interface Seen {
  readonly fault: MatrixFault;
  readonly scene: Scene;
  /** Absent where no later step is run. */
  readonly go?: GoEnd;
  /** The annotations: of post in `build` and `download`, else of main. */
  readonly told: readonly Told[];
}

/** Returns the scenes in which a fault says anything that another does not. */
export function scenesOf(fault: MatrixFault): readonly Scene[] {
  return SCENES.filter((scene) => {
    if (scene === 'prefetch') return fault.leftOut?.['one-after'] === undefined;
    // Where no answer comes it makes no difference what was asked for.
    return scene !== 'download' || isAnswered(fault);
  });
}

function isAnswered({ place, fault }: MatrixFault): boolean {
  return place === 'wrong content' || place === 'statuses' || fault?.kind === 'truncate';
}

/** Two cores run no more at a time ... */
const JOBS_AT_ONCE = 4;
/** ... but silence costs them nothing. */
const WAITING_AT_ONCE = 16;
/** A go command that has sent no request for so long, and does not end, never will ... */
const SILENCE_MS = 4000;
/** ... but on a busy machine it begins late. */
const START_MS = 20_000;
/** So that on a busy machine the healthy candidate is done in less than half of it: what is told says by whom a probe was ended. */
const PROBE_TIMEOUT = '20s';
const STAGE_MS = 90_000;

interface World {
  readonly directory: TempDir;
  /** The first is the one that the probe asks for. */
  readonly modules: readonly SyntheticModule[];
  readonly certificates: CertificateSet;
}

/** Runs every scene of the faults, default all, and returns what was seen in the order of faults and scenes. */
export async function runDiagnoses(
  faults: readonly MatrixFault[] = MATRIX_FAULTS,
  onSeen?: (seen: Seen, elapsedMs: number) => void,
): Promise<readonly Seen[]> {
  await using directory = await makeTempDir('setup-goproxy-diagnoses-');
  const certificates = await makeCertificateSet();
  await using _certificates = certificates.directory;
  const module = (path: string) => makeModule({ path, version: 'v1.2.3', sizeBytes: 40_000 });
  const modules = ['fault.test/Acme/probed', 'fault.test/needed'].map(module);
  // Go's telemetry outlives the command, and would write into a directory that has been removed.
  await mkdir(directory.join('config', 'go', 'telemetry'), { recursive: true });
  await writeFile(directory.join('config', 'go', 'telemetry', 'mode'), 'off');
  const world: World = { directory, modules, certificates };
  const results: Seen[] = [];
  const run = async ([index, { fault, scene }]: readonly [number, Pick<Seen, 'fault' | 'scene'>]) => {
    const startedAt = performance.now();
    try {
      const seen = { fault, scene, ...(await play(world, fault, scene)) };
      results[index] = seen;
      onSeen?.(seen, performance.now() - startedAt);
    } catch (error) {
      throw new Error(`${rowName(fault)}, ${scene}: ${(error as Error).message}`, { cause: error });
    }
  };
  const entries = [
    ...faults.flatMap((fault) => scenesOf(fault).map((scene) => ({ fault, scene }))).entries(),
  ];
  const waits = ([, { fault }]: (typeof entries)[number]) => fault.waits === true;
  await Promise.all([
    drain(entries.filter(waits), WAITING_AT_ONCE, run),
    drain(
      entries.filter((entry) => !waits(entry)),
      JOBS_AT_ONCE,
      run,
    ),
  ]);
  return results;
}

async function play(world: World, fault: MatrixFault, scene: Scene): Promise<Pick<Seen, 'go' | 'told'>> {
  switch (scene) {
    case 'probe':
      return { told: await tellOfProbe(world, fault) };
    case 'prefetch':
      return { told: await tellOfPrefetch(world, fault) };
    case 'build':
    case 'download':
      return await tellOfLaterStep(world, fault, COMMANDS[scene]);
    default: {
      const never: never = scene;
      return never;
    }
  }
}

/** The fault is there from the start, and another proxy has none. */
async function tellOfProbe(world: World, fault: MatrixFault): Promise<readonly Told[]> {
  await using place = await makeTempDir('setup-goproxy-told-');
  await using a = await startServer(world, cellOf(fault, 'one-start'), 'a');
  await using b = await startServer(world, cellOf(fault, 'one-start'), 'b');
  const ports = { a: a.port, b: b.port };
  const { main } = await job({
    world,
    fault,
    place,
    urls: [a.url, b.url],
    modules: world.modules,
    inputs: { 'probe-timeout': PROBE_TIMEOUT },
  });
  return tellingsOf(main, await findingsIn(main), ports);
}

/** The fault begins after the probe, and there is no other proxy. */
async function tellOfPrefetch(world: World, fault: MatrixFault): Promise<readonly Told[]> {
  await using place = await makeTempDir('setup-goproxy-told-');
  const cell = cellOf(fault, 'one-after');
  await using a = await startServer(world, cell, 'a');
  // Of one kind of file the probe asks for one.
  if (isOfOneKind(fault)) await a.setFaults(faultsOf(cell, 'a').map((one) => ({ ...one, afterRequests: 1 })));
  const { main } = await job({ world, fault, place, urls: [a.url], modules: world.modules });
  return tellingsOf(main, await findingsIn(main), { a: a.port });
}

/** The fault begins after main, which had nothing to fetch, and there is no other proxy. */
async function tellOfLaterStep(
  world: World,
  fault: MatrixFault,
  command: readonly string[],
): Promise<Pick<Seen, 'go' | 'told'>> {
  await using place = await makeTempDir('setup-goproxy-told-');
  const cell = cellOf(fault, 'one-start');
  await using healthy = await startServer(world, cell, 'b');
  await using broken = await startServer(world, cell, 'a');
  await using board = await startSwitchboard(healthy.port);
  // A certificate cannot change in a server that runs.
  const isOfServer = fault.fault === undefined;
  const url = isOfServer ? healthy.url.replace(`:${healthy.port}`, `:${board.port}`) : healthy.url;
  let go: GoEnd = { kind: 'works' };
  const step = async (context: StepContext) => {
    if (isOfServer) board.switchTo(broken.port);
    else await healthy.setFaults(faultsOf(cell, 'a'));
    go = await runGoAsStep(command, context, healthy);
    return go.kind === 'works';
  };
  const modules = world.modules.slice(1);
  const inputs = { prefetch: 'false' };
  const { main, post } = await job({ world, fault, place, urls: [url], modules, inputs, steps: [step] });
  const ports = { a: isOfServer ? board.port : healthy.port };
  return { go, told: tellingsOf(post, await findingsIn(main), ports) };
}

function isOfOneKind({ fault }: MatrixFault): boolean {
  return fault?.match !== undefined && fault.match !== 'any';
}

function cellOf(fault: MatrixFault, crossing: Crossing): Cell {
  return { fault, crossing, contestant: 'ours ,' };
}

interface JobRequest extends Pick<JobOptions, 'inputs' | 'steps'> {
  readonly world: World;
  readonly fault: MatrixFault;
  readonly place: TempDir;
  readonly urls: readonly string[];
  /** What the project requires. */
  readonly modules: readonly SyntheticModule[];
}

async function job({ world, fault, place, urls, modules, ...options }: JobRequest): Promise<JobResult> {
  const workspace = place.join('workspace');
  await writeProject(workspace, { modules });
  await replaceMain(workspace);
  const result = await runJob({
    workspace,
    temp: place.join('runner'),
    steps: options.steps ?? [],
    inputs: { proxies: urls.join('\n'), mirrors: 'none', cache: 'false', ...options.inputs },
    env: {
      GOSUMDB: 'off',
      GOFLAGS: '-modcacherw',
      GOTOOLCHAIN: 'local',
      GOCACHE: sharedBuildCache(),
      XDG_CONFIG_HOME: world.directory.join('config'),
      ...(fault.tls === undefined ? {} : { SSL_CERT_FILE: world.certificates.files.caFile }),
    },
    timeoutMs: STAGE_MS,
  });
  for (const [name, { exitCode, timedOut, stdout, stderr }] of Object.entries({
    main: result.main,
    post: result.post,
  })) {
    if (exitCode !== 0 || timedOut) throw new Error(`${name} ended with ${exitCode}\n${stdout}\n${stderr}`);
  }
  if (result.stepError !== undefined) throw result.stepError;
  return result;
}

/** No main program, so that nothing is linked. */
async function replaceMain(workspace: string): Promise<void> {
  const file = path.join(workspace, 'main.go');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('package main', 'package app').replace('func main', 'func Run'));
}

async function findingsIn({ outputs }: Pick<StageResult, 'outputs'>): Promise<readonly Finding[]> {
  return (await readReport({ outputs })).findings;
}

type Ports = Readonly<Record<string, number>>;

/** Each annotation of a stage with the finding that it tells. */
function tellingsOf(stage: StageResult, findings: readonly Finding[], ports: Ports): readonly Told[] {
  return annotationsOf(stage).map(({ properties, message }) => {
    const id = properties['title']?.replace('setup-goproxy: ', '') ?? '';
    const finding = findings.find((one) => one.id === id);
    if (finding === undefined) throw new Error(`no finding of an annotation: ${id}: ${message}`);
    const { class: failureClass, fault, rerunHelps } = finding;
    return { id, class: failureClass, fault, rerunHelps, sentence: withoutPorts(sentenceOf(message), ports) };
  });
}

/** Up to the evidence, or the remedy where none is shown. */
function sentenceOf(message: string): string {
  return message.replace(/ (?:Evidence|Remedy): .*$/s, '');
}

function withoutPorts(text: string, ports: Ports): string {
  const named = Object.entries(ports).reduce(
    (before, [name, port]) =>
      before.replace(new RegExp(`(?:https?://)?127\\.0\\.0\\.1:${port}\\b`, 'g'), name),
    text,
  );
  return named.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT');
}

/** The command, killed when it hangs, as a step is whose time is over. */
async function runGoAsStep(
  args: readonly string[],
  { env, workspace }: StepContext,
  server: ProxyServer,
): Promise<GoEnd> {
  const child = spawn('go', args, {
    cwd: workspace,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  let hangs = false;
  const contacts = () => server.requests.length + server.connections;
  let [seen, lastAt, patienceMs] = [contacts(), Date.now(), START_MS];
  const timer = setInterval(() => {
    if (contacts() !== seen) [seen, lastAt, patienceMs] = [contacts(), Date.now(), SILENCE_MS];
    if (Date.now() - lastAt < patienceMs) return;
    hangs = true;
    killGroup(child.pid);
  }, 100);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  clearInterval(timer);
  if (hangs) return { kind: 'hangs' };
  if (code === 0) return { kind: 'works' };
  const said = diagnoseLog(log.split('\n')).map(({ id, entry }) => ({ id, class: entry.class }));
  return { kind: 'fails', said, log };
}
