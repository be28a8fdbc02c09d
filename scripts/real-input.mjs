// `npm run e2e:real`: the action on a real program, with this machine's own Go module proxy between two broken candidates;
// then the real go without a network on what the action fetched. Prints figures, never the address.
import { findMachineProxy, PROGRAM, runOnRealInput } from '../__tests__/support/real-input.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';

const machine = await findMachineProxy();
if ('reason' in machine) {
  process.stdout.write(`skipped: ${machine.reason}\n`);
} else {
  await using temp = await makeTempDir('setup-goproxy-real-');
  const { job, required, wanted, missing, offline } = await runOnRealInput(temp, machine, 'whole');
  const chosen = job.main.env.GOPROXY === machine.entry;
  const { 'modules-fetched': fetched, 'modules-failed': failed } = job.main.outputs;
  const seconds = (job.main.durationMs / 1000).toFixed(1);
  const lines = [
    `${PROGRAM}: ${required} required modules; wanted: ${wanted} modules, ${missing} files missing`,
    `main step: exit ${job.main.exitCode} in ${seconds} s, probe and prefetch included`,
    `the machine's own proxy chosen and exported alone: ${chosen ? 'yes' : 'no'}`,
    `modules fetched: ${fetched}, failed: ${failed}`,
    'afterwards, with GOPROXY=off:',
    ...offline.map((run) => `  ${run.command}: ${run.ok ? 'done' : 'failed'} in ${run.seconds.toFixed(1)} s`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const isRight = !job.main.failed && chosen && failed === '0' && fetched === `${wanted}`;
  if (!isRight || job.stepError !== undefined || offline.some(({ ok }) => !ok)) process.exitCode = 1;
}
