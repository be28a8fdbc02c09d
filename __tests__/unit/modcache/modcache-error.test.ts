import { describe, expect, test } from '@jest/globals';
import {
  asModCacheError,
  linkError,
  ModCacheError,
  systemCode,
} from '../../../src/modcache/modcache-error.ts';

describe('asModCacheError', () => {
  test.each([
    ['ENOSPC', 'modcache-disk-full'],
    ['EDQUOT', 'modcache-disk-full'],
    ['EROFS', 'modcache-read-only'],
    ['EACCES', 'modcache-no-permission'],
    ['EPERM', 'modcache-no-permission'],
    ['EBUSY', 'modcache-busy'],
    ['ELOOP', 'modcache-corrupt-link'],
    ['ENOTDIR', 'modcache-corrupt-entry'],
    ['EISDIR', 'modcache-corrupt-entry'],
    ['ENOTEMPTY', 'modcache-corrupt-entry'],
    ['EXDEV', 'modcache-other-device'],
    ['ENAMETOOLONG', 'modcache-name-too-long'],
    ['EIO', 'modcache-failed'],
  ])('%s is %s', (system, code) => {
    const cause = Object.assign(new Error('of node'), { code: system });
    const error = asModCacheError(cause, '/mod/x');
    expect(error).toMatchObject({ code, cause, isContent: false });
    expect(error.message).toContain('/mod/x');
    expect(error.message).toContain(system);
  });

  test.each([[undefined], ['text'], [new Error('no code')]])(
    'what is no system error has a code too',
    (cause) => {
      expect(asModCacheError(cause, '/mod/x')).toMatchObject({ code: 'modcache-failed', cause });
      expect(systemCode(cause)).toBeUndefined();
    },
  );

  test('one of ours stays as it is', () => {
    const error = linkError('/mod/x');
    expect(asModCacheError(error, '/mod/y')).toBe(error);
  });
});

test.each([
  ['modcache-wrong-hash', true],
  ['modcache-broken-zip', true],
  ['modcache-wrong-info', true],
  ['modcache-too-large', true],
  ['modcache-disk-full', false],
  ['modcache-corrupt-link', false],
] as const)('whether another proxy may help: %s %s', (code, isContent) => {
  expect(new ModCacheError(code, 'text')).toMatchObject({ isContent });
});
