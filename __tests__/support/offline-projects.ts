import type { ModuleSource } from './modules.ts';
import {
  app,
  type GoCommand,
  goMod,
  importText,
  library,
  libraryText,
  type OfflineProject,
  requirements,
  requireText,
  TIDY,
} from './offline-project.ts';
import {
  several,
  vendored,
  vendorUnused,
  workspace,
  workspaceOff,
  workspaceReplaced,
  workspaceVendored,
} from './offline-workspaces.ts';

const PSEUDO = 'v0.0.0-20240102030405-0123456789ab';
const PSEUDO_AFTER = 'v1.2.4-0.20240203040506-abcdef012345';

/** Every shape of path and version that a go.sum has. */
function shapes(): OfflineProject {
  const built = {
    'example.com/Acme/Upper': 'v1.0.0',
    'example.com/old': 'v3.1.0+incompatible',
    'example.com/pseudo': PSEUDO,
    'example.com/after': PSEUDO_AFTER,
    'example.com/major/v2': 'v2.0.1',
    'example.com/candidate': 'v1.0.0-RC1',
    'gopkg.in/yaml.v9': 'v9.0.0',
  };
  const names = Object.entries(built).map(([path, version]) => `${path}@${version}`);
  return {
    name: 'upper-case paths, +incompatible, pseudo-versions, major versions, pre-releases',
    modules: names.map((name) => library(name)),
    files: { 'go.mod': goMod('1.21', requireText(...names)), ...app(built) },
    downloads: true,
    zips: [...names].sort(),
  };
}

/** Each kind of replacement; `b` is required by a dependency only, and `fork` both replaces it and is required itself. */
function replaced(goVersion: string): OfflineProject {
  return {
    name: `modules replaced by another version, another module and a directory, main module of go ${goVersion}`,
    modules: [
      library('example.com/a@v1.0.0', {
        imports: ['example.com/b'],
        requires: requirements('example.com/b@v1.0.0'),
      }),
      library('example.com/a@v1.4.0', {
        imports: ['example.com/b'],
        requires: requirements('example.com/b@v1.0.0', 'example.com/c@v1.0.0'),
      }),
      library('example.com/b@v1.0.0'),
      library('example.com/Fork/b@v0.3.0'),
      library('example.com/Fork/b@v0.4.0'),
      library('example.com/c@v1.0.0', { imports: ['example.com/d'] }),
      library('example.com/d@v1.1.0'),
    ],
    files: {
      'go.mod': goMod(
        goVersion,
        `${requireText('example.com/a@v1.0.0', 'example.com/c@v1.0.0', 'example.com/Fork/b@v0.4.0')}
replace (
	example.com/a => example.com/a v1.4.0
	example.com/b v1.0.0 => example.com/Fork/b v0.3.0
	example.com/c => ./local/c
)
`,
      ),
      ...app({
        'example.com/a': 'v1.4.0',
        'example.com/b': 'v0.3.0',
        'example.com/Fork/b': 'v0.4.0',
        'example.com/c': 'local',
      }),
      'local/c/go.mod': goMod(goVersion, requireText('example.com/d@v1.1.0'), 'example.com/c'),
      'local/c/c.go': libraryText('local', ['example.com/d']),
    },
    downloads: true,
    zips: [
      'example.com/Fork/b@v0.3.0',
      'example.com/Fork/b@v0.4.0',
      'example.com/a@v1.4.0',
      'example.com/d@v1.1.0',
    ],
  };
}

/**
 * A graph with dependencies of dependencies, lower versions that lose, and a module that gives no package to the build.
 * Half of it has the go line of the main module, so that from 1.17 on pruned and whole requirements meet.
 */
