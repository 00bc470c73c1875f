import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { Curve, TrainingLog } from '../../src/kit/net/training/training-log.ts';

/** Collects the curves of log.json and emits each point as a metric. */
export class Curves {
  readonly #emit: (event: StageEvent) => void;
  readonly #points = new Map<string, (readonly [number, number])[]>();

  /** `known` are the curves up to the checkpoint that the training resumes from. */
  constructor(emit: (event: StageEvent) => void, known: readonly Curve[] = []) {
    this.#emit = emit;
    for (const { name, points } of known) this.#points.set(name, [...points]);
  }

  add(step: number, figures: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(figures)) {
      const points = this.#points.get(name);
      if (points === undefined) this.#points.set(name, [[step, value]]);
      else points.push([step, value]);
      this.#emit({ type: 'metric', name, value, step });
    }
  }

  /** Emits what was known before: the run that resumes a training has the points of the run that was killed too. */
  repeatKnown(): void {
    for (const [name, points] of this.#points) {
      for (const [step, value] of points) this.#emit({ type: 'metric', name, value, step });
    }
  }

  /** The last value of a curve. */
  last(name: string): number | undefined {
    return this.#points.get(name)?.at(-1)?.[1];
  }

  log(): TrainingLog {
    const curves = [...this.#points].map(([name, points]) => ({ name, points }));
    return { format: 'faceflow-log', version: 1, curves };
  }
}
