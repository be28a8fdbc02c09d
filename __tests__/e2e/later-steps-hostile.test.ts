import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import {
  failing,
  gitSays,
  hasEnded,
  insteadOfGithub,
  laterOf,
  leftIn,
  type Named,
  plantLocks,
  scriptedGo,
  startedPids,
} from '../support/failed-jobs.ts';
import type { Fault } from '../support/faults.ts';
import { hasGo } from '../support/go.ts';
import { ATTACKS, expectInert } from '../support/inert.ts';
import {
  annotationsOf,
  annotationTexts,
  cacheDownload,
  harmOf,
  makeSite,
  pathsOf,
  type Site,
  traces,
} from '../support/job.ts';
import { makeModule, makeModuleSet } from '../support/modules.ts';
import { canUnshare, runInNamespace } from '../support/namespace.ts';
import { type ProxyOptions, type ProxyServer, startProxy } from '../support/proxy-server.ts';
import { PUBLIC_HOSTS, startWorld } from '../support/public-world.ts';
import { type JobOptions, type JobResult, runAction, type StageResult } from '../support/runner.ts';

const goIsHere = await hasGo();
const testWithGo: typeof test.concurrent = goIsHere ? test.concurrent : (test.skip as never);
const whyGo = goIsHere ? '' : ' (skipped: there is no go command on PATH)';
const run = promisify(execFile);

const modules = makeModuleSet(3, { totalBytes: 30_000 });
const [first] = modules as readonly [(typeof modules)[number]];
const ACME = makeModule({ path: 'github.com/acme-private/lib', version: 'v1.0.0', sizeBytes: 1000 });
const NAME = 'private.test';

let certificates: CertificateSet;
beforeAll(async () => {
  certificates = await makeCertificateSet([NAME, ...PUBLIC_HOSTS]);
});
afterAll(async () => {
  await certificates.directory[Symbol.asyncDispose]();
});

const inputsFor = ({ url }: Pick<ProxyServer, 'url'>): Readonly<Record<string, string>> => ({
  proxies: url,
  mirrors: 'none',
  prefetch: 'false',
  cache: 'false',
});
/** Nothing but what the step itself says. */
const ENV = { GOSUMDB: 'off' };

/** Warnings about ourselves; those about downloads have their cause in the title. */
function ownWarnings(stage: StageResult): readonly string[] {
  return annotationTexts(stage, 'warning').filter((text) => !text.startsWith('warning setup-goproxy: '));
}

