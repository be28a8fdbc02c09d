import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import type { Fault } from '../support/faults.ts';
import { askedOf, cachedFiles, filesOf, harmOf, makeSite, type Site, traces } from '../support/job.ts';
import { makeModuleSet, writeProject } from '../support/modules.ts';
import { type ProxyOptions, type ProxyServer, startProxy } from '../support/proxy-server.ts';
import type { JobOptions, JobResult } from '../support/runner.ts';

/** Every character that some encoding writes otherwise. */
const PASSWORD = "cAnAry/p@ss:w0rd+1 'q' $&=%41é";
const USER = 'deploy-bot';
const TOKEN = 'ghp_cAnAryT0kenAsUserName123456';
/** Known to nobody but the peer that says it. */
const FOREIGN = 'X4cAnAryS1gnatureOfTheStorage';
const NAME = 'private.test';

const modules = makeModuleSet(4, { totalBytes: 40_000 });
const userinfo = `${USER}:${encodeURIComponent(PASSWORD)}`;

let certificates: CertificateSet;
beforeAll(async () => {
  certificates = await makeCertificateSet([NAME]);
});
afterAll(async () => {
  await certificates.directory[Symbol.asyncDispose]();
});

/** Every spelling in which a canary could come out. */
const CANARIES: readonly string[] = [
  PASSWORD,
  encodeURIComponent(PASSWORD),
  encodeURI(PASSWORD),
  encodeURIComponent(PASSWORD).replace(/%../g, (digits) => digits.toLowerCase()),
  JSON.stringify(PASSWORD).slice(1, -1),
  ...[PASSWORD, encodeURIComponent(PASSWORD)].flatMap((password) => [
    base64(`${USER}:${password}`),
    base64(password),
  ]),
  TOKEN,
  base64(`${TOKEN}:`),
  base64(`${TOKEN}:x-oauth-basic`),
  FOREIGN,
  // A part that survives each of the above being cut or escaped in a way that nobody thought of.
  'cAnAry',
];

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/=+$/, '');
}

/** Writes the .netrc of the steps: passwords by host. */
async function writeNetrc(site: Site, passwords: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(site.home, { recursive: true });
  const lines = Object.entries(passwords).map(
    ([host, password]) => `machine ${host} login ${USER} password ${password}\n`,
  );
  await writeFile(`${site.home}/.netrc`, lines.join(''));
}

/** Fails when a canary is anywhere but in the exported GOPROXY and GOSUMDB, as go needs them, and in commands that mask it. */
async function expectNoCanary(site: Site, job: JobResult): Promise<void> {
  for (const [place, text] of await traces(site, job)) {
    const found = CANARIES.filter((canary) => text.includes(canary));
    expect({ place, found, text: found.length > 0 ? text : '' }).toEqual({ place, found: [], text: '' });
  }
}

/** The text of an error that repeats everything the peer was told. */
function repeating({ masked, login = [] }: Pick<Place, 'masked' | 'login'>): readonly Fault[] {
  const told = login.map((one) => Buffer.from(one).toString('base64'));
  const body = `${[...masked, ...told].join(' ')}\n`;
  return [{ match: 'any', kind: 'status', status: 500, body, contentType: 'text/plain' }];
}

type Outcome = 'healthy' | 'failing' | 'invalid input';

interface Place {
  readonly name: string;
  /** Options of the candidate's server. */
  readonly server?: ProxyOptions;
  readonly setUp: (server: ProxyServer, site: Site) => Promise<Partial<JobOptions>> | Partial<JobOptions>;
  /** `user:password` as the peer gets it. */
  readonly login?: readonly string[];
  /** What must be masked. */
  readonly masked: readonly string[];
}

const withUserinfo = ({ url }: ProxyServer, login = userinfo) => url.replace('//', `//${login}@`);

