import { createHash } from 'node:crypto';
import type { Finding } from '../diagnosis/finding.ts';
import { ANNOTATION_LIMIT } from './annotations.ts';
import { causesOf } from './causes.ts';

/** More keys than this are never left for the post step. */
export const TOLD_LIMIT = 50;

/** A cause of more subjects than this is left as told whatever the subject: its annotation could not name them all. */
const SUBJECT_LIMIT = TOLD_LIMIT / ANNOTATION_LIMIT;

const KEY = /^[0-9a-f]{16}$/;
/** Stands for every subject; no finding has it, as subjects are labels, modules and files. */
const ANY_SUBJECT = '*';

/**
 * Returns what identifies a finding that was told: 16 hexadecimal digits made from severity, id and subject. A warning that
 * became a failure is another one.
 */
export function keyOfAnnotation({
  severity,
  id,
  subject,
}: Pick<Finding, 'severity' | 'id' | 'subject'>): string {
  return createHash('sha256')
    .update(JSON.stringify([severity, id, subject]))
    .digest('hex')
    .slice(0, 16);
}

/** Returns the keys of what `annotate` tells of the findings, at most 50, for the state of the step. */
export function toldKeys(findings: readonly Finding[]): readonly string[] {
  return causesOf(findings)
    .slice(0, ANNOTATION_LIMIT)
    .flatMap(({ first, group }) => {
      const keys = [...new Set(group.map(keyOfAnnotation))];
      return keys.length > SUBJECT_LIMIT ? [keyOfAnnotation({ ...first, subject: ANY_SUBJECT })] : keys;
    });
}

/** Returns the findings that are not among those told, by keys of {@link toldKeys} or {@link keyOfAnnotation}. */
export function notYetTold(findings: readonly Finding[], told: readonly string[]): readonly Finding[] {
  const known = new Set(told);
  return findings.filter(
    (finding) =>
      !known.has(keyOfAnnotation(finding)) &&
      !known.has(keyOfAnnotation({ ...finding, subject: ANY_SUBJECT })),
  );
}

/** Says whether a value of the state is a list of such keys. */
export function isToldKeys(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= TOLD_LIMIT &&
    value.every((key) => typeof key === 'string' && KEY.test(key))
  );
}
