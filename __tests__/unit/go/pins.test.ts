import { describe, expect, test } from '@jest/globals';
import { parseGoMod } from '../../../src/go/go-mod.ts';
import { parseGoSum } from '../../../src/go/go-sum.ts';
import { parseGoWork } from '../../../src/go/go-work.ts';
import { pinsOf } from '../../../src/go/pins.ts';
import type { MainUnit, ProjectModule } from '../../../src/go/project.ts';

const ZIP = 'h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const MOD = 'h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=';

function moduleOf(directory: string, mod: string, sum: string): ProjectModule {
  const prefix = directory === '.' ? '' : `${directory}/`;
  return {
    directory,
    mod: parseGoMod(`${prefix}go.mod`, mod),
    sum: parseGoSum(`${prefix}go.sum`, sum),
  };
}

describe('pinsOf', () => {
  test('has hashes, the line of go.mod, and private modules too', () => {
    const unit: MainUnit = {
      kind: 'module',
      module: moduleOf(
        '.',
        'module example.com/m\n\ngo 1.24\n\nrequire (\n\tcorp.example/a v1.0.0\n\texample.com/old v1.0.0\n)\nreplace example.com/old => example.com/new v1.2.0\n',
        [
          `corp.example/a v1.0.0 ${ZIP}`,
          `corp.example/a v1.0.0/go.mod ${MOD}`,
          `example.com/new v1.2.0 ${ZIP}`,
          `example.com/far v1.0.0/go.mod ${MOD}`,
          '',
        ].join('\n'),
      ),
    };
    const pins = pinsOf({ units: [unit] });
    expect(pins.get('corp.example/a@v1.0.0')).toEqual({
      module: { path: 'corp.example/a', version: 'v1.0.0' },
      zip: [ZIP],
      mod: [MOD],
      place: { file: 'go.mod', line: 6 },
    });
    expect(pins.get('example.com/new@v1.2.0')?.place).toEqual({ file: 'go.mod', line: 9 });
    expect(pins.get('example.com/far@v1.0.0')).toEqual({
      module: { path: 'example.com/far', version: 'v1.0.0' },
      zip: [],
      mod: [MOD],
    });
    expect(pins.has('example.com/old@v1.0.0')).toBe(false);
  });

  test('has the first line of a workspace that asks for it', () => {
    const unit: MainUnit = {
      kind: 'workspace',
      directory: '.',
      work: parseGoWork('go.work', 'go 1.24\n\nuse ./a\n\nreplace example.com/x => example.com/y v1.0.0\n'),
      modules: [
        moduleOf(
          'a',
          'module example.com/a\nrequire corp.example/a v1.0.0\n',
          `corp.example/a v1.0.0 ${ZIP}\nexample.com/y v1.0.0 ${ZIP}\n`,
        ),
      ],
    };
    const pins = pinsOf({ units: [unit] });
    expect(pins.get('corp.example/a@v1.0.0')?.place).toEqual({ file: 'a/go.mod', line: 2 });
    expect(pins.get('example.com/y@v1.0.0')?.place).toEqual({ file: 'go.work', line: 5 });
  });
});
