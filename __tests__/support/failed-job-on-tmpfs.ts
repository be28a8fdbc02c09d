// Runs a job that failed with its RUNNER_TEMP, or its module cache, on a small disk of its own, in a namespace:
//   failed-job-on-tmpfs.ts runner-temp|module-cache
// Prints what post did and left, as JSON.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { plantLocks } from './failed-jobs.ts';
import { cacheDownload, makeSite } from './job.ts';
import { makeModule } from './modules.ts';
import { startProxy } from './proxy-server.ts';
import { runAction } from './runner.ts';

const [place = ''] = process.argv.slice(2);
const module = makeModule({ path: 'github.com/Acme/large', version: 'v1.0.0', sizeBytes: 1 << 20 });
await using proxy = await startProxy({ modules: [module] });
await using site = await makeSite({ modules: [module] });
const job = {
  workspace: site.workspace,
  temp: site.dir.join('runner'),
  inputs: { proxies: proxy.url, mirrors: 'none', prefetch: 'false', cache: 'false' },
};
const main = await runAction({ ...job, stage: 'main', env: { GOSUMDB: 'off' } });
const download = cacheDownload(site);
const mounted = place === 'runner-temp' ? site.runnerTemp : download;
await mkdir(mounted, { recursive: true });
execFileSync('mount', [
  '-t',
  'tmpfs',
  '-o',
  place === 'runner-temp' ? 'size=64k' : 'size=64m',
  'tmpfs',
  mounted,
]);
await plantLocks(site, [module]);
const lock = path.join(download, 'github.com', '!acme', 'large', '@v', 'v1.0.0.lock');
// No Date can hold this time, nor the year 300,000.
if (place === 'module-cache') execFileSync('touch', ['-d', '@9000000000000', lock]);
const { exitCode, stdout, commands, durationMs } = await runAction({
  ...job,
  stage: 'post',
  env: { GOSUMDB: 'off', ...main.env },
  state: main.state,
  jobStatus: 'failure',
});
const left = await readdir(site.runnerTemp);
execFileSync('umount', [mounted]);
process.stdout.write(JSON.stringify({ exitCode, stdout, commands, durationMs, left }));
