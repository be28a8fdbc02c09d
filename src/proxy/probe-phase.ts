import { formatModuleVersion } from '../go/version.ts';
import type { Credentials } from './candidate.ts';
import { earlyEndLimit } from './early-end.ts';
import { classifyEnd, internalFailure } from './failure.ts';
import type { Network } from './http-client.ts';
import {
  type KeptZip,
  type KnownSize,
  type ProbeOutcome,
  probeCandidate,
  unmeasuredOutcome,
} from './probe.ts';
import type { ProbeAssignment } from './probe-modules.ts';
import type { ProbeProgress } from './probe-run.ts';
import type { Probed, Verdict } from './verdict.ts';

/** Options of probeAll. */
export interface ProbePhaseOptions {
  /** Who is asked for what (probe-modules.ts). */
  readonly assignments: readonly ProbeAssignment[];
  /** The group of each candidate by id (early-end.ts, probeGroups); who is not in it is in group 0. */
  readonly groups: ReadonlyMap<number, number>;
  /**
   * Whether a healthy candidate also ends those of other groups that have not even a connection by then, and what is only
   * measured of others that are healthy; default no.
   */
  readonly endsIdle?: boolean;
  /** The whole phase, in milliseconds. */
  readonly timeoutMs: number;
  readonly network: Network;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  /** Ends the phase like the deadline. */
  readonly signal?: AbortSignal;
}

/** What became of a phase. */
export interface ProbePhaseOutcome {
  /** In the order of the tasks. */
  readonly probed: readonly Probed[];
  readonly kept: readonly KeptZip[];
  readonly sizes: readonly KnownSize[];
  /** Hosts that were contacted, each once. */
  readonly contacted: readonly string[];
  readonly requests: number;
  readonly elapsedMs: number;
}

/** A probe that has not settled this long after its end never will. */
const GRACE_MS = 1000;

/**
 * Probes all candidates at once, each with connections of its own, and resolves at the deadline at the latest: earlier
 * when all are done, or when those that are left have had their time (early-end.ts). Never rejects; holds no connection
 * or timer when it has resolved.
 */
export async function probeAll(options: ProbePhaseOptions): Promise<ProbePhaseOutcome> {
  const phase = new Phase(options);
  try {
    return await phase.run();
  } finally {
    phase.end();
  }
}

class Phase {
  readonly #options: ProbePhaseOptions;
  readonly #startedAt = performance.now();
  readonly #ends: readonly AbortController[];
  /** Groups whose others have been given their limit. */
  readonly #limited = new Set<number>();
  readonly #progress: (() => ProbeProgress)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #onAbort = () => this.#abortAll();

  constructor(options: ProbePhaseOptions) {
    this.#options = options;
    this.#ends = options.assignments.map(() => new AbortController());
  }

  async run(): Promise<ProbePhaseOutcome> {
    const { assignments, timeoutMs, signal } = this.#options;
    this.#after(timeoutMs, this.#onAbort);
    if (signal?.aborted === true) this.#abortAll();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    const outcomes = await Promise.all(assignments.map((one, index) => this.#probe(one, index)));
    return {
      probed: assignments.map(({ candidate }, index) => ({
        candidate,
        verdict: outcomes[index]?.verdict ?? lost(undefined).verdict,
      })),
      kept: uniqueZips(outcomes),
      sizes: outcomes.flatMap(({ sizes }) => sizes),
      contacted: [...new Set(outcomes.flatMap(({ contacted }) => contacted))],
      requests: outcomes.reduce((sum, { requests }) => sum + requests, 0),
      elapsedMs: this.#elapsedMs(),
    };
  }

  end(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #probe(assignment: ProbeAssignment, index: number): Promise<ProbeOutcome> {
    if (assignment.kind === 'none') return unmeasuredOutcome(assignment.why);
    const { network, credentialsFor } = this.#options;
    const { candidate, ask } = assignment;
    const signal = this.#ends[index]?.signal ?? AbortSignal.abort('timeout');
    const probing = probeCandidate(candidate, ask, {
      network,
      signal,
      observe: (progress) => {
        this.#progress[index] = progress;
      },
      ...(credentialsFor === undefined ? {} : { credentialsFor }),
    });
    const outcome = await Promise.race([probing.catch(lost), this.#longAfter(signal)]);
    if (outcome.verdict.kind === 'healthy') this.#limitGroup(this.#groupOf(assignment));
    return outcome;
  }

  /** A bound on our own mistakes: one probe that does not settle must not hold up the phase. */
  #longAfter(signal: AbortSignal): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const arm = () => this.#after(GRACE_MS, () => resolve(neverSettled()));
      if (signal.aborted) arm();
      else signal.addEventListener('abort', arm, { once: true });
    });
  }

  /** The first healthy one of a group gives the others their limit. */
  #limitGroup(group: number): void {
    if (this.#limited.has(group)) return;
    this.#limited.add(group);
    const elapsedMs = this.#elapsedMs();
    const limitMs = earlyEndLimit(elapsedMs, this.#options.timeoutMs);
    if (limitMs >= this.#options.timeoutMs) return;
    this.#after(limitMs - elapsedMs, () => {
      for (const [index, assignment] of this.#options.assignments.entries()) {
        const isOver = this.#groupOf(assignment) === group || this.#isIdle(index);
        if (isOver) this.#ends[index]?.abort('too-slow');
      }
    });
  }

  #isIdle(index: number): boolean {
    return this.#options.endsIdle === true && this.#progress[index]?.() !== 'asking';
  }

  #groupOf({ candidate }: ProbeAssignment): number {
    return this.#options.groups.get(candidate.id) ?? 0;
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  #abortAll(): void {
    for (const end of this.#ends) end.abort('timeout');
  }
}

function lost(error: unknown): ProbeOutcome {
  const name = error instanceof Error ? error.name : typeof error;
  const verdict: Verdict = { kind: 'unhealthy', ...internalFailure(name), phases: {} };
  return { verdict, kept: [], sizes: [], contacted: [], requests: 0 };
}

function neverSettled(): ProbeOutcome {
  const verdict: Verdict = { kind: 'unhealthy', ...classifyEnd('timeout', 'headers'), phases: {} };
  return { verdict, kept: [], sizes: [], contacted: [], requests: 0 };
}

function uniqueZips(outcomes: readonly ProbeOutcome[]): readonly KeptZip[] {
  const zips = outcomes.flatMap(({ kept }) => kept);
  return [...new Map(zips.map((zip) => [formatModuleVersion(zip.module), zip])).values()];
}
