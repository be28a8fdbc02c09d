import { describe, expect, test } from '@jest/globals';
import { type Finding, failureClassOf } from '../../../src/diagnosis/finding.ts';
import {
  findingsOfPrefetch,
  type PrefetchFindingFacts,
  prefetchFailed,
  prefetchUnverified,
} from '../../../src/diagnosis/prefetch-findings.ts';
import type { FailureClass } from '../../../src/fetch/outcome.ts';
import type { ModCacheCode } from '../../../src/modcache/modcache-error.ts';
import type { FileResult, PrefetchOutcome } from '../../../src/prefetch/prefetch-result.ts';
import type { Candidate } from '../../../src/proxy/candidate.ts';
import {
  answered,
  attempt,
  failed,
  failure,
  leftToGo,
  PROXY_A,
  PROXY_B,
  placed,
  ran,
  tally,
  wantedFile,
  wrongHash,
} from '../../support/sample-prefetch.ts';
import { makeCandidate } from '../../support/sample-report.ts';

const FACTS: PrefetchFindingFacts = { isPublicChain: true, hasDirect: true, prefetchInput: 'auto' };
const M = 'github.com/acme/tool@v1.2.3';

function findings(files: readonly FileResult[], more: Parameters<typeof ran>[1] = {}): readonly Finding[] {
  return findingsOfPrefetch(ran(files, more), FACTS);
}

function only(files: readonly FileResult[], more: Parameters<typeof ran>[1] = {}): Finding {
  const found = findings(files, more);
  expect(found).toHaveLength(1);
  return found[0]!;
}

test('the candidate that failed is why, and not the standby proxy that was asked after it', () => {
  const standby = { ...answered(PROXY_B, 502, 'infrastructure'), standby: true };
  const attempts = [answered(PROXY_A, 503, 'infrastructure'), standby];
  const found = only([failed(M, 'infrastructure', { why: 'exhausted', attempts })]);
  expect(found.title).toContain(PROXY_A.label);
  expect(found.evidence[0]).toContain('502');
});

describe('a file with the wrong content', () => {
  const both = failed(M, 'integrity', {
    why: 'exhausted',
    attempts: [wrongHash(PROXY_A), wrongHash(PROXY_A), wrongHash(PROXY_B)],
  });
  const one = failed(M, 'integrity', {
    why: 'exhausted',
    attempts: [answered(PROXY_A, 503, 'infrastructure'), wrongHash(PROXY_B), wrongHash(PROXY_B)],
  });

  test('from several proxies is the fault of go.sum or the module', () => {
    const found = only([both]);
    expect(found).toMatchObject({
      id: 'checksum-mismatch',
      class: 'integrity',
      fault: 'module',
      severity: 'failure',
      rerunHelps: 'no',
      subject: M,
      title: expect.stringContaining('go.sum is wrong, or the version was re-tagged'),
      evidence: [`${M} .zip: a.example: wrong hash, twice; b.example: wrong hash`],
      consequence: 'nothing unverified was placed, and go asks again when it needs it',
    });
    expect(found.remedy).toContain('`https://sum.golang.org/lookup/github.com/acme/tool@v1.2.3`');
    expect(found.remedy).toContain('`go mod download -x github.com/acme/tool@v1.2.3`');
    expect(found.remedy).toContain('restore its line');
  });

  test('from one proxy alone is the fault of that one, and the remedy names it', () => {
    const found = only([one]);
    expect(found).toMatchObject({ id: 'checksum-mismatch', fault: 'proxy', subject: M });
    expect(found.title).toMatch(/^https:\/\/b\.example: the content is not what go\.sum has/);
    expect(found.remedy).toContain('the operator of b.example');
    expect(found.remedy).toContain('until then remove it from `proxies`');
  });

  test('the two are two causes', () => {
    const other = { ...one, file: wantedFile('m.example/y') };
    expect(findings([both, other]).map(({ fault }) => fault)).toEqual(['module', 'proxy']);
  });

  test('a path with capitals is escaped for the checksum database', () => {
    const file = wantedFile('github.com/Acme/Tool@v1.0.0');
    expect(only([{ ...both, file }]).remedy).toContain('lookup/github.com/!acme/!tool@v1.0.0`');
  });

  test('of several modules the remedy has a pattern, and a private one is not told to the database', () => {
    const other = { ...both, file: wantedFile('m.example/y') };
    expect(only([both, other]).remedy).toContain('lookup/MODULE@VERSION`');
    const secret = { ...both, file: { ...both.file, disclosure: 'given-only' } as const };
    expect(only([secret]).remedy).not.toContain('sum.golang.org');
    expect(only([secret]).remedy).toContain('Compare its line with that of a commit that built.');
  });

  test('an info file of another version has the id of its cause, and counts as integrity', () => {
    const info = { status: 200, failure: failure('invalid-info') };
    const file = failed(M, 'integrity', { attempts: [attempt(PROXY_A, 'integrity', info)] });
    expect(only([file])).toMatchObject({ id: 'invalid-info', class: 'integrity' });
  });
});

