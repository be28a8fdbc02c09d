import { lineSafe } from './foreign-text.ts';
import type { Redactor } from './redaction.ts';
import type { Report } from './report.ts';

/** Bound on one text in report.json, in UTF-16 units. */
const TEXT_LIMIT = 4096;

/** What becomes of the report on its way out: secrets removed, every text line-safe. */
export type Redact = Redactor['redact'];

/**
 * Returns a copy of the report in which every text is redacted, line-safe and at most 4,096 units: what all renderers
 * and report.json start from, so that no room can forget it.
 */
export function sealReport(report: Report, redact: Redact): Report {
  return seal(report, redact);
}

/** Returns a copy of plain data as {@link sealReport} makes it: for what is told without being part of a whole report. */
export function seal<T>(value: T, redact: Redact): T {
  return sealValue(value, redact) as T;
}

/** Returns report.json (docs/report.schema.json): UTF-8, two spaces, a line end; inert also when printed into a log. */
export function renderReportJson(report: Report, redact: Redact): string {
  return formatSealed(sealReport(report, redact));
}

/** Returns a sealed report as the text of report.json. */
export function formatSealed(report: object): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function sealValue(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return lineSafe(redact(value)).slice(0, TEXT_LIMIT).toWellFormed();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map((item) => sealValue(item, redact));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sealValue(item, redact)]));
  }
  return value;
}
