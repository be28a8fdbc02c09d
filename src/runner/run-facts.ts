import { open } from 'node:fs/promises';
import type { RunFacts } from '../modcache/save-policy.ts';

/** GitHub's payloads are at most 25 MB, and most far below one. */
const MAX_EVENT_BYTES = 32 << 20;

/**
 * Returns where the job comes from, by the runner's variables and the payload of the event; the default branch is not
 * known when there is none. Never rejects.
 */
export async function readRunFacts(env: Readonly<Record<string, string | undefined>>): Promise<RunFacts> {
  return {
    event: env['GITHUB_EVENT_NAME'] ?? '',
    ref: env['GITHUB_REF'] ?? '',
    defaultBranch: await readDefaultBranch(env['GITHUB_EVENT_PATH'] ?? ''),
  };
}

async function readDefaultBranch(file: string): Promise<string | undefined> {
  if (file === '') return undefined;
  try {
    await using handle = await open(file);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MAX_EVENT_BYTES) return undefined;
    const event: unknown = JSON.parse(await handle.readFile('utf8'));
    const branch = Object(Object(event).repository).default_branch;
    return typeof branch === 'string' && branch !== '' ? branch : undefined;
  } catch {
    return undefined; // Without it the rule of other branches applies, which saves less.
  }
}
