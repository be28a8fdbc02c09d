// Writes the tables of inputs and outputs in README.md from action.yml, between their markers; with --check it
// fails when they differ. An input or output without a description is an error.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = path.join(root, 'README.md');

function describe(kind, name, { description }) {
  if (typeof description !== 'string' || description.trim() === '') {
    throw new Error(`action.yml: ${kind} ${name} has no description`);
  }
  return description.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

function code(value) {
  return value === undefined || value === '' ? 'empty' : `\`${String(value)}\``;
}

function inputRows(inputs) {
  return Object.entries(inputs).map(
    ([name, input]) => `| \`${name}\` | ${code(input.default)} | ${describe('input', name, input)} |`,
  );
}

function outputRows(outputs) {
  return Object.entries(outputs).map(
    ([name, output]) => `| \`${name}\` | ${describe('output', name, output)} |`,
  );
}

function replaceBetween(text, marker, lines) {
  const [begin, end] = [`<!-- ${marker}: made from action.yml -->`, `<!-- /${marker} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md lacks the markers ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`;
}

const action = parse(readFileSync(path.join(root, 'action.yml'), 'utf8'));
const before = readFileSync(readme, 'utf8');
const inputs = ['| input | default | meaning |', '|---|---|---|', ...inputRows(action.inputs)];
const outputs = ['| output | meaning |', '|---|---|', ...outputRows(action.outputs)];
const after = replaceBetween(replaceBetween(before, 'inputs', inputs), 'outputs', outputs);

if (process.argv.includes('--check')) {
  if (after !== before) {
    process.stderr.write(
      "check:docs: the tables of README.md differ from action.yml: run 'npm run docs' and commit.\n",
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(readme, after);
}
