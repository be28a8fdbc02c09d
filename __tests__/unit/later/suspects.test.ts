import { describe, expect, test } from '@jest/globals';
import type { Pin } from '../../../src/go/pins.ts';
import type { ModuleVersion } from '../../../src/go/version.ts';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import {
  ASKED_MODULES,
  chooseSuspects,
  isRepositoryOf,
  type SuspectFacts,
} from '../../../src/later/suspects.ts';

const HASH = 'h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const at = (name: string): ModuleVersion => {
  const [path = '', version = ''] = name.split('@');
  return { path, version };
};
const file = (name: string, kind: WantedFile['kind'] = 'zip'): WantedFile => ({
  module: at(name),
  kind,
  hashes: kind === 'info' ? [] : [HASH],
  disclosure: 'public',
});
const pinned = (...names: readonly string[]): ReadonlyMap<string, Pin> =>
  new Map(names.map((name) => [name, { module: at(name), zip: [HASH], mod: [HASH] }]));

function choose(facts: Partial<SuspectFacts>) {
  const { asked, total } = chooseSuspects({
    hasFailed: true,
    traces: [],
    repositories: [],
    missing: [],
    failedAtStart: new Set(),
    pins: new Map(),
    isThere: () => false,
    disclosureOf: () => 'public',
    ...facts,
  });
  const told = asked.map(({ module, evidence, files }) => ({
    name: `${module.path}@${module.version}`,
    evidence: evidence.kind,
    files: files.map(({ kind }) => kind).join(' '),
  }));
  return { told, total, asked };
}

describe('chooseSuspects', () => {
  test('has nobody without evidence', () => {
    expect(choose({ pins: pinned('a.example/x@v1.0.0') })).toMatchObject({ told: [], total: 0 });
  });

  test('takes the strongest evidence of a module, and the strongest first', () => {
    const { told } = choose({
      traces: [{ module: at('c.example/x@v1.0.0'), atMs: 5 }],
      missing: [
        file('a.example/x@v1.0.0'),
        file('b.example/x@v1.0.0', 'mod'),
        file('b.example/x@v1.0.0'),
        file('c.example/x@v1.0.0'),
      ],
      failedAtStart: new Set(['b.example/x@v1.0.0', 'c.example/x@v1.0.0']),
    });
    expect(told).toEqual([
      { name: 'c.example/x@v1.0.0', evidence: 'trace', files: 'zip' },
      { name: 'b.example/x@v1.0.0', evidence: 'failed-at-start', files: 'mod zip' },
      { name: 'a.example/x@v1.0.0', evidence: 'missing', files: 'zip' },
    ]);
  });

  test('what is missing says nothing of a job that has not failed', () => {
    const missing = [file('a.example/x@v1.0.0')];
    const failedAtStart = new Set(['a.example/x@v1.0.0']);
    expect(choose({ hasFailed: false, missing, failedAtStart }).total).toBe(0);
    expect(
      choose({ hasFailed: false, missing, traces: [{ module: at('b.example/x@v1.0.0'), atMs: 1 }] }).told,
    ).toHaveLength(1);
  });

  test('asks for one module of each host, then for others, and for few in all', () => {
    const names = ['a.example/1', 'a.example/2', 'a.example/3', 'b.example/1', 'c.example/1', 'd.example/1'];
    const traces = names.map((path) => ({ module: { path, version: 'v1.0.0' }, atMs: 1 }));
    const { told, total } = choose({ traces });
    expect(told.map(({ name }) => name)).toEqual(
      ['a.example/1', 'b.example/1', 'c.example/1', 'd.example/1'].map((path) => `${path}@v1.0.0`),
    );
    expect(told).toHaveLength(ASKED_MODULES);
    expect(total).toBe(6);
    expect(choose({ traces: traces.slice(0, 3) }).told).toHaveLength(3);
  });

  test('asks for two of those that are only missing', () => {
    const missing = ['a.example/1', 'b.example/1', 'c.example/1'].map((path) => file(`${path}@v1.0.0`));
    expect(choose({ missing })).toMatchObject({ told: { length: 2 }, total: 3 });
  });

  test('what GONOPROXY matches is asked of no proxy', () => {
    const { told } = choose({
      traces: [{ module: at('corp.example/x@v1.0.0'), atMs: 1 }],
      pins: pinned('corp.example/x@v1.0.0'),
      disclosureOf: () => 'nobody',
    });
    expect(told).toEqual([{ name: 'corp.example/x@v1.0.0', evidence: 'trace', files: '' }]);
  });

  test('what nothing pins is asked for its info file, and a standby proxy does not hear of it', () => {
    const { asked } = choose({ traces: [{ module: at('a.example/tool@v1.0.0'), atMs: 1 }] });
    expect(asked[0]?.files).toEqual([
      { module: at('a.example/tool@v1.0.0'), kind: 'info', hashes: [], disclosure: 'public', pinned: false },
    ]);
  });

  test('what is pinned and not of the wanted set is asked for with its hash', () => {
    const name = 'a.example/x@v1.0.0';
    const { asked } = choose({ traces: [{ module: at(name), atMs: 1 }], pins: pinned(name) });
    expect(asked[0]?.files.map(({ kind, hashes }) => `${kind} ${hashes.length}`)).toEqual([
      'info 0',
      'zip 1',
    ]);
  });

  test('a repository that go asked speaks for its pinned modules that are not there', () => {
    const repositories = [{ url: 'https://git.corp.example/team/lib.git', atMs: 7 }];
    const pins = pinned('git.corp.example/team/lib@v1.0.0', 'git.corp.example/team/other@v1.0.0');
    expect(choose({ repositories, pins }).told).toEqual([
      { name: 'git.corp.example/team/lib@v1.0.0', evidence: 'repository', files: 'info zip' },
    ]);
    expect(choose({ repositories, pins, isThere: () => true }).total).toBe(0);
    const noZip = new Map([...pins].map(([name, pin]) => [name, { ...pin, zip: [] }]));
    expect(choose({ repositories, pins: noZip }).total).toBe(0);
  });
});

describe('isRepositoryOf', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['https://github.com/acme/tool', 'github.com/acme/tool', true],
    ['https://github.com/acme/tool', 'github.com/Acme/Tool/v2', true],
    ['https://github.com/acme/tool', 'github.com/acme/toolbox', false],
    ['https://git.example/a/b.git', 'git.example/a/b.git/sub', true],
    ['ssh://git.example/a/b', 'git.example/a/b', true],
    ['https://git.example', 'git.example/a/b', false],
    ['https://git.example/', 'git.example/a/b', false],
    ['file:///srv/git/a', 'srv/git/a', false],
    ['no url', 'no/url', false],
  ];
  test.each(rows)('%s, %s: %s', (url, module, expected) => {
    expect(isRepositoryOf(url, module)).toBe(expected);
  });
});
