import { describe, expect, test } from '@jest/globals';
import {
  decideSave,
  isSameKey,
  type RunFacts,
  type SaveFacts,
  savingTimeMs,
} from '../../../src/modcache/save-policy.ts';

const KEY = 'setup-goproxy-v1--one';
const OLD = 'setup-goproxy-v1--other';
const MAIN: RunFacts = { event: 'push', ref: 'refs/heads/main', defaultBranch: 'main' };
const BRANCH: RunFacts = { ...MAIN, ref: 'refs/heads/topic' };
const PULL: RunFacts = { event: 'pull_request', ref: 'refs/pull/7/merge', defaultBranch: 'main' };
const TAG: RunFacts = { ...MAIN, ref: 'refs/tags/v1.0.0' };

const FACTS: SaveFacts = {
  cache: 'auto',
  saveCache: 'auto',
  mode: 'setup',
  job: 'success',
  run: MAIN,
  service: { available: true, writable: true },
  set: { state: 'complete', wasComplete: false, changed: false },
  primaryKey: KEY,
  matchedKey: undefined,
  isMatchBroken: false,
};

type Change = Partial<Omit<SaveFacts, 'set' | 'service' | 'run'>> & {
  readonly set?: Partial<SaveFacts['set']>;
  readonly service?: Partial<SaveFacts['service']>;
  readonly run?: RunFacts;
};

function decide({ set, service, ...change }: Change) {
  return decideSave({
    ...FACTS,
    ...change,
    set: { ...FACTS.set, ...set },
    service: { ...FACTS.service, ...service },
  });
}

const event = (name: string, ref = MAIN.ref): RunFacts => ({ event: name, ref, defaultBranch: 'main' });
const NO_SERVICE = 'this runner has no cache service';
const READ_ONLY = 'the cache is read-only in this job (ACTIONS_CACHE_MODE)';
const SAVED = 'the same modules are saved already';
const LACKS = 'the module cache lacks some of the wanted modules';
const WAS_THERE = 'the module cache was complete before this action ran';
const ELSEWHERE = 'another branch than the default one, and a cache with most of the modules matched';
const UNKNOWN = 'the event does not tell the default branch, and a cache with most of the modules matched';
const IN_PULL = 'a pull request, and a cache with most of the modules matched';

