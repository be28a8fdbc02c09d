import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { makeTempDir } from './temp.ts';

/** What a script of a test printed, and how it ended. */
export interface ScriptResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a script is run. */
export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Started in place of node, with node's path and the script as last arguments. */
  readonly through?: readonly string[];
  /** Reads standard output in place of collecting it. */
  readonly read?: (child: ChildProcess) => Promise<string>;
}

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * Runs a module in a node of its own, in which `runStep`, `FailOnError`, `InputError`, `createLog` and everything that
 * publishes are imported from our sources. Resolves when it ended and everything that held its output is gone.
 */
export async function runScript(body: string, options: ScriptOptions = {}): Promise<ScriptResult> {
  await using dir = await makeTempDir();
  const script = dir.join('step.mjs');
  await writeFile(script, `${imports()}\n${body}\n`);
  const command = [...(options.through ?? []), process.execPath, '--no-warnings', script];
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close');
  child.once('exit', () => releaseLater(child));
  const [stdout, stderr] = await Promise.all([
    (options.read ?? ((one) => collect(one.stdout)))(child),
    collect(child.stderr),
  ]);
  const [code, signal] = await closed;
  return { code, signal, stdout, stderr };
}

/** What the script left behind may hold its output; after 15 s reading it fails. */
function releaseLater(child: ChildProcess): void {
  const timer = setTimeout(() => {
    for (const stream of [child.stdout, child.stderr]) stream?.destroy(new Error('the output is still held'));
  }, 15_000);
  child.once('close', () => clearTimeout(timer));
}

/** Returns everything that a stream gives. */
export async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

function imports(): string {
  const from = (file: string) => JSON.stringify(`file://${SOURCES}${file}`);
  return [
    `import { FailOnError, runStep } from ${from('runner/finish.ts')};`,
    `import { InputError } from ${from('runner/inputs.ts')};`,
    `import { createLog } from ${from('runner/log.ts')};`,
    `import { NO_OUTPUTS, publish, publishExports, publishOutputs, publishSummary, reportPath, writeReport } from ${from('runner/outputs.ts')};`,
    `import { loadState, saveState } from ${from('runner/state.ts')};`,
    'const log = createLog();',
  ].join('\n');
}
