import { StartError } from './start-error.ts';
import { Supervised, type ProcessSpec } from './supervised.ts';

export interface FleetOptions {
  say: (line: string) => void;
  /** See SupervisedOptions. */
  ownGroup?: boolean;
  onChange?: () => void;
}

/** All processes of one start, those included that are not ready yet: so that whatever happens, all of them are ended. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: Supervised[] = [];
  #stopping: Promise<void> | null = null;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Starts a process and waits until it is ready. */
  async run(spec: ProcessSpec): Promise<Supervised> {
    if (this.#stopping) throw new StartError(`${spec.name} was not started: everything is ending.`);
    const { say, ownGroup = false, onChange } = this.#options;
    const member = new Supervised(spec, { say, ownGroup, ...(onChange ? { onSpawn: onChange } : {}) });
    this.#members.push(member);
    await member.start();
    return member;
  }

  get members(): readonly Supervised[] {
    return this.#members;
  }

  /** Ends everything, in the order that the specs state. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    const orders = [...new Set(this.#members.map(({ spec }) => spec.stopOrder))].sort((a, b) => b - a);
    for (const order of orders) {
      await Promise.all(this.#members.filter(({ spec }) => spec.stopOrder === order).map((member) => member.stop()));
    }
  }
}