describe('a refusal', () => {
  const golang = { ...makeCandidate('https://proxy.golang.org', 0), publicProxy: {} as never };
  const refused = (candidate: Candidate, status: number) =>
    only(
      [
        failed(M, 'access', {
          why: 'refused',
          attempts: [answered(candidate, status, 'refused', 'go away')],
        }),
      ],
      {
        tallies: [tally(candidate)],
      },
    );
  test.each<[number, Candidate, Finding['fault'], string, string]>([
    [401, PROXY_A, 'configuration', 'the proxy asks for a login', 'a login for a.example: a netrc file'],
    [403, PROXY_A, 'configuration', 'the proxy refuses the module', 'Ask who runs a.example'],
    [407, PROXY_A, 'configuration', 'the HTTP proxy asks for a login', 'HTTPS_PROXY from a secret'],
    [403, golang, 'module', 'the public proxy blocks the module', 'name a proxy of your own'],
    [
      403,
      { ...golang, origin: 'inherited' },
      'configuration',
      'the proxy refuses the module',
      'Ask who runs proxy.golang.org',
    ],
  ])('%i of %j', (...[status, candidate, fault, title, remedy]) => {
    const found = refused(candidate, status);
    expect(found).toMatchObject({ id: 'module-refused', class: 'access', severity: 'failure', fault });
    expect(found.title).toBe(`${candidate.label}: ${title}`);
    expect(found.remedy).toContain(remedy);
    expect(found.evidence.at(1)).toBe(`${candidate.url.host} said: go away`);
  });
});

test('a login and a policy are two causes, each with its remedy', () => {
  const files = [401, 403].map((status) =>
    failed(`m.example/${status}`, 'access', { attempts: [answered(PROXY_A, status, 'refused')] }),
  );
  expect(findings(files).map(({ title }) => title)).toEqual([
    'https://a.example: the proxy asks for a login',
    'https://a.example: the proxy refuses the module',
  ]);
});

test('404 everywhere without direct', () => {
  const attempts = [answered(PROXY_A, 404, 'not-found'), answered(PROXY_B, 410, 'not-found')];
  expect(only([failed(M, 'not-found', { why: 'not-found', attempts })])).toMatchObject({
    id: 'module-not-found',
    class: 'not-found',
    subject: M,
    evidence: [`${M} .zip: a.example: HTTP status 404; b.example: HTTP status 410`],
  });
});

