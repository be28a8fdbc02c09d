import { cp, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import {
  archiveOf,
  type CachedJob,
  entryName,
  openWorld,
  primaryKey,
  putArchive,
  toldOf,
  whyNotSaved,
  zipsAsked,
} from '../support/cached-jobs.ts';
import { harmOf, makeSite } from '../support/job.ts';
import { makeModuleSet, type SyntheticModule, writeProject } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import { namesIn } from '../support/stored-archives.ts';

const MODULES = makeModuleSet(8, { totalBytes: 120_000 });
const NEW = makeModuleSet(2, { prefix: 'new.example', seed: 2 });
const SUBSET = MODULES.slice(0, 6);

function namesOf(modules: readonly SyntheticModule[]): readonly string[] {
  return modules
    .flatMap((module) => (['info', 'mod', 'zip'] as const).map((kind) => entryName(module, kind)))
    .sort();
}

interface Row extends CachedJob {
  /** An archive with most of the modules is there. */
  readonly matches?: boolean;
  /** Why nothing is saved; without it something is. */
  readonly reason?: string;
}

const MATCHED = 'a cache with most of the modules matched';
const ROWS: readonly (readonly [string, Row])[] = [
  ['the default branch, nothing matched', {}],
  ['the default branch, most matched', { matches: true }],
  ['another branch, nothing matched', { ref: 'refs/heads/topic' }],
  [
    'another branch, most matched',
    { ref: 'refs/heads/topic', matches: true, reason: `another branch than the default one, and ${MATCHED}` },
  ],
  ['a pull request, nothing matched', { event: 'pull_request', ref: 'refs/pull/7/merge' }],
  [
    'a pull request, most matched',
    {
      event: 'pull_request',
      ref: 'refs/pull/7/merge',
      matches: true,
      reason: `a pull request, and ${MATCHED}`,
    },
  ],
  ['pull_request_target', { event: 'pull_request_target', reason: 'the event is pull_request_target' }],
  ['a tag', { ref: 'refs/tags/v1.0.0', reason: 'the job runs for a tag' }],
  ['a tag with save-cache: true', { ref: 'refs/tags/v1.0.0', inputs: { 'save-cache': 'true' } }],
  ['save-cache: false', { inputs: { 'save-cache': 'false' }, reason: 'the input save-cache is false' }],
  ['cache: false', { inputs: { cache: 'false' }, reason: 'the input cache is false' }],
  ['a cancelled job', { jobStatus: 'cancelled', reason: 'the job was cancelled' }],
  ['a failed job', { jobStatus: 'failure' }],
];

describe('whether post saves', () => {
  test.concurrent.each(ROWS)('%s', async (_name, { matches = false, reason, ...options }) => {
    await using world = await openWorld(MODULES);
    if (matches) putArchive(world.cache, SUBSET, archiveOf(SUBSET));
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site, options);
    expect(harmOf(job)).toEqual([]);
    expect(job.main.outputs).toMatchObject({
      'cache-hit': 'false',
      'cache-primary-key': primaryKey(MODULES),
      'cache-matched-key': matches ? primaryKey(SUBSET) : '',
    });
    const saved = world.cache.entries.slice(matches ? 1 : 0).map(({ key }) => key);
    expect(saved).toEqual(reason === undefined ? [primaryKey(MODULES)] : []);
    if (reason === undefined) expect(toldOf(job.post, 'cache saved: ')).toContain('24 files');
    else expect(whyNotSaved(job)).toBe(reason);
    const asked = world.cache.requests.map(({ route }) => route);
    expect(asked.includes('create')).toBe(reason === undefined);
    expect(asked.includes('lookup')).toBe(options.inputs?.['cache'] !== 'false');
  });
});

