import path from 'node:path';

/** The bundles that a step starts besides its own. */
export type Bundle = 'hash-worker.js' | 'save.js';

/** Returns the path of a bundle, which lies beside the one that runs. */
export function bundleBeside(name: Bundle): string {
  return path.join(path.dirname(process.argv[1] ?? ''), name);
}
