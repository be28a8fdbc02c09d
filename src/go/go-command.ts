import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { childEnvironment, type Environment } from './child-env.ts';
import { GoRuleError } from './go-rule-error.ts';
import { killGroup } from './process-group.ts';

/** What a go command printed before it ended with exit code 0. */
export interface GoOutput {
  readonly stdout: string;
}

/** How a go command ended that was given the time to. */
export interface GoEnd {
  /** null when a signal ended it, which was not ours. */
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** At most the first bytes that were to be kept. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Says why there is no {@link GoEnd} or {@link GoOutput}; the code is `go-env`. */
export class GoCommandError extends GoRuleError {
  readonly why: 'not-started' | 'timeout' | 'failed';

  constructor(why: GoCommandError['why'], message: string, options?: ErrorOptions) {
    super('go-env', message, options);
    this.why = why;
  }
}

/** Options of {@link runGoCommand}. */
export interface GoCommandOptions {
  readonly directory: string;
  /** The whole environment; what a child must not see is taken out here. */
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const STDOUT_LIMIT_BYTES = 1 << 20;
const STDERR_LIMIT_BYTES = 4096;

/**
 * Returns what `go ARGS` prints. Throws {@link GoCommandError}, with one sentence, when go is missing, fails, prints more
 * than 1 MiB or takes longer than the timeout, and the signal's reason when that is aborted. Whatever happens, the child's
 * process group (on Windows the child) is killed before this settles.
 */
export async function runGoCommand(args: readonly string[], options: GoCommandOptions): Promise<GoOutput> {
  const keep = { stdoutBytes: STDOUT_LIMIT_BYTES, stderrBytes: STDERR_LIMIT_BYTES, failsBeyond: true };
  const { exitCode, killedBy, stdout, stderr } = await runChild(args, options, keep);
  if (exitCode === 0) return { stdout };
  const how = killedBy ?? `exit code ${exitCode}`;
  throw new GoCommandError('failed', `go ${args[0] ?? ''} failed (${how})${firstLine(stderr)}`);
}

/**
 * Returns how `go ARGS` ended, also when it failed, with the first `keptBytes` of standard output and of standard error.
 * Throws {@link GoCommandError} when go is missing or takes longer than the timeout; otherwise as runGoCommand.
 */
export function runGoToItsEnd(
  args: readonly string[],
  { keptBytes, ...options }: GoCommandOptions & { readonly keptBytes: number },
): Promise<GoEnd> {
  return runChild(args, options, { stdoutBytes: keptBytes, stderrBytes: keptBytes, failsBeyond: false });
}

/** What is kept of the output, and whether more of standard output is a failure. */
interface Keeping {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly failsBeyond: boolean;
}

async function runChild(
  args: readonly string[],
  { directory, env, timeoutMs, signal }: GoCommandOptions,
  { stdoutBytes, stderrBytes, failsBeyond }: Keeping,
): Promise<GoEnd> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<GoEnd>();
  const child = spawn('go', [...args], {
    cwd: directory,
    env: childEnvironment(env),
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const stdout = collect(stdoutBytes);
  const stderr = collect(stderrBytes);
  const what = `go ${args[0] ?? ''}`;

  let isSettled = false;
  const settle = (finish: () => void): void => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    if (process.platform === 'win32') child.kill('SIGKILL');
    else killGroup(child.pid);
    // A process that has left the group may hold the pipes open; it must not hold us.
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
    finish();
  };
  const fail = (why: GoCommandError['why'], message: string, options?: ErrorOptions): void =>
    settle(() => reject(new GoCommandError(why, message, options)));
  const onAbort = (): void => settle(() => reject(signal?.reason));
  const timer = setTimeout(
    () => fail('timeout', `${what} did not end within ${timeoutMs / 1000} s`),
    timeoutMs,
  );
  signal?.addEventListener('abort', onAbort, { once: true });

  child.stdout.on('data', (chunk: Buffer) => {
    if (!stdout.add(chunk) && failsBeyond) fail('failed', `${what} printed more than ${stdoutBytes} bytes`);
  });
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  child.on('error', (cause: NodeJS.ErrnoException) => {
    void startFailure(what, directory, cause).then((message) => fail('not-started', message, { cause }));
  });
  child.on('close', (exitCode, killedBy) => {
    // It never ran: the error event tells why.
    if (child.pid === undefined) return;
    settle(() => resolve({ exitCode, killedBy, stdout: stdout.text(), stderr: stderr.text() }));
  });
  return promise;
}

/** Keeps the first `limit` bytes; `add` says whether everything fitted. */
function collect(limit: number): { add(chunk: Buffer): boolean; text(): string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      const fits = chunk.length <= limit - bytes;
      chunks.push(fits ? chunk : chunk.subarray(0, limit - bytes));
      bytes = Math.min(limit, bytes + chunk.length);
      return fits;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

async function startFailure(what: string, directory: string, cause: NodeJS.ErrnoException): Promise<string> {
  // A missing directory is reported as a missing command.
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() !== true) return `${what} could not run: ${directory} is not a directory`;
  if (cause.code === 'ENOENT') return 'there is no go command on PATH';
  return `${what} could not be started (${cause.code ?? 'unknown reason'})`;
}

function firstLine(text: string): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? '';
  const plain = line.replace(/[\x00-\x1f\x7f]/g, ' ').trim();
  return plain === '' ? '' : `: ${plain.slice(0, 200)}`;
}
