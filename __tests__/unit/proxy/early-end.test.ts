import { describe, expect, test } from '@jest/globals';
import type { Fallback } from '../../../src/proxy/chain.ts';
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
  const GO = 'https://proxy.golang.org';
  const CN = 'https://goproxy.cn';
  const A = 'https://a.example';
  const B = 'https://b.example';
  const rows: [
    string,
    { proxies?: string; mirrors?: string; goproxy?: string; fallback?: Fallback },
    number[],
  ][] = [
    ['public ones can stand in for one another', { proxies: `${GO},${CN}` }, [0, 0]],
    ['nobody can for a proxy of your own', { proxies: `${A},${GO},${B}` }, [1, 0, 3]],
    ['unless any error may pass it', { proxies: `${A},${GO},${B}`, fallback: 'any-error' }, [0, 0, 0]],
    ['or one is enough', { proxies: `${A},${GO}`, fallback: 'none' }, [0, 0]],
    ['standby is a phase of its own', { proxies: CN, mirrors: 'https://goproxy.io' }, [0, -1]],
    ['in an inherited list a comma separates', { goproxy: `${A},${B}` }, [0, 1]],
    ['and a pipe joins', { goproxy: `${A}|${B},https://c.example` }, [0, 0, 1]],
    ['a file takes a place, direct none', { goproxy: `file:///x,${A}|${B}|direct` }, [0, 1, 1]],
  ];
  test.each(rows)(
    '%s',
    (_name, { proxies = '', mirrors = '', goproxy = '', fallback = 'auto' }, expected) => {
      const plan = asCandidates(planProxies({ proxies, mirrors, goproxy }));
      expect([...probeGroups(plan, fallback).entries()]).toEqual(expected.map((group, id) => [id, group]));
    },
  );
});