function graphModules(goVersion: string): readonly ModuleSource[] {
  return [
    library('example.com/a@v1.0.0', {
      imports: ['example.com/b', 'example.com/d'],
      requires: requirements('example.com/b@v1.1.0', 'example.com/d@v1.0.0', 'example.com/unused@v1.0.0'),
    }),
    library('example.com/b@v1.1.0', {
      imports: ['example.com/d'],
      requires: requirements('example.com/d@v1.2.0'),
      goVersion,
    }),
    library('example.com/c@v1.0.0', { requires: requirements('example.com/b@v1.0.0'), goVersion: '' }),
    library('example.com/b@v1.0.0', { goVersion }),
    library('example.com/d@v1.0.0', { goVersion }),
    library('example.com/d@v1.2.0', { requires: requirements('example.com/deep@v1.0.0') }),
    library('example.com/unused@v1.0.0', { requires: requirements('example.com/deep@v1.3.0'), goVersion }),
    library('example.com/deep@v1.0.0', { goVersion }),
    library('example.com/deep@v1.3.0', { goVersion }),
  ];
}
const GRAPH_FILES = app(
  { 'example.com/a': 'v1.0.0', 'example.com/c': 'v1.0.0' },
  { onlyTested: { 'example.com/b': 'v1.1.0' } },
);
const GRAPH_MODS = requireText('example.com/a@v1.0.0', 'example.com/c@v1.0.0');
const GRAPH_ZIPS = [
  'example.com/a@v1.0.0',
  'example.com/b@v1.1.0',
  'example.com/c@v1.0.0',
  'example.com/d@v1.2.0',
];

/** What needs info files of modules without a zip line, or a list of versions. */
const NEEDS_MORE_THAN_SUMS: readonly GoCommand[] = [
  { args: ['list', '-m', 'all'] },
  { args: ['mod', 'download', 'all'] },
  { args: ['list', '-m', '-versions', 'example.com/a'] },
  { args: ['get', 'example.com/a'] },
  { args: ['get', 'example.com/a@v1.0.1'] },
];

function graphOf(goVersion: string, options: Partial<OfflineProject> = {}): OfflineProject {
  return {
    name: `a graph with go.mod-only lines, main module of go ${goVersion}`,
    modules: graphModules(goVersion),
    files: { 'go.mod': goMod(goVersion, GRAPH_MODS), ...GRAPH_FILES },
    commands: [
      { args: ['mod', 'graph'] },
      { args: ['mod', 'why', 'example.com/d'] },
      { args: ['list', '-m', '-json', 'example.com/a'] },
      { args: ['list', 'all'] },
      { args: ['mod', 'vendor', '-o', 'elsewhere'] },
    ],
    // From 1.17 on what go.mod requires, before all of the graph.
    ...(goVersion === '1.16' ? {} : { downloads: true }),
    failing: [...(goVersion === '1.16' ? [{ args: ['mod', 'download'] }] : []), ...NEEDS_MORE_THAN_SUMS],
    zips: GRAPH_ZIPS,
    ...options,
  };
}

const noGoLine = graphOf('1.16', {
  name: 'a main module without a go line',
  // `go mod tidy` would write a line of its own version; without one go means 1.16.
  afterwards: (read) => ({ 'go.mod': read('go.mod').replace(/^go 1\.16\n/m, '') }),
  commands: [{ args: ['list', '-m', '-f', '{{.GoVersion}}'], prints: /^1\.16$/m }],
  failing: [],
});

const tool: OfflineProject = {
  name: 'go 1.24 with a tool line',
  modules: [
    library('example.com/a@v1.0.0'),
    library('example.com/tools@v0.2.0', {
      requires: requirements('example.com/flags@v1.0.0'),
      files: {
        'cmd/hello/main.go':
          'package main\n\nimport flags "example.com/flags"\n\nfunc main() { println(flags.Version) }\n',
      },
    }),
    library('example.com/flags@v1.0.0'),
  ],
  files: {
    'go.mod': goMod(
      '1.24',
      `tool example.com/tools/cmd/hello\n\n${requireText('example.com/a@v1.0.0', 'example.com/tools@v0.2.0')}`,
    ),
    ...app({ 'example.com/a': 'v1.0.0' }),
  },
  downloads: true,
  commands: [
    { args: ['tool', 'hello'] },
    { args: ['install', 'tool'] },
    { args: ['run', 'example.com/tools/cmd/hello'] },
  ],
  // With a version they ask for the newest one too, to see whether it deprecates or retracts.
  failing: ['run', 'install'].map((verb) => ({ args: [verb, 'example.com/tools/cmd/hello@v0.2.0'] })),
  zips: ['example.com/a@v1.0.0', 'example.com/flags@v1.0.0', 'example.com/tools@v0.2.0'],
};

