import { describe, expect, test } from '@jest/globals';
import { parseGoMod } from '../../../src/go/go-mod.ts';
import { parseGoWork } from '../../../src/go/go-work.ts';
import type { MainUnit } from '../../../src/go/project.ts';
import {
  chooseToolchain,
  chooseToolchains,
  describeReason,
  type ToolchainChoice,
  type ToolchainRequest,
} from '../../../src/go/toolchain-choice.ts';

/** `download go1.25.0 (go.mod says go 1.25.0)`. */
function brief(choice: ToolchainChoice): string {
  switch (choice.kind) {
    case 'local':
      return `local: ${choice.why}`;
    case 'download':
    case 'path':
      return `${choice.kind} ${choice.toolchain} (${describeReason(choice.because)})`;
    case 'too-old':
      return `too-old: ${choice.required} > ${choice.running} by ${choice.keptBy}`;
    case 'refused':
      return `refused: ${choice.problem}`;
  }
}

const BASE: ToolchainRequest = {
  goversion: 'go1.24.3',
  setting: 'auto',
  go111module: '',
  hostOs: 'linux',
  hostArch: 'amd64',
};

function choose(changes: Partial<Omit<ToolchainRequest, 'lines'>>, lines?: string): ToolchainChoice {
  const [go, toolchain] = (lines ?? '').split(' ');
  return chooseToolchain({
    ...BASE,
    ...changes,
    ...(lines === undefined
      ? {}
      : { lines: { file: 'go.mod', ...(go ? { go } : {}), ...(toolchain ? { toolchain } : {}) } }),
  });
}

/** Local go, GOTOOLCHAIN, go line and toolchain line, and what comes of them. */
type Row = readonly [string, string, string, string];

const LOCAL: readonly Row[] = [
  ['go1.24.3', 'auto', '1.24.3', 'local: go1.24.3 serves'],
  ['go1.24.3', 'auto', '1.24', 'local: go1.24.3 serves'],
  ['go1.24.3', 'auto', '', 'local: go1.24.3 serves'],
  ['go1.24.3', 'auto', '1.23.0 go1.24.3', 'local: go1.24.3 serves'],
  ['go1.24.3', 'auto', '1.23.0 go1.24.2-corp', 'local: go1.24.3 serves'],
  ['go1.24.3', 'auto', '1.23.0 default', 'local: go1.24.3 serves'],
  ['go1.24.3', 'local', '1.23.0 go1.25.0', 'local: go1.24.3 serves'],
  ['go1.24.3', 'go1.24.3', '1.24.3', 'local: go1.24.3 serves'],
  ['go1.24.3', 'go1.20.1+auto', '1.24.3', 'local: go1.24.3 serves'],
  ['go1.24.3 X:nocoverageredesign', 'local', '1.24.3', 'local: go1.24.3 X:nocoverageredesign serves'],
  ['go1.24rc1', 'auto', '1.24', 'local: go1.24rc1 serves'],
  ['go1.20.14', 'auto', '1.25.0', 'local: go 1.20.14 knows no other toolchain than itself'],
  ['go1.20.14', 'go1.25.0', '', 'local: go 1.20.14 knows no other toolchain than itself'],
  ['devel go1.27-0123abc', 'auto', '1.99.0', 'local: the local go is no release, or could not be asked'],
  ['', 'auto', '1.99.0', 'local: the local go is no release, or could not be asked'],
];

