import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { TensorState } from '../backends/replays.ts';
import { disposeReplaced } from '../backends/tensors.ts';

/** Gradients by name, summed over the parts of a batch, until they are taken for one update. */
export class GradientSums implements TensorState {
  readonly #tf: TensorLibrary;
  readonly #sums = new Map<string, Tensor>();

  constructor(tf: TensorLibrary) {
    this.#tf = tf;
  }

  tensors(): ReadonlyMap<string, Tensor> {
    return new Map(this.#sums);
  }

  become(tensors: ReadonlyMap<string, Tensor>): void {
    disposeReplaced(this.#sums, tensors);
    this.#sums.clear();
    for (const [name, tensor] of tensors) this.#sums.set(name, tensor);
  }

  /** Adds `share` of a gradient, which stays the caller's. */
  add(name: string, gradient: Tensor, share: number): void {
    const known = this.#sums.get(name);
    const sum = this.#tf.tidy(() => {
      const part = share === 1 ? this.#tf.clone(gradient) : this.#tf.mul(gradient, share);
      return known === undefined ? part : this.#tf.add(known, part);
    });
    known?.dispose();
    this.#sums.set(name, sum);
  }

  /** Euclidean norm of all of them together; 0 of no sums. */
  async norm(): Promise<number> {
    const squares = this.#tf.tidy(() => [...this.#sums.values()].map((sum) => this.#tf.sum(this.#tf.square(sum))));
    const norm = await rootOfSum(this.#tf, squares);
    this.#tf.dispose(squares);
    return norm;
  }

  /** Hands each sum, times `factor`, to `use` and disposes of it. */
  take(factor: number, use: (name: string, gradient: Tensor) => void): void {
    for (const [name, sum] of this.#sums) {
      const gradient = factor === 1 ? sum : this.#tf.mul(sum, factor);
      use(name, gradient);
      gradient.dispose();
      if (gradient !== sum) sum.dispose();
    }
    this.#sums.clear();
  }

  dispose(): void {
    for (const sum of this.#sums.values()) sum.dispose();
    this.#sums.clear();
  }
}

/** Sums of the squares of gradients, for the norm of all of them together. */
export class GradientNorm implements TensorState {
  readonly #tf: TensorLibrary;
  readonly #squares = new Map<string, Tensor>();

  constructor(tf: TensorLibrary) {
    this.#tf = tf;
  }

  tensors(): ReadonlyMap<string, Tensor> {
    return new Map(this.#squares);
  }

  become(tensors: ReadonlyMap<string, Tensor>): void {
    disposeReplaced(this.#squares, tensors);
    this.#squares.clear();
    for (const [name, tensor] of tensors) this.#squares.set(name, tensor);
  }

  /** The gradient stays the caller's. */
  add(name: string, gradient: Tensor): void {
    this.#squares.set(name, this.#tf.tidy(() => this.#tf.sum(this.#tf.square(gradient)))); // prettier-ignore
  }

  /** Euclidean norm of all of them together; 0 of none. */
  value(): Promise<number> {
    return rootOfSum(this.#tf, [...this.#squares.values()]);
  }

  dispose(): void {
    for (const square of this.#squares.values()) square.dispose();
    this.#squares.clear();
  }
}

/** Of scalars; 0 of no scalars. */
export async function rootOfSum(tf: TensorLibrary, scalars: readonly Tensor[]): Promise<number> {
  if (scalars.length === 0) return 0;
  const stacked = tf.stack([...scalars]);
  // Summed here in float64: few numbers of very different size.
  const values = await stacked.data<'float32'>();
  stacked.dispose();
  return Math.sqrt(values.reduce((total, value) => total + value, 0));
}
