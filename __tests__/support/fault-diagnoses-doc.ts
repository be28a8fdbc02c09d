import type { FailureClass } from '../../src/diagnosis/finding.ts';
import { RERUN_TEXT } from '../../src/report/words.ts';
import type { GoEnd, Scene, Seen, Told } from './fault-diagnoses-run.ts';
import { MATRIX_FAULTS, type MatrixFault, PLACES, rowName } from './fault-matrix.ts';

type Class = Exclude<FailureClass, 'none'>;

/** What a fault is about, judged without looking at the code: `infrastructure` where nothing else is said. */
const RIGHT: Readonly<Record<string, Class>> = {
  'within body: cut where nothing tells': 'integrity',
  'wrong content: other bytes, valid in form': 'integrity',
  'wrong content: one byte changed': 'integrity',
  'wrong content: a Content-Length too small': 'integrity',
  'wrong content: .info of another version': 'integrity',
  'wrong content: gzip that nobody asked for': 'configuration',
  'statuses: 401': 'access',
  'statuses: 403': 'access',
  'statuses: 404': 'not-found',
  'statuses: 410': 'not-found',
  'redirects: to itself for ever': 'configuration',
  'redirects: from https to http': 'configuration',
  'TLS: plain HTTP on the TLS port': 'configuration',
  'TLS: expired certificate': 'configuration',
  'TLS: certificate of another host': 'configuration',
  'TLS: unknown authority': 'configuration',
};

/** Why something else is told, or nothing. */
export const REASONS = {
  damaged:
    'The first file that the probe reads is the `.info`, and of a damaged one nothing tells that it was ever a right one: the probe says "not what a Go module proxy gives". With the hashes of go.sum it is told as what it is.',
  page: 'In the prefetch a page in place of a module is "not what a Go module proxy gives", as with a wrong path; only the probe asks for a path that cannot exist, and only post knows that the proxy was one before. go itself takes it for a module that was changed.',
  info: 'A wrong `.info` is a defect of the proxy as long as nothing came of it; where a file of the job has it, the class is integrity. go does not tell the two apart.',
  trace:
    'A request of `go mod download` for a `.mod` or `.info` leaves nothing in the module cache, and a 401, 403, 404 or 410 for what is merely missing proves no failed download: nothing is said. `go build` and `go test` ask for the zip, and leave a lock.',
  slow: 'Slow and healthy: the other proxy is ranked first.',
  copes: 'go copes with it, so that nothing fails.',
  unneeded: 'go asks for no `.info` to build.',
} as const;
export type Reason = keyof typeof REASONS;

const DAMAGED: ReadonlySet<string> = new Set([
  'within body: cut where nothing tells',
  'wrong content: one byte changed',
  'wrong content: a Content-Length too small',
]);

/** Returns the class that is to be told first of a fault; a reason where another one is, or none. */
export function expectedOf(
  fault: MatrixFault,
  scene: Scene,
): { readonly right: Class; readonly not?: Reason } {
  const name = rowName(fault);
  const right = RIGHT[name] ?? 'infrastructure';
  const not = reasonNot(name, scene);
  return { right, ...(not === undefined ? {} : { not }) };
}

function reasonNot(name: string, scene: Scene): Reason | undefined {
  const isLater = scene === 'build' || scene === 'download';
  if (name.startsWith('wrong content: .info') && scene === 'build') return 'unneeded';
  if (name === 'wrong content: gzip that nobody asked for' && isLater) return 'copes';
  if (name === 'within body: a trickle of 500 B/s' && scene === 'probe') return 'slow';
  if (DAMAGED.has(name) && scene === 'probe') return 'damaged';
  if (name === 'wrong content: a login page' && scene === 'prefetch') return 'page';
  if (name === 'wrong content: .info that is no JSON' && (scene === 'probe' || scene === 'prefetch'))
    return 'page';
  if (name === 'wrong content: .info of another version' && scene === 'probe') return 'info';
  return /^statuses: (?:401|403|404|410)$/.test(name) && scene === 'download' ? 'trace' : undefined;
}

/** Says whether what is told first has the right class; where nothing fails nothing is to be told. */
export function isRight({ fault, scene, told }: Seen): boolean {
  return told[0]?.class === expectedOf(fault, scene).right;
}