/** `pinned` is required and gives no package, so that go.sum has its go.mod line only. */
const pinned: OfflineProject = {
  name: 'a required module that has no zip line',
  modules: [
    library('example.com/a@v1.0.0', { requires: requirements('example.com/pinned@v1.0.0') }),
    library('example.com/pinned@v1.0.0'),
    library('example.com/pinned@v1.1.0'),
  ],
  files: {
    'go.mod': goMod('1.17', requireText('example.com/a@v1.0.0')),
    ...app({ 'example.com/a': 'v1.0.0' }),
  },
  prepare: [
    ...TIDY,
    { args: ['mod', 'edit', '-require=example.com/pinned@v1.1.0'] },
    { args: ['list', '-mod=mod', '-m', 'all'] },
  ],
  failing: [{ args: ['mod', 'download'] }],
  zips: ['example.com/a@v1.0.0'],
};

const STALE = ['example.com/a@v0.9.0', 'example.com/d@v1.9.0', 'example.com/gone@v1.0.0'];

/** A third of the lines is of another time of the project, as merges leave them: versions below and above, and a module that went. */
function staleSums(goVersion: string, fetched: readonly string[]): OfflineProject {
  return graphOf(goVersion, {
    name: `a go.sum with unneeded and stale lines, main module of go ${goVersion}`,
    modules: [
      ...graphModules(goVersion),
      library('example.com/a@v0.9.0'),
      library('example.com/d@v1.9.0', { requires: requirements('example.com/deep@v1.2.0') }),
      library('example.com/deep@v1.2.0'),
      library('example.com/gone@v1.0.0'),
    ],
    files: {
      'go.mod': goMod(goVersion, GRAPH_MODS),
      ...GRAPH_FILES,
      'then/go.mod': goMod(goVersion, requireText(...STALE)),
      ...app(Object.fromEntries(STALE.map((name) => name.split('@'))), { directory: 'then' }),
    },
    prepare: [...TIDY, { args: ['mod', 'tidy'], in: 'then' }],
    afterwards: (read) => ({
      // In no order and with the line ends of another system.
      'go.sum': [...read('go.sum').trim().split('\n'), ...read('then/go.sum').trim().split('\n')]
        .reverse()
        .map((line) => `${line}\r\n`)
        .join(''),
      'then/go.mod': undefined,
      'then/go.sum': undefined,
      'then/app.go': undefined,
      'then/app_test.go': undefined,
    }),
    zips: fetched,
  });
}

/** Tests of the main module need `assert`; the tests of `a` need `fixture`, which `go test all` runs. */
function testOnly(goVersion: string, options: Partial<OfflineProject>): OfflineProject {
  return {
    name: `dependencies of tests only, main module of go ${goVersion}`,
    modules: [
      library('example.com/a@v1.0.0', {
        testImports: ['example.com/fixture'],
        requires: requirements('example.com/fixture@v1.0.0'),
      }),
      library('example.com/assert@v1.0.0', {
        imports: ['example.com/diff'],
        requires: requirements('example.com/diff@v1.0.0'),
      }),
      library('example.com/diff@v1.0.0'),
      library('example.com/fixture@v1.0.0'),
    ],
    files: {
      'go.mod': goMod(goVersion, requireText('example.com/a@v1.0.0', 'example.com/assert@v1.0.0')),
      ...app({ 'example.com/a': 'v1.0.0' }, { onlyTested: { 'example.com/assert': 'v1.0.0' } }),
    },
    zips: [],
    ...options,
  };
}

