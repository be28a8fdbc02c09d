import type { Clock } from '../fetch/clock.ts';
import type { EarlyEnd } from './prefetch-result.ts';

/** When a prefetch ends although files are left. */
export interface PhaseBounds {
  /** The whole phase, in milliseconds. */
  readonly timeoutMs: number;
  /** Without a settled file, and without a mebibyte of bodies, in milliseconds; default 30 s. */
  readonly idleMs?: number;
}

/** How far the phase is. */
export interface Movement {
  /** Files that were settled, one way or another. */
  readonly settled: number;
  /** Bytes of bodies that have come, whole files or not. */
  readonly bytes: number;
}

const IDLE_MS = 30_000;
/** One large zip may take longer than the idle time: so much of it is movement too. */
const MOVING_BYTES = 1 << 20;
const LOOK_EVERY_MS = 1000;

/** Judges by looks at the movement whether the phase is to end. Pure but for what it remembers. */
export class BoundsWatch {
  readonly #bounds: PhaseBounds;
  readonly #startedAt: number;
  #last: Movement = { settled: 0, bytes: 0 };
  #movedAt: number;

  constructor(bounds: PhaseBounds, startedAt: number) {
    this.#bounds = bounds;
    this.#startedAt = startedAt;
    this.#movedAt = startedAt;
  }

  /** Returns why the phase ends now; undefined when it goes on. `now` is milliseconds of the clock that gave `startedAt`. */
  look(now: number, movement: Movement): EarlyEnd | undefined {
    if (now - this.#startedAt >= this.#bounds.timeoutMs) return 'timeout';
    const { settled, bytes } = this.#last;
    if (movement.settled > settled || movement.bytes - bytes >= MOVING_BYTES) {
      this.#last = movement;
      this.#movedAt = now;
    }
    return now - this.#movedAt >= (this.#bounds.idleMs ?? IDLE_MS) ? 'idle' : undefined;
  }
}

/** Looks every second and calls `end` once; returns the function that stops it. */
export function watchBounds(
  bounds: PhaseBounds,
  { clock, movement, end }: { clock: Clock; movement: () => Movement; end: (why: EarlyEnd) => void },
): () => void {
  const watch = new BoundsWatch(bounds, clock.now());
  const timer = setInterval(
    () => {
      const why = watch.look(clock.now(), movement());
      if (why === undefined) return;
      clearInterval(timer);
      end(why);
    },
    Math.min(LOOK_EVERY_MS, bounds.timeoutMs, bounds.idleMs ?? IDLE_MS),
  );
  return () => clearInterval(timer);
}
