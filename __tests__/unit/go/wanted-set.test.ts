import { describe, expect, test } from '@jest/globals';
import { parseGoMod } from '../../../src/go/go-mod.ts';
import { parseGoSum } from '../../../src/go/go-sum.ts';
import { parseGoWork } from '../../../src/go/go-work.ts';
import type { MainUnit, Project, ProjectModule, VendorDirectory } from '../../../src/go/project.ts';
import { computeWantedSet, type PrivateMatch, type WantedSet } from '../../../src/go/wanted-set.ts';

/** An h1 hash that is told apart by one letter. */
function h1(letter: string): string {
  return `h1:${letter.repeat(42)}A=`;
}

/** `example.com/a v1.0.0` becomes its two lines of go.sum; with `/go.mod` only that one. */
function sumText(...entries: readonly string[]): string {
  return entries
    .flatMap((entry) => (entry.includes('/go.mod') ? [entry] : [entry, `${entry}/go.mod`]))
    .map((entry) => `${entry} ${h1(entry.includes('/go.mod') ? 'm' : 'z')}\n`)
    .join('');
}

function moduleIn(directory: string, mod: string, sum?: string): ProjectModule {
  const prefix = directory === '.' ? '' : `${directory}/`;
  const parsed = parseGoMod(`${prefix}go.mod`, mod);
  return sum === undefined
    ? { directory, mod: parsed }
    : { directory, mod: parsed, sum: parseGoSum(`${prefix}go.sum`, sum) };
}

function unitOf(mod: string, sum?: string, vendor?: VendorDirectory): MainUnit {
  const module = moduleIn('.', `module example.com/main\n${mod}`, sum);
  return { kind: 'module', module, ...(vendor === undefined ? {} : { vendor }) };
}

function workspaceOf(
  work: string,
  modules: readonly ProjectModule[],
  extra: { readonly sum?: string; readonly vendor?: VendorDirectory } = {},
): MainUnit {
  return {
    kind: 'workspace',
    directory: '.',
    work: parseGoWork('go.work', work),
    modules,
    ...(extra.sum === undefined ? {} : { sum: parseGoSum('go.work.sum', extra.sum) }),
    ...(extra.vendor === undefined ? {} : { vendor: extra.vendor }),
  };
}

function wantedOf(
  units: MainUnit | readonly MainUnit[],
  options: {
    readonly modFlag?: 'mod' | 'readonly' | 'vendor';
    readonly isPrivate?: (path: string) => PrivateMatch;
  } = {},
): WantedSet {
  const project: Project = {
    root: '/root',
    units: Array.isArray(units) ? units : [units as MainUnit],
    problems: [],
    notes: [],
    ...(options.modFlag === undefined ? {} : { modFlag: options.modFlag }),
  };
  return computeWantedSet(project, { isPrivate: options.isPrivate ?? (() => 'no') });
}

/** `a v1.0.0 mod,info,zip` for each module. */
function filesOf(wanted: WantedSet): string[] {
  const kinds = new Map<string, string[]>();
  for (const { module, kind } of wanted.files) {
    const key = `${module.path.replace('example.com/', '')} ${module.version}`;
    kinds.set(key, [...(kinds.get(key) ?? []), kind]);
  }
  return [...kinds].map(([key, list]) => `${key} ${list.join(',')}`);
}

const ALL = 'mod,info,zip';

