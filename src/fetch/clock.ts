import { setTimeout as wait } from 'node:timers/promises';

/** Time and chance, as arguments: policy is tested against simulated ones. */
export interface Clock {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Milliseconds since the epoch. */
  epoch(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
}

/** The clock of this machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { signal }).catch(() => {});
  },
  random: () => Math.random(),
};
