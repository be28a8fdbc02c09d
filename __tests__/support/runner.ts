import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  parseCommands,
  parseFileCommands,
  readInputDefaults,
  type WorkflowCommand,
} from './runner-protocol.ts';

export type { WorkflowCommand } from './runner-protocol.ts';

/** How a job went, in the runner's words. */
export type JobStatus = 'success' | 'failure' | 'cancelled';

/** One stage of the action. */
export interface StageOptions {
  readonly stage: 'main' | 'post';
  /** By name as in action.yml; the defaults of action.yml for what is not given. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Added to a minimal environment (PATH, HOME and the runner's own variables). */
  readonly env?: Readonly<Record<string, string>>;
  /** GITHUB_WORKSPACE and working directory. */
  readonly workspace: string;
  /** A directory for RUNNER_TEMP, HOME and the file commands; the caller removes it. */
  readonly temp: string;
  /** What main saved, for post: becomes STATE_*. */
  readonly state?: Readonly<Record<string, string>>;
  /** Default `dist/index.js` of the repository. */
  readonly bundle?: string;
  /** Default `action.yml` of the repository. */
  readonly actionFile?: string;
  /** For inputs whose default is `${{ job.status }}`; default success. */
  readonly jobStatus?: JobStatus;
  /** Then the process group is killed; default 60 s. */
  readonly timeoutMs?: number;
  /** Reads standard output in pieces of 4 KiB with this pause between them. */
  readonly slowReaderMs?: number;
  /** Cancels as the runner does when the output matches: SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL. */
  readonly cancelWhen?: RegExp;
  /** In place of that SIGINT, as a runner that is shut down sends it. */
  readonly cancelSignal?: 'SIGINT' | 'SIGTERM';
}

/** What a stage did. */
export interface StageResult {
  /** Of the process; -1 when a signal ended it. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  /** Whether the runner would have marked the step as failed: an exit code, or a malformed file command. */
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Of both streams, standard output first. */
  readonly commands: readonly WorkflowCommand[];
  /** What add-mask named. */
  readonly masks: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly paths: readonly string[];
  readonly summary: string;
  /** Problems with the file commands; all but a blocked NODE_OPTIONS fail the step in the runner. */
  readonly parseErrors: readonly string[];
  /** A child still held the pipes when the process had ended; the runner waits 5 s for it. */
  readonly lingering: boolean;
  readonly timedOut: boolean;
  /** `cancelWhen` matched, and the process got its signal. */
  readonly cancelled: boolean;
  readonly durationMs: number;
}

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FILES = ['ENV', 'OUTPUT', 'STATE', 'PATH', 'STEP_SUMMARY'] as const;
type FileName = (typeof FILES)[number];
const LINGER_MS = 5_000;

/** Runs one stage of the action's bundle on this Node, with what the runner would give it and nothing else. */
export async function runAction(options: StageOptions): Promise<StageResult> {
  const place = await makePlace(options.temp);
  const env = { ...baseEnvironment(options, place), ...(await inputEnvironment(options)), ...options.env };
  const state = options.stage === 'post' ? options.state : undefined;
  for (const [name, value] of Object.entries(state ?? {})) env[`STATE_${name}`] = value;
  const started = performance.now();
  const ended = await execute(options, env);
  const durationMs = performance.now() - started;
  return { ...ended, ...(await collect(ended, place.files)), durationMs };
}

interface Place {
  readonly home: string;
  readonly runnerTemp: string;
  readonly files: Readonly<Record<FileName, string>>;
}

async function makePlace(temp: string): Promise<Place> {
  const home = path.join(temp, 'home');
  const runnerTemp = path.join(temp, 'runner-temp');
  await mkdir(home, { recursive: true });
  await mkdir(runnerTemp, { recursive: true });
  const folder = await mkdtemp(path.join(temp, 'file-commands-'));
  const files = Object.fromEntries(FILES.map((name) => [name, path.join(folder, name.toLowerCase())]));
  await Promise.all(Object.values(files).map((file) => writeFile(file, '')));
  return { home, runnerTemp, files: files as Record<FileName, string> };
}

