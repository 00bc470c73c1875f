import type { TensorLibrary } from '../backends/backend.ts';
import { copiedTensor, required } from '../backends/tensors.ts';
import { elementCount } from '../graph/feature-shape.ts';
import type { Communicator, PendingSum } from '../ranks/communicator.ts';
import type { GradientSums } from './gradient-sums.ts';

/** Gradients go together until they have so many values: an exchange of few bytes takes as long as one of many. */
const valuesPerExchange = 2 ** 20;

interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

interface Exchange {
  readonly parts: readonly Omit<Part, 'values'>[];
  readonly pending: PendingSum;
}

/**
 * Adds the gradients of all ranks up. Those that are complete go while the backward pass computes others; the messages move on
 * whenever further ones are given.
 */
export class GradientExchange {
  readonly #tf: TensorLibrary;
  readonly #ranks: Communicator;
  #waiting: Part[] = [];
  #running: Exchange[] = [];

  constructor(tf: TensorLibrary, ranks: Communicator) {
    this.#tf = tf;
    this.#ranks = ranks;
  }

  /** The sums under `names` are complete on this rank. The order of the names, and their shapes, are the same on all ranks. */
  start(sums: GradientSums, names: readonly string[]): void {
    for (const { pending } of this.#running) pending.advance();
    for (const name of names) {
      const tensor = required(sums.get(name), `the gradient of "${name}"`);
      this.#waiting.push({ name, shape: tensor.shape, values: tensor.dataSync<'float32'>() });
      if (sizeOf(this.#waiting) >= valuesPerExchange) this.#send();
    }
  }

  #send(): void {
    const parts = this.#waiting;
    if (parts.length === 0) return;
    this.#waiting = [];
    const pending = this.#ranks.startSum(parts.map(({ values }) => values));
    this.#running.push({ parts: parts.map(({ name, shape }) => ({ name, shape })), pending });
  }

  /** The sums become those of all ranks. */
  finish(sums: GradientSums): void {
    this.#send();
    const running = this.#running;
    this.#running = [];
    for (const { parts, pending } of running) {
      pending.wait((values) => {
        let start = 0;
        for (const { name, shape } of parts) {
          const size = elementCount(shape);
          sums.set(name, copiedTensor(this.#tf, values.subarray(start, start + size), shape));
          start += size;
        }
      });
    }
  }
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { values }) => sum + values.length, 0);
}
