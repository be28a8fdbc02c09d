/**
 * Kills the process group that a child started with `detached: true` leads, also after the child's own end: what it started
 * may live on in its group. Says whether there was a group to kill; on Windows there are none.
 */
export function killGroup(leader: number | undefined): boolean {
  if (leader === undefined || process.platform === 'win32') return false;
  try {
    return process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended, and all that it started.
    return false;
  }
}
