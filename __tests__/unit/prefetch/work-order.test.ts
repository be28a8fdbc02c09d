import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatModuleVersion } from '../../../src/go/version.ts';
import type { WantedFile } from '../../../src/go/wanted-set.ts';
import { orderWork, WORKERS, type WorkOrder } from '../../../src/prefetch/work-order.ts';

/** `zip a`, `mod b`, `info c`: kind and module. */
function wanted(text: string): WantedFile {
  const [kind = '', name = ''] = text.split(' ');
  return {
    module: { path: `example.com/${name}`, version: 'v1.0.0' },
    kind: kind as WantedFile['kind'],
    hashes: [],
    disclosure: 'public',
  };
}

function shown({ kind, module }: WantedFile): string {
  return `${kind} ${module.path.slice('example.com/'.length)}`;
}

function sizesOf(sizes: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(sizes).map(([name, bytes]) => [`example.com/${name}@v1.0.0`, bytes]));
}

/** All files in the order in which one worker gets them. */
function drain(order: WorkOrder, worker: number): readonly string[] {
  const files: string[] = [];
  for (let file = order.next(worker); file !== undefined; file = order.next(worker)) files.push(shown(file));
  return files;
}

const LARGE_WORKER = WORKERS - 1;
const SMALL_WORKER = 0;

describe('the order of one worker', () => {
  test.each<[string, number, string[], Record<string, number>, string[]]>([
    [
      'zips by size, the largest first',
      LARGE_WORKER,
      ['zip a', 'zip b', 'zip c'],
      { a: 5, b: 70, c: 6 },
      ['zip b', 'zip c', 'zip a'],
    ],
    [
      'unknown sizes after known ones, as they come',
      LARGE_WORKER,
      ['zip a', 'zip b', 'zip c', 'zip d'],
      { c: 1, d: 2 },
      ['zip d', 'zip c', 'zip a', 'zip b'],
    ],
    [
      'small files after the zips, as they come',
      LARGE_WORKER,
      ['mod a', 'info a', 'zip a', 'mod b', 'zip b'],
      { b: 9 },
      ['zip b', 'zip a', 'mod a', 'info a', 'mod b'],
    ],
    [
      'the first workers take small files before zips',
      SMALL_WORKER,
      ['zip a', 'mod a', 'zip b', 'info b'],
      { b: 9 },
      ['mod a', 'info b', 'zip b', 'zip a'],
    ],
    ['a size of a zip moves no small file', SMALL_WORKER, ['mod a', 'mod b'], { b: 9 }, ['mod a', 'mod b']],
    ['nothing', SMALL_WORKER, [], {}, []],
  ])('%s', (_, ...row) => {
    const [worker, files, sizes, expected] = row;
    expect(drain(orderWork(files.map(wanted), sizesOf(sizes)), worker)).toEqual(expected);
  });

  test('small files and zips are begun side by side', () => {
    const files = Array.from({ length: 80 }, (_, index) => [`zip m${index}`, `mod m${index}`]).flat();
    const order = orderWork(files.map(wanted), new Map());
    const first = Array.from({ length: WORKERS }, (_, worker) => order.next(worker)?.kind);
    expect(first.filter((kind) => kind === 'mod').length).toBe(16);
    expect(first.filter((kind) => kind === 'zip').length).toBe(WORKERS - 16);
  });
});

describe('whatever the files, sizes and turns', () => {
  const files = fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom('zip', 'mod', 'info'),
      name: fc.integer({ min: 0, max: 30 }).map((number) => `m${number}`),
    }),
    { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 60 },
  );
  const sizes = fc.dictionary(
    fc.integer({ min: 0, max: 30 }).map((number) => `m${number}`),
    fc.nat(),
  );
  const turns = fc.infiniteStream(fc.nat(WORKERS - 1));

  test('none is lost, none given twice, and none comes after the end', () => {
    fc.assert(
      fc.property(files, sizes, turns, (given, bytes, workers) => {
        const all = given.map(({ kind, name }) => wanted(`${kind} ${name}`));
        const order = orderWork(all, sizesOf(bytes));
        const got = all.map(() => order.next(workers.next().value));
        expect(new Set(got)).toEqual(new Set(all));
        expect(order.next(workers.next().value)).toBeUndefined();
        expect(order.next(workers.next().value)).toBeUndefined();
      }),
    );
  });

  test('no zip is larger than one before it', () => {
    fc.assert(
      fc.property(files, sizes, turns, (given, bytes, workers) => {
        const known = sizesOf(bytes);
        const order = orderWork(
          given.map(({ kind, name }) => wanted(`${kind} ${name}`)),
          known,
        );
        const got = given.flatMap(() => order.next(workers.next().value) ?? []);
        const zips = got.filter(({ kind }) => kind === 'zip');
        const sorted = zips.map(({ module }) => known.get(formatModuleVersion(module)) ?? 0);
        expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
      }),
    );
  });
});
