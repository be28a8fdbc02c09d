import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { hashZip } from '../../src/go/h1.ts';
import { type AskProxiesRequest, askProxies } from '../../src/later/ask-proxies.ts';
import type { Suspect } from '../../src/later/suspects.ts';
import { fileOf } from '../support/fetching.ts';
import { makeModule, type SyntheticModule } from '../support/modules.ts';
import { makeCandidate, makeNetwork } from '../support/probing.ts';
import { startProxy } from '../support/proxy-server.ts';
import { makeTempDir } from '../support/temp.ts';

const one = makeModule({ path: 'example.com/one', version: 'v1.0.0', sizeBytes: 5000 });
const two = makeModule({ path: 'example.org/two', version: 'v1.0.0', sizeBytes: 5000 });

function suspectOf(module: SyntheticModule, disclosure: 'public' | 'given-only' = 'public'): Suspect {
  const files = (['mod', 'info', 'zip'] as const).map((kind) => fileOf(module, kind, { disclosure }));
  return {
    module: { path: module.path, version: module.version },
    evidence: { kind: 'trace', atMs: 0 },
    files,
  };
}

async function ask(proxy: string, more: Partial<AskProxiesRequest> & { readonly standbyUrl?: string } = {}) {
  await using temp = await makeTempDir();
  const { standbyUrl, ...rest } = more;
  const standby = standbyUrl === undefined ? [] : [makeCandidate(standbyUrl, { id: 1, isPublic: true })];
  const asked = await askProxies({
    suspects: [suspectOf(one)],
    chain: [{ candidate: makeCandidate(proxy, { isPublic: true }), separator: '' }],
    direct: false,
    standby,
    network: await makeNetwork(),
    directory: temp.path,
    hashZip,
    signal: AbortSignal.timeout(10_000),
    ...rest,
  });
  const told = asked.answers.map(({ suspect, files }) => [
    suspect.module.path,
    ...files.map(
      ({ file, outcome }) =>
        `${file.kind} ${outcome.kind}${outcome.kind === 'failed' ? ` ${outcome.class}` : ''}`,
    ),
  ]);
  return { ...asked, told, left: await readdir(temp.path) };
}

describe('askProxies', () => {
  test('asks for all files of all suspects, and changes nothing but its own directory', async () => {
    await using proxy = await startProxy({ modules: [one, two] });
    const { told, tallies, left } = await ask(proxy.url, { suspects: [suspectOf(one), suspectOf(two)] });
    expect(told).toEqual([
      ['example.com/one', 'mod fetched', 'info fetched', 'zip fetched'],
      ['example.org/two', 'mod fetched', 'info fetched', 'zip fetched'],
    ]);
    expect(tallies).toMatchObject([{ asked: 6, fetched: 6, standby: false }]);
    expect(left.sort()).toEqual(['0.zip', '1.zip']);
  });

  test('stops at the first file that fails, after a second try', async () => {
    await using proxy = await startProxy({
      modules: [one],
      faults: [{ match: 'mod', kind: 'status', status: 503 }],
    });
    const { told } = await ask(proxy.url);
    expect(told).toEqual([['example.com/one', 'mod failed infrastructure']]);
    expect(proxy.requests).toHaveLength(2);
  });

  test('asks a standby proxy for comparison, which changes nothing of the outcome', async () => {
    await using liar = await startProxy({ modules: [one], faults: [{ match: 'zip', kind: 'wrong-bytes' }] });
    await using standby = await startProxy({ modules: [one] });
    const { answers, tallies, contacted } = await ask(liar.url, { standbyUrl: standby.url });
    const outcome = answers[0]?.files.at(-1)?.outcome;
    expect(outcome).toMatchObject({ kind: 'failed', class: 'integrity' });
    expect(outcome?.attempts.map(({ standby: isStandby, meaning }) => `${isStandby} ${meaning}`)).toEqual([
      'false integrity',
      'false integrity',
      'true fetched',
    ]);
    expect(tallies.map(({ standby: isStandby }) => isStandby)).toEqual([false, true]);
    expect(contacted).toHaveLength(2);
  });

  test('tells a standby proxy neither what may not be public nor what nobody has', async () => {
    await using broken = await startProxy({ faults: [{ match: 'any', kind: 'status', status: 500 }] });
    await using empty = await startProxy({});
    await using standby = await startProxy({ modules: [one] });
    const chain = [{ candidate: makeCandidate(broken.url), separator: '' as const }];
    await ask(broken.url, { standbyUrl: standby.url, chain, suspects: [suspectOf(one, 'given-only')] });
    const { told } = await ask(empty.url, { standbyUrl: standby.url });
    expect(told).toEqual([['example.com/one', 'mod failed not-found']]);
    expect(standby.requests).toEqual([]);
  });

  test('settles when the time is over', async () => {
    await using proxy = await startProxy({ faults: [{ kind: 'accept-and-silent' }] });
    const { told } = await ask(proxy.url, { signal: AbortSignal.timeout(300) });
    expect(told).toEqual([['example.com/one', 'mod failed cancelled']]);
  });
});
