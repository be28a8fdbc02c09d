// Has go load a project whose module cache is on a disk without room for the zip, in a namespace of its own:
//   disk-full-go.ts DIRECTORY
// Prints what go and then findFailedDownloads say, as JSON.
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { findFailedDownloads } from '../../src/modcache/failed-downloads.ts';
import { makeTracedProject, runTraced } from './go-traces.ts';
import { makeModule, writeFileProxy } from './modules.ts';

const [root = ''] = process.argv.slice(2);
const join = (...parts: readonly string[]) => [root, ...parts].join('/');
const module = makeModule({ path: 'github.com/Acme/large', version: 'v1.0.0', sizeBytes: 1 << 20 });
await writeFileProxy(join('proxy'), [module]);
const project = await makeTracedProject(
  { path: root, join, [Symbol.asyncDispose]: async () => {} },
  { module, env: { GOPROXY: `file://${join('proxy')}` } },
);
await mkdir(project.goModCache, { recursive: true });
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', project.goModCache]);
const sinceMs = Date.now() - 1000;
const { code, stderr } = await runTraced(project, ['list', '-deps', './...']);
const { downloads } = await findFailedDownloads(project.goModCache, {
  sinceMs,
  signal: AbortSignal.timeout(20_000),
});
process.stdout.write(JSON.stringify({ code, stderr, downloads }));
