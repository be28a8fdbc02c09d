import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { INPUT_DEFAULTS } from '../../../src/runner/inputs.ts';
import { NO_OUTPUTS } from '../../../src/runner/outputs.ts';

interface ActionYml {
  readonly description: string;
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly runs: Readonly<Record<string, string>>;
}

const action = parse(readFileSync('action.yml', 'utf8')) as ActionYml;

describe('action.yml', () => {
  test('fits the marketplace and runs main and post on Node 24', () => {
    expect(action.description.length).toBeLessThan(125);
    expect(action.runs).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: 'dist/index.js',
      'post-if': 'always()',
    });
  });

  test('has the defaults that a blank input falls back to', () => {
    const { mirrors, 'job-status': jobStatus, ...own } = action.inputs;
    expect(mirrors?.default).toBe('https://goproxy.cn');
    expect(jobStatus?.default).toBe(`\${{ job.status }}`);
    expect(Object.fromEntries(Object.entries(own).map(([name, input]) => [name, input.default]))).toEqual(
      INPUT_DEFAULTS,
    );
  });

  test('declares the outputs that are set', () => {
    expect(Object.keys(action.outputs).sort()).toEqual(Object.keys(NO_OUTPUTS).sort());
  });
});
