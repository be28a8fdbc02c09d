import { describe, expect, test } from '@jest/globals';
import { describeOwnFault, surviveFault } from '../../../src/own-fault.ts';

describe('a fault of ours', () => {
  test.each<[string, unknown, string]>([
    ['an error is told by its name', new TypeError('https://user:pass@x.example'), 'TypeError'],
    ['anything else has none', 'https://user:pass@x.example', 'unknown error'],
  ])('%s', (_, thrown, name) => {
    expect(describeOwnFault(thrown)).toBe(`a fault of setup-goproxy itself (${name})`);
  });
});

describe('surviveFault', () => {
  const { signal } = new AbortController();
  const fault = () => {
    throw new RangeError('x');
  };

  test('returns what the work resolves with', async () => {
    expect(await surviveFault(async () => 'done', signal, describeOwnFault)).toBe('done');
  });

  test.each<[string, () => Promise<string>]>([
    ['a rejection', async () => fault()],
    ['what is thrown before the first await', fault],
  ])('makes an outcome of %s', async (_, work) => {
    expect(await surviveFault(work, signal, describeOwnFault)).toContain('RangeError');
  });

  test('throws the reason of a step that has ended', async () => {
    const ended = AbortSignal.abort(new Error('the end'));
    await expect(surviveFault(async () => fault(), ended, describeOwnFault)).rejects.toThrow('the end');
  });
});
