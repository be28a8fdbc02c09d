import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import type { Fault } from '../support/faults.ts';
import {
  annotationsOf,
  annotationTexts,
  cachedFiles,
  filesOf,
  harmOf,
  makeSite,
  pathsOf,
  readReport,
  type Site,
} from '../support/job.ts';
import { makeModule, makeModuleSet, type SyntheticModule } from '../support/modules.ts';
import { startProxy } from '../support/proxy-server.ts';
import {
  PINNED_ROUTES,
  PUBLIC_HOSTS,
  type PublicHost,
  startWorld,
  type World,
  type WorldOptions,
} from '../support/public-world.ts';
import type { JobOptions, JobResult } from '../support/runner.ts';

const text = makeModule({ path: 'golang.org/x/text', version: 'v0.98.7', sizeBytes: 20_000 });
/** On no list, so that no measuring asks for it. */
const late = makeModule({ path: 'example.org/late', version: 'v1.0.4', sizeBytes: 20_000 });
const secret = makeModule({
  path: 'git.corp.example/secret-team/plan',
  version: 'v1.2.3',
  sizeBytes: 20_000,
});

/** Answers, but with nothing of use. */
const BROKEN: readonly Fault[] = [{ match: 'any', kind: 'status', status: 503 }];

let certificates: CertificateSet;
beforeAll(async () => {
  certificates = await makeCertificateSet(PUBLIC_HOSTS);
});
afterAll(async () => {
  await certificates.directory[Symbol.asyncDispose]();
});

/** What go would be told by GOPROXY, the prefetch is too; these jobs are about the measuring. */
const MEASURED = { inputs: { prefetch: 'false' } } as const;

interface Scene extends Omit<WorldOptions, 'modules'> {
  /** Of the project. */
  readonly modules?: readonly SyntheticModule[];
  readonly job?: Partial<JobOptions>;
}

async function play(
  { modules = [text], job = {}, ...options }: Scene,
  look: (job: JobResult, world: World, site: Site) => Promise<void> | void,
): Promise<void> {
  await using world = await startWorld(certificates, { modules: [text, late], ...options });
  await using site = await makeSite({ modules });
  const done = await site.job({ ...job, env: { ...world.env, ...job.env } });
  await look(done, world, site);
  for (const server of Object.values(world.servers)) {
    expect(pathsOf(server).filter((asked) => asked.includes('corp'))).toEqual([]);
  }
}

