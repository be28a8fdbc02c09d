import type { CauseEntry } from './cause-table.ts';
import type { Finding } from './finding.ts';
import { describeFate, type WrongFate } from './wrong-files.ts';

/** What each finding of this file means; a title stands where the finding has no sentence of its own. */
export const SETTING_ENTRIES = {
  'module-cache-corrupt': {
    title: 'the module cache holds files that are not what go.sum says, and go would use them unchecked',
    class: 'integrity',
    fault: 'runner',
    rerunHelps: 'no',
    remedy:
      'Delete the cache entry of setup-go or actions/cache that brought these files, and empty the module cache in a step before this one.',
    copy: ['- run: go clean -modcache -cache'],
  },
  'inherited-goproxy': {
    title: 'the inherited GOPROXY cannot work as it is',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Mend GOPROXY where it is set (`go env -changed` tells, or the runner image), or give the input `proxies`.',
  },
  'sumdb-through-third-party': {
    title: 'checksums come through a third party, which this version of go believes',
    class: 'integrity',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Use a newer Go, or set the input `gosumdb` so that go asks the database itself.',
    copy: ['gosumdb: sum.golang.org https://sum.golang.org'],
  },
  'standby-used': {
    title: 'a standby proxy is used',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: 'Nothing has to be done. `mirrors: none` keeps standby proxies out.',
  },
} as const satisfies Record<string, CauseEntry & Pick<Finding, 'copy'>>;

/** What was met beside the probe. */
export interface SettingFacts {
  /** Files of the module cache whose content is not what go.sum says, for display. */
  readonly wrongFiles: readonly string[];
  /** What became of them; absent where that is not known yet. */
  readonly wrongFate?: WrongFate;
  /** Why an inherited GOPROXY is one that go refuses, or was left alone although a proxy in it fails. */
  readonly inheritedWarning?: string;
  /** A standby proxy came into the chain. */
  readonly standbyNotice?: string;
  /** What is to be said of the checksum database. */
  readonly sumdbWarnings: readonly string[];
}

/** Returns the findings about module cache, inherited policy, standby and checksum database, the gravest first. */
export function findingsOfSetting(facts: SettingFacts): readonly Finding[] {
  return [
    ...moduleCacheFinding(facts),
    ...(facts.inheritedWarning === undefined ? [] : [inheritedFinding(facts.inheritedWarning)]),
    ...facts.sumdbWarnings.map(sumdbFinding),
    ...(facts.standbyNotice === undefined ? [] : [standbyFinding(facts.standbyNotice)]),
  ];
}

/** go believes the `.ziphash` beside a zip and never hashes the zip again: it would compile what is there. */
function moduleCacheFinding({ wrongFiles, wrongFate }: SettingFacts): readonly Finding[] {
  if (wrongFiles.length === 0) return [];
  const consequence = wrongFate === undefined ? '' : describeFate(wrongFate);
  return [
    {
      ...plainFinding('module-cache-corrupt', 'failure'),
      evidence: wrongFiles,
      ...(consequence === '' ? {} : { consequence }),
    },
  ];
}

function inheritedFinding(warning: string): Finding {
  return {
    ...plainFinding('inherited-goproxy', 'warning'),
    title: withoutStop(warning),
    subject: 'GOPROXY',
  };
}

function sumdbFinding(warning: string): Finding {
  return {
    ...plainFinding('sumdb-through-third-party', 'warning'),
    title: withoutStop(warning),
    subject: 'GOSUMDB',
  };
}

function standbyFinding(notice: string): Finding {
  return { ...plainFinding('standby-used', 'notice'), title: withoutStop(notice) };
}

function plainFinding(id: keyof typeof SETTING_ENTRIES, severity: Finding['severity']): Finding {
  return { id, severity, ...SETTING_ENTRIES[id], evidence: [], subject: '' };
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
