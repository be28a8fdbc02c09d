import { findingsOfEnvironment } from './diagnosis/environment-findings.ts';
import type { Finding } from './diagnosis/finding.ts';
import type { ProjectSetting } from './setting.ts';
import type { Toolchains } from './toolchains.ts';

/** Returns what is wrong with, or worth knowing of, the environment that the go commands of later steps had. */
export function environmentFindings(
  { goEnv, project, toolchains }: Pick<ProjectSetting, 'goEnv' | 'project' | 'toolchains'>,
  known: Toolchains['facts'] = toolchains.map((choice) => ({ choice })),
): readonly Finding[] {
  return findingsOfEnvironment({
    goEnv,
    env: process.env,
    platform: process.platform,
    project,
    toolchains: known,
    // When later steps are over, what was exported is in the environment already.
    exported: new Set(),
  });
}
