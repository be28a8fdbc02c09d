import { expect, test } from '@jest/globals';
import { reasonForSaveFailure, saysFailure } from '../../../src/runner/save-failure.ts';

const RESERVED =
  'Failed to save: Unable to reserve cache with key k, another job may be creating this cache.';
const reserving = (words: string) => `::debug::Failed to reserve cache: Error: ${words}\n${RESERVED}\n`;
const OTHER_JOB = 'another job saves, or has saved, the same modules';

test.each<[string, string | undefined, string, string]>([
  [
    '409 of v2',
    undefined,
    reserving(
      'Failed to CreateCacheEntry: Received non-retryable error: Failed request: (409) Conflict: cache entry already exists',
    ),
    OTHER_JOB,
  ],
  ['409 of v1', undefined, `${RESERVED} More details: Cache already exists. Scope: x\n`, OTHER_JOB],
  [
    'another refusal of v1',
    undefined,
    `${RESERVED} More details: no room\n`,
    'the cache service did not take it: no room',
  ],
  [
    '500 of v2, which the library calls another job',
    undefined,
    reserving(
      'Failed to CreateCacheEntry: Failed to make request after 5 attempts: Failed request: (500) Internal Server Error',
    ),
    'the cache service answered 500',
  ],
  [
    '500 of v1',
    undefined,
    '::warning::Failed to save: reserveCache failed: Cache service responded with 500\n',
    'the cache service answered 500',
  ],
  [
    'a reset of v2',
    undefined,
    reserving(
      'Failed to CreateCacheEntry: Unable to make request: ECONNRESET%0AIf you are using self-hosted runners, https://x.test',
    ),
    'the cache service cannot be reached (ECONNRESET)',
  ],
  [
    '429',
    undefined,
    `::warning::You've hit a rate limit, your rate limit will reset in 60 seconds\n${reserving('Failed to CreateCacheEntry: Rate limited: Failed request: (429) Too Many Requests')}`,
    'the cache service limits requests (429)',
  ],
  [
    'the quota',
    undefined,
    reserving(
      'Failed to CreateCacheEntry: Cache storage quota has been hit. Unable to upload any new cache entries.',
    ),
    'the storage of the cache is used up',
  ],
  [
    'read-only',
    undefined,
    '::warning::Failed to save: Unable to reserve cache with key k. More details: cache write denied: x\n',
    'the cache is read-only in this job',
  ],
  [
    'the mode',
    undefined,
    "Cache save skipped: the effective cache-mode 'read' does not permit writes.\n",
    'the cache is read-only in this job (ACTIONS_CACHE_MODE)',
  ],
  [
    'too large',
    undefined,
    '::warning::Failed to save: Cache size of ~1 MB (1 B) is over the 10GB limit, not saving cache.\n',
    'the archive is larger than the service takes',
  ],
  [
    'no JSON',
    undefined,
    reserving(
      'Failed to CreateCacheEntry: Failed to make request after 5 attempts: Unexpected token \'<\', "<html>" is not valid JSON',
    ),
    'the cache service gave an answer that is no JSON',
  ],
  [
    'thrown',
    'Path Validation Error: nothing there',
    RESERVED,
    'the cache service did not take it: Path Validation Error: nothing there',
  ],
  ['nothing said', undefined, 'Sent 1 of 2\n', 'the cache service did not take it'],
  [
    'the last of several',
    undefined,
    '::warning::one\n::error title=x::two 100%25 done\nSent\n',
    'the cache service did not take it: two 100% done',
  ],
])('%s', (_, thrown, output, reason) => {
  expect(reasonForSaveFailure(thrown, output)).toBe(reason);
});

test('words of others are harmless, and have no secret in them', () => {
  const reason = reasonForSaveFailure(
    '##[error]x https://u:p@h.test/?sig=abc ::add-mask::y\n::set-env::z',
    '',
  );
  expect(reason).not.toMatch(/::|##\[|\n|sig=abc|u:p@/);
});

test.each([
  ['::warning::Failed to save: Cache service responded with 403 during upload chunk.', true],
  ['Sent\n::error title=x::Failed to save: y\n', true],
  ['Failed to save: Unable to reserve cache', true],
  ['::debug::Failed to save: x', false],
  ['Cache saved successfully', false],
])('%s: a failure is %p', (output, is) => {
  expect(saysFailure(output)).toBe(is);
});

test('a page that comes with a failure is told by its status', () => {
  const output = [
    '::debug::[Response] - 500',
    "::debug::Failed to reserve cache: Error: Failed to CreateCacheEntry: Unexpected token '<'",
    'Failed to save: Unable to reserve cache with key k, another job may be creating this cache.',
  ].join('\n');
  expect(reasonForSaveFailure(undefined, output)).toBe('the cache service answered 500');
  expect(reasonForSaveFailure(undefined, output.replace('500', '200'))).toBe(
    'the cache service gave an answer that is no JSON',
  );
});
