import { compareGoVersions, toolchainGoVersion } from './go-version.ts';
import type { MainUnit } from './project.ts';
import { checkModuleVersion } from './version.ts';

/** The module whose versions are toolchains (cmd/go/internal/toolchain, gotoolchainModule). */
export const TOOLCHAIN_MODULE = 'golang.org/toolchain';

/** The two lines of a go.mod or go.work that decide about the toolchain, as they are written. */
export interface ToolchainLines {
  /** For display. */
  readonly file: string;
  /** Without `go`: 1.25.0. */
  readonly go?: string;
  /** go1.25.0 or default. */
  readonly toolchain?: string;
}

/** Why go wants another toolchain than the local one. */
export type ToolchainReason =
  | { readonly kind: 'go line' | 'toolchain line'; readonly file: string; readonly value: string }
  | { readonly kind: 'GOTOOLCHAIN'; readonly value: string };

/**
 * What the go commands of the job do about toolchains: `local`, the one at hand serves; `download`; `path`, GOTOOLCHAIN
 * allows only what is on PATH; `too-old`, go refuses to work, for GOTOOLCHAIN or `toolchain default` keeps it from a newer
 * one; `refused`, go stops at a value that it does not take.
 */
export type ToolchainChoice =
  | { readonly kind: 'local'; readonly why: string }
  | WantedToolchain
  | TooOldToolchain
  | RefusedToolchain;

/** Another toolchain than the local one, that go looks for on PATH first. */
export interface WantedToolchain {
  readonly kind: 'download' | 'path';
  /** Also the name of the command on PATH: go1.25.0. */
  readonly toolchain: string;
  /** The version of {@link TOOLCHAIN_MODULE}: v0.0.1-go1.25.0.linux-amd64; it has passed checkModuleVersion. */
  readonly version: string;
  readonly because: ToolchainReason;
}

/** A go line that is newer than the go that GOTOOLCHAIN leaves. */
export interface TooOldToolchain {
  readonly kind: 'too-old';
  readonly file: string;
  /** The go line. */
  readonly required: string;
  readonly running: string;
  /** What keeps go from a newer one, for display: `GOTOOLCHAIN=local`. */
  readonly keptBy: string;
}

/** A value that go stops at; `problem` is a clause without a full stop. */
export interface RefusedToolchain {
  readonly kind: 'refused';
  readonly problem: string;
}

/** All that {@link chooseToolchain} rests on. */
export interface ToolchainRequest {
  /** GOVERSION of the local go as go env prints it: go1.24.5, also with ` X:...` or a suffix. */
  readonly goversion: string;
  /** GOTOOLCHAIN in effect for the user's own go commands. */
  readonly setting: string;
  readonly go111module: string;
  /** GOHOSTOS and GOHOSTARCH: a toolchain runs on the host, whatever it compiles for. */
  readonly hostOs: string;
  readonly hostArch: string;
  /** Of go.work in a workspace, else of go.mod; absent without either. */
  readonly lines?: ToolchainLines;
}

/**
 * Returns what go will do for each main module or workspace, the same answer only once; without any, what GOTOOLCHAIN
 * alone asks for. `values` are those of readGoEnv, whose GOTOOLCHAIN is the user's. Where go could not be asked nothing is
 * known, and `local` says so.
 */
export function chooseToolchains(
  values: ReadonlyMap<string, string>,
  units: readonly MainUnit[],
): readonly ToolchainChoice[] {
  const value = (name: string): string => values.get(name) ?? '';
  const request: ToolchainRequest = {
    goversion: value('GOVERSION'),
    setting: value('GOTOOLCHAIN'),
    go111module: value('GO111MODULE'),
    hostOs: value('GOHOSTOS'),
    hostArch: value('GOHOSTARCH'),
  };
  if (units.length === 0) return [chooseToolchain(request)];
  const distinct = new Map<string, ToolchainChoice>();
  for (const unit of units) {
    const choice = chooseToolchain({ ...request, lines: toolchainLines(unit) });
    const key = keyOf(choice);
    if (!distinct.has(key)) distinct.set(key, choice);
  }
  return [...distinct.values()];
}

/**
 * Returns what go does about toolchains when it starts (cmd/go/internal/toolchain/select.go, Select), and whether it then
 * refuses a go line that is newer (modload: TooNewError). A language version in a go line means its first release, as in
 * newer releases of Go; Go 1.21 asks for go1.22 instead, which nobody has (golang.org/issue/62278).
 */
export function chooseToolchain(request: ToolchainRequest): ToolchainChoice {
  const off = whyNoSwitch(request);
  if (off !== undefined) return { kind: 'local', why: off };
  const { goversion, setting, lines } = request;
  const base = readSetting(setting, goversion);
  if ('problem' in base) return base;
  const picked = base.mode === '' || lines === undefined ? base : raise(base, lines);
  if ('problem' in picked) return picked;
  const switched = picked.toolchain === goversion ? undefined : wanted(request, base.mode, picked);
  if (switched?.kind === 'refused') return switched;
  return (
    tooOld(request, base.mode, picked.version) ?? switched ?? { kind: 'local', why: `${goversion} serves` }
  );
}

