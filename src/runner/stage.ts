import { appendRecords } from './command-file.ts';
import type { Log } from './log.ts';

const STARTED = 'main_started';

/** Returns which step the runner started this process for: post is the one that sees what main left. */
export function currentStage(): 'main' | 'post' {
  return process.env[`STATE_${STARTED}`] === 'true' ? 'post' : 'main';
}

/**
 * Leaves the mark by which {@link currentStage} tells post from main; to be called before anything can fail. Without it post
 * would measure again, so a failure is told. Never rejects.
 */
export async function markStarted(log: Log): Promise<void> {
  try {
    await appendRecords('GITHUB_STATE', new Map([[STARTED, 'true']]));
  } catch (error) {
    log.fault(`GITHUB_STATE cannot be written: ${error instanceof Error ? error.message : 'unknown error'}.`);
  }
}
