import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExecutionPlan, UseCounts } from './execution-plan.ts';
import type { TensorState } from './replays.ts';
import { CountedTensors, disposeReplaced, required } from './tensors.ts';

/** What a forward pass in training leaves for the backward pass. */
export interface TrainingPass {
  /** In the order of the graph's outputs. */
  readonly outputs: readonly Tensor[];
  /** Frees everything the pass still holds; called by `backward`, and in place of it where a step is given up. */
  dispose(): void;
}

/** What the layers of a segment have computed, as far as the backward pass needs it, and what that has computed itself. */
export class RecordedSegment implements TensorState {
  readonly values: CountedTensors;
  readonly saved = new Map<string, readonly Tensor[]>();
  shapes = new Map<string, readonly number[]>();
  /** With respect to each value that layers still to come in the backward pass have produced. */
  readonly gradients = new Map<string, Tensor>();

  constructor(uses: UseCounts) {
    this.values = new CountedTensors(uses);
  }

  tensors(): ReadonlyMap<string, Tensor> {
    const { values, saved, gradients } = this;
    return new Map([
      ...values.entries().map(({ name, tensor }) => [`value ${name}`, tensor] as const),
      ...[...saved].flatMap(([name, tensors]) =>
        tensors.map((tensor, index) => [`saved ${index} ${name}`, tensor] as const),
      ),
      ...[...gradients].map(([name, tensor]) => [`gradient ${name}`, tensor] as const),
    ]);
  }

  layout(): SegmentLayout {
    return {
      values: this.values.entries().map(({ name, remaining }) => ({ name, remaining })),
      saved: [...this.saved].map(([name, { length }]) => ({ name, count: length })),
      gradients: [...this.gradients.keys()],
      shapes: this.shapes,
    };
  }

  become(tensors: ReadonlyMap<string, Tensor>, { values, saved, gradients, shapes }: SegmentLayout): void {
    disposeReplaced(this.tensors(), tensors);
    const tensorOf = (name: string): Tensor => required(tensors.get(name), `tensor "${name}"`);
    this.values.hold(values.map(({ name, remaining }) => ({ name, remaining, tensor: tensorOf(`value ${name}`) })));
    this.saved.clear();
    for (const { name, count } of saved) {
      this.saved.set(name, Array.from({ length: count }, (_, index) => tensorOf(`saved ${index} ${name}`))); // prettier-ignore
    }
    this.gradients.clear();
    for (const name of gradients) this.gradients.set(name, tensorOf(`gradient ${name}`));
    this.shapes = shapes;
  }

  dispose(): void {
    this.values.disposeAll();
    for (const tensor of [...[...this.saved.values()].flat(), ...this.gradients.values()]) tensor.dispose();
    this.saved.clear();
    this.gradients.clear();
  }
}

interface SegmentLayout {
  readonly values: readonly { readonly name: string; readonly remaining: number }[];
  readonly saved: readonly { readonly name: string; readonly count: number }[];
  readonly gradients: readonly string[];
  readonly shapes: Map<string, readonly number[]>;
}

/** What the layers of a segment have drawn for a step, by name of the layer; no walk changes it. */
export class DrawnTensors implements TensorState {
  readonly #drawn: ReadonlyMap<string, Tensor>;

  constructor(drawn: ReadonlyMap<string, Tensor>) {
    this.#drawn = drawn;
  }

  tensors(): ReadonlyMap<string, Tensor> {
    return this.#drawn;
  }

  dispose(): void {
    for (const tensor of this.#drawn.values()) tensor.dispose();
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
