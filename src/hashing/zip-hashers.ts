import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { GoRuleError } from '../go/go-rule-error.ts';
import { hashZip, type ZipHash, type ZipHasher, type ZipLimits, type ZipSource } from '../go/h1.ts';
import type { HashAnswer, HashQuestion } from './hash-messages.ts';

/** Hashes zips on threads beside this one. */
export interface ZipHashers {
  readonly hash: ZipHasher;
  /** Ends the threads; what is under way is hashed here. */
  close(): Promise<void>;
}

/** Options of openZipHashers. */
export interface ZipHashersOptions {
  /** The worker's bundle; without it everything is hashed on the calling thread. */
  readonly script: string;
  /** Default: as many as cores, at most 4: the calling thread waits for the network and for them most of the time. */
  readonly threads?: number;
}

const MAX_THREADS = 4;

/**
 * Returns a pool of threads that hash zips from open files; what is in memory is hashed by the caller's thread, for it is
 * small. A thread is started when the first zip comes for it. One that dies costs nothing but time: its zips are hashed
 * on the calling thread, and so is everything after it.
 */
export function openZipHashers({ script, threads }: ZipHashersOptions): ZipHashers {
  const most = threads ?? Math.min(MAX_THREADS, availableParallelism());
  return existsSync(script) ? new ThreadPool(script, most) : { hash: hashZip, close: async () => {} };
}

interface Job {
  readonly resolve: (hash: ZipHash) => void;
  readonly reject: (error: unknown) => void;
  /** Hashes it on this thread after all. */
  readonly fallBack: () => void;
}

class ThreadPool implements ZipHashers {
  readonly #script: string;
  readonly #most: number;
  readonly #threads: HashThread[] = [];
  #isBroken = false;

  constructor(script: string, most: number) {
    this.#script = script;
    this.#most = most;
  }

  readonly hash: ZipHasher = async (source, limits = {}) => {
    const thread = 'handle' in source ? this.#thread() : undefined;
    if (thread === undefined || !('handle' in source)) return await hashZip(source, limits);
    limits.signal?.throwIfAborted();
    return await thread.hash(source, limits);
  };

  async close(): Promise<void> {
    this.#isBroken = true;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
  }

  /** The one with the least to do; a new one while all have something to do. */
  #thread(): HashThread | undefined {
    if (this.#isBroken) return undefined;
    const idlest = this.#threads.toSorted((a, b) => a.load - b.load)[0];
    if (idlest !== undefined && (idlest.load === 0 || this.#threads.length >= this.#most)) return idlest;
    const thread = new HashThread(this.#script, () => {
      this.#isBroken = true;
    });
    this.#threads.push(thread);
    return thread;
  }
}

class HashThread {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  #next = 0;

  constructor(script: string, onBroken: () => void) {
    // Nothing of the environment, which holds secrets, and none of the options of the process.
    this.#worker = new Worker(script, { env: {}, execArgv: [], stdout: true, stderr: true });
    this.#worker.unref();
    const onEnd = () => {
      onBroken();
      for (const { fallBack } of this.#jobs.values()) fallBack();
      this.#jobs.clear();
    };
    this.#worker.on('error', onEnd);
    this.#worker.on('exit', onEnd);
    this.#worker.on('message', (answer: HashAnswer) => this.#settle(answer));
  }

  get load(): number {
    return this.#jobs.size;
  }

  hash(source: Extract<ZipSource, { handle: unknown }>, limits: ZipLimits): Promise<ZipHash> {
    const { signal, zipBytes, unpackedBytes } = limits;
    const { promise, resolve, reject } = Promise.withResolvers<ZipHash>();
    const id = this.#next++;
    const fallBack = () => {
      hashZip(source, limits).then(resolve, reject);
    };
    this.#jobs.set(id, { resolve, reject, fallBack });
    const question: HashQuestion = {
      id,
      fd: source.handle.fd,
      ...(zipBytes === undefined ? {} : { zipBytes }),
      ...(unpackedBytes === undefined ? {} : { unpackedBytes }),
    };
    this.#worker.postMessage(question);
    // The answer is awaited also when the signal aborts: until then the descriptor must stay open.
    return promise.finally(() => signal?.throwIfAborted());
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: HashAnswer): void {
    const job = this.#jobs.get(answer.id);
    if (job === undefined) return;
    this.#jobs.delete(answer.id);
    if ('hash' in answer) {
      job.resolve(answer.hash);
      return;
    }
    const { isRule, message, code } = answer.error;
    job.reject(isRule ? new GoRuleError('zip', message) : Object.assign(new Error(message), { code }));
  }
}
