import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { killGroup } from '../go/process-group.ts';
import { type Closing, within } from './closing.ts';
import { reasonForSaveFailure, saysFailure } from './save-failure.ts';
import type { SaveMessage } from './save-process.ts';

/** What became of an archive. */
export type SaveResult =
  | { readonly kind: 'saved' }
  /** `reason` follows "cache not saved: ". */
  | { readonly kind: 'not-saved'; readonly reason: string };

/** What is saved, and how long that may take. */
export interface SaveRequest {
  /** A private directory that holds `gomod/`. */
  readonly root: string;
  readonly key: string;
  /** Absolute path of the bundle of the process that saves. */
  readonly script: string;
  readonly timeoutMs: number;
  readonly closing: Closing;
  readonly signal: AbortSignal;
}

/** The end of the library's output, for the reason. */
const OUTPUT_LIMIT = 64 << 10;
/** How long a killed process may take to be gone. */
const KILL_MS = 2_000;

/**
 * Saves `root/gomod` by @actions/cache in a process of its own, which is killed with all that it started when the time is
 * over. Its output is not shown: what it says of a failure becomes the reason. Never rejects.
 */
export async function saveInProcess(request: SaveRequest): Promise<SaveResult> {
  const { root, timeoutMs, signal } = request;
  if (signal.aborted) return notSaved('the step was ended');
  const temp = path.join(root, 'temp');
  try {
    await mkdir(temp, { recursive: true, mode: 0o700 });
  } catch {
    return notSaved('there is no place for its archive');
  }
  const child = startSaving(request, temp);
  const { promise, resolve } = Promise.withResolvers<SaveResult>();
  const closed = watchSaving(child, resolve);
  const forget = child.pid === undefined ? () => {} : request.closing.killAtEnd(child.pid);
  const timer = setTimeout(() => {
    resolve(notSaved(`it took longer than ${Math.round(timeoutMs / 1000)} s`));
  }, timeoutMs);
  const onAbort = () => resolve(notSaved('the step was ended'));
  signal.addEventListener('abort', onAbort, { once: true });
  const result = await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
  if (killGroup(child.pid)) await within(KILL_MS, closed);
  // On Windows only the end of the step kills a tree of processes.
  if (process.platform !== 'win32' || child.exitCode !== null) forget();
  return result;
}

function startSaving({ root, key, script }: SaveRequest, temp: string): ChildProcess {
  return spawn(process.execPath, [script], {
    cwd: root,
    env: savingEnvironment({ GITHUB_WORKSPACE: root, RUNNER_TEMP: temp, SETUP_GOPROXY_KEY: key }),
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
}

/** The library needs ACTIONS_*; inputs and states are nothing to it, and in debugging it would list the whole archive. */
function savingEnvironment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(?:INPUT_|STATE_|RUNNER_DEBUG$)/i.test(name)) env[name] = value;
  }
  return { ...env, ...own };
}

/** Resolves when the process and whoever writes into its pipes is gone. */
function watchSaving(child: ChildProcess, resolve: (result: SaveResult) => void): Promise<void> {
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let output = '';
  let message: SaveMessage | undefined;
  const collect = (piece: Buffer) => {
    output = (output + piece.toString('utf8')).slice(-OUTPUT_LIMIT);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.on('message', (told) => {
    message = told as SaveMessage;
  });
  child.on('error', () => {
    resolve(notSaved('the process that saves could not be started'));
    if (child.pid === undefined) onClosed();
  });
  child.on('close', (_code, killedBy) => {
    resolve(judge(message, output, killedBy));
    onClosed();
  });
  return closed;
}

function judge(
  message: SaveMessage | undefined,
  output: string,
  killedBy: NodeJS.Signals | null,
): SaveResult {
  if (message === undefined) {
    return notSaved(`the process that saves ended early${killedBy === null ? '' : ` (${killedBy})`}`);
  }
  // Services of others count their entries as they like; only -1 is no entry. Of v1 the library returns the entry also
  // when its upload failed, and says so only.
  const isSaved = message.error === undefined && message.id !== -1 && !saysFailure(output);
  return isSaved ? { kind: 'saved' } : notSaved(reasonForSaveFailure(message.error, output));
}

function notSaved(reason: string): SaveResult {
  return { kind: 'not-saved', reason };
}
