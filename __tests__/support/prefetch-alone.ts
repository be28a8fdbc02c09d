// Prefetches a synthetic set in a process of its own, in a namespace that gives it a small disk or a read-only one:
//   prefetch-alone.ts GOMODCACHE COUNT MOUNT-OPTIONS
// Prints the end of the whole, the ends of the files, the requests and what is in the module cache.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { makeModuleSet } from './modules.ts';
import { endsOf, prefetchFrom, wantedOf, wrongIn } from './prefetching.ts';
import { startProxy } from './proxy-server.ts';

const [goModCache = '', count = '1', options = ''] = process.argv.slice(2);
execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', goModCache]);
const modules = makeModuleSet(Number(count));
const missing = wantedOf(modules);
await using server = await startProxy({ modules, latencyMs: 20 });
const result = await prefetchFrom({ goModCache, missing, from: [{ url: server.url }] });
const { earlyEnd, modcache, requests } = result;
const cache = readdirSync(goModCache, { recursive: true }) as string[];
const wrong = await wrongIn(goModCache, missing);
const told = { earlyEnd, code: modcache?.code, requests, ends: endsOf(result), wrong, cache };
process.stdout.write(`${JSON.stringify(told)}\n`);
