import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../src/diagnosis/finding.ts';
import { diagnoseLog, type LogDiagnosis } from '../../src/diagnosis/log-diagnosis.ts';
import type { LogId } from '../../src/diagnosis/log-id.ts';

/**
 * The labelled lines are `label<TAB>text<TAB>source`. In the text a leading `\t` and every `␉` stand for a TAB, `␍` for a CR, `␊` for the
 * end of a line: rows made here are whole messages. Labels of rows from threads are those of their collectors.
 */
const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures');

type FailureClass = Finding['class'];

/** What a label means: nothing, or one of these ids with this class. */
export interface Expectation {
  readonly ids: readonly LogId[];
  readonly class?: FailureClass;
  /** Rows that go never writes alone are read below this line. */
  readonly below?: string;
}

/** One labelled message. */
export interface LabelledMessage {
  readonly label: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly source: string;
  /** Not looked at while the patterns were written, until they had been measured on it once. */
  readonly heldBack: boolean;
  readonly expected: Expectation;
}

const VCS = '0123456789abcdef'.repeat(4);
const BELOW_GIT = `go: example.com/m@v1.0.0: git fetch -f origin in /home/runner/go/pkg/mod/cache/vcs/${VCS}: exit status 128:`;

const expect = (failureClass: FailureClass, ...ids: readonly LogId[]): Expectation => ({
  ids,
  class: failureClass,
});
const NOTHING: Expectation = { ids: [] };
const git = (failureClass: FailureClass, ...ids: readonly LogId[]): Expectation => ({
  ...expect(failureClass, ...ids),
  below: BELOW_GIT,
});

/** Labels of the collected lines. Written before the held-back rows were measured. */
const COLLECTED: Readonly<Record<string, Expectation>> = {
  none: NOTHING,
  // Noise of net/http, and lines that say nothing without the one above them.
  'h2-protocol-noise': NOTHING,
  'checksum-detail': NOTHING,
  'server-response': NOTHING,
  'dns-nxdomain': expect('configuration', 'dns-not-found'),
  'dns-servfail': expect('infrastructure', 'dns-failed'),
  'dns-temporary': expect('infrastructure', 'dns-failed'),
  'dns-timeout': expect('infrastructure', 'dns-timeout'),
  'dns-unreachable': expect('infrastructure', 'dns-refused'),
  'conn-refused': expect('infrastructure', 'connection-refused'),
  'conn-reset': expect('infrastructure', 'connection-reset'),
  'conn-timeout': expect('infrastructure', 'connect-timeout', 'body-timeout'),
  'net-unreachable': expect('infrastructure', 'unreachable'),
  'http-proxy-connect': expect('infrastructure', 'http-proxy-unreachable'),
  eof: expect('infrastructure', 'closed-early'),
  'unexpected-eof': expect('infrastructure', 'truncated'),
  'content-length': expect('infrastructure', 'protocol-error'),
  'tls-handshake-timeout': expect('infrastructure', 'tls-timeout'),
  'tls-unknown-ca': expect('configuration', 'tls-unknown-authority'),
  'tls-expired': expect('configuration', 'tls-expired', 'tls-not-yet-valid'),
  'tls-hostname': expect('configuration', 'tls-wrong-host'),
  'tls-protocol': expect('configuration', 'tls-protocol'),
  'tls-client-cert': expect('access', 'tls-client-certificate'),
  'h2-stream': expect('infrastructure', 'http2-stream-reset'),
  'h2-goaway': expect('infrastructure', 'http2-goaway'),
  'http-400': expect('configuration', 'http-status'),
  'http-401': expect('access', 'module-refused'),
  'http-403': expect('access', 'module-refused'),
  'http-404': expect('not-found', 'module-not-found'),
  'http-410': expect('not-found', 'module-not-found'),
  'http-429': expect('infrastructure', 'http-too-many-requests'),
  'http-5xx': expect('infrastructure', 'http-status'),
  'http-4xx': expect('configuration', 'http-status'),
  'http-malformed': expect('infrastructure', 'protocol-error'),
  'http-on-https': expect('configuration', 'plain-http-on-tls-port'),
  redirect: expect('configuration', 'redirect-loop', 'redirect-insecure'),
  'checksum-gosum': expect('integrity', 'checksum-mismatch'),
  'checksum-sumdb': expect('integrity', 'sumdb-mismatch'),
  'sumdb-config': expect('configuration', 'sumdb-setting'),
  'sumdb-bad-data': expect('integrity', 'sumdb-misbehaving'),
  'zip-invalid': expect('infrastructure', 'invalid-zip'),
  'zip-content': expect('infrastructure', 'zip-wrong-prefix'),
  'proxy-bad-info': expect('infrastructure', 'invalid-info', 'captive-portal'),
  'import-path': expect('not-found', 'import-path-unrecognized'),
  'unknown-revision': expect('not-found', 'version-not-found'),
  'vcs-command': expect('infrastructure', 'git-failed'),
  'git-auth': git('access', 'git-credentials-missing'),
  'git-network': git('infrastructure', 'git-network'),
  'git-notfound': git('not-found', 'git-not-found'),
  'git-ssh': git('access', 'git-ssh-login', 'git-ssh-host-key'),
  govcs: expect('configuration', 'govcs-disallowed'),
  goauth: expect('configuration', 'goauth-setting'),
  'gosum-missing': expect('configuration', 'missing-go-sum'),
  'proxy-off': expect('configuration', 'goproxy-off'),
  'proxy-config': expect('configuration', 'goproxy-syntax'),
  'insecure-credentials': expect('configuration', 'goproxy-insecure-credentials'),
  'toolchain-unavailable': expect('not-found', 'toolchain-unavailable'),
  'toolchain-local': expect('configuration', 'toolchain-too-old'),
  'toolchain-path': expect('configuration', 'toolchain-setting'),
  'disk-full': expect('infrastructure', 'disk-full'),
  'cache-readonly': expect('configuration', 'module-cache-unwritable'),
  'cache-verify': expect('integrity', 'module-cache-corrupt'),
  'cache-restore-tar': expect('configuration', 'cache-restore-exists'),
};

