import { RequestError } from './failure.ts';
import { type Network, openClient } from './http-client.ts';
import { belowBase } from './module-url.ts';

/** Options of askSumdbHost. */
export interface SumdbProbeOptions {
  /** Base URL of the checksum database, for example https://sum.golang.google.cn. */
  readonly base: URL;
  /** Name of its key, for example sum.golang.org. */
  readonly name: string;
  readonly network: Network;
  /** The whole question, in milliseconds. */
  readonly timeoutMs: number;
}

/** Whether a checksum database answers; `why` is for people. */
export interface SumdbAnswer {
  readonly answers: boolean;
  readonly why: string;
  readonly contacted: readonly string[];
}

const MAX_NOTE_BYTES = 4096;
/** golang.org/x/mod/sumdb/tlog, FormatTree, below a signature line of golang.org/x/mod/sumdb/note. */
const TREE_NOTE =
  /^go\.sum database tree\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n\n((?:\u2014 \S+ [A-Za-z0-9+/]+=*\n)+)$/;

/** Asks `<base>/latest` and checks that a signed tree head of that name comes. Never rejects; the signature is go's to check. */
export async function askSumdbHost(options: SumdbProbeOptions): Promise<SumdbAnswer> {
  const { base, name, network, timeoutMs } = options;
  const client = openClient({ base, network });
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort('timeout'), timeoutMs);
  const said = (answers: boolean, why: string) => ({ answers, why, contacted: client.contacted() });
  try {
    const answer = await client.get(belowBase(base, 'latest'), {
      signal: ended.signal,
      body: { limitBytes: MAX_NOTE_BYTES, over: 'fail' },
    });
    if (answer.status !== 200) return said(false, `answered ${answer.status}`);
    const text = Buffer.from(answer.body).toString('utf8');
    return isTreeNote(text, name) ? said(true, 'answers') : said(false, 'the answer is no signed tree head');
  } catch (error) {
    return said(false, error instanceof RequestError ? error.message : 'internal error');
  } finally {
    clearTimeout(timer);
    await client.destroy();
  }
}

/** Whether the text has the shape of a tree head signed in that name. */
export function isTreeNote(text: string, name: string): boolean {
  const signatures = TREE_NOTE.exec(text)?.[3] ?? '';
  return signatures.split('\n').some((line) => line.startsWith(`\u2014 ${name} `));
}
