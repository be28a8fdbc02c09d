import type { Cause } from '../proxy/verdict.ts';
import type { Meaning } from './answer-meaning.ts';

/** What one proxy has answered for one file so far. */
export interface EntryState {
  readonly failures: number;
  /** Failures that the next answer will hardly be free of: wrong content, or a body without end. */
  readonly bad: number;
  /** Answers with another hash, or an info file of another version. */
  readonly integrity: number;
  readonly notFound: boolean;
  /** It answered 404 or 410, if only for a failure of its upstream: go passes a comma for any of them. */
  readonly passable: boolean;
  /** Not to be asked again before. */
  readonly askAgainAt: number;
}

/** What is known about one file that is being fetched. */
export interface FileState {
  readonly entries: readonly EntryState[];
  /** Somebody whose refusal is policy has refused it. */
  readonly refused: boolean;
}

/** One more answer. */
export interface Noted {
  readonly meaning: Meaning;
  readonly cause?: Cause;
  readonly status?: number;
  /** Not before then from this proxy again. */
  readonly askAgainAt: number;
}

/** So many bad answers settle that a proxy has nothing for us; a body beyond all limits is enough at once. */
const BAD_ENOUGH = 2;

/** Returns the state of a file that nobody was asked for. */
export function newFileState(proxies: number): FileState {
  const entry: EntryState = {
    failures: 0,
    bad: 0,
    integrity: 0,
    notFound: false,
    passable: false,
    askAgainAt: 0,
  };
  return { entries: Array.from({ length: proxies }, () => entry), refused: false };
}

/** Says whether the proxy is not asked for this file again. */
export function isSettled(entry: EntryState): boolean {
  return entry.notFound || entry.bad >= BAD_ENOUGH;
}

/** Returns the state after proxy `index` was asked. */
export function noteAnswer(state: FileState, index: number, noted: Noted): FileState {
  const entries = state.entries.map((entry, at) => (at === index ? after(entry, noted) : entry));
  return { entries, refused: state.refused || noted.meaning === 'refused' };
}

function after(entry: EntryState, { meaning, cause, status, askAgainAt }: Noted): EntryState {
  switch (meaning) {
    case 'not-found':
      return { ...entry, notFound: true, passable: true };
    case 'integrity':
      return {
        ...entry,
        failures: entry.failures + 1,
        bad: entry.bad + 1,
        integrity: entry.integrity + 1,
        askAgainAt,
      };
    case 'infrastructure':
      return {
        ...entry,
        failures: entry.failures + 1,
        bad: entry.bad + (cause === 'too-large' ? BAD_ENOUGH : 0),
        passable: entry.passable || status === 404 || status === 410,
        askAgainAt,
      };
    case 'fetched':
    case 'refused':
    case 'local':
    case 'cancelled':
      return entry;
    default: {
      const never: never = meaning;
      return never;
    }
  }
}
