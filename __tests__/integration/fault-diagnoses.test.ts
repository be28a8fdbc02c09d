import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hasOpenssl } from '../support/certificates.ts';
import { expectedOf, renderDiagnosesOfFaults } from '../support/fault-diagnoses-doc.ts';
import { runDiagnoses, type Scene, type Seen, scenesOf } from '../support/fault-diagnoses-run.ts';
import { MATRIX_FAULTS, type MatrixFault, rowName } from '../support/fault-matrix.ts';
import { hasGo } from '../support/go.ts';

const ALL_MS = 300_000;
// The table is Linux's: elsewhere a reset or a trust store is another thing.
const canRun = process.platform === 'linux' && (await hasGo()) && (await hasOpenssl());
const keyOf = ({ fault, scene }: { readonly fault: MatrixFault; readonly scene: Scene }) =>
  `${rowName(fault)} · ${scene}`;
const rows = MATRIX_FAULTS.flatMap((fault) =>
  scenesOf(fault).map((scene) => ({ name: keyOf({ fault, scene }), fault, scene })),
);

(canRun ? describe : describe.skip)('what is told of each fault', () => {
  const results = new Map<string, Seen>();
  beforeAll(async () => {
    await runDiagnoses(undefined, (seen) => results.set(keyOf(seen), seen));
  }, ALL_MS);

  const plain = rows.filter(({ fault, scene }) => expectedOf(fault, scene).not === undefined);
  test.each(plain)('$name: has its class', ({ name, fault, scene }) => {
    const told = results.get(name)?.told ?? [];
    expect(told.map((one) => one.class)).toContain(expectedOf(fault, scene).right);
    expect(told.map(({ id }) => id)).not.toContain('download-unexplained');
  });

  const later = rows.filter(({ scene }) => scene === 'build' || scene === 'download');
  test.each(later)('$name: the lines of go are recognised', ({ name }) => {
    const go = results.get(name)?.go;
    if (go?.kind === 'fails') expect(go.said).not.toEqual([]);
    expect(go).toBeDefined();
  });

  test('docs/fault-diagnoses.md says what was seen: else run npm run docs:fault-diagnoses', async () => {
    const doc = await readFile(new URL('../../docs/fault-diagnoses.md', import.meta.url), 'utf8');
    const seen = rows.map(({ name }) => results.get(name)).filter((one) => one !== undefined);
    expect(renderDiagnosesOfFaults(seen)).toBe(doc);
  });
});
