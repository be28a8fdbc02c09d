import { errorName } from './go/error-name.ts';

/** Returns what the reason of an outcome says of a fault of ours, as one clause. */
export function describeOwnFault(error: unknown): string {
  return `a fault of setup-goproxy itself (${errorName(error)})`;
}

/**
 * Returns what the work resolves with, or what `instead` makes of a fault of ours, which must not cost the rest of the step.
 * @throws the reason of the step's signal when that is aborted.
 */
export async function surviveFault<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  instead: (error: unknown) => T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    return instead(error);
  }
}
