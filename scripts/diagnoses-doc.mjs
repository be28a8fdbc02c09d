// Writes docs/diagnoses.md from the tables in src/diagnosis; with --check it fails when they differ.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../src/diagnosis/catalogue.ts';
import { FAULT_TEXT, RERUN_TEXT } from '../src/report/words.ts';

const file = fileURLToPath(new URL('../docs/diagnoses.md', import.meta.url));

const HEAD = `# Diagnoses

What annotations, job summary, log and \`report.json\` say when a candidate fails or the setting is at fault, by \`id\`.
This file is made by \`npm run docs\` from \`src/diagnosis\`; do not edit it.

The fault is where a change ends the failure. The class is what the output \`failure-class\` names: the first of integrity,
access, not-found, configuration and infrastructure that a failure of the job has. A candidate that fails while another one is
healthy is left out of the chain and is a warning, never a failure.
`;

const REMOVAL = 'take the proxy out of `proxies`, or of GOPROXY where that is inherited';

function fill(remedy) {
  return remedy
    .replaceAll('{removal}', REMOVAL)
    .replaceAll('{proxy}', "the proxy's URL")
    .replaceAll('{host}', 'the host')
    .replaceAll('{name}', 'HOST')
    .replace(/^./, (first) => first.toUpperCase());
}

function upper(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function section({ id, title, meaning, class: failureClass, fault, rerunHelps, remedy, copy = [] }) {
  return [
    `## ${id}`,
    '',
    `**${upper(title)}.** ${meaning}`,
    '',
    `- **Whose fault:** ${FAULT_TEXT[fault]} (class \`${failureClass}\`)`,
    `- **Will a re-run help:** ${RERUN_TEXT[rerunHelps]}`,
    `- **What to change:** ${fill(remedy)}`,
    ...(copy.length === 0 ? [] : ['', '```yaml', ...copy, '```']),
    '',
  ];
}

const entries = [...catalogue()].sort((a, b) => (a.id < b.id ? -1 : 1));
const text = `${[HEAD, ...entries.flatMap(section)].join('\n').trimEnd()}\n`;

if (process.argv.includes('--check')) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    const name = path.basename(file);
    process.stderr.write(
      `check:docs: docs/${name} differs from src/diagnosis: run 'npm run docs' and commit.\n`,
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, text);
}
