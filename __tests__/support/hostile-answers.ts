import type { RequestFaultKind } from './faults.ts';
import type { CachedKind } from './hostile-world.ts';
import { ATTACKS } from './inert.ts';
import { makeModule, type SyntheticModule, tamperModule } from './modules.ts';

/** An answer of a hostile proxy to the question for one file of an honest module. */
export interface HostileAnswer {
  readonly name: string;
  readonly kind: 'zip' | 'mod' | 'info';
  readonly fault: RequestFaultKind;
  /** As go.sum has it, and as an honest proxy serves it; `info` is what is to be in the module cache. */
  readonly module: SyntheticModule;
  /** What is to be in the module cache when nobody else is asked. */
  readonly placed: readonly CachedKind[];
  /** Takes too much data for a test of the whole step with the real limits. */
  readonly endless: boolean;
}

interface Plan {
  readonly name: string;
  readonly kind: HostileAnswer['kind'];
  readonly fault: (module: SyntheticModule) => RequestFaultKind;
  /** The `.info` of ours that comes of it; absent: none. */
  readonly becomes?: string;
  readonly endless?: boolean;
}

const VERSION = 'v1.0.0';
const TIME = '2024-02-03T04:05:06Z';
const OTHER = makeModule({ path: 'hostile.test/other', version: VERSION, sizeBytes: 3000 });

/** Returns 200 with this body. */
function body(text: string | Uint8Array): RequestFaultKind {
  return { kind: 'status', status: 200, body: text };
}

function raw(head: string, text: string): RequestFaultKind {
  return { kind: 'raw-response', bytes: `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${text}` };
}

/** What any file can be answered with. */
const FOR_ALL: readonly (readonly [string, RequestFaultKind, { readonly endless?: boolean }?])[] = [
  ['gzip with the right content inside', { kind: 'gzip-encoded' }],
  ['an endless body', { kind: 'endless-body' }, { endless: true }],
  ['a Content-Length that is too small', { kind: 'wrong-content-length', delta: -10 }],
  ['a Content-Length that is too large', { kind: 'wrong-content-length', delta: 10 }],
  ['a Content-Length of an exabyte', raw('content-length: 1152921504606846976', 'x')],
  ['two Content-Lengths', raw('content-length: 1\r\ncontent-length: 2', 'xx')],
  ['garbage for chunks', raw('transfer-encoding: chunked', 'zz\r\nEVIL\r\n0\r\n\r\n')],
  ['HTML', { kind: 'html-200' }],
  ['nothing', body('')],
  ['half of it', { kind: 'truncate', framing: 'close-delimited' }],
  ['a redirect to a file', { kind: 'redirect-to', url: 'file:///etc/passwd' }],
  ['a redirect to itself', { kind: 'redirect-loop' }],
  ['a redirect to nothing', { kind: 'redirect-to', url: 'https://##[error]EVIL' }],
  ['other bytes in the right form', { kind: 'wrong-bytes' }],
];

/** Texts that a log could take for more than text; for one kind of file, so that the report names all that failed. */
const TEXTS: readonly (readonly [string, RequestFaultKind])[] = ATTACKS.map((text, index) => [
  `attack ${index} on the log`,
  { kind: 'status', status: 500, body: text, ...(index === 0 ? { reason: 'EVIL ::error::EVIL' } : {}) },
]);

const right = JSON.stringify({ Version: VERSION, Time: TIME });

