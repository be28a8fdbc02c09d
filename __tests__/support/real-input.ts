import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeModule } from './modules.ts';
import { startProxy } from './proxy-server.ts';
import { type JobResult, runJob } from './runner.ts';
import type { TempDir } from './temp.ts';

const run = promisify(execFile);

/** A real program with more than 100 required modules. */
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

/** What a run with real input showed. */
export interface RealRun {
  readonly job: JobResult;
  readonly required: number;
  /** Seconds that `go mod download` took with exactly the exported environment; undefined when it failed. */
  readonly downloadSeconds?: number;
}

/**
 * Takes go.mod and go.sum of the program through the machine's module proxy, gives the action that proxy between two broken
 * candidates, and then runs the real `go mod download` with exactly the exported environment.
 */
export async function runOnRealInput(temp: TempDir, { entry, env }: MachineProxy): Promise<RealRun> {
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
  for (const name of ['go.mod', 'go.sum']) await copyFile(path.join(source, name), path.join(project, name));
  const required = ((await readFile(path.join(project, 'go.mod'), 'utf8')).match(/^\s+\S+ v\S+/gm) ?? [])
    .length;

  const modules = [makeModule({ path: 'example.com/none', version: 'v1.0.0' })];
  await using failing = await startProxy({
    modules,
    faults: [{ match: 'any', kind: 'status', status: 503 }],
  });
  await using silent = await startProxy({ modules, faults: [{ match: 'any', kind: 'headers-never' }] });
  let downloadSeconds: number | undefined;
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
    steps: [
      async (step) => {
        const started = performance.now();
        await run('go', ['mod', 'download'], {
          cwd: project,
          env: { ...goEnv, ...step.env, GOPATH: temp.join('gopath') },
          timeout: 240_000,
        });
        downloadSeconds = (performance.now() - started) / 1000;
      },
    ],
  });
  return { job, required, ...(downloadSeconds === undefined ? {} : { downloadSeconds }) };
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
