import type { StepResult } from '../../src/kit/net/training/training-step.ts';
import type { TrainingProgress } from '../../src/kit/net/training/training-log.ts';

type Sums = TrainingProgress['window'];

/** Means over the steps since the last point of the curves. */
export class Window {
  #sums: Sums;

  constructor(sums: Sums = { steps: 0 }) {
    this.#sums = sums;
  }

  get sums(): Sums {
    return this.#sums;
  }

  add({ loss, accuracy, figures }: StepResult): void {
    const added = { loss, ...(accuracy === undefined ? {} : { accuracy }), ...prefixed(figures) };
    const { steps, ...sums } = this.#sums;
    const next = Object.entries<number>(added).map(([name, value]) => [name, (sums[name] ?? 0) + value] as const);
    this.#sums = { ...Object.fromEntries<number>(next), steps: steps + 1 };
  }

  /** The means by name of the curve, and an empty window again. */
  take(): Record<string, number> {
    const { steps, ...sums } = this.#sums;
    this.#sums = { steps: 0 };
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
  }
}

/** Names of the loss's own figures among the curves. */
function prefixed(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`loss/${name}`, value]));
}