describe('decideSave', () => {
  test.each<[string, Change, string | undefined]>([
    // Where a job comes from, with nothing matched and with a part.
    ['the default branch, nothing matched', {}, undefined],
    ['the default branch, a part matched', { matchedKey: OLD }, undefined],
    [
      'the default branch of another name',
      { run: { ...MAIN, ref: 'refs/heads/trunk', defaultBranch: 'trunk' } },
      undefined,
    ],
    [
      'a branch that ends alike, a part matched',
      { run: { ...MAIN, ref: 'refs/heads/x/main' }, matchedKey: OLD },
      ELSEWHERE,
    ],
    ['another branch, nothing matched', { run: BRANCH }, undefined],
    ['another branch, a part matched', { run: BRANCH, matchedKey: OLD }, ELSEWHERE],
    ['an unknown default branch, nothing matched', { run: { ...MAIN, defaultBranch: undefined } }, undefined],
    [
      'an unknown default branch, a part matched',
      { run: { ...MAIN, defaultBranch: undefined }, matchedKey: OLD },
      UNKNOWN,
    ],
    ['a pull request, nothing matched', { run: PULL }, undefined],
    ['a pull request, a part matched', { run: PULL, matchedKey: OLD }, IN_PULL],
    [
      'a schedule, a part matched',
      { run: { ...event('schedule'), defaultBranch: undefined }, matchedKey: OLD },
      undefined,
    ],
    ['by hand on the default branch', { run: event('workflow_dispatch'), matchedKey: OLD }, undefined],
    ['by hand elsewhere', { run: event('workflow_dispatch', BRANCH.ref), matchedKey: OLD }, ELSEWHERE],
    ['a called workflow', { run: event('workflow_call') }, undefined],
    ['no event at all', { run: { event: '', ref: '', defaultBranch: undefined } }, undefined],
    ['a tag', { run: TAG }, 'the job runs for a tag'],
    ['a tag, a part matched', { run: TAG, matchedKey: OLD }, 'the job runs for a tag'],
    ['a tag of a release', { run: event('release', TAG.ref) }, 'the event is release'],
    ['a branch named tags', { run: { ...MAIN, ref: 'refs/heads/tags/x' } }, undefined],
    ['pull_request_target', { run: event('pull_request_target') }, 'the event is pull_request_target'],
    ['workflow_run', { run: event('workflow_run') }, 'the event is workflow_run'],
    [
      'merge_group',
      { run: event('merge_group', 'refs/heads/gh-readonly-queue/main/pr-1') },
      'the event is merge_group',
    ],
    ['release', { run: event('release') }, 'the event is release'],
    // The user said so.
    [
      'save-cache true: another branch, a part matched',
      { saveCache: true, run: BRANCH, matchedKey: OLD },
      undefined,
    ],
    ['save-cache true: a pull request', { saveCache: true, run: PULL, matchedKey: OLD }, undefined],
    ['save-cache true: a tag', { saveCache: true, run: TAG }, undefined],
    [
      'save-cache true: pull_request_target',
      { saveCache: true, run: event('pull_request_target') },
      undefined,
    ],
    ['save-cache true: the key exists', { saveCache: true, matchedKey: KEY }, SAVED],
    ['save-cache true: incomplete', { saveCache: true, set: { state: 'incomplete' } }, LACKS],
    ['save-cache true: was complete', { saveCache: true, set: { wasComplete: true } }, WAS_THERE],
    ['save-cache true: read-only', { saveCache: true, service: { writable: false } }, READ_ONLY],
    ['save-cache true, cache false', { saveCache: true, cache: false }, 'the input cache is false'],
    ['save-cache false', { saveCache: false }, 'the input save-cache is false'],
    ['cache false', { cache: false }, 'the input cache is false'],
    ['cache false, save-cache false', { cache: false, saveCache: false }, 'the input cache is false'],
    ['cache true is no leave to save everywhere', { cache: true, run: BRANCH, matchedKey: OLD }, ELSEWHERE],
    ['mode diagnose', { mode: 'diagnose', cache: false }, 'the input mode is diagnose'],
    // How the job went.
    ['a failed job', { job: 'failure' }, undefined],
    ['a cancelled job', { job: 'cancelled' }, 'the job was cancelled'],
    [
      'a cancelled job without a service',
      { job: 'cancelled', service: { available: false } },
      'the job was cancelled',
    ],
    ['an unknown outcome', { job: 'unknown' }, undefined],
    // The service.
    ['no service', { service: { available: false, writable: false } }, NO_SERVICE],
    ['a read-only service', { service: { writable: false } }, READ_ONLY],
    // The set.
    ['nothing wanted', { set: { state: 'empty' } }, 'no public module is wanted'],
    ['nothing wanted, and changed', { set: { state: 'empty', changed: true } }, 'no public module is wanted'],
    ['incomplete', { set: { state: 'incomplete' } }, LACKS],
    ['incomplete on a tag', { set: { state: 'incomplete' }, run: TAG }, LACKS],
    ['go.sum changed', { set: { changed: true } }, 'go.sum changed during the job'],
    [
      'go.sum changed, so it is incomplete',
      { set: { changed: true, state: 'incomplete' } },
      'go.sum changed during the job',
    ],
    ['an exact match', { matchedKey: KEY }, SAVED],
    ['an exact match in lower case', { primaryKey: `${KEY}A`, matchedKey: `${KEY}a` }, SAVED],
    ['complete before', { set: { wasComplete: true } }, WAS_THERE],
    ['complete before, and saved', { set: { wasComplete: true }, matchedKey: KEY }, SAVED],
  ])('%s', (_, change, reason) => {
    expect(decide(change)).toEqual(reason === undefined ? { save: true } : { save: false, reason });
  });
});

test.each([
  [undefined, 'a', false],
  ['', 'a', false],
  ['a', 'a', true],
  ['A-b', 'a-B', true],
  ['a-b', 'a', false],
])('isSameKey(%p, %p) is %p', (one, other, same) => {
  expect(isSameKey(one, other)).toBe(same);
});

test.each([
  ['nothing', 0, 60_000],
  ['100 MB', 100e6, 160_000],
  ['10 GiB', 10 * 2 ** 30, 600_000],
])('%s may take a bounded time to be saved', (_name, bytes, ms) => {
  expect(savingTimeMs(bytes)).toBe(ms);
});

test('an archive of this key that could not be read is said to stand in the way', () => {
  const decision = decideSave({ ...FACTS, matchedKey: FACTS.primaryKey, isMatchBroken: true });
  expect(decision).toMatchObject({ save: false, reason: expect.stringContaining('could not be read') });
});
