import { describe, expect, test } from '@jest/globals';
import type { PrivacyPatterns } from '../../../src/go/goprivate.ts';
import { isH1 } from '../../../src/go/h1.ts';
import { checkModuleVersion } from '../../../src/go/version.ts';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import type { CandidateOrigin } from '../../../src/proxy/candidate.ts';
import { assignProbes } from '../../../src/proxy/probe-modules.ts';
import { PINNED_MODULES, PUBLIC_PREFIXES, publicRank } from '../../../src/proxy/public-modules.ts';
import { candidate, wanted } from './builders.ts';

const OPEN: PrivacyPatterns = { goprivate: '', gonoproxy: '', gonosumdb: '' };
const PUBLIC = 'https://proxy.golang.org';
const GIVEN = 'https://a.example';
const PIN = PINNED_MODULES.map(({ module }) => module.path);

interface Case {
  readonly url?: string;
  readonly origin?: CandidateOrigin;
  /** Modules of W whose .mod is there; `mod!` and `zip!` are missing ones. */
  readonly files: readonly WantedFile[];
  readonly missing?: readonly WantedFile[];
  readonly privacy?: PrivacyPatterns;
}

function assign({ url = PUBLIC, origin = 'input', files, missing = files, privacy = OPEN }: Case) {
  const [one] = assignProbes({ candidates: [candidate(0, url, origin)], wanted: files, missing, privacy });
  if (one === undefined) throw new Error('no assignment');
  return one;
}

/** Path of the module and path of the zip. */
function asked(row: Case): readonly (string | undefined)[] {
  const one = assign(row);
  return one.kind === 'ask' ? [one.ask.module.path, one.ask.samples[0]?.module.path] : ['none', undefined];
}

const module = (name: string, disclosure?: WantedFile['disclosure']) => [
  wanted('mod', name, disclosure),
  wanted('info', name, disclosure),
  wanted('zip', name, disclosure),
];
const TEXT = module('golang.org/x/text@v0.29.0');
const ERRGROUP = module('golang.org/x/sync@v0.7.0');
const OWN = module('github.com/acme/widget');
const SECRET = module('git.corp.example/secret', 'given-only');

describe('public proxies', () => {
  test.each<[string, Case, readonly (string | undefined)[]]>([
    ['a well-known module of W', { files: [...OWN, ...TEXT] }, ['golang.org/x/text', 'golang.org/x/text']],
    ['the larger one first', { files: [...ERRGROUP, ...TEXT] }, ['golang.org/x/text', 'golang.org/x/text']],
    ['nothing else of W: pinned, and a zip that tells a throughput', { files: OWN }, [PIN[0], PIN[1]]],
    ['no private module, even by name', { files: SECRET }, [PIN[0], PIN[1]]],
    ['no module that only looks well-known', { files: module('golang.org/xtext') }, [PIN[0], PIN[1]]],
    [
      'no well-known one that is private here',
      { files: module('golang.org/x/text', 'given-only') },
      [PIN[0], PIN[1]],
    ],
    ['no zip when W lacks none', { files: TEXT, missing: [] }, ['golang.org/x/text', undefined]],
    [
      'no zip when W lacks .mod files only',
      { files: TEXT, missing: TEXT.slice(0, 2) },
      ['golang.org/x/text', undefined],
    ],
    [
      'the module of the zip that is missing',
      { files: [...TEXT, ...ERRGROUP], missing: ERRGROUP },
      ['golang.org/x/sync', 'golang.org/x/sync'],
    ],
    [
      'another module when the zip has no .mod line',
      { files: [wanted('zip', 'golang.org/x/text@v0.1.0'), ...ERRGROUP] },
      ['golang.org/x/sync', 'golang.org/x/text'],
    ],
    ['an empty W', { files: [] }, [PIN[0], undefined]],
    [
      'a file without hash is none',
      {
        files: [
          { ...TEXT[0]!, hashes: [] },
          { ...TEXT[2]!, hashes: [] },
        ],
      },
      [PIN[0], undefined],
    ],
  ])('%s', (_, row, expected) => {
    expect(asked(row)).toEqual(expected);
  });

  test.each<[CandidateOrigin, string, string]>([
    ['inherited', PUBLIC, PIN[0]!],
    ['default', PUBLIC, PIN[0]!],
    ['standby', GIVEN, PIN[0]!],
    ['input', GIVEN, 'github.com/acme/widget'],
    ['inherited', GIVEN, 'github.com/acme/widget'],
  ])('%s %s is asked for %s', (origin, url, expected) => {
    expect(asked({ url, origin, files: OWN })[0]).toBe(expected);
  });

  test('releases before pseudo-versions', () => {
    const pseudo = module('golang.org/x/text@v0.0.0-20200804184101-5ec99f83aff1');
    const one = assign({ files: [...pseudo, ...TEXT] });
    expect(one.kind === 'ask' && one.ask.module.version).toBe('v0.29.0');
  });
});