function baseEnvironment(options: StageOptions, place: Place): Record<string, string> {
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: place.home,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: options.workspace,
    GITHUB_ACTION: '__self',
    RUNNER_TEMP: place.runnerTemp,
    RUNNER_OS: process.platform === 'win32' ? 'Windows' : process.platform === 'darwin' ? 'macOS' : 'Linux',
  };
  for (const name of FILES) env[`GITHUB_${name}`] = place.files[name];
  if (process.platform === 'win32') {
    // Without these two no program starts there.
    for (const name of ['SystemRoot', 'PATHEXT']) env[name] = process.env[name] ?? '';
    env['USERPROFILE'] = place.home;
  }
  return env;
}

/** INPUT_* as the runner spells them: upper case, spaces to underscores, hyphens kept. */
async function inputEnvironment(options: StageOptions): Promise<Record<string, string>> {
  const yaml = await readFile(options.actionFile ?? path.join(REPOSITORY, 'action.yml'), 'utf8');
  const values = new Map(readInputDefaults(yaml, { jobStatus: options.jobStatus ?? 'success' }));
  for (const [name, value] of Object.entries(options.inputs ?? {})) values.set(name, value);
  const env: Record<string, string> = {};
  for (const [name, value] of values) env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;
  return env;
}

type Ended = Pick<
  StageResult,
  'exitCode' | 'signal' | 'stdout' | 'stderr' | 'lingering' | 'timedOut' | 'cancelled'
>;

