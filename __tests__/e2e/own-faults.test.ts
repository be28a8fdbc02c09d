import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FailOn } from '../../src/runner/inputs.ts';
import { type CertificateSet, makeCertificateSet } from '../support/certificate-set.ts';
import { failing, leftIn, plantLocks } from '../support/failed-jobs.ts';
import {
  annotationsOf,
  annotationTexts,
  cacheDownload,
  filesOf,
  harmOf,
  makeSite,
  type Site,
} from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
import { type ProxyServer, startProxy } from '../support/proxy-server.ts';
import type { StageResult } from '../support/runner.ts';
import { makeTempDir, type TempDir } from '../support/temp.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUNDLED = readFileSync(path.join(ROOT, 'dist', 'index.js'), 'utf8');
const modules = makeModuleSet(3, { totalBytes: 30_000 });

/** go began to download it, and nobody has it. */
const NEVER = { path: 'example.com/never', version: 'v1.0.0' };
/** Used by the search for failed downloads and by nothing before it. */
const ONLY_SEARCH =
  /^(?:later-steps|asking-again|later-facts|job-start)|^later\/|^modcache\/(?:failed|trace|version-tr|room)/;

/** What tells of a search is struck in mode diagnose too, but one a file is enough in post. */
function isDiagnosed({ file }: Target): boolean {
  if (ONLY_SEARCH.test(file) || /^(?:own-fault|environment-|telling)/.test(file)) return true;
  return process.env['SETUP_GOPROXY_ALL_FAULTS'] !== undefined && /^(?:report|diagnosis)\//.test(file);
}

let certificates: CertificateSet;
let copies: TempDir;
let healthy: ProxyServer;
let overTls: ProxyServer;
let broken: ProxyServer;
beforeAll(async () => {
  [certificates, copies, healthy, broken] = await Promise.all([
    makeCertificateSet(),
    makeTempDir(),
    startProxy({ modules }),
    startProxy({ faults: [{ match: 'any', kind: 'status', status: 500, body: 'upstream is ill' }] }),
  ]);
  overTls = await startProxy({ modules, tls: certificates.files.good });
});
afterAll(async () => {
  await Promise.all([healthy, overTls, broken].map((server) => server.close()));
  await Promise.all([copies, certificates.directory].map((dir) => dir[Symbol.asyncDispose]()));
});

describe('an exception of our own leaves the job as it would be without the action', () => {
  const targets = chooseTargets(findExportedFunctions());

  test('every source file has a function that can be struck', () => {
    const files = new Set(targets.map(({ file }) => file));
    const without = findExportedFunctions().filter(({ file }) => !files.has(file));
    expect(without).toEqual([]);
    for (const target of targets)
      expect({ ...target, at: findBody(BUNDLED, target) > 0 }).toEqual({ ...target, at: true });
  });

  test.concurrent.each(targets)('$file: $name', async (target) => {
    const at = findBody(BUNDLED, target);
    const copy = copies.join(`${target.file.replaceAll('/', '-')}-${target.name}.mjs`);
    await writeFile(copy, `${BUNDLED.slice(0, at)} throw new Error('planted'); ${BUNDLED.slice(at)}`);
    await using site = await makeSite({ modules });
    const job = await site.job({
      bundle: copy,
      inputs: {
        proxies: [broken, healthy, overTls].map(({ url }) => url).join('\n'),
        goprivate: 'corp.example',
        'job-summary': 'always',
      },
      env: { SSL_CERT_FILE: certificates.files.caFile },
      // What post searches for.
      steps: [failing(site, [NEVER])],
    });
    await rm(copy);
    expect(harmOf(job)).toEqual([]);
    const exported = job.main.env['GOPROXY'];
    for (const url of (exported ?? healthy.url).split(',')) {
      expect([healthy.url, overTls.url]).toContain(url);
    }
    // What the prefetch alone uses strikes when the exports are written.
    if (isOfPrefetch(target)) expect(exported).toBeDefined();
    for (const stage of [job.main, job.post]) expect(ownWarnings(stage).length).toBeLessThanOrEqual(1);
    expect(await wrongFiles(site)).toEqual([]);
    if (REMOVERS.has(target.name)) return;
    expect(await stagingLeft(site)).toEqual([]);
    expect(await leftIn(site.runnerTemp)).toEqual([]);
  });

  test.concurrent.each(targets.filter(isDiagnosed))('mode diagnose: $file: $name', async (target) => {
    const at = findBody(BUNDLED, target);
    const copy = copies.join(`diagnose-${target.file.replaceAll('/', '-')}-${target.name}.mjs`);
    await writeFile(copy, `${BUNDLED.slice(0, at)} throw new Error('planted'); ${BUNDLED.slice(at)}`);
    await using site = await makeSite({ modules });
    await plantLocks(site, [NEVER]);
    const job = await site.job({
      bundle: copy,
      inputs: { proxies: healthy.url, mode: 'diagnose', 'job-status': 'failure', prefetch: 'false' },
    });
    await rm(copy);
    expect(harmOf(job)).toEqual([]);
    for (const stage of [job.main, job.post]) expect(ownWarnings(stage).length).toBeLessThanOrEqual(1);
    if (!REMOVERS.has(target.name)) expect(await leftIn(site.runnerTemp)).toEqual([]);
    // What strikes the search alone costs neither the outputs nor the report of the rest.
    if (ONLY_SEARCH.test(target.file) && target.name !== 'searchOrTell')
      expect(job.main.outputs['selected-proxy']).toBe(healthy.url);
  });
});

