import * as core from '@actions/core';
import { inertName, inertText } from '../report/foreign-text.ts';
import { redactUrls } from '../report/redaction.ts';
import { type Closing, createClosing, within } from './closing.ts';
import { InputError } from './input-values.ts';
import type { FailOn } from './inputs.ts';
import type { Log } from './log.ts';

/** A condition of `fail-on` was met: the step fails because the user asked for it. */
export class FailOnError extends Error {
  override readonly name = 'FailOnError';
  readonly code = 'fail-on';
  readonly conditions: readonly FailOn[];

  constructor(conditions: readonly FailOn[], reason: string) {
    super(`fail-on: ${conditions.join(', ')}: ${reason}`);
    this.conditions = conditions;
  }
}

/** What the body of a step works with. */
export interface StepContext {
  readonly log: Log;
  readonly closing: Closing;
  /** Aborted when the job is cancelled or the step's time is over. */
  readonly signal: AbortSignal;
  /** Gives the step so much more time, for work that has a bound of its own. */
  readonly allowMore: (ms: number) => void;
}

/** One step of the action. */
export interface Step {
  readonly name: 'main' | 'post';
  /** The step ends after this time, whatever it waits for. */
  readonly boundMs: number;
  readonly log: Log;
  readonly body: (context: StepContext) => Promise<void>;
}

/** How the body ended. */
type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'cancelled'; readonly exitCode: number };

/** A child gets this long to die, a write to reach the disk. */
const CLOSE_BOUND_MS = 2000;
/** The output may stand still for so long; whoever reads it slowly but steadily gets all of it, within the bound below. */
const DRAIN_STALL_MS = 2000;
const DRAIN_BOUND_MS = 10_000;

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs a step to the end of the process. The one place that decides how errors end: an invalid input and `fail-on` fail
 * main; anything else, our own bugs and stray rejections included, is one warning and exit 0; post never fails.
 */
export async function runStep({ name, boundMs, log, body }: Step): Promise<never> {
  ignoreOutputErrors();
  const closing = createClosing();
  const abort = new AbortController();
  const bound = startBound(boundMs);
  const { allowMore } = bound;
  const ending = await raceEndings(bound, () => body({ log, closing, signal: abort.signal, allowMore }));
  if (ending.kind !== 'done') abort.abort();
  settle(name, ending, bound.totalMs(), log);
  return await finish(closing);
}

/**
 * Ends the process with `process.exitCode`: awaits file writes, kills children by process group, drains standard output
 * and error. process.exit() alone would lose what a slow reader has not taken (measured: two thirds of 2,000 lines).
 */
export async function finish(closing: Closing): Promise<never> {
  await closing.close(CLOSE_BOUND_MS);
  await within(DRAIN_BOUND_MS, Promise.all([drain(process.stdout), drain(process.stderr)]));
  process.exit();
}

/** How long a step may take; it can grow while the step runs. */
interface Bound {
  readonly over: Promise<void>;
  totalMs(): number;
  allowMore(ms: number): void;
  stop(): void;
}

function startBound(boundMs: number): Bound {
  const { promise, resolve } = Promise.withResolvers<void>();
  const startedAt = performance.now();
  let total = boundMs;
  let timer = setTimeout(resolve, boundMs);
  return {
    over: promise,
    totalMs: () => total,
    allowMore: (ms) => {
      clearTimeout(timer);
      total += ms;
      timer = setTimeout(resolve, startedAt + total - performance.now());
    },
    stop: () => clearTimeout(timer),
  };
}

async function raceEndings(bound: Bound, body: () => Promise<void>): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  void bound.over.then(() => resolve({ kind: 'timeout' }));
  // They stay for good: what comes after the first ending must not end the process before its output is drained.
  process.on('uncaughtException', (error) => resolve({ kind: 'threw', error }));
  process.on('unhandledRejection', (error) => resolve({ kind: 'threw', error }));
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => resolve({ kind: 'cancelled', exitCode }));
  }
  // Inside an async function also what the body throws before its first await is a rejection.
  (async () => await body())().then(
    () => resolve({ kind: 'done' }),
    (error: unknown) => resolve({ kind: 'threw', error }),
  );
  const ending = await promise;
  bound.stop();
  return ending;
}

/** Sets the exit code and says why; exit code and one annotation are all that an ending leaves. */
function settle(name: Step['name'], ending: Ending, boundMs: number, log: Log): void {
  process.exitCode = 0;
  switch (ending.kind) {
    case 'done':
      return;
    case 'cancelled':
      log.info('setup-goproxy: cancelled');
      process.exitCode = name === 'post' ? 0 : ending.exitCode;
      return;
    case 'timeout':
      log.warning(
        `setup-goproxy gave up its ${name} step after ${Math.round(boundMs / 1000)} s. The job goes on without it.`,
      );
      return;
    case 'threw':
      settleError(name, ending.error, log);
      return;
    default: {
      const never: never = ending;
      throw never;
    }
  }
}

function settleError(name: Step['name'], error: unknown, log: Log): void {
  const isWanted = error instanceof InputError || error instanceof FailOnError;
  if (isWanted && name === 'main') {
    log.error(inertName(error.message, 1000), 'setup-goproxy');
    process.exitCode = core.ExitCode.Failure;
    return;
  }
  log.fault(`setup-goproxy: ${name} ended early: ${describeError(error)}. The job goes on without it.`);
  if (error instanceof Error) for (const line of stackOf(error)) log.debug(line);
}

/** Works for anything that can be thrown, also objects whose properties throw. */
function describeError(error: unknown): string {
  try {
    if (!(error instanceof Error)) return 'unknown error';
    const { code } = error as NodeJS.ErrnoException;
    return inertText(
      redactUrls(`${error.name}${typeof code === 'string' ? ` ${code}` : ''}: ${error.message}`),
    );
  } catch {
    return 'unknown error';
  }
}

function stackOf(error: Error): readonly string[] {
  try {
    return String(error.stack).split('\n').slice(0, 30);
  } catch {
    return [];
  }
}

/** A reader that has gone away (EPIPE) takes nothing more; that is no error of ours. */
function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Resolves when everything written has been taken, when nothing was taken for 2 s, or when the reader has gone. */
async function drain(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('error', () => resolve());
  stream.once('close', () => resolve());
  // A pipe is a socket, whose timeout sees progress inside of one large write; files have none and need none.
  if (typeof stream.setTimeout === 'function') stream.setTimeout(DRAIN_STALL_MS, () => resolve());
  stream.write('', () => resolve());
  await promise;
}
