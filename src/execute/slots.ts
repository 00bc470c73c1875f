/** What a task occupies while it runs. */
export interface Demand {
  readonly cpus: number;
}

interface Waiting {
  readonly demand: Demand;
  readonly grant: (release: () => void) => void;
}

/** Counts what running tasks occupy, and lets the next one start as soon as it fits. */
export class Slots {
  readonly #cpus: number;
  #freeCpus: number;
  #freeJobs: number;
  readonly #queue: Waiting[] = [];

  /** @param jobs tasks at the same time; @param cpus processors they may occupy together */
  constructor(jobs: number, cpus: number) {
    this.#cpus = cpus;
    this.#freeCpus = cpus;
    this.#freeJobs = jobs;
  }

  /** Waits until there is room, and gives the function that makes room again. */
  acquire(demand: Demand): Promise<() => void> {
    // A task that asks for more than there is gets all of it.
    const cpus = Math.min(demand.cpus, this.#cpus);
    return new Promise((grant) => {
      this.#queue.push({ demand: { cpus }, grant });
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (;;) {
      const index = this.#freeJobs === 0 ? -1 : this.#queue.findIndex(({ demand }) => demand.cpus <= this.#freeCpus);
      const [next] = index < 0 ? [] : this.#queue.splice(index, 1);
      if (next === undefined) return;
      this.#occupy(next);
    }
  }

  #occupy({ demand, grant }: Waiting): void {
    this.#freeJobs -= 1;
    this.#freeCpus -= demand.cpus;
    let isReleased = false;
    grant(() => {
      if (isReleased) return;
      isReleased = true;
      this.#freeJobs += 1;
      this.#freeCpus += demand.cpus;
      this.#startWaiting();
    });
  }
}
