import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExecutionPlan, UseCounts } from './execution-plan.ts';
import { CountedTensors } from './tensors.ts';

/** What a forward pass in training leaves for the backward pass. */
export interface TrainingPass {
  /** In the order of the graph's outputs. */
  readonly outputs: readonly Tensor[];
  /** Frees everything the pass still holds; called by `backward`, and in place of it where a step is given up. */
  dispose(): void;
}

/** What the layers of a segment have computed, as far as the backward pass needs it. */
export class RecordedSegment {
  readonly values: CountedTensors;
  readonly saved = new Map<string, readonly Tensor[]>();
  readonly shapes = new Map<string, readonly number[]>();

  constructor(uses: UseCounts) {
    this.values = new CountedTensors(uses);
  }

  dispose(): void {
    this.values.disposeAll();
    for (const tensors of this.saved.values()) for (const tensor of tensors) tensor.dispose();
    this.saved.clear();
  }
}

/** A pass of which all values of the last segment are there, and those between the others. */
export class PassOfSegments implements TrainingPass {
  /** Values that segments take from each other, and the outputs. */
  readonly kept: CountedTensors;
  /** Decides what dropout leaves out, also where a segment is computed once more. */
  readonly seed: number;
  last = new RecordedSegment(new Map());
  readonly #outputs: readonly string[];

  constructor({ keptUses, outputs }: ExecutionPlan, seed: number) {
    this.kept = new CountedTensors(keptUses);
    this.seed = seed;
    this.#outputs = outputs;
  }

  get outputs(): Tensor[] {
    return this.#outputs.map((output) => this.kept.get(output));
  }

  dispose(): void {
    this.kept.disposeAll();
    this.last.dispose();
  }
}
