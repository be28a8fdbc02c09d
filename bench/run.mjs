// Runs the measurements named as arguments, or all: `npm run bench -- load`.
const all = ['load', 'main-step', 'choice', 'prefetch', 'module-cache'];
/** Parts of others, for one look. */
const parts = ['prefetch-verify', 'prefetch-many'];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name) && !parts.includes(name));
if (unknown.length > 0) {
  const names = [...all, ...parts].join(', ');
  process.stderr.write(`bench: no measurement called ${unknown.join(', ')}; there are ${names}.\n`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : all) {
    process.stdout.write(`\n## ${name}\n\n`);
    const { measure } = await import(`./${name}.ts`);
    await measure();
  }
}
