import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from '../backends/backend.ts';
import { copiedTensor, required, valuesOf } from '../backends/tensors.ts';
import type { ArrayTensors, LossArray } from '../losses/loss.ts';
import { initialRows, initialWeights, type WeightDraw, type WeightRows } from '../model/initialize.ts';
import { withRows } from '../backends/rows.ts';
import type { NamedArray } from '../model/model.ts';
import { elementCount } from '../graph/feature-shape.ts';
import type { Communicator, Share } from '../ranks/communicator.ts';

/** An array of which each rank has some rows. */
export interface SharedRows {
  readonly name: string;
  readonly ranks: Communicator;
  readonly own: Share;
}

/** The arrays of a loss as tensors: a classifier, centres, running means. */
export class LossTensors {
  readonly #tensors = new Map<string, Tensor>();
  readonly #backend: Backend;
  readonly #tf: Backend['tf'];
  readonly #shared: SharedRows | undefined;

  constructor(
    backend: Backend,
    arrays: readonly LossArray[],
    {
      shared,
      start,
      ...drawing
    }: WeightDraw & {
      readonly shared?: SharedRows | undefined;
      /** Values instead of drawn ones, by name. */
      readonly start?: ReadonlyMap<string, NamedArray> | undefined;
    },
  ) {
    this.#backend = backend;
    this.#tf = backend.tf;
    this.#shared = shared;
    for (const { name, shape, initial } of arrays) {
      const given = start?.get(name);
      this.#tensors.set(
        name,
        given === undefined ? this.#initial({ name, shape }, initial, drawing) : this.write(given),
      );
    }
  }

  #initial(
    { name, shape }: Pick<LossArray, 'name' | 'shape'>,
    initial: LossArray['initial'],
    draw: WeightDraw,
  ): Tensor {
    const tf = this.#tf;
    if (initial !== 'xavier') return tf.fill([...shape], initial);
    if (name !== this.#shared?.name) return tf.tensor(initialWeights(name, shape, draw).values, [...shape]);
    const { own } = this.#shared;
    const [, ...rest] = shape;
    let tensor: Tensor = tf.fill([own.count, ...rest], 0);
    for (const { first, values } of initialRows({ name, shape }, draw, own)) {
      tensor = this.#withRows(tensor, { first: first - own.first, values });
    }
    return tensor;
  }

  /** The given tensor is disposed of. */
  #withRows(tensor: Tensor, { first, values }: WeightRows): Tensor {
    const tf = this.#tf;
    const [, ...rest] = tensor.shape;
    const count = values.length / elementCount(rest);
    const next = tf.tidy(() =>
      withRows(this.#backend, tensor, {
        rows: tf.range(first, first + count, 1, 'int32'),
        values: copiedTensor(tf, values, [count, ...rest]),
      }),
    );
    tensor.dispose();
    return next;
  }

  names(): string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** All of them; they stay this object's. */
  all(): ArrayTensors {
    return Object.fromEntries(this.#tensors);
  }

  get(name: string): Tensor {
    return required(this.#tensors.get(name), `array "${name}" of the loss`);
  }

  /** The tensor becomes this object's, the old one is disposed of. */
  replace(name: string, tensor: Tensor): void {
    this.get(name).dispose();
    this.#tensors.set(name, tensor);
  }

  /**
   * `tensor` is one of them, or what an optimizer remembers of it. Of rows that are shared, rank 0 has those of all ranks, which have
   * to ask too; the others have their own.
   */
  async read(name: string, tensor: Tensor): Promise<NamedArray> {
    const values = await valuesOf(tensor);
    if (name !== this.#shared?.name) return { name, shape: tensor.shape, values };
    const all = this.#shared.ranks.collect(values);
    const [, ...rest] = tensor.shape;
    return { name, shape: [all.length / elementCount(rest), ...rest], values: all };
  }

  /** The inverse of {@link read}: of rows that are shared, those of this rank, however many ranks there were. */
  write({ name, values, shape }: NamedArray): Tensor {
    if (name !== this.#shared?.name) return this.#tf.tensor(values, [...shape]);
    const { first, count } = this.#shared.own;
    const [, ...rest] = shape;
    const width = elementCount(rest);
    return copiedTensor(this.#tf, values.subarray(first * width, (first + count) * width), [count, ...rest]);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
  }
}
