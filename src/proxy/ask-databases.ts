import type { GoproxyEntry } from '../go/goproxy.ts';
import { type SumdbHost, type SumdbSituation, sumdbQuestions } from './checksum-db.ts';
import type { Network } from './http-client.ts';
import { askSumdbHost } from './sumdb-probe.ts';

/** Which addresses of Go's checksum database answer. */
export interface DatabaseAnswers {
  readonly answers: ReadonlyMap<SumdbHost, 'answers' | 'fails'>;
  readonly contacted: readonly string[];
}

/** A situation, and how long there is to find out. */
export interface DatabaseQuestion extends Omit<SumdbSituation, 'chain'> {
  /** What the chain may hold at most. */
  readonly chain: readonly GoproxyEntry[];
  readonly network: Network;
  /** As performance.now() counts. */
  readonly endsAt: number;
}

/** Both addresses have the key of the first (cmd/go/internal/modfetch/sumdb.go, dbDial). */
const KEY_NAME = 'sum.golang.org';

/** Asks the databases one after the other until one answers; none when nothing depends on them. Never rejects. */
export async function askDatabases(question: DatabaseQuestion): Promise<DatabaseAnswers> {
  const answers = new Map<SumdbHost, 'answers' | 'fails'>();
  const contacted: string[] = [];
  const hosts = sumdbQuestions(question);
  for (const [index, host] of hosts.entries()) {
    // What is left is shared, so that one that stalls leaves time for the next.
    const timeoutMs = (question.endsAt - performance.now()) / (hosts.length - index);
    if (timeoutMs <= 0) break;
    const answer = await askSumdbHost({
      base: new URL(`https://${host}`),
      name: KEY_NAME,
      network: question.network,
      timeoutMs,
    });
    contacted.push(...answer.contacted);
    answers.set(host, answer.answers ? 'answers' : 'fails');
    if (answer.answers) break;
  }
  return { answers, contacted };
}
