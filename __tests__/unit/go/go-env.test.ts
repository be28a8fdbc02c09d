import { describe, expect, test } from '@jest/globals';
import { fallbackValues, originOf } from '../../../src/go/go-env.ts';
import { goEnvFilePath, parseGoEnvFile } from '../../../src/go/go-env-file.ts';

test.each([
  ['linux', { HOME: '/home/u' }, '/home/u/.config/go/env'],
  ['linux', { HOME: '/home/u', XDG_CONFIG_HOME: '/xdg' }, '/xdg/go/env'],
  ['linux', { HOME: '/home/u', XDG_CONFIG_HOME: 'relative' }, undefined],
  ['linux', {}, undefined],
  ['linux', { HOME: '/home/u', GOENV: '/etc/goenv' }, '/etc/goenv'],
  ['linux', { HOME: '/home/u', GOENV: '' }, '/home/u/.config/go/env'],
  ['linux', { HOME: '/home/u', GOENV: 'off' }, undefined],
  ['darwin', { HOME: '/Users/u', XDG_CONFIG_HOME: '/xdg' }, '/Users/u/Library/Application Support/go/env'],
  ['darwin', {}, undefined],
  ['win32', { APPDATA: 'C:\\u\\Roaming', HOME: '/x' }, 'C:\\u\\Roaming\\go\\env'],
  ['win32', { HOME: '/x' }, undefined],
] as const)('goEnvFilePath on %s with %p is %p', (platform, env, expected) => {
  expect(goEnvFilePath(env, platform)).toBe(expected);
});

test.each([
  ['plain lines', 'GOPROXY=a\nGOFLAGS=-x -y\n', { GOPROXY: 'a', GOFLAGS: '-x -y' }],
  ['a last line without its end', 'GOPROXY=a', { GOPROXY: 'a' }],
  ['the last of a name', 'GOPROXY=a\nGOPROXY=b\n', { GOPROXY: 'b' }],
  ['an empty value', 'GOPROXY=\n', { GOPROXY: '' }],
  ['an equals sign in a value', 'GOFLAGS=-tags=x\n', { GOFLAGS: '-tags=x' }],
  ['white space and carriage returns as they are', 'GOPROXY= a \r\n', { GOPROXY: ' a \r' }],
  ['no comments and no other lines', '# GOPROXY=a\n\nGOPROXY\n=a\ngoproxy=a\n GOPROXY=a\n', {}],
])('parseGoEnvFile reads %s', (_, text, expected) => {
  expect(Object.fromEntries(parseGoEnvFile(text))).toEqual(expected);
});

const layers = (
  env: Record<string, string>,
  envFile: Record<string, string> = {},
  platform: NodeJS.Platform = 'linux',
) => ({ env, envFile: new Map(Object.entries(envFile)), platform });

describe('fallbackValues', () => {
  test.each([
    [
      'the defaults',
      layers({ HOME: '/h' }),
      {
        GOPROXY: 'https://proxy.golang.org,direct',
        GOSUMDB: 'sum.golang.org',
        GOTOOLCHAIN: 'auto',
        GOAUTH: 'netrc',
        GOPRIVATE: '',
        GONOPROXY: '',
        GOPATH: '/h/go',
        GOMODCACHE: '/h/go/pkg/mod',
        GOENV: '/h/.config/go/env',
      },
    ],
    [
      'the environment before the file',
      layers({ GOPROXY: 'off' }, { GOPROXY: 'direct', GOFLAGS: '-x' }),
      { GOPROXY: 'off', GOFLAGS: '-x' },
    ],
    ['an empty variable as unset', layers({ GOPROXY: '' }, { GOPROXY: 'direct' }), { GOPROXY: 'direct' }],
    ['an empty GOPROXY in the file, which hides the default', layers({}, { GOPROXY: '' }), { GOPROXY: '' }],
    [
      'GOPRIVATE for the unset others',
      layers({ GOPRIVATE: 'a.test', GONOSUMDB: 'b.test' }),
      { GONOPROXY: 'a.test', GONOSUMDB: 'b.test' },
    ],
    [
      'the first directory of GOPATH',
      layers({ GOPATH: '/a:/b' }),
      { GOPATH: '/a:/b', GOMODCACHE: '/a/pkg/mod' },
    ],
    ['GOPATH of the file', layers({ HOME: '/h' }, { GOPATH: '/f' }), { GOMODCACHE: '/f/pkg/mod' }],
    [
      'Windows',
      layers({ UserProfile: 'C:\\u', gopath: 'D:\\a;D:\\b' }, {}, 'win32'),
      { GOPATH: 'D:\\a;D:\\b', GOMODCACHE: 'D:\\a\\pkg\\mod' },
    ],
    ['no home', layers({}), { GOPATH: '', GOMODCACHE: '', GOENV: '' }],
    ['GOENV from the environment only', layers({ GOENV: 'off' }, { GOENV: '/x' }), { GOENV: '' }],
  ])('are %s', (_, given, expected) => {
    expect(Object.fromEntries(fallbackValues(given))).toMatchObject(expected);
  });
});

test.each([
  ['a variable', 'GOPROXY', layers({ GOPROXY: 'off' }, { GOPROXY: 'direct' }), 'off', 'environment'],
  ['the file', 'GOPROXY', layers({}, { GOPROXY: 'direct' }), 'direct', 'go env -w'],
  [
    'the file under an empty variable',
    'GOPROXY',
    layers({ GOPROXY: '' }, { GOPROXY: 'direct' }),
    'direct',
    'go env -w',
  ],
  [
    'the file with what is the default anyway',
    'GOSUMDB',
    layers({}, { GOSUMDB: 'sum.golang.org' }),
    'sum.golang.org',
    'go env -w',
  ],
  ['an empty GOPROXY of the file', 'GOPROXY', layers({}, { GOPROXY: '' }), '', 'go env -w'],
  [
    'an empty line of the file that changes nothing',
    'GONOPROXY',
    layers({}, { GONOPROXY: '' }),
    '',
    'default',
  ],
  ['the distribution', 'GOPROXY', layers({}), 'direct', 'go.env'],
  [
    'the distribution, where it is Go’s default',
    'GOPROXY',
    layers({}),
    'https://proxy.golang.org,direct',
    'default',
  ],
  ['nothing', 'GOFLAGS', layers({}), '', 'default'],
  ['a path that go found', 'GOMOD', layers({}), '/x/go.mod', 'default'],
  ['GOROOT in the environment', 'GOROOT', layers({ GOROOT: '/go' }), '/go', 'environment'],
  ['the module cache below home', 'GOPATH', layers({ HOME: '/h' }), '/h/go', 'default'],
] as const)('originOf: %s', (...[, name, given, value, expected]) => {
  expect(originOf(name, { ...given, values: new Map([[name, value]]) })).toBe(expected);
});

test('originOf sees GONOPROXY as unset when it is what GOPRIVATE says', () => {
  const values = new Map([
    ['GOPRIVATE', 'a.test'],
    ['GONOPROXY', 'a.test'],
  ]);
  expect(originOf('GONOPROXY', { ...layers({ GOPRIVATE: 'a.test' }), values })).toBe('default');
});
