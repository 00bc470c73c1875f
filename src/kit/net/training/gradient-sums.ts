import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { NamedTensors } from '../backends/replays.ts';
import { required } from '../backends/tensors.ts';

/** Gradients by name, summed over the parts of a batch, until they are taken for one update. */
export class GradientSums extends NamedTensors {
  readonly #tf: TensorLibrary;

  constructor(tf: TensorLibrary) {
    super();
    this.#tf = tf;
  }

  /** Adds `share` of a gradient, which stays the caller's. */
  add(name: string, gradient: Tensor, share: number): void {
    const known = this.get(name);
    const sum = this.#tf.tidy(() => {
      const part = share === 1 ? this.#tf.clone(gradient) : this.#tf.mul(gradient, share);
      return known === undefined ? part : this.#tf.add(known, part);
    });
    this.set(name, sum);
  }

  /** Euclidean norm of all of them together; 0 of no sums. */
  async norm(): Promise<number> {
    const norm = new GradientNorm(this.#tf);
    for (const [name, sum] of this.tensors()) norm.add(name, sum);
    const value = await norm.value();
    norm.dispose();
    return value;
  }

  names(): string[] {
    return [...this.tensors().keys()];
  }

  /** Hands a sum, times `factor`, to `use` and disposes of it. */
  take(name: string, use: (gradient: Tensor) => void, factor?: Tensor): void {
    const sum = required(this.get(name), `the gradient of "${name}"`);
    const gradient = factor === undefined ? sum : this.#tf.mul(sum, factor);
    use(gradient);
    if (gradient !== sum) gradient.dispose();
    this.delete(name);
  }
}

/** Sums of the squares of gradients, for the norm of all of them together. */
export class GradientNorm extends NamedTensors {
  readonly #tf: TensorLibrary;

  constructor(tf: TensorLibrary) {
    super();
    this.#tf = tf;
  }

  /** The gradient stays the caller's. */
  add(name: string, gradient: Tensor): void {
    const square = this.#tf.tidy(() => this.#tf.sum(this.#tf.square(gradient)));
    this.set(name, square);
  }

  /** Euclidean norm of all of them together; 0 of none. */
  value(): Promise<number> {
    return rootOfSum(this.#tf, [...this.tensors().values()]);
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
