import type { ModuleSource } from './modules.ts';
import {
  app,
  type GoCommand,
  goMod,
  library,
  type OfflineProject,
  requirements,
  requireText,
  TIDY,
} from './offline-project.ts';

/** A requires z 1.9, which requires x 1.5; B requires x 1.1: x 1.5 is built, which no go.mod of the workspace names. */
const WORKSPACE_MODULES: readonly ModuleSource[] = [
  library('example.com/z@v1.9.0', {
    packages: ['light'],
    imports: ['example.com/x'],
    requires: requirements('example.com/x@v1.5.0'),
  }),
  library('example.com/x@v1.1.0'),
  library('example.com/x@v1.5.0', { requires: requirements('example.com/w@v1.0.0') }),
  library('example.com/w@v1.0.0'),
];
const WORKSPACE_FILES = {
  'go.work': 'go 1.21\n\nuse (\n\t./a\n\t./b\n)\n',
  'a/go.mod': goMod('1.21', requireText('example.com/z@v1.9.0'), 'example.com/main/a'),
  ...app({ 'example.com/z/light': 'v1.9.0' }, { directory: 'a' }),
  'b/go.mod': goMod('1.21', requireText('example.com/x@v1.1.0'), 'example.com/main/b'),
  ...app({ 'example.com/x': 'v1.5.0' }, { directory: 'b' }),
};
const TIDY_EACH: readonly GoCommand[] = ['a', 'b'].map((directory) => ({
  args: ['mod', 'tidy'],
  in: directory,
  env: { GOWORK: 'off' },
}));

export const workspace: OfflineProject = {
  name: 'a workspace whose selected version no go.mod of it names',
  modules: WORKSPACE_MODULES,
  files: WORKSPACE_FILES,
  prepare: [...TIDY_EACH, { args: ['build', './a/...', './b/...'] }],
  buildIn: ['a', 'b'],
  failing: [{ args: ['mod', 'download'], in: 'a' }],
  zips: ['example.com/x@v1.1.0', 'example.com/x@v1.5.0', 'example.com/z@v1.9.0'],
};

/** go.work replaces what `a` replaces too; `b` has no go line and excludes what `a` requires. */
export const workspaceReplaced: OfflineProject = {
  name: 'a workspace with replaced and excluded versions and a module without a go line',
  modules: [
    library('example.com/x@v1.1.0'),
    library('example.com/x@v1.5.0'),
    library('example.com/x@v1.6.0'),
    library('example.com/fork/x@v1.9.0'),
    library('example.com/z@v1.9.0', {
      imports: ['example.com/y'],
      requires: requirements('example.com/y@v1.0.0'),
    }),
    library('example.com/y@v1.0.0'),
    library('example.com/y@v1.2.0'),
    library('example.com/y@v1.3.0'),
  ],
  files: {
    'go.work': 'go 1.21\n\nuse (\n\t./a\n\t./b\n)\n\nreplace example.com/x => example.com/fork/x v1.9.0\n',
    'a/go.mod': goMod(
      '1.17',
      `${requireText('example.com/x@v1.1.0', 'example.com/y@v1.3.0')}\nreplace example.com/x => example.com/x v1.5.0\n`,
      'example.com/main/a',
    ),
    ...app({ 'example.com/x': 'v1.9.0', 'example.com/y': 'v1.2.0' }, { directory: 'a' }),
    'b/go.mod': goMod(
      '1.16',
      `exclude example.com/y v1.3.0\n\n${requireText('example.com/z@v1.9.0', 'example.com/y@v1.2.0')}`,
      'example.com/main/b',
    ),
    ...app({ 'example.com/z': 'v1.9.0', 'example.com/y': 'v1.2.0' }, { directory: 'b' }),
  },
  prepare: [...TIDY_EACH, { args: ['build', './a/...', './b/...'] }],
  afterwards: (read) => ({ 'b/go.mod': read('b/go.mod').replace('go 1.16\n', '') }),
  buildIn: ['a', 'b'],
  zips: [
    'example.com/fork/x@v1.9.0',
    // Of the replacement in a/go.mod, which that of go.work overrides.
    'example.com/x@v1.5.0',
    'example.com/y@v1.2.0',
    // Excluded by one module and so in the whole workspace; at or above what is required for all that.
    'example.com/y@v1.3.0',
    'example.com/z@v1.9.0',
  ],
};

