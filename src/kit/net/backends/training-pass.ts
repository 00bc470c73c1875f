import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExecutionPlan, PlannedLayer, UseCounts } from './execution-plan.ts';
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
export class RecordedSegment {
  readonly values: CountedTensors;
  readonly saved = new Map<string, readonly Tensor[]>();
  shapes = new Map<string, readonly number[]>();
  /** With respect to each value that layers still to come in the backward pass have produced. */
  readonly gradients = new Map<string, Tensor>();

  constructor(uses: UseCounts) {
    this.values = new CountedTensors(uses);
  }

  /** All of it, as a forward pass takes it. */
  whole(): TensorState {
    return new PartOfSegment(this);
  }

  /** What the backward pass over these layers takes of it. */
  of(layers: readonly PlannedLayer[]): TensorState {
    const values = layers.flatMap(({ node, kernels: { saves } }) => {
      if (saves === 'nothing') return [];
      return saves === 'inputs' ? node.inputs : [node.name];
    });
    return new PartOfSegment(this, { values: new Set(values), saved: layers.map(({ node }) => node.name) });
  }

  dispose(): void {
    this.values.disposeAll();
    for (const tensor of [...[...this.saved.values()].flat(), ...this.gradients.values()]) tensor.dispose();
    this.saved.clear();
    this.gradients.clear();
  }
}

interface PartNames {
  readonly values: ReadonlySet<string>;
  readonly saved: readonly string[];
}

/** What a walk reads and changes of a segment: of its values and of what is saved those with certain names, or all. */
class PartOfSegment implements TensorState {
  readonly #segment: RecordedSegment;
  readonly #names: PartNames | undefined;

  constructor(segment: RecordedSegment, names?: PartNames) {
    this.#segment = segment;
    this.#names = names;
  }

  #saved(): (readonly [string, readonly Tensor[]])[] {
    const { saved } = this.#segment;
    return [...(this.#names?.saved ?? saved.keys())].flatMap((name) => {
      const tensors = saved.get(name);
      return tensors === undefined ? [] : [[name, tensors] as const];
    });
  }

  tensors(): ReadonlyMap<string, Tensor> {
    const { values, gradients } = this.#segment;
    return new Map([
      ...values.entries(this.#names?.values).map(({ name, tensor }) => [`value ${name}`, tensor] as const),
      ...this.#saved().flatMap(([name, tensors]) =>
        tensors.map((tensor, index) => [`saved ${index} ${name}`, tensor] as const),
      ),
      ...[...gradients].map(([name, tensor]) => [`gradient ${name}`, tensor] as const),
    ]);
  }

  layout(): SegmentLayout {
    const { values, gradients, shapes } = this.#segment;
    return {
      values: values.entries(this.#names?.values).map(({ name, remaining }) => ({ name, remaining })),
      saved: this.#saved().map(([name, { length }]) => ({ name, count: length })),
      gradients: [...gradients.keys()],
      shapes,
    };
  }

  become(tensors: ReadonlyMap<string, Tensor>, { values, saved, gradients, shapes }: SegmentLayout): void {
    disposeReplaced(this.tensors(), tensors);
    const segment = this.#segment;
    const tensorOf = (name: string): Tensor => required(tensors.get(name), `tensor "${name}"`);
    segment.values.hold(
      values.map(({ name, remaining }) => ({ name, remaining, tensor: tensorOf(`value ${name}`) })),
      this.#names?.values,
    );
    for (const [name] of this.#saved()) segment.saved.delete(name);
    for (const { name, count } of saved) {
      segment.saved.set(name, Array.from({ length: count }, (_, index) => tensorOf(`saved ${index} ${name}`))); // prettier-ignore
    }
    segment.gradients.clear();
    for (const name of gradients) segment.gradients.set(name, tensorOf(`gradient ${name}`));
    segment.shapes = shapes;
  }
}

interface SegmentLayout {
  readonly values: readonly { readonly name: string; readonly remaining: number }[];
  readonly saved: readonly { readonly name: string; readonly count: number }[];
  readonly gradients: readonly string[];
  readonly shapes: Map<string, readonly number[]>;
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
