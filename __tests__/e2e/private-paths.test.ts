import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import type { Fault } from '../support/faults.ts';
import { hasGo } from '../support/go.ts';
import { cachedFiles, filesOf, harmOf, makeSite, pathsOf, readReport, type Site } from '../support/job.ts';
import { makeModule, type SyntheticModule, writeProject } from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { PUBLIC_HOSTS, startWorld, type World, type WorldOptions } from '../support/public-world.ts';
import type { JobOptions, JobResult } from '../support/runner.ts';

const goIsHere = await hasGo();

let certificates: CertificateSet;
beforeAll(async () => {
  certificates = await makeCertificateSet(PUBLIC_HOSTS);
});
afterAll(async () => {
  await certificates.directory[Symbol.asyncDispose]();
});

const secrets: readonly SyntheticModule[] = [
  makeModule({ path: 'git.corp.example/team/plan', version: 'v1.2.3', sizeBytes: 20_000 }),
  makeModule({ path: 'git.corp.example/Team/Merger/v2', version: 'v2.0.1', sizeBytes: 20_000 }),
];
/** Public, and on no list, so that no measuring asks for it. */
const late = makeModule({ path: 'example.org/late', version: 'v1.0.4', sizeBytes: 20_000 });
const text = makeModule({ path: 'golang.org/x/text', version: 'v0.98.7', sizeBytes: 20_000 });

/** Paths of a server's log that tell of a private module, as they are escaped in a URL or not. */
function toldTo(server: ProxyServer): readonly string[] {
  return pathsOf(server).filter((asked) => /corp|merger|team/i.test(decodeURIComponent(asked)));
}

type Family = Readonly<Partial<Record<'GOPRIVATE' | 'GONOPROXY' | 'GONOSUMDB', string>>>;
type Source = 'the environment' | 'go env -w' | 'the inputs';

async function configure(site: Site, family: Family, source: Source): Promise<Partial<JobOptions>> {
  if (source === 'the environment') return { env: family as Readonly<Record<string, string>> };
  if (source === 'the inputs') {
    const inputs = Object.entries(family).map(([name, value]) => [name.toLowerCase(), value] as const);
    return { inputs: Object.fromEntries(inputs) };
  }
  const folder = path.join(site.home, '.config', 'go');
  await mkdir(folder, { recursive: true });
  const lines = Object.entries(family).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(folder, 'env'), lines.join(''));
  return {};
}

interface Scene extends Pick<WorldOptions, 'down' | 'faults'> {
  readonly family: Family;
  readonly source: Source;
  readonly project?: readonly SyntheticModule[];
  readonly inputs?: (given: ProxyServer) => Readonly<Record<string, string>>;
  readonly goproxy?: (given: ProxyServer) => string;
  /** Of the given candidate. */
  readonly givenFaults?: readonly Fault[];
}

/** What became of the module cache, beside what everybody was told. */
interface Done extends World {
  readonly site: Site;
  readonly job: JobResult;
}

/** Runs a job with a given candidate that has everything, and the public hosts; hands over what each was told. */
async function play(scene: Scene, look: (given: ProxyServer, done: Done) => Promise<void> | void) {
  const { family, source, project = secrets, inputs, goproxy, givenFaults = [], ...options } = scene;
  await using given = await startProxy({ modules: [...secrets, text, late], faults: givenFaults });
  await using world = await startWorld(certificates, { modules: [...secrets, text, late], ...options });
  await using site = await makeSite({ modules: project });
  const configured = await configure(site, family, source);
  const job = await site.job({
    inputs: { ...configured.inputs, ...inputs?.(given) },
    env: { ...world.env, ...configured.env, ...(goproxy === undefined ? {} : { GOPROXY: goproxy(given) }) },
  });
  expect(harmOf(job)).toEqual([]);
  for (const server of Object.values(world.servers)) expect(toldTo(server)).toEqual([]);
  await readReport(job.main);
  await look(given, { ...world, site, job });
}

const SOURCES: readonly Source[] = goIsHere
  ? ['the environment', 'go env -w', 'the inputs']
  : ['the environment', 'the inputs'];