describe('whatever happens, the search ends', () => {
  interface Scene {
    readonly faults?: readonly Fault[];
    /** Of a scripted go, for `mod download` only. */
    readonly go?: string;
    readonly env?: (site: Site) => Readonly<Record<string, string>>;
    readonly before?: (site: Site) => Promise<void>;
  }
  async function play(
    scene: Scene,
    look: (job: JobResult, site: Site) => Promise<void> | void,
  ): Promise<void> {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const { go } = scene;
    const script = `case "$*" in "mod download"*) ${go}\n;; *) [ -z "$GO" ] || exec "$GO" "$@"; exit 1;; esac`;
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: {
        ...ENV,
        ...(go === undefined ? {} : { PATH: await scriptedGo(site, script) }),
        ...scene.env?.(site),
      },
      steps: [
        failing(site, modules, async () => {
          await proxy.setFaults(scene.faults ?? [{ match: 'any', kind: 'status', status: 503 }]);
          await scene.before?.(site);
        }),
      ],
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.post.durationMs).toBeLessThan(30_000);
    expect(ownWarnings(job.post).length).toBeLessThanOrEqual(1);
    for (const pid of await startedPids(site)) expect(await hasEnded(pid)).toBe(true);
    expect((await readdir(site.workspace)).filter((name) => name.includes('ask'))).toEqual([]);
    // What comes after the search came too.
    expect(job.post.stdout).toMatch(/not saved/);
    await look(job, site);
    const left = await leftIn(site.runnerTemp);
    expect(left.filter((name) => name.includes('ask'))).toEqual([]);
  }
  const told = (job: JobResult) => expect(annotationsOf(job.post).length).toBeGreaterThan(0);

  test.concurrent('every peer is silent', () => play({ faults: [{ kind: 'accept-and-silent' }] }, told));

  test.concurrent('go hangs, ignores signals, and has children that do', () =>
    play(
      {
        go: `trap '' INT TERM HUP; sleep 60 & echo "$$ $!" >> "$STATE/pids"; (trap '' TERM; sleep 60) & echo $! >> "$STATE/pids"; wait`,
      },
      async (job, site) => {
        told(job);
        expect((await startedPids(site)).length).toBeGreaterThan(2);
      },
    ));

  test.concurrent('go leaves a child behind that holds its output', () =>
    play({ go: `sleep 60 & echo "$!" >> "$STATE/pids"; exit 1` }, told));

  test.concurrent('go prints 100 MiB', () =>
    play(
      {
        go: `yes '::error::EVIL ##[error]EVIL' | head -c 104857600; yes EVIL | head -c 104857600 >&2; exit 1`,
      },
      async (job, site) => {
        told(job);
        await expectInert(site, job);
      },
    ));

  test.concurrent('go hangs whatever it is asked', () =>
    play(
      {
        before: async (site) => {
          await scriptedGo(site, `trap '' TERM; echo "$$" >> "$STATE/pids"; sleep 60`);
        },
        go: 'exit 1',
      },
      () => {},
    ));

  test.concurrent('there is no go', () => play({ env: () => ({ PATH: '/nonexistent' }) }, told));

  test.concurrent('RUNNER_TEMP is not set', () =>
    play({ env: () => ({ RUNNER_TEMP: '', TMPDIR: '/tmp' }) }, (job) => {
      expect(job.post.stdout).toContain('report of the main step is gone');
      told(job);
    }));

  test.concurrent('RUNNER_TEMP is missing', () =>
    play({ env: (site) => ({ RUNNER_TEMP: site.dir.join('absent') }) }, () => {}));

  test.concurrent('RUNNER_TEMP is on a full disk', () =>
    play({ env: () => ({ RUNNER_TEMP: '/dev/full' }) }, () => {}));

  test.concurrent('RUNNER_TEMP is full when the job has failed', async () => {
    await play(
      { before: async (site) => void (await run('rm', ['-rf', site.runnerTemp])) },
      async (job, site) => {
        expect(job.post.stdout).toContain('report of the main step is gone');
        await mkdir(site.runnerTemp, { recursive: true });
      },
    );
  });

  testWithGo('a cancellation in the middle ends it at once, with all that it started', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const script = `case "$*" in "mod download"*)
      trap '' INT TERM; echo "$$" >> "$STATE/pids"; kill -INT $PPID; sleep 60;;
      *) exec "$GO" "$@";; esac`;
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: { ...ENV, PATH: await scriptedGo(site, script) },
      steps: [failing(site, [first], () => proxy.setFaults([{ kind: 'accept-and-silent' }]))],
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.post.stdout).toContain('setup-goproxy: cancelled');
    expect(annotationsOf(job.post)).toEqual([]);
    const pids = await startedPids(site);
    expect(pids).toHaveLength(1);
    for (const pid of pids) expect(await hasEnded(pid)).toBe(true);
    expect(await leftIn(site.runnerTemp)).toEqual([]);
  });
});