/** Classes of the ids that rows made here are labelled with. */
const OWN_CLASSES: Readonly<Record<FailureClass, readonly LogId[]>> = {
  integrity: [
    'checksum-mismatch',
    'empty-go-mod',
    'module-cache-corrupt',
    'sumdb-misbehaving',
    'sumdb-mismatch',
  ],
  access: [
    'git-credentials-missing',
    'git-ssh-login',
    'http-blocked',
    'http-proxy-login',
    'http-proxy-refused',
    'module-refused',
    'tls-client-certificate',
  ],
  'not-found': [
    'git-not-found',
    'import-path-unrecognized',
    'module-not-found',
    'toolchain-unavailable',
    'version-not-found',
  ],
  configuration: [
    'dns-not-found',
    'git-missing',
    'git-ssh-host-key',
    'go111module-off',
    'goauth-setting',
    'goproxy-insecure-credentials',
    'goproxy-off',
    'goproxy-syntax',
    'govcs-disallowed',
    'looks-private',
    'missing-go-sum',
    'module-cache-unwritable',
    'plain-http-on-tls-port',
    'redirect-insecure',
    'redirect-loop',
    'sumdb-setting',
    'tls-expired',
    'tls-not-yet-valid',
    'tls-protocol',
    'tls-unknown-authority',
    'tls-wrong-host',
    'toolchain-setting',
    'toolchain-too-old',
    'vendor-drift',
    'vendor-incomplete',
  ],
  infrastructure: [
    'captive-portal',
    'closed-early',
    'connect-timeout',
    'connection-refused',
    'connection-reset',
    'dns-failed',
    'dns-timeout',
    'git-network',
    'http-proxy-failed',
    'http-proxy-unreachable',
    'http-too-many-requests',
    'http2-goaway',
    'http2-stream-reset',
    'invalid-info',
    'invalid-zip',
    'not-found-transient',
    'protocol-error',
    'redirect-blocked',
    'sumdb-unreachable',
    'tls-timeout',
    'truncated',
    'unreachable',
    'zip-wrong-prefix',
  ],
};

