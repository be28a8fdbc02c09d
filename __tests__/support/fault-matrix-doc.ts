import {
  type Cell,
  CONTESTANTS,
  type Contestant,
  CROSSINGS,
  type Crossing,
  factsOfSeed,
  MATRIX_FAULTS,
  type MatrixFault,
  type Outcome,
  rowName,
} from './fault-matrix.ts';
import type { CellResult } from './fault-matrix-run.ts';

/** Why ours does not get everything where it does not; each is a rule of the design. */
export const REASONS = {
  refused:
    "401 and 403 of a proxy of the user's own are its policy: what it refuses is asked of nobody else, whatever the separator.",
  comma:
    "A comma after a proxy of the user's own is a boundary, as in go: only its 404 or 410 leads past it. It is the default between such proxies; `fallback: any-error` joins them by a pipe.",
  absent: 'A clean 404 or 410 is an answer. Where the only proxies left say it, the file does not exist.',
  wrong:
    'A proxy that sends for a file twice what its hash does not allow, or once a body beyond all limits, is not asked for it again; here no other one was left for it.',
} as const;
export type Reason = keyof typeof REASONS;

const WRONG_IN_TURN: ReadonlySet<string> = new Set([
  'within body: cut where nothing tells',
  'wrong content: other bytes, valid in form',
  'wrong content: one byte changed',
  'wrong content: a Content-Length too small',
  'wrong content: .info of another version',
  'wrong content: .info without end',
]);

/** Returns why ours is to fail in a cell, by the rules of DESIGN §3.4; undefined where it is to survive. */
export function reasonToFail({ fault, crossing, contestant }: Cell): Reason | undefined {
  const name = rowName(fault);
  if (name === 'statuses: 401' || name === 'statuses: 403') return 'refused';
  const isAbsent = name === 'statuses: 404' || name === 'statuses: 410';
  // go passes a comma for any 404, so ours does.
  const passesComma = isAbsent || name === "statuses: 404 for an upstream's trouble";
  switch (crossing) {
    case 'one-start':
      return undefined;
    case 'one-after':
      return contestant === 'ours ,' && !passesComma ? 'comma' : undefined;
    case 'both-start':
      if (isAbsent) return 'absent';
      // In valid other bytes nothing is wrong with an .info file: the probe of `a` finds it healthy, and both are asked.
      if (name === 'wrong content: other bytes, valid in form') return undefined;
      return WRONG_IN_TURN.has(name) ? 'wrong' : undefined;
    case 'both-after':
      if (isAbsent) return 'absent';
      if (name === 'wrong content: .info without end') return 'wrong';
      return contestant === 'ours ,' && WRONG_IN_TURN.has(name) ? 'wrong' : undefined;
    default: {
      const never: never = crossing;
      return never;
    }
  }
}

const TITLES: Readonly<Record<Crossing, string>> = {
  'one-start': 'One proxy of two, from the start',
  'one-after': 'One proxy of two, after the probe',
  'both-start': 'Both proxies, 30 % of the requests, from the start',
  'both-after': 'Both proxies, 30 % of the requests, after the probe',
};

const COLUMNS: Readonly<Record<Contestant, string>> = {
  'ours |': 'ours, `a\\|b`',
  'ours ,': 'ours, `a,b`',
  'go |': 'go, `a\\|b`',
  'go ,': 'go, `a,b`',
};

const HEAD = `# Fault matrix

Who gets the modules of a project when its proxies fail. This file is made by \`scripts/fault-matrix-doc.mjs\`, which runs every
cell with the committed bundle and the real go command; \`__tests__/integration/fault-matrix.test.ts\` runs them again
and fails when this file says anything else. Do not edit it.

Two proxies \`a\` and \`b\` on loopback, 12 modules (36 files, 1.6 MB), an empty module cache for every cell.
**ours** is the main step with \`proxies: a, b\`, joined by a pipe (\`fallback: any-error\`) or by a comma (the default for
proxies that are not public ones). **go** is \`go mod download\` with \`GOPROXY\` as the column says.

- **survives**: afterwards \`go mod download\` and \`go build ./...\` work with \`GOPROXY=off\`, and all 36 files are right, byte for byte.
- **fails**: a file is missing. The step itself never fails; what it got stays, and go asks for the rest itself later.
- **hangs**: nothing moved for 8 s, and the command had to be killed; go has no timeout that would end it.

In no cell was anything in the module cache of ours that is not a right file of these modules.
`;

/** Returns the text of docs/fault-matrix.md. */
export function renderMatrix(results: readonly CellResult[]): string {
  const sections = CROSSINGS.flatMap((crossing) => section(crossing, results));
  const notes = Object.entries(REASONS).map(([reason, text]) => `- **${reason}**: ${text}`);
  return [
    HEAD,
    ...summary(results),
    ...sections,
    '## Why ours fails where it does',
    '',
    ...notes,
    '',
    ...foot(),
    '',
  ].join('\n');
}

