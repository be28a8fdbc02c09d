import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Report } from '../../src/report/report.ts';
import { makeModule } from './modules.ts';
import { startProxy } from './proxy-server.ts';
import { type JobResult, runJob } from './runner.ts';
import type { TempDir } from './temp.ts';

const run = promisify(execFile);

/** A real program with more than 300 modules in its wanted set. */
export const PROGRAM = 'github.com/cli/cli/v2@v2.62.0';

/** What decides how go reaches this machine's module proxy; passed on as `go env` has it. */
const PASSED_ON = ['GOSUMDB', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE', 'GOAUTH', 'GOFLAGS'];
/** The same, of the environment. */
const NETWORK = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
];

/** This machine's own module proxy. */
export interface MachineProxy {
  /** As it stands in GOPROXY; never to be written anywhere. */
  readonly entry: string;
  /** What go needs to use it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the first proxy of `go env GOPROXY`, or why there is none: the visible reason of a skipped test. */
export async function findMachineProxy(): Promise<MachineProxy | { readonly reason: string }> {
  try {
    const { stdout } = await run('go', ['env', '-json', 'GOPROXY', ...PASSED_ON], { timeout: 30_000 });
    const values = JSON.parse(stdout) as Record<string, string>;
    const entry = (values['GOPROXY'] ?? '').split(/[,|]/).find((one) => /^https?:/.test(one.trim()));
    if (entry === undefined) return { reason: 'go env GOPROXY names no proxy' };
    const env = { ...pick(values, PASSED_ON), ...pick(process.env, NETWORK), ...netrc() };
    await run('go', ['list', '-m', '-json', PROGRAM], {
      cwd: '/',
      env: { ...goBasics(process.env['HOME'] ?? '/'), ...env, GOPROXY: entry.trim() },
      timeout: 60_000,
    });
    return { entry: entry.trim(), env };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      reason:
        code === 'ENOENT' ? 'there is no go command' : 'the module proxy of go env GOPROXY does not answer',
    };
  }
}

/** One command of the real go, run without a network on the module cache that the action filled. */
export interface OfflineRun {
  readonly command: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** What a run with real input showed. */
export interface RealRun {
  readonly job: JobResult;
  /** Modules that go.mod requires. */
  readonly required: number;
  /** Modules that the wanted set names, and how many of their files were missing. */
  readonly wanted: number;
  readonly missing: number;
  readonly offline: readonly OfflineRun[];
}

/**
 * What a job does with a program; also `mod download`, for every required module has its zip line. `whole` compiles all of
 * it, for minutes; else every package is loaded, with those of its tests, and none is compiled.
 */
function offlineCommands(extent: Extent): readonly (readonly string[])[] {
  const compiling =
    extent === 'whole'
      ? [
          ['build', './...'],
          ['vet', './...'],
        ]
      : [['list', '-deps', '-test', './...']];
  return [...compiling, ['mod', 'verify'], ['mod', 'download']];
}

/** How much of the program is compiled. */
export type Extent = 'whole' | 'part';

/** A program of this size compiles for minutes on two cores. */
const COMMAND_LIMIT_MS = 900_000;
const STEP_LIMIT_MS = 600_000;

/**
 * Takes the program through the machine's module proxy, gives the action that proxy between two broken candidates, and
 * then runs the real go with GOPROXY=off on what the action fetched.
 */
export async function runOnRealInput(
  temp: TempDir,
  { entry, env }: MachineProxy,
  extent: Extent,
): Promise<RealRun> {
  const project = temp.join('project');
  const goEnv = { ...goBasics(temp.join('home')), ...env };
  await mkdir(project, { recursive: true });
  await mkdir(temp.join('home'), { recursive: true });
  const { stdout } = await run('go', ['mod', 'download', '-json', PROGRAM], {
    cwd: temp.path,
    env: { ...goEnv, GOPROXY: entry, GOMODCACHE: temp.join('program') },
    timeout: 120_000,
  });
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  await cp(source, project, { recursive: true });
  await makeWritable(project);
  const required = ((await readFile(path.join(project, 'go.mod'), 'utf8')).match(/^\s+\S+ v\S+/gm) ?? [])
    .length;

  const modules = [makeModule({ path: 'example.com/none', version: 'v1.0.0' })];
  await using failing = await startProxy({
    modules,
    faults: [{ match: 'any', kind: 'status', status: 503 }],
  });
  await using silent = await startProxy({ modules, faults: [{ match: 'any', kind: 'headers-never' }] });
  const offline: OfflineRun[] = [];
  const job = await runJob({
    workspace: project,
    temp: temp.join('runner'),
    // Without `direct` the chain cannot be what go would have anyway, so that it must be exported.
    inputs: {
      proxies: [failing.url, entry, silent.url].join('\n'),
      direct: 'false',
      'probe-timeout': '20s',
    },
    env: { ...env, GOPATH: temp.join('gopath') },
    timeoutMs: STEP_LIMIT_MS,
    steps: [
      async (step) => {
        // All that is exported but GOPROXY: whatever go lacks, it must not have from anywhere.
        const stepEnv = { ...goEnv, ...step.env, GOPATH: temp.join('gopath'), GOPROXY: 'off' };
        const flags = `${env['GOFLAGS'] ?? ''} -modcacherw -buildvcs=false`.trim();
        for (const args of offlineCommands(extent))
          offline.push(await runOffline(args, project, { ...stepEnv, GOFLAGS: flags }));
      },
    ],
  });
  return { job, required, ...(await readCounts(job)), offline };
}

async function runOffline(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<OfflineRun> {
  const started = performance.now();
  const ok = await run('go', [...args], { cwd, env, timeout: COMMAND_LIMIT_MS, maxBuffer: 64 << 20 }).then(
    () => true,
    () => false,
  );
  return { command: `go ${args.join(' ')}`, ok, seconds: (performance.now() - started) / 1000 };
}

async function readCounts({ main }: JobResult): Promise<Pick<RealRun, 'wanted' | 'missing'>> {
  const text = await readFile(main.outputs['report'] ?? '', 'utf8');
  const { wanted } = JSON.parse(text) as Pick<Report, 'wanted'>;
  return { wanted: wanted?.modules ?? 0, missing: wanted?.missing ?? 0 };
}

/** What comes out of a module cache is read-only, and could not be removed. */
async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

function goBasics(home: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, GOENV: 'off', GOTOOLCHAIN: 'local' };
}

function netrc(): Record<string, string> {
  const file = process.env['NETRC'] ?? path.join(process.env['HOME'] ?? '/', '.netrc');
  return { NETRC: file };
}

function pick(
  values: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values[name] || values[name.toLowerCase()];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