describe('what is saved', () => {
  test.concurrent.each([
    // go 1.16 cannot tell which of them a build needs, go 1.17 can.
    ['1.16', 'some of which no proxy has', true],
    ['1.21', 'which are not asked for', false],
  ] as const)('go %s: go.sum with a quarter more zips, %s', async (goVersion, _why, areWanted) => {
    await using world = await openWorld(MODULES);
    const sum = [...MODULES, ...NEW].flatMap(({ goSumLines }) => goSumLines);
    await using site = await makeSite({ modules: MODULES, goSumLines: sum, goVersion });
    const job = await world.job(site, { inputs: { direct: 'true' } });
    expect(harmOf(job)).toEqual([]);
    expect(toldOf(job.post, 'cache saved: ')).toContain('24 files');
    expect(await namesIn(world.cache.entries[0]!)).toEqual(namesOf(MODULES));
    const asked = zipsAsked(world.proxy).some((zip) => zip.startsWith('/new.example/'));
    expect(asked).toBe(areWanted);
    await using other = await makeSite({ modules: MODULES, goSumLines: sum, goVersion });
    const again = await world.job(other, { inputs: { direct: 'true' } });
    expect(harmOf(again)).toEqual([]);
    expect(again.main.outputs).toMatchObject({ 'cache-hit': 'true', 'modules-fetched': '0' });
    expect(whyNotSaved(again)).toBe('the same modules are saved already');
  });

  test.concurrent.each([
    ['goprivate', 'new.example/*'],
    ['gonosumdb', 'new.example'],
    ['gonoproxy', 'new.example/mod0,new.example/mod1'],
  ])('no module that %s matches', async (input, patterns) => {
    const all = [...MODULES, ...NEW];
    await using world = await openWorld(all);
    await using site = await makeSite({ modules: all });
    const job = await world.job(site, { inputs: { [input]: patterns } });
    expect(harmOf(job)).toEqual([]);
    // Another key than the one of all of them: of those that may be known.
    expect(job.main.outputs['cache-primary-key']).toBe(primaryKey(MODULES));
    expect(world.cache.entries.map(({ key }) => key)).toEqual([primaryKey(MODULES)]);
    expect(await namesIn(world.cache.entries[0]!)).toEqual(namesOf(MODULES));
    expect(JSON.stringify(world.cache.requests)).not.toContain('new.example');
  });

  test.concurrent('nothing when go.sum is another one at the end of the job', async () => {
    await using world = await openWorld([...MODULES, ...NEW]);
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site, {
      steps: [
        async ({ workspace }) => {
          await writeProject(workspace, { modules: [...MODULES, ...NEW] });
        },
      ],
    });
    expect(job.stepError).toBeUndefined();
    expect(harmOf(job)).toEqual([]);
    expect(whyNotSaved(job)).toBe('go.sum changed during the job');
    expect(world.cache.entries).toEqual([]);
  });

  test.concurrent('nothing when a wanted module could not be fetched', async () => {
    await using world = await openWorld(MODULES);
    const broken = { match: /mod0.*zip$/, kind: 'status', status: 500 } as const;
    await using proxy = await startProxy({ modules: MODULES, faults: [broken] });
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site, { inputs: { proxies: proxy.url } });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
    expect(job.main.outputs['modules-failed']).toBe('1');
    expect(whyNotSaved(job)).toBe('the module cache lacks some of the wanted modules');
    expect(world.cache.entries).toEqual([]);
  });

  test.concurrent('what was fetched, although a fault of ours ended the restoring', async () => {
    const head = 'async function restoreCache({ inputs, setting, hashZip, onLookup }, context) {';
    await using world = await openWorld(MODULES);
    await using site = await makeSite({ modules: MODULES });
    await cp(new URL('../../dist', import.meta.url), site.dir.join('dist'), { recursive: true });
    const bundle = site.dir.join('dist', 'index.js');
    const bundled = await readFile(bundle, 'utf8');
    expect(bundled).toContain(head);
    await writeFile(bundle, bundled.replace(head, `${head} throw new Error('planted');`));
    const job = await world.job(site, { bundle });
    expect(harmOf(job)).toEqual([]);
    expect(world.cache.entries.map(({ key }) => key)).toEqual([primaryKey(MODULES)]);
  });

  test.concurrent('nothing when nothing is wanted', async () => {
    await using world = await openWorld(MODULES);
    await using site = await makeSite();
    const job = await world.job(site);
    expect(harmOf(job)).toEqual([]);
    expect(whyNotSaved(job)).toBe('no public module is wanted');
    expect(world.cache.requests).toEqual([]);
  });
});

test.concurrent('the same go.sum is another key under another go line or suffix', async () => {
  await using world = await openWorld(MODULES);
  const keyUnder = async (goVersion: string, suffix = '') => {
    // go 1.21 names in go.mod what a build needs; under 1.16 all of go.sum may be.
    await using site = await makeSite({ modules: MODULES, requires: SUBSET, goVersion });
    const job = await world.job(site, { inputs: { 'cache-suffix': suffix }, ref: 'refs/tags/v1' });
    expect(harmOf(job)).toEqual([]);
    return job.main.outputs['cache-primary-key'];
  };
  expect(await keyUnder('1.16')).toBe(primaryKey(MODULES));
  expect(await keyUnder('1.21')).toBe(await keyUnder('1.22'));
  expect(await keyUnder('1.21')).not.toBe(primaryKey(MODULES));
  expect(await keyUnder('1.16', 'api')).toBe(primaryKey(MODULES, 'api'));
});
