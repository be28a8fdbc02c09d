import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import type { Fault } from '../support/faults.ts';
import { harmOf, makeSite, type Site, traces } from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
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
      await mkdir(site.home, { recursive: true });
      const lines = ['127.0.0.1', server.host].map(
        (host) => `machine ${host} login ${USER} password cAnAry-of-netrc\n`,
      );
      await writeFile(`${site.home}/.netrc`, lines.join(''));
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
  test.concurrent.each(answers)('%s is not repeated', async (_name, faults) => {
    const tls = certificates.files.good;
    await using elsewhere = await startProxy({
      tls,
      routes: { '/f.zip': { body: Buffer.from(modules[3]!.zip) } },
    });
    await using server = await startProxy({ modules, tls, faults: faults(elsewhere.url) });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: withUserinfo(server), 'job-summary': 'always' },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
    await expectNoCanary(site, job);
    for (const { headers } of elsewhere.requests) expect(headers['authorization']).toBeUndefined();
  });
});

describe('credentials go to the origin they are for, over https only', () => {
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
    expect(storage.requests.length).toBeGreaterThan(0);
    for (const { headers } of storage.requests) expect(headers['authorization']).toBeUndefined();
    const wanted = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    for (const { headers } of server.requests) expect(headers['authorization']).toBe(wanted);
  });

  test.concurrent('not to another candidate, and of netrc not over http', async () => {
    await using server = await startProxy({ modules, tls: certificates.files.good });
    await using other = await startProxy({ modules, tls: certificates.files.good });
    await using plain = await startProxy({ modules });
    await using site = await makeSite({ modules });
    await mkdir(site.home, { recursive: true });
    await writeFile(
      `${site.home}/.netrc`,
      `machine ${server.host} login ${USER} password cAnAry1\nmachine ${plain.host} login ${USER} password cAnAry2\n`,
    );
    const job = await site.job({
      inputs: { proxies: [server, other, plain].map(({ url }) => url).join('\n') },
      env: { SSL_CERT_FILE: certificates.files.caFile },
    });
    expect(harmOf(job)).toEqual([]);
    await expectNoCanary(site, job);
    expect(plain.requests.length).toBeGreaterThan(0);
    expect(other.requests.length).toBeGreaterThan(0);
    for (const { headers } of [...plain.requests, ...other.requests]) {
      expect(headers['authorization']).toBeUndefined();
    }
    const wanted = `Basic ${Buffer.from(`${USER}:cAnAry1`).toString('base64')}`;
    expect(server.requests.map(({ headers }) => headers['authorization'])).toContain(wanted);
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
  expect(server.requests.length).toBe(asked);
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
    inputs: { proxies: server.url, 'cache-suffix': 'cAnAry-suffix' },
    env: { PATH: `${bin}:/usr/bin:/bin`, ACTIONS_RUNTIME_TOKEN: 'cAnAry-token' },
  });
  expect(harmOf(job)).toEqual([]);
  await expectNoCanary(site, job);
  const left = (await traces(site, job)).get('file child-env') ?? '';
  expect(left).toMatch(/^HOME=/m);
  expect(left).not.toMatch(/^(?:ACTIONS_|INPUT_|STATE_)/m);
});
