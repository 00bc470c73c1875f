import type { StepResult } from '../../src/kit/net/training/trainer.ts';
import type { TrainingProgress } from '../../src/kit/net/training/training-log.ts';

type Sums = TrainingProgress['window'];

const empty: Sums = { loss: 0, accuracy: 0, steps: 0 };

/** Means over the steps since the last point of the curves. */
export class Window {
  #sums: Sums;

  constructor(sums: Sums = empty) {
    this.#sums = sums;
  }

  get sums(): Sums {
    return this.#sums;
  }

  add({ loss, accuracy }: StepResult): void {
    const sums = this.#sums;
    this.#sums = { loss: sums.loss + loss, accuracy: sums.accuracy + accuracy, steps: sums.steps + 1 };
  }

  /** The means, and an empty window again. */
  take(): StepResult {
    const { loss, accuracy, steps } = this.#sums;
    this.#sums = empty;
    return { loss: loss / steps, accuracy: accuracy / steps };
  }
}
