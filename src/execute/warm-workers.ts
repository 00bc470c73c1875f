import type { Launch, TaskProcess } from './task-process.ts';
import { Worker } from './worker-process.ts';

/** A worker that had nothing to do for so long ends: what it holds in memory is wanted by others. */
const idleMs = 10_000;

/**
 * The workers of a run. A stage that declares it (`warm`) leaves its worker to the next task of the same stage with the
 * same environment, which then need not load its libraries again; every other task has a worker of its own.
 */
export class WarmWorkers {
  readonly #idle = new Map<string, { readonly worker: Worker; readonly timer: NodeJS.Timeout }[]>();

  async start(launch: Launch): Promise<TaskProcess> {
    if (!launch.job.isWarm) return (await Worker.start(launch)).run(launch);
    const { entry, engine, cpus } = launch.job;
    const group = JSON.stringify([entry, engine, cpus, launch.environment]);
    const worker = this.#take(group) ?? (await Worker.start(launch));
    const process = worker.run(launch);
    return {
      ...process,
      end: process.end.then((end) => {
        if (worker.isIdle) this.#keep(group, worker);
        return end;
      }),
    };
  }

  /** Lets all that wait for work end. */
  close(): void {
    for (const waiting of this.#idle.values()) {
      for (const { worker, timer } of waiting) {
        clearTimeout(timer);
        worker.dismiss();
      }
    }
    this.#idle.clear();
  }

  #take(group: string): Worker | undefined {
    const waiting = this.#idle.get(group) ?? [];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      clearTimeout(next.timer);
      if (next.worker.isIdle) return next.worker;
    }
    return undefined;
  }

  #keep(group: string, worker: Worker): void {
    const waiting = this.#idle.get(group) ?? [];
    const timer = setTimeout(() => {
      waiting.splice(
        waiting.findIndex((each) => each.worker === worker),
        1,
      );
      worker.dismiss();
    }, idleMs);
    this.#idle.set(group, waiting);
    waiting.push({ worker, timer });
  }
}
