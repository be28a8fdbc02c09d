import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hasGo } from '../support/go.ts';
import { annotationTexts, harmOf, makeSite } from '../support/job.ts';
import { makeModule } from '../support/modules.ts';
import { commandsOf, prepareProject, runOffline, warmBuildCache } from '../support/offline-go.ts';
import type { OfflineProject } from '../support/offline-project.ts';
import { OFFLINE_PROJECTS } from '../support/offline-projects.ts';
import { startProxy } from '../support/proxy-server.ts';
import { makeTempDir } from '../support/temp.ts';

// What the step fetched is all that go needs: its go.sum files are go's own work, its module cache ours alone.

const goIsHere = await hasGo();
/** Without go the tests are shown as skipped, under a name that says why. */
const testWithGo = goIsHere ? test.concurrent : test.skip;
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';

if (goIsHere) {
  await using temp = await makeTempDir();
  await warmBuildCache(temp.path);
}

describe(`after the prefetch go needs no network${whyGo}`, () => {
  for (const project of OFFLINE_PROJECTS) testWithGo(project.name, () => proveOffline(project));
});

/** Runs the step on a project in a job of its own, then go, and expects that nothing is missing. */
async function proveOffline(project: OfflineProject): Promise<void> {
  const modules = project.modules.map(makeModule);
  await using proxy = await startProxy({ modules });
  await using site = await makeSite();
  const place = { directory: site.workspace, root: site.dir.join('before') };
  await prepareProject(project, place, proxy.url);

  const goModCache = site.dir.join('modcache');
  let zips: readonly string[] = [];
  const results: string[] = [];
  const job = await site.job({
    inputs: { ...project.inputs, proxies: proxy.url },
    env: { ...project.env, GOMODCACHE: goModCache },
    steps: [
      async () => {
        zips = await zipsIn(goModCache);
        await proxy.close();
        const later = { ...place, root: site.dir.join('later'), goModCache };
        for (const command of commandsOf(project)) results.push(await runOffline(project, command, later));
      },
    ],
  });
  expect(harmOf(job)).toEqual([]);
  expect(annotationTexts(job.main, 'warning')).toEqual([]);
  expect(job.main.outputs).toMatchObject({ 'modules-failed': '0', 'failure-class': 'none' });
  expect(zips).toEqual([...project.zips].sort());
  expect(job.stepError).toBeUndefined();
  expect(results.filter((result) => result !== 'as it should be')).toEqual([]);
  expect(results.length).toBe(commandsOf(project).length);
}

/** `path@version` of each zip in a module cache, sorted. */
async function zipsIn(goModCache: string): Promise<readonly string[]> {
  const download = path.join(goModCache, 'cache', 'download');
  const names = await readdir(download, { recursive: true }).catch(() => []);
  return names
    .filter((name) => name.endsWith('.zip'))
    .map((name) =>
      name
        .replaceAll(path.sep, '/')
        .replace(/\.zip$/, '')
        .replace('/@v/', '@')
        .replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    )
    .sort();
}
