import { describe, expect, test } from '@jest/globals';
import { earlyEndLimit, probeGroups } from '../../../src/proxy/early-end.ts';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import { asCandidates } from './builders.ts';

describe('earlyEndLimit', () => {
  test.each([
    ['at least 300 ms more', 20, 3000, 320],
    ['twice the time', 400, 3000, 800],
    ['both are the same', 300, 3000, 600],
    ['never beyond the phase', 2000, 3000, 3000],
    ['nor when the phase is short', 20, 100, 100],
  ])('%s', (...[, firstMs, timeoutMs, expected]) => {
    expect(earlyEndLimit(firstMs, timeoutMs)).toBe(expected);
  });
});

describe('probeGroups', () => {
  test.each([
    ['given ones compete with each other', 'https://a.example,https://goproxy.cn', '', '', [0, 0]],
    ['standby is a phase of its own', 'https://goproxy.cn', 'https://goproxy.io', '', [0, -1]],
    ['a comma separates', '', '', 'https://a.example,https://b.example', [0, 1]],
    ['a pipe joins', '', '', 'https://a.example|https://b.example,https://c.example', [0, 0, 1]],
    [
      'a file takes a place, direct none',
      '',
      '',
      'file:///x,https://a.example|https://b.example|direct',
      [0, 1, 1],
    ],
  ])('%s', (...[, proxies, mirrors, goproxy, expected]) => {
    const plan = asCandidates(planProxies({ proxies, mirrors, goproxy }));
    expect([...probeGroups(plan).entries()]).toEqual(expected.map((group, id) => [id, group]));
  });
});