describe(`a login is in nothing that a failed job leaves${whyGo}`, () => {
  const PASSWORD = "cAnAry/p@ss:w0rd+1 'q' $&=%41é";
  const USER = 'deploy-bot';
  const TOKEN = 'ghp_cAnAryT0kenAsUserName123456';
  const userinfo = `${USER}:${encodeURIComponent(PASSWORD)}`;
  const withLogin = ({ url }: { readonly url: string }, login: string) => url.replace('//', `//${login}@`);
  const repeats = (...texts: readonly string[]): readonly Fault[] => {
    const logins = texts.filter((text) => text.includes(':') && text !== PASSWORD);
    const said = [...texts, ...logins.map((text) => Buffer.from(text).toString('base64'))].join(' ');
    return [{ match: 'any', kind: 'status', status: 500, body: said, contentType: 'text/plain' }];
  };

  interface Row {
    readonly name: string;
    readonly server?: ProxyOptions;
    readonly setUp: (server: ProxyServer, site: Site) => Promise<Partial<JobOptions>> | Partial<JobOptions>;
    /** From when the job has begun to fail. */
    readonly faults: readonly Fault[];
    readonly module?: Named;
  }
  const basicAuth = { user: USER, password: PASSWORD };
  const asked = (server: ProxyServer) => ({
    inputs: { ...inputsFor(server), proxies: withLogin(server, userinfo) },
  });
  const PRIVATE = { goprivate: 'github.com/acme-private', direct: 'true' };
  const rows: readonly Row[] = [
    {
      name: 'userinfo in proxies, repeated by the proxy',
      server: { basicAuth },
      setUp: asked,
      faults: repeats(PASSWORD, encodeURIComponent(PASSWORD), `${USER}:${PASSWORD}`),
    },
    {
      name: 'userinfo in proxies, TLS broken',
      setUp: asked,
      faults: [{ kind: 'close-on-hello', reset: true }],
    },
    {
      name: 'userinfo in proxies, a redirect that repeats it',
      setUp: asked,
      faults: [{ kind: 'redirect-to', url: `https://${userinfo}@127.0.0.1:9/x?sig=X4cAnAry` }],
    },
    {
      name: 'a token as user name in an inherited GOPROXY',
      setUp: (server) => ({ env: { GOPROXY: withLogin(server, TOKEN) } }),
      faults: repeats(TOKEN),
    },
    {
      name: 'a password in GOPROXY that is no URL',
      setUp: (server) => ({ env: { GOPROXY: withLogin(server, `${USER}:cAnAry/x`) } }),
      faults: [],
    },
    {
      name: 'a login in GOPROXY over http, which go refuses',
      setUp: () => ({ env: { GOPROXY: `http://${userinfo}@127.0.0.1:9` } }),
      faults: [],
    },
    {
      name: 'a login of netrc',
      server: { basicAuth: { user: USER, password: 'cAnAry-of-netrc' } },
      setUp: async (server, site) => {
        await mkdir(site.home, { recursive: true });
        const line = `machine 127.0.0.1 login ${USER} password cAnAry-of-netrc\n`;
        await writeFile(path.join(site.home, '.netrc'), line);
        return { inputs: inputsFor(server) };
      },
      faults: repeats('cAnAry-of-netrc', `${USER}:cAnAry-of-netrc`),
    },
    {
      name: 'a command in GOAUTH that fails',
      server: { basicAuth },
      setUp: (server) => ({
        inputs: inputsFor(server),
        env: { GOAUTH: 'sh -c true --token=cAnAry; nonesuch --token=cAnAry; git cAnAry' },
      }),
      faults: [],
    },
    {
      name: 'a pattern in GOVCS that is none',
      setUp: (server) => ({
        inputs: { ...inputsFor(server), ...PRIVATE },
        env: { GOVCS: 'private:cAnAry,https://u:cAnAry@x.test:all' },
      }),
      faults: [],
      module: ACME,
    },
    {
      name: 'a token in insteadOf, with a server that refuses it',
      setUp: async (server, site) => {
        await insteadOfGithub(site, withLogin(server, TOKEN));
        return {
          inputs: { ...inputsFor(server), ...PRIVATE },
          env: { GIT_SSL_CAINFO: certificates.files.caFile },
        };
      },
      faults: [
        {
          match: /info.refs/,
          kind: 'status',
          status: 401,
          headers: { 'www-authenticate': 'Basic realm="cAnAry"' },
        },
      ],
      module: ACME,
    },
    {
      name: 'a password in insteadOf, with a trace of git',
      setUp: async (server, site) => {
        await insteadOfGithub(site, withLogin(server, `bot:${TOKEN}`));
        return {
          inputs: { ...inputsFor(server), ...PRIVATE },
          env: { GIT_TRACE: '1', GIT_SSL_CAINFO: certificates.files.caFile },
        };
      },
      faults: [{ match: /info.refs/, kind: 'status', status: 403, body: `denied ${TOKEN.slice(0, 3)}` }],
      module: ACME,
    },
  ];

  testWithGo.each(rows)('$name', async ({ server: options, setUp, faults, module = first }) => {
    const tls = certificates.files.good;
    await using server = await startProxy({ modules: [...modules, ACME], tls, ...options });
    await using site = await makeSite({ modules: [...modules, ACME] });
    const { inputs, env } = await setUp(server, site);
    const job = await site.job({
      inputs: { mirrors: 'none', prefetch: 'false', ...inputs, 'job-summary': 'always' },
      env: { ...ENV, SSL_CERT_FILE: certificates.files.caFile, ...env },
      steps: [failing(site, [module], () => server.setFaults(faults))],
    });
    expect([job.main.exitCode, job.post.exitCode]).toEqual([0, 0]);
    expect((await laterOf(job))?.status).toBe('found');
    await expectNoCanary(site, job);
    expect(await leftIn(site.runnerTemp)).toEqual([]);
  });

  testWithGo.each([
    ['a wrong password', userinfo],
    ['a password that is no URL', `${USER}:cAnAry/x`],
  ])('of HTTPS_PROXY: %s', async (_name, login) => {
    await using connect = await startConnectProxy({ login: { user: USER, password: 'another' } });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: `https://${NAME}`, mirrors: 'none', prefetch: 'false' },
      env: { ...ENV, GOPROXY: `https://${NAME}`, HTTPS_PROXY: `http://${login}@${connect.host}` },
      steps: [failing(site, [first])],
    });
    expect((await laterOf(job))?.status).toBe('found');
    await expectNoCanary(site, job);
  });

  testWithGo('of HTTPS_PROXY, repeated by a proxy behind it', async () => {
    const tls = certificates.files.good;
    await using server = await startProxy({ modules, tls, hostName: NAME });
    await using connect = await startConnectProxy({
      names: { [server.host]: { host: '127.0.0.1', port: server.port } },
      login: { user: USER, password: PASSWORD },
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: inputsFor(server),
      env: {
        ...ENV,
        SSL_CERT_FILE: certificates.files.caFile,
        HTTPS_PROXY: `http://${userinfo}@${connect.host}`,
      },
      steps: [
        failing(site, [first], () => server.setFaults(repeats(PASSWORD, encodeURIComponent(PASSWORD)))),
      ],
    });
    expect(job.post.stdout).toContain('***');
    await expectNoCanary(site, job);
  });

  async function expectNoCanary(site: Site, job: JobResult): Promise<void> {
    for (const [place, text] of await traces(site, job)) {
      const at = text.search(/cAnAry|Y0FuQXJ5|NBbkFye/);
      expect({ place, text: at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 100) }).toEqual({
        place,
        text: '',
      });
    }
  }
});