/** What `go test all` does but for the tests of the standard library, which it runs as well. */
const TEST_ALL: GoCommand = { args: ['test', './...', 'example.com/a'] };
const MAIN_TEST_ZIPS = ['example.com/a@v1.0.0', 'example.com/assert@v1.0.0', 'example.com/diff@v1.0.0'];

/** `c` asks for the version of `a` that the main module excludes, so go takes the next one. */
function excluded(goVersion: string): OfflineProject {
  return {
    name: `an excluded version, main module of go ${goVersion}`,
    modules: [
      ...['v1.0.0', 'v1.1.0', 'v1.2.0'].map((version) => library(`example.com/a@${version}`)),
      library('example.com/c@v1.0.0', {
        imports: ['example.com/a'],
        requires: requirements('example.com/a@v1.1.0'),
      }),
    ],
    files: {
      'go.mod': goMod(
        goVersion,
        `exclude example.com/a v1.1.0\n\n${requireText('example.com/a@v1.0.0', 'example.com/c@v1.0.0')}`,
      ),
      ...app({ 'example.com/a': 'v1.0.0', 'example.com/c': 'v1.0.0' }),
    },
    zips: ['example.com/a@v1.0.0', 'example.com/c@v1.0.0'],
  };
}

const retracted: OfflineProject = {
  name: 'a version that its module retracts later, and a deprecated one',
  modules: [
    library('example.com/a@v1.0.0'),
    library('example.com/a@v1.0.1', { goModEnd: '\nretract v1.0.0 // broken\n' }),
    library('example.com/b@v1.0.0', { goModEnd: '\nretract [v0.1.0, v0.9.9]\n' }),
  ],
  files: {
    'go.mod': goMod('1.21', requireText('example.com/a@v1.0.0', 'example.com/b@v1.0.0')),
    ...app({ 'example.com/a': 'v1.0.0', 'example.com/b': 'v1.0.0' }),
  },
  downloads: true,
  zips: ['example.com/a@v1.0.0', 'example.com/b@v1.0.0'],
};

/** Modules below the path of another: go looks into all of them that could have a package. */
function nested(goVersion: string, options: Partial<OfflineProject> = {}): OfflineProject {
  return {
    name: `modules below the path of another, main module of go ${goVersion}`,
    modules: [
      library('example.com/a@v1.0.0', { packages: ['b/c', 'e'] }),
      library('example.com/a@v1.5.0', { packages: ['e'], requires: requirements('example.com/a/b@v0.1.0') }),
      library('example.com/a/b@v0.1.0', { packages: ['c'], requires: requirements('example.com/a@v1.5.0') }),
      library('example.com/a/b/v2@v2.0.0', { packages: ['c'] }),
      library('example.com/user@v1.0.0', {
        imports: ['example.com/a/b/c'],
        requires: requirements('example.com/a/b@v0.1.0'),
      }),
    ],
    files: {
      'go.mod': goMod(
        goVersion,
        requireText('example.com/a@v1.5.0', 'example.com/a/b/v2@v2.0.0', 'example.com/user@v1.0.0'),
      ),
      ...app({
        'example.com/a/e': 'v1.5.0',
        'example.com/a/b/v2/c': 'v2.0.0',
        'example.com/user': 'v1.0.0',
      }),
    },
    downloads: true,
    zips: [
      'example.com/a@v1.5.0',
      'example.com/a/b@v0.1.0',
      'example.com/a/b/v2@v2.0.0',
      'example.com/user@v1.0.0',
    ],
    ...options,
  };
}

/** `a` requires an earlier version of the main module: its go.mod is read, its zip never. */
const cycle: OfflineProject = {
  name: 'a dependency that requires the main module',
  modules: [
    library('example.com/a@v1.0.0', {
      imports: ['example.com/app/part'],
      requires: requirements('example.com/app@v0.1.0'),
    }),
    library('example.com/app@v0.1.0', { packages: ['part'], requires: requirements('example.com/b@v1.2.0') }),
    library('example.com/b@v1.0.0'),
    library('example.com/b@v1.2.0'),
  ],
  files: {
    'go.mod': goMod('1.16', requireText('example.com/a@v1.0.0', 'example.com/b@v1.0.0')),
    ...app({ 'example.com/a': 'v1.0.0', 'example.com/b': 'v1.2.0' }),
    'part/part.go': libraryText('local', []),
  },
  downloads: true,
  zips: ['example.com/a@v1.0.0', 'example.com/b@v1.2.0'],
};

