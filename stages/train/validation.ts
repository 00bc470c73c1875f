import { fail } from '../../src/core/failure.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { firstSizeIn, requireSize } from '../../src/kit/face/verification-set-facts.ts';
import type { ImageSize } from '../../src/kit/image/rgb-image.ts';
import { requirePairs, verifySet } from '../../src/kit/face/verify-set.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { readVerificationSets } from '../../src/kit/face/verification-sets.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

export interface ValidationOptions {
  readonly paths: readonly string[];
  readonly batch: number;
  /** Of the images that the network takes. */
  readonly size: ImageSize;
  readonly signal: AbortSignal;
  readonly emit: (event: StageEvent) => void;
}

/** As the 2018 system verifies. */
export const folds = 10;

/** The verification sets that a training watches, read once. */
export class Validation {
  readonly sets: readonly NamedSet[];
  readonly #options: ValidationOptions;

  /** Fails at once with `no-pairs`, `too-few-pairs` or `image-size-mismatch`, not when the first verification is due. */
  constructor(options: ValidationOptions) {
    this.#options = options;
    this.sets = readVerificationSets(options.paths);
    for (const set of this.sets) {
      requirePairs({ ...set, folds });
      requireSize({ ...set, size: firstSizeIn(set) }, options.size);
    }
  }

  /** Accuracy of each set (ten folds, mirrored images added), as points of curves; what else is known of it is emitted. */
  async measure(embedder: Embedder, step: number): Promise<Record<string, number>> {
    const { batch, signal, emit } = this.#options;
    const figures: Record<string, number> = {};
    for (const { name, set, file } of this.sets) {
      const result = await verifySet({ embedder, set, name, file, folds, batch, signal });
      figures[`verification/${name}`] = result.accuracy;
      emit({ type: 'metric', name: `deviation/${name}`, value: result.deviation, step });
      emit({ type: 'metric', name: `xnorm/${name}`, value: result.xnorm, step });
      const accuracy = `${result.accuracy.toFixed(5)} +- ${result.deviation.toFixed(5)}`;
      emit({ type: 'log', level: 'info', message: `${name}: accuracy ${accuracy}, XNorm ${result.xnorm.toFixed(4)}` });
    }
    return figures;
  }
}

/** Fails with `nothing-to-watch` where a parameter goes by a verification that does not take place. */
export function requireValidation({ keep, patience, bestBy }: Params, validation: readonly string[]): void {
  if (validation.length > 0) return;
  if (keep === 'best') fail(failures.nothingToWatch({ parameter: 'keep: best' }));
  if (bestBy !== undefined) fail(failures.nothingToWatch({ parameter: `bestBy: ${bestBy}` }));
  if (patience !== undefined) fail(failures.nothingToWatch({ parameter: 'patience' }));
}
