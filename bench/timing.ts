import { spawn } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';

/** Wall time of one run of a program from start to exit, in milliseconds; its output is thrown away. */
export async function timeProcess(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [...args], { ...options, stdio: 'ignore', timeout: 60_000 });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  if (code !== 0) throw new Error(`${args[0] ?? ''} ended with ${String(code)}`);
  return performance.now() - start;
}

/** The middle of the values; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs the measurements in turns, so that a busy moment of the machine meets all of them; gives the medians. */
export async function mediansInTurns<Name extends string>(
  rounds: number,
  runs: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(runs) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) samples.get(name)?.push(await runs[name]());
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

/** Prints one line of a table: a name, milliseconds, and the ratio and difference to the peer. */
export function printAgainst(name: string, ms: number, peer: number): void {
  const ratio = (ms / peer).toFixed(ms < peer ? 2 : 1);
  const difference = (ms - peer).toFixed(0);
  const sign = ms < peer ? '' : '+';
  process.stdout.write(
    `${name.padEnd(64)} ${ms.toFixed(0).padStart(6)} ms   ×${ratio}   ${sign}${difference} ms\n`,
  );
}

/** Prints how busy the machine is before a measurement: figures from a busy one say little. */
export function printLoad(): void {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  process.stdout.write(`${availableParallelism()} cores, load of the last minute ${load}\n`);
}