const noSums: OfflineProject = {
  name: 'no go.sum: nothing can be checked, so nothing is fetched',
  modules: [library('example.com/a@v1.0.0')],
  files: {
    'go.mod': goMod('1.21', requireText('example.com/a@v1.0.0')),
    ...app({ 'example.com/a': 'v1.0.0' }),
  },
  prepare: [],
  buildIn: [],
  failing: [{ args: ['build', './...'] }],
  zips: [],
};

const otherModFile: OfflineProject = {
  name: 'GOFLAGS=-modfile: its requirements and its sums',
  modules: [library('example.com/a@v1.0.0'), library('example.com/a@v1.1.0')],
  files: {
    'go.mod': goMod('1.21', requireText('example.com/a@v1.0.0')),
    'ci.mod': goMod('1.21', requireText('example.com/a@v1.1.0')),
    ...app({ 'example.com/a': 'v1.1.0' }),
  },
  prepare: [...TIDY, { args: ['mod', 'tidy'], env: { GOFLAGS: '-modcacherw -modfile=ci.mod' } }],
  env: { GOFLAGS: '-modcacherw -modfile=ci.mod' },
  downloads: true,
  zips: ['example.com/a@v1.1.0'],
};

/** `windows-only` is imported by a file for another system: one set serves every system. */
const otherSystems: OfflineProject = {
  name: 'dependencies of other systems and build tags',
  modules: [
    library('example.com/a@v1.0.0'),
    library('example.com/windows-only@v1.0.0'),
    library('example.com/tagged@v1.0.0'),
  ],
  files: {
    'go.mod': goMod(
      '1.21',
      requireText('example.com/a@v1.0.0', 'example.com/windows-only@v1.0.0', 'example.com/tagged@v1.0.0'),
    ),
    ...app({ 'example.com/a': 'v1.0.0' }),
    'app_windows.go': `package app\n\n${importText(['example.com/windows-only'], '_')}`,
    'tagged.go': `//go:build integration\n\npackage app\n\n${importText(['example.com/tagged'], '_')}`,
  },
  commands: [
    { args: ['list', '-deps', './...'], env: { GOOS: 'windows' }, prints: /windows-only/ },
    { args: ['vet', '-tags=integration', './...'] },
  ],
  downloads: true,
  zips: ['example.com/a@v1.0.0', 'example.com/tagged@v1.0.0', 'example.com/windows-only@v1.0.0'],
};

/** The projects of the offline test. */
export const OFFLINE_PROJECTS: readonly OfflineProject[] = [
  shapes(),
  replaced('1.16'),
  replaced('1.21'),
  noGoLine,
  graphOf('1.16'),
  graphOf('1.17'),
  graphOf('1.21'),
  tool,
  pinned,
  workspace,
  workspaceReplaced,
  workspaceOff,
  workspaceVendored,
  staleSums('1.16', [...GRAPH_ZIPS, ...STALE].sort()),
  staleSums('1.21', GRAPH_ZIPS),
  testOnly('1.16', {
    zips: [...MAIN_TEST_ZIPS, 'example.com/fixture@v1.0.0'],
    commands: [TEST_ALL, { args: ['mod', 'tidy'] }],
  }),
  testOnly('1.21', {
    zips: MAIN_TEST_ZIPS,
    failing: [TEST_ALL, { args: ['vet', 'example.com/a'] }, { args: ['mod', 'tidy'] }],
  }),
  vendored,
  vendorUnused('-mod=mod'),
  vendorUnused('-mod=readonly'),
  excluded('1.16'),
  excluded('1.21'),
  retracted,
  nested('1.16', { downloads: false }),
  nested('1.21'),
  cycle,
  noSums,
  otherModFile,
  otherSystems,
  several,
];
