import { expect, test } from '@jest/globals';
import { childEnvironment, environmentValue } from '../../../src/go/child-env.ts';

test('childEnvironment takes out what the runner tells only to actions, and keeps go local', () => {
  const env = {
    PATH: '/bin',
    GITHUB_TOKEN: 't',
    GOPROXY: 'off',
    EMPTY: '',
    UNSET: undefined,
    ACTIONS: 'kept: no underscore',
    MY_ACTIONS_X: 'kept: not at the start',
    ACTIONS_RUNTIME_TOKEN: 's',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 's',
    'INPUT_NETRC-PASSWORD': 's',
    Input_X: 's',
    STATE_x: 's',
    GOTOOLCHAIN: 'auto',
    GoToolchain: 'auto',
  };
  expect(childEnvironment(env)).toEqual({
    PATH: '/bin',
    GITHUB_TOKEN: 't',
    GOPROXY: 'off',
    EMPTY: '',
    ACTIONS: 'kept: no underscore',
    MY_ACTIONS_X: 'kept: not at the start',
    GOTOOLCHAIN: 'local',
  });
});

test.each([
  ['linux', 'Path', 'A', ''],
  ['linux', 'Path', 'Path', 'x'],
  ['win32', 'Path', 'PATH', 'x'],
  ['win32', 'Path', 'AppData', ''],
] as const)('environmentValue on %s: %s asked as %s is %p', (platform, stored, asked, expected) => {
  expect(environmentValue({ [stored]: 'x' }, asked, platform)).toBe(expected);
});
