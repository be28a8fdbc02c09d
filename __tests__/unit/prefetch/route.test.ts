import { describe, expect, test } from '@jest/globals';
import { planRoute, type Route } from '../../../src/prefetch/route.ts';
import type { Candidate } from '../../../src/proxy/candidate.ts';
import { buildChain, type Direct, type Fallback } from '../../../src/proxy/chain.ts';
import type { Choice } from '../../../src/proxy/choose.ts';
import { planProxies } from '../../../src/proxy/proxy-plan.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { asCandidates, DEAD, healthy, REFUSED } from '../proxy/builders.ts';

interface Case {
  readonly proxies?: string;
  readonly mirrors?: string;
  /** What the environment had before any use. */
  readonly goproxy?: string;
  readonly fallback?: Fallback;
  readonly direct?: Direct;
  /** By label; healthy where none is given. */
  readonly verdicts?: Readonly<Record<string, Verdict>>;
}

const GOLANG = 'https://proxy.golang.org';
const CN = 'https://goproxy.cn';
const IO = 'https://goproxy.io';
const OWN = 'https://a.example';

function planOf({ proxies = '', mirrors = CN, goproxy = '' }: Case) {
  return planProxies({ proxies, mirrors, goproxy });
}

/** The choice as the probe phase would come to it. */
function choiceOf(given: Case): Choice {
  const plan = asCandidates(planOf(given));
  const verdictOf = ({ label }: Candidate) => given.verdicts?.[label] ?? healthy();
  const asked = plan.candidates.map((candidate) => ({ candidate, verdict: verdictOf(candidate) }));
  const isDead = asked.every(({ verdict }) => verdict.kind === 'unhealthy');
  const standby = isDead ? plan.standby : [];
  const probed = [...asked, ...standby.map((candidate) => ({ candidate, verdict: verdictOf(candidate) }))];
  const { fallback = 'auto', direct = 'auto' } = given;
  return {
    probed,
    decision: buildChain({ plan, probed, workload: { files: 0, bytes: 0 }, fallback, direct }),
    sumdb: { reason: '', warnings: [] },
    standby: { asked: isDead, reason: '' },
    kept: [],
    sizes: [],
    contacted: [],
  };
}

/** `a|b,direct +standby`, or why there is none. */
function shown(route: Route): string {
  if (route.kind === 'none') return route.reason;
  const chain = route.chain.map(({ candidate, separator }) => candidate.label + separator).join('');
  const standby = route.standby.map(({ label }) => ` +${label}`).join('');
  return `${chain}${route.direct ? 'direct' : ''}${standby}`;
}

