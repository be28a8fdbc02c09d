// Places a synthetic set in a process of its own, which tests can kill, take the rights of, or give a small disk:
//   placing-alone.ts GOMODCACHE COUNT [reversed | remove-on-signal | tiny-disk | read-only]
// Prints a line per placed file, then `codes` with the error codes that were met.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ModCacheError, place } from '../../src/modcache/placing.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { makeModuleSet } from './modules.ts';
import { type Serving, servingsOf } from './placing.ts';

const [goModCache = '', count = '1', how = ''] = process.argv.slice(2);
const codes = new Set<string>();

function note(error: unknown): void {
  codes.add(error instanceof ModCacheError ? error.code : String(error));
}

function mount(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', goModCache]);
}

if (how === 'tiny-disk') mount('size=256k');
if (how === 'read-only') mount('ro');

try {
  const servings = makeModuleSet(Number(count)).flatMap(servingsOf);
  if (how === 'reversed') servings.reverse();
  await using staging = await openStaging(goModCache);
  if (how === 'remove-on-signal') {
    process.once('SIGTERM', () => {
      staging.removeNow();
      process.exit(9);
    });
  }
  const placeOne = async ({ file, bytes }: Serving) => {
    try {
      await place(staging, await staging.stage(bytes), file);
      process.stdout.write('placed\n');
    } catch (error) {
      note(error);
    }
  };
  const queue = servings.values();
  const work = async () => {
    for (const serving of queue) await placeOne(serving);
  };
  await Promise.all(Array.from({ length: 8 }, work));
} catch (error) {
  note(error);
}
const left = codes.has('modcache-read-only') ? [] : readdirSync(goModCache, { recursive: true });
const cache = (left as string[]).map((name) => name.split(path.sep).join('/'));
process.stdout.write(`${JSON.stringify({ codes: [...codes].sort(), cache })}\n`);
