// Runs the committed action in a workflow engine that is not ours: nektos/act in host mode, installed by
// `go install` at a pinned version, with the Node that runs this script (24) as the engine's node. Loopback only: later
// steps must need nothing of the network, for the main step has fetched it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveOf, entryName } from '../__tests__/support/cached-jobs.ts';
import { makeModuleSet, tamperModule, writeProject } from '../__tests__/support/modules.ts';
import { startProxy } from '../__tests__/support/proxy-server.ts';
import { namesIn } from '../__tests__/support/stored-archives.ts';
import { makeTempDir } from '../__tests__/support/temp.ts';

const ACT = 'v0.2.87';
const INSTALL_LIMIT_MS = 600_000;
const RUN_LIMIT_MS = 180_000;
const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs act once per version, below the ignored .tmp/. */
function installAct() {
  const dir = path.join(root, '.tmp', `act-${ACT}`);
  const act = path.join(dir, 'act');
  if (existsSync(act)) return act;
  mkdirSync(dir, { recursive: true });
  process.stdout.write(`Installing nektos/act ${ACT} by go install (once)…\n`);
  execFileSync('go', ['install', '-tags', 'WITHOUT_DOCKER', `github.com/nektos/act@${ACT}`], {
    env: { ...process.env, GOBIN: dir, GOFLAGS: '-buildvcs=false' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_LIMIT_MS,
  });
  return act;
}

/** act lets its whole environment leak into the steps, so it gets almost none; each run has a home of its own. */
function engineEnvironment(temp, home) {
  return {
    PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    HOME: temp.join(home),
    XDG_CONFIG_HOME: temp.join(home, 'config'),
    XDG_CACHE_HOME: temp.join(home, 'cache'),
    GITHUB_REPOSITORY: 'acme/demo',
    GOFLAGS: '-modcacherw -buildvcs=false',
    GOSUMDB: 'off',
    GOTOOLCHAIN: 'local',
    NO_COLOR: '1',
  };
}

function engineArguments(temp, vars) {
  const none = ['env', 'secret', 'var', 'input'].flatMap((kind) => [`--${kind}-file`, '/dev/null']);
  const given = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}=${value}`]);
  return [
    ...['push', '--json', '-W', '__tests__/e2e/act/workflow.yml', '-P', 'ubuntu-latest=-self-hosted'],
    // The default branch saves also where an archive matched.
    ...['--eventpath', temp.join('event.json')],
    ...['--cache-server-addr', '127.0.0.1', '--artifact-server-addr', '127.0.0.1'],
    ...['--cache-server-path', temp.join('cache'), '--action-cache-path', temp.join('actions')],
    ...none,
    ...given,
  ];
}

/** Runs act to its end; gives its exit code and its records, one JSON object a line. */
function runAct(act, { temp, home, vars }) {
  mkdirSync(temp.join(home), { recursive: true });
  const child = spawn(act, engineArguments(temp, vars), {
    cwd: root,
    env: engineEnvironment(temp, home),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output, records: output.split('\n').flatMap(parseRecord) }));
  });
}

function parseRecord(line) {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

const checks = [];
function check(sentence, test) {
  try {
    test();
    checks.push({ sentence, ok: true });
  } catch (error) {
    checks.push({ sentence, ok: false, error });
  }
}

/** What steps printed, a line each. */
function printed(records) {
  return records.filter((record) => record.raw_output === true).map((record) => String(record.msg).trim());
}

/** The same, and an assertion that there is a line of just this text. */
function linesOf(records) {
  const lines = printed(records);
  return { lines, has: (text) => assert.ok(lines.includes(text), `no line "${text}"`) };
}

/** The zips that we asked any of the proxies for. */
function zipsAsked(proxies) {
  return proxies.flatMap(ourRequests).filter((asked) => asked.endsWith('.zip'));
}

function checkRun({ code, records }, { fast, proxies, modules }) {
  const { lines, has } = linesOf(records);
  const summaries = records.filter((record) => record.command === 'summary');
  const exported = records.filter((record) => record.command === 'set-env');
  const results = records.filter((record) => record.stepResult !== undefined);
  check('the job succeeds', () => assert.equal(code, 0));
  check('every step, main and post, succeeds', () => {
    assert.ok(results.length >= 7);
    assert.deepEqual([...new Set(results.map((record) => record.stepResult))], ['success']);
  });
  check('the engine runs Node 24', () => assert.ok(lines.some((line) => line.startsWith('NODE v24.'))));
  check('a later step sees GOPROXY with the fast proxy first', () =>
    assert.ok(lines.some((line) => line.startsWith(`GOPROXY ${fast.url}`))),
  );
  check('a later step sees the merged GOPRIVATE', () => has('GOPRIVATE private.example.com'));
  check('selected-proxy is the fast one', () => has(`SELECTED ${fast.url}`));
  check('the main step fetches every module', () => has(`FETCHED ${modules.length} 0`));
  check('go downloads and builds with exactly the exported environment', () => has('DOWNLOADED'));
  check('go asks nobody for what was fetched', () => assert.deepEqual(proxies.flatMap(goRequests), []));
  check('go builds without a network', () => has('BUILT OFFLINE'));
  check('no zip is asked for twice', () => {
    const zips = zipsAsked([fast]);
    assert.equal(zips.length, modules.length);
    assert.equal(new Set(zips).size, modules.length);
  });
  check('nothing is restored, for nobody has saved', () => {
    assert.ok(lines.some((line) => /^CACHE false \S+-[0-9a-f]{64} \[\]$/.test(line)));
    assert.ok(lines.includes('cache not restored: no archive has this key, or begins like it'));
  });
  check("post saves into act's own cache server, once", () => {
    assert.equal(lines.filter((line) => line.startsWith('cache saved: ')).length, 1);
    has('cache not saved: the module cache was complete before this action ran');
  });
  check('the second use gives the same outputs', () =>
    assert.ok(lines.some((line) => line.startsWith(`SECOND ${fast.url} ${fast.url}`))),
  );
  check('the second use finds nothing missing', () => has('SECOND FETCHED 0 0'));
  check('one measurement and one prefetch ask for the .info files, the second use for none', () =>
    assert.equal(ourRequests(fast).filter((asked) => asked.endsWith('.info')).length, 1 + modules.length),
  );
  check('GOPROXY is exported once', () =>
    assert.equal(
      exported.filter((record) => record.name === 'GOPROXY' || record.kvPairs?.name === 'GOPROXY').length,
      1,
    ),
  );
  check('a summary was written and names the fast proxy', () =>
    assert.ok(summaries.some((record) => String(record.content).includes(fast.host))),
  );
  check('both post steps ran', () =>
    assert.equal(
      results.filter((record) => record.stage === 'Post' && /uses|\.\//.test(record.step ?? '')).length >= 2,
      true,
    ),
  );
}

/** act obeys no command for matchers, but says what it read; its copy of the action is gone when it has ended. */
function checkMatchers({ records }) {
  const lines = printed(records);
  const added = records.filter((record) => record.command === 'add-matcher');
  check('each use names the matcher file beside its bundle, by a whole path', () => {
    assert.equal(lines.filter((line) => line.startsWith('Problem matchers are not registered')).length, 0);
    assert.equal(added.length, 2);
    for (const { arg } of added) {
      assert.ok(path.isAbsolute(arg), arg);
      assert.equal(path.basename(path.dirname(arg)), 'matchers');
      assert.ok(existsSync(path.join(root, 'matchers', path.basename(arg))), arg);
    }
  });
}

/** Another job on another runner: what the first one saved is all it needs. */
function checkNextRun({ code, records }, { proxies, modules }) {
  const { lines, has } = linesOf(records);
  check('the next job succeeds', () => assert.equal(code, 0));
  check('it hits exactly', () => {
    assert.ok(lines.some((line) => /^CACHE true (\S+-[0-9a-f]{64}) \[\1\]$/.test(line)));
    const restored = lines.filter((line) => line.startsWith('cache restored: exact match, '));
    assert.equal(restored.length, 1);
    assert.ok(restored[0].includes(`${3 * modules.length} files of ${modules.length} modules`));
  });
  check('it fetches nothing, and asks nobody for a zip', () => {
    has('FETCHED 0 0');
    const zips = zipsAsked(proxies);
    assert.deepEqual(zips, []);
  });
  check('go asks nobody in it', () => assert.deepEqual(proxies.flatMap(goRequests), []));
  check('go builds from what was restored, without a network', () => has('BUILT OFFLINE'));
  check('it saves nothing', () => {
    has('cache not saved: the same modules are saved already');
    assert.equal(lines.filter((line) => line.startsWith('cache saved: ')).length, 0);
  });
}

/** The modules have changed: what the archive lacks is fetched, and what is no longer wanted is not saved again. */
async function checkChangedRun({ code, records }, { proxies, modules, added, temp }) {
  const { lines, has } = linesOf(records);
  check('the job with other modules succeeds', () => assert.equal(code, 0));
  check('it hits by prefix', () => {
    assert.ok(
      lines.some((line) => /^CACHE false (\S+-[0-9a-f]{64}) \[(?!\1\])\S+-[0-9a-f]{64}\]$/.test(line)),
    );
    const kept = modules.length - added.length;
    const restored = lines.filter((line) => line.startsWith('cache restored: prefix match, '));
    assert.equal(restored.length, 1);
    assert.ok(restored[0].includes(`${3 * kept} files of ${kept} modules`));
  });
  check('it fetches the difference alone', () => {
    has(`FETCHED ${added.length} 0`);
    const zips = zipsAsked(proxies);
    const isAdded = (asked) => added.some((module) => asked.startsWith(`/${module.path}/`));
    assert.equal(new Set(zips.filter(isAdded)).size, added.length);
    // A proxy that is alone is measured with one zip, before anybody knows what the archive has.
    assert.ok(zips.filter((asked) => !isAdded(asked)).length <= 1, zips.join(' '));
  });
  check('go asks nobody after it either', () => assert.deepEqual(proxies.flatMap(goRequests), []));
  check('go builds the changed project without a network', () => has('BUILT OFFLINE'));
  const names = await namesIn({ bytes: readFileSync(storedArchives(temp)[0]) });
  check('what it saves holds the modules of now and no other', () => {
    assert.equal(lines.filter((line) => line.startsWith('cache saved: ')).length, 1);
    const wanted = modules.flatMap((module) => ['info', 'mod', 'zip'].map((kind) => entryName(module, kind)));
    assert.deepEqual(names, wanted.sort());
  });
}

/** Somebody put another zip into the archive. */
function checkPoisonedRun({ code, records }, { proxies, modules, poisoned }) {
  const { lines, has } = linesOf(records);
  const name = `${poisoned.path}@${poisoned.version}`;
  check('the job with the poisoned archive succeeds', () => assert.equal(code, 0));
  check('an error names the module whose zip is another one', () => {
    const errors = records.filter((record) => record.command === 'error').map((record) => String(record.msg));
    assert.equal(errors.length, 1);
    assert.ok(errors[0].includes(name), errors[0]);
  });
  check('all else is restored, and that module fetched', () => {
    const restored = lines.filter((line) => line.startsWith('cache restored: exact match, '));
    assert.ok(restored[0]?.includes(`${3 * modules.length - 1} files of ${modules.length} modules`));
    has('FETCHED 1 0');
    const zips = zipsAsked(proxies);
    assert.deepEqual([...new Set(zips)], [`/${poisoned.path}/@v/${poisoned.version}.zip`]);
  });
  check('go builds what go.sum says, without a network', () => has('BUILT OFFLINE'));
}

/** The archives in act's cache server, the last one saved first. */
function storedArchives(temp) {
  return readdirSync(temp.join('cache'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^\d+$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

/** Puts an archive with another zip, and one more file, in the place of the last one saved. */
function poison(temp, modules, poisoned) {
  const [stored] = storedArchives(temp);
  const compression = readFileSync(stored)[0] === 0x1f ? 'gzip' : 'zstd';
  const changes = { [entryName(poisoned, 'zip')]: tamperModule(poisoned).zip, '../../escaped': 'x' };
  writeFileSync(stored, archiveOf(modules, changes, compression));
}

/** The paths that we asked for, told from those of the go command by the user agent. */
function ourRequests(proxy) {
  return proxy.requests.filter(isOurs).map((request) => request.path);
}

function goRequests(proxy) {
  return proxy.requests.filter((request) => !isOurs(request)).map((request) => request.path);
}

function isOurs(request) {
  return String(request.headers['user-agent']).startsWith('setup-goproxy/');
}

async function main() {
  const act = installAct();
  await using temp = await makeTempDir('setup-goproxy-act-');
  const modules = makeModuleSet(12, { totalBytes: 2 << 20 });
  const added = makeModuleSet(2, { prefix: 'new.example', seed: 2 });
  const changed = [...modules.slice(2), ...added];
  const poisoned = changed[0];
  const event = { ref: 'refs/heads/main', repository: { default_branch: 'main' } };
  writeFileSync(temp.join('event.json'), JSON.stringify(event));
  await writeProject(temp.join('sample'), { modules });
  await writeProject(temp.join('changed'), { modules: changed });
  const outputs = [];
  /** One job on a runner of its own, with proxies that nobody has asked yet: three, or the fast one alone. */
  const runJob = async ({ home, sample, served, alone = false }, checkIt) => {
    await using fast = await startProxy({ modules: served, latencyMs: 2 });
    await using slow = await startProxy({ modules: served, latencyMs: 150 });
    await using broken = await startProxy({
      modules: served,
      faults: [{ match: 'any', kind: 'status', status: 503 }],
    });
    const proxies = alone ? [fast] : [slow, broken, fast];
    const vars = { SAMPLE: temp.join(sample), PROXIES: proxies.map((proxy) => proxy.url).join(',') };
    const run = await runAct(act, { temp, home, vars });
    outputs.push(run.output);
    await checkIt(run, { fast, proxies, modules: served, added, poisoned, temp });
    checkMatchers(run);
  };
  await runJob({ home: 'home', sample: 'sample', served: modules }, checkRun);
  await runJob({ home: 'next-home', sample: 'sample', served: modules }, checkNextRun);
  await runJob({ home: 'changed-home', sample: 'changed', served: changed, alone: true }, checkChangedRun);
  poison(temp, changed, poisoned);
  await runJob({ home: 'poisoned-home', sample: 'changed', served: changed, alone: true }, checkPoisonedRun);
  for (const { sentence, ok, error } of checks) {
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${sentence}${ok ? '' : `: ${error.message}`}\n`);
  }
  const failed = checks.filter(({ ok }) => !ok).length;
  if (failed > 0) {
    process.stdout.write(`\nWhat act printed:\n${outputs.join('\n\n')}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`\n${checks.length - failed} passed, ${failed} failed\n`);
}

await main();
