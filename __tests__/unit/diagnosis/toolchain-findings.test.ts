import { describe, expect, test } from '@jest/globals';
import {
  findingsOfToolchain,
  TOOLCHAIN_ENTRIES,
  TOOLCHAIN_MEANINGS,
} from '../../../src/diagnosis/toolchain-findings.ts';
import type { ToolchainReason, WantedToolchain } from '../../../src/go/toolchain-choice.ts';

const GO_LINE: ToolchainReason = { kind: 'go line', file: 'go.mod', value: '1.25.0' };

function wanted(kind: WantedToolchain['kind'], because: ToolchainReason = GO_LINE): WantedToolchain {
  return { kind, toolchain: 'go1.25.0', version: 'v0.0.1-go1.25.0.linux-amd64', because };
}

describe('findingsOfToolchain', () => {
  test('tells a download with its size, the reason and what to copy', () => {
    expect(findingsOfToolchain([{ choice: wanted('download'), bytes: 71_234_567 }])).toEqual([
      {
        ...TOOLCHAIN_ENTRIES['toolchain-download'],
        id: 'toolchain-download',
        severity: 'notice',
        title: 'go will download the toolchain go1.25.0 (71 MB) in every job, because go.mod says go 1.25.0',
        subject: '',
        evidence: [],
        copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod } }'],
      },
    ]);
  });

  test('says some 70 MB where no proxy told', () => {
    const [finding] = findingsOfToolchain([{ choice: wanted('download') }]);
    expect(finding?.title).toContain('(some 70 MB)');
  });

  test.each<readonly [string, ToolchainReason, string]>([
    ['go.work', { kind: 'toolchain line', file: 'go.work', value: 'go1.25.0' }, 'go-version-file: go.work'],
    [
      'a file in a directory with odd letters',
      { kind: 'go line', file: "it's #1/go.mod", value: '1.25.0' },
      "go-version-file: 'it''s #1/go.mod'",
    ],
    ['GOTOOLCHAIN', { kind: 'GOTOOLCHAIN', value: 'go1.25.0+auto' }, "go-version: '1.25.0'"],
  ])('gives setup-go what %s says', (_, because, line) => {
    const [finding] = findingsOfToolchain([{ choice: wanted('download', because) }]);
    expect(finding?.copy).toEqual([`- { uses: actions/setup-go@v7, with: { ${line} } }`]);
  });

  test('leaves out the suffix of a toolchain that setup-go does not know', () => {
    const because: ToolchainReason = { kind: 'GOTOOLCHAIN', value: 'go1.25.0-corp' };
    const choice = { ...wanted('download', because), toolchain: 'go1.25.0-corp' };
    expect(findingsOfToolchain([{ choice }])[0]?.copy?.[0]).toContain("{ go-version: '1.25.0' }");
  });

  test.each([
    ['the local one serves', { choice: { kind: 'local', why: 'it serves' } }],
    ['it is on PATH', { choice: wanted('download'), place: 'PATH' }],
    ['it is in the module cache', { choice: wanted('download'), place: 'module cache' }],
    ['it is on PATH as it must be', { choice: wanted('path'), place: 'PATH' }],
  ] as const)('has nothing to tell where %s', (_, facts) => {
    expect(findingsOfToolchain([facts])).toEqual([]);
  });

  test.each([undefined, 'module cache'] as const)(
    'warns of a toolchain that must be on PATH, with place %p',
    (place) => {
      const facts = { choice: wanted('path'), ...(place === undefined ? {} : { place }) };
      expect(findingsOfToolchain([facts])).toMatchObject([
        {
          id: 'toolchain-setting',
          severity: 'warning',
          title:
            'go commands will fail: go.mod says go 1.25.0, GOTOOLCHAIN allows only what is on PATH, and go1.25.0 is not there',
        },
      ]);
    },
  );

  test('warns of a go that is too old, and never fails the step for it', () => {
    const tooOld = { kind: 'too-old', file: 'a/go.mod', required: '1.25.0', running: '1.24.3' } as const;
    expect(findingsOfToolchain([{ choice: { ...tooOld, keptBy: 'GOTOOLCHAIN=local' } }])).toMatchObject([
      {
        id: 'toolchain-too-old',
        severity: 'warning',
        class: 'configuration',
        title: 'go commands will fail: a/go.mod says go 1.25.0, and GOTOOLCHAIN=local leaves go 1.24.3',
        copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: a/go.mod } }'],
      },
    ]);
  });

  test('warns of a value that go refuses', () => {
    const problem = 'GOTOOLCHAIN is bash: go takes ...';
    expect(findingsOfToolchain([{ choice: { kind: 'refused', problem } }])).toMatchObject([
      { id: 'toolchain-setting', severity: 'warning', title: `go commands will fail: ${problem}` },
    ]);
  });

  test('tells every toolchain of several modules', () => {
    const other = { ...wanted('download'), toolchain: 'go1.26.0' };
    const found = findingsOfToolchain([{ choice: wanted('download') }, { choice: other }]);
    expect(found.map(({ title }) => /toolchain (go\S+)/.exec(title)?.[1])).toEqual(['go1.25.0', 'go1.26.0']);
  });
});

test('every entry has its meaning', () => {
  expect(Object.keys(TOOLCHAIN_MEANINGS)).toEqual(Object.keys(TOOLCHAIN_ENTRIES));
});
