import type { Finding } from './finding.ts';

/**
 * What a cause means whoever the candidate is. In `remedy`, {proxy} stands for its label, {host} for its host with the port,
 * {name} for the host name alone, and {removal} for how this candidate is taken out, which depends on where it comes from.
 */
export interface CauseEntry {
  readonly title: string;
  readonly class: Finding['class'];
  readonly fault: Finding['fault'];
  readonly rerunHelps: Finding['rerunHelps'];
  readonly remedy: string;
  /** Lines to copy, with the same placeholders. */
  readonly copy?: readonly string[];
}