/** By condition, a function that every candidate, or every file, passes through, and what is exported nevertheless. */
const STRUCK: readonly (readonly [FailOn, Target, 'nothing' | 'the chain'])[] = [
  ['no-healthy-proxy', { file: 'proxy/probe-content.ts', name: 'checkInfo' }, 'nothing'],
  ['download-failure', { file: 'fetching.ts', name: 'fetchWanted' }, 'the chain'],
  ['download-failure', { file: 'prefetch/prefetch.ts', name: 'prefetch' }, 'the chain'],
  ['download-failure', { file: 'prefetch/fetch-and-place.ts', name: 'fetchAndPlace' }, 'the chain'],
  ['download-failure', { file: 'fetch/fetch-file.ts', name: 'fetchFile' }, 'the chain'],
  ['download-failure', { file: 'fetch/next-step.ts', name: 'nextStep' }, 'the chain'],
  ['download-failure', { file: 'fetch/attempt.ts', name: 'attempt' }, 'the chain'],
  ['download-failure', { file: 'fetch/verify-body.ts', name: 'verifyBody' }, 'the chain'],
  ['download-failure', { file: 'proxy/module-url.ts', name: 'moduleFileUrl' }, 'nothing'],
  ['download-failure', { file: 'modcache/staging.ts', name: 'openStaging' }, 'the chain'],
  ['download-failure', { file: 'modcache/placing.ts', name: 'place' }, 'the chain'],
  ['unverified', { file: 'fetch/verify-body.ts', name: 'verifyBody' }, 'the chain'],
];

describe('an exception of our own does not meet fail-on', () => {
  test.concurrent.each(STRUCK)('%s: %j: %s is exported', async (condition, target, exported) => {
    const at = findBody(BUNDLED, target);
    expect(at).toBeGreaterThan(0);
    const copy = copies.join(`fail-on-${condition}-${target.name}.mjs`);
    await writeFile(copy, `${BUNDLED.slice(0, at)} throw new Error('planted'); ${BUNDLED.slice(at)}`);
    await using site = await makeSite({ modules });
    const inputs = { proxies: healthy.url, 'fail-on': condition };
    const job = await site.job({ bundle: copy, inputs });
    await rm(copy);
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(exported === 'nothing' ? undefined : healthy.url);
  });
});

describe('a runner whose files cannot be written', () => {
  const files = [
    'GITHUB_ENV',
    'GITHUB_OUTPUT',
    'GITHUB_STATE',
    'GITHUB_STEP_SUMMARY',
    'RUNNER_TEMP',
  ] as const;
  const places: readonly (readonly [string, (dir: TempDir) => Promise<string>])[] = [
    ['is not set', async () => ''],
    ['is missing', async (dir) => dir.join('absent', 'file')],
    ['is a directory', async (dir) => makeDirectory(dir.join('directory'))],
    ['is on a full disk', async () => '/dev/full'],
  ];
  const rows = files.flatMap((file) =>
    places
      // A directory is what RUNNER_TEMP is meant to be.
      .filter(([what]) => file !== 'RUNNER_TEMP' || what !== 'is a directory')
      .map(([what, make]) => ({ what, make, names: [file] as readonly string[], file })),
  );
  const all = places.map(([what, make]) => ({
    what,
    make,
    names: files as readonly string[],
    file: 'everything',
  }));

  test.concurrent.each([...rows, ...all])(
    '$file $what: one warning, and the job goes on',
    async ({ names, make }) => {
      await using site = await makeSite({ modules });
      const place = await make(site.dir);
      const job = await site.job({
        inputs: { proxies: healthy.url, 'job-summary': 'always' },
        env: Object.fromEntries(names.map((name) => [name, place])),
      });
      expect(harmOf(job)).toEqual([]);
      const isEnvLost = names.includes('GITHUB_ENV');
      expect(job.main.env['GOPROXY']).toBe(isEnvLost ? undefined : healthy.url);
      // With a directory for RUNNER_TEMP everything of it works; else something has to be said, once.
      expect(annotationTexts(job.main, 'warning').length).toBe(1);
      expect(annotationTexts(job.post).length).toBeLessThanOrEqual(1);
    },
  );
});

