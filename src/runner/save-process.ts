import { saveCache } from '@actions/cache';

/** What the saving process tells the one that started it. */
export interface SaveMessage {
  /** Of the entry; -1 when the library saved nothing, and said why on standard output. */
  readonly id: number;
  /** What the library threw, in its words. */
  readonly error?: string;
}

/**
 * Saves `gomod/` below the working directory under the key in SETUP_GOPROXY_KEY, by @actions/cache, tells the parent and
 * ends. A process of its own, because the library takes the place of its archive from GITHUB_WORKSPACE and the working
 * directory of the process, prints annotations, and can keep a process alive for ten minutes after a broken transfer.
 */
export async function saveAndExit(): Promise<void> {
  // Without whoever started it, nobody would end it.
  process.once('disconnect', () => process.exit(1));
  const message = await save();
  // Whatever the library still holds open, there is nothing left to do.
  process.send?.(message, () => process.exit(0));
}

async function save(): Promise<SaveMessage> {
  try {
    return { id: await saveCache(['gomod'], process.env['SETUP_GOPROXY_KEY'] ?? '', {}, true) };
  } catch (error) {
    return { id: -1, error: error instanceof Error ? error.message : 'unknown error' };
  }
}
