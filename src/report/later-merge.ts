import { CLASS_ORDER, type Finding, failureClassOf } from '../diagnosis/finding.ts';
import { boundLater } from './later-text.ts';
import { redactUrls } from './redaction.ts';
import type { LaterFacts, Report } from './report.ts';
import { formatSealed, type Redact, seal } from './report-json.ts';
import { keyOfAnnotation, notYetTold } from './told-causes.ts';

/** What the post step found after the report was written. */
export interface LaterAddition {
  readonly laterSteps: LaterFacts;
  readonly findings: readonly Finding[];
  /** Hosts that the search contacted. */
  readonly hosts?: readonly string[];
}

type Kind = 'string' | 'number' | 'list' | 'object';

/** The properties that our report has, by the kind of value; those with `?` may be absent. */
const PROPERTIES = {
  schema: 'number',
  actionVersion: 'string',
  step: 'string',
  mode: 'string',
  startedAt: 'string',
  durations: 'list',
  go: 'object',
  plan: 'object',
  chain: 'object',
  checksumDatabase: 'object',
  privatePatterns: 'object',
  exported: 'list',
  wanted: 'object?',
  cache: 'object?',
  extractedTrees: 'number?',
  prefetch: 'object?',
  laterSteps: 'object?',
  secondUse: 'string?',
  notes: 'list',
  hosts: 'list',
  findings: 'list',
  failureClass: 'string',
} as const satisfies Record<keyof Report, Kind | `${Kind}?`>;

/** Ours is 7 deep. */
const MAX_DEPTH = 12;
/** With indentation; what is beyond would be a flood in the log. */
const MAX_LENGTH = 8 << 20;
/** As all properties of docs/report.schema.json are called: other names are no text to print. */
const PROPERTY = /^[A-Za-z][A-Za-z-]{0,39}$/;

/**
 * Returns the text of report.json with what the post step found, its failure class computed anew; undefined for a text that
 * is not a report of ours (whoever wrote the file), or too large with the addition. All texts are sealed again with `redact`.
 * The caller bounds the size of the text (4 MiB). Never throws.
 */
export function withLaterSteps(
  reportText: string,
  addition: LaterAddition,
  redact: Redact = redactUrls,
): string | undefined {
  const report = parseReport(reportText);
  if (report === undefined) return undefined;
  const old = seal(report, redact);
  const { laterSteps, findings, hosts = [] } = seal(addition, redact);
  const all = [...old.findings, ...notYetTold(findings, old.findings.map(keyOfAnnotation))];
  const merged: Report = {
    ...old,
    laterSteps: boundLater(laterSteps),
    hosts: [...new Set([...old.hosts, ...hosts])],
    findings: all,
    failureClass: failureClassOf(all),
  };
  const text = formatSealed(inOrder(merged));
  return text.length > MAX_LENGTH ? undefined : text;
}

function parseReport(text: string): Report | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isReport(value) ? value : undefined;
  } catch {
    return undefined; // Not JSON, or of a depth that is not ours.
  }
}

/** As deep as this is looked at: what is read below (findings, hosts), and that all else is plain data of our properties. */
function isReport(value: unknown): value is Report {
  if (!isRecord(value) || value['schema'] !== 1 || !isPlain(value, MAX_DEPTH)) return false;
  const known = Object.entries(PROPERTIES).every(([name, kind]) => isOfKind(value[name], kind));
  const isOurs = Object.keys(value).every((name) => Object.hasOwn(PROPERTIES, name));
  return known && isOurs && areTexts(value['hosts']) && areFindings(value['findings']);
}

function isOfKind(value: unknown, kind: Kind | `${Kind}?`): boolean {
  if (value === undefined) return kind.endsWith('?');
  switch (kind.replace('?', '')) {
    case 'list':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    default:
      return typeof value === kind.replace('?', '');
  }
}

function areFindings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isFinding);
}

/** What the class, and the key of an annotation, are made from. */
function isFinding(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, subject, severity, class: failureClass } = value;
  return (
    typeof id === 'string' &&
    typeof subject === 'string' &&
    (severity === 'failure' || severity === 'warning' || severity === 'notice') &&
    CLASS_ORDER.some((name) => name === failureClass)
  );
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  const names = Array.isArray(value) ? [] : Object.keys(value);
  return (
    names.every((name) => PROPERTY.test(name)) &&
    Object.values(value).every((item) => isPlain(item, depth - 1))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As `buildReport` writes them: a reader finds each where it stood. */
function inOrder(report: Report): object {
  const { laterSteps, secondUse, notes, hosts, findings, failureClass, ...before } = report;
  return {
    ...before,
    laterSteps,
    ...(secondUse === undefined ? {} : { secondUse }),
    notes,
    hosts,
    findings,
    failureClass,
  };
}