describe('given proxies', () => {
  test.each<[string, Case, readonly (string | undefined)[]]>([
    [
      'a well-known module first, as the public ones',
      { files: [...OWN, ...TEXT, ...SECRET] },
      ['golang.org/x/text', 'golang.org/x/text'],
    ],
    [
      'then a public one',
      { files: [...SECRET, ...OWN] },
      ['github.com/acme/widget', 'github.com/acme/widget'],
    ],
    ['then a private one', { files: SECRET }, ['git.corp.example/secret', 'git.corp.example/secret']],
    ['a pinned one when W is empty', { files: [] }, [PIN[0], undefined]],
  ])('%s', (_, row, expected) => {
    expect(asked({ ...row, url: GIVEN })).toEqual(expected);
  });
});

describe('patterns hold for what is built in too', () => {
  const rows: [string, Partial<PrivacyPatterns>, readonly string[], readonly string[]][] = [
    ['GONOPROXY for one host', { gonoproxy: 'github.com/*' }, [PIN[1]!], [PIN[1]!]],
    ['GONOPROXY for the other', { gonoproxy: 'golang.org/x' }, [PIN[0]!], [PIN[0]!]],
    ['GONOPROXY for all', { gonoproxy: '*' }, ['none'], ['none']],
    ['GOPRIVATE alone is GONOPROXY too', { goprivate: '*' }, ['none'], ['none']],
    ['GOPRIVATE with a GONOPROXY of its own', { goprivate: '*', gonoproxy: 'none' }, ['none'], [PIN[0]!]],
    ['GONOSUMDB', { gonosumdb: 'github.com' }, [PIN[1]!], [PIN[0]!]],
  ];
  test.each(rows)('%s', (...[, patterns, forPublic, forGiven]) => {
    const privacy = { ...OPEN, ...patterns };
    expect(asked({ files: [], privacy })[0]).toBe(forPublic[0]);
    expect(asked({ files: [], privacy, url: GIVEN })[0]).toBe(forGiven[0]);
  });

  test('nothing is left for a public proxy though zips are missing', () => {
    expect(asked({ files: OWN, privacy: { ...OPEN, gonoproxy: '*' } })).toEqual(['none', undefined]);
  });

  test('the pinned zip too', () => {
    const privacy = { ...OPEN, gonoproxy: 'golang.org/x' };
    expect(asked({ files: OWN, privacy })).toEqual([PIN[0], PIN[0]]);
  });

  test('what W holds although a pattern matches it is not asked', () => {
    expect(asked({ files: TEXT, url: GIVEN, privacy: { ...OPEN, gonoproxy: 'golang.org' } })).toEqual([
      PIN[0],
      PIN[0],
    ]);
  });
});

test('hashes come from go.sum, and the database is passed on', () => {
  const [one] = assignProbes({
    candidates: [candidate(0, PUBLIC)],
    wanted: TEXT,
    missing: TEXT,
    privacy: OPEN,
    sumdb: 'sum.golang.org',
  });
  expect(one).toMatchObject({
    kind: 'ask',
    ask: { modHashes: TEXT[0]?.hashes, samples: [{ hashes: TEXT[2]?.hashes }], sumdb: 'sum.golang.org' },
  });
});

test('all candidates get the same zip where they may', () => {
  const candidates = [candidate(0, PUBLIC), candidate(1, GIVEN), candidate(2, 'file:///x')];
  const files = [...SECRET, ...OWN, ...ERRGROUP];
  const all = assignProbes({ candidates, wanted: files, missing: files, privacy: OPEN });
  expect(all.map((one) => (one.kind === 'ask' ? one.ask.samples[0]?.module.path : one.why))).toEqual([
    'golang.org/x/sync',
    'golang.org/x/sync',
    expect.stringContaining('file://'),
  ]);
});

test('at most six samples, the preferred ones, and none when nothing is missing', () => {
  const files = [...TEXT, ...OWN, ...ERRGROUP, ...SECRET];
  const zips = (missing: typeof files) =>
    assignProbes({ candidates: [candidate(0, GIVEN)], wanted: files, missing, privacy: OPEN }).map((one) =>
      one.kind === 'ask' ? one.ask.samples.map(({ module }) => module.path) : [],
    )[0];
  expect(zips(files)?.[0]).toBe('golang.org/x/text');
  expect(zips(files)?.length).toBeLessThanOrEqual(6);
  expect(new Set(zips(files)).size).toBe(zips(files)?.length);
  expect(zips([])).toEqual([]);
});

describe('the built-in modules', () => {
  test.each(PINNED_MODULES)(
    '$module.path is a module with two hashes',
    ({ module: one, modHash, zipHash }) => {
      expect(() => checkModuleVersion(one)).not.toThrow();
      expect([isH1(modHash), isH1(zipHash)]).toEqual([true, true]);
      expect(publicRank(one.path)).toBeDefined();
    },
  );

  test('prefixes match whole elements, and the first counts', () => {
    expect(publicRank('golang.org/x/text')).toBe(0);
    expect(publicRank('golang.org/x/text/sub')).toBe(0);
    expect(publicRank('golang.org/x/other')).toBe(PUBLIC_PREFIXES.indexOf('golang.org/x'));
    expect(publicRank('golang.org/xyz')).toBeUndefined();
    expect(publicRank('github.com/aws/private-thing')).toBeUndefined();
  });
});
