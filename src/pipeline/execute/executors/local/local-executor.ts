import type { Executor, Launch, TaskHandle } from '../../executor.ts';
import type { Capacity } from '../../slots.ts';
import { startProgram } from './program-process.ts';
import { signalProcess } from './task-process.ts';
import { Worker } from './worker-process.ts';

/** A worker that had nothing to do for so long ends: others need what it holds in memory. */
const idleMs = 10_000;

interface Waiting {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
  /** As `CUDA_VISIBLE_DEVICES` names them; empty if it has none. */
  readonly gpus: string;
}

/**
 * Runs tasks as processes of this machine, which end with the runner. A stage that declares it (`warm`) leaves its worker
 * to the next task of the same stage with the same environment, which then need not load its libraries again; every
 * other task has a process of its own. The id of a task is that of its process.
 */
export class LocalExecutor implements Executor {
  readonly capacity: Capacity;
  readonly #idle = new Map<string, Waiting[]>();

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  start(launch: Launch): Promise<TaskHandle> {
    this.#freeGpusFor(launch);
    return launch.command === undefined ? this.#startJob(launch) : startProgram(launch, launch.command);
  }

  endOrphan(id: string): void {
    signalProcess(-Number(id), 'SIGKILL');
  }

  close(): void {
    for (const waiting of this.#idle.values()) dismissAll(waiting);
  }

  async #startJob(launch: Launch): Promise<TaskHandle> {
    if (!launch.job.isWarm) return (await Worker.start(launch)).run(launch);
    const worker = this.#take(groupOf(launch)) ?? (await Worker.start(launch));
    const handle = worker.run(launch);
    return {
      ...handle,
      end: handle.end.then((exit) => {
        if (worker.isIdle) this.#keep(launch, worker);
        return exit;
      }),
    };
  }

  #take(group: string): Worker | undefined {
    const waiting = this.#idle.get(group) ?? [];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      clearTimeout(next.timer);
      if (next.worker.isIdle) return next.worker;
    }
    return undefined;
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

  /**
   * Makes room for a task of any kind: a worker that waits still holds memory of the graphics processors it was given,
   * which the task is given now.
   */
  #freeGpusFor(launch: Launch): void {
    if (gpusOf(launch) === '') return;
    for (const [group, waiting] of this.#idle) {
      if (group !== groupOf(launch) && waiting[0]?.gpus !== '') dismissAll(waiting);
    }
  }
}

/** Tasks of the same group may have the same worker; they have the same graphics processors too. */
function groupOf({ job: { entry, engine, cpus }, code, environment }: Launch): string {
  return JSON.stringify([entry, code, engine, cpus, environment]);
}

function gpusOf({ environment }: Launch): string {
  return environment['CUDA_VISIBLE_DEVICES'] ?? '';
}

function dismissAll(waiting: Waiting[]): void {
  for (const { worker, timer } of waiting.splice(0)) {
    clearTimeout(timer);
    worker.dismiss();
  }
}
