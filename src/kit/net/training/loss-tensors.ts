import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from '../backends/backend.ts';
import { required, valuesOf } from '../backends/tensors.ts';
import type { ArrayTensors, LossArray } from '../losses/loss.ts';
import { initialWeights, type WeightInitializer } from '../model/initialize.ts';
import type { NamedArray } from '../model/model.ts';

/** The arrays of a loss as tensors: a classifier, centres, running means. */
export class LossTensors {
  readonly #tensors = new Map<string, Tensor>();
  readonly #tf: Backend['tf'];

  constructor(
    { tf }: Backend,
    arrays: readonly LossArray[],
    drawing: {
      readonly rule: WeightInitializer;
      readonly seed: number;
      /** Values instead of drawn ones, by name. */
      readonly start?: ReadonlyMap<string, NamedArray> | undefined;
    },
  ) {
    this.#tf = tf;
    for (const { name, shape, initial } of arrays) {
      const given = drawing.start?.get(name);
      if (given !== undefined) this.#tensors.set(name, this.write(given));
      else if (initial === 'xavier') this.#tensors.set(name, this.write(initialWeights(name, shape, drawing)));
      else this.#tensors.set(name, tf.fill([...shape], initial));
    }
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

  /** `tensor` is one of them, or what an optimizer remembers of it. */
  async read(name: string, tensor: Tensor): Promise<NamedArray> {
    return { name, shape: tensor.shape, values: await valuesOf(tensor) };
  }

  /** The inverse of {@link read}. */
  write({ values, shape }: NamedArray): Tensor {
    return this.#tf.tensor(values, [...shape]);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
  }
}
