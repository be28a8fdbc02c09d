import { environmentValue } from '../go/child-env.ts';
import { GoRuleError } from '../go/go-rule-error.ts';
import { modFlag, modfile, parseGoflags } from '../go/goflags.ts';
import { fileOf, type MainUnit, modulesOf } from '../go/project.ts';
import { decideVendor } from '../go/vendor.ts';
import {
  type Case,
  describeOrigin,
  type EnvironmentFacts,
  effective,
  plainFinding,
  showValue,
  variableFinding,
} from './environment-facts.ts';
import type { Finding } from './finding.ts';

/** The variables that decide what is downloaded from where, and whether that is checked. */
const HIDEABLE = [
  'GOPROXY',
  'GOPRIVATE',
  'GONOPROXY',
  'GONOSUMDB',
  'GOSUMDB',
  'GOINSECURE',
  'GOAUTH',
  'GOVCS',
  'GOFLAGS',
  'GO111MODULE',
  'GOMODCACHE',
  'GOTOOLCHAIN',
] as const;

/** What advice on the web says to set; cmd/go reads no variable that internal/cfg, KnownEnv does not have. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ['GONOSUMCHECK', 'For private modules set GOPRIVATE, or the input `goprivate`.'],
]);

/**
 * Returns the mistakes in GO111MODULE and GOFLAGS. Source: cmd/go/internal/modload/init.go, Init and setDefaultBuildMod;
 * cmd/go/internal/base/goflags.go, InitGOFLAGS and SetFromGOFLAGS; cmd/go/internal/work/init.go, buildModeInit (values of
 * -mod); cmd/go/internal/modget/get.go, runGet (-insecure).
 */
export function findingsOfModuleMode(facts: EnvironmentFacts): readonly Finding[] {
  return [...go111moduleFindings(facts), ...goflagsFindings(facts)];
}

/**
 * Returns the vendor directories that go will refuse to build from. Source: cmd/go/internal/modload/vendor.go,
 * checkVendorConsistency; `go mod download`, `go mod tidy` and `go get` do not look at it (init.go, setDefaultBuildMod).
 */
export function findingsOfVendor(facts: EnvironmentFacts): readonly Finding[] {
  const flag = readModFlag(effective(facts, 'GOFLAGS'));
  if (flag === 'mod' || flag === 'readonly') return [];
  return facts.project.units
    .filter((unit) => isDrifted(facts, unit, flag))
    .map((unit) => vendorFinding(facts, unit, flag));
}

/** Returns what the environment hides of `go env -w`. Source: cmd/go/internal/cfg/cfg.go, Getenv. */
export function findingsOfHidden(facts: EnvironmentFacts): readonly Finding[] {
  const { goEnv, env, platform, exported } = facts;
  return HIDEABLE.flatMap((name) => {
    const written = goEnv.envFile.get(name);
    const own = environmentValue(env, name, platform);
    if (written === undefined || own === '' || own === written || exported.has(name)) return [];
    return [
      plainFinding({
        id: 'go-env-hidden',
        // actions/setup-go exports it, and rightly.
        severity: name === 'GOTOOLCHAIN' ? 'notice' : 'warning',
        subject: name,
        evidence: [
          `${showValue(name, own)} (${describeOrigin('environment')})`,
          `${showValue(name, written)} (${describeOrigin('go env -w')}, without effect)`,
        ],
        copy: [`go env -u ${name}`],
      }),
    ];
  });
}

/** Returns the variables that are set and that go does not read. */
export function findingsOfUnread({ env, platform }: EnvironmentFacts): readonly Finding[] {
  return [...UNREAD].flatMap(([name, instead]) => {
    if (environmentValue(env, name, platform) === '') return [];
    const remedy = `Take it away where it is set. ${instead}`;
    return [plainFinding({ id: 'go-env-unread', severity: 'notice', subject: name, remedy })];
  });
}