describe(`a private path is told to nobody that may not hear of it${whyGo}`, () => {
  const CORP = '*.corp.example';
  const secret = makeModule({ path: 'git.corp.example/team/plan', version: 'v1.2.3', sizeBytes: 2000 });
  /** go began to download it, and no go.sum knows it. */
  const unpinned: Named = { path: 'git.corp.example/team/merger', version: 'v0.1.0' };
  const all = [...modules, secret];
  const toldTo = (server: ProxyServer) =>
    pathsOf(server).filter((one) => /corp|merger|team/i.test(decodeURIComponent(one)));

  interface Told {
    readonly given: ProxyServer;
    readonly job: JobResult;
  }
  /** Fails a job whose go began to download both; asks in post, or in a step with mode diagnose. */
  async function play(
    {
      inputs,
      env = {},
      mode,
    }: { inputs?: object; env?: Readonly<Record<string, string>>; mode?: 'diagnose' },
    look: (told: Told) => Promise<void> | void,
  ): Promise<void> {
    await using given = await startProxy({
      modules: all,
      faults: [{ match: /corp/, kind: 'status', status: 503 }],
    });
    await using world = await startWorld(certificates, { modules: all });
    await using site = await makeSite({ modules: all });
    await plantLocks(site, [secret, unpinned]);
    const job = await site.job({
      inputs: {
        proxies: `${given.url}\nhttps://proxy.golang.org`,
        prefetch: 'false',
        fallback: 'any-error',
        ...inputs,
        ...(mode === undefined ? {} : { mode, 'job-status': 'failure' }),
      },
      env: { ...world.env, GOPROXY: `${given.url}|https://proxy.golang.org,direct`, ...env },
      steps: [failing(site, [secret, unpinned])],
    });
    expect(harmOf(job)).toEqual([]);
    const later = await laterOf(job);
    const asked = later?.asked.map(({ module }) => module);
    expect(asked).toEqual(expect.arrayContaining([unpinned.path, secret.path]));
    for (const server of Object.values(world.servers)) expect(toldTo(server)).toEqual([]);
    await look({ given, job });
  }
  const MODES = [undefined, 'diagnose'] as const;
  const silent = MODES.flatMap((mode) =>
    [
      { env: { GONOPROXY: CORP } },
      { env: { GOPRIVATE: CORP } },
      { env: { GONOPROXY: CORP, GONOSUMDB: 'none' } },
      { inputs: { goprivate: CORP } },
      { inputs: { gonoproxy: CORP, gonosumdb: 'none' } },
    ].map((row) => ({ ...row, mode, shown: `${JSON.stringify(row)} in ${mode ?? 'post'}` })),
  );
  testWithGo.each(silent)('$shown: by no proxy', (row) =>
    play(row as object, ({ given }) => expect(toldTo(given)).toEqual([])),
  );

  const heard = MODES.flatMap((mode) =>
    [
      { env: { GOPRIVATE: CORP, GONOPROXY: 'none' } },
      { env: { GONOSUMDB: CORP } },
      { inputs: { goprivate: CORP, gonoproxy: 'none' } },
      { inputs: { gonosumdb: CORP } },
    ].map((row) => ({ ...row, mode, shown: `${JSON.stringify(row)} in ${mode ?? 'post'}` })),
  );
  testWithGo.each(heard)('$shown: by the given one alone', (row) =>
    play(row as object, ({ given }) => expect(toldTo(given).length).toBeGreaterThan(0)),
  );

  testWithGo('of what no go.sum pins no standby hears', async () => {
    const strange: Named = { path: 'example.org/strange', version: 'v1.0.0' };
    await using world = await startWorld(certificates, {
      modules,
      faults: { 'proxy.golang.org': [{ match: /strange/, kind: 'status', status: 503 }] },
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { prefetch: 'false' },
      env: world.env,
      steps: [failing(site, [strange])],
    });
    const told = (server: ProxyServer) => pathsOf(server).filter((one) => one.includes('strange'));
    expect(told(world.servers['proxy.golang.org']).length).toBeGreaterThan(0);
    expect(told(world.servers['goproxy.cn'])).toEqual([]);
    expect((await laterOf(job))?.asked[0]?.module).toBe(strange.path);
  });
});