describe('the files that a module wants', () => {
  test.each<[name: string, mod: string, sum: readonly string[], files: readonly string[]]>([
    [
      'go 1.17: zips of required modules, every go.mod that go.sum names',
      'go 1.17\nrequire example.com/a v1.0.0\n',
      ['example.com/a v1.0.0', 'example.com/a v0.9.0', 'example.com/b v1.0.0'],
      ['a v0.9.0 mod', `a v1.0.0 ${ALL}`, 'b v1.0.0 mod'],
    ],
    [
      'a required module without a zip line wants no zip',
      'go 1.21\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0 // indirect\n)\n',
      ['example.com/a v1.0.0', 'example.com/b v1.0.0/go.mod'],
      [`a v1.0.0 ${ALL}`, 'b v1.0.0 mod'],
    ],
    [
      'go 1.16: every zip line',
      'go 1.16\nrequire example.com/a v1.0.0\n',
      ['example.com/a v1.0.0', 'example.com/b v0.1.0', 'example.com/c v0.1.0/go.mod'],
      [`a v1.0.0 ${ALL}`, `b v0.1.0 ${ALL}`, 'c v0.1.0 mod'],
    ],
    [
      'no go line: every zip line',
      'require example.com/a v1.0.0\n',
      ['example.com/a v1.0.0', 'example.com/b v0.1.0'],
      [`a v1.0.0 ${ALL}`, `b v0.1.0 ${ALL}`],
    ],
    [
      'a replacement of all versions by a module',
      'go 1.20\nrequire example.com/a v1.0.0\nreplace example.com/a => example.com/fork v1.5.0\n',
      ['example.com/a v1.0.0', 'example.com/fork v1.5.0'],
      ['a v1.0.0 mod', `fork v1.5.0 ${ALL}`],
    ],
    [
      'a replacement of one version goes before that of all',
      'go 1.20\nrequire example.com/a v1.0.0\nreplace example.com/a => ./a\nreplace example.com/a v1.0.0 => example.com/fork v1.5.0\n',
      ['example.com/fork v1.5.0'],
      [`fork v1.5.0 ${ALL}`],
    ],
    [
      'a replacement of another version does not count',
      'go 1.20\nrequire example.com/a v1.0.0\nreplace example.com/a v1.1.0 => ./a\n',
      ['example.com/a v1.0.0'],
      [`a v1.0.0 ${ALL}`],
    ],
    [
      'a replacement by a directory',
      'go 1.20\nrequire example.com/a v1.0.0\nreplace example.com/a => ../a\n',
      ['example.com/a v1.0.0'],
      ['a v1.0.0 mod'],
    ],
    [
      'replacements are not followed twice',
      'go 1.20\nrequire example.com/a v1.0.0\nreplace example.com/a => example.com/b v1.0.0\nreplace example.com/b => example.com/c v1.0.0\n',
      ['example.com/b v1.0.0', 'example.com/c v1.0.0'],
      [`b v1.0.0 ${ALL}`, 'c v1.0.0 mod'],
    ],
    [
      'go 1.16 with replacements: the replaced out, their targets in',
      'go 1.16\nreplace example.com/a => example.com/b v1.0.0\nreplace example.com/b => ./b\n',
      ['example.com/a v1.0.0', 'example.com/b v1.0.0', 'example.com/b v1.1.0', 'example.com/main v0.1.0'],
      ['a v1.0.0 mod', `b v1.0.0 ${ALL}`, 'b v1.1.0 mod', 'main v0.1.0 mod'],
    ],
    [
      'exclusions take nothing away',
      'go 1.20\nrequire example.com/a v1.0.0\nexclude example.com/a v1.1.0\n',
      ['example.com/a v1.0.0'],
      [`a v1.0.0 ${ALL}`],
    ],
    [
      'incompatible, pseudo and upper-case versions',
      'go 1.20\nrequire (\n\texample.com/A v2.0.0+incompatible\n\texample.com/b v0.0.0-20240102030405-0123456789ab\n\texample.com/c v1.0.0-RC1\n)\n',
      [
        'example.com/A v2.0.0+incompatible',
        'example.com/b v0.0.0-20240102030405-0123456789ab',
        'example.com/c v1.0.0-RC1',
      ],
      [`A v2.0.0+incompatible ${ALL}`, `b v0.0.0-20240102030405-0123456789ab ${ALL}`, `c v1.0.0-RC1 ${ALL}`],
    ],
    [
      'toolchains and the fips module never',
      'go 1.20\nrequire golang.org/fips140 v1.0.0\nrequire golang.org/toolchain v0.0.1-go1.22.0.linux-amd64\n',
      ['golang.org/fips140 v1.0.0', 'golang.org/toolchain v0.0.1-go1.22.0.linux-amd64'],
      [],
    ],
  ])('%s', (_, mod, sum, files) => {
    expect(filesOf(wantedOf(unitOf(mod, sumText(...sum))))).toEqual(files);
  });

  test('hashes, order and counts', () => {
    const wanted = wantedOf(
      unitOf('go 1.20\nrequire example.com/a v1.0.0\n', sumText('example.com/a v1.0.0')),
    );
    const module = { path: 'example.com/a', version: 'v1.0.0' };
    expect(wanted).toMatchObject({ modules: 1, privateModules: 0, problems: [] });
    expect(wanted.files).toEqual([
      { module, kind: 'mod', hashes: [h1('m')], disclosure: 'public' },
      { module, kind: 'info', hashes: [], disclosure: 'public' },
      { module, kind: 'zip', hashes: [h1('z')], disclosure: 'public' },
    ]);
  });

  test('the order does not depend on that of go.sum', () => {
    const names = [
      'example.com/b v1.0.0',
      'example.com/a v1.10.0',
      'example.com/a v1.9.0',
      'example.com/B v1.0.0',
    ];
    const order = filesOf(wantedOf(unitOf('go 1.16\n', sumText(...names))));
    expect(filesOf(wantedOf(unitOf('go 1.16\n', sumText(...names.toReversed()))))).toEqual(order);
    expect(order.map((line) => line.split(' mod')[0])).toEqual([
      'B v1.0.0',
      'a v1.9.0',
      'a v1.10.0',
      'b v1.0.0',
    ]);
  });

  test('of two hashes of one go.sum the first counts, as go stops at it; a problem names the second', () => {
    const sum = `example.com/a v1.0.0 ${h1('y')}\n${sumText('example.com/a v1.0.0')}`;
    const wanted = wantedOf(unitOf('go 1.16\n', sum));
    expect(wanted.files.find(({ kind }) => kind === 'zip')?.hashes).toEqual([h1('y')]);
    expect(wanted.problems).toMatchObject([{ file: 'go.sum', line: 2 }]);
  });

  test('two modules of a project may pin different hashes: any of them may match', () => {
    const first = unitOf('go 1.16\n', `example.com/a v1.0.0 ${h1('x')}\n`);
    const second = unitOf('go 1.16\n', `example.com/a v1.0.0 ${h1('y')}\n`);
    expect(wantedOf([first, second]).files.find(({ kind }) => kind === 'zip')?.hashes).toEqual([
      h1('x'),
      h1('y'),
    ]);
  });

  test.each([
    ['without go.sum', unitOf('go 1.20\nrequire example.com/a v1.0.0\n'), 'there is no go.sum'],
    ['without requirements', unitOf('go 1.20\n'), 'requires no module'],
  ])('%s nothing is wanted, and a note says so', (_, unit, words) => {
    const wanted = wantedOf(unit);
    expect(wanted.files).toEqual([]);
    expect(wanted.notes.join()).toContain(words);
  });
});