const CORP = '*.corp.example';
/** Whether a candidate that the user gave may hear of it. */
const FAMILIES: readonly (readonly [Family, boolean])[] = [
  [{ GOPRIVATE: CORP }, false],
  [{ GONOPROXY: CORP }, false],
  [{ GOPRIVATE: CORP, GONOPROXY: CORP, GONOSUMDB: 'none' }, false],
  [{ GOPRIVATE: 'other.example', GONOPROXY: `x.example,${CORP}` }, false],
  [{ GONOPROXY: 'git.corp.example/team,git.corp.example/Team' }, false],
  [{ GOPRIVATE: CORP, GONOPROXY: 'none' }, true],
  [{ GONOSUMDB: CORP }, true],
];
const rows = SOURCES.flatMap((source) =>
  FAMILIES.map(([family, mayHear]) => ({ source, family, mayHear, shown: JSON.stringify(family) })),
);

describe('a private module is told to nobody that may not hear of it', () => {
  test.concurrent.each(rows)('$shown of $source', async ({ source, family, mayHear }) => {
    const inputs = (given: ProxyServer) => ({
      proxies: `${given.url}\nhttps://proxy.golang.org\nhttps://goproxy.cn`,
    });
    await play({ family, source, inputs }, async (given, { contacted, site, job }) => {
      // With nothing wanted but what is nobody's business, the first candidate alone is asked, for something else.
      expect(contacted().includes('proxy.golang.org')).toBe(mayHear);
      expect(pathsOf(given).length).toBeGreaterThan(0);
      expect(toldTo(given).length > 0).toBe(mayHear);
      expect(await cachedFiles(site, secrets)).toEqual(mayHear ? filesOf(secrets) : []);
      expect(job.main.outputs['modules-failed']).toBe('0');
    });
  });

  test.concurrent('without any pattern the measuring still asks a public proxy for well-known modules only', async () => {
    const inputs = (given: ProxyServer) => ({
      proxies: `https://proxy.golang.org\n${given.url}`,
      prefetch: 'false',
    });
    await play({ family: {}, source: 'the environment', inputs }, (given) => {
      expect(toldTo(given).length).toBeGreaterThan(0);
    });
  });

  test.concurrent('beside a public module', async () => {
    const inputs = (given: ProxyServer) => ({ proxies: `https://proxy.golang.org\n${given.url}` });
    const project = [...secrets, text];
    await play(
      { family: { GOPRIVATE: CORP }, source: 'the inputs', inputs, project },
      async (given, { servers, site }) => {
        expect(toldTo(given)).toEqual([]);
        expect(pathsOf(servers['proxy.golang.org']).join(' ')).toContain('golang.org/x/text');
        expect(await cachedFiles(site, project)).toEqual(filesOf([text]));
      },
    );
  });

  test.concurrent('an inherited proxy may hear what only GONOSUMDB matches, and nothing of GONOPROXY', async () => {
    const goproxy = (given: ProxyServer) => `${given.url}|https://proxy.golang.org,direct`;
    await play({ family: { GONOSUMDB: CORP }, source: 'the environment', goproxy }, (given) => {
      expect(toldTo(given).length).toBeGreaterThan(0);
    });
    await play({ family: { GOPRIVATE: CORP }, source: 'the environment', goproxy }, (given) => {
      expect(toldTo(given)).toEqual([]);
    });
  });

  test.concurrent('the standby hears of none', () =>
    play(
      { family: { GONOSUMDB: CORP }, source: 'the environment', down: ['proxy.golang.org'] },
      (_given, { contacted }) => {
        expect(contacted()).toContain('goproxy.cn');
      },
    ));

  test.concurrent('mode diagnose tells no more', () =>
    play(
      {
        family: { GOPRIVATE: CORP },
        source: 'the inputs',
        inputs: (given) => ({ mode: 'diagnose', proxies: `${given.url}\nhttps://proxy.golang.org` }),
      },
      (given) => expect(toldTo(given)).toEqual([]),
    ));
});