function go111moduleFindings(facts: EnvironmentFacts): readonly Finding[] {
  const value = effective(facts, 'GO111MODULE');
  if (['', 'on', 'auto'].includes(value)) return [];
  if (value !== 'off') {
    return [
      variableFinding(facts, 'GO111MODULE', {
        id: 'go111module-setting',
        severity: 'failure',
        title: `${JSON.stringify(value.slice(0, 40))} is none of the values that go takes`,
        consequence: 'every go command ends with an error',
      }),
    ];
  }
  const hasModule = facts.project.units.length > 0;
  return [
    variableFinding(facts, 'GO111MODULE', {
      id: 'go111module-off',
      severity: hasModule ? 'failure' : 'warning',
      title: hasModule
        ? 'modules are switched off, so go does not look at go.mod'
        : 'modules are switched off',
      consequence: 'go mod, go install with a version and all that need a module fail',
    }),
  ];
}

function goflagsFindings(facts: EnvironmentFacts): readonly Finding[] {
  const value = effective(facts, 'GOFLAGS');
  const finding = (one: Omit<Case, 'id'>): Finding =>
    variableFinding(facts, 'GOFLAGS', { id: 'goflags-setting', ...one });
  try {
    const { flags } = parseGoflags(value);
    const mod = modFlag(value);
    modfile(value);
    const findings: Finding[] = [];
    if (mod === 'mod' && facts.project.units.some(({ kind }) => kind === 'workspace')) {
      findings.push(finding(WORKSPACE_MOD));
    }
    if (flags.has('insecure')) findings.push(finding(INSECURE));
    return findings;
  } catch (error) {
    if (!(error instanceof GoRuleError)) throw error;
    return [finding({ severity: 'failure', title: error.message })];
  }
}

const WORKSPACE_MOD: Omit<Case, 'id'> = {
  severity: 'failure',
  title: 'in a workspace go takes -mod=readonly and -mod=vendor only, and GOFLAGS says -mod=mod',
  remedy: 'Take -mod=mod out of GOFLAGS, or set GOWORK=off for what is to work on one module alone.',
};

const INSECURE: Omit<Case, 'id'> = {
  severity: 'warning',
  title: 'the flag -insecure is no longer supported, and with it every go get fails',
  remedy: 'Take -insecure out of GOFLAGS; GOINSECURE names the modules whose hosts have no TLS.',
};

/** Undefined also where go cannot read the value, which is a finding of its own. */
function readModFlag(value: string): ReturnType<typeof modFlag> {
  try {
    return modFlag(value);
  } catch (error) {
    if (error instanceof GoRuleError) return undefined;
    throw error;
  }
}

/** With -mod=vendor a missing directory counts as an empty one; else go has to choose the directory by itself. */
function isDrifted({ project }: EnvironmentFacts, unit: MainUnit, flag: 'vendor' | undefined): boolean {
  // With a broken go.mod go gets no further than to that.
  if (modulesOf(unit).some(({ mod }) => mod.problems.length > 0)) return false;
  if (unit.vendor === undefined && flag === undefined) return false;
  const forced = decideVendor({ ...unit, vendor: unit.vendor ?? {} }, 'vendor', project.root);
  if (forced.vendored) return false;
  // The same reason without the flag means that go chooses the directory, and then refuses it.
  return flag === 'vendor' || decideVendor(unit, undefined, project.root).reason === forced.reason;
}

function vendorFinding(facts: EnvironmentFacts, unit: MainUnit, flag: 'vendor' | undefined): Finding {
  const file = fileOf(unit);
  const command = unit.kind === 'workspace' ? 'go work vendor' : 'go mod vendor';
  const common = {
    id: 'vendor-drift',
    severity: 'failure',
    subject: file,
    consequence: 'go stops before it builds or lists anything',
    copy: [command],
  } as const;
  if (unit.vendor === undefined) {
    return variableFinding(facts, 'GOFLAGS', {
      ...common,
      title: 'GOFLAGS says -mod=vendor, and there is no vendor directory',
      remedy: `Run \`${command}\` and commit the result, or take -mod=vendor out of GOFLAGS.`,
    });
  }
  const by = flag === undefined ? '' : ' (GOFLAGS says -mod=vendor)';
  const remedy = `Run \`${command}\` and commit the result.`;
  return plainFinding({ ...common, remedy, title: `the vendor directory does not fit to ${file}${by}` });
}
