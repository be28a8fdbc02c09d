// Writes docs/fault-matrix.md: runs every cell of the fault matrix, which takes some minutes. The integration test of the
// same name runs them again and holds the file against what it sees.
import { writeFileSync } from 'node:fs';
import { cellName } from '../__tests__/support/fault-matrix.ts';
import { renderMatrix } from '../__tests__/support/fault-matrix-doc.ts';
import { runMatrix } from '../__tests__/support/fault-matrix-run.ts';

const results = await runMatrix(undefined, ({ cell, outcome, elapsedMs }) => {
  process.stderr.write(`${outcome.padEnd(8)}  ${cellName(cell)}  ${(elapsedMs / 1000).toFixed(1)} s\n`);
});
const wrong = results.flatMap(({ cell, outcome, wrongFiles, evidence }) => {
  if (outcome === 'unjudged') return [`${cellName(cell)}: ${evidence}`];
  const isOurs = cell.contestant.startsWith('ours');
  return isOurs && wrongFiles.length > 0 ? [`${cellName(cell)}: ${wrongFiles.join(', ')}`] : [];
});
if (wrong.length > 0) throw new Error(wrong.join('\n'));
writeFileSync(new URL('../docs/fault-matrix.md', import.meta.url), renderMatrix(results));