describe('a hostile module cache', () => {
  test.concurrent('is read within bounds, nothing in it is followed, and the true trace is told', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const outside = site.dir.join('outside');
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [
        async () => {
          await proxy.setFaults([{ match: 'any', kind: 'status', status: 503 }]);
          await makeHostileCache(site, outside);
          return false;
        },
      ],
    });
    await expectInert(site, job);
    expect(ownWarnings(job.post)).toEqual([]);
    const later = await laterOf(job);
    expect(later?.asked.map(({ module }) => module)).toContain('zz.example/hostile');
    // Those of the crowd, the true one, and the one of the future; nothing behind a link, no name that go would not write.
    expect(later?.asked.map(({ module }) => module).join(' ')).not.toMatch(/outside|linked|EVIL|fifo/);
    expect(later?.traces).toBe(1000);
    expect(JSON.stringify(await traces(site, job).then((all) => [...all]))).not.toContain('outside');
    expect(job.post.durationMs).toBeLessThan(30_000);
  });

  test.concurrent.each(['cache', 'cache/download', 'cache/vcs'])('%s is a link', async (name) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const elsewhere = { home: site.dir.join('elsewhere') };
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [
        async () => {
          await plantLocks(elsewhere, [first]);
          const cache = path.dirname(cacheDownload(elsewhere));
          await plantRepository(path.join(cache, 'vcs'), `https://${first.path}`);
          const link = path.join(path.dirname(path.dirname(cacheDownload(site))), name);
          await mkdir(path.dirname(link), { recursive: true });
          await symlink(path.join(path.dirname(cache), name), link);
          return false;
        },
      ],
    });
    expect(harmOf(job)).toEqual([]);
    expect(await laterOf(job)).toMatchObject({ status: 'nothing-found', traces: 0 });
  });

  test.concurrent('a go.sum of 100,000 lines and 1,000 repositories cost seconds at most', async () => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [
        async () => {
          const many = Array.from({ length: 50_000 }, (_, index) => `example.com/huge${index}`);
          const sums = many.map(
            (name) => `${name} v1.0.0 ${first.zipHash}\n${name} v1.0.0/go.mod ${first.modHash}\n`,
          );
          await writeFile(path.join(site.workspace, 'go.sum'), sums.join(''));
          const requires = many.map((name) => `\t${name} v1.0.0\n`).join('');
          const goMod = `module example.com/app\n\ngo 1.21\n\nrequire (\n${requires})\n`;
          await writeFile(path.join(site.workspace, 'go.mod'), goMod);
          const vcs = path.join(path.dirname(cacheDownload(site)), 'vcs');
          for (let index = 0; index < 1000; index++)
            await plantRepository(vcs, `https://x.test/${index}`, index);
          await plantLocks(site, [first]);
          return false;
        },
      ],
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.post.durationMs).toBeLessThan(30_000);
    expect(job.post.stdout).not.toContain('gave up');
  });

  async function makeHostileCache(site: Site, outside: string): Promise<void> {
    const download = cacheDownload(site);
    const v = path.join(download, 'zz.example/hostile/@v');
    const version = first.version;
    await plantLocks(site, [{ path: 'zz.example/hostile', version }]);
    const crowd = path.join(download, 'crowd.example/many/@v');
    await mkdir(crowd, { recursive: true });
    const names = Array.from({ length: 20_000 }, (_, index) => `v1.0.${index}.lock`);
    await Promise.all(names.map((name) => writeFile(path.join(crowd, name), '')));
    // The oldest comes first.
    const now = Date.now() / 1000;
    await utimes(path.join(v, `${version}.lock`), now - 0.5, now - 0.5);
    await mkdir(path.join(outside, '@v'), { recursive: true });
    await writeFile(path.join(outside, '@v', 'v1.0.0.lock'), '');
    const inV = (name: string) => path.join(v, name);
    await symlink(path.join(outside, '@v', 'v1.0.0.lock'), inV('v9.0.0.lock'));
    await symlink('/etc/passwd', inV('v9.0.1.zip123.tmp'));
    await mkdir(inV('v9.0.2.lock'));
    await run('mkfifo', [inV('v9.0.3-fifo.lock')]);
    await mkdir(path.join(download, 'linked.example'));
    await symlink(path.join(outside, '@v'), path.join(download, 'linked.example', '@v'));
    await symlink(outside, path.join(download, 'outside.example'));
    await symlink(download, path.join(download, 'loop.example'));
    for (const attack of ATTACKS) {
      const name = attack.replaceAll('/', '_').replaceAll('\0', '').slice(0, 80);
      for (const directory of [`${name}/@v`, `a.example/${name}/@v`]) {
        await mkdir(path.join(download, directory), { recursive: true });
        await writeFile(path.join(download, directory, 'v1.0.0.lock'), '');
      }
      await writeFile(inV(`v1.0.0-${name}.lock`), '');
    }
    for (const name of ['..lock', 'v.lock', `v1.0.0-${'x'.repeat(240)}.lock`, 'v1.0.0\n::error::EVIL.lock']) {
      await writeFile(inV(name), '');
    }
    const deep = path.join(download, 'deep.example', ...Array.from({ length: 500 }, () => 'd'), '@v');
    await mkdir(deep, { recursive: true });
    await writeFile(path.join(deep, 'v1.0.0.lock'), '');
    const vcs = path.join(path.dirname(download), 'vcs');
    const large = await plantRepository(vcs, 'https://outside.example/large', 1);
    await truncate(large, 1 << 30);
    await run('mkfifo', [path.join(vcs, `${'f'.repeat(64)}.info`)]);
    await writeFile(path.join(vcs, `${'e'.repeat(64)}.info`), Buffer.alloc(4000, 0x9b));
    await writeFile(path.join(vcs, `${'d'.repeat(64)}.info`), `git3:https://x/${ATTACKS.join('')}\n`);
    await symlink(path.join(outside, '@v'), path.join(vcs, `${'c'.repeat(64)}.info`));
    // Older than the crowd, so that they would be asked for.
    const early = now - 0.4;
    for (const directory of [v, deep, path.join(outside, '@v')]) {
      for (const entry of await readdir(directory, { withFileTypes: true })) {
        if (entry.isFile()) await utimes(path.join(directory, entry.name), early, early);
      }
    }
  }

  async function plantRepository(vcs: string, url: string, index = 0): Promise<string> {
    await mkdir(vcs, { recursive: true });
    const file = path.join(vcs, `${index.toString(16).padStart(64, '0')}.info`);
    await writeFile(file, `git3:${url}\n`);
    return file;
  }
});

