import type { StageEvent } from '../../src/base/stage.ts';
import { verifySet } from '../../src/face/verify-set.ts';
import { namedSets, type NamedSet } from '../../src/format/verification-set.ts';
import type { Embedder } from '../../src/net/network-embedder.ts';

export interface ValidationOptions {
  readonly paths: readonly string[];
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly emit: (event: StageEvent) => void;
}

/** The verification sets that a training watches, read once. */
export class Validation {
  readonly #sets: readonly NamedSet[];
  readonly #options: ValidationOptions;

  constructor(options: ValidationOptions) {
    this.#options = options;
    this.#sets = namedSets(options.paths);
  }

  /** Accuracy of each set (ten folds, mirrored pictures added), as points of curves. */
  async measure(embedder: Embedder): Promise<Record<string, number>> {
    const { batch, signal, emit } = this.#options;
    const figures: Record<string, number> = {};
    for (const { name, set } of this.#sets) {
      const result = await verifySet({ embedder, set, name, folds: 10, batch, signal });
      figures[`verification/${name}`] = result.accuracy;
      const accuracy = `${result.accuracy.toFixed(5)} +- ${result.deviation.toFixed(5)}`;
      emit({ type: 'log', level: 'info', message: `${name}: accuracy ${accuracy}, XNorm ${result.xnorm.toFixed(4)}` });
    }
    return figures;
  }
}
