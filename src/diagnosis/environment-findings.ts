import { findingsOfChecksums, findingsOfToolchainDownload } from './environment-checksums.ts';
import type { EnvironmentFacts } from './environment-facts.ts';
import { findingsOfGoproxy } from './environment-goproxy.ts';
import { findingsOfHttpProxy } from './environment-http-proxy.ts';
import {
  findingsOfHidden,
  findingsOfModuleMode,
  findingsOfUnread,
  findingsOfVendor,
} from './environment-modules.ts';
import type { Finding } from './finding.ts';

export type { EnvironmentFacts } from './environment-facts.ts';

const GRAVITY: Readonly<Record<Finding['severity'], number>> = { failure: 0, warning: 1, notice: 2 };

/**
 * Returns what is wrong with, or worth knowing of, the environment that the go commands of a job have, the gravest first:
 * `failure` where go will refuse or cannot download, `warning` where it is likely not meant, `notice` for information.
 * Asks nobody; the rules are those of the go command, each named where it is checked.
 */
export function findingsOfEnvironment(facts: EnvironmentFacts): readonly Finding[] {
  const findings = [
    ...findingsOfModuleMode(facts),
    ...findingsOfGoproxy(facts),
    ...findingsOfToolchainDownload(facts),
    ...findingsOfVendor(facts),
    ...findingsOfHttpProxy(facts),
    ...findingsOfChecksums(facts),
    ...findingsOfHidden(facts),
    ...findingsOfUnread(facts),
  ];
  return findings.toSorted((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]);
}
