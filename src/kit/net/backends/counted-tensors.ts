import type { Tensor } from '@tensorflow/tfjs-core';
import { required } from './required.ts';

/** Values of a pass, each disposed of at its last planned use. */
export class CountedTensors {
  readonly #uses: ReadonlyMap<string, number>;
  readonly #held = new Map<string, { readonly tensor: Tensor; left: number }>();

  constructor(uses: ReadonlyMap<string, number>) {
    this.#uses = uses;
  }

  put(name: string, tensor: Tensor): void {
    const left = this.#uses.get(name) ?? 0;
    if (left === 0) tensor.dispose();
    else this.#held.set(name, { tensor, left });
  }

  get(name: string): Tensor {
    return required(this.#held.get(name)).tensor;
  }

  /** One of the planned uses is over. */
  release(name: string): void {
    const entry = required(this.#held.get(name));
    entry.left -= 1;
    if (entry.left > 0) return;
    entry.tensor.dispose();
    this.#held.delete(name);
  }

  disposeAll(): void {
    for (const { tensor } of this.#held.values()) tensor.dispose();
    this.#held.clear();
  }
}