describe('an environment that does not work', () => {
  test.concurrent('dead network: every candidate refuses', async () => {
    await using dead = await startProxy({ faults: [{ kind: 'refuse' }] });
    await using site = await makeSite({ modules });
    const job = await site.job({ env: { HTTPS_PROXY: dead.url, HTTP_PROXY: dead.url } });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBeUndefined();
    expect(annotationTexts(job.main, 'warning').length).toBe(1);
  });

  test.concurrent.each([
    ['fails', 'echo "go: broken installation" >&2; exit 2'],
    ['prints nonsense', 'echo "]]"'],
    ['prints too much', 'yes 2>/dev/null | head -c 30000000'],
    ['is killed', 'kill -9 $$'],
  ])('a go command that %s', async (_name, script) => {
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: healthy.url },
      env: { PATH: await fakeGo(site, script) },
    });
    expect(harmOf(job)).toEqual([]);
    expect(job.main.env['GOPROXY']).toBe(healthy.url);
  });

  test.concurrent('no HOME', async () => {
    await using site = await makeSite({ modules });
    const job = await site.job({ inputs: { proxies: healthy.url }, env: { HOME: '' } });
    expect(harmOf(job)).toEqual([]);
  });
});

describe('cancelled in the middle', () => {
  test.concurrent('the step ends by itself, its children with it, and nothing is exported', async () => {
    await using site = await makeSite({ modules });
    const pids = site.dir.join('pids');
    // The child ignores signals and has one of its own.
    const script = `trap '' INT TERM; sleep 60 & echo "$$ $!" > '${pids}.new'; mv '${pids}.new' '${pids}'; wait`;
    const job = await site.job({
      // A login is masked before the go command is asked: the sign to cancel at.
      inputs: { proxies: 'https://user:canary-9f8e7d@127.0.0.1:9/' },
      env: { PATH: await fakeGo(site, script) },
      cancelWhen: /add-mask/,
    });
    expect(job.main).toMatchObject({ exitCode: 130, signal: null, lingering: false, timedOut: false });
    expect(job.main.env).toEqual({});
    expect(annotationTexts(job.main)).toEqual([]);
    expect(job.post.exitCode).toBe(0);
    expect(annotationTexts(job.post)).toEqual([]);
    const started = (await readFile(pids, 'utf8').catch(() => '')).split(' ').map(Number).filter(Boolean);
    for (const pid of started) expect(await isGone(pid)).toBe(true);
  });

  test.concurrent('while the proxies are asked', async () => {
    await using silent = await startProxy({
      tls: certificates.files.good,
      faults: [{ match: 'any', kind: 'headers-never' }],
    });
    await using site = await makeSite({ modules });
    const job = await site.job({
      inputs: { proxies: silent.url.replace('//', '//user:canary-9f8e7d@'), 'probe-timeout': '1m' },
      env: { SSL_CERT_FILE: certificates.files.caFile },
      cancelWhen: /add-mask/,
    });
    expect(job.main).toMatchObject({ exitCode: 130, signal: null, lingering: false, timedOut: false });
    expect(job.main.env).toEqual({});
  });
});

test.concurrent('what a slow reader of the log has not taken yet still arrives, whole', async () => {
  await using site = await makeSite({ modules });
  const dead = Array.from(
    { length: 19 },
    (_, index) => `http://127.0.0.1:${healthy.port}/${'path/'.repeat(90)}${index}`,
  );
  const job = await site.job({
    inputs: { proxies: [...dead, healthy.url].join('\n'), mode: 'setup' },
    slowReaderMs: 1,
  });
  expect(harmOf(job)).toEqual([]);
  expect(job.post.stdout.length).toBeGreaterThan(64 << 10);
  const printed = job.post.stdout.split('\n');
  const first = printed.indexOf('{');
  const last = printed.lastIndexOf('}');
  // What breaks a workflow command changes no JSON here, for nothing in it looks like one.
  const report: unknown = JSON.parse(printed.slice(first, last + 1).join('\n'));
  expect(report).toEqual(JSON.parse(await readFile(job.main.outputs['report'] ?? '', 'utf8')));
});