describe('a report path, or a report, of somebody else', () => {
  /** Runs main, lets the job change what post gets, and runs post of the failed job. */
  async function play(
    change: (main: StageResult, site: Site) => Promise<Partial<Record<'use' | 'state', object>>>,
    look: (post: StageResult, main: StageResult, site: Site) => Promise<void> | void,
  ): Promise<void> {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const place = { workspace: site.workspace, temp: site.dir.join('runner'), inputs: inputsFor(proxy) };
    const main = await runAction({ ...place, stage: 'main', env: ENV });
    await proxy.setFaults([{ match: 'any', kind: 'status', status: 503 }]);
    await plantLocks(site, [first]);
    const { use = {}, state = {} } = await change(main, site);
    const mixed = (text: string | undefined, more: object) =>
      JSON.stringify({ ...(JSON.parse(text ?? '{}') as object), ...more });
    const post = await runAction({
      ...place,
      stage: 'post',
      env: { ...ENV, ...main.env, SETUP_GOPROXY: mixed(main.env['SETUP_GOPROXY'], use) },
      state: { ...main.state, setup_goproxy: mixed(main.state['setup_goproxy'], state) },
      jobStatus: 'failure',
    });
    expect(post.exitCode).toBe(0);
    expect(post.parseErrors).toEqual([]);
    expect(ownWarnings(post).length).toBeLessThanOrEqual(1);
    expect(post.durationMs).toBeLessThan(30_000);
    await look(post, main, site);
  }
  const ID = '00000000-0000-4000-8000-000000000000';

  const elsewhere: readonly (readonly [
    string,
    (site: Site, report: string) => Promise<readonly [string, string]>,
  ])[] = [
    [
      'outside of RUNNER_TEMP',
      async (site, report) => {
        const file = site.dir.join(`setup-goproxy-${ID}.json`);
        await writeFile(file, report);
        return [file, file];
      },
    ],
    [
      'with .. in it',
      async (site, report) => {
        const file = site.dir.join(`setup-goproxy-${ID}.json`);
        await writeFile(file, report);
        return [`${site.runnerTemp}/../../setup-goproxy-${ID}.json`, file];
      },
    ],
    [
      'a link',
      async (site, report) => {
        const file = site.dir.join('victim.json');
        await writeFile(file, report);
        const link = path.join(site.runnerTemp, `setup-goproxy-${ID}.json`);
        await symlink(file, link);
        return [link, file];
      },
    ],
    [
      'another file of RUNNER_TEMP',
      async (site, report) => {
        const file = path.join(site.runnerTemp, 'other-action.json');
        await writeFile(file, report);
        return [file, file];
      },
    ],
    [
      'a file of our name that is no report',
      async (site) => {
        const file = path.join(site.runnerTemp, `setup-goproxy-${ID}.json`);
        await writeFile(file, '{"schema":1,"precious":true}');
        return [file, file];
      },
    ],
  ];
  const rows = elsewhere.flatMap(([name, make]) =>
    (['SETUP_GOPROXY', 'the state'] as const).map((of) => ({ name, make, of })),
  );
  test.concurrent.each(rows)('$name, by $of: nothing is written', async ({ make, of }) => {
    let victim = '';
    let before = '';
    await play(
      async (main, site) => {
        const [named, file] = await make(site, await readFile(main.outputs['report'] ?? '', 'utf8'));
        victim = file;
        before = await readFile(file, 'utf8');
        return of === 'the state' ? { state: { reportFile: named } } : { use: { report: named } };
      },
      async (post, main) => {
        expect(await readFile(victim, 'utf8')).toBe(before);
        const own = JSON.parse(await readFile(main.outputs['report'] ?? '', 'utf8')) as {
          laterSteps?: { status: string };
        };
        expect(own.laterSteps?.status).toBe('found');
        expect(annotationsOf(post).length).toBeGreaterThan(0);
      },
    );
  });

  const contents: readonly (readonly [string, (report: string) => string])[] = [
    ['is larger than any of ours', (report) => `${report}${' '.repeat(5 << 20)}`],
    ['is 4 MiB of line ends', () => '\n'.repeat((4 << 20) - 1)],
    ['is 4 MiB of brackets', () => '['.repeat((4 << 20) - 1)],
    ['is 2 MiB of objects in objects', () => `${'{"a":'.repeat(400_000)}1${'}'.repeat(400_000)}`],
    [
      'has 100,000 hosts',
      (report) => withPart(report, { hosts: Array.from({ length: 100_000 }, (_, i) => `h${i}`) }),
    ],
    [
      'has attacks for texts',
      (report) => withPart(report, { notes: ATTACKS, hosts: ATTACKS, secondUse: ATTACKS.join('') }),
    ],
    [
      'has attacks for names',
      (report) => withPart(report, Object.fromEntries(ATTACKS.map((text) => [text, text]))),
    ],
    ['has attacks and is no report', () => ATTACKS.join('\n')],
    [
      'has lists for numbers',
      (report) =>
        withPart(report, { schema: 1, plan: { candidates: [1, null, 'x'] }, prefetch: { failures: [[]] } }),
    ],
    [
      'begins in the year 1 and ends in the next millennium',
      (report) => withPart(report, { startedAt: '+275760-09-13T00:00:00.000Z' }),
    ],
  ];
  test.concurrent.each(contents)('the report %s', async (_name, make) => {
    await play(
      async (main) => {
        const file = main.outputs['report'] ?? '';
        await writeFile(file, make(await readFile(file, 'utf8')));
        return {};
      },
      async (post, main, site) => {
        const job = { main, post: { ...post }, jobStatus: 'failure' as const, masks: [] };
        await writeFile(main.outputs['report'] ?? '', '');
        await expectInert(site, job);
        expect(await leftIn(site.runnerTemp)).toEqual([]);
      },
    );
  });

  function withPart(report: string, part: object): string {
    return JSON.stringify({ ...(JSON.parse(report) as object), ...part });
  }

  test.concurrent.each([
    ['an object of ours with more', { told: ['x'.repeat(16)], startedAtMs: -1 }],
    ['a time beyond all', { startedAtMs: Number.MAX_SAFE_INTEGER }],
    ['a time before all', { startedAtMs: Number.MIN_SAFE_INTEGER }],
    ['a report that is a device', { reportFile: '/dev/zero' }],
  ])('hostile state: %s', async (_name, state) => {
    await play(
      async () => ({ state }),
      () => {},
    );
  });
});