const DOWNLOADS: readonly Row[] = [
  ['go1.24.3', 'auto', '1.24.5', 'download go1.24.5 (go.mod says go 1.24.5)'],
  ['go1.24.3', 'auto', '1.25', 'download go1.25.0 (go.mod says go 1.25)'],
  ['go1.24.3', 'auto', '1.25rc2', 'download go1.25rc2 (go.mod says go 1.25rc2)'],
  ['go1.24rc1', 'auto', '1.24.0', 'download go1.24.0 (go.mod says go 1.24.0)'],
  ['go1.24rc1', 'auto', '1.24 go1.24.0', 'download go1.24.0 (go.mod says toolchain go1.24.0)'],
  ['go1.21rc2', 'auto', '1.21.0', 'download go1.21.0 (go.mod says go 1.21.0)'],
  ['go1.24.3', 'auto', '1.23.0 go1.25.1', 'download go1.25.1 (go.mod says toolchain go1.25.1)'],
  ['go1.24.3', 'auto', '1.25.1 go1.25.1', 'download go1.25.1 (go.mod says toolchain go1.25.1)'],
  ['go1.24.3', 'auto', '1.25.2 go1.25.1', 'download go1.25.2 (go.mod says go 1.25.2)'],
  ['go1.24.3', 'auto', ' go1.25.1', 'download go1.25.1 (go.mod says toolchain go1.25.1)'],
  [
    'go1.24.3',
    'auto',
    '1.23.0 go1.25.1-corp',
    'download go1.25.1-corp (go.mod says toolchain go1.25.1-corp)',
  ],
  ['go1.24.3', 'local+auto', '1.25.0', 'download go1.25.0 (go.mod says go 1.25.0)'],
  ['go1.24.3', 'go1.25.1', '1.24.0', 'download go1.25.1 (GOTOOLCHAIN is go1.25.1)'],
  ['go1.24.3', 'go1.25.1', '1.24.0 go1.26.0', 'download go1.25.1 (GOTOOLCHAIN is go1.25.1)'],
  ['go1.24.3', 'go1.25.1+auto', '1.24.0', 'download go1.25.1 (GOTOOLCHAIN is go1.25.1+auto)'],
  ['go1.24.3', 'go1.25.1+auto', '1.26.0', 'download go1.26.0 (go.mod says go 1.26.0)'],
  ['go1.24.3', 'go1.25.1+auto', '1.25.0 default', 'download go1.25.1 (GOTOOLCHAIN is go1.25.1+auto)'],
  ['go1.24.3', 'go1.23.8', '1.23.0', 'download go1.23.8 (GOTOOLCHAIN is go1.23.8)'],
  ['go1.24.3', 'go1.20.14', '1.25.0', 'download go1.20.14 (GOTOOLCHAIN is go1.20.14)'],
  ['go1.24.3-corp', 'go1.24.3', '', 'download go1.24.3 (GOTOOLCHAIN is go1.24.3)'],
];

const OTHERS: readonly Row[] = [
  ['go1.24.3', 'path', '1.25.0', 'path go1.25.0 (go.mod says go 1.25.0)'],
  ['go1.24.3', 'local+path', '1.23.0 go1.25.1', 'path go1.25.1 (go.mod says toolchain go1.25.1)'],
  ['go1.24.3', 'go1.25.1+path', '1.24.0', 'path go1.25.1 (GOTOOLCHAIN is go1.25.1+path)'],
  ['go1.24.3', 'path', '1.23.0 go1.25', 'path go1.25 (go.mod says toolchain go1.25)'],
  ['go1.24.3', 'local', '1.25.0', 'too-old: 1.25.0 > 1.24.3 by GOTOOLCHAIN=local'],
  ['go1.24.3', 'local', '1.25', 'too-old: 1.25 > 1.24.3 by GOTOOLCHAIN=local'],
  ['go1.24.3', '', '1.24.4', 'too-old: 1.24.4 > 1.24.3 by an empty GOTOOLCHAIN'],
  ['go1.24.3', 'auto', '1.25.0 default', 'too-old: 1.25.0 > 1.24.3 by toolchain default in go.mod'],
  ['go1.24.3', 'go1.23.8', '1.24.0', 'too-old: 1.24.0 > 1.23.8 by GOTOOLCHAIN=go1.23.8'],
  ['go1.24.3', 'go1.25.1+auto', '1.26.0 default', 'too-old: 1.26.0 > 1.25.1 by toolchain default in go.mod'],
];

