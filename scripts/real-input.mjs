// `npm run e2e:real`: the action on the go.mod of a real program, with this machine's own Go module proxy between two broken
// candidates; then the real `go mod download` with exactly the exported environment. Prints figures, never the address.
import { findMachineProxy, PROGRAM, runOnRealInput } from '../__tests__/support/real-input.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';

const machine = await findMachineProxy();
if ('reason' in machine) {
  process.stdout.write(`skipped: ${machine.reason}\n`);
} else {
  await using temp = await makeTempDir('setup-goproxy-real-');
  const { job, required, downloadSeconds } = await runOnRealInput(temp, machine);
  const chosen = job.main.env.GOPROXY === machine.entry;
  process.stdout.write(`${PROGRAM}: ${required} required modules\n`);
  process.stdout.write(
    `main step: exit ${job.main.exitCode} in ${(job.main.durationMs / 1000).toFixed(1)} s\n`,
  );
  process.stdout.write(`the machine's own proxy chosen and exported alone: ${chosen ? 'yes' : 'no'}\n`);
  process.stdout.write(
    downloadSeconds === undefined
      ? 'go mod download with exactly the exported environment: failed\n'
      : `go mod download with exactly the exported environment: done in ${downloadSeconds.toFixed(1)} s\n`,
  );
  if (job.main.failed || !chosen || downloadSeconds === undefined) process.exitCode = 1;
}
