import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { INPUT_DEFAULTS, InputError, parseInputs, parseJobStatus } from '../../../src/runner/inputs.ts';

const WORKSPACE = path.resolve('/workspace/project');

function read(inputs: Readonly<Record<string, string>> = {}) {
  return parseInputs((name) => inputs[name] ?? '', { workspace: WORKSPACE });
}

function refusal(inputs: Readonly<Record<string, string>>): InputError {
  try {
    read(inputs);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('all defaults', () => {
  expect(read()).toEqual({
    mode: 'setup',
    proxies: '',
    mirrors: '',
    fallback: 'auto',
    direct: 'auto',
    goprivate: '',
    gonoproxy: '',
    gonosumdb: '',
    gosumdb: 'auto',
    probeTimeoutMs: 3000,
    prefetch: 'auto',
    prefetchTimeoutMs: 600_000,
    cache: 'auto',
    saveCache: 'auto',
    cacheDependencyPath: [],
    cacheSuffix: '',
    workingDirectory: WORKSPACE,
    jobSummary: 'auto',
    problemMatchers: true,
    failOn: [],
    jobStatus: 'unknown',
  });
});

describe('action.yml', () => {
  const action = parse(readFileSync(new URL('../../../action.yml', import.meta.url), 'utf8'));

  test('has the same inputs and defaults', () => {
    const defaults = Object.fromEntries(
      Object.entries<{ default: unknown }>(action.inputs).map(([name, input]) => [
        name,
        String(input.default),
      ]),
    );
    expect(defaults).toEqual({
      ...INPUT_DEFAULTS,
      mirrors: 'https://goproxy.cn',
      'job-status': `\${{ job.status }}`,
    });
  });

  test('is what a marketplace takes', () => {
    expect(action.description.length).toBeLessThan(125);
    expect(action.runs).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: 'dist/index.js',
      'post-if': 'always()',
    });
    for (const { description } of [
      ...Object.values<{ description: string }>(action.inputs),
      ...Object.values<{ description: string }>(action.outputs),
    ]) {
      expect(description).toMatch(/\.$/);
    }
  });
});

describe('what is allowed', () => {
  test.each<[string, string, object]>([
    ['mode', 'diagnose', { mode: 'diagnose' }],
    ['mode', '  setup\n', { mode: 'setup' }],
    ['proxies', 'https://a.example\nhttps://b.example', { proxies: 'https://a.example\nhttps://b.example' }],
    ['mirrors', 'https://goproxy.io', { mirrors: 'https://goproxy.io' }],
    ['mirrors', 'none', { mirrors: '' }],
    ['fallback', 'any-error', { fallback: 'any-error' }],
    ['fallback', 'none', { fallback: 'none' }],
    ['direct', 'true', { direct: true }],
    ['direct', 'FALSE', { direct: false }],
    ['goprivate', '*.corp.example,github.com/org', { goprivate: '*.corp.example,github.com/org' }],
    ['gonoproxy', 'none', { gonoproxy: 'none' }],
    [
      'gosumdb',
      'sum.golang.org https://sum.golang.org',
      { gosumdb: 'sum.golang.org https://sum.golang.org' },
    ],
    ['gosumdb', 'sum.golang.google.cn', { gosumdb: 'sum.golang.google.cn' }],
    ['probe-timeout', '100ms', { probeTimeoutMs: 100 }],
    ['probe-timeout', '1m', { probeTimeoutMs: 60_000 }],
    ['prefetch-timeout', '1s', { prefetchTimeoutMs: 1000 }],
    ['prefetch-timeout', '6h', { prefetchTimeoutMs: 21_600_000 }],
    ['prefetch', 'True', { prefetch: true }],
    ['cache', 'false', { cache: false }],
    ['save-cache', 'true', { saveCache: true }],
    [
      'cache-dependency-path',
      'a/go.sum\r\n\n  **/go.sum ',
      { cacheDependencyPath: ['a/go.sum', '**/go.sum'] },
    ],
    ['cache-suffix', 'a.B_9-', { cacheSuffix: 'a.B_9-' }],
    ['cache-suffix', 'x'.repeat(64), { cacheSuffix: 'x'.repeat(64) }],
    ['working-directory', './service/..', { workingDirectory: WORKSPACE }],
    ['working-directory', path.join(WORKSPACE, 'b'), { workingDirectory: path.join(WORKSPACE, 'b') }],
    ['working-directory', '..hidden', { workingDirectory: path.join(WORKSPACE, '..hidden') }],
    ['job-summary', 'on-failure', { jobSummary: 'on-failure' }],
    ['problem-matchers', 'false', { problemMatchers: false }],
    ['fail-on', 'never', { failOn: [] }],
    ['fail-on', 'unverified, no-healthy-proxy', { failOn: ['no-healthy-proxy', 'unverified'] }],
    ['fail-on', 'download-failure', { failOn: ['download-failure'] }],
    ['job-status', 'cancelled', { jobStatus: 'cancelled' }],
  ])('%s: %j', (name, value, expected) => {
    expect(read({ [name]: value })).toMatchObject(expected);
  });
});

