import { readFile, writeFile } from 'node:fs/promises';
import { makeTempDir } from '../__tests__/support/temp.ts';
import { mediansInTurns, printAgainst, timeProcess } from './timing.ts';

const ROUNDS = 15;

/** The bundle with an end planted at the first line of our own entry: all libraries and rooms are loaded by then. */
async function plantEnd(bundle: string): Promise<string> {
  const source = await readFile(bundle, 'utf8');
  const marker = /^;\/\/ CONCATENATED MODULE: \.\/src\/index\.ts$/m;
  if (!marker.test(source)) throw new Error('the bundle no longer names src/index.ts: mend this measurement');
  return source.replace(marker, (line) => `${line}\nprocess.exit(0);`);
}

/** Measures the time from process start to the first line of ours, beside an empty program. */
export async function measure(): Promise<void> {
  await using temp = await makeTempDir('setup-goproxy-bench-');
  const planted = temp.join('index.mjs');
  await writeFile(planted, await plantEnd('dist/index.js'));
  const medians = await mediansInTurns(ROUNDS, {
    nothing: () => timeProcess(['-e', '0']),
    bundle: () => timeProcess([planted]),
  });
  printAgainst('node -e 0', medians.nothing, medians.nothing);
  printAgainst('dist/index.js until the first line of ours', medians.bundle, medians.nothing);
}
