/** One object that `go mod download -json` prints; '' for what it does not hold. */
export interface DownloadResult {
  readonly path: string;
  readonly version: string;
  readonly error: string;
  /** Path of the zip, once it was downloaded. */
  readonly zip: string;
  /** Hash of the zip, once it was verified. */
  readonly sum: string;
}

/**
 * Returns the objects in the output of `go mod download -json` (cmd/go/internal/modcmd, ModuleJSON: each begins and ends
 * with a brace in a line of its own). What is not whole, or no such object, is left out. Pure.
 */
export function readResults(stdout: string): readonly DownloadResult[] {
  const texts = stdout.split(/^(?=\{$)/m).map((text) => text.trim());
  return texts.flatMap((text) => readResult(text) ?? []);
}

function readResult(text: string): DownloadResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const object = value as Readonly<Record<string, unknown>>;
  const field = (name: string) => {
    const found = object[name];
    return typeof found === 'string' ? found : '';
  };
  return {
    path: field('Path'),
    version: field('Version'),
    error: field('Error'),
    zip: field('Zip'),
    sum: field('Sum'),
  };
}

/** Returns the errors as go prints them without -json, but each with the module before it. Pure. */
export function linesOfResults(results: readonly DownloadResult[]): readonly string[] {
  return results.flatMap(({ path, version, error }) => {
    if (error === '') return [];
    const name = `${path}@${version}`;
    const isNamed = path === '' || version === '' || error.startsWith(name);
    return `go: ${isNamed ? error : `${name}: ${error}`}`.split('\n');
  });
}
