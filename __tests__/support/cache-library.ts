// Does one thing with the real @actions/cache, which prints to standard output and takes everything from its process:
//   cache-library.ts COMMAND-AS-JSON
// The last line of the output is `RESULT ` and JSON.
import { isFeatureAvailable, restoreCache, saveCache } from '@actions/cache';
// The package does not export these; they are what our own code has to agree with.
import { getCacheVersion } from '../../node_modules/@actions/cache/lib/internal/cacheUtils.js';
import {
  getCacheMode,
  getCacheServiceVersion,
  isCacheReadable,
  isCacheWritable,
} from '../../node_modules/@actions/cache/lib/internal/config.js';
import { CompressionMethod } from '../../node_modules/@actions/cache/lib/internal/constants.js';

/** What the library is to do. */
export type LibraryCommand =
  | {
      readonly do: 'restore' | 'lookup';
      readonly paths: readonly string[];
      readonly key: string;
      readonly restoreKeys: readonly string[];
    }
  | { readonly do: 'save'; readonly paths: readonly string[]; readonly key: string }
  /** For each environment, in place of the variables of the same names. */
  | { readonly do: 'availability'; readonly environments: readonly Readonly<Record<string, string>>[] }
  | { readonly do: 'versions'; readonly paths: readonly string[]; readonly platform: string };

/** What the library says of one environment. */
export interface LibraryAvailability {
  readonly available: boolean;
  readonly version: string;
  readonly readable: boolean;
  readonly writable: boolean;
}

function availability(environment: Readonly<Record<string, string>>): LibraryAvailability {
  for (const name of Object.keys(process.env)) {
    if (/^(?:ACTIONS|GITHUB)_/.test(name)) delete process.env[name];
  }
  Object.assign(process.env, environment);
  const mode = getCacheMode();
  return {
    available: isFeatureAvailable(),
    version: getCacheServiceVersion(),
    readable: isCacheReadable(mode),
    writable: isCacheWritable(mode),
  };
}

async function run(command: LibraryCommand): Promise<unknown> {
  switch (command.do) {
    case 'restore':
    case 'lookup': {
      const options = { lookupOnly: command.do === 'lookup' };
      const { paths, key, restoreKeys } = command;
      return await restoreCache([...paths], key, [...restoreKeys], options, true);
    }
    case 'save':
      return await saveCache([...command.paths], command.key, {}, true);
    case 'availability':
      return command.environments.map(availability);
    case 'versions': {
      Object.defineProperty(process, 'platform', { value: command.platform });
      const { ZstdWithoutLong, Gzip } = CompressionMethod;
      const [zstd, gzip] = [ZstdWithoutLong, Gzip].map((one) =>
        getCacheVersion([...command.paths], one, true),
      );
      return { zstd, gzip };
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  let result: unknown;
  try {
    result = { value: await run(JSON.parse(process.argv[2] ?? '') as LibraryCommand) };
  } catch (error) {
    result = { error: String(error) };
  }
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`, () => process.exit(0));
}