describe('what is refused', () => {
  test.each<[string, string, RegExp]>([
    ['mode', 'Setup', /found "Setup", allowed are setup, diagnose/],
    ['proxies', 'ftp://a.example', /entry 1 .*https, http or file/],
    ['proxies', 'https://a.example,off', /entry 2/],
    ['proxies', 'https://a.ex\0ample', /control characters/],
    ['mirrors', 'file:///x', /standby/],
    ['fallback', 'pipe', /allowed are auto, any-error, not-found, none/],
    ['direct', 'yes', /allowed are auto, true and false/],
    ['goprivate', 'a.example b.example', /white space/],
    ['gonoproxy', 'https://a.example', /can never match/],
    ['gonosumdb', 'a[', /can never match/],
    ['gosumdb', 'off', /gonosumdb/],
    ['gosumdb', 'example.com', /no database/],
    ['probe-timeout', '99ms', /allowed are Go durations from 100ms to 1m0s/],
    ['probe-timeout', '61s', /100ms to 1m0s/],
    ['probe-timeout', '3', /100ms to 1m0s/],
    ['probe-timeout', '-3s', /100ms to 1m0s/],
    ['probe-timeout', '3 seconds', /100ms to 1m0s/],
    ['prefetch-timeout', '999ms', /1s to 6h0m0s/],
    ['prefetch-timeout', '6h1s', /1s to 6h0m0s/],
    ['prefetch', 'on', /auto, true and false/],
    ['cache', '1', /auto, true and false/],
    ['save-cache', 'always', /auto, true and false/],
    ['cache-dependency-path', 'a\x1b[31m', /control characters/],
    ['cache-suffix', 'a/b', /A-Z/],
    ['cache-suffix', 'x'.repeat(65), /at most 64/],
    ['working-directory', '..', /inside of the workspace/],
    ['working-directory', '../other', /inside of the workspace/],
    ['working-directory', '/', /inside of the workspace/],
    ['working-directory', 'a\nb', /one directory/],
    ['working-directory', 'a\0b', /control characters/],
    ['job-summary', 'true', /auto, always, on-failure, never/],
    ['problem-matchers', 'auto', /true and false/],
    ['fail-on', 'never,unverified', /comma list/],
    ['fail-on', 'unverified,', /comma list/],
    ['fail-on', 'Unverified', /comma list/],
    ['goprivate', 'x'.repeat(65_537), /at most 65536 characters/],
  ])('%s: %j', (name, value, message) => {
    const error = refusal({ [name]: value });
    expect(error).toMatchObject({ input: name, code: 'invalid-input' });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(new RegExp(`^Input '${name}'[^]* Example: \`${name}: `));
  });

  test.each([
    ['proxies', 'https://bob:canary@a.example?x=canary'],
    ['proxies', 'https://bob:can/ary@a.example'],
    ['proxies', 'ftp://bob:canary@a.example'],
    ['proxies', 'http://bob:canary@a.example'],
    ['mirrors', 'bob:canary@a.example|x'],
    ['goprivate', 'https://bob:canary@a.example'],
    ['goprivate', 'bob:canary@a.example x'],
    ['gosumdb', 'x https://bob:canary@a.example y'],
    ['gosumdb', 'https://bob:canary@a.example'],
    ['gosumdb', 'bob:canary@a.example'],
    ['fallback', 'https://bob:canary@a.example'],
  ])('%s: %j is told without the secret', (name, value) => {
    expect(refusal({ [name]: value }).message).not.toMatch(/canary|bob|ary@/);
  });

  test('the value is inert in the message', () => {
    const { message } = refusal({ mode: 'x\r::error::y ##[add-mask]z\x1b[31m' });
    expect(message).toContain('found "x : :error: :y ## [add-mask]z"');
    expect(message).not.toMatch(/[\r\x1b]|::|##\[/);
  });
});

test.each([
  ['success', 'success'],
  [' failure ', 'failure'],
  ['cancelled', 'cancelled'],
  ['Success', 'unknown'],
  ['', 'unknown'],
  ['skipped', 'unknown'],
])('job status %j is %s', (text, status) => {
  expect(parseJobStatus(text)).toBe(status);
});
