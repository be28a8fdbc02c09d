// Reads the tar archive on standard input into the module cache of the command line, in a process that does nothing else:
// an error that nobody awaits ends it. Prints why the reading ended early.
import { readArchive } from '../../src/modcache/archive-reader.ts';
import { openStaging } from '../../src/modcache/staging.ts';
import { wantedOf } from './caching.ts';
import { makeModule } from './modules.ts';

const wanted = wantedOf([makeModule({ path: 'example.com/Acme/a', version: 'v1.0.0' })]);
await using staging = await openStaging(process.argv[2] ?? '');
const { cutShort } = await readArchive(process.stdin, {
  wanted,
  staging,
  signal: new AbortController().signal,
});
process.stdout.write(cutShort?.reason ?? '');