function execute(options: StageOptions, env: Record<string, string>): Promise<Ended> {
  const bundle = options.bundle ?? path.join(REPOSITORY, 'dist', 'index.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle], {
      cwd: options.workspace,
      env,
      // A group of its own, so that all of it can be killed; the runner, too, signals only the process.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, options.timeoutMs ?? 60_000);
    const chunks = { stdout: '', stderr: '' };
    const cancel = makeCancel(child, options);
    const add = (stream: 'stdout' | 'stderr') => (text: string) => {
      chunks[stream] += text;
      cancel.look(chunks.stdout);
    };
    readStream(child.stdout, options.slowReaderMs ?? 0, add('stdout'));
    readStream(child.stderr, 0, add('stderr'));
    child.on('error', reject);
    let lingering = false;
    let lingerTimer: NodeJS.Timeout | undefined;
    child.on('exit', () => {
      if (options.slowReaderMs !== undefined) return;
      lingerTimer = setTimeout(() => {
        lingering = true;
        killGroup(child);
        child.stdout.destroy();
        child.stderr.destroy();
      }, LINGER_MS);
    });
    child.on('close', (code, signal) => {
      for (const each of [timer, lingerTimer]) clearTimeout(each);
      cancel.stop();
      resolve({ exitCode: code ?? -1, signal, ...chunks, lingering, timedOut, cancelled: cancel.done() });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}

function readStream(stream: NodeJS.ReadableStream, pauseMs: number, add: (text: string) => void): void {
  stream.setEncoding('utf8');
  if (pauseMs === 0) {
    stream.on('data', add);
    return;
  }
  const readable = stream as NodeJS.ReadableStream & {
    read(size?: number): string | null;
    readableEnded: boolean;
  };
  // Without a listener for it node would let the stream flow, into nothing, when the process ends.
  stream.on('readable', () => {});
  const next = () => {
    const text = readable.read(4096) ?? readable.read();
    if (text !== null) add(text.toString());
    if (!readable.readableEnded) setTimeout(next, pauseMs);
  };
  next();
}

function makeCancel(
  child: ChildProcess,
  { cancelWhen: when, cancelSignal = 'SIGINT' }: Pick<StageOptions, 'cancelWhen' | 'cancelSignal'>,
) {
  const timers: NodeJS.Timeout[] = [];
  return {
    look(output: string): void {
      if (when === undefined || timers.length > 0 || !when.test(output)) return;
      child.kill(cancelSignal);
      timers.push(setTimeout(() => child.kill('SIGTERM'), 7_500));
      timers.push(setTimeout(() => killGroup(child), 10_000));
    },
    done: () => timers.length > 0,
    stop(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

type Collected = Pick<
  StageResult,
  'commands' | 'masks' | 'env' | 'outputs' | 'state' | 'paths' | 'summary' | 'parseErrors' | 'failed'
>;

async function collect(ended: Ended, files: Readonly<Record<FileName, string>>): Promise<Collected> {
  const text = async (name: FileName) => {
    try {
      return await readFile(files[name], 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  const env = parseFileCommands('GITHUB_ENV', await text('ENV'));
  const outputs = parseFileCommands('GITHUB_OUTPUT', await text('OUTPUT'));
  const state = parseFileCommands('GITHUB_STATE', await text('STATE'));
  const commands = [...parseCommands(ended.stdout), ...parseCommands(ended.stderr)];
  const parseErrors = [...env.errors, ...outputs.errors, ...state.errors];
  const failed = ended.exitCode !== 0 || parseErrors.length > 0;
  const { NODE_OPTIONS: blocked, ...allowed } = env.pairs;
  if (blocked !== undefined) parseErrors.push('GITHUB_ENV: NODE_OPTIONS cannot be set');
  return {
    commands,
    masks: commands.filter((command) => command.name === 'add-mask').map((command) => command.message),
    env: allowed,
    outputs: outputs.pairs,
    state: state.pairs,
    paths: (await text('PATH')).split(/\r\n|\r|\n/).filter((line) => line !== ''),
    summary: await text('STEP_SUMMARY'),
    parseErrors,
    failed,
  };
}

/** What a step between main and post sees. */
export interface StepContext {
  /** The environment of a later `run` step: minimal, with what main exported and PATH extended. */
  readonly env: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A step after main; `false` or an exception fails the job and skips the steps after it. */
export type Step = (context: StepContext) => Promise<boolean | undefined> | Promise<void>;

/** A job of this action and later steps. */
export interface JobOptions extends Omit<StageOptions, 'stage' | 'state' | 'jobStatus'> {
  readonly steps?: readonly Step[];
  /** For post instead of how the job went. */
  readonly jobStatus?: JobStatus;
}

/** What a job did. */
export interface JobResult {
  readonly main: StageResult;
  readonly post: StageResult;
  /** How the job stood when post began. */
  readonly jobStatus: JobStatus;
  /** What a failing step threw. */
  readonly stepError?: unknown;
  readonly masks: readonly string[];
}

/** Runs main, the steps, and post with main's state and environment; post runs whatever happened before it. */
export async function runJob(options: JobOptions): Promise<JobResult> {
  const { steps = [], jobStatus: given, cancelWhen, ...stage } = options;
  const cancelling = cancelWhen === undefined ? {} : { cancelWhen };
  const main = await runAction({ ...stage, ...cancelling, stage: 'main' });
  const paths = [...main.paths].reverse().concat(process.env['PATH'] ?? '');
  const carried = {
    ...options.env,
    ...main.env,
    ...(main.paths.length > 0 ? { PATH: paths.join(path.delimiter) } : {}),
  };
  const place = await makePlace(options.temp);
  const env = { ...baseEnvironment({ ...stage, stage: 'main' }, place), ...carried };
  let jobStatus: JobStatus = main.cancelled ? 'cancelled' : main.failed ? 'failure' : 'success';
  let stepError: unknown;
  for (const step of steps) {
    if (jobStatus !== 'success') break;
    try {
      const passed = await step({ env, workspace: options.workspace, outputs: main.outputs });
      if (passed === false) jobStatus = 'failure';
    } catch (error) {
      stepError = error;
      jobStatus = 'failure';
    }
  }
  const status = given ?? jobStatus;
  const post = await runAction({
    ...stage,
    env: carried,
    stage: 'post',
    state: main.state,
    jobStatus: status,
  });
  const masks = [...main.masks, ...post.masks];
  return { main, post, jobStatus: status, masks, ...(stepError === undefined ? {} : { stepError }) };
}
