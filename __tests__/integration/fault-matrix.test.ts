import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hasOpenssl } from '../support/certificates.ts';
import { cellName, cellsOfMatrix, factsOfSeed, rowName } from '../support/fault-matrix.ts';
import { reasonToFail, renderMatrix } from '../support/fault-matrix-doc.ts';
import { type CellResult, runMatrix } from '../support/fault-matrix-run.ts';
import { hasGo } from '../support/go.ts';

const cells = cellsOfMatrix();
const ours = cells.filter(({ contestant }) => contestant.startsWith('ours'));
const go = cells.filter(({ contestant }) => contestant.startsWith('go'));
const MATRIX_MS = 600_000;
// The table is Linux's: elsewhere a reset or a trust store is another thing.
const canRun = process.platform === 'linux' && (await hasGo()) && (await hasOpenssl());

test('the seed strikes about 30 %, so that no order of requests changes an outcome', () => {
  const { longestRun, share, struckAtBoth, probeStruck } = factsOfSeed();
  expect(longestRun).toBe(3);
  expect(share).toBeGreaterThan(0.25);
  expect(share).toBeLessThan(0.35);
  expect(probeStruck).toEqual({ a: true, b: false });
  for (const kind of ['.info', '.mod', '.zip']) {
    expect(struckAtBoth.filter((target) => target.endsWith(kind)).length).toBeGreaterThan(0);
  }
});

(canRun ? describe : describe.skip)('the fault matrix', () => {
  const results = new Map<string, CellResult>();
  beforeAll(async () => {
    await runMatrix(cells, (result) => results.set(cellName(result.cell), result));
  }, MATRIX_MS);
  const outcomeOf = (name: string) => results.get(name)?.outcome;
  const rows = (list: typeof cells) => list.map((cell) => ({ name: cellName(cell), cell }));

  test.each(rows(ours))('$name', ({ name, cell }) => {
    const result = results.get(name);
    const expected = reasonToFail(cell) === undefined ? 'survives' : 'fails';
    // The log of the step shows why.
    expect(`${result?.outcome}${result?.outcome === expected ? '' : `\n${result?.evidence}`}`).toBe(expected);
    expect(result?.wrongFiles).toEqual([]);
  });

  // cmd/go/internal/modfetch/proxy.go, TryProxies: a comma is passed by what fs.ErrNotExist is (404, 410) and by nothing else.
  const answers = go.filter(
    ({ fault, crossing }) => fault.place === 'statuses' && crossing.startsWith('one-'),
  );
  test.each(rows(answers))('$name: as TryProxies says', ({ name, cell }) => {
    const passes = cell.contestant === 'go |' || /404|410/.test(cell.fault.name);
    expect(outcomeOf(name)).toBe(passes ? 'survives' : 'fails');
  });

  // cmd/go/internal/web: the client has no timeout.
  const silent = go.filter(({ fault }) => /silence|no answer/.test(rowName(fault)) && fault.place !== 'TLS');
  test.each(rows(silent))('$name: for ever', ({ name }) => {
    expect(outcomeOf(name)).toBe('hangs');
  });

  test('docs/fault-matrix.md says what was seen: else run scripts/fault-matrix-doc.mjs', async () => {
    const doc = await readFile(new URL('../../docs/fault-matrix.md', import.meta.url), 'utf8');
    const seen = cells.map((cell) => results.get(cellName(cell))).filter((result) => result !== undefined);
    expect(seen.flatMap(({ outcome, evidence }) => (outcome === 'unjudged' ? [evidence] : []))).toEqual([]);
    expect(renderMatrix(seen)).toBe(doc);
  });
});
