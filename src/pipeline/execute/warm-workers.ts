import type { Launch, TaskProcess } from './task-process.ts';
import { Worker } from './worker-process.ts';

/** A worker that had nothing to do for so long ends: what it holds in memory is wanted by others. */
const idleMs = 10_000;

interface Waiting {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
  /** As `CUDA_VISIBLE_DEVICES` names them; empty where it has none. */
  readonly gpus: string;
}

/** Tasks of the same group may have the same worker; they have the same graphics processors too. */
function groupOf({ job: { entry, engine, cpus }, code, environment }: Launch): string {
  return JSON.stringify([entry, code, engine, cpus, environment]);
}

function dismissAll(waiting: Waiting[]): void {
  for (const { worker, timer } of waiting.splice(0)) {
    clearTimeout(timer);
    worker.dismiss();
  }
}

function gpusOf({ environment }: Launch): string {
  return environment['CUDA_VISIBLE_DEVICES'] ?? '';
}

/**
 * The workers of a run. A stage that declares it (`warm`) leaves its worker to the next task of the same stage with the
 * same environment, which then need not load its libraries again; every other task has a worker of its own.
 */
export class WarmWorkers {
  readonly #idle = new Map<string, Waiting[]>();

  async start(launch: Launch): Promise<TaskProcess> {
    if (!launch.job.isWarm) return (await Worker.start(launch)).run(launch);
    const group = groupOf(launch);
    const worker = this.#take(group) ?? (await Worker.start(launch));
    const process = worker.run(launch);
    return {
      ...process,
      end: process.end.then((end) => {
        if (worker.isIdle) this.#keep(launch, worker);
        return end;
      }),
    };
  }

  /** Lets all that wait for work end. */
  close(): void {
    for (const waiting of this.#idle.values()) dismissAll(waiting);
  }

  #take(group: string): Worker | undefined {
    const waiting = this.#idle.get(group) ?? [];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      clearTimeout(next.timer);
      if (next.worker.isIdle) return next.worker;
    }
    return undefined;
  }

  /**
   * Makes room for a task of any kind: a worker that waits still holds memory of the graphics processors it was given,
   * which the task is given now.
   */
  freeGpusFor(launch: Launch): void {
    if (gpusOf(launch) === '') return;
    for (const [group, waiting] of this.#idle) {
      if (group !== groupOf(launch) && waiting[0]?.gpus !== '') dismissAll(waiting);
    }
  }

  #keep(launch: Launch, worker: Worker): void {
    const group = groupOf(launch);
    const waiting = this.#idle.get(group) ?? [];
    const timer = setTimeout(() => {
      waiting.splice(
        waiting.findIndex((each) => each.worker === worker),
        1,
      );
      worker.dismiss();
    }, idleMs);
    this.#idle.set(group, waiting);
    waiting.push({ worker, timer, gpus: gpusOf(launch) });
  }
}
