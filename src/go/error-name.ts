/**
 * Returns the name of an error that is not expected, all that is told of it: a message can quote what came from outside.
 * What was thrown and is no Error is an unknown error.
 */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}