/** What only makes sense of an `.info`: an answer, and what it becomes. */
const INFOS: readonly (readonly [string, string, string?])[] = [
  ['another version', JSON.stringify({ Version: 'v0.9.0', Time: TIME })],
  ['a branch', JSON.stringify({ Version: 'master', Time: TIME })],
  ['no version', JSON.stringify({ Time: TIME })],
  ['a version that is a list', JSON.stringify({ Version: [VERSION], Time: TIME })],
  ['a list', JSON.stringify([{ Version: VERSION, Time: TIME }])],
  ['no JSON', '{"Version":"v1.0.0"'],
  ['JSON with more behind it', `${right}{"Version":"v0.9.0"}`],
  ['two versions, the wrong one last', `{"Version":"${VERSION}","Version":"v0.9.0","Time":"${TIME}"}`],
  ['two versions, the right one last', `{"Version":"v0.9.0","Version":"${VERSION}","Time":"${TIME}"}`, right],
  [
    'a version in another spelling too',
    `{"Version":"${VERSION}","version":"v0.9.0","Time":"${TIME}"}`,
    right,
  ],
  [
    'a version in letters that Go folds',
    `{"Version":"${VERSION}","Ver\u017fion":"v0.9.0","Time":"${TIME}"}`,
    right,
  ],
  ['a prototype', `{"__proto__":{"Version":"v0.9.0"},"Version":"${VERSION}","Time":"${TIME}"}`, right],
  [
    'an origin and more',
    JSON.stringify({
      Version: VERSION,
      Time: TIME,
      Origin: { VCS: 'git', URL: 'ext::sh -c evil', Ref: '--upload-pack=evil', Hash: 'HEAD' },
      GoMod: '/etc/passwd',
      Dir: '../../outside',
    }),
    right,
  ],
  ['no time', JSON.stringify({ Version: VERSION }), JSON.stringify({ Version: VERSION })],
  ['a time that is garbage', JSON.stringify({ Version: VERSION, Time: 'yesterday' })],
  ['a time with a line break', JSON.stringify({ Version: VERSION, Time: `${TIME}\n` })],
  ['a time with a command', JSON.stringify({ Version: VERSION, Time: `${TIME}\n::error::EVIL` })],
  ['the 31st of February', JSON.stringify({ Version: VERSION, Time: '2024-02-31T04:05:06Z' })],
  ['a time that is an object', JSON.stringify({ Version: VERSION, Time: { toString: 'x' } })],
  ['10 MB', JSON.stringify({ Version: VERSION, Time: TIME, padding: 'x'.repeat(10_000_000) })],
  ['a byte order mark and more', `\ufeff\ufeff${right}`],
  ['50,000 brackets', '['.repeat(50_000)],
];

/** Returns the answers, each to a module of its own `hostile.test/answer…` v1.0.0. */
export function makeHostileAnswers(): readonly HostileAnswer[] {
  const plans: readonly Plan[] = [
    ...(['zip', 'mod', 'info'] as const).flatMap((kind) =>
      FOR_ALL.filter(([name]) => kind !== 'info' || name !== 'other bytes in the right form').map(
        ([name, fault, more]): Plan => ({ name: `.${kind}: ${name}`, kind, fault: () => fault, ...more }),
      ),
    ),
    ...TEXTS.map(([name, fault]): Plan => ({ name: `.mod: ${name}`, kind: 'mod', fault: () => fault })),
    ...INFOS.map(
      ([name, text, becomes]): Plan => ({
        name: `.info: ${name}`,
        kind: 'info',
        fault: () => body(text),
        ...(becomes === undefined ? {} : { becomes }),
      }),
    ),
    { name: ".zip: another module's right bytes", kind: 'zip', fault: () => body(OTHER.zip) },
    { name: ".mod: another module's right bytes", kind: 'mod', fault: () => body(OTHER.mod) },
    { name: '.mod: 17 MB', kind: 'mod', fault: ({ mod }) => body(`${mod}${'//\n'.repeat(17e6 / 3)}`) },
    {
      name: '.mod: a valid one with a replace',
      kind: 'mod',
      fault: (it) => body(`${it.mod}replace a => ../b\n`),
    },
    { name: '.zip: the zip of a changed module', kind: 'zip', fault: (it) => body(tamperModule(it).zip) },
  ];
  return plans.map(({ name, kind, fault, becomes, endless = false }, index) => {
    const made = makeModule({
      path: `hostile.test/answer${index}`,
      version: VERSION,
      sizeBytes: 1500,
      time: TIME,
    });
    const missing: readonly CachedKind[] =
      becomes !== undefined ? [] : kind === 'zip' ? ['zip', 'ziphash'] : [kind];
    const all = ['zip', 'ziphash', 'mod', 'info'] as const;
    return {
      name,
      kind,
      fault: fault(made),
      module: { ...made, ...(becomes === undefined ? {} : { info: becomes }) },
      placed: all.filter((one) => !missing.includes(one)),
      endless,
    };
  });
}

/** Returns the answer as a fault of a proxy that serves all the rest rightly. */
export function faultOf({ module, kind, fault }: HostileAnswer) {
  return { match: new RegExp(`^/${module.path}/@v/v1\\.0\\.0\\.${kind}$`), ...fault };
}
