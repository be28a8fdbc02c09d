// Writes docs/fault-diagnoses.md: runs every scene of every fault of the fault matrix, which takes about a minute. The
// integration test of the same name runs them again and holds the file against what it sees.
import { writeFileSync } from 'node:fs';
import { renderDiagnosesOfFaults } from '../__tests__/support/fault-diagnoses-doc.ts';
import { runDiagnoses } from '../__tests__/support/fault-diagnoses-run.ts';
import { rowName } from '../__tests__/support/fault-matrix.ts';

const all = await runDiagnoses(undefined, ({ fault, scene, go, told }, elapsedMs) => {
  const ids = told.map(({ id }) => id).join(', ');
  const seconds = (elapsedMs / 1000).toFixed(1);
  process.stderr.write(`${rowName(fault)} · ${scene}: ${go?.kind ?? ''} ${ids}  ${seconds} s\n`);
});
writeFileSync(new URL('../docs/fault-diagnoses.md', import.meta.url), renderDiagnosesOfFaults(all));
