/** What the report of this job's first use says about its start. */
export interface StartFacts {
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Labels of the proxies that were healthy then, with the time to the first byte in milliseconds. */
  readonly healthy: ReadonlyMap<string, number>;
  /** `path@version` of the modules of which a file could not be fetched. */
  readonly failed: ReadonlySet<string>;
  /** A search of later steps has found something, and told it. */
  readonly isSearched: boolean;
}

/**
 * Returns what a report.json tells about the job's start; undefined when it is none of ours. Anybody in the job can have
 * written the file, so that only the expected types are taken.
 */
export function startFactsOf(text: string): StartFacts | undefined {
  const report = asObject(parseJson(text));
  if (report === undefined || report['schema'] !== 1) return undefined;
  const startedAtMs = Date.parse(asText(report['startedAt']));
  if (!Number.isFinite(startedAtMs)) return undefined;
  const candidates = asList(asObject(report['plan'])?.['candidates']);
  const failures = asList(asObject(report['prefetch'])?.['failures']);
  return {
    startedAtMs,
    healthy: new Map(candidates.flatMap(healthyOf)),
    failed: new Set(failures.map((one) => `${asText(one['module'])}@${asText(one['version'])}`)),
    isSearched: asObject(report['laterSteps'])?.['status'] === 'found',
  };
}

function healthyOf(candidate: Readonly<Record<string, unknown>>): readonly (readonly [string, number])[] {
  const verdict = asObject(candidate['verdict']);
  const firstByteMs = asObject(verdict?.['figures'])?.['firstByteMs'];
  const label = asText(candidate['label']);
  if (verdict?.['kind'] !== 'healthy' || label === '' || typeof firstByteMs !== 'number') return [];
  return [[label, firstByteMs]];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

function asList(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.map(asObject).filter((one) => one !== undefined);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