describe('chooseToolchain', () => {
  test.each([...LOCAL, ...DOWNLOADS, ...OTHERS])('%s, GOTOOLCHAIN=%s, go.mod `%s`: %s', (...row) => {
    const [goversion, setting, lines, expected] = row;
    expect(brief(choose({ goversion, setting }, lines))).toBe(expected);
  });

  test.each([
    ['1.25.0', undefined, 'GOTOOLCHAIN is 1.25.0'],
    ['default', undefined, 'GOTOOLCHAIN is default'],
    ['bash', undefined, 'GOTOOLCHAIN is bash'],
    ['gccgo-go1.25.0', undefined, 'GOTOOLCHAIN is gccgo-go1.25.0'],
    ['go1.25.0-a/../b', undefined, 'GOTOOLCHAIN is go1.25.0-a/../b'],
    ['local+', undefined, 'auto and path'],
    ['auto+path', undefined, 'GOTOOLCHAIN is auto+path'],
    ['go1.25.0+auto+path', undefined, 'auto and path'],
    ['go1.25', undefined, 'go1.25.0'],
    ['go1.25', '1.26.0', 'language version'],
    ['go2.0.1', undefined, 'no toolchain of go 1'],
    ['go1.25.0 corp', undefined, 'cannot ask'],
    ['auto', '1.23.0 go1.25', 'go.mod says toolchain go1.25, a language version'],
    ['auto', '1.23.0 go1.foo', 'go.mod says toolchain go1.foo'],
  ])('GOTOOLCHAIN=%s with go.mod `%s` is refused, and %s is said', (setting, lines, words) => {
    expect(choose({ setting }, lines)).toEqual({ kind: 'refused', problem: expect.stringContaining(words) });
  });

  test.each([
    ['off', '1.25.0', 'local'],
    ['bogus', '1.25.0', 'local'],
    ['auto', undefined, 'local'],
    ['auto', '1.25.0', 'download'],
    ['on', '1.25.0', 'download'],
  ])('GO111MODULE=%s with go.mod `%s`: %s', (go111module, lines, kind) => {
    const setting = lines === undefined ? 'go1.25.0' : 'auto';
    expect(choose({ go111module, setting }, lines).kind).toBe(kind);
  });

  test('names the module version by the host, with upper case as it is', () => {
    const choice = choose({ hostOs: 'windows', hostArch: 'arm64', setting: 'go1.25.1-Corp' });
    expect(choice).toMatchObject({ version: 'v0.0.1-go1.25.1-Corp.windows-arm64' });
  });

  test('needs to know the host for a version', () => {
    expect(choose({ hostOs: '', hostArch: '../x' }, '1.25.0').kind).toBe('refused');
  });
});

describe('chooseToolchains', () => {
  const values = new Map([
    ['GOVERSION', 'go1.24.3'],
    ['GOTOOLCHAIN', 'auto'],
    ['GOHOSTOS', 'linux'],
    ['GOHOSTARCH', 'amd64'],
    ['GOOS', 'plan9'],
    ['GOARCH', '386'],
  ]);
  const unit = (directory: string, text: string): MainUnit => ({
    kind: 'module',
    module: { directory, mod: parseGoMod(`${directory}/go.mod`, `module example.com/m\n${text}\n`) },
  });

  test('answers once for what several units say, for each its own', () => {
    const units = [
      unit('a', 'go 1.25.0'),
      unit('b', 'go 1.21.0\ntoolchain go1.25.0'),
      unit('c', 'go 1.26'),
      unit('d', 'go 1.21.0'),
      unit('e', 'go 1.22.0'),
      unit('f', 'go 1.99.0\ntoolchain default'),
    ];
    expect(chooseToolchains(values, units).map(brief)).toEqual([
      'download go1.25.0 (a/go.mod says go 1.25.0)',
      'download go1.26.0 (c/go.mod says go 1.26)',
      'local: go1.24.3 serves',
      'too-old: 1.99.0 > 1.24.3 by toolchain default in f/go.mod',
    ]);
  });

  test('reads go.work in a workspace, and no go.mod', () => {
    const module = { directory: '.', mod: parseGoMod('go.mod', 'module example.com/m\ngo 1.99.0\n') };
    const work = parseGoWork('go.work', 'go 1.24.0\ntoolchain go1.25.1\nuse .\n');
    const workspace: MainUnit = { kind: 'workspace', directory: '.', work, modules: [module] };
    expect(chooseToolchains(values, [workspace])).toEqual([
      {
        kind: 'download',
        toolchain: 'go1.25.1',
        version: 'v0.0.1-go1.25.1.linux-amd64',
        because: { kind: 'toolchain line', file: 'go.work', value: 'go1.25.1' },
      },
    ]);
  });

  test('without a unit GOTOOLCHAIN alone decides', () => {
    expect(chooseToolchains(values, []).map(brief)).toEqual(['local: go1.24.3 serves']);
    const named = new Map([...values, ['GOTOOLCHAIN', 'go1.25.0']]);
    expect(chooseToolchains(named, []).map(brief)).toEqual(['download go1.25.0 (GOTOOLCHAIN is go1.25.0)']);
  });

  test('knows nothing where go could not be asked', () => {
    const fallback = new Map([['GOTOOLCHAIN', 'auto']]);
    expect(chooseToolchains(fallback, [unit('.', 'go 1.99.0')]).map(({ kind }) => kind)).toEqual(['local']);
  });
});
