import type { Meaning } from '../fetch/answer-meaning.ts';
import type { AttemptRecord } from '../fetch/outcome.ts';
import { formatModuleVersion } from '../go/version.ts';
import type { WantedFile } from '../go/wanted-set.ts';
import type { Cause } from '../proxy/verdict.ts';

/** All that one proxy said about one file. */
export interface ProxyAnswer {
  /** Label of the proxy: no userinfo, no query. */
  readonly proxy: string;
  readonly standby: boolean;
  /** How often it was asked. */
  readonly attempts: number;
  /** One clause of ours for all attempts: `HTTP status 503, twice`. Holds no text of the peer. */
  readonly answer: string;
  /** What the last attempt came to. */
  readonly meaning: Meaning;
  readonly status?: number;
  readonly cause?: Cause;
  readonly detail?: string;
  /** The last text/plain excerpt, raw: the renderers make it inert. */
  readonly body?: string;
}

/** Returns what each proxy that was asked for a file answered, in the order in which they were first asked. */
export function answersOf(attempts: readonly AttemptRecord[]): readonly ProxyAnswer[] {
  const byProxy = Map.groupBy(attempts, ({ candidateId, standby }) => `${candidateId} ${standby}`);
  return [...byProxy.values()].flatMap((own) => {
    const last = own.at(-1);
    if (last === undefined) return [];
    const { proxy, standby, meaning, status, failure } = last;
    const body = own.findLast((one) => one.body !== undefined)?.body;
    return [
      {
        proxy,
        standby,
        attempts: own.length,
        answer: clauseOf(own),
        meaning,
        ...(status === undefined ? {} : { status }),
        ...(failure === undefined ? {} : { cause: failure.cause, detail: failure.detail }),
        ...(body === undefined || body.trim() === '' ? {} : { body }),
      },
    ];
  });
}

/** Returns `path@version .zip`. */
export function fileName({ module, kind }: Pick<WantedFile, 'module' | 'kind'>): string {
  return `${formatModuleVersion(module)} .${kind}`;
}

/** Returns the answers as one line: `a.example: HTTP status 503, twice; b.example: wrong hash`; '' when nobody was asked. */
export function answersLine(attempts: readonly AttemptRecord[]): string {
  return answersOf(attempts)
    .map(({ proxy, answer }) => `${withoutScheme(proxy)}: ${answer}`)
    .join('; ');
}

/** Evidence breaks links, and a label without its scheme stays readable there. */
export function withoutScheme(label: string): string {
  return label.replace(/^https?:\/\/(?=.)/, '');
}

/** Answers of one kind are counted; different ones are told in their order. */
function clauseOf(attempts: readonly AttemptRecord[]): string {
  const counts = new Map<string, number>();
  for (const one of attempts) {
    const text = textOf(one);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .map(([text, times]) => (times === 1 ? text : `${text}, ${timesText(times)}`))
    .join(', then ');
}

function timesText(times: number): string {
  return times === 2 ? 'twice' : `${times} times`;
}

function textOf({ meaning, status, failure }: AttemptRecord): string {
  if (meaning === 'fetched') return 'the right file';
  if (meaning === 'cancelled') return 'no answer yet';
  if (failure?.cause === 'wrong-hash') return 'wrong hash';
  if (status !== undefined && (failure === undefined || failure.detail === `answered ${status}`)) {
    return `HTTP status ${status}`;
  }
  return failure?.detail ?? meaning;
}
