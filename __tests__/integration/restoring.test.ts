import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hashZip } from '../../src/go/h1.ts';
import { restoreCache } from '../../src/restoring.ts';
import { createClosing } from '../../src/runner/closing.ts';
import { parseInputs } from '../../src/runner/inputs.ts';
import { createLog, type LogSink } from '../../src/runner/log.ts';
import { readSetting } from '../../src/setting.ts';
import { type CacheServer, startCacheServer } from '../support/cache-server.ts';
import { archiveOf, putArchive } from '../support/cached-jobs.ts';
import { goEnvironment } from '../support/go.ts';
import { makeModuleSet, writeProject } from '../support/modules.ts';
import { makeTempDir } from '../support/temp.ts';

const MODULES = makeModuleSet(3);
const RESTORE_MS = 3 * 60_000;
const SILENT: LogSink = {
  line: () => {},
  mask: () => {},
  startGroup: () => {},
  endGroup: () => {},
  annotate: () => {},
  debug: () => {},
};

// Service and go's configuration are taken from the environment of the step, as they are at that time.
let saved: NodeJS.ProcessEnv;
beforeEach(() => {
  saved = { ...process.env };
  for (const name of Object.keys(process.env))
    if (/^(?:ACTIONS|GITHUB|RUNNER)_/.test(name)) delete process.env[name];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
  Object.assign(process.env, saved);
});

/** Restores as main does; returns what came of it, and the times that were asked for with the downloads begun by then. */
async function restoreFrom(server: CacheServer) {
  await using dir = await makeTempDir();
  const workspace = dir.join('project');
  await writeProject(workspace, { modules: MODULES });
  Object.assign(process.env, goEnvironment(dir.path), server.environment('v2'));
  const { signal } = new AbortController();
  const inputs = parseInputs(() => '', { workspace });
  const setting = await readSetting(inputs, workspace, { signal, hashZip });
  const asked: { readonly ms: number; readonly downloads: number }[] = [];
  const closing = createClosing();
  const outcome = await restoreCache(
    { inputs, setting, hashZip },
    {
      log: createLog(SILENT),
      closing,
      signal,
      allowMore: (ms) => {
        const downloads = server.requests.filter(({ route }) => route === 'store-download').length;
        asked.push({ ms, downloads });
      },
    },
  );
  await closing.close(5000);
  return { outcome, asked };
}

test('an archive gives the step the time to restore it, before it is downloaded', async () => {
  await using server = await startCacheServer();
  putArchive(server, MODULES, archiveOf(MODULES));
  const { outcome, asked } = await restoreFrom(server);
  expect(outcome).toMatchObject({ kind: 'restored', isExact: true });
  expect(asked).toEqual([{ ms: RESTORE_MS, downloads: 0 }]);
});

test('no archive gives the step no more time', async () => {
  await using server = await startCacheServer();
  const { outcome, asked } = await restoreFrom(server);
  expect(outcome).toMatchObject({ kind: 'miss' });
  expect(asked).toEqual([]);
});
