import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { hasGo } from '../support/go.ts';
import { harmOf, makeSite, pathsOf, readReport, type Site } from '../support/job.ts';
import { makeModule, type SyntheticModule } from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { PUBLIC_HOSTS, startWorld, type World, type WorldOptions } from '../support/public-world.ts';
import type { JobOptions } from '../support/runner.ts';

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
}

/** Runs a job with a given candidate that has everything, and the public hosts; hands over what each was told. */
async function play(scene: Scene, look: (given: ProxyServer, world: World) => Promise<void> | void) {
  const { family, source, project = secrets, inputs, goproxy, ...options } = scene;
  await using given = await startProxy({ modules: [...secrets, text] });
  await using world = await startWorld(certificates, { modules: [...secrets, text], ...options });
  await using site = await makeSite({ modules: project });
  const configured = await configure(site, family, source);
  const job = await site.job({
    inputs: { ...configured.inputs, ...inputs?.(given) },
    env: { ...world.env, ...configured.env, ...(goproxy === undefined ? {} : { GOPROXY: goproxy(given) }) },
  });
  expect(harmOf(job)).toEqual([]);
  for (const server of Object.values(world.servers)) expect(toldTo(server)).toEqual([]);
  await readReport(job.main);
  await look(given, world);
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
    await play({ family, source, inputs }, (given, { contacted }) => {
      // With nothing wanted but what is nobody's business, the first candidate alone is asked, for something else.
      expect(contacted().includes('proxy.golang.org')).toBe(mayHear);
      expect(pathsOf(given).length).toBeGreaterThan(0);
      expect(toldTo(given).length > 0).toBe(mayHear);
    });
  });

  test.concurrent('without any pattern a public proxy still hears of well-known modules only', async () => {
    const inputs = (given: ProxyServer) => ({ proxies: `https://proxy.golang.org\n${given.url}` });
    await play({ family: {}, source: 'the environment', inputs }, (given) => {
      expect(toldTo(given).length).toBeGreaterThan(0);
    });
  });

  test.concurrent('beside a public module', async () => {
    const inputs = (given: ProxyServer) => ({ proxies: `https://proxy.golang.org\n${given.url}` });
    const project = [...secrets, text];
    await play(
      { family: { GOPRIVATE: CORP }, source: 'the inputs', inputs, project },
      (given, { servers }) => {
        expect(toldTo(given)).toEqual([]);
        expect(pathsOf(servers['proxy.golang.org']).join(' ')).toContain('golang.org/x/text');
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