describe('private modules', () => {
  const unit = unitOf(
    'go 1.16\n',
    sumText('example.com/a v1.0.0', 'example.com/p v1.0.0', 'example.com/p v1.1.0/go.mod'),
  );
  test.each<[PrivateMatch, number, string[]]>([
    ['no', 0, ['public']],
    ['goprivate', 0, ['given-only', 'public']],
    ['gonosumdb', 0, ['given-only', 'public']],
    ['gonoproxy', 2, ['public']],
  ])('matched by %s', (match, left, disclosures) => {
    const wanted = wantedOf(unit, { isPrivate: (path) => (path === 'example.com/p' ? match : 'no') });
    expect(wanted.privateModules).toBe(left);
    expect([...new Set(wanted.files.map(({ disclosure }) => disclosure))].sort()).toEqual(disclosures);
    expect(wanted.modules).toBe(3 - left);
    expect(wanted.notes.some((note) => note.includes('GONOPROXY'))).toBe(left > 0);
  });
});

describe('workspaces', () => {
  const sums = sumText(
    'example.com/x v1.0.0',
    'example.com/x v1.1.0',
    'example.com/x v1.5.0',
    'example.com/y v1.0.0',
  );
  const a = moduleIn('a', 'module example.com/a\ngo 1.20\nrequire example.com/x v1.0.0\n', sums);
  const b = moduleIn(
    'b',
    'module example.com/b\ngo 1.20\nrequire example.com/x v1.1.0\nrequire example.com/a v0.1.0\n',
    sumText('example.com/a v0.1.0'),
  );

  test('every zip line not below the highest requirement, none of a used module', () => {
    const wanted = wantedOf(workspaceOf('go 1.22\nuse (\n\t./a\n\t./b\n)\n', [a, b]));
    expect(filesOf(wanted)).toEqual([
      'a v0.1.0 mod',
      'x v1.0.0 mod',
      `x v1.1.0 ${ALL}`,
      `x v1.5.0 ${ALL}`,
      `y v1.0.0 ${ALL}`,
    ]);
  });

  test('a requirement that a module excludes does not lift the floor', () => {
    const c = moduleIn(
      'c',
      'module example.com/c\ngo 1.20\nrequire example.com/x v1.5.0\nexclude example.com/x v1.5.0\n',
    );
    expect(filesOf(wantedOf(workspaceOf('go 1.22\n', [a, c])))).toContain(`x v1.0.0 ${ALL}`);
  });

  test('go.work.sum names files too', () => {
    const wanted = wantedOf(workspaceOf('go 1.22\n', [b], { sum: sumText('example.com/x v1.2.0') }));
    expect(filesOf(wanted)).toContain(`x v1.2.0 ${ALL}`);
  });

  test('replacements of go.work go before those of modules', () => {
    const c = moduleIn(
      'c',
      'module example.com/c\ngo 1.20\nrequire example.com/x v1.0.0\nreplace example.com/x => ./x\n',
    );
    const replaced = workspaceOf('go 1.22\nreplace example.com/x => example.com/y v1.0.0\n', [a, c]);
    expect(filesOf(wantedOf(replaced))).toEqual([
      'x v1.0.0 mod',
      'x v1.1.0 mod',
      'x v1.5.0 mod',
      `y v1.0.0 ${ALL}`,
    ]);
    expect(filesOf(wantedOf(workspaceOf('go 1.22\n', [a, c])))).not.toContain(`x v1.5.0 ${ALL}`);
  });

  test('go.sum files that disagree: go refuses the file, so it is not wanted; go.work.sum decides', () => {
    const one = moduleIn('a', 'module example.com/a\n', `example.com/x v1.0.0 ${h1('x')}\n`);
    const other = moduleIn('b', 'module example.com/b\n', `example.com/x v1.0.0 ${h1('y')}\n`);
    const wanted = wantedOf(workspaceOf('go 1.22\n', [one, other]));
    expect(wanted.files).toEqual([]);
    expect(wanted.problems).toMatchObject([{ file: 'b/go.sum', line: 1 }]);
    const decided = wantedOf(
      workspaceOf('go 1.22\n', [one, other], { sum: `example.com/x v1.0.0 ${h1('w')}\n` }),
    );
    expect(decided.files.find(({ kind }) => kind === 'zip')?.hashes).toEqual([h1('w')]);
    expect(decided.problems).toEqual([]);
  });
});