const PLACES: readonly Place[] = [
  {
    name: 'userinfo in proxies',
    server: { basicAuth: { user: USER, password: PASSWORD } },
    login: [`${USER}:${PASSWORD}`],
    setUp: (server) => ({ inputs: { proxies: withUserinfo(server) } }),
    masked: [PASSWORD, encodeURIComponent(PASSWORD)],
  },
  {
    name: 'userinfo in an inherited GOPROXY',
    server: { basicAuth: { user: USER, password: PASSWORD } },
    login: [`${USER}:${PASSWORD}`],
    setUp: (server) => ({ env: { GOPROXY: `${withUserinfo(server)}|${server.url},direct` } }),
    masked: [PASSWORD, encodeURIComponent(PASSWORD)],
  },
  {
    name: 'a token as user name',
    server: { basicAuth: { user: TOKEN, password: '' } },
    login: [`${TOKEN}:`],
    setUp: (server) => ({ inputs: { proxies: withUserinfo(server, TOKEN) } }),
    masked: [TOKEN],
  },
  {
    name: 'a token as user name with x-oauth-basic',
    server: { basicAuth: { user: TOKEN, password: 'x-oauth-basic' } },
    login: [`${TOKEN}:x-oauth-basic`],
    setUp: (server) => ({ inputs: { proxies: withUserinfo(server, `${TOKEN}:x-oauth-basic`) } }),
    masked: [TOKEN],
  },
  {
    name: 'a login of netrc',
    server: { basicAuth: { user: USER, password: 'cAnAry-of-netrc' } },
    login: [`${USER}:cAnAry-of-netrc`],
    setUp: async (server, site) => {
      await writeNetrc(site, { '127.0.0.1': 'cAnAry-of-netrc', [server.host]: 'cAnAry-of-netrc' });
      return { inputs: { proxies: server.url } };
    },
    masked: ['cAnAry-of-netrc'],
  },
  {
    name: 'userinfo in the URL of GOSUMDB',
    setUp: (server) => ({
      inputs: { proxies: server.url },
      env: { GOSUMDB: `sum.golang.org https://${userinfo}@sum.example/db` },
    }),
    masked: [PASSWORD, encodeURIComponent(PASSWORD)],
  },
  {
    name: 'userinfo in the input gosumdb',
    setUp: (server) => ({
      inputs: { proxies: server.url, gosumdb: `sum.golang.org https://${userinfo}@sum.example/db` },
    }),
    masked: [PASSWORD, encodeURIComponent(PASSWORD)],
  },
];

const OUTCOMES: readonly Outcome[] = ['healthy', 'failing', 'invalid input'];
const rows = PLACES.flatMap((place) => OUTCOMES.map((outcome) => ({ ...place, outcome })));