describe('the prefetch', () => {
  const project = [...secrets, text, late];
  const family = { GONOSUMDB: CORP };
  const LATE_FAILS: Scene['faults'] = {
    'proxy.golang.org': [{ match: /example\.org/, kind: 'status', status: 503 }],
  };

  test.concurrent('asks the standby for public modules, and nobody for what only given ones may hear of', () =>
    play(
      { family, source: 'the environment', project, faults: LATE_FAILS },
      async (given, { servers, site, job }) => {
        expect(pathsOf(given)).toEqual([]);
        expect(pathsOf(servers['goproxy.cn']).join(' ')).toContain('example.org/late');
        expect(await cachedFiles(site, project)).toEqual(filesOf([text, late]));
        expect(job.main.outputs).toMatchObject({ 'modules-fetched': '2', 'modules-failed': '0' });
      },
    ));

  test.concurrent('asks a given candidate behind a public one that it passes over', () =>
    play(
      {
        ...{ family, source: 'the environment', project },
        inputs: (given) => ({ proxies: `https://proxy.golang.org\n${given.url}`, fallback: 'any-error' }),
      },
      async (given, { site }) => {
        expect(toldTo(given).length).toBeGreaterThan(0);
        expect(await cachedFiles(site, project)).toEqual(filesOf(project));
      },
    ));

  const FAILURES: readonly (readonly [string, Fault])[] = [
    ['503', { match: /corp/, kind: 'status', status: 503 }],
    ['404', { match: /corp/, kind: 'status', status: 404 }],
    ['401', { match: /corp/, kind: 'status', status: 401 }],
    ['a reset', { match: /corp/, kind: 'reset-before-headers' }],
    ['a wrong zip', { match: /corp.*zip/, kind: 'wrong-bytes' }],
  ];
  test.concurrent.each(FAILURES)('tells no public proxy when the given one answers %s', (_name, fault) =>
    play(
      {
        ...{ family, source: 'the environment', project, givenFaults: [fault] },
        inputs: (given) => ({
          proxies: `${given.url}\nhttps://proxy.golang.org\nhttps://goproxy.cn`,
          fallback: 'any-error',
        }),
      },
      async (given, { site }) => {
        expect(toldTo(given).length).toBeGreaterThan(0);
        const zips = (await cachedFiles(site, secrets)).filter((file) => file.endsWith('.zip'));
        expect(zips).toEqual([]);
        expect(await cachedFiles(site, [text, late])).toEqual(filesOf([text, late]));
      },
    ),
  );

  test.concurrent('of a second use tells no more, and asks the given one for what its own modules lack', async () => {
    await using given = await startProxy({ modules: project });
    await using world = await startWorld(certificates, { modules: project });
    await using site = await makeSite();
    await writeProject(path.join(site.workspace, 'a'), { modules: [text] });
    await writeProject(path.join(site.workspace, 'b'), { modules: project });
    const inputs = { proxies: `${given.url}\nhttps://proxy.golang.org`, gonosumdb: CORP };
    const first = await site.job({ inputs: { ...inputs, 'working-directory': 'a' }, env: world.env });
    expect(toldTo(given)).toEqual([]);
    const env = { ...world.env, ...first.main.env };
    const second = await site.job({ inputs: { ...inputs, 'working-directory': 'b' }, env });
    expect([...harmOf(first), ...harmOf(second)]).toEqual([]);
    expect((await readReport(second.main)).plan.kind).toBe('reused');
    for (const server of Object.values(world.servers)) expect(toldTo(server)).toEqual([]);
    expect(toldTo(given).length).toBeGreaterThan(0);
    expect(await cachedFiles(site, project)).toEqual(filesOf(project));
  });
});

describe('patterns that match what we would ask', () => {
  test.concurrent('a well-known module that is private here is not asked for', () =>
    play(
      {
        family: { GOPRIVATE: 'golang.org' },
        source: 'the inputs',
        project: [text],
        inputs: (given) => ({ proxies: `${given.url}\nhttps://proxy.golang.org` }),
      },
      (given, { servers }) => {
        for (const server of [given, servers['proxy.golang.org']]) {
          expect(pathsOf(server).join(' ')).not.toContain('golang.org/x/');
        }
      },
    ));

  test.concurrent('when everything is private nobody is asked for a module', () =>
    play(
      {
        family: { GOPRIVATE: '*' },
        source: 'the inputs',
        project: [text, ...secrets],
        inputs: (given) => ({ proxies: `${given.url}\nhttps://proxy.golang.org` }),
      },
      (given, { servers }) => {
        expect(pathsOf(given)).toEqual([]);
        expect(pathsOf(servers['proxy.golang.org'])).toEqual([]);
      },
    ));
});
