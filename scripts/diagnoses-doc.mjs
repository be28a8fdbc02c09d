// Writes docs/diagnoses.md from the tables in src/diagnosis and the examples that its code makes; with --check it fails when
// they differ. An id without an example, or one that is not recognised by it, is an error either way.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderDiagnoses } from '../__tests__/support/diagnoses-doc.ts';

const file = fileURLToPath(new URL('../docs/diagnoses.md', import.meta.url));
const { text, problems } = renderDiagnoses();

for (const problem of problems) process.stderr.write(`check:docs: ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  const name = path.basename(file);
  process.stderr.write(
    `check:docs: docs/${name} differs from src/diagnosis: run 'npm run docs' and commit.\n`,
  );
  process.exitCode = 1;
}
