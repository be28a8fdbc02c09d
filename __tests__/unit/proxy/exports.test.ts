import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeGoprivate } from '../../../src/go/goprivate.ts';
import { parseGoproxy } from '../../../src/go/goproxy.ts';
import { decideExports, type ExportName } from '../../../src/proxy/exports.ts';

const EFFECTIVE = new Map([
  ['GOPROXY', 'https://proxy.golang.org,direct'],
  ['GOSUMDB', 'sum.golang.org'],
  ['GOPRIVATE', ''],
  ['GONOPROXY', ''],
  ['GONOSUMDB', ''],
]);

const decide = (decided: Partial<Record<ExportName, string>>, effective: Record<string, string> = {}) =>
  decideExports(
    new Map(Object.entries(decided) as [ExportName, string][]),
    new Map([...EFFECTIVE, ...Object.entries(effective)]),
  );

describe('what is exported', () => {
  test.each<[string, Partial<Record<ExportName, string>>, Record<string, string>, readonly string[]]>([
    ['what differs', { GOPROXY: 'https://a.example' }, {}, ['GOPROXY']],
    [
      'not what go has anyway',
      { GOPROXY: 'https://proxy.golang.org,direct', GOSUMDB: 'sum.golang.org' },
      {},
      [],
    ],
    [
      'not another writing of the same list',
      { GOPROXY: 'https://a.example,direct' },
      { GOPROXY: ' https://a.example ,, direct,off' },
      [],
    ],
    [
      'a good list over one that go refuses',
      { GOPROXY: 'https://a.example' },
      { GOPROXY: 'ftp://x' },
      ['GOPROXY'],
    ],
    [
      'all five, in order',
      {
        GONOSUMDB: 'd',
        GONOPROXY: 'c',
        GOPRIVATE: 'b',
        GOSUMDB: 'sum.golang.google.cn',
        GOPROXY: 'https://a.example',
      },
      {},
      ['GOPROXY', 'GOSUMDB', 'GOPRIVATE', 'GONOPROXY', 'GONOSUMDB'],
    ],
    ['not an unchanged pattern', { GONOPROXY: 'a' }, { GONOPROXY: 'a' }, []],
    [
      'a pattern that only looks unchanged, for unset it follows GOPRIVATE',
      { GOPRIVATE: 'a,b', GONOPROXY: 'a' },
      { GOPRIVATE: 'a', GONOPROXY: 'a' },
      ['GOPRIVATE', 'GONOPROXY'],
    ],
    [
      'nothing that does not follow GOPRIVATE',
      { GOPRIVATE: 'a', GOSUMDB: 'sum.golang.org' },
      {},
      ['GOPRIVATE'],
    ],
    [
      'not a pattern beside a GOPRIVATE that stays',
      { GOPRIVATE: 'a', GONOPROXY: 'a' },
      { GOPRIVATE: 'a', GONOPROXY: 'a' },
      [],
    ],
  ])('%s', (...[, decided, effective, expected]) => {
    const { exports, withheld } = decide(decided, effective);
    expect(exports.map(({ name }) => name)).toEqual(expected);
    for (const { name, value } of exports) expect(value).toBe(decided[name]);
    expect(withheld).toEqual([]);
  });

  test('the assignments of merged patterns', () => {
    const set = { goprivate: 'a', gonoproxy: '', gonosumdb: 'x' };
    const additions = { goprivate: 'b', gonoproxy: '', gonosumdb: '' };
    const { assignments } = mergeGoprivate({ set, additions });
    const effective = new Map([
      ...EFFECTIVE,
      ['GOPRIVATE', 'a'],
      ['GONOPROXY', 'a'],
      ['GONOSUMDB', 'x'],
    ] as const);
    expect(decideExports(assignments, effective).exports).toEqual([
      { name: 'GOPRIVATE', value: 'a,b' },
      { name: 'GONOSUMDB', value: 'x,b' },
    ]);
  });
});

describe('what is withheld, with the reason and without the value', () => {
  test.each<[ExportName, string, RegExp]>([
    ['GOPROXY', 'http://u:canary@a.example', /http URL/],
    ['GOPROXY', 'https://a.example|HTTP://canary@b.example,direct', /http URL/],
    ['GOPROXY', 'ftp://canary', /refuse/],
    ['GOPROXY', 'https://a.example\nX=canary', /control character/],
    ['GOSUMDB', 'off', /gonosumdb/],
    ['GOSUMDB', ' off', /gonosumdb/],
    ['GOSUMDB', 'canary', /refuse/],
    ['GOPRIVATE', 'canary\nGOPROXY=x', /control character/],
  ])('%s %j', (name, value, reason) => {
    const decision = decide({ [name]: value });
    expect(decision.exports).toEqual([]);
    expect(decision.withheld).toEqual([{ name, reason: expect.stringMatching(reason) }]);
    expect(JSON.stringify(decision)).not.toContain('canary');
  });
});

test('whatever is decided, no export holds userinfo of an http URL, GOSUMDB=off or a line end', () => {
  const piece = fc.constantFrom(
    'http://',
    'https://',
    'HTTP://',
    'u:p@',
    'a.example',
    ',',
    '|',
    ' ',
    '\n',
    'off',
    'direct',
  );
  const value = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(value, value, (GOPROXY, GOSUMDB) => {
      for (const { name, value: exported } of decide({ GOPROXY, GOSUMDB }).exports) {
        expect(exported).not.toContain('\n');
        if (name === 'GOPROXY') expect(insecureUsers(exported)).toEqual([]);
        else expect(exported.trim()).not.toBe('off');
      }
    }),
    { numRuns: 1000 },
  );
});

function insecureUsers(goproxy: string): readonly string[] {
  return parseGoproxy(goproxy).flatMap((entry) =>
    entry.kind === 'proxy' && entry.url.protocol === 'http:' && entry.url.username !== ''
      ? [entry.url.username]
      : [],
  );
}