async function makeDirectory(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Returns a PATH on which `go` is this shell script. */
async function fakeGo(site: Site, script: string): Promise<string> {
  const bin = await makeDirectory(site.dir.join('bin'));
  await writeFile(path.join(bin, 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${bin}:/usr/bin:/bin`;
}

/** Waits until the process is gone, at most 5 s: whose parent has ended is reaped by somebody else. */
async function isGone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 50) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (/\) Z /.test(stat)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

test.concurrent('an exception that strikes the healthy candidate alone does not leave go with the other', async () => {
  // Who has no .info is not asked for the .mod.
  const at = findBody(BUNDLED, { file: 'proxy/probe-content.ts', name: 'checkMod' });
  expect(at).toBeGreaterThan(0);
  const copy = copies.join('healthy-alone.mjs');
  await writeFile(copy, `${BUNDLED.slice(0, at)} throw new Error('planted'); ${BUNDLED.slice(at)}`);
  await using empty = await startProxy();
  await using site = await makeSite({ modules });
  const job = await site.job({ bundle: copy, inputs: { proxies: `${empty.url}\n${healthy.url}` } });
  expect(harmOf(job)).toEqual([]);
  expect(job.main.env['GOPROXY']).toBeUndefined();
  expect(annotationTexts(job.main, 'warning').length).toBe(1);
});

/** Warnings about ourselves; those about the proxies have the cause in their title. */
function ownWarnings(stage: StageResult): readonly string[] {
  return annotationsOf(stage, 'warning')
    .filter(({ properties }) => !properties['title']?.startsWith('setup-goproxy: '))
    .map(({ message }) => message);
}

/** Used before the choice too, to see what is missing. */
const PRESENCE: ReadonlySet<string> = new Set([
  'modcache/presence.ts',
  'modcache/cache-entry.ts',
  'modcache/map-limited.ts',
  'modcache/toolchain-presence.ts',
]);
/** Who cannot remove leaves something; go takes no notice of it. */
const REMOVERS: ReadonlySet<string> = new Set([
  'removalBudget',
  'removeTree',
  'removeTreeNow',
  'makeWritable',
]);

function isOfPrefetch({ file, name }: Target): boolean {
  if (file.startsWith('prefetch/') || file.startsWith('fetch/')) return true;
  if (file.startsWith('modcache/')) return !PRESENCE.has(file);
  return file === 'fetching.ts' && name === 'fetchWanted';
}

/** Zips and `.mod` files of the site's module cache that are not those of the modules. */
async function wrongFiles(site: Site): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const module of modules) {
    const [, mod = '', zip = ''] = filesOf([module]);
    for (const [file, right] of [
      [mod, Buffer.from(module.mod)],
      [zip, Buffer.from(module.zip)],
    ] as const) {
      const found = await readFile(path.join(cacheDownload(site), file)).catch(() => undefined);
      if (found !== undefined && !found.equals(right)) wrong.push(file);
    }
  }
  return wrong;
}

async function stagingLeft(site: Site): Promise<readonly string[]> {
  const entries = await readdir(path.dirname(cacheDownload(site))).catch(() => []);
  return entries.filter((name) => name.startsWith('setup-goproxy'));
}

interface Target {
  readonly file: string;
  readonly name: string;
}

function findExportedFunctions(): readonly Target[] {
  const src = path.join(ROOT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.sort().flatMap((file) => {
    const text = readFileSync(path.join(src, file), 'utf8');
    const names = [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name = '']) => name);
    return names
      .map((name) => ({ file: file.replaceAll(path.sep, '/'), name }))
      .filter((target) => findBody(BUNDLED, target) > 0);
  });
}

/** All of the runner's room and the entries, and the first function of every other file; all with SETUP_GOPROXY_ALL_FAULTS. */
function chooseTargets(all: readonly Target[]): readonly Target[] {
  if (process.env['SETUP_GOPROXY_ALL_FAULTS'] !== undefined) return all;
  const seen = new Set<string>();
  return all.filter(({ file }) => {
    const isFirst = !seen.has(file);
    seen.add(file);
    return isFirst || file.startsWith('runner/') || !file.includes('/');
  });
}

/** The place behind the brace that opens a function's body in the bundle; 0 when it is not there. */
function findBody(bundle: string, { file, name }: Target): number {
  const marker = bundle.indexOf(`MODULE: ./src/${file}\n`);
  // A source that is not bundled, or not yet; another one may have a function of this name.
  if (marker < 0) return 0;
  const isConcatenated = bundle.slice(marker - 14, marker).includes('CONCATENATED');
  const from = isConcatenated ? marker : 0;
  const head = new RegExp(`^(?:async )?function (?:\\w+_)?${name}(?:_\\d+)?\\(`, 'gm');
  head.lastIndex = from;
  const found = head.exec(bundle);
  if (found === null) return 0;
  const next = isConcatenated ? bundle.indexOf('CONCATENATED MODULE:', marker + 30) : -1;
  if (next > 0 && found.index > next) return 0;
  let depth = 1;
  let at = head.lastIndex;
  while (depth > 0) {
    if (bundle[at] === '(') depth++;
    if (bundle[at] === ')') depth--;
    at++;
  }
  return bundle.indexOf('{', at) + 1;
}