/** So many texts with all attacks in them; what is told of each has its beginning at least. */
function inGroups(count: number): readonly string[] {
  return Array.from({ length: count }, (_, group) =>
    ATTACKS.filter((_attack, index) => index % count === group).join(' '),
  );
}

describe('what is answered while asking again', () => {
  const ALL = ATTACKS.join('\n');
  const text = (status: number, body = ALL): Fault => ({
    match: 'any',
    kind: 'status',
    status,
    body,
    contentType: 'text/plain',
  });
  const rows: readonly (readonly [string, readonly Fault[]])[] = [
    ['an endless body', [{ match: 'any', kind: 'endless-body' }]],
    ['an endless zip', [{ match: 'zip', kind: 'endless-body', limitBytes: 64 << 20 }]],
    ['redirects without end', [{ match: 'any', kind: 'redirect-loop' }]],
    [
      'headers of 10 MiB',
      [{ kind: 'raw-response', bytes: `HTTP/1.1 200 OK\r\nx-evil: ${'EVIL'.repeat(10 << 18)}\r\n\r\n` }],
    ],
    ['a page', [{ match: 'any', kind: 'html-200', html: ALL }]],
    [
      'another content type',
      [{ match: 'any', kind: 'status', status: 500, body: ALL, contentType: 'text/plain; ##[error]EVIL' }],
    ],
    ['attacks with 500', [text(500)]],
    ['attacks with 404', [text(404)]],
    ['attacks with 403', [text(403, ATTACKS.join(' '))]],
    ['an .info that is none', [{ match: 'info', kind: 'not-json-info', body: ALL }]],
    ['an .info of another version', [{ match: 'info', kind: 'wrong-version-info', version: ALL }]],
    [
      'a Location that is none',
      [{ match: 'any', kind: 'redirect-to', url: 'https://a.invalid%0A::error::EVIL/##[error]EVIL' }],
    ],
    ['no HTTP', [{ match: 'any', kind: 'garbage-before-headers', bytes: ALL }]],
    ...inGroups(4).map((attack, index) => [`attacks ${index} with 500`, [text(500, attack)]] as const),
  ];
  test.concurrent.each(rows)('%s', async (_name, faults) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: ENV,
      steps: [failing(site, [first], () => proxy.setFaults(faults))],
    });
    await expectInert(site, job);
    expect(ownWarnings(job.post)).toEqual([]);
    expect((await laterOf(job))?.status).toBe('found');
    expect(job.post.summary).not.toBe('');
    expect(await leftIn(site.runnerTemp)).toEqual([]);
  });

  testWithGo.each(inGroups(4).map((attack, index) => [index, attack] as const))(
    'attacks %i by the server of a repository',
    async (_index, attack) => {
      await using server = await startProxy({
        modules: [...modules, ACME],
        routes: gitSays('/acme-private/lib', attack),
      });
      await using site = await makeSite({ modules: [...modules, ACME] });
      await insteadOfGithub(site, server.url);
      const job = await site.job({
        inputs: { ...inputsFor(server), goprivate: 'github.com/acme-private', direct: 'true' },
        env: ENV,
        steps: [failing(site, [ACME])],
      });
      await expectInert(site, job);
      expect((await laterOf(job))?.status).toBe('found');
      expect(job.post.stdout).toContain('remote error');
    },
  );
});

