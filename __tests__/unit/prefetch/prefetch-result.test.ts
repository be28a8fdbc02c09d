import { describe, expect, test } from '@jest/globals';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import { countModules, type FileResult, failedFiles } from '../../../src/prefetch/prefetch-result.ts';

/** `placed a.zip`, `left b.mod`, `failed c.info`. */
function resultOf(text: string): FileResult {
  const [what = '', name = '', kind = ''] = text.split(/[ .]/);
  const file: WantedFile = {
    module: { path: `example.com/${name}`, version: 'v1.0.0' },
    kind: kind as WantedFile['kind'],
    hashes: [],
    disclosure: 'public',
  };
  if (what === 'placed')
    return { kind: 'placed', file, attempts: [], proxy: 'p', bytes: 1, fromProbe: false };
  if (what === 'left') return { kind: 'left-to-go', file, attempts: [], why: 'not-found' };
  return { kind: 'failed', file, attempts: [], class: 'infrastructure' };
}

describe('module versions are counted once, by the worst of their files', () => {
  test.each([
    ['nothing', [], { fetched: 0, failed: 0, leftToGo: 0 }],
    [
      'three files of one',
      ['placed a.zip', 'placed a.mod', 'placed a.info'],
      { fetched: 1, failed: 0, leftToGo: 0 },
    ],
    ['a .mod alone', ['placed a.mod'], { fetched: 1, failed: 0, leftToGo: 0 }],
    ['two', ['placed a.zip', 'placed b.mod'], { fetched: 2, failed: 0, leftToGo: 0 }],
    ['one file failed', ['placed a.mod', 'failed a.zip'], { fetched: 0, failed: 1, leftToGo: 0 }],
    ['two files of one failed', ['failed a.mod', 'failed a.zip'], { fetched: 0, failed: 1, leftToGo: 0 }],
    ['one file is left to go', ['placed a.mod', 'left a.zip'], { fetched: 0, failed: 0, leftToGo: 1 }],
    ['one failed, one is left', ['failed a.mod', 'left a.zip'], { fetched: 0, failed: 1, leftToGo: 0 }],
    [
      'each of three',
      ['placed a.mod', 'failed b.mod', 'left c.mod', 'placed c.zip'],
      { fetched: 1, failed: 1, leftToGo: 1 },
    ],
  ])('%s', (_, files, expected) => {
    expect(countModules(files.map(resultOf))).toEqual(expected);
  });

  test('versions of one module are two', () => {
    const one = resultOf('placed a.zip');
    const other = { ...one, file: { ...one.file, module: { ...one.file.module, version: 'v1.0.1' } } };
    expect(countModules([one, other]).fetched).toBe(2);
  });
});

test('the failed files are those that failed', () => {
  const files = ['placed a.zip', 'failed a.mod', 'left b.mod', 'failed c.mod'].map(resultOf);
  expect(failedFiles(files)).toEqual([files[1], files[3]]);
});
