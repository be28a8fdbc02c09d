import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { BodyDrain, type BodySink } from './body-drain.ts';
import { classifyError, type Pending, RequestError } from './failure.ts';

/** How much of a body is wanted. */
export interface BodyPlan {
  /** Bytes; a longer body is an error, or cut there. */
  readonly limitBytes: number;
  readonly over: 'fail' | 'cut';
  /** Milliseconds at which the body is cut, after its first byte or after the head of the answer. */
  readonly cutAfterMs?: number;
  /** Default `body`. */
  readonly cutFrom?: 'head' | 'body';
  /** Takes the body instead of memory; `body` of the answer is empty then. Not with `over: 'cut'`. */
  readonly sink?: BodySink;
}

/** An answer as far as it was read. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** Bytes of the body that arrived, wherever they went. */
  readonly bytes: number;
  /** Whether the body came to its end by itself. */
  readonly whole: boolean;
  /** From the request to the head of the answer, in milliseconds. */
  readonly firstByteMs: number;
  /** Bytes after the first piece of the body, and the milliseconds they took. */
  readonly flow: { readonly bytes: number; readonly ms: number };
}

/** Options of Receiver. */
export interface ReceiverOptions {
  /** Chosen when the head is there. */
  readonly plan: (status: number, headers: IncomingHttpHeaders) => BodyPlan;
  /** Milliseconds without a byte, from the request on, after which the answer has failed. */
  readonly stallMs: number;
  /** The same until the head of the answer; default `stallMs`. */
  readonly headersMs?: number;
  /** Called when the request goes onto a connection. */
  readonly onStart: () => void;
  readonly onSettled: (result: Received | RequestError) => void;
  readonly onStall: () => void;
}

/** Reads one answer from undici, with bounds and clocks of our own. Settles once. */
export class Receiver implements Dispatcher.DispatchHandler {
  /** What is awaited, once the request is on a connection. */
  at: Extract<Pending, 'headers' | 'body'> | undefined;
  readonly #options: ReceiverOptions;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #plan: BodyPlan = { limitBytes: 0, over: 'cut' };
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #startedAt = 0;
  #firstByteMs = 0;
  #bytes = 0;
  #drain: BodyDrain | undefined;
  #first: { readonly bytes: number; readonly at: number } | undefined;
  #lastAt = 0;
  #settled = false;
  #stall: NodeJS.Timeout | undefined;
  #cut: NodeJS.Timeout | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) {
      controller.abort(new Error('settled'));
      return;
    }
    this.#controller = controller;
    this.#startedAt = performance.now();
    this.at = 'headers';
    this.#armStall(this.#options.headersMs);
    this.#options.onStart();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#firstByteMs = performance.now() - this.#startedAt;
    this.#status = status;
    this.#headers = headers;
    this.at = 'body';
    this.#disarmStall();
    this.#armStall();
    this.#plan = this.#options.plan(status, headers);
    if (this.#plan.sink !== undefined) this.#drain = this.#openDrain(this.#plan.sink);
    const announced = Number(headers['content-length'] ?? 0);
    const { limitBytes, over, cutFrom } = this.#plan;
    if (over === 'fail' && announced > limitBytes) this.#failTooLarge();
    else if (over === 'cut' && limitBytes === 0) this.#finish(false);
    else if (cutFrom === 'head') this.#armCut();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#lastAt = performance.now();
    // Without one the drain has paused, and what comes was on its way already.
    this.#stall?.refresh();
    if (this.#first === undefined) {
      this.#first = { bytes: chunk.length, at: this.#lastAt };
      if (this.#plan.cutFrom !== 'head') this.#armCut();
    }
    this.#bytes += chunk.length;
    const { limitBytes, over } = this.#plan;
    if (this.#bytes <= limitBytes) {
      if (this.#drain === undefined) this.#chunks.push(chunk);
      else this.#drain.push(chunk);
      return;
    }
    if (over === 'fail') {
      this.#failTooLarge();
      return;
    }
    this.#chunks.push(chunk.subarray(0, chunk.length - (this.#bytes - limitBytes)));
    this.#finish(false);
  }

  onResponseEnd(): void {
    if (this.#drain === undefined) {
      this.#finish(true);
      return;
    }
    // The peer is done: how long the sink takes is not its stall.
    this.#disarmStall();
    void this.#drain.end().then(() => this.#finish(true));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // An error page that breaks off: its status is the news.
    if (this.answered && this.#status !== 200) {
      this.#finish(false);
      return;
    }
    const at = this.at ?? 'headers';
    this.fail(
      error instanceof RequestError
        ? error
        : new RequestError(classifyError(error, { at }), { cause: error }),
    );
  }

  /** Whether anything of the answer has arrived. */
  get answered(): boolean {
    return this.#status !== 0;
  }

  /** Ends with this error, if it has not ended yet. */
  fail(error: RequestError): void {
    this.#settle(error);
  }

  /** Ends, at the caller's wish, with what has come of a body that would be cut anyway; else with this error. */
  cutOff(error: RequestError): void {
    const { over, cutFrom } = this.#plan;
    const isSample = over === 'cut' && cutFrom !== 'head';
    if (isSample && this.#status === 200 && this.#first !== undefined) this.#finish(false);
    else this.fail(error);
  }

  #failTooLarge(): void {
    const kib = Math.round(this.#plan.limitBytes / 1024);
    this.fail(
      new RequestError({
        stage: 'content',
        cause: 'too-large',
        detail: `the body is larger than ${kib} KiB`,
      }),
    );
  }

  #finish(whole: boolean): void {
    const last = this.#lastAt;
    const first = this.#first ?? { bytes: 0, at: last };
    this.#settle({
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      bytes: this.#bytes,
      whole,
      firstByteMs: this.#firstByteMs,
      flow: { bytes: this.#bytes - first.bytes, ms: (whole ? last : performance.now()) - first.at },
    });
  }

  #settle(result: Received | RequestError): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#disarmStall();
    clearTimeout(this.#cut);
    // Ends the connection when the body is not at its end; nothing happens when it is.
    const whole = !(result instanceof RequestError) && result.whole;
    if (!whole) this.#controller?.abort(new Error('settled'));
    if (this.#drain === undefined) this.#options.onSettled(result);
    // The caller may use the sink's file for something else at once: no write may come after.
    else void this.#drain.stop().then(() => this.#options.onSettled(result));
  }

  #openDrain(sink: BodySink): BodyDrain {
    return new BodyDrain(sink, {
      pause: () => {
        this.#disarmStall();
        this.#controller?.pause();
      },
      resume: () => {
        if (this.#settled) return;
        this.#armStall();
        this.#controller?.resume();
      },
      fail: (error) => this.fail(error),
    });
  }

  #armCut(): void {
    const { cutAfterMs } = this.#plan;
    if (cutAfterMs !== undefined) this.#cut = setTimeout(() => this.#finish(false), cutAfterMs);
  }

  #armStall(ms = this.#options.stallMs): void {
    if (this.#stall === undefined) this.#stall = setTimeout(() => this.#options.onStall(), ms);
    else this.#stall.refresh();
  }

  #disarmStall(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
  }
}