test.concurrent.each(['success', 'cancelled'] as const)(
  'post of a job with the state %s starts no go',
  async (jobStatus) => {
    await using proxy = await startProxy({ modules });
    await using site = await makeSite({ modules });
    const PATH = await scriptedGo(
      site,
      `echo "$*" >> "$STATE/calls"; [ -z "$GO" ] || exec "$GO" "$@"; exit 1`,
    );
    const calls = () => readFile(site.dir.join('go-state', 'calls'), 'utf8').catch(() => '');
    let before = '';
    let asked = 0;
    const job = await site.job({
      inputs: inputsFor(proxy),
      env: { ...ENV, PATH },
      jobStatus,
      steps: [
        async () => {
          await plantLocks(site, [first]);
          before = await calls();
          asked = proxy.requests.length;
        },
      ],
    });
    expect(harmOf(job)).toEqual([]);
    expect(before).toContain('env');
    expect(await calls()).toBe(before);
    expect(proxy.requests.length).toBe(asked);
  },
);

const namespace = await canUnshare();
const inNamespace = namespace.ok ? test.concurrent : (test.skip as never as typeof test.concurrent);
const whyNamespace = namespace.ok ? '' : ` (skipped: ${namespace.reason})`;

describe(`a disk of its own${whyNamespace}`, () => {
  const SCRIPT = fileURLToPath(new URL('../support/failed-job-on-tmpfs.ts', import.meta.url));
  interface Done extends Pick<StageResult, 'exitCode' | 'stdout' | 'commands' | 'durationMs'> {
    readonly left: readonly string[];
  }
  async function play(place: 'runner-temp' | 'module-cache'): Promise<Done> {
    const { stdout, stderr } = await runInNamespace(SCRIPT, [place]);
    if (!stdout.startsWith('{')) throw new Error(stderr);
    return JSON.parse(stdout) as Done;
  }

  inNamespace('RUNNER_TEMP without room: that is not told as the cause', async () => {
    const { exitCode, commands, stdout, left } = await play('runner-temp');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/not saved/);
    expect(stdout).not.toContain('disk-full');
    expect(annotationsOf({ commands }).length).toBeLessThanOrEqual(1);
    expect(left.filter((name) => name.includes('ask'))).toEqual([]);
  });

  inNamespace('a trace from a time that no Date can hold', async () => {
    const { exitCode, commands, stdout } = await play('module-cache');
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('ended early');
    expect(annotationTexts({ commands }).join('\n')).toContain('download-transient');
  });
});
