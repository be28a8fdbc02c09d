import type { Log } from './log.ts';

/** Tells how far long work is, without flooding the log. */
export interface ProgressTeller {
  /** Notes the latest text; it is shown when it is time. */
  tell(text: string): void;
  /** Shows nothing any more; clears the live line of a terminal. */
  stop(): void;
}

/** Where progress goes. */
export interface ProgressPorts {
  readonly log: Pick<Log, 'info' | 'redact'>;
  /** Undefined where the output is no terminal: then lines are logged. */
  readonly terminal: { readonly columns: number; write(text: string): unknown } | undefined;
  /** Calls `show` every `ms` milliseconds until the function that it returns is called; default a timer that holds nobody. */
  readonly every?: (ms: number, show: () => void) => () => void;
}

/** On a runner every line stays in the log: a few of them tell that the step is alive. */
const LINE_EVERY_MS = 5000;
const BAR_EVERY_MS = 100;

/** Returns a teller that logs a line every five seconds, or on a terminal keeps one line up to date. */
export function startProgress({ log, terminal, every = repeat }: ProgressPorts): ProgressTeller {
  let latest: string | undefined;
  const show = () => {
    if (latest === undefined) return;
    if (terminal === undefined) log.info(latest);
    else terminal.write(`\r\x1b[K${log.redact(latest).slice(0, Math.max(0, terminal.columns - 1))}`);
    latest = undefined;
  };
  const end = every(terminal === undefined ? LINE_EVERY_MS : BAR_EVERY_MS, show);
  return {
    tell: (text) => {
      latest = text;
    },
    stop: () => {
      end();
      terminal?.write('\r\x1b[K');
    },
  };
}

function repeat(ms: number, show: () => void): () => void {
  const timer = setInterval(show, ms);
  timer.unref();
  return () => clearInterval(timer);
}

/** Returns standard output, where it is a terminal. */
export function outputTerminal(): ProgressPorts['terminal'] {
  const { stdout } = process;
  if (stdout.isTTY !== true) return undefined;
  return {
    get columns() {
      // As wide as it is now: a window can be resized.
      return stdout.columns ?? 80;
    },
    write: (text) => stdout.write(text),
  };
}
