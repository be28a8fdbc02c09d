import { expect, test } from '@jest/globals';
import { findingsOfSetting } from '../../../src/diagnosis/setting-findings.ts';

test('nothing met is no finding', () => {
  expect(findingsOfSetting({ wrongFiles: [], sumdbWarnings: [] })).toEqual([]);
});

test('the gravest first, each with its own words', () => {
  const findings = findingsOfSetting({
    wrongFiles: ['x@v1.0.0.zip'],
    inheritedWarning: 'GOPROXY is wrong.',
    standbyNotice: 'A standby is used.',
    sumdbWarnings: ['Checksums are forged.'],
  });
  expect(findings.map(({ severity, subject, title }) => [severity, subject, title])).toEqual([
    ['failure', '', expect.stringMatching(/^the module cache holds files/)],
    ['warning', 'GOPROXY', 'GOPROXY is wrong'],
    ['warning', 'GOSUMDB', 'Checksums are forged'],
    ['notice', '', 'A standby is used'],
  ]);
  expect(findings[0]).toMatchObject({
    class: 'integrity',
    evidence: ['x@v1.0.0.zip'],
    copy: ['- run: go clean -modcache -cache'],
  });
});
