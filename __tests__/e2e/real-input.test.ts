import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findMachineProxy, type MachineProxy, runOnRealInput } from '../support/real-input.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

let temp: TempDir;
let machine: MachineProxy | { readonly reason: string };

beforeAll(async () => {
  temp = await makeTempDir();
  machine = await findMachineProxy();
});

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

test('real program: the machine’s own module proxy is chosen between two broken ones, and go needs no network after it', async () => {
  if ('reason' in machine) {
    console.warn(`skipped: ${machine.reason}`);
    return;
  }
  const { entry, env } = machine;
  const { job, required, wanted, missing, offline } = await runOnRealInput(temp, { entry, env }, 'part');
  expect(required).toBeGreaterThan(100);
  expect(wanted).toBeGreaterThan(300);
  expect(missing).toBeGreaterThanOrEqual(3 * required);
  expect(job.main.failed).toBe(false);
  const selected = job.main.outputs['selected-proxy'] ?? '';
  // Compared as a truth value: a failure must not print the address.
  expect(selected !== '' && entry.includes(selected.replace(/^https?:\/\//, ''))).toBe(true);
  expect(job.main.env['GOPROXY'] === entry).toBe(true);
  const { 'modules-fetched': fetched, 'modules-failed': failed } = job.main.outputs;
  expect([fetched, failed]).toEqual([`${wanted}`, '0']);
  expect(job.main.outputs['failure-class']).toBe('none');
  expect(job.stepError === undefined).toBe(true);
  expect(offline.filter(({ ok }) => !ok).map(({ command }) => command)).toEqual([]);
  expect(offline.map(({ command }) => command)).toEqual([
    'go list -deps -test ./...',
    'go mod verify',
    'go mod download',
  ]);
  expect(job.post.failed).toBe(false);
}, 1_800_000);
