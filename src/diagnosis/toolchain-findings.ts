import {
  describeReason,
  type ToolchainChoice,
  type TooOldToolchain,
  type WantedToolchain,
} from '../go/toolchain-choice.ts';
import type { ToolchainPlace } from '../modcache/toolchain-presence.ts';
import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';

/** What each finding of this file means; a title stands where the finding has no sentence of its own. */
export const TOOLCHAIN_ENTRIES = {
  'toolchain-download': {
    title: 'go will download another toolchain in every job',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Let actions/setup-go install that version in a step before this one. Or keep the module cache between jobs, for go finds the toolchain there.',
    copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod } }'],
  },
  'toolchain-too-old': {
    title: 'the project wants a newer go than the one that GOTOOLCHAIN allows',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Let actions/setup-go install that version in a step before this one, or let go download it by itself: with `GOTOOLCHAIN=auto`, and without a line `toolchain default`.',
    copy: ['- { uses: actions/setup-go@v7, with: { go-version-file: go.mod } }'],
  },
  'toolchain-setting': {
    title: 'go will stop at the toolchain that it is told to use',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Mend GOTOOLCHAIN where it is set (`go env GOTOOLCHAIN` tells its value), or the toolchain line.',
  },
} as const satisfies Record<string, CauseEntry & Pick<Finding, 'copy'>>;

/** What docs/diagnoses.md tells of each. */
export const TOOLCHAIN_MEANINGS: Readonly<Record<keyof typeof TOOLCHAIN_ENTRIES, string>> = {
  'toolchain-download':
    'A go line, a toolchain line or GOTOOLCHAIN asks for another go than the installed one, and it is neither on PATH nor in the module cache. The first go command of the job fetches it by GOPROXY, some 70 MB, before it does anything else. This action does not fetch toolchains.',
  'toolchain-too-old':
    'A go line is newer than the go that runs, and GOTOOLCHAIN or a line `toolchain default` keeps go from getting a newer one. Every go command in that module ends with `requires go >=`.',
  'toolchain-setting':
    'GOTOOLCHAIN or a toolchain line has a value that go refuses, or names a toolchain that go may only take from PATH and that is not there. Every go command ends with an error.',
};

/** What is known of the toolchains of a job: one row for each choice of chooseToolchains. */
export interface ToolchainFacts {
  readonly choice: ToolchainChoice;
  /** Where go finds it without a download, if anywhere. */
  readonly place?: ToolchainPlace;
  /** Size of the zip, when a proxy told. */
  readonly bytes?: number;
}

/** Returns the findings about toolchains; none for a toolchain that is at hand. */
export function findingsOfToolchain(facts: readonly ToolchainFacts[]): readonly Finding[] {
  return facts.flatMap(findingsOf);
}

function findingsOf({ choice, place, bytes }: ToolchainFacts): readonly Finding[] {
  switch (choice.kind) {
    case 'local':
      return [];
    case 'download':
      return place === undefined ? [downloadFinding(choice, bytes)] : [];
    case 'path':
      return place === 'PATH' ? [] : [settingFinding(notOnPath(choice))];
    case 'too-old':
      return [tooOldFinding(choice)];
    case 'refused':
      return [settingFinding(choice.problem)];
    default: {
      const never: never = choice;
      return never;
    }
  }
}

function downloadFinding(choice: WantedToolchain, bytes: number | undefined): Finding {
  const { because, toolchain } = choice;
  const size = bytes === undefined ? 'some 70 MB' : `${Math.round(bytes / 1e6)} MB`;
  const source = because.kind === 'GOTOOLCHAIN' ? exactVersion(toolchain) : versionFile(because.file);
  return {
    ...plainFinding('toolchain-download', 'notice'),
    title: `go will download the toolchain ${toolchain} (${size}) in every job, because ${describeReason(because)}`,
    copy: setupGo(source),
  };
}

function tooOldFinding({ file, required, running, keptBy }: TooOldToolchain): Finding {
  return {
    ...plainFinding('toolchain-too-old', 'warning'),
    title: `go commands will fail: ${file} says go ${required}, and ${keptBy} leaves go ${running}`,
    copy: setupGo(versionFile(file)),
  };
}

function settingFinding(problem: string): Finding {
  return {
    ...plainFinding('toolchain-setting', 'warning'),
    title: `go commands will fail: ${problem}`,
  };
}

function notOnPath({ toolchain, because }: WantedToolchain): string {
  return `${describeReason(because)}, GOTOOLCHAIN allows only what is on PATH, and ${toolchain} is not there`;
}

/** Quoted where YAML would read more than a name into it. */
function versionFile(file: string): string {
  const isPlain = /^[A-Za-z0-9_./-]+$/.test(file);
  return `go-version-file: ${isPlain ? file : `'${file.replaceAll("'", "''")}'`}`;
}

/** Without the suffix that some builds have, which setup-go knows nothing of. */
function exactVersion(toolchain: string): string {
  return `go-version: '${toolchain.replace(/^go/, '').replace(/-.*$/, '')}'`;
}

/** One line: log and annotations take the indentation away, which YAML needs in its other style. */
function setupGo(source: string): readonly string[] {
  return [`- { uses: actions/setup-go@v7, with: { ${source} } }`];
}

function plainFinding(id: keyof typeof TOOLCHAIN_ENTRIES, severity: Finding['severity']): Finding {
  return { id, severity, ...TOOLCHAIN_ENTRIES[id], evidence: [], subject: '' };
}