describe('vendor directories', () => {
  const sum = sumText('example.com/a v1.0.0');
  const required = 'require example.com/a v1.0.0\n';
  const listed = '# example.com/a v1.0.0\n## explicit; go 1.17\nexample.com/a\n';
  const replace = 'replace example.com/a => ./a\n';

  test.each<
    [
      name: string,
      mod: string,
      modulesTxt: string | undefined,
      modFlag: 'mod' | 'readonly' | 'vendor' | undefined,
      vendored: boolean,
    ]
  >([
    ['consistent', `go 1.20\n${required}`, listed, undefined, true],
    ['consistent with CRLF', `go 1.20\n${required}`, listed.replaceAll('\n', '\r\n'), undefined, true],
    ['another version', `go 1.20\n${required}`, listed.replace('v1.0.0', 'v1.1.0'), undefined, false],
    ['not marked as explicit', `go 1.20\n${required}`, listed.replace('explicit; ', ''), undefined, false],
    ['explicit but not required', 'go 1.20\n', listed, undefined, false],
    ['no modules.txt', `go 1.20\n${required}`, undefined, undefined, false],
    ['no modules.txt, nothing required', 'go 1.20\n', undefined, undefined, true],
    ['go 1.13', `go 1.13\n${required}`, listed, undefined, false],
    ['no go line', required, listed, undefined, false],
    [
      'go 1.13 with -mod=vendor',
      `go 1.13\n${required}`,
      '# example.com/a v1.0.0\nexample.com/a\n',
      'vendor',
      true,
    ],
    [
      'go 1.13 with -mod=vendor, another version',
      `go 1.13\n${required}`,
      '# example.com/a v1.1.0\nexample.com/a\n',
      'vendor',
      false,
    ],
    ['-mod=mod', `go 1.20\n${required}`, listed, 'mod', false],
    ['-mod=readonly', `go 1.20\n${required}`, listed, 'readonly', false],
    ['of a workspace', `go 1.20\n${required}`, `## workspace\n${listed}`, undefined, false],
    [
      'replaced in both',
      `go 1.20\n${required}${replace}`,
      `${listed.replace('v1.0.0', 'v1.0.0 => ./a')}# example.com/a => ./a\n`,
      undefined,
      true,
    ],
    ['replaced in go.mod only', `go 1.20\n${required}${replace}`, listed, undefined, false],
    [
      'replaced in modules.txt only',
      `go 1.20\n${required}`,
      `${listed}# example.com/b => ./b\n`,
      undefined,
      false,
    ],
    [
      'replaced otherwise',
      `go 1.20\n${required}${replace}`,
      `${listed}# example.com/a => ./b\n`,
      undefined,
      false,
    ],
    [
      'replaced by a module in both',
      `go 1.20\n${required}replace example.com/a v1.0.0 => example.com/f v1.2.0\n`,
      listed.replace('v1.0.0', 'v1.0.0 => example.com/f v1.2.0'),
      undefined,
      true,
    ],
  ])('%s', (_, mod, modulesTxt, ...[modFlag, vendored]) => {
    const unit = unitOf(mod, sum, modulesTxt === undefined ? {} : { modulesTxt });
    const wanted = wantedOf(unit, modFlag === undefined ? {} : { modFlag });
    expect(wanted.files.length === 0).toBe(vendored);
    expect(wanted.notes.some((note) => note.includes('vendor directory is consistent'))).toBe(vendored);
  });

  test('of a workspace: used only when modules.txt says so, paths relative to the workspace', () => {
    const module = moduleIn('m', `module example.com/m\ngo 1.20\n${required}${replace}`, sum);
    const text =
      '## workspace\n# example.com/a v1.0.0 => ./m/a\n## explicit; go 1.17\nexample.com/a\n# example.com/a => ./m/a\n';
    const vendored = (modulesTxt: string, flag?: 'vendor') =>
      wantedOf(
        workspaceOf('go 1.22\nuse ./m\n', [module], { vendor: { modulesTxt } }),
        flag === undefined ? {} : { modFlag: flag },
      ).files.length === 0;
    expect(vendored(text)).toBe(true);
    expect(vendored(text.replaceAll('./m/a', './a'))).toBe(false);
    expect(vendored(text.replace('## workspace\n', ''))).toBe(false);
    const other = workspaceOf('go 1.22\nuse ./m\nreplace example.com/a => ./other\n', [module], {
      vendor: { modulesTxt: text.replaceAll('./m/a', './other') },
    });
    expect(wantedOf(other).files).toEqual([]);
    expect(vendored(text.replace('## workspace\n', ''), 'vendor')).toBe(true);
  });
});