describe('a canary comes out nowhere but in the exported GOPROXY', () => {
  test.concurrent.each(rows)(
    '$name, $outcome',
    async ({ server: options, setUp, masked, outcome, ...place }) => {
      await using server = await startProxy({
        modules,
        tls: certificates.files.good,
        ...options,
        faults: outcome === 'failing' ? repeating({ masked, ...place }) : [],
      });
      await using site = await makeSite({ modules });
      const { inputs, env } = await setUp(server, site);
      const job = await site.job({
        inputs: {
          'job-summary': 'always',
          ...inputs,
          ...(outcome === 'invalid input' ? { fallback: 'x' } : {}),
        },
        env: { SSL_CERT_FILE: certificates.files.caFile, ...env },
      });
      await expectNoCanary(site, job);
      if (outcome === 'invalid input') {
        expect(job.main.exitCode).toBe(1);
        expect(job.post.exitCode).toBe(0);
        return;
      }
      expect(harmOf(job)).toEqual([]);
      expect(job.main.outputs['selected-proxy']).toBe(outcome === 'healthy' ? server.url : '');
      // The prefetch too was let in, with the login where one is needed.
      expect(await cachedFiles(site, modules)).toEqual(outcome === 'healthy' ? filesOf(modules) : []);
      for (const secret of masked) expect(job.main.masks).toContain(secret);
    },
  );

  const invalid: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['over http', { proxies: `http://${userinfo}@a.example` }],
    ['with a query', { proxies: `https://${userinfo}@a.example/?x=${FOREIGN}` }],
    ['with a pipe', { proxies: `https://${userinfo}@a.example|https://b.example` }],
    ['with white space', { proxies: `https://${userinfo}@a.example b` }],
    ['raw, with slash and all', { proxies: `https://${USER}:${PASSWORD}@a.example/` }],
    ['without a scheme', { proxies: `${USER}:cAnAry-plain@a.example` }],
    ['with another scheme', { proxies: `ftp://${userinfo}@a.example` }],
    ['in mirrors', { mirrors: `http://${userinfo}@a.example` }],
    ['in gosumdb', { gosumdb: `sum.golang.org http://${userinfo}@a.example nonsense` }],
    ['as gosumdb without a name', { gosumdb: `https://${userinfo}@a.example` }],
    ['in the wrong input', { mode: `https://${userinfo}@a.example` }],
    ['in fail-on', { 'fail-on': `https://${TOKEN}@a.example` }],
    ['in goprivate', { goprivate: `https://${userinfo}@a.example ,x` }],
    ['in working-directory', { 'working-directory': `https://${userinfo}@a.example` }],
  ];
  test.concurrent.each(invalid)('an invalid value %s', async (_name, inputs) => {
    await using refuse = await startProxy({ faults: [{ kind: 'refuse' }] });
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs, env: { HTTPS_PROXY: refuse.url } });
    await expectNoCanary(site, job);
    expect(job.post.exitCode).toBe(0);
  });

  test.concurrent.each(['healthy', 'failing', 'refused'] as const)(
    'the login of HTTPS_PROXY, %s',
    async (outcome) => {
      await using server = await startProxy({
        modules,
        tls: certificates.files.good,
        hostName: NAME,
        faults: outcome === 'failing' ? repeating({ masked: [PASSWORD, encodeURIComponent(PASSWORD)] }) : [],
      });
      const login = { user: USER, password: outcome === 'refused' ? 'another' : PASSWORD };
      await using connect = await startConnectProxy({
        names: { [server.host]: { host: '127.0.0.1', port: server.port } },
        login,
      });
      await using site = await makeSite({ modules });
      const job = await site.job({
        inputs: { proxies: server.url, 'job-summary': 'always' },
        env: { HTTPS_PROXY: `http://${userinfo}@${connect.host}`, SSL_CERT_FILE: certificates.files.caFile },
      });
      expect(harmOf(job)).toEqual([]);
      await expectNoCanary(site, job);
      expect(connect.targets).toContain(server.host);
      expect(job.main.outputs['selected-proxy']).toBe(outcome === 'healthy' ? server.url : '');
      expect(await cachedFiles(site, modules)).toEqual(outcome === 'healthy' ? filesOf(modules) : []);
      expect(job.main.masks).toContain(PASSWORD);
    },
  );
});