/** Returns the lines that count for a unit: in a workspace only those of go.work (modGoToolchain in select.go). */
export function toolchainLines(unit: MainUnit): ToolchainLines {
  const { file, go, toolchain } = unit.kind === 'module' ? unit.module.mod : unit.work;
  return {
    file,
    ...(go === undefined ? {} : { go }),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

interface Picked {
  /** GOVERSION for the local one. */
  readonly toolchain: string;
  readonly version: string;
  readonly because: ToolchainReason;
}

/** What follows the plus sign, or the whole. */
type Mode = 'auto' | 'path' | '';

function whyNoSwitch({ goversion, go111module, lines }: ToolchainRequest): string | undefined {
  const local = toolchainGoVersion(goversion);
  if (local === undefined) return 'the local go is no release, or could not be asked';
  // Before the release candidates of 1.21 nothing of all this was there.
  if (compareGoVersions(local, '1.21') < 0) return `go ${local} knows no other toolchain than itself`;
  const modules =
    go111module === '' || go111module === 'on' || (go111module === 'auto' && lines !== undefined);
  return modules ? undefined : `GO111MODULE=${go111module} keeps go from reading go.mod`;
}

function readSetting(
  setting: string,
  goversion: string,
): (Picked & { readonly mode: Mode }) | RefusedToolchain {
  const because = { kind: 'GOTOOLCHAIN', value: setting } as const;
  const local = { toolchain: goversion, version: toolchainGoVersion(goversion) ?? '', because };
  // Without a value go switches nothing, as with local.
  if (setting === '' || setting === 'auto' || setting === 'path') return { ...local, mode: setting };
  const [name = '', suffix] = splitAtPlus(setting);
  if (suffix !== undefined && suffix !== 'auto' && suffix !== 'path') {
    return refused(`GOTOOLCHAIN is ${setting}: behind a plus sign go takes only auto and path`);
  }
  const mode = suffix ?? '';
  if (name === 'local' || name === goversion) return { ...local, mode };
  const version = toolchainGoVersion(name);
  if (version === undefined) {
    return refused(`GOTOOLCHAIN is ${setting}: go takes local, auto, path, or a name such as go1.25.0`);
  }
  return { toolchain: name, version, mode, because };
}

function splitAtPlus(setting: string): readonly [string, string | undefined] {
  const plus = setting.indexOf('+');
  return plus < 0 ? [setting, undefined] : [setting.slice(0, plus), setting.slice(plus + 1)];
}

/** Returns the newest of what GOTOOLCHAIN gives and what the lines ask for; `toolchain default` silences both lines. */
function raise(base: Picked, { file, go, toolchain }: ToolchainLines): Picked | RefusedToolchain {
  if (toolchain === 'default') return base;
  let picked = base;
  if (toolchain !== undefined) {
    const version = toolchainGoVersion(toolchain);
    if (version === undefined) return refused(`${file} says toolchain ${toolchain}, which is no toolchain`);
    if (compareGoVersions(version, picked.version) > 0) {
      picked = { toolchain, version, because: { kind: 'toolchain line', file, value: toolchain } };
    }
  }
  if (go === undefined || compareGoVersions(go, picked.version) <= 0) return picked;
  const name = isReleasedLanguage(go) ? `go${go}.0` : `go${go}`;
  return { toolchain: name, version: go, because: { kind: 'go line', file, value: go } };
}

/** Only Go 1.21 and later refuse; before, a go line that is too new was no reason to stop. */
function tooOld(
  { setting, lines }: ToolchainRequest,
  mode: Mode,
  running: string,
): TooOldToolchain | undefined {
  if (lines?.go === undefined || compareGoVersions(lines.go, running) <= 0) return undefined;
  if (compareGoVersions(running, '1.21') < 0) return undefined;
  const byName = setting === '' ? 'an empty GOTOOLCHAIN' : `GOTOOLCHAIN=${setting}`;
  // With auto and path only `toolchain default` leads here.
  const keptBy = mode === '' ? byName : `toolchain default in ${lines.file}`;
  return { kind: 'too-old', file: lines.file, required: lines.go, running, keptBy };
}

function wanted(
  { hostOs, hostArch }: ToolchainRequest,
  mode: Mode,
  { toolchain, because }: Picked,
): WantedToolchain | RefusedToolchain {
  const says = describeReason(because);
  if (!toolchain.startsWith('go1')) return refused(`${says}, which is no toolchain of go 1`);
  if (mode !== 'path' && isReleasedLanguage(toolchain.slice(2))) {
    return refused(`${says}, a language version; toolchains have names such as ${toolchain}.0`);
  }
  const version = `v0.0.1-${toolchain}.${hostOs}-${hostArch}`;
  try {
    checkModuleVersion({ path: TOOLCHAIN_MODULE, version });
  } catch {
    return refused(`${says}, which go cannot ask a proxy for`);
  }
  return { kind: mode === 'path' ? 'path' : 'download', toolchain, version, because };
}

function refused(problem: string): RefusedToolchain {
  return { kind: 'refused', problem };
}

/** Returns why, as a clause: `go.mod says go 1.25.0`. */
export function describeReason(reason: ToolchainReason): string {
  switch (reason.kind) {
    case 'go line':
      return `${reason.file} says go ${reason.value}`;
    case 'toolchain line':
      return `${reason.file} says toolchain ${reason.value}`;
    case 'GOTOOLCHAIN':
      return `GOTOOLCHAIN is ${reason.value}`;
    default: {
      const never: never = reason;
      return never;
    }
  }
}

/** Whether it is a language version of a time when the first release of one ends in .0 (internal/gover: IsLang). */
function isReleasedLanguage(version: string): boolean {
  return /^1\.[0-9]+$/.test(version) && compareGoVersions(version, '1.21') >= 0;
}

function keyOf(choice: ToolchainChoice): string {
  switch (choice.kind) {
    case 'local':
      return 'local';
    case 'download':
    case 'path':
      return choice.toolchain;
    case 'too-old':
      return `too-old ${choice.required}`;
    case 'refused':
      return choice.problem;
    default: {
      const never: never = choice;
      return never;
    }
  }
}