function summary(results: readonly CellResult[]): readonly string[] {
  const rows = CROSSINGS.map((crossing) => {
    const counts = CONTESTANTS.map((contestant) => countOf(results, crossing, contestant));
    return [TITLES[crossing], ...counts];
  });
  return ['## Survived', '', ...table(['', ...CONTESTANTS.map((one) => COLUMNS[one])], rows), ''];
}

/** Of the rows that all contestants of the crossing ran. */
function countOf(results: readonly CellResult[], crossing: Crossing, contestant: Contestant): string {
  const own = results.filter(({ cell }) => cell.crossing === crossing && cell.contestant === contestant);
  if (own.length === 0) return '';
  return `${own.filter(({ outcome }) => outcome === 'survives').length} of ${own.length}`;
}

function section(crossing: Crossing, results: readonly CellResult[]): readonly string[] {
  const own = results.filter(({ cell }) => cell.crossing === crossing);
  const contestants = CONTESTANTS.filter((one) => own.some(({ cell }) => cell.contestant === one));
  const faults = MATRIX_FAULTS.filter((fault) => own.some(({ cell }) => cell.fault === fault));
  const rows = faults.map((fault) => [
    fault.place,
    fault.name,
    ...contestants.map((contestant) => cellText(own, fault, contestant)),
  ]);
  return [
    `## ${TITLES[crossing]}`,
    '',
    ...table(['', 'fault', ...contestants.map((one) => COLUMNS[one])], rows),
    '',
  ];
}

function cellText(own: readonly CellResult[], fault: MatrixFault, contestant: Contestant): string {
  const result = own.find(({ cell }) => cell.fault === fault && cell.contestant === contestant);
  if (result === undefined) return '';
  return outcomeText(result.outcome, contestant.startsWith('ours') ? reasonToFail(result.cell) : undefined);
}

function outcomeText(outcome: Outcome, reason: Reason | undefined): string {
  if (outcome === 'survives') return 'survives';
  return reason === undefined || outcome !== 'fails' ? `**${outcome}**` : `**fails** (${reason})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

const CROSSING_NAMES: Readonly<Record<Crossing, string>> = {
  'one-start': 'one proxy, from the start',
  'one-after': 'one proxy, after the probe',
  'both-start': 'both',
  'both-after': 'both',
};

/** One line for each reason, with the faults and the crossings of each. */
function leftOut(): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const fault of MATRIX_FAULTS) {
    const byReason = Map.groupBy(Object.entries(fault.leftOut ?? {}), ([, why]) => why);
    for (const [why, entries] of byReason) {
      const crossings = new Set(entries.map(([crossing]) => CROSSING_NAMES[crossing as Crossing]));
      const names = reasons.get(why) ?? [];
      reasons.set(why, [...names, `${rowName(fault)} (${[...crossings].join(', ')})`]);
    }
  }
  return [...reasons].map(([why, names]) => `- Left out, because ${why}: ${names.join('; ')}.`);
}

function foot(): readonly string[] {
  const { share, longestRun, struckAtBoth } = factsOfSeed();
  return [
    '## How it is done, and what is left out',
    '',
    '- "After the probe": the fault begins with the fourth request to a proxy (the probe needs three: `.info`, `.mod`, `.zip`), or, at 30 %, spares the first request for each of these three files. go has no probe and gets the same servers. Where one proxy has the fault, `b` sends 2 MB/s, so that the probe ranks `a` first on any machine.',
    `- "30 %": whether the nth request for a file at a proxy is struck is decided by a hash of a fixed seed, and not by the order of requests: every run meets the same faults. The seed strikes ${Math.round(share * 100)} % of the first answers, at both proxies those of ${struckAtBoth.length} files, never more than ${longestRun} answers before a file's first good one, and \`a\` while it is probed, not \`b\`.`,
    '- Other seeds are not as kind to ours: the probe needs three right answers and asks a second time only after a failure that may pass by itself, so that from the start 19 % of all seeds, and 43 % ((1 − 0.7³)²) with other faults, leave no healthy proxy, and nothing is fetched before go does; and a file is given up after 4 failed attempts, which 1 of 120 (0.3⁴) meets.',
    '- Where connections break before an answer, the servers end each connection after its answer: else a connection that is kept would meet no fault, and Go repeats a request by itself when a kept connection ends.',
    '- Empty cells: from the start ours leaves out of the chain whoever fails the probe, so that the separator makes a difference only after an answer with a status. At 30 % go, without a probe, is not run again "after the probe", nor ours with a comma from the start.',
    '- Not in the matrix, for loopback cannot do it or only with other rights: names that do not resolve, addresses that drop packets (silence after accept stands for them), one dead address of two, HTTP/2 resets, HTTP proxies between. Not in it either: public proxies, whose 401 and 403 are no policy and who have standby proxies beside them. Checksum databases are off.',
    ...leftOut(),
  ];
}
