import { describe, expect, test } from '@jest/globals';
import { CAUSES } from '../../../src/diagnosis/cause-table.ts';
import { type Finding, failureClassOf } from '../../../src/diagnosis/finding.ts';
import {
  findingOf,
  findingsOfProbe,
  formatPhases,
  NO_HEALTHY_PROXY,
} from '../../../src/diagnosis/probe-findings.ts';
import type { Cause, Verdict } from '../../../src/proxy/verdict.ts';
import { HEALTHY, probed, unhealthy } from '../../support/sample-report.ts';

const BASE = 'https://goproxy.corp.example:8443/go';

describe('the table of causes', () => {
  test.each(Object.entries(CAUSES))('%s says what, who and what to do', (cause, entry) => {
    expect(cause).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(entry.title).toMatch(/[^.]$/);
    expect(entry.title.length).toBeLessThan(100);
    expect(entry.remedy.replaceAll(/\{(?:host|name|proxy|removal)\}/g, '')).not.toMatch(/[{}]/);
    expect(entry.remedy).toMatch(/\.$/);
  });
});

describe('findingOf', () => {
  test.each<[string, Verdict]>([
    ['healthy', HEALTHY],
    ['unmeasured', { kind: 'unmeasured', why: 'file' }],
  ])('a %s candidate is no finding', (_name, verdict) => {
    expect(findingOf(probed(BASE, verdict))).toBeUndefined();
  });

  test.each<[Cause, number | undefined, string, Finding['class'], Finding['fault'], Finding['rerunHelps']]>([
    ['wrong-hash', undefined, 'wrong-hash', 'integrity', 'proxy', 'no'],
    ['dns-not-found', undefined, 'dns-not-found', 'configuration', 'configuration', 'no'],
    ['tls-not-yet-valid', undefined, 'tls-not-yet-valid', 'configuration', 'runner', 'no'],
    ['connect-timeout', undefined, 'connect-timeout', 'infrastructure', 'network', 'maybe'],
    ['http-proxy-login', 407, 'http-proxy-login', 'access', 'configuration', 'no'],
    ['http-status', 503, 'http-status', 'infrastructure', 'proxy', 'yes'],
    ['http-status', 500, 'http-status', 'infrastructure', 'proxy', 'yes'],
    ['http-status', 429, 'http-too-many-requests', 'infrastructure', 'proxy', 'yes'],
    ['http-status', 403, 'http-blocked', 'access', 'network', 'no'],
    ['http-status', 451, 'http-blocked', 'access', 'network', 'no'],
    ['http-status', 400, 'http-status', 'configuration', 'configuration', 'no'],
    ['http-status', 401, 'http-status', 'access', 'configuration', 'no'],
    ['http-status', 407, 'http-status', 'access', 'configuration', 'no'],
    ['http-status', 408, 'http-status', 'infrastructure', 'proxy', 'yes'],
    ['http-status', 418, 'http-blocked', 'access', 'network', 'no'],
    ['http-region-blocked', 403, 'http-region-blocked', 'access', 'network', 'maybe'],
    ['http-egress-blocked', 403, 'http-egress-blocked', 'access', 'network', 'no'],
    ['not-found-transient', 404, 'not-found-transient', 'infrastructure', 'proxy', 'yes'],
    ['dns-refused', undefined, 'dns-refused', 'infrastructure', 'runner', 'maybe'],
    ['http-proxy-failed', undefined, 'http-proxy-failed', 'infrastructure', 'network', 'maybe'],
    ['http-proxy-refused', undefined, 'http-proxy-refused', 'access', 'configuration', 'no'],
    ['tls-client-certificate', undefined, 'tls-client-certificate', 'access', 'configuration', 'no'],
    ['parked-domain', undefined, 'parked-domain', 'configuration', 'configuration', 'no'],
  ])('%s %s', (...[cause, status, id, failureClass, fault, rerunHelps]) => {
    const finding = findingOf(probed(BASE, unhealthy(cause, status === undefined ? {} : { status })));
    expect(finding).toMatchObject({ id, class: failureClass, fault, rerunHelps, subject: BASE });
  });

  test('the remedy names proxy and host as they are', () => {
    const finding = findingOf(probed('https://a.example:8443/$&', unhealthy('connection-refused')));
    expect(finding?.remedy).toContain('https://a.example:8443/$&');
    expect(findingOf(probed(BASE, unhealthy('unreachable')))?.remedy).toContain(
      'connections to goproxy.corp.example:8443',
    );
  });

  test.each([
    [500, 'the proxy answered with HTTP status 500'],
    [409, 'the proxy answered with HTTP status 409'],
    [400, 'the proxy takes the request for malformed (HTTP status 400)'],
    [401, 'the proxy asks for a login (HTTP status 401)'],
    [407, 'something before the proxy asks for a login (HTTP status 407)'],
    [418, 'the proxy or a filter before it takes this runner for a robot (HTTP status 418)'],
    [429, 'the proxy limits the number of requests'],
    [451, 'the proxy may not serve this for legal reasons (HTTP status 451)'],
    [502, 'the proxy got no good answer from a server behind it (HTTP status 502)'],
    [503, 'the proxy is overloaded or out of service (HTTP status 503)'],
    [504, 'the proxy waited too long for a server behind it (HTTP status 504)'],
  ])('a status is named: %i', (status, title) => {
    expect(findingOf(probed(BASE, unhealthy('http-status', { status })))?.title).toBe(title);
  });

  test.each([
    ['input', 'remove it from `proxies`.'],
    ['default', 'name another proxy in `proxies`.'],
    ['inherited', 'take it out of GOPROXY where that is set.'],
    ['standby', 'name another one in `mirrors`.'],
  ] as const)('the remedy says how one of origin %s is taken out', (origin, end) => {
    expect(findingOf(probed(BASE, unhealthy('unreachable'), origin))?.remedy).toMatch(
      new RegExp(`, or ${end}$`),
    );
  });

  test('a command on a host name has no port', () => {
    expect(findingOf(probed(BASE, unhealthy('dns-failed')))?.remedy).toContain(
      '`getent hosts goproxy.corp.example`',
    );
  });

  test('lines to copy have the host name filled in, and are left out for a name that a shell would read', () => {
    expect(findingOf(probed(BASE, unhealthy('dns-refused')))?.copy).toEqual([
      '- run: cat /etc/resolv.conf; getent hosts goproxy.corp.example',
    ]);
    expect(findingOf(probed('https://a$b.example', unhealthy('dns-refused')))).not.toHaveProperty('copy');
  });

  test('what the table of dead proxies knows is told of one that fails, and of no other', () => {
    expect(findingOf(probed('https://gocenter.io', unhealthy('dns-not-found')))?.evidence).toContain(
      'known of this address: it was shut down on 2021-05-01',
    );
    expect(findingOf(probed('https://gocenter.io', HEALTHY))).toBeUndefined();
  });

  test('a healthy one whose IPv6 was silent is a notice', () => {
    if (HEALTHY.kind !== 'healthy') throw new Error('not healthy');
    const verdict = { ...HEALTHY, figures: { ...HEALTHY.figures, silentIpv6: '2001:db8::1' } };
    expect(findingOf(probed(BASE, verdict))).toMatchObject({
      id: 'ipv6-unreachable',
      severity: 'notice',
      class: 'infrastructure',
      evidence: [
        'tcp: no answer from 2001:db8::1',
        'reached at 192.0.2.1',
        'dns 3 ms, tcp 8 ms, tls 12 ms, first byte 14 ms',
      ],
    });
    expect(failureClassOf(findingsOfProbe([probed(BASE, verdict)]))).toBe('none');
  });

  test('a label that looks like a placeholder stays what it is', () => {
    const one = probed(BASE, unhealthy('wrong-content'));
    const finding = findingOf({ ...one, candidate: { ...one.candidate, label: '{host}' } });
    expect(finding?.remedy).toContain('path in {host}:');
  });

  test.each([
    ['dns', {}, 'did not answer while another candidate did', 'runner'],
    ['tls', { tcpMs: 3 }, 'did not answer while another candidate did', 'network'],
    ['http', { tcpMs: 3 }, 'did not answer while another candidate did', 'proxy'],
    ['http', { firstByteMs: 3 }, 'much slower than the other candidates', 'network'],
  ] as const)('too slow at %s after %j', (stage, phases, title, fault) => {
    const verdict = { ...unhealthy('too-slow', { stage }), phases };
    expect(findingOf(probed(BASE, verdict))).toMatchObject({ id: 'too-slow', title, fault });
  });

  test('the evidence is stage, detail, status, address, phases, and what the host said', () => {
    const verdict = {
      ...unhealthy('http-status', { status: 502, body: 'bad upstream' }),
      address: '192.0.2.1',
    };
    expect(findingOf(probed(BASE, verdict))?.evidence).toEqual([
      'http: our words (ECODE)',
      'HTTP status 502',
      'address 192.0.2.1',
      'dns 1 ms',
      'it said: bad upstream',
    ]);
  });

  test.each([
    ['input', 'warning'],
    ['inherited', 'warning'],
    ['default', 'warning'],
    ['standby', 'notice'],
  ] as const)('an unhealthy candidate of origin %s is a %s', (origin, severity) => {
    expect(findingOf(probed(BASE, unhealthy('unreachable'), origin))?.severity).toBe(severity);
  });

  test.each([
    ['unauthorized', 'proxy-unauthorized', 'access'],
    ['forbidden', 'proxy-forbidden', 'access'],
    ['login-required', 'proxy-login-required', 'access'],
    ['not-found', 'proxy-not-found', 'not-found'],
    ['login-refused', 'proxy-login-refused', 'access'],
    ['security-block', 'proxy-security-block', 'access'],
    ['region-blocked', 'http-region-blocked', 'access'],
    ['egress-blocked', 'http-egress-blocked', 'access'],
  ] as const)('unknown for %s is a notice', (reason, id, failureClass) => {
    const verdict: Verdict = { kind: 'unknown', reason, status: 401, phases: {} };
    expect(findingOf(probed(BASE, verdict))).toMatchObject({ id, class: failureClass, severity: 'notice' });
  });
});

