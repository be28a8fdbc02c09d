import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { FETCH_LIMITS } from '../../src/fetch/fetch-policy.ts';
import { parseGoSum } from '../../src/go/go-sum.ts';
import type { WantedFile } from '../../src/go/wanted-set.ts';
import { prefetch } from '../../src/prefetch/prefetch.ts';
import { hasOpenssl, makeCertificates } from '../support/certificates.ts';
import { fetchOne, fileOf, openSet, triedOf } from '../support/fetching.ts';
import { faultOf, makeHostileAnswers } from '../support/hostile-answers.ts';
import { HOSTILE_PATHS, HOSTILE_VERSIONS } from '../support/hostile-names.ts';
import { expectedContents } from '../support/hostile-world.ts';
import { makeModule } from '../support/modules.ts';
import { servingsOf } from '../support/placing.ts';
import { makeNetwork } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';
import { moduleCacheContents } from '../support/sentinel-tree.ts';
import { makeTempDir } from '../support/temp.ts';

const tlsTest = (await hasOpenssl()) ? test : test.skip;
const MODULE = makeModule({ path: 'example.com/a', version: 'v1.0.0', sizeBytes: 20_000 });
const HASH = MODULE.zipHash;

describe('names in go.sum', () => {
  const lines = [
    ...HOSTILE_PATHS.map(([what, name]) => [`path: ${what}`, `${name} v1.0.0 ${HASH}`]),
    ...HOSTILE_PATHS.map(([what, name]) => [`path of a go.mod: ${what}`, `${name} v1.0.0/go.mod ${HASH}`]),
    ...HOSTILE_VERSIONS.map(([what, version]) => [`version: ${what}`, `example.com/a ${version} ${HASH}`]),
  ] as const;
  test.each(lines)('%s', (_what, line) => {
    const { lines: taken, problems } = parseGoSum('go.sum', `\n${line}\n`);
    expect(taken).toEqual([]);
    expect(problems).toEqual([{ file: 'go.sum', line: 2, rule: expect.any(String) as unknown }]);
    // Named by file, line and rule, never by its content.
    for (const { rule } of problems) expect(rule).not.toContain(String(line).split(' ')[0]);
  });
});

describe('an answer of a proxy before an honest one', () => {
  const answers = makeHostileAnswers().filter(({ endless, kind }) => !endless || kind !== 'zip');
  test.concurrent.each(answers)('$name', async (answer) => {
    const { module, kind, placed } = answer;
    await using hostile = await startProxy({ modules: [module], faults: [faultOf(answer)] });
    await using honest = await startProxy({ modules: [module] });
    await using temp = await makeTempDir();
    const proxies = await openSet([{ url: hostile.url }, { url: honest.url }]);
    const wanted: readonly WantedFile[] = servingsOf(module).map(({ file }) => file);
    const { files } = await prefetch({
      goModCache: temp.path,
      missing: wanted,
      wrong: [],
      kept: [],
      proxies,
      bounds: { timeoutMs: 30_000 },
      signal: AbortSignal.timeout(30_000),
    });
    await proxies.destroy();
    expect(files.map((file) => file.kind)).toEqual(['placed', 'placed', 'placed']);
    expect(await moduleCacheContents(temp.path)).toEqual(expectedContents([module]));
    // The answer was met, and where it was wrong the other proxy was asked.
    const asked = `/${module.path}/@v/v1.0.0.${kind}`;
    expect(hostile.requests.some(({ path }) => path === asked)).toBe(true);
    expect(honest.requests.some(({ path }) => path === asked)).toBe(!placed.includes(kind));
  });
});

describe('bodies and redirects that one file shows', () => {
  test('an endless zip ends at the limit, and leaves nothing', async () => {
    await using proxy = await startProxy({
      modules: [MODULE],
      faults: [{ match: 'zip', kind: 'endless-body', limitBytes: 64 << 20 }],
    });
    const proxies = await openSet([{ url: proxy.url }]);
    const { outcome, bytes } = await fetchOne({
      file: fileOf(MODULE, 'zip'),
      proxies,
      limits: { ...FETCH_LIMITS, zip: 1 << 20 },
    });
    await proxies.destroy();
    expect(outcome.kind).toBe('failed');
    expect(new Set(triedOf(outcome))).toEqual(new Set(['infrastructure too-large']));
    expect(bytes.length).toBeLessThanOrEqual(1 << 20);
  });

  tlsTest('a redirect from https to http is not followed', async () => {
    await using temp = await makeTempDir();
    const files = await makeCertificates(temp.path);
    await using plain = await startProxy({ modules: [MODULE] });
    await using proxy = await startProxy({
      tls: files.good,
      modules: [MODULE],
      faults: [{ match: 'zip', kind: 'redirect-to', url: plain.url, keepPath: true }],
    });
    const network = await makeNetwork({ tls: true, env: { SSL_CERT_FILE: files.caFile } });
    const proxies = await openSet([{ url: proxy.url }], { network });
    const { outcome } = await fetchOne({ file: fileOf(MODULE, 'zip'), proxies });
    await proxies.destroy();
    expect(new Set(triedOf(outcome))).toEqual(new Set(['infrastructure redirect-insecure']));
    expect(plain.requests).toEqual([]);
  });
});

test('a wanted file with a name that go refuses is never placed, whoever made it', async () => {
  await using proxy = await startProxy({ modules: [MODULE] });
  await using temp = await makeTempDir();
  const proxies = await openSet([{ url: proxy.url }]);
  const missing = HOSTILE_PATHS.map(([, path]) => ({ path, version: 'v1.0.0' })).map(
    (module): WantedFile => ({
      module,
      kind: 'mod',
      hashes: [MODULE.modHash],
      disclosure: 'public',
    }),
  );
  const { files } = await prefetch({
    goModCache: temp.join('mod'),
    missing,
    wrong: [],
    kept: [],
    proxies,
    bounds: { timeoutMs: 30_000 },
    signal: AbortSignal.timeout(30_000),
  });
  await proxies.destroy();
  expect(new Set(files.map((file) => file.kind))).not.toContain('placed');
  expect([...(await moduleCacheContents(temp.join('mod')))]).toEqual([]);
  expect(await readdir(temp.path)).toEqual(['mod']);
});