describe('the default candidate is healthy', () => {
  test.concurrent('nothing is exported but what a second use needs, and no standby is contacted', () =>
    play({}, async (job, { contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(Object.keys(job.main.env)).toEqual(['SETUP_GOPROXY']);
      expect(job.main.outputs).toMatchObject({
        goproxy: 'https://proxy.golang.org,direct',
        gosumdb: 'sum.golang.org',
        'selected-proxy': 'https://proxy.golang.org',
        'failure-class': 'none',
      });
      expect(contacted()).toEqual(['proxy.golang.org']);
      expect(annotationTexts(job.main)).toEqual([]);
      expect(job.main.outputs['modules-fetched']).toBe('1');
      expect((await readReport(job.main)).hosts).toContain('proxy.golang.org');
    }));

  test.concurrent('without the prefetch there is nothing to write a summary about', () =>
    play({ job: { inputs: { prefetch: 'false' } } }, (job) => {
      expect(harmOf(job)).toEqual([]);
      expect(job.main.outputs['modules-fetched']).toBe('0');
      expect(job.main.summary).toBe('');
    }));

  test.concurrent('with nothing wanted a pinned module is asked for, twice', () =>
    play({ modules: [] }, (job, { servers, contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(contacted()).toEqual(['proxy.golang.org']);
      expect(pathsOf(servers['proxy.golang.org'])).toEqual([
        '/github.com/pkg/errors/@v/v0.9.1.info',
        '/github.com/pkg/errors/@v/v0.9.1.mod',
      ]);
      expect(job.main.outputs['selected-proxy']).toBe('https://proxy.golang.org');
    }));

  test.concurrent('of a go.sum that names no well-known module, the measuring asks nothing', () =>
    play({ modules: [secret], job: MEASURED }, (job, { servers, contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(contacted()).toEqual(['proxy.golang.org']);
      const asked = pathsOf(servers['proxy.golang.org']).filter((one) => !one.startsWith('/sumdb/'));
      expect(asked.length).toBeGreaterThanOrEqual(2);
      for (const one of asked) expect(Object.keys(PINNED_ROUTES)).toContain(one);
      expect(job.main.outputs['selected-proxy']).toBe('https://proxy.golang.org');
    }));
});

describe('proxy.golang.org is down', () => {
  const failures: readonly (readonly [string, WorldOptions])[] = [
    ['nothing listens', { down: ['proxy.golang.org'] }],
    ['every answer is 503', { faults: { 'proxy.golang.org': BROKEN } }],
    ['connected, then silence', { faults: { 'proxy.golang.org': [{ kind: 'tls-stall' }] } }],
    ['asked, then silence', { faults: { 'proxy.golang.org': [{ match: 'any', kind: 'headers-never' }] } }],
    ['wrong bytes', { faults: { 'proxy.golang.org': [{ match: 'mod', kind: 'wrong-bytes' }] } }],
  ];
  test.concurrent.each(failures)('%s: the standby enters with a notice', (_name, world) =>
    play(world, async (job) => {
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env).toMatchObject({
        GOPROXY: 'https://goproxy.cn,direct',
        GOSUMDB: 'sum.golang.org https://sum.golang.org',
      });
      expect(annotationTexts(job.main, 'notice').join('\n')).toContain('goproxy.cn');
      expect(annotationsOf(job.main, 'notice').map(({ properties }) => properties['title'])).toContain(
        'setup-goproxy: standby-used',
      );
      expect(job.main.outputs).toMatchObject({
        'selected-proxy': 'https://goproxy.cn',
        gosumdb: 'sum.golang.org https://sum.golang.org',
      });
      expect((await readReport(job.main)).plan.standby.asked).toBe(true);
    }),
  );

  const databases: readonly (readonly [string, readonly PublicHost[], string | undefined])[] = [
    ['sum.golang.org answers', [], 'sum.golang.org https://sum.golang.org'],
    ['only sum.golang.google.cn answers', ['sum.golang.org'], 'sum.golang.google.cn'],
    ['none answers', ['sum.golang.org', 'sum.golang.google.cn'], undefined],
  ];
  test.concurrent.each(databases)('%s: GOSUMDB', (_name, down, gosumdb) =>
    play({ down: ['proxy.golang.org', ...down] }, (job) => {
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env['GOPROXY']).toBe('https://goproxy.cn,direct');
      expect(job.main.env['GOSUMDB']).toBe(gosumdb);
      expect(job.main.outputs['gosumdb']).toBe(gosumdb ?? 'sum.golang.org');
    }),
  );

  test.concurrent('a GOSUMDB that somebody set stays', () =>
    play(
      { down: ['proxy.golang.org'], job: { env: { GOSUMDB: 'sum.golang.google.cn' } } },
      (job, { contacted }) => {
        expect(harmOf(job)).toEqual([]);
        expect(job.main.env['GOSUMDB']).toBeUndefined();
        expect(contacted()).not.toContain('sum.golang.org');
      },
    ));

  test.concurrent.each(['none', ''])(
    'mirrors: %p: the environment stays, and one warning says why',
    (mirrors) =>
      play({ faults: { 'proxy.golang.org': BROKEN }, job: { inputs: { mirrors } } }, (job, { contacted }) => {
        expect(harmOf(job)).toEqual([]);
        expect(Object.keys(job.main.env)).toEqual(['SETUP_GOPROXY']);
        expect(contacted()).toEqual(['proxy.golang.org']);
        expect(annotationTexts(job.main).length).toBe(1);
        expect(annotationTexts(job.main, 'warning')[0]).toMatch(/no module proxy is healthy/i);
        expect(job.main.outputs).toMatchObject({
          goproxy: 'https://proxy.golang.org,direct',
          'selected-proxy': '',
          'failure-class': 'infrastructure',
        });
        expect(job.main.summary).toContain('proxy.golang.org');
      }),
  );

  test.concurrent('the standby is down too: the environment stays, and one warning says why', () =>
    play({ down: ['proxy.golang.org', 'goproxy.cn'] }, (job) => {
      expect(harmOf(job)).toEqual([]);
      expect(Object.keys(job.main.env)).toEqual(['SETUP_GOPROXY']);
      expect(annotationTexts(job.main, 'warning').length).toBe(1);
    }));

  test.concurrent('fail-on no-healthy-proxy fails the step with one error, after everything was published', () =>
    play(
      {
        faults: { 'proxy.golang.org': BROKEN, 'goproxy.cn': BROKEN },
        job: { inputs: { 'fail-on': 'no-healthy-proxy' } },
      },
      async (job) => {
        expect(job.main.exitCode).toBe(1);
        expect(annotationTexts(job.main, 'error').length).toBe(1);
        expect(job.main.outputs['failure-class']).toBe('infrastructure');
        expect(job.main.env['SETUP_GOPROXY']).toBeDefined();
        expect(job.main.summary).not.toBe('');
        expect((await readReport(job.main)).failureClass).toBe('infrastructure');
        expect(job.post.exitCode).toBe(0);
      },
    ));

  test.concurrent('of a go.sum that names no well-known module, the measuring asks the standby nothing', () =>
    play({ down: ['proxy.golang.org'], modules: [secret], job: MEASURED }, (job, { servers }) => {
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env['GOPROXY']).toBe('https://goproxy.cn,direct');
      const asked = pathsOf(servers['goproxy.cn']).filter((one) => !one.startsWith('/sumdb/'));
      for (const one of asked) expect(Object.keys(PINNED_ROUTES)).toContain(one);
    }));
});