describe('findingsOfProbe', () => {
  const dead = probed('https://a.example', unhealthy('dns-not-found'));
  const wrong = probed('https://b.example', unhealthy('wrong-hash'));

  test('a healthy one among them: each unhealthy one speaks for itself, nothing failed', () => {
    const findings = findingsOfProbe([dead, probed(BASE, HEALTHY)]);
    expect(findings.map(({ id, severity, coveredBy }) => [id, severity, coveredBy])).toEqual([
      ['dns-not-found', 'warning', undefined],
    ]);
    expect(failureClassOf(findings)).toBe('none');
  });

  test('an unknown one among them keeps its place: nothing failed', () => {
    const unknown = probed(BASE, { kind: 'unknown', reason: 'forbidden', status: 403, phases: {} });
    expect(findingsOfProbe([dead, unknown]).map(({ id }) => id)).toEqual([
      'dns-not-found',
      'proxy-forbidden',
    ]);
  });

  test('none healthy: one failure speaks for all, with the first class in order', () => {
    const [first, ...rest] = findingsOfProbe([dead, wrong]);
    expect(first).toMatchObject({
      id: NO_HEALTHY_PROXY,
      severity: 'failure',
      class: 'integrity',
      evidence: [
        'a.example: the host name does not exist',
        expect.stringMatching(/^b\.example: the proxy serves/),
      ],
    });
    for (const { remedy } of rest) expect(first?.remedy).toContain(remedy);
    expect(rest.map(({ coveredBy }) => coveredBy)).toEqual([NO_HEALTHY_PROXY, NO_HEALTHY_PROXY]);
  });

  test('none at all is no failure', () => {
    expect(findingsOfProbe([])).toEqual([]);
  });
});

test.each([
  [['infrastructure', 'configuration', 'not-found', 'access', 'integrity'], 'integrity'],
  [['infrastructure', 'configuration', 'not-found', 'access'], 'access'],
  [['infrastructure', 'configuration', 'not-found'], 'not-found'],
  [['infrastructure', 'configuration'], 'configuration'],
  [['infrastructure'], 'infrastructure'],
  [[], 'none'],
] as const)('failure class of %j is %s', (classes, expected) => {
  const [example] = findingsOfProbe([probed(BASE, unhealthy('unreachable'))]);
  expect(failureClassOf(classes.map((name): Finding => ({ ...example!, class: name })))).toBe(expected);
});

test.each([
  ['nothing reached', {}, ''],
  ['rounded', { dnsMs: 0.4, tcpMs: 12.6 }, 'dns 0 ms, tcp 13 ms'],
  [
    'through an HTTP proxy',
    { firstByteMs: 5, viaHttpProxy: 'p:3128' },
    'first byte 5 ms, via HTTP proxy p:3128',
  ],
])('formatPhases: %s', (_name, phases, expected) => {
  expect(formatPhases(phases)).toBe(expected);
});
