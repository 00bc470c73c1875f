import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Random } from '../../../core/random.ts';
import type { TensorLibrary } from '../backends/backend.ts';
import { required } from '../backends/tensors.ts';
import type { ClassShard } from '../losses/class-shard.ts';
import { type ArrayTensors, type LossResult, wholeGradient } from '../losses/loss.ts';
import { type Communicator, type Share, shareOf } from '../ranks/communicator.ts';

/** The array of a loss whose rows are shared among ranks: the centres of the classes. */
export const sharedArray = 'fc7_weight';

export interface ShardOptions {
  readonly tf: TensorLibrary;
  readonly ranks: Communicator;
  readonly classes: number;
  /** Rows of the array per class. */
  readonly rowsPerClass: number;
  /** Share of the classes that take part in a step; 1: all of them. */
  readonly rate: number;
}

/** What a loss is given of its classes in a step. */
interface Portion {
  readonly arrays: ArrayTensors;
  readonly shard: ClassShard;
  /** The rows of the rank's array that take part, int32; absent: all. */
  readonly rows?: Tensor1D;
}

/**
 * The classes of a loss, each rank with as many as the others, and in each step those of the batch and others drawn among all (An et al.
 * 2022, "Killing Two Birds with One Stone", Partial FC). Which are drawn follows from the seed and the step, however many ranks there are.
 */
export class ClassShards {
  readonly own: Share;
  readonly #options: ShardOptions;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.own = shareOf(options.classes, options.ranks);
  }

  /** Of the array, those that this rank holds. */
  get rows(): Share {
    const { rowsPerClass } = this.#options;
    return { first: this.own.first * rowsPerClass, count: this.own.count * rowsPerClass };
  }

  get isDrawn(): boolean {
    return this.#options.rate < 1;
  }

  /** `labels` are those of the whole batch. The caller disposes of `rows` and of the array that was made of them. */
  portion(arrays: ArrayTensors, labels: Int32Array, random: Random): Portion {
    const { tf, ranks, rowsPerClass } = this.#options;
    const { first, count } = this.own;
    const isHere = (label: number): boolean => label >= first && label < first + count;
    if (!this.isDrawn) {
      return { arrays, shard: { ranks, columns: labels.map((label) => (isHere(label) ? label - first : -1)) } };
    }
    const drawn = this.#draw(labels, random).filter(isHere);
    const columnOf = new Map(Array.from(drawn, (label, column) => [label, column]));
    const columns = labels.map((label) => columnOf.get(label) ?? -1);
    const rowNumbers = Array.from(drawn).flatMap((label) =>
      Array.from({ length: rowsPerClass }, (_, row) => (label - first) * rowsPerClass + row),
    );
    const rows = tf.tensor1d(Int32Array.from(rowNumbers), 'int32');
    const some: Tensor = tf.gather(required(arrays[sharedArray], sharedArray), rows);
    return { arrays: { ...arrays, [sharedArray]: some }, shard: { ranks, columns }, rows };
  }

  /** The classes of a batch, and others up to the rate, in rising order; each set of as many others is as likely (Knuth, algorithm 3.4.2 S). */
  #draw(labels: Int32Array, random: Random): Int32Array {
    const { classes, rate } = this.#options;
    const taken = new Uint8Array(classes);
    for (const label of labels) taken[label] = 1;
    const positives = taken.reduce((sum, each) => sum + each, 0);
    let needed = Math.max(0, Math.floor(rate * classes) - positives);
    let rest = classes - positives;
    const drawn: number[] = [];
    for (let label = 0; label < classes; label += 1) {
      const isPositive = taken[label] === 1;
      const isDrawn = isPositive || random.uniform() * rest < needed;
      if (!isPositive) rest -= 1;
      if (!isPositive && isDrawn) needed -= 1;
      if (isDrawn) drawn.push(label);
    }
    return Int32Array.from(drawn);
  }

  /** The result of a loss that was given a portion, in which the gradient of the centres is that of some rows. Ends the portion. */
  spread(result: LossResult, { arrays, rows }: Portion): LossResult {
    if (rows === undefined) return result;
    const { tf } = this.#options;
    const some = required(arrays[sharedArray], sharedArray);
    const gradient = required(result.gradients[sharedArray], `the gradient of ${sharedArray}`);
    const values = wholeGradient(tf, gradient, some);
    tf.dispose([some, ...Object.values<Tensor | undefined>({ ...gradient })].filter((each) => each !== undefined));
    return { ...result, gradients: { ...result.gradients, [sharedArray]: { values, rows } } };
  }
}
