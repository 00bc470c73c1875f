import { setImmediate } from 'node:timers/promises';
import type { StageContext } from './stage.ts';

const reportEveryMs = 500;
/** Steps between looks at the clock; a step may take a few microseconds. */
const lookEverySteps = 64;

/** Reports the progress of a stage twice a second, and lets it notice between steps that it must stop. */
export class WorkProgress {
  readonly #context: Pick<StageContext, 'emit' | 'signal'>;
  readonly #unit: string;
  readonly #total: number | undefined;
  readonly #start = performance.now();
  #done = 0;
  #lastReport = performance.now();

  /** `unit` in the plural: `images`. */
  constructor(context: Pick<StageContext, 'emit' | 'signal'>, unit: string, total?: number) {
    this.#context = context;
    this.#unit = unit;
    this.#total = total;
  }

  /**
   * To be called after every step, and awaited if it returns a promise: awaiting undefined takes as long as a short
   * step. Rejects if the stage must stop.
   */
  step(): Promise<void> | undefined {
    this.#done += 1;
    return this.#done % lookEverySteps === 0 ? this.#look() : undefined;
  }

  async #look(): Promise<void> {
    await setImmediate();
    this.#context.signal.throwIfAborted();
    if (performance.now() - this.#lastReport >= reportEveryMs) this.#report();
  }

  end(): void {
    this.#report();
  }

  #report(): void {
    this.#lastReport = performance.now();
    const seconds = (performance.now() - this.#start) / 1000;
    const figures = { [`${this.#unit}/s`]: Math.round(this.#done / Math.max(seconds, 1e-3)) };
    const total = this.#total === undefined ? {} : { total: this.#total };
    this.#context.emit({ type: 'progress', done: this.#done, ...total, unit: this.#unit, figures });
  }
}