const OWN: Readonly<Record<string, Expectation>> = Object.fromEntries(
  Object.entries(OWN_CLASSES).flatMap(([name, ids]) =>
    ids.map((id) => [id, expect(name as FailureClass, id)] as const),
  ),
);

/** Returns whether a text is kept back from those who write patterns: a fifth, by its hash. */
export function isHeldBack(text: string): boolean {
  return (createHash('sha256').update(text).digest()[0] ?? 0) % 5 === 0;
}

/**
 * Reads the messages that were collected and labelled after the patterns were written, and measured before anybody changed a pattern
 * for them. Their labels are `class:id` or `class:id|id`, or `none`.
 */
export function readBlindMessages(
  file: 'go-error-lines-2.tsv' | 'go-error-lines-3.tsv',
): readonly LabelledMessage[] {
  return rowsOf(file).map(([label = '', text = '', source = '']) => {
    const [name = '', ids = ''] = label.split(':');
    const expected =
      label === 'none' ? NOTHING : expect(name as FailureClass, ...(ids.split('|') as LogId[]));
    return { label, text, lines: linesOf(text), source, heldBack: true, expected };
  });
}

const rowsOf = (file: string) =>
  readFileSync(path.join(FIXTURES, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split('\t'));

const linesOf = (text: string) =>
  text.replace(/^\\t/, '\t').replaceAll('␉', '\t').replaceAll('␍', '\r').split('␊');

/** Reads the labelled messages. Throws on a label without a meaning. */
export function readLabelledMessages(): readonly LabelledMessage[] {
  return rowsOf('go-error-lines.tsv').map(([label = '', text = '', source = '']) => {
    const expected = source.startsWith('go 1.') ? (OWN[label] ?? COLLECTED[label]) : COLLECTED[label];
    if (expected === undefined) throw new Error(`the label ${label} has no meaning`);
    return { label, text, lines: linesOf(text), source, heldBack: isHeldBack(text), expected };
  });
}

/** Reads the lines that tell of no failed download; lines with `#! ` say where the next ones come from. */
export function readNegatives(): readonly string[] {
  return ['log-negatives.txt', 'log-negatives-2.txt']
    .flatMap((file) => readFileSync(path.join(FIXTURES, file), 'utf8').split('\n'))
    .filter((line) => line !== '' && !line.startsWith('#! '));
}

/** How one message was judged. */
export interface Judged {
  readonly message: LabelledMessage;
  readonly found: readonly LogDiagnosis[];
  readonly rightId: boolean;
  readonly rightClass: boolean;
}

/** Diagnoses a message and compares: right is what has at least one diagnosis and none that is wrong. */
export function judge(message: LabelledMessage): Judged {
  const { expected, lines } = message;
  const found = diagnoseLog(expected.below === undefined ? lines : [expected.below, ...lines]);
  if (expected.ids.length === 0) {
    return { message, found, rightId: found.length === 0, rightClass: found.length === 0 };
  }
  // Who was asked changes the id, and what happened is then the cause.
  const isRight = ({ id, cause }: LogDiagnosis) =>
    expected.ids.includes(id) || (cause !== undefined && expected.ids.includes(cause));
  return {
    message,
    found,
    rightId: found.length > 0 && found.every(isRight),
    rightClass:
      found.length > 0 &&
      found.every((one) => one.entry.class === expected.class || (one.cause !== undefined && isRight(one))),
  };
}

/** Counts and shares, from 0 to 1. */
export interface CorpusFigures {
  readonly messages: number;
  readonly rightId: number;
  readonly rightClass: number;
}

/** Returns the shares of right judgements. */
export function figuresOf(judged: readonly Judged[]): CorpusFigures {
  const share = (test: (one: Judged) => boolean) => judged.filter(test).length / Math.max(1, judged.length);
  return {
    messages: judged.length,
    rightId: share((one) => one.rightId),
    rightClass: share((one) => one.rightClass),
  };
}
