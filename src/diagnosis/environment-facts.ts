import type { Environment } from '../go/child-env.ts';
import type { GoEnv, GoEnvOrigin } from '../go/go-env.ts';
import { redactEntry } from '../go/goproxy.ts';
import type { Project } from '../go/project.ts';
import { removeUserinfo } from '../proxy/userinfo.ts';
import { type EnvironmentId, environmentEntry } from './environment-entries.ts';
import type { Finding } from './finding.ts';
import type { ToolchainFacts } from './toolchain-findings.ts';

/** What is known of the environment that the go commands of the job have. */
export interface EnvironmentFacts {
  /** As readGoEnv returns it, also where go could not be asked. */
  readonly goEnv: Pick<GoEnv, 'values' | 'envFile' | 'origin' | 'isSet'>;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** No units: no go.mod was found or looked for. */
  readonly project: Pick<Project, 'root' | 'units'>;
  /** As for findingsOfToolchain, which tells what is wrong with them in themselves. */
  readonly toolchains: readonly ToolchainFacts[];
  /** Variables that this action sets for later steps: what stood in them before is no mistake any more. */
  readonly exported: ReadonlySet<string>;
}

/** What one case says more than its id. */
export type Case = { readonly id: EnvironmentId; readonly severity: Finding['severity'] } & Partial<
  Pick<Finding, 'title' | 'remedy' | 'copy' | 'consequence' | 'evidence' | 'subject'>
>;

const PATTERN_LISTS: ReadonlySet<string> = new Set(['GOPRIVATE', 'GONOPROXY', 'GONOSUMDB', 'GOINSECURE']);
const QUOTED_VALUES: ReadonlySet<string> = new Set([
  ...PATTERN_LISTS,
  'GOPROXY',
  'GOSUMDB',
  'GO111MODULE',
  'GOTOOLCHAIN',
]);

/** Returns the effective value, '' when nothing sets the variable. */
export function effective({ goEnv }: EnvironmentFacts, name: string): string {
  return goEnv.values.get(name) ?? '';
}

/** Returns a finding about one variable of go, with its value and origin as evidence and the place to mend in the remedy. */
export function variableFinding(facts: EnvironmentFacts, name: string, one: Case): Finding {
  const origin = facts.goEnv.origin(name);
  const remedy = one.remedy ?? environmentEntry(one.id).remedy;
  return plainFinding({
    subject: name,
    evidence: [`${showValue(name, effective(facts, name))} (${describeOrigin(origin)})`],
    ...one,
    remedy: `${remedy} ${whereToMend(name, origin)}`,
  });
}

/** Returns a finding from its entry and what the case says more. */
export function plainFinding({ id, copy: own, ...rest }: Case): Finding {
  const { copy, ...entry } = environmentEntry(id);
  const lines = own ?? copy;
  return {
    id,
    ...entry,
    subject: '',
    evidence: [],
    ...rest,
    ...(lines === undefined || lines.length === 0 ? {} : { copy: lines }),
  };
}

/** Returns `NAME="value"` for display: no userinfo, and the name alone of a variable that may hold other secrets. */
export function showValue(name: string, value: string): string {
  return QUOTED_VALUES.has(name) ? `${name}=${JSON.stringify(withoutSecrets(name, value))}` : name;
}

/** Returns where a value comes from, as a clause after the value. */
export function describeOrigin(origin: GoEnvOrigin): string {
  switch (origin) {
    case 'environment':
      return 'set in the environment';
    case 'go env -w':
      return 'written by `go env -w`';
    case 'go.env':
      return 'default of this distribution of go, in $GOROOT/go.env';
    case 'default':
      return 'default of go';
    default: {
      const never: never = origin;
      return never;
    }
  }
}

/** Returns the line that sets the variable anew in the place it is set now; none for a value that may hold a secret. */
export function settingLine(facts: EnvironmentFacts, name: string, value: string): readonly string[] {
  if (value.includes('@')) return [];
  const isWritten = facts.goEnv.origin(name) === 'go env -w';
  return [isWritten ? `go env -w ${shellWord(`${name}=${value}`)}` : `env: { ${name}: ${yamlText(value)} }`];
}

function whereToMend(name: string, origin: GoEnvOrigin): string {
  switch (origin) {
    case 'environment':
      return `${name} comes from the environment: \`env:\` of the workflow, a line in GITHUB_ENV, or the runner.`;
    case 'go env -w':
      return `${name} was written by \`go env -w\`; \`go env -u ${name}\` takes it away.`;
    case 'go.env':
      return `${name} is the default of this distribution of go; \`env:\` of the workflow overrides it.`;
    case 'default':
      return `${name} is the default of go; \`env:\` of the workflow overrides it.`;
    default: {
      const never: never = origin;
      return never;
    }
  }
}

function withoutSecrets(name: string, value: string): string {
  // Globs have question marks of their own, which redactEntry takes for a query.
  if (PATTERN_LISTS.has(name)) return removeUserinfo(value);
  return value.replace(/[^,|]+/g, redactEntry);
}

function shellWord(text: string): string {
  return /^[\w./:,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function yamlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
