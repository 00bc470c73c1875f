import { counted, humanBytes } from '../../core/human.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import { computesTensors } from '../experiment/stage-manifest.ts';
import { taskNeeds } from '../plan/select-tasks.ts';

/** What there is to share out among running tasks. */
export interface Capacity {
  /** Tasks at the same time. */
  readonly jobs: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Ids of the graphics processors, as `CUDA_VISIBLE_DEVICES` names them. */
  readonly gpus: readonly string[];
}

/** What a task occupies while it runs, and how urgent it is. */
export interface Demand {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  /** The higher goes first. */
  readonly priority: number;
}

/** Room that was given to a task. */
export interface Grant {
  /** Ids of the graphics processors it may use. */
  readonly gpus: readonly string[];
  release(): void;
}

interface Waiting {
  readonly demand: Demand;
  readonly order: number;
  readonly grant: (grant: Grant) => void;
  /** How many less urgent tasks were let through because they fitted and this one did not. */
  passed: number;
}

/** A task that was passed this many times is waited for: otherwise small tasks could keep a large one out for ever. */
const patience = 8;

/** A wait of this length is told. */
const longWaitMs = 2000;
/** If so many tasks wait at most. */
const toldWaits = 20;

/** Counts what running tasks occupy, and starts the most urgent one that fits. */
export class Slots {
  readonly #capacity: Capacity;
  #freeJobs: number;
  #freeCpus: number;
  #freeMemory: number;
  #freeGpus: readonly string[];
  #order = 0;
  readonly #queue: Waiting[] = [];

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
    this.#freeJobs = capacity.jobs;
    this.#freeCpus = capacity.cpus;
    this.#freeMemory = capacity.memoryBytes;
    this.#freeGpus = capacity.gpus;
  }

  /**
   * Waits until there is room. A task that asks for more than there is gets all there is. One that waits for long is told
   * what for, in words: `until 2 processors are free`.
   */
  acquire(demand: Demand, onLongWait: (because: string) => void = () => undefined): Promise<Grant> {
    const { cpus, memoryBytes, gpus } = this.#capacity;
    const capped: Demand = {
      ...demand,
      cpus: Math.min(demand.cpus, cpus),
      memoryBytes: Math.min(demand.memoryBytes, memoryBytes),
      gpus: Math.min(demand.gpus, gpus.length),
    };
    return new Promise((resolve) => {
      const waiting = setTimeout(() => {
        // Of a crowd nothing is told: each waits for the ones before it.
        if (this.#queue.length <= toldWaits) onLongWait(this.#lackOf(capped));
      }, longWaitMs);
      waiting.unref();
      const grant = (given: Grant): void => {
        clearTimeout(waiting);
        resolve(given);
      };
      this.#queue.push({ demand: capped, order: this.#order, grant, passed: 0 });
      this.#order += 1;
      this.#queue.sort((a, b) => b.demand.priority - a.demand.priority || a.order - b.order);
      this.#startWaiting();
    });
  }

  #lackOf({ cpus, memoryBytes, gpus }: Demand): string {
    if (cpus > this.#freeCpus) return `until ${counted(cpus, 'processor')} ${cpus === 1 ? 'is' : 'are'} free`;
    if (gpus > this.#freeGpus.length) return `until ${counted(gpus, 'GPU')} ${gpus === 1 ? 'is' : 'are'} free`;
    if (memoryBytes > this.#freeMemory) return `until ${humanBytes(memoryBytes)} of memory are free`;
    return this.#freeJobs > 0
      ? 'until a more urgent task has started'
      : `until another task has ended, for ${this.#capacity.jobs} at a time may run (--jobs)`;
  }

  #startWaiting(): void {
    while (this.#freeJobs > 0) {
      const index = this.#queue.findIndex((waiting) => this.#fits(waiting.demand) || waiting.passed >= patience);
      const next = this.#queue[index];
      if (next === undefined || !this.#fits(next.demand)) return;
      for (const passed of this.#queue.slice(0, index)) passed.passed += 1;
      this.#queue.splice(index, 1);
      this.#occupy(next);
    }
  }

  #fits({ cpus, memoryBytes, gpus }: Demand): boolean {
    return cpus <= this.#freeCpus && memoryBytes <= this.#freeMemory && gpus <= this.#freeGpus.length;
  }

  #occupy({ demand, grant }: Waiting): void {
    const gpus = this.#freeGpus.slice(0, demand.gpus);
    this.#freeGpus = this.#freeGpus.slice(demand.gpus);
    this.#freeJobs -= 1;
    this.#freeCpus -= demand.cpus;
    this.#freeMemory -= demand.memoryBytes;
    let isReleased = false;
    grant({
      gpus,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#freeGpus = [...this.#freeGpus, ...gpus];
        this.#freeJobs += 1;
        this.#freeCpus += demand.cpus;
        this.#freeMemory += demand.memoryBytes;
        this.#startWaiting();
      },
    });
  }
}

/** What a task occupies. One that computes with tensors takes one graphics processor if there is one, also if it does not ask. */
export function demandOf({ resources, kind }: TaskSpec, cpus: number, priority: number): Demand {
  const { memoryBytes = 0, gpus } = resources;
  return { cpus, memoryBytes, gpus: computesTensors(kind.manifest) ? Math.max(1, gpus) : gpus, priority };
}

/** In words, what a task asks for that there is not, since it runs all the same; undefined if there is enough. */
export function shortageOf({ stage, resources }: TaskSpec, there: Capacity): string | undefined {
  const { cpus, memoryBytes = 0, gpus } = resources;
  const short = [
    ...(gpus > there.gpus.length ? [`${there.gpus.length} of ${gpus} GPUs`] : []),
    ...(cpus !== 'all' && cpus > there.cpus ? [`${there.cpus} of ${cpus} processors`] : []),
    ...(memoryBytes > there.memoryBytes ? [`${humanBytes(there.memoryBytes)} of ${humanBytes(memoryBytes)}`] : []),
  ];
  return short.length === 0 ? undefined : `stage ${stage} runs with less than it asks for: ${short.join(', ')}`;
}

/**
 * For each task an estimate of how long the run continues from its start: its own duration and the longest path after
 * it. Starting the largest first keeps the run short. Tasks that were never run count as the average of the others.
 */
export function priorities(
  experiment: Experiment,
  lastDurationMs: (task: TaskSpec) => number | undefined,
): ReadonlyMap<string, number> {
  const known = new Map(experiment.tasks.map((task) => [task.id, lastDurationMs(task)]));
  const durations = [...known.values()].filter((each) => each !== undefined);
  const average = durations.length === 0 ? 1 : durations.reduce((sum, each) => sum + each, 0) / durations.length;
  const after = new Map<string, number>();
  const result = new Map<string, number>();
  for (const task of experiment.tasks.toReversed()) {
    const path = (known.get(task.id) ?? average) + (after.get(task.id) ?? 0);
    result.set(task.id, path);
    for (const need of taskNeeds(task)) after.set(need, Math.max(after.get(need) ?? 0, path));
  }
  return result;
}
