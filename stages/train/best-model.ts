import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../src/kit/net/graph/graph.ts';
import { readModel, writeModel } from '../../src/kit/net/model/model-folder.ts';
import type { NamedArray } from '../../src/kit/net/model/model.ts';
import type { Curve } from '../../src/kit/net/training/training-log.ts';

/** The verification with the highest accuracy so far, and how many there were after it. */
export interface Best {
  readonly step: number;
  readonly accuracy: number;
  readonly since: number;
}

/** Of the first set that is watched; the earlier one of equals. It follows from the curves, which checkpoints hold. */
export function bestOf(curves: readonly Curve[]): Best | undefined {
  const points = curves.find(({ name }) => name.startsWith('verification/'))?.points ?? [];
  let best: Best | undefined;
  for (const [index, [step, accuracy]] of points.entries()) {
    const since = points.length - 1 - index;
    if (best === undefined || accuracy > best.accuracy) best = { step, accuracy, since };
  }
  return best;
}

/**
 * Parameters of the best steps in the scratch folder. One is kept until a checkpoint knows of a better one: a training that
 * is killed resumes from its checkpoint, for which the older one is still the best.
 */
export class BestModels {
  readonly #folder: string;

  constructor(scratch: string) {
    this.#folder = join(scratch, 'best');
  }

  #pathOf(step: number): string {
    return join(this.#folder, `step-${step}`);
  }

  save(step: number, graph: Graph, parameters: readonly NamedArray[]): void {
    writeModel(this.#pathOf(step), { graph, parameters, origin: { steps: step } });
  }

  read(step: number): Iterable<NamedArray> {
    return readModel(this.#pathOf(step)).parameters.values();
  }

  /** To be called once a checkpoint is written that knows of `step`. */
  keepOnly(step: number | undefined): void {
    if (!existsSync(this.#folder)) return;
    for (const name of readdirSync(this.#folder)) {
      if (name !== `step-${step}`) rmSync(join(this.#folder, name), { recursive: true });
    }
  }
}
