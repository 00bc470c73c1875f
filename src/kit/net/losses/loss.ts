import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Json } from '../../../core/digest.ts';
import type { Random } from '../../../core/random.ts';
import type { Sampling } from '../../dataset/batch-order.ts';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import { scoped } from '../backends/tensors.ts';
import type { ClassShard } from './class-shard.ts';

/** What the shapes of a loss's arrays follow from. */
export interface LossSizes {
  /** Identities of the training set. */
  readonly classes: number;
  readonly embeddingSize: number;
}

/** An array of the loss's own, outside of the network: a classifier, a bias, a running mean, the centres of classes. */
export interface LossArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: number | 'xavier';
  /** `trained`: the optimizer moves it along its gradient. `state`: the loss computes its next value itself. */
  readonly role: 'trained' | 'state';
}

/** Tensors by the name of their {@link LossArray}. */
export type ArrayTensors = Readonly<Record<string, Tensor>>;

export interface LossCall {
  readonly backend: Backend;
  /** [batch, embeddingSize], as the network computes them, not normalized. */
  readonly embeddings: Tensor2D;
  /** [batch], int32, each below `classes`. */
  readonly labels: Tensor1D;
  /** Identities of the training set. */
  readonly classes: number;
  readonly arrays: ArrayTensors;
  /** Number of the batch, counted from 1. */
  readonly step: number;
  /** For what the loss draws in this step; follows from the seed of the training and from `step` alone. */
  readonly random: Random;
  /** Of a loss that can do with a part of its classes: `arrays` has the centres of this part; absent: all are there. */
  readonly shard?: ClassShard | undefined;
  /** The values of what the loss's `reads` names. */
  readonly read: Readonly<Record<string, NumberArray>>;
}

/** Values of a tensor, in the order of its rows. */
export type NumberArray = Float32Array | Int32Array | Uint8Array;

/** What is known before anything is read. */
export type UnreadCall = Omit<LossCall, 'read'>;

/** Derivative of the loss with respect to one trained array. */
export type Gradient = WholeGradient | InwardGradient;

export interface WholeGradient {
  /** Of the array's shape; with `rows`, [rows, ...] of its other axes. */
  readonly values: Tensor;
  /** [rows], int32, without repetitions: only these rows took part, and the optimizer leaves all others as they are. */
  readonly rows?: Tensor1D;
}

/**
 * The derivative is `across` - `inward` * array, row by row. An optimizer that lets weights decay has such a sum anyway;
 * for 85,742 centres to make it apart takes a seventh of what the matrix products of the loss take.
 */
export interface InwardGradient {
  /** Of the array's shape, two axes. */
  readonly across: Tensor2D;
  /** [rows]. */
  readonly inward: Tensor1D;
}

/** The derivative in one tensor, which the caller disposes of. */
export function wholeGradient(tf: TensorLibrary, gradient: Gradient, array: Tensor): Tensor {
  if ('values' in gradient) return tf.clone(gradient.values);
  return tf.tidy(() => tf.sub(gradient.across, tf.mul(array, tf.reshape(gradient.inward, [-1, 1]))));
}

/** What a batch results in. The tensors are the caller's to dispose. */
export interface LossResult {
  /** Mean over the batch (or over its triplets, pairs, ...). */
  readonly value: Scalar;
  /** Gradient of `value` with respect to the embeddings, [batch, embeddingSize]. */
  readonly embeddingGradient: Tensor2D;
  /** Gradient of `value` with respect to each trained array, by name. An array without one is left as it is. */
  readonly gradients: Readonly<Record<string, Gradient>>;
  /** The next values of `state` arrays, by name. */
  readonly state?: ArrayTensors;
  /** How many samples were recognized as their label; absent for losses that do not guess. */
  readonly correct?: Scalar;
  /** What else is worth a curve, by name: a running mean, the share of active triplets. */
  readonly figures?: Readonly<Record<string, Scalar>>;
}

/**
 * A loss: from embeddings, labels and arrays of its own to a value and its gradients. The gradients are written out
 * because tfjs registers its own only with its full package, which the wasm and cpu engines do without.
 */
export interface Loss<Options> {
  readonly summary: string;
  /** For docs/losses.md, in letters that a keyboard has; c is the cosine with the label's centre, theta its angle. */
  readonly formula: string;
  /** Paper and equation. */
  readonly source: string;
  /** The number of `--loss-type` in the 2018 system. */
  readonly index?: number;
  /** JSON schema of each option; one without a default may be left out, and its description tells what then holds. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  /** Fails with `empty-range` where options contradict each other. */
  readonly requireOptions?: (options: Options) => void;
  readonly arrays: (sizes: LossSizes, options: Options) => readonly LossArray[];
  readonly sampling?: (options: Options) => Sampling;
  /** Its classes can be shared among ranks, or drawn: how many rows of `fc7_weight` each has. Absent: they cannot. */
  readonly rowsPerClass?: (options: Options) => number;
  /** Small tensors whose values `compute` needs as numbers: they are read before it, since not every engine reads at once. */
  readonly reads?: (call: UnreadCall, options: Options) => Readonly<Record<string, Tensor>>;
  /** Runs inside a scope that disposes of every tensor that is not in the result. */
  readonly compute: (call: LossCall, options: Options) => LossResult;
}

/** A loss with its options chosen. */
export interface BoundLoss {
  arrays(sizes: LossSizes): readonly LossArray[];
  readonly sampling: Sampling | undefined;
  readonly rowsPerClass: number | undefined;
  compute(call: UnreadCall): Promise<LossResult>;
}

export function bindLoss<Options>(loss: Loss<Options>, options: Options): BoundLoss {
  return {
    arrays: (sizes) => loss.arrays(sizes, options),
    sampling: loss.sampling?.(options),
    rowsPerClass: loss.rowsPerClass?.(options),
    async compute(call) {
      const { tf } = call.backend;
      const wanted = scoped(tf, () => clonesOf(loss.reads?.(call, options) ?? {}));
      const values = Object.entries(wanted).map(async ([name, tensor]) => [name, await tensor.data()] as const);
      const read = Object.fromEntries<NumberArray>(await Promise.all(values));
      for (const tensor of Object.values(wanted)) tensor.dispose();
      // Each rank has the centres that it holds, and zeros in the place of all others.
      const { centres } = read;
      if (call.shard !== undefined && centres instanceof Float32Array) call.shard.ranks.sum(centres);
      return scoped(tf, () => loss.compute({ ...call, read }, options));
    },
  };
}

/** What is read may be an array of the loss, which stays. */
function clonesOf(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
}
