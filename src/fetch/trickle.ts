import type { BodySink } from '../proxy/body-drain.ts';
import type { FetchPolicy } from './fetch-policy.ts';

/** What all bodies that come at the same time share. */
export interface FlowMeter {
  /** Bytes of all bodies so far. */
  bytes: number;
  /** Bodies under way. */
  bodies: number;
}

/** Bytes so far, of the one body and of all together. */
export interface FlowLook {
  readonly own: number;
  readonly all: number;
}

/** Looks within one window: a trickle is seen at most this part of a window late. */
const LOOKS = 5;
/** From so many times the limit on, over all bodies, the link counts as busy ... */
const BUSY = 10;
/** ... and then a body trickles that has less than this part of the mean. */
const SHARE = 4;

/**
 * Says whether a body trickles: `looks` are a fifth of a window apart, the newest last. False until a whole window is
 * known, and for a body that has its share of a link that many use: failing over would make a slow link slower.
 */
export function isTrickle(
  looks: readonly FlowLook[],
  bodies: number,
  { bytesPerSecond, windowMs }: FetchPolicy['trickle'],
): boolean {
  const newest = looks.at(-1);
  const oldest = looks.at(-1 - LOOKS);
  if (newest === undefined || oldest === undefined) return false;
  const limit = (bytesPerSecond * windowMs) / 1000;
  const own = newest.own - oldest.own;
  const all = newest.all - oldest.all;
  if (own >= limit) return false;
  return all < limit * BUSY || own * SHARE * bodies < all;
}

/** A sink that has been busy with one piece for this part of the time between two looks holds the connection back. */
const HELD_BACK = 0.5;

/** Passes a body on to its sink, counts it, and says when it has become a trickle. */
export class TrickleWatch implements BodySink {
  readonly #sink: BodySink;
  readonly #policy: FetchPolicy['trickle'];
  readonly #meter: FlowMeter;
  readonly #onTrickle: () => void;
  #total = 0;
  #looks: FlowLook[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writingSince: number | undefined;

  constructor(sink: BodySink, policy: FetchPolicy['trickle'], meter: FlowMeter, onTrickle: () => void) {
    this.#sink = sink;
    this.#policy = policy;
    this.#meter = meter;
    this.#onTrickle = onTrickle;
  }

  /** Bytes that came. */
  get total(): number {
    return this.#total;
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    if (this.#timer === undefined) {
      this.#looks = [this.#current()];
      this.#meter.bodies++;
      this.#timer = setInterval(() => this.#look(), this.#policy.windowMs / LOOKS);
    }
    for (const { length } of pieces) {
      this.#total += length;
      this.#meter.bytes += length;
    }
    this.#writingSince = performance.now();
    try {
      await this.#sink.write(pieces, position);
    } finally {
      this.#writingSince = undefined;
    }
  }

  /** Ends the watch; nothing is said after it. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#meter.bodies--;
  }

  #current(): FlowLook {
    return { own: this.#total, all: this.#meter.bytes };
  }

  #look(): void {
    // A slow sink holds the connection back: that is no trickle of the peer's. One that is just busy, as with every small piece, does not.
    const heldMs = this.#writingSince === undefined ? 0 : performance.now() - this.#writingSince;
    if (heldMs > (HELD_BACK * this.#policy.windowMs) / LOOKS) this.#looks = [];
    this.#looks = [...this.#looks, this.#current()].slice(-1 - LOOKS);
    if (isTrickle(this.#looks, this.#meter.bodies, this.#policy)) this.#onTrickle();
  }
}