describe('trouble', () => {
  const trouble = (...attempts: ReturnType<typeof attempt>[]) =>
    failed(M, 'infrastructure', { why: 'exhausted', attempts });
  const cut = attempt(PROXY_A, 'infrastructure', { failure: failure('truncated') });

  test.each<[string, ReturnType<typeof attempt>, Partial<Finding>]>([
    ['a cut', cut, { id: 'truncated', title: 'https://a.example: the answer was cut off' }],
    [
      'a refused connection',
      attempt(PROXY_A, 'infrastructure', { failure: failure('connection-refused') }),
      { id: 'connection-refused' },
    ],
    [
      '503',
      answered(PROXY_A, 503, 'infrastructure'),
      {
        id: 'http-status',
        title: 'https://a.example: the proxy is overloaded or out of service (HTTP status 503)',
        rerunHelps: 'yes',
      },
    ],
    ['429', answered(PROXY_A, 429, 'infrastructure'), { id: 'http-too-many-requests' }],
    ['403 for an egress', answered(PROXY_A, 403, 'infrastructure'), { id: 'http-blocked', class: 'access' }],
    [
      'a 404 of its upstream',
      answered(PROXY_A, 404, 'infrastructure'),
      {
        id: 'http-status',
        class: 'infrastructure',
        title: 'https://a.example: the proxy answered with an error',
      },
    ],
  ])('%s has id and entry of its cause', (_name, last, expected) => {
    expect(only([trouble(wrongHash(PROXY_B), last)])).toMatchObject({ severity: 'failure', ...expected });
  });

  test('the remedy is for that proxy and its origin', () => {
    const inherited = makeCandidate('https://corp.example:8443/go', 3, 'inherited');
    const last = attempt(inherited, 'infrastructure', { failure: failure('connection-refused') });
    expect(only([trouble(last)], { tallies: [tally(inherited)] }).remedy).toBe(
      'Check the port in https://corp.example:8443/go and whether the server runs, or take it out of GOPROXY where that is set.',
    );
  });

  test('lines to copy are for the host of that proxy', () => {
    const corp = makeCandidate('https://corp.example:8443/go', 3);
    const last = attempt(corp, 'infrastructure', { failure: failure('dns-refused') });
    expect(only([trouble(last)], { tallies: [tally(corp)] }).copy).toEqual([
      '- run: cat /etc/resolv.conf; getent hosts corp.example',
    ]);
  });

  test('one finding for a cause and proxy, with the number of modules; each file in the evidence', () => {
    const files = [trouble(cut), { ...trouble(cut), file: wantedFile('m.example/y', 'mod') }];
    const found = only([...files, placed('m.example/z')]);
    expect(found).toMatchObject({
      subject: '',
      title: '2 modules: https://a.example: the answer was cut off',
      consequence: 'go asks again when it needs them',
      evidence: [
        `${M} .zip: a.example: our words for truncated`,
        'm.example/y@v1.0.0 .mod: a.example: our words for truncated',
      ],
    });
  });

  test('files of one module are one module; another proxy is another cause', () => {
    const more = { ...trouble(cut), file: wantedFile(M, 'mod') };
    expect(only([trouble(cut), more])).toMatchObject({ subject: M });
    const other = trouble(attempt(PROXY_B, 'infrastructure', { failure: failure('truncated') }));
    expect(findings([trouble(cut), other])).toHaveLength(2);
  });

  test('many files are counted', () => {
    const files = Array.from({ length: 50 }, (_, id) => ({
      ...trouble(cut),
      file: wantedFile(`m.example/x${id}`),
    }));
    const { evidence } = only(files);
    expect(evidence).toHaveLength(21);
    expect(evidence.at(-1)).toBe('and 30 more files');
  });

  test('a dead network is one finding, whatever its last signs were', () => {
    const dead = { why: 'network-dead' } as const;
    const files = [
      { ...trouble(cut), ...dead },
      { ...trouble(answered(PROXY_B, 502, 'infrastructure')), ...dead },
    ];
    expect(only(files)).toMatchObject({ id: 'network-dead', class: 'infrastructure', fault: 'network' });
  });

  test('without any attempt it is ours', () => {
    expect(only([trouble()]).id).toBe('internal');
  });
});

describe('a module cache that takes no files', () => {
  test.each<[ModCacheCode, string, Finding['class'], Finding['fault'], RegExp]>([
    ['modcache-disk-full', 'module-cache-unwritable', 'infrastructure', 'runner', /no space .*df -h/],
    ['modcache-read-only', 'module-cache-unwritable', 'configuration', 'runner', /read-only .*GOMODCACHE/],
    ['modcache-no-permission', 'module-cache-unwritable', 'configuration', 'runner', /may not write.*chown/],
    ['modcache-other-device', 'module-cache-unwritable', 'configuration', 'runner', /devices.*Mount/],
    [
      'modcache-not-absolute',
      'module-cache-unwritable',
      'configuration',
      'configuration',
      /no absolute path/,
    ],
    ['modcache-busy', 'module-cache-unwritable', 'infrastructure', 'runner', /another program/],
    ['modcache-name-too-long', 'module-cache-unwritable', 'configuration', 'runner', /too long.*short path/],
    ['modcache-failed', 'module-cache-unwritable', 'infrastructure', 'runner', /does not take the files/],
    ['modcache-wrong-hash', 'module-cache-unwritable', 'infrastructure', 'runner', /changed before/],
    ['modcache-corrupt-link', 'module-cache-link', 'configuration', 'runner', /a link where.*Empty/],
    ['modcache-corrupt-entry', 'module-cache-link', 'configuration', 'runner', /a directory where.*Empty/],
  ])('%s', (...[code, id, failureClass, fault, said]) => {
    const modcache = { code, message: 'x cannot be written' };
    const found = only([failed(M, 'local', { modcache })]);
    expect(found).toMatchObject({ id, class: failureClass, fault, severity: 'failure', subject: M });
    expect(`${found.title} ${found.remedy}`).toMatch(said);
    expect(found.evidence).toEqual([`${M} .zip: x cannot be written`]);
  });

  test('files that were not begun for it belong to it', () => {
    const modcache = { code: 'modcache-read-only', message: 'read-only' } as const;
    const files = [
      failed(M, 'local', { modcache }),
      failed('m.example/y', 'local', { why: 'modcache' }),
      failed('m.example/z', 'cancelled', { why: 'modcache' }),
    ];
    expect(only(files, { earlyEnd: 'modcache', modcache })).toMatchObject({
      id: 'module-cache-unwritable',
      title: '3 modules: the module cache is on a read-only file system',
    });
  });
});

