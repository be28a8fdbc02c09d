import { findingsOfCache } from '../../src/diagnosis/cache-findings.ts';
import { findingsOfEnvironment } from '../../src/diagnosis/environment-findings.ts';
import type { Finding } from '../../src/diagnosis/finding.ts';
import { diagnoseLog } from '../../src/diagnosis/log-diagnosis.ts';
import { findingsOfLog } from '../../src/diagnosis/log-findings.ts';
import { findingsOfPrefetch, type PrefetchFindingFacts } from '../../src/diagnosis/prefetch-findings.ts';
import { findingsOfProbe } from '../../src/diagnosis/probe-findings.ts';
import { findingsOfSetting, type SettingFacts } from '../../src/diagnosis/setting-findings.ts';
import { findingsOfToolchain } from '../../src/diagnosis/toolchain-findings.ts';
import { findingsOfLaterSteps, type SuspectAnswer } from '../../src/later/later-findings.ts';
import type { FileResult } from '../../src/prefetch/prefetch-result.ts';
import { annotate } from '../../src/report/annotations.ts';
import { redactUrls } from '../../src/report/redaction.ts';
import { sealReport } from '../../src/report/report-json.ts';
import { ENVIRONMENT_EXAMPLES } from './diagnosis-example-environments.ts';
import { LOG_EXAMPLES } from './diagnosis-example-logs.ts';
import { PROBE_EXAMPLES } from './diagnosis-example-probes.ts';
import { environmentFacts } from './environment.ts';
import { restored, wrongEntry } from './sample-cache.ts';
import {
  answered,
  attempt,
  failed,
  failure,
  leftToGo,
  ran,
  tally,
  wantedFile,
  wrongHash,
} from './sample-prefetch.ts';
import { makeCandidate, makeReport, probed, unhealthy } from './sample-report.ts';

/** One way in which a diagnosis is met. */
export interface DiagnosisExample {
  /** Where it is met, as a heading: `In the probe`. */
  readonly where: string;
  /** Lines of a log that it was recognised from. */
  readonly lines?: readonly string[];
  readonly findings: readonly Finding[];
}

const PROXY = makeCandidate('https://proxy.example', 0);
const MIRROR = makeCandidate('https://mirror.example', 1);
const TALLIES = { tallies: [tally(PROXY), tally(MIRROR)] };
const TOOL = 'github.com/example/tool@v1.4.0';
const LIBRARY = 'github.com/example/library@v0.9.2';
const FETCHING: PrefetchFindingFacts = { isPublicChain: true, hasDirect: true, prefetchInput: true };
const NOTHING_SET: SettingFacts = { wrongFiles: [], sumdbWarnings: [] };

/** Returns the examples of an id, made by the code that finds it; none for an id that this file does not know. */
export function examplesOf(id: string): readonly DiagnosisExample[] {
  const lines = LOG_EXAMPLES[id];
  const verdict = PROBE_EXAMPLES[id];
  const step = STEP_EXAMPLES[id]?.();
  const environment = ENVIRONMENT_EXAMPLES[id];
  return [
    ...(verdict === undefined
      ? []
      : [{ where: 'In the probe', findings: findingsOfProbe([probed(PROXY.label, verdict)]) }]),
    ...(step === undefined ? [] : [step]),
    ...(environment === undefined ? [] : [atStart(findingsOfEnvironment(environmentFacts(environment)))]),
    ...(lines === undefined
      ? []
      : [{ where: 'In a log', lines, findings: findingsOfLog(diagnoseLog(lines)) }]),
  ].map((one) => ({ ...one, findings: one.findings.filter((finding) => finding.id === id) }));
}

/** Returns the annotation of an example as it is written, sealed as every report is: its level and title, then the message. */
export function annotationText(findings: readonly Finding[]): readonly string[] {
  const shown = findings.map(({ coveredBy: _covered, ...finding }): Finding => finding);
  const { findings: sealed } = sealReport(makeReport({ findings: shown }), redactUrls);
  return annotate(sealed).flatMap(({ level, title, message }) => [
    `${level}: ${title}`,
    ...message.split('\n'),
  ]);
}

/** Returns every id that has an example. */
export function exampleIds(): readonly string[] {
  return [
    ...new Set([
      ...Object.keys(PROBE_EXAMPLES),
      ...Object.keys(STEP_EXAMPLES),
      ...Object.keys(ENVIRONMENT_EXAMPLES),
      ...Object.keys(LOG_EXAMPLES),
    ]),
  ];
}

const prefetched = (files: readonly FileResult[]): DiagnosisExample => ({
  where: 'In the prefetch',
  findings: findingsOfPrefetch(ran(files, TALLIES), FETCHING),
});
const atStart = (findings: readonly Finding[]): DiagnosisExample => ({ where: 'In the main step', findings });
const unplaced = (code: 'modcache-read-only' | 'modcache-corrupt-link', message: string) =>
  prefetched([failed(TOOL, 'local', { modcache: { code, message } })]);
const silent = (candidate = PROXY) =>
  attempt(candidate, 'infrastructure', {
    failure: failure('connect-timeout', 'no TCP connection in time (ETIMEDOUT)'),
  });

