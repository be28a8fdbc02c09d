import type { ProxyClient } from '../proxy/http-client.ts';

/** A client that one attempt has for itself. */
export interface Lease {
  readonly client: ProxyClient;
  /** Whether the client has answered before, so that its connection is not of this attempt. */
  readonly warm: boolean;
  /** Whether it had to be waited for: then what was decided before may be wrong by now. */
  readonly waited: boolean;
  /** Gives the client back, for others to use unless it is `broken`. Call it once. */
  release(state: 'good' | 'broken' | 'unused'): void;
}

interface Slot {
  readonly client: ProxyClient;
  warm: boolean;
}

/** A redirect can lead to any host, and each keeps a connection: clients that met more are replaced. */
const MAX_HOSTS = 4;
/** For display. */
const MAX_CONTACTED = 200;

/**
 * The connections to one proxy: at most `size` at once, each with a client of its own, so that what ends one request (a
 * connection attempt that is given up takes its whole pool along) ends no other.
 */
export class ClientSlots {
  readonly #open: () => ProxyClient;
  readonly #size: number;
  readonly #contacted = new Set<string>();
  readonly #all = new Set<Slot>();
  /** The last one back is the first to go: its connection is the least likely to be closed by now. */
  readonly #free: Slot[] = [];
  readonly #closing: Promise<void>[] = [];
  #waiting: (() => void)[] = [];
  #requests = 0;
  #destroyed = false;

  constructor(open: () => ProxyClient, size: number) {
    this.#open = open;
    this.#size = size;
  }

  /** Resolves with a client; undefined when the signal or `destroy` came first. */
  async acquire(signal: AbortSignal): Promise<Lease | undefined> {
    for (let waited = false; !signal.aborted && !this.#destroyed; waited = true) {
      const slot = this.#free.pop() ?? this.#add();
      if (slot !== undefined) return this.#lease(slot, waited);
      await this.#turn(signal);
    }
    // Whoever was woken and cannot use the slot passes it on.
    this.#wake();
    return undefined;
  }

  /** Hosts (with port) that were contacted, in order, at most 200. */
  contacted(): readonly string[] {
    for (const { client } of this.#all) this.#note(client);
    return [...this.#contacted];
  }

  requests(): number {
    let sum = this.#requests;
    for (const { client } of this.#all) sum += client.requests();
    return sum;
  }

  /** Ends every connection; requests under way fail. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
    for (const slot of [...this.#all]) this.#retire(slot);
    this.#free.length = 0;
    await Promise.all(this.#closing);
  }

  #add(): Slot | undefined {
    if (this.#all.size >= this.#size) return undefined;
    const slot: Slot = { client: this.#open(), warm: false };
    this.#all.add(slot);
    return slot;
  }

  #lease(slot: Slot, waited: boolean): Lease {
    return {
      client: slot.client,
      waited,
      warm: slot.warm,
      release: (state) => {
        if (!this.#all.has(slot)) return;
        if (state === 'broken' || slot.client.contacted().length > MAX_HOSTS) this.#retire(slot);
        else {
          slot.warm ||= state === 'good';
          this.#free.push(slot);
        }
        this.#wake();
      },
    };
  }

  #retire(slot: Slot): void {
    this.#all.delete(slot);
    this.#note(slot.client);
    this.#requests += slot.client.requests();
    const closing: Promise<void> = slot.client
      .destroy()
      .catch(() => {})
      .finally(() => {
        this.#closing.splice(this.#closing.indexOf(closing), 1);
      });
    this.#closing.push(closing);
  }

  #note(client: ProxyClient): void {
    for (const host of client.contacted()) {
      if (this.#contacted.size < MAX_CONTACTED) this.#contacted.add(host);
    }
  }

  #wake(): void {
    this.#waiting.shift()?.();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting = this.#waiting.filter((one) => one !== done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.push(done);
    });
  }
}
