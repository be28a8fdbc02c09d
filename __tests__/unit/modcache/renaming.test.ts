import { describe, expect, test } from '@jest/globals';
import { retryWhileBusy } from '../../../src/modcache/renaming.ts';

/** Fails as often as there are codes, with them, and counts the calls and waits. */
function failing(codes: readonly string[], platform: NodeJS.Platform) {
  const seen = { calls: 0, waitedMs: 0 };
  const operation = async () => {
    const code = codes[seen.calls++];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  const wait = async (ms: number) => {
    seen.waitedMs += ms;
  };
  return { seen, run: () => retryWhileBusy(operation, { platform, wait }) };
}

describe('retryWhileBusy', () => {
  test.each([
    ['nothing fails', [], 'win32', 1],
    ['a virus scanner for a moment', ['EPERM', 'EBUSY', 'EACCES'], 'win32', 4],
    ['elsewhere nothing', [], 'linux', 1],
  ] as const)('%s: succeeds', async (_, codes, platform, calls) => {
    const { seen, run } = failing(codes, platform);
    await run();
    expect(seen.calls).toBe(calls);
  });

  test.each([
    ['another error', ['ENOSPC'], 'win32', 1],
    ['another error after a while', ['EBUSY', 'ENOSPC'], 'win32', 2],
    ['no right, where that does not pass', ['EPERM'], 'linux', 1],
    ['busy for good', Array<string>(99).fill('EBUSY'), 'win32', 12],
  ] as const)('%s: fails', async (_, codes, platform, calls) => {
    const { seen, run } = failing(codes, platform);
    await expect(run()).rejects.toMatchObject({ code: codes[calls - 1] });
    expect(seen.calls).toBe(calls);
    expect(seen.waitedMs).toBeLessThanOrEqual(2000);
  });
});