/** go began a download at 06:18:03 UTC, and asking for it again brought this. */
const afterwards = (answer: Pick<SuspectAnswer, 'go'>): DiagnosisExample => {
  const { module, ...file } = wantedFile(TOOL);
  const evidence = { kind: 'trace', atMs: Date.UTC(2026, 10, 21, 6, 18, 3) } as const;
  const suspect = { module, evidence, files: [{ module, ...file }] };
  return {
    where: 'After the job has failed',
    findings: findingsOfLaterSteps({ answers: [{ suspect, files: [], ...answer }], tallies: [] }),
  };
};

/** Diagnoses that speak of more than the answer of one proxy. */
const STEP_EXAMPLES: Readonly<Record<string, () => DiagnosisExample>> = {
  'no-healthy-proxy': () => ({
    where: 'In the probe',
    findings: findingsOfProbe([
      { ...probed(PROXY.label, PROBE_EXAMPLES['connect-timeout'] ?? unhealthy('connect-timeout')) },
      { ...probed(MIRROR.label, PROBE_EXAMPLES['tls-expired'] ?? unhealthy('tls-expired')) },
    ]),
  }),
  'module-cache-corrupt': () =>
    atStart(
      findingsOfSetting({
        ...NOTHING_SET,
        wrongFiles: [`${TOOL} .zip`],
        wrongFate: { replaced: 1, removed: 0, left: 0, leftBy: 'not-fetched' },
      }),
    ),
  'inherited-goproxy': () =>
    atStart(
      findingsOfSetting({
        ...NOTHING_SET,
        inheritedWarning: 'GOPROXY is kept as it was, although https://proxy.example in it fails.',
      }),
    ),
  'sumdb-through-third-party': () =>
    atStart(
      findingsOfSetting({
        ...NOTHING_SET,
        sumdbWarnings: ['proxy.example answers for sum.golang.org, and go 1.20 believes what it forges.'],
      }),
    ),
  'standby-used': () =>
    atStart(
      findingsOfSetting({
        ...NOTHING_SET,
        standbyNotice:
          'no candidate is healthy: the standby proxy https://mirror.example is used in this job.',
      }),
    ),
  'cache-poisoned': () =>
    atStart(
      findingsOfCache({
        restore: restored([], { archive: { wrong: [wrongEntry(TOOL)] } }),
        prefetch: ran([]),
      }),
    ),
  'extracted-trees': () =>
    atStart(findingsOfCache({ restore: restored([]), prefetch: ran([]), extractedTrees: 12 })),
  'checksum-mismatch': () =>
    prefetched([failed(TOOL, 'integrity', { attempts: [wrongHash(PROXY), wrongHash(MIRROR)] })]),
  'module-refused': () =>
    prefetched([failed(TOOL, 'access', { attempts: [answered(PROXY, 403, 'refused', 'not for you')] })]),
  'module-not-found': () =>
    prefetched([
      failed(TOOL, 'not-found', {
        attempts: [answered(PROXY, 404, 'not-found'), answered(MIRROR, 410, 'not-found')],
      }),
    ]),
  'network-dead': () =>
    prefetched([
      failed(TOOL, 'infrastructure', { why: 'network-dead', attempts: [silent(), silent(MIRROR)] }),
    ]),
  'prefetch-timeout': () =>
    prefetched([
      failed(TOOL, 'cancelled', { why: 'timeout', attempts: [silent()] }),
      failed(LIBRARY, 'cancelled', { why: 'timeout' }),
    ]),
  'prefetch-impossible': () =>
    atStart(findingsOfPrefetch({ kind: 'impossible', reason: 'GOMODCACHE is not known' }, FETCHING)),
  'module-cache-unwritable': () =>
    unplaced('modcache-read-only', 'could not write below GOMODCACHE: read-only file system (EROFS)'),
  'module-cache-link': () =>
    unplaced(
      'modcache-corrupt-link',
      'cache/download/github.com in the module cache is a symbolic link, and nothing is written through it',
    ),
  'download-transient': () => afterwards({ go: { kind: 'downloaded', elapsedMs: 800 } }),
  'download-unexplained': () => afterwards({ go: { kind: 'timeout', elapsedMs: 14_000 } }),
  'looks-private': () => prefetched([leftToGo(TOOL, [answered(PROXY, 404, 'not-found')])]),
  'toolchain-download': () =>
    atStart(
      findingsOfToolchain([
        {
          choice: {
            kind: 'download',
            toolchain: 'go1.26.1',
            version: 'v0.0.1-go1.26.1.linux-amd64',
            because: { kind: 'go line', file: 'go.mod', value: '1.26.1' },
          },
          bytes: 71_234_567,
        },
      ]),
    ),
  'toolchain-too-old': () =>
    atStart(
      findingsOfToolchain([
        {
          choice: {
            kind: 'too-old',
            file: 'go.mod',
            required: '1.26.1',
            running: '1.24.4',
            keptBy: 'GOTOOLCHAIN=local',
          },
        },
      ]),
    ),
  'toolchain-setting': () =>
    atStart(
      findingsOfToolchain([
        { choice: { kind: 'refused', problem: 'GOTOOLCHAIN=1.26 is no name of a toolchain' } },
      ]),
    ),
};
