import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { scoped } from '../backends/tensors.ts';

export interface SgdOptions {
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * MXNet's SGD: v <- momentum v - rate (gradient + decay w), w <- w + v. The rate is inside of v, so what is in the buffer
 * keeps its old rate after a drop. The decay acts on every parameter, biases and slopes included, as it did in 2018.
 */
export class Sgd {
  readonly #tf: TensorLibrary;
  readonly #options: SgdOptions;
  readonly #velocities = new Map<string, Tensor>();

  constructor(tf: TensorLibrary, options: SgdOptions) {
    this.#tf = tf;
    this.#options = options;
  }

  /** The new value of a parameter. Neither `weight` nor `gradient` is disposed of. */
  step(name: string, { weight, gradient, rate }: { weight: Tensor; gradient: Tensor; rate: number }): Tensor {
    const tf = this.#tf;
    const { momentum, weightDecay } = this.#options;
    const velocity = this.#velocities.get(name);
    const next = scoped(tf, () => {
      const change = tf.mul(tf.add(gradient, tf.mul(weight, weightDecay)), -rate);
      const moved = velocity === undefined || momentum === 0 ? change : tf.add(tf.mul(velocity, momentum), change);
      return { velocity: moved, weight: tf.add(weight, moved) };
    });
    this.setVelocity(name, next.velocity);
    return next.weight;
  }

  /** Undefined before the first step. */
  velocity(name: string): Tensor | undefined {
    return this.#velocities.get(name);
  }

  /** Takes over `tensor`. */
  setVelocity(name: string, tensor: Tensor): void {
    this.#velocities.get(name)?.dispose();
    this.#velocities.set(name, tensor);
  }

  dispose(): void {
    for (const tensor of this.#velocities.values()) tensor.dispose();
    this.#velocities.clear();
  }
}