const HEAD = `# Fault diagnoses

What a user is told of each fault of the [fault matrix](fault-matrix.md). This file is made by \`npm run docs:fault-diagnoses\`, which
runs each scene with the committed bundle, as the runner runs it, and the real go command; \`__tests__/integration/fault-diagnoses.test.ts\` runs them
again and fails when this file says anything else. Do not edit it. All ids with their remedies: [diagnoses](diagnoses.md).

- **main, from the start**: two proxies \`a\` and \`b\`; \`a\` has the fault. A candidate that fails beside a healthy one is a warning and is left out; when none is healthy, one annotation \`no-healthy-proxy\` quotes all of these.
- **main, after the probe**: the only proxy \`a\` has the fault from the fourth request on (\`.info\` faults: from the second such file on), so that the prefetch meets it.
- **a later step**: the only proxy \`a\` has the fault when main is over, which had nothing to fetch. Which id go's own lines have (as the command \`explain\` reads them) when the step runs \`go build ./...\` and, shown where it differs, \`go mod download\` (run where an answer comes: without one it makes no difference). "hangs": nothing was asked any more, and the command was killed as the runner does when a step's time is over.
- **post**: what the post step tells then, after it has asked again.

Each entry: \`id\` (class, whose fault, whether a re-run helps) and the annotation's first sentence, \`a\` and \`b\` for the proxies. *Nothing* means no annotation. A number in brackets leads to the reason below.
`;

const NAMES: Readonly<Record<Scene, string>> = {
  probe: 'main, from the start',
  prefetch: 'main, after the probe',
  build: 'post, after `go build`',
  download: 'post, after `go mod download`',
};

/** Returns the text of docs/fault-diagnoses.md. Pure. */
export function renderDiagnosesOfFaults(all: readonly Seen[]): string {
  const sections = PLACES.flatMap((place) => {
    const faults = MATRIX_FAULTS.filter((fault) => fault.place === place);
    const rows = faults.map((fault) => rowOf(all.filter((seen) => seen.fault === fault)));
    const head = ['fault', NAMES.probe, NAMES.prefetch, 'go in a later step', 'post'];
    return [`## ${place.charAt(0).toUpperCase()}${place.slice(1)}`, '', ...table(head, rows), ''];
  });
  const reasons = Object.values(REASONS).map((text, place) => `${place + 1}. ${text}`);
  return [
    HEAD,
    ...summary(all),
    ...sections,
    '## Why another class is told, or nothing',
    '',
    ...reasons,
    '',
  ].join('\n');
}

/** How many faults are told with the class that they are judged to have. */
function summary(all: readonly Seen[]): readonly string[] {
  const scenes = Object.entries(NAMES) as readonly (readonly [Scene, string])[];
  const rows = scenes.map(([scene, name]) => {
    const own = all.filter((seen) => seen.scene === scene);
    const silent = own.filter(({ told }) => told.length === 0).length;
    const right = own.filter(isRight).length;
    const numbers = [own.length, right, own.length - right - silent, silent];
    return [name, ...numbers.map(String)];
  });
  return ['## Told', '', ...table(['', 'faults', 'right class', 'another class', 'nothing'], rows), ''];
}

function rowOf(own: readonly Seen[]): readonly string[] {
  const of = (scene: Scene) => own.find((seen) => seen.scene === scene);
  const [build, download] = [of('build'), of('download')];
  return [
    own[0]?.fault.name ?? '',
    tellings(of('probe')),
    tellings(of('prefetch')),
    oneOrBoth(goText(build?.go), download && goText(download.go)),
    oneOrBoth(tellings(build), download && tellings(download)),
  ];
}

function oneOrBoth(build: string, download: string | undefined): string {
  if (download === undefined || download === build) return build;
  return `\`go build\`: ${build}<br>\`go mod download\`: ${download}`;
}

function goText(go: GoEnd | undefined): string {
  if (go?.kind !== 'fails') return go?.kind ?? '';
  const said = go.said.map(({ id, class: failureClass }) => `\`${id}\` (${failureClass})`);
  return said.length === 0 ? 'not recognised' : said.join(', ');
}

function tellings(seen: Seen | undefined): string {
  if (seen === undefined) return '';
  const { not } = expectedOf(seen.fault, seen.scene);
  const mark = not === undefined ? '' : ` [${Object.keys(REASONS).indexOf(not) + 1}]`;
  const texts = seen.told.map(tellingText);
  return `${texts.length === 0 ? '*nothing*' : texts.join('<br>')}${mark}`;
}

function tellingText({ id, class: failureClass, fault, rerunHelps, sentence }: Told): string {
  const rerun = RERUN_TEXT[rerunHelps].replace(/,.*/, '');
  return `\`${id}\` (${failureClass}, ${fault}, re-run: ${rerun}) ${escapeCell(sentence)}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