describe('what a peer says', () => {
  const answers: readonly (readonly [string, (elsewhere: string) => readonly Fault[]])[] = [
    [
      'the query of a redirect that works',
      (to) => [{ match: 'zip', kind: 'redirect-to', url: `${to}/f.zip?sig=${FOREIGN}` }],
    ],
    [
      'the query of a redirect that fails',
      () => [{ match: 'any', kind: 'redirect-to', url: `https://127.0.0.1:9/x?sig=${FOREIGN}` }],
    ],
    [
      'userinfo in Location',
      (to) => [{ match: 'any', kind: 'redirect-to', url: `${to.replace('//', `//u:${FOREIGN}@`)}/x` }],
    ],
    ['the fragment of Location', (to) => [{ match: 'any', kind: 'redirect-to', url: `${to}/x#${FOREIGN}` }]],
    ['a Location that is no URL', () => [{ match: 'any', kind: 'redirect-to', url: `https://[${FOREIGN}` }]],
    [
      'a redirect to http',
      () => [{ match: 'any', kind: 'redirect-to-http', url: `http://127.0.0.1:9/?t=${FOREIGN}` }],
    ],
    ['the page of a login', () => [{ match: 'any', kind: 'html-200', html: `<p>${FOREIGN}</p>` }]],
    [
      'a body that is no text',
      () => [{ match: 'any', kind: 'status', status: 500, contentType: 'text/html', body: FOREIGN }],
    ],
    [
      'a URL in the text of an error',
      () => [
        {
          match: 'any',
          kind: 'status',
          status: 502,
          body: `get https://u:${FOREIGN}@up.example/x?s=${FOREIGN}: refused`,
        },
      ],
    ],
    [
      'a header',
      () => [
        {
          match: 'any',
          kind: 'status',
          status: 502,
          headers: { 'set-cookie': FOREIGN, 'x-secret': FOREIGN },
        },
      ],
    ],
    ['the reason phrase', () => [{ match: 'any', kind: 'status', status: 502, reason: FOREIGN }]],
    [
      'the challenge of a 401',
      () => [
        {
          match: 'any',
          kind: 'status',
          status: 401,
          headers: { 'www-authenticate': `Bearer realm="${FOREIGN}"` },
        },
      ],
    ],
    ['an .info', () => [{ match: 'info', kind: 'not-json-info', body: `{"Version":"${FOREIGN}"}` }]],
    ['a .mod', () => [{ match: 'mod', kind: 'status', status: 200, body: `module ${FOREIGN}\n` }]],
  ];
  /** Runs a job with these answers, given to all but the first `spared` requests. */
  async function play(faults: (elsewhere: string) => readonly Fault[], spared: number): Promise<JobResult> {
    const tls = certificates.files.good;
    await using elsewhere = await startProxy({
      tls,
      routes: { '/f.zip': { body: Buffer.from(modules[3]!.zip) } },
    });
    const late = faults(elsewhere.url).map(
      (fault) => ({ ...fault, match: 'any', afterRequests: spared }) as const,
    );
    await using server = await startProxy({
      modules,
      tls,
      faults: spared > 0 ? late : faults(elsewhere.url),
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: withUserinfo(server), 'job-summary': 'always' },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
    await expectNoCanary(site, job);
    for (const { headers } of elsewhere.requests) expect(headers['authorization']).toBeUndefined();
    if (spared > 0) expect(server.requests.length).toBeGreaterThan(spared);
    return job;
  }

  /** How many requests the measuring makes of a healthy candidate. */
  async function countProbe(): Promise<number> {
    await using server = await startProxy({ modules, tls: certificates.files.good });
    await using site = await makeSite({ modules });
    await site.job({
      inputs: { proxies: withUserinfo(server), prefetch: 'false' },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    return server.requests.length;
  }
  let probe: Promise<number> | undefined;

  test.concurrent.each(answers)('%s is not repeated', async (_name, faults) => {
    await play(faults, 0);
  });

  test.concurrent.each(answers)('%s, in the prefetch only, is not repeated', async (_name, faults) => {
    probe ??= countProbe();
    const job = await play(faults, await probe);
    expect(job.main.outputs['selected-proxy']).not.toBe('');
    expect(Number(job.main.outputs['modules-failed'])).toBeGreaterThan(0);
  });
});

describe('credentials go to the origin they are for, over https only', () => {
  const zipsOf = (server: ProxyServer) => askedOf(server).filter((asked) => asked.endsWith('.zip'));

  test.concurrent('not to the target of a redirect', async () => {
    const tls = certificates.files.good;
    const basicAuth = { user: USER, password: PASSWORD };
    await using storage = await startProxy({ modules, tls });
    await using server = await startProxy({ modules, tls, basicAuth, redirectZipsTo: storage.url });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: withUserinfo(server) },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(withUserinfo(server));
    expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
    // Every zip came from there, be it for the measuring or for the prefetch.
    expect(new Set(zipsOf(storage))).toEqual(new Set(zipsOf(server)));
    expect(new Set(zipsOf(storage)).size).toBe(modules.length);
    for (const { headers } of storage.requests) expect(headers['authorization']).toBeUndefined();
    const wanted = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    for (const { headers } of server.requests) expect(headers['authorization']).toBe(wanted);
  });

  test.concurrent('of netrc not to the target of a redirect, although netrc has a login for it', async () => {
    const tls = certificates.files.good;
    await using storage = await startProxy({ modules, tls });
    await using server = await startProxy({
      modules,
      tls,
      basicAuth: { user: USER, password: 'cAnAry1' },
      redirectZipsTo: storage.url,
    });
    await using site = await makeSite({ modules });
    await writeNetrc(site, { [server.host]: 'cAnAry1', [storage.host]: 'cAnAry2' });
    const job = await site.job({
      inputs: { proxies: server.url },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect(harmOf(job)).toEqual([]);
    await expectNoCanary(site, job);
    expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
    expect(new Set(zipsOf(storage)).size).toBe(modules.length);
    for (const { headers } of storage.requests) expect(headers['authorization']).toBeUndefined();
  });

  test.concurrent('not to another candidate, and of netrc not over http', async () => {
    const tls = certificates.files.good;
    // Each has one module more than the one before it, so that all of them are asked, the last for all that is left.
    await using server = await startProxy({ modules: modules.slice(0, 2), tls });
    await using other = await startProxy({ modules: modules.slice(0, 3), tls });
    await using plain = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await writeNetrc(site, { [server.host]: 'cAnAry1', [plain.host]: 'cAnAry2' });
    const job = await site.job({
      inputs: { proxies: [server, other, plain].map(({ url }) => url).join('\n') },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect(harmOf(job)).toEqual([]);
    await expectNoCanary(site, job);
    expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
    expect(other.requests.length).toBeGreaterThan(0);
    expect(askedOf(plain)).toEqual(expect.arrayContaining([...filesOf(modules.slice(3))]));
    for (const { headers } of [...plain.requests, ...other.requests]) {
      expect(headers['authorization']).toBeUndefined();
    }
    const wanted = `Basic ${Buffer.from(`${USER}:cAnAry1`).toString('base64')}`;
    for (const { headers } of server.requests) expect(headers['authorization']).toBe(wanted);
  });
});

test.concurrent('a second use knows of no password, and takes another for the same', async () => {
  const basicAuth = { user: USER, password: PASSWORD };
  await using server = await startProxy({ modules, tls: certificates.files.good, basicAuth });
  await using site = await makeSite({ modules });
  const env = { SSL_CERT_FILE: certificates.files.caFile };
  const inputs = { proxies: withUserinfo(server) };
  const first = await site.job({ inputs, env });
  const asked = server.requests.length;
  const second = await site.job({ inputs, env: { ...env, ...first.main.env } });
  expect(harmOf(second)).toEqual([]);
  expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
  expect(server.requests.length).toBe(asked);
  await expectNoCanary(site, first);
  await expectNoCanary(site, second);
});

test.concurrent('a second use fetches with the login of its own inputs', async () => {
  await using server = await startProxy({
    modules,
    tls: certificates.files.good,
    basicAuth: { user: USER, password: PASSWORD },
  });
  await using site = await makeSite();
  await writeProject(`${site.workspace}/a`, { modules: modules.slice(0, 1) });
  await writeProject(`${site.workspace}/b`, { modules });
  const env = { SSL_CERT_FILE: certificates.files.caFile };
  const inputs = { proxies: withUserinfo(server) };
  const first = await site.job({ inputs: { ...inputs, 'working-directory': 'a' }, env });
  const second = await site.job({
    inputs: { ...inputs, 'working-directory': 'b' },
    env: { ...env, ...first.main.env },
  });
  expect([...harmOf(first), ...harmOf(second)]).toEqual([]);
  expect(await cachedFiles(site, modules)).toEqual(filesOf(modules));
  await expectNoCanary(site, first);
  await expectNoCanary(site, second);
});

test.concurrent('children of the step get no inputs, no state and nothing of the runner', async () => {
  await using server = await startProxy({ modules });
  await using site = await makeSite({ modules });
  const bin = site.dir.join('bin');
  await mkdir(bin);
  await writeFile(`${bin}/go`, `#!/bin/sh\nenv >> '${site.runnerTemp}/child-env'\nexit 1\n`, { mode: 0o755 });
  const job = await site.job({
    inputs: { proxies: server.url, 'cache-suffix': 'shown' },
    env: { PATH: `${bin}:/usr/bin:/bin`, ACTIONS_RUNTIME_TOKEN: 'cAnAry-token' },
  });
  expect(harmOf(job)).toEqual([]);
  await expectNoCanary(site, job);
  const left = (await traces(site, job)).get('file child-env') ?? '';
  expect(left).toMatch(/^HOME=/m);
  expect(left).not.toMatch(/^(?:ACTIONS_|INPUT_|STATE_)/m);
});