export const workspaceOff: OfflineProject = {
  name: 'a module of a workspace with GOWORK=off',
  modules: WORKSPACE_MODULES,
  files: { ...WORKSPACE_FILES, ...app({ 'example.com/x': 'v1.1.0' }, { directory: 'b' }) },
  prepare: TIDY_EACH,
  env: { GOWORK: 'off' },
  inputs: { 'working-directory': 'b' },
  buildIn: ['b'],
  downloads: true,
  zips: ['example.com/x@v1.1.0'],
};

const VENDOR_FILES = {
  'go.mod': goMod('1.21', requireText('example.com/a@v1.0.0')),
  ...app({ 'example.com/a': 'v1.0.0' }),
};
const VENDOR_MODULES = [
  library('example.com/a@v1.0.0', {
    imports: ['example.com/b'],
    requires: requirements('example.com/b@v1.0.0'),
  }),
  library('example.com/b@v1.0.0'),
];
const VENDOR_PREPARE: readonly GoCommand[] = [...TIDY, { args: ['mod', 'vendor'] }];
const VENDOR_ZIPS = ['example.com/a@v1.0.0', 'example.com/b@v1.0.0'];

export const vendored: OfflineProject = {
  name: 'a consistent vendor directory: nothing is fetched',
  modules: VENDOR_MODULES,
  files: VENDOR_FILES,
  prepare: VENDOR_PREPARE,
  buildIn: [],
  commands: ['build', 'vet', 'test'].map((verb) => ({ args: [verb, './...'] })),
  failing: [{ args: ['build', '-mod=mod', './...'] }],
  zips: [],
};

export function vendorUnused(flag: string): OfflineProject {
  return {
    name: `a vendor directory that GOFLAGS=${flag} leaves unused`,
    modules: VENDOR_MODULES,
    files: VENDOR_FILES,
    prepare: VENDOR_PREPARE,
    env: { GOFLAGS: `-modcacherw ${flag}` },
    downloads: true,
    zips: VENDOR_ZIPS,
  };
}

export const workspaceVendored: OfflineProject = {
  name: 'a consistent vendor directory of a workspace: nothing is fetched',
  modules: WORKSPACE_MODULES,
  files: { ...WORKSPACE_FILES, 'go.work': WORKSPACE_FILES['go.work'].replace('1.21', '1.22') },
  prepare: [...TIDY_EACH, { args: ['work', 'vendor'] }],
  buildIn: [],
  commands: ['a', 'b'].map((directory) => ({ args: ['test', './...'], in: directory })),
  zips: [],
};

/** Several main modules of one checkout, as `cache-dependency-path` names them. */
export const several: OfflineProject = {
  name: 'several main modules by cache-dependency-path',
  modules: [library('example.com/x@v1.1.0'), library('example.com/x@v1.5.0')],
  files: {
    'a/go.mod': goMod('1.16', requireText('example.com/x@v1.1.0'), 'example.com/main/a'),
    ...app({ 'example.com/x': 'v1.1.0' }, { directory: 'a' }),
    'b/go.mod': goMod('1.21', requireText('example.com/x@v1.5.0'), 'example.com/main/b'),
    ...app({ 'example.com/x': 'v1.5.0' }, { directory: 'b' }),
  },
  prepare: TIDY_EACH,
  inputs: { 'cache-dependency-path': '**/go.sum' },
  buildIn: ['a', 'b'],
  zips: ['example.com/x@v1.1.0', 'example.com/x@v1.5.0'],
};
