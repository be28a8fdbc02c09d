import { codeOf, RequestError } from './failure.ts';

/** Takes a body while it comes. */
export interface BodySink {
  /**
   * Takes the next pieces; `position` is that of the first byte in the body. Called again only after it has resolved. A
   * rejection ends the request with {@link SinkError}.
   */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>;
}

/** Says that the receiving side failed (a full disk), not the candidate. */
export class SinkError extends RequestError {
  constructor(cause: unknown) {
    const detail = `the body could not be written (${codeOf(cause)})`;
    super({ stage: 'content', cause: 'internal', detail }, { cause });
  }
}

/** What a drain does to the connection. */
export interface DrainFlow {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly fail: (error: SinkError) => void;
}

/** So many bytes may wait for a sink that is busy; what the kernel and one read hold comes on top. */
const WAITING_BYTES = 256 << 10;

/** Hands a body to a sink, one write at a time, and stops the connection while too much waits. */
export class BodyDrain {
  readonly #sink: BodySink;
  readonly #flow: DrainFlow;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #position = 0;
  #running: Promise<void> | undefined;
  #paused = false;
  #stopped = false;

  constructor(sink: BodySink, flow: DrainFlow) {
    this.#sink = sink;
    this.#flow = flow;
  }

  /** Takes a piece; never throws. */
  push(piece: Uint8Array): void {
    if (this.#stopped) return;
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (!this.#paused && this.#waitingBytes >= WAITING_BYTES) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.#running ??= this.#run();
  }

  /** Resolves when all that was pushed is written, or the drain has stopped or failed. */
  async end(): Promise<void> {
    await this.#running;
  }

  /** Drops what waits, and resolves when no write is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#stopped) {
        const pieces = this.#waiting;
        const position = this.#position;
        this.#waiting = [];
        this.#position += this.#waitingBytes;
        this.#waitingBytes = 0;
        await this.#sink.write(pieces, position);
        this.#resume();
      }
    } catch (error) {
      this.#stopped = true;
      this.#waiting = [];
      this.#flow.fail(new SinkError(error));
    } finally {
      this.#running = undefined;
    }
  }

  #resume(): void {
    if (!this.#paused || this.#stopped || this.#waitingBytes >= WAITING_BYTES) return;
    this.#paused = false;
    this.#flow.resume();
  }
}
