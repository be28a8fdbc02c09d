import { describe, expect, test } from '@jest/globals';
import { CAUSES } from '../../../src/diagnosis/cause-table.ts';
import type { Finding } from '../../../src/diagnosis/finding.ts';
import { findingsOfProbe } from '../../../src/diagnosis/probe-findings.ts';
import type { Cause, Verdict } from '../../../src/proxy/verdict.ts';
import { ANNOTATION_LIMIT, annotate } from '../../../src/report/annotations.ts';
import { HEALTHY, probed, unhealthy } from '../../support/sample-report.ts';

const EXAMPLE: Finding = {
  id: 'connect-timeout',
  class: 'infrastructure',
  fault: 'network',
  severity: 'warning',
  title: 'no TCP connection in time',
  evidence: ['tcp: no TCP connection in time', 'address 192.0.2.1'],
  rerunHelps: 'maybe',
  remedy: 'Allow outgoing connections to a.example.',
  subject: 'https://a.example',
};

describe('annotate', () => {
  test('one for each cause, naming at most three subjects', () => {
    const findings = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      ...EXAMPLE,
      subject: `https://${name}.example`,
    }));
    const annotations = annotate([...findings, { ...EXAMPLE, id: 'dns-failed' }]);
    expect(annotations.map(({ title }) => title)).toEqual([
      'setup-goproxy: connect-timeout',
      'setup-goproxy: dns-failed',
    ]);
    expect(annotations[0]?.message).toMatch(
      /^https:\/\/a\.example, https:\/\/b\.example, https:\/\/c\.example and 2 more: no TCP/,
    );
  });

  test('failures, then warnings, then notices; at most 10', () => {
    const make = (severity: Finding['severity'], count: number) =>
      Array.from(
        { length: count },
        (_, index): Finding => ({ ...EXAMPLE, id: `${severity}-${index}`, severity }),
      );
    const annotations = annotate([...make('notice', 6), ...make('warning', 6), ...make('failure', 2)]);
    expect(annotations).toHaveLength(ANNOTATION_LIMIT);
    expect(annotations.map(({ title }) => title.replace(/.*: |-\d/g, ''))).toEqual([
      ...Array(2).fill('failure'),
      ...Array(6).fill('warning'),
      ...Array(2).fill('notice'),
    ]);
  });

  test.each([
    ['failure', 'integrity', 'error'],
    ['failure', 'infrastructure', 'warning'],
    ['warning', 'integrity', 'warning'],
    ['notice', 'access', 'notice'],
  ] as const)('a %s of class %s is at level %s', (severity, failureClass, level) => {
    expect(annotate([{ ...EXAMPLE, severity, class: failureClass }])[0]?.level).toBe(level);
  });

  test('when no proxy is healthy, one annotation speaks for all', () => {
    const dead = ['a', 'b'].map((name) => probed(`https://${name}.example`, unhealthy('unreachable')));
    expect(annotate(findingsOfProbe(dead)).map(({ title }) => title)).toEqual([
      'setup-goproxy: no-healthy-proxy',
    ]);
    expect(annotate(findingsOfProbe([...dead, probed('https://c.example', HEALTHY)]))).toHaveLength(1);
  });

  test('verdict, evidence and remedy stand in the first 300 characters, whatever their length', () => {
    const long = 'a word '.repeat(200);
    const [annotation] = annotate([
      {
        ...EXAMPLE,
        title: long,
        subject: `https://${'x'.repeat(300)}`,
        evidence: [long],
        remedy: `Do this. ${long}`,
      },
    ]);
    const [head = '', ...rest] = (annotation?.message ?? '').split('\n');
    expect([...head].length).toBeLessThanOrEqual(300);
    expect(head).toMatch(/^https:.*\. Evidence: a word .*\. Remedy: Do this\. a word/);
    expect(rest.join('\n')).toContain('A re-run may help.');
  });

  test('what became of the candidate follows the head', () => {
    const consequence = 'left out of GOPROXY, the job goes on with https://b.example';
    const [annotation] = annotate([{ ...EXAMPLE, consequence }]);
    expect(annotation?.message.split('\n')[1]).toBe(
      'Left out of GOPROXY, the job goes on with https://b.example. A re-run may help.',
    );
  });

  test('several subjects each have their evidence, and a remedy of their own', () => {
    const other = {
      ...EXAMPLE,
      subject: 'https://b.example',
      evidence: ['address 192.0.2.2'],
      remedy: 'Ask b.',
    };
    const lines = annotate([EXAMPLE, other])[0]?.message.split('\n');
    expect(lines?.slice(2)).toEqual([
      'https://a.example: tcp: no TCP connection in time; address 192.0.2.1',
      'https://b.example: address 192.0.2.2',
      'Ask b.',
    ]);
  });

  test('findings of one id with different titles are different causes', () => {
    const titles = ['much slower', 'did not answer'].map((title) => ({ ...EXAMPLE, id: 'too-slow', title }));
    expect(annotate(titles).map(({ message }) => message.split('.')[1])).toHaveLength(2);
  });

  test('what is to be copied stands on lines of its own', () => {
    const lines = annotate([{ ...EXAMPLE, copy: ['- run: x'] }])[0]?.message.split('\n');
    expect(lines).toContain('  - run: x');
  });

  test.each(Object.keys(CAUSES) as Cause[])(
    '%s: name, cause and next step stand in 300 characters',
    (cause) => {
      const base = 'https://goproxy.corp.example/go';
      const one = probed(base, {
        ...unhealthy(cause),
        phases: { dnsMs: 3, tcpMs: 12, tlsMs: 25 },
      } as Verdict);
      const [head = ''] = annotate(
        findingsOfProbe([one, probed('https://c.example', HEALTHY)]),
      )[0]!.message.split('\n');
      expect([...head].length).toBeLessThanOrEqual(300);
      const [, remedy = ''] = head.split(' Remedy: ');
      expect(head.startsWith(base)).toBe(true);
      expect(head).not.toMatch(/\u2026.* Evidence/);
      expect([...remedy].length).toBeGreaterThan(40);
    },
  );

  describe('a place in a file', () => {
    const at = (line: number, file = 'cmd/go.mod') => ({ ...EXAMPLE, place: { file, line } });
    const placeOf = (...findings: Finding[]) => {
      const [annotation] = annotate(findings);
      return annotation?.file === undefined ? undefined : `${annotation.file}:${annotation.line}`;
    };

    test('of the module, or of the first of several modules of one file', () => {
      expect(placeOf(at(7))).toBe('cmd/go.mod:7');
      expect(placeOf(at(7), at(3))).toBe('cmd/go.mod:7');
    });

    test('none where none is known, or only some are about the file', () => {
      expect(annotate([EXAMPLE])[0]).not.toHaveProperty('file');
      expect(placeOf(at(7), EXAMPLE)).toBeUndefined();
      expect(placeOf(at(7), at(7, 'go.mod'))).toBeUndefined();
    });

    test.each([
      ['a line that there is not', 'go.mod', 0],
      ['half a line', 'go.mod', 1.5],
      ['an absolute path', '/go.mod', 1],
      ['a path of Windows', 'C:\\go.mod', 1],
      ['a file outside', 'a/../../go.mod', 1],
      ['no file', '', 1],
      ['a command', 'a::error::/go.mod', 1],
      ['an invisible character', 'a\u202e/go.mod', 1],
      ['a line end', 'a\rb/go.mod', 1],
    ])('none for %s', (_name, file, line) => {
      expect(placeOf(at(line, file))).toBeUndefined();
    });
  });

  test('the indentation of what is to be copied stays', () => {
    const lines = annotate([{ ...EXAMPLE, copy: ['- uses: x', '  with: {}'] }])[0]?.message.split('\n');
    expect(lines).toContain('    with: {}');
  });

  test('a failure of a later step is no error of ours', () => {
    expect(annotate([{ ...EXAMPLE, id: 'download-transient', severity: 'failure' }])[0]?.level).toBe(
      'warning',
    );
  });

  test('what a host said is inert', () => {
    const body = 'x\r::error::y ##[add-mask]z https://evil.example \x1b[31m';
    const [annotation] = annotate([
      {
        ...EXAMPLE,
        evidence: ['a', `it said: ${body}`],
        consequence: body,
        copy: [body],
        remedy: body,
        title: body,
        subject: body,
      },
    ]);
    expect(annotation?.message).toContain('it said: x : :error: :y ## [add-mask]z https:/ /evil.example');
    expect(annotation?.message).not.toMatch(/[\r\x1b]|::|##\[/);
  });
});