describe('after a choice', () => {
  test.each<[string, Case, string]>([
    ['the default, with the standby beside it', {}, `${GOLANG},direct +${CN}`],
    ['no standby', { mirrors: 'none' }, `${GOLANG},direct`],
    ['two public ones', { proxies: `${GOLANG}\n${IO}` }, `${GOLANG}|${IO},direct +${CN}`],
    [
      'the ranked order, not the configured one',
      { proxies: `${GOLANG}\n${IO}`, verdicts: { [GOLANG]: healthy(900) } },
      `${IO}|${GOLANG},direct +${CN}`,
    ],
    [
      'an unhealthy one is not asked',
      { proxies: `${GOLANG}\n${IO}`, verdicts: { [GOLANG]: DEAD } },
      `${IO},direct +${CN}`,
    ],
    ['the best alone', { proxies: `${GOLANG}\n${IO}`, fallback: 'none' }, `${GOLANG},direct +${CN}`],
    ['without direct', { direct: 'false' }, `${GOLANG} +${CN}`],
    ['a standby that is in the chain is not beside it too', { verdicts: { [GOLANG]: DEAD } }, `${CN},direct`],
    ['a given proxy has no standby', { proxies: OWN }, OWN],
    ['a given one beside a public one', { proxies: `${OWN}\n${GOLANG}` }, `${OWN},${GOLANG}`],
    ['a login stays with the candidate', { proxies: 'https://u:p@a.example' }, OWN],
    [
      'nobody is healthy',
      { mirrors: 'none', verdicts: { [GOLANG]: DEAD } },
      'no proxy that go would use is healthy',
    ],
    [
      'nobody is healthy, the standby neither',
      { verdicts: { [GOLANG]: DEAD, [CN]: DEAD } },
      'no proxy that go would use is healthy',
    ],
    ['one that wants a login is asked', { proxies: OWN, verdicts: { [OWN]: REFUSED } }, OWN],
  ])('%s', (_, given, expected) => {
    expect(shown(planRoute({ plan: planOf(given), choice: choiceOf(given) }))).toBe(expected);
  });

  test.each<[string, string, Case['verdicts'], string]>([
    ['kept as it is', `${OWN},direct`, {}, `${OWN},direct`],
    ['two of them', `${OWN}|https://b.example`, {}, `${OWN}|https://b.example`],
    [
      'reordered',
      `${OWN}|https://b.example,direct`,
      { [OWN]: healthy(900) },
      `https://b.example|${OWN},direct`,
    ],
    ['only as far as direct', `${OWN},direct,https://b.example`, {}, `${OWN},direct`],
    ['only as far as off', `${OWN},off`, {}, `${OWN},`],
    ['a public one has no standby when it is inherited', GOLANG, {}, GOLANG],
    ['a file:// entry keeps its place', `${OWN}|file:///srv/mod`, {}, `${OWN}|file:///srv/mod`],
    [
      'an unhealthy one before a comma',
      `${OWN},https://b.example`,
      { [OWN]: DEAD },
      'no proxy that go would use is healthy',
    ],
  ])('an inherited list: %s', (_, goproxy, verdicts = {}, expected) => {
    const given = { goproxy, verdicts };
    expect(shown(planRoute({ plan: planOf(given), choice: choiceOf(given) }))).toBe(expected);
  });

  test('the candidate has the login that the label hides', () => {
    const given = { proxies: 'https://u:p@a.example' };
    const route = planRoute({ plan: planOf(given), choice: choiceOf(given) });
    expect(route.kind === 'proxies' && route.chain[0]?.candidate.credentials).toEqual({
      user: 'u',
      password: 'p',
    });
  });
});

describe('where GOPROXY is policy', () => {
  test.each([
    'off',
    'direct',
    'direct,https://a.example',
    'off,https://a.example',
    'file:///srv/mod',
    'file:///srv/mod,off',
    'https://u:p@',
    'http://u:p@a.example',
  ])('%s: nobody is asked, and the reason is the plan’s', (goproxy) => {
    const plan = planOf({ goproxy });
    expect(plan.kind).toBe('policy');
    expect(planRoute({ plan })).toEqual({ kind: 'none', reason: plan.kind === 'policy' && plan.reason });
  });
});

describe('a second use in the job', () => {
  const NONE = 'an earlier use in this job found no healthy proxy';
  test.each<[string, Case, string, string, string]>([
    ['the chain that was exported', {}, GOLANG, `${GOLANG},direct`, `${GOLANG},direct +${CN}`],
    ['a standby in the chain', {}, CN, `${CN},direct`, `${CN},direct`],
    [
      'an unhealthy candidate that left',
      { proxies: `${GOLANG}\n${IO}` },
      IO,
      `${IO},direct`,
      `${IO},direct +${CN}`,
    ],
    ['a given one', { proxies: OWN }, OWN, OWN, OWN],
    ['an inherited one', { goproxy: `${OWN},direct` }, OWN, `${OWN},direct`, `${OWN},direct`],
    ['nobody was healthy', {}, '', `${GOLANG},direct`, NONE],
    [
      'a stranger',
      {},
      GOLANG,
      `${GOLANG}|https://stranger.example,direct`,
      'the GOPROXY in force names a proxy that is no candidate',
    ],
    ['direct alone', {}, GOLANG, 'direct', 'the GOPROXY in force names no proxy before `direct` or `off`'],
    [
      'off first',
      {},
      GOLANG,
      `off,${GOLANG}`,
      'the GOPROXY in force names no proxy before `direct` or `off`',
    ],
    ['what go refuses', {}, GOLANG, 'http://[', 'the GOPROXY in force is not one of the candidates'],
    ['nothing at all', {}, GOLANG, ' , ', 'the GOPROXY in force is not one of the candidates'],
  ])('%s', (_, ...row) => {
    const [given, selected, goproxy, expected] = row;
    expect(shown(planRoute({ plan: planOf(given), reused: { selected, goproxy } }))).toBe(expected);
  });

  test('neither chosen nor reused', () => {
    expect(planRoute({ plan: planOf({}) })).toEqual({ kind: 'none', reason: 'no proxy was chosen' });
  });
});
