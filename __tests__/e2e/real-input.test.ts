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

test('real program: the machine’s own module proxy is chosen between two broken ones, and go downloads through it', async () => {
  if ('reason' in machine) {
    console.warn(`skipped: ${machine.reason}`);
    return;
  }
  const { entry, env } = machine;
  const { job, required, downloadSeconds } = await runOnRealInput(temp, { entry, env });
  expect(required).toBeGreaterThan(100);
  expect(job.main.failed).toBe(false);
  const selected = job.main.outputs['selected-proxy'] ?? '';
  // Compared as a truth value: a failure must not print the address.
  expect(selected !== '' && entry.includes(selected.replace(/^https?:\/\//, ''))).toBe(true);
  expect(job.main.env['GOPROXY'] === entry).toBe(true);
  expect(job.stepError === undefined).toBe(true);
  expect(downloadSeconds).toBeGreaterThan(0);
  expect(job.main.outputs['failure-class']).toBe('none');
  expect(job.post.failed).toBe(false);
}, 400_000);