describe('an early end', () => {
  test.each([
    ['timeout', '`prefetch-timeout` was over, and 1 file is left'],
    ['idle', 'no file was completed for 30 s, and 1 file is left'],
  ] as const)('%s', (why, title) => {
    const found = only([failed(M, 'cancelled', { why })], { earlyEnd: why });
    expect(found).toMatchObject({
      id: 'prefetch-timeout',
      class: 'infrastructure',
      title,
      severity: 'failure',
    });
    expect(found.evidence).toEqual([`${M} .zip: not asked for`]);
  });

  test('tells how many files are left', () => {
    const files = ['a', 'b', 'c'].map((name) => failed(`m.example/${name}`, 'cancelled', { why: 'timeout' }));
    expect(only(files).title).toBe('`prefetch-timeout` was over, and 3 files are left');
  });

  test('by the end of the job is no finding', () => {
    expect(findings([failed(M, 'cancelled', { why: 'cancelled' })], { earlyEnd: 'cancelled' })).toEqual([]);
    expect(findings([failed(M, 'cancelled')])).toEqual([]);
  });
});

describe('what was left to go', () => {
  test.each<[string, Partial<PrefetchFindingFacts>, number]>([
    ['by public proxies, with direct', {}, 1],
    ['by proxies of your own', { isPublicChain: false }, 0],
    ['without direct', { hasDirect: false }, 0],
  ])('%s', (_name, facts, hints) => {
    const found = findingsOfPrefetch(ran([leftToGo(M), leftToGo('m.example/y')]), { ...FACTS, ...facts });
    expect(found.map(({ id }) => id)).toEqual(Array(hints).fill('looks-private'));
    expect(failureClassOf(found)).toBe('none');
  });
});

test.each<[PrefetchOutcome['kind'], PrefetchFindingFacts['prefetchInput'], readonly string[]]>([
  ['impossible', true, ['prefetch-impossible']],
  ['impossible', 'auto', []],
  ['impossible', false, []],
  ['skipped', true, []],
])('%s with prefetch: %s is %j', (kind, prefetchInput, ids) => {
  const outcome = { kind, reason: 'GOPROXY is off.' } as PrefetchOutcome;
  const found = findingsOfPrefetch(outcome, { ...FACTS, prefetchInput });
  expect(found.map(({ id }) => id)).toEqual(ids);
  for (const { severity, title } of found) {
    expect(severity).toBe('warning');
    expect(title).toBe('nothing could be fetched: GOPROXY is off');
  }
});

test('the gravest first, and the class of the job is the first', () => {
  const classes = ['infrastructure', 'not-found', 'access', 'integrity'] as const;
  const found = findings(classes.map((name, id) => failed(`m.example/${id}`, name)));
  expect(found.map((finding) => finding.class)).toEqual([...classes].reverse());
  expect(failureClassOf(found)).toBe('integrity');
});

describe('the conditions of fail-on', () => {
  test.each<[FailureClass, string | undefined, boolean, boolean]>([
    ['integrity', undefined, true, true],
    ['access', undefined, true, false],
    ['not-found', undefined, true, false],
    ['infrastructure', undefined, true, false],
    ['local', undefined, true, false],
    ['cancelled', 'timeout', true, false],
    ['cancelled', 'cancelled', false, false],
    ['cancelled', undefined, false, false],
  ])('%s by %s: failed %s, unverified %s', (...[failureClass, why, isFailed, isUnverified]) => {
    const more = why === undefined ? {} : { why: why as 'timeout' };
    const outcome = ran([placed('m.example/x'), failed(M, failureClass, more)]);
    expect(prefetchFailed(outcome)).toBe(isFailed);
    expect(prefetchUnverified(outcome)).toBe(isUnverified);
  });

  test.each<PrefetchOutcome>([
    ran([placed(M), leftToGo('m.example/y')]),
    { kind: 'skipped', reason: '' },
    { kind: 'impossible', reason: '' },
  ])('$kind without a failed file', (outcome) => {
    expect(prefetchFailed(outcome)).toBe(false);
    expect(prefetchUnverified(outcome)).toBe(false);
  });
});
