import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { CacheFault, CacheServerOptions } from '../support/cache-server.ts';
import {
  archiveOf,
  type CachedJob,
  openWorld,
  primaryKey,
  putArchive,
  toldOf,
  whyNotRestored,
  whyNotSaved,
  zipsAsked,
} from '../support/cached-jobs.ts';
import { cachedFiles, filesOf, harmOf, makeSite } from '../support/job.ts';
import { makeModuleSet } from '../support/modules.ts';
import { leftInCache } from '../support/prefetching.ts';

const MODULES = makeModuleSet(8, { totalBytes: 120_000 });
const SAVED = 'saved';
const KNOWN_KEY =
  'an archive has this key already, although it could not be read; delete it, or set cache-suffix';

interface Row {
  /** An archive of all modules is in the store. */
  readonly stored?: boolean;
  readonly faults?: readonly CacheFault[];
  readonly server?: CacheServerOptions;
  readonly job?: CachedJob;
  /** Why nothing is restored; without it all is. */
  readonly restore?: string | RegExp;
  /** Why nothing is saved, or `saved`. */
  readonly save: string | RegExp;
}

function lookup(fault: object): readonly CacheFault[] {
  return [{ route: 'lookup', ...fault } as CacheFault];
}

function store(fault: object): readonly CacheFault[] {
  return [{ route: 'store-download', ...fault } as CacheFault];
}

const READ_ONLY = 'the cache is read-only in this job (ACTIONS_CACHE_MODE)';
const UNREADABLE = 'the cache cannot be read in this job (ACTIONS_CACHE_MODE)';