describe('proxy.golang.org is healthy, but does not bring a file', () => {
  const faults: readonly (readonly [string, Fault])[] = [
    ['503', { match: /example\.org/, kind: 'status', status: 503 }],
    ['resets', { match: /example\.org.*zip/, kind: 'reset-in-body' }],
    ['is cut off', { match: /example\.org.*mod$/, kind: 'truncate', framing: 'content-length' }],
  ];
  test.concurrent.each(faults)('%s: the standby brings it, and the environment stays', (_name, fault) =>
    play(
      { modules: [text, late], faults: { 'proxy.golang.org': [fault] } },
      async (job, { servers }, site) => {
        expect(harmOf(job)).toEqual([]);
        expect(job.main.env['GOPROXY']).toBeUndefined();
        expect(job.main.outputs).toMatchObject({ 'modules-fetched': '2', 'modules-failed': '0' });
        expect(await cachedFiles(site, [text, late])).toEqual(filesOf([text, late]));
        const asked = pathsOf(servers['goproxy.cn']);
        expect(asked.length).toBeGreaterThan(0);
        for (const one of asked) expect(filesOf([late])).toContain(one);
      },
    ),
  );

  test.concurrent.each(['none', ''])('mirrors: %p: it fails alone, and the job goes on', (mirrors) =>
    play(
      {
        modules: [text, late],
        faults: { 'proxy.golang.org': [{ match: /example\.org/, kind: 'status', status: 503 }] },
        job: { inputs: { mirrors } },
      },
      async (job, { contacted }, site) => {
        expect(harmOf(job)).toEqual([]);
        expect(contacted()).not.toContain('goproxy.cn');
        expect(job.main.outputs).toMatchObject({ 'modules-fetched': '1', 'modules-failed': '1' });
        expect(await cachedFiles(site, [text, late])).toEqual(filesOf([text]));
      },
    ),
  );

  test.concurrent('404: it is left to go, and no standby is asked', () =>
    play(
      {
        modules: [text, late],
        faults: { 'proxy.golang.org': [{ match: /example\.org/, kind: 'status', status: 404 }] },
      },
      async (job, { contacted }, site) => {
        expect(harmOf(job)).toEqual([]);
        expect(contacted()).not.toContain('goproxy.cn');
        expect(job.main.outputs).toMatchObject({ 'modules-fetched': '1', 'modules-failed': '0' });
        expect(await cachedFiles(site, [text, late])).toEqual(filesOf([text]));
      },
    ));
});

describe('the standby is never contacted', () => {
  test.concurrent('beside a private candidate', async () => {
    await using dead = await startProxy({ faults: [{ kind: 'refuse' }] });
    await play({ job: { inputs: { proxies: dead.url } } }, (job, { contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(contacted()).toEqual([]);
      expect(job.main.env['GOPROXY']).toBeUndefined();
    });
  });

  test.concurrent('beside a public and a private candidate', async () => {
    await using dead = await startProxy({ faults: [{ kind: 'refuse' }] });
    const job = { inputs: { proxies: `${dead.url}\nhttps://proxy.golang.org` } };
    await play({ down: ['proxy.golang.org'], job }, (done, { contacted }) => {
      expect(harmOf(done)).toEqual([]);
      expect(contacted()).toEqual(['proxy.golang.org']);
    });
  });

  test.concurrent('beside an inherited GOPROXY', () =>
    play(
      { down: ['proxy.golang.org'], job: { env: { GOPROXY: 'https://proxy.golang.org' } } },
      (job, { contacted }) => {
        expect(harmOf(job)).toEqual([]);
        expect(contacted()).toEqual(['proxy.golang.org']);
        expect(job.main.env['GOPROXY']).toBeUndefined();
      },
    ));

  test.concurrent('in mode diagnose, when the candidate is healthy', () =>
    play({ job: { inputs: { mode: 'diagnose' } } }, (job, { contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(contacted()).not.toContain('goproxy.cn');
      expect(job.main.env).toEqual({});
    }));
});

test.concurrent('public candidates are joined by pipes, with direct at the end', () =>
  play(
    {
      // So many files that the delay counts eight times: on a busy machine the first byte alone does not tell.
      modules: [text, ...makeModuleSet(100)],
      faults: { 'goproxy.cn': [{ match: 'any', kind: 'headers-slow', ms: 110 }] },
      job: {
        inputs: {
          ...MEASURED.inputs,
          proxies: 'https://goproxy.cn,https://proxy.golang.org',
          'probe-timeout': '10s',
        },
      },
    },
    (job, { contacted }) => {
      expect(harmOf(job)).toEqual([]);
      expect(job.main.env['GOPROXY']).toBe('https://proxy.golang.org|https://goproxy.cn,direct');
      expect(job.main.env['GOSUMDB']).toBe('sum.golang.org https://sum.golang.org');
      expect(contacted()).toEqual(['goproxy.cn', 'proxy.golang.org', 'sum.golang.org']);
    },
  ));
