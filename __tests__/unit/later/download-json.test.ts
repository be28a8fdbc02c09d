import { describe, expect, test } from '@jest/globals';
import { linesOfResults, readResults } from '../../../src/later/download-json.ts';

const FAILED =
  '{\n\t"Path": "a.test/b",\n\t"Version": "v1.0.0",\n\t"Error": "a.test/b@v1.0.0: reading x: 500 E\\n\\tserver response: y"\n}\n';
const DONE =
  '{\n\t"Path": "a.test/c",\n\t"Version": "v1.1.0",\n\t"Zip": "/cache/v1.1.0.zip",\n\t"Sum": "h1:sum",\n\t"Origin": {\n\t\t"VCS": "git"\n\t}\n}\n';

describe('readResults', () => {
  const done = { path: 'a.test/c', version: 'v1.1.0', error: '', zip: '/cache/v1.1.0.zip', sum: 'h1:sum' };
  const failed = {
    path: 'a.test/b',
    version: 'v1.0.0',
    error: 'a.test/b@v1.0.0: reading x: 500 E\n\tserver response: y',
    zip: '',
    sum: '',
  };
  test.each([
    ['nothing', '', []],
    ['one object', DONE, [done]],
    ['two objects, one with an object in it', FAILED + DONE, [failed, done]],
    ['one that was cut off', DONE + FAILED.slice(0, -9), [done]],
    ['words before', `go: something\n${DONE}`, [done]],
    ['other JSON', '[1]\n"text"\nnull\n', []],
    [
      'fields of other types',
      '{\n\t"Path": 1,\n\t"Error": {"a": 1}\n}\n',
      [{ path: '', version: '', error: '', zip: '', sum: '' }],
    ],
  ])('%s', (_, stdout, results) => {
    expect(readResults(stdout)).toEqual(results);
  });
});

describe('linesOfResults', () => {
  const result = { path: 'a.test/b', version: 'v1.0.0', zip: '', sum: '' };
  test.each([
    ['no error', { ...result, error: '' }, []],
    [
      'an error that names the module',
      { ...result, error: 'a.test/b@v1.0.0: x' },
      ['go: a.test/b@v1.0.0: x'],
    ],
    ['an error that does not', { ...result, error: 'x\n\ty' }, ['go: a.test/b@v1.0.0: x', '\ty']],
    ['an error without a module', { ...result, path: '', error: 'x' }, ['go: x']],
  ])('%s', (_, one, lines) => {
    expect(linesOfResults([one])).toEqual(lines);
  });
});