const ROWS: readonly (readonly [string, Row])[] = [
  [
    'missing',
    {
      job: { service: 'none' },
      restore: 'this runner has no cache service',
      save: 'this runner has no cache service',
    },
  ],
  [
    'not listening',
    {
      job: { env: { ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/' } },
      restore: 'the cache service cannot be asked (ECONNREFUSED)',
      save: 'the cache service cannot be reached (ECONNREFUSED)',
    },
  ],
  [
    'failing',
    {
      faults: [
        { route: 'lookup', kind: 'status', status: 500 },
        { route: 'create', kind: 'status', status: 400, body: '{}' },
      ],
      restore: 'the cache service answered 500',
      save: 'the cache service answered 400',
    },
  ],
  [
    'slow',
    {
      faults: lookup({ kind: 'headers-never' }),
      restore: 'the cache service gave no answer within 10 s',
      save: SAVED,
    },
  ],
  [
    'rate-limiting',
    {
      faults: [
        { route: 'lookup', kind: 'status', status: 429, headers: { 'retry-after': '60' } },
        { route: 'create', kind: 'status', status: 429, body: '{}', headers: { 'retry-after': '60' } },
      ],
      restore: 'the cache service limits requests for 60 s (429)',
      save: 'the cache service limits requests (429)',
    },
  ],
  [
    'a page of someone else',
    {
      faults: lookup({ kind: 'html-200' }),
      restore: 'the cache service gave an answer that makes no sense',
      save: SAVED,
    },
  ],
  [
    'an endless answer',
    {
      faults: lookup({ kind: 'endless-body' }),
      restore: 'the cache service gave an answer of more than 64 KiB',
      save: SAVED,
    },
  ],
  [
    'refusing to read',
    {
      server: { deny: 'read' },
      restore: 'the cache service refuses to read in this job (403)',
      save: SAVED,
    },
  ],
  [
    'refusing to write',
    { server: { deny: 'write' }, restore: /^no archive/, save: /^the cache is read-only/ },
  ],
  ['mode read', { stored: true, job: { env: { ACTIONS_CACHE_MODE: 'read' } }, save: READ_ONLY }],
  ['mode none', { job: { env: { ACTIONS_CACHE_MODE: 'none' } }, restore: UNREADABLE, save: READ_ONLY }],
  [
    'mode write-only',
    { job: { env: { ACTIONS_CACHE_MODE: 'write-only' } }, restore: UNREADABLE, save: SAVED },
  ],
  [
    'the store has lost it',
    {
      stored: true,
      faults: store({ kind: 'status', status: 404, body: '<html>', contentType: 'text/html' }),
      restore: 'the store of the cache answered 404',
      save: KNOWN_KEY,
    },
  ],
  [
    'the store fails',
    {
      stored: true,
      faults: store({ kind: 'status', status: 503 }),
      restore: 'the store of the cache answered 503',
      save: KNOWN_KEY,
    },
  ],
  [
    'the store serves a page',
    {
      stored: true,
      faults: store({ kind: 'html-200' }),
      restore: /^the archive cannot be read to its end/,
      save: KNOWN_KEY,
    },
  ],
  [
    'the store serves other bytes',
    {
      stored: true,
      faults: store({
        kind: 'change',
        change: (answer: { body: Uint8Array }) => ({ ...answer, body: randomBytes(answer.body.length) }),
      }),
      restore: /^the archive cannot be read to its end/,
      save: KNOWN_KEY,
    },
  ],
  [
    'the store serves less than it says',
    {
      stored: true,
      faults: store({ kind: 'truncate', framing: 'content-length', bytes: 100 }),
      restore: /^(?:the download broke off|the store ended a range early)/,
      save: KNOWN_KEY,
    },
  ],
  [
    'the store serves another range',
    {
      stored: true,
      faults: store({
        kind: 'change',
        change: (answer: { headers: object }) => ({
          ...answer,
          headers: { ...answer.headers, 'content-range': 'bytes 7-99/100' },
        }),
      }),
      restore: 'the store serves another range than was asked for',
      save: KNOWN_KEY,
    },
  ],
  [
    'the store never ends',
    {
      stored: true,
      faults: store({ kind: 'endless-body' }),
      restore: /^the (?:store|archive|download) /,
      save: KNOWN_KEY,
    },
  ],
  [
    'the store falls silent',
    {
      stored: true,
      faults: store({ kind: 'body-stall', bytes: 100 }),
      restore: 'the store of the cache sent no byte for 10 s',
      save: KNOWN_KEY,
    },
  ],
];

describe('a cache service that is', () => {
  test.concurrent.each(ROWS)('%s: one sentence, and the job goes on', async (_name, row) => {
    const { stored = false, faults = [], server = {}, job: options = {}, restore, save } = row;
    await using world = await openWorld(MODULES, { ...server, faults });
    if (stored) putArchive(world.cache, MODULES, archiveOf(MODULES));
    await using site = await makeSite({ modules: MODULES });
    const job = await world.job(site, options);
    expect(harmOf(job)).toEqual([]);
    if (restore === undefined) expect(job.main.outputs['cache-hit']).toBe('true');
    else
      expect(whyNotRestored(job)).toEqual(
        typeof restore === 'string' ? restore : expect.stringMatching(restore),
      );
    if (save === SAVED) expect(toldOf(job.post, 'cache saved: ')).toContain(primaryKey(MODULES));
    else expect(whyNotSaved(job)).toEqual(typeof save === 'string' ? save : expect.stringMatching(save));
    // What the cache did not bring, the prefetch did.
    expect(await cachedFiles(site, MODULES)).toEqual(filesOf(MODULES));
    expect(await leftInCache(job.main.outputs['gomodcache'] ?? '')).toEqual([]);
    expect(job.main.outputs).toMatchObject({
      'cache-hit': `${restore === undefined}`,
      'modules-fetched': restore === undefined ? '0' : '8',
      'modules-failed': '0',
    });
    expect(zipsAsked(world.proxy).length === 0).toBe(restore === undefined);
    // The token of the runner and the signature are in no log.
    const log = [job.main, job.post].map(({ stdout, stderr }) => stdout + stderr).join('\n');
    expect(log).not.toContain(world.cache.token);
  });
});
