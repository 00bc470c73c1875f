import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { required } from '../backends/tensors.ts';
import { overRanks } from './class-shard.ts';
import { columnSums } from './column-sums.ts';
import type { InwardGradient, LossArray, LossCall, LossSizes, UnreadCall } from './loss.ts';
import { cosinesOfPairs } from './pair-cosines.ts';
import { inverseNormsOf, unitRows, unitRowsGradient } from './unit-rows.ts';

/** Several centres a class: those of class j are the rows j K to j K + K - 1. */
export const classCentres = ({ classes, embeddingSize }: LossSizes, perClass = 1): readonly LossArray[] => [
  { name: 'fc7_weight', shape: [classes * perClass, embeddingSize], initial: 'xavier', role: 'trained' },
];

/** What a loss reads that has class centres: the embeddings, and the centres of their labels, [batch, K, embeddingSize]. */
export function ownCentres(
  { backend: { tf }, embeddings, labels, arrays, shard }: UnreadCall,
  perClass = 1,
): Record<string, Tensor> {
  const centres = tf.reshape(required(arrays['fc7_weight'], 'fc7_weight'), [-1, perClass, embeddings.shape[1]]);
  if (shard === undefined) return { embeddings, centres: tf.gather(centres, labels) };
  const [batch, size] = embeddings.shape;
  if (centres.shape[0] === 0) return { embeddings, centres: tf.zeros([batch, perClass, size]) };
  const some = tf.tensor1d(shard.columns.map((column) => Math.max(0, column)), 'int32'); // prettier-ignore
  const isHere = tf.tensor3d(
    Float32Array.from(shard.columns, (column) => (column < 0 ? 0 : 1)),
    [batch, 1, 1],
  );
  return { embeddings, centres: tf.mul(tf.gather(centres, some), isHere) };
}

/** What losses with one centre a class have in common. */
export const oneCentreAClass = {
  arrays: (sizes: LossSizes) => classCentres(sizes),
  reads: (call: UnreadCall) => ownCentres(call),
  rowsPerClass: () => 1,
};

/** Arrays of the loss by their names. */
export function stateOf({ arrays }: UnreadCall, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, required(arrays[name], name)]));
}

/** Cosines between embeddings and class centres, scaled, and the way back from a gradient with respect to them. */
export interface ClassCosines {
  /** [batch, classes]: the cosine times the scale, or, where the scale is `norm`, times the norm of the embedding. */
  readonly scaled: Tensor2D;
  /** sqrt(sum e^2 + 1e-10) of the embeddings, [batch], in float64. */
  readonly norms: readonly number[];
  /** Between each embedding and the centre of its label, [batch], in float64: near 1 and -1 margins are steep. */
  readonly own: readonly number[];
  /**
   * Gradients of the mean of what has `byScaled`, [batch, classes], its rows divided by `sums`, [batch], as its derivative with
   * respect to `scaled`, and `byNorm`, [batch], with respect to the norms where `scaled` is held fast.
   */
  backward(derivatives: {
    readonly byScaled: Tensor2D;
    readonly sums: Tensor1D | undefined;
    readonly byNorm: Tensor1D | undefined;
  }): { readonly embeddings: Tensor2D; readonly centres: InwardGradient };
}

export interface CosineScale {
  /** Factor of the cosines; `norm`: that of the embedding, so that only the centres are normalized. */
  readonly scale: number | 'norm';
  /** The nearest centre of a class counts. */
  readonly centresPerClass?: number | undefined;
}

/**
 * The centres are normalized by dividing their cosines, [batch, classes], not them, [classes, embeddingSize]: with w the
 * centre of a class, r = 1 / |w|, x the unit embeddings and G the gradient with respect to the cosines,
 * d/dw = r G^T x - r^2 (sum of G cos over the batch) w.
 */
export function classCosines(
  { backend, embeddings, arrays, read, shard }: LossCall,
  { scale, centresPerClass = 1 }: CosineScale,
): ClassCosines {
  const { tf } = backend;
  const centres = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
  const share = 1 / embeddings.shape[0];
  const unit = unitRows(tf, embeddings);
  const rows: Tensor2D = scale === 'norm' ? embeddings : tf.mul(unit.rows, scale);
  const inverseNorms = inverseNormsOf(backend, centres);
  const all: Tensor2D = tf.mul(tf.matMul(rows, centres, false, true), inverseNorms);
  const { nearest, spread } = nearestCentres(tf, all, centresPerClass);
  return {
    scaled: nearest,
    ...cosinesOfPairs(
      required(read['embeddings'], 'embeddings'),
      required(read['centres'], 'centres'),
      embeddings.shape[0],
    ),
    backward({ byScaled, sums, byNorm }) {
      const batch = embeddings.shape[0];
      const shares: Tensor2D =
        sums === undefined ? tf.fill([batch, 1], share) : tf.reshape(tf.div(share, sums), [batch, 1]);
      const byProduct: Tensor2D = tf.mul(spread(byScaled), inverseNorms);
      const inward: Tensor1D = tf.mul(columnSums(tf, tf.mul(byProduct, all), shares), inverseNorms);
      const byRows: Tensor2D = overRanks({ tf, shard }, 'sum', tf.mul(tf.matMul(byProduct, centres), shares));
      const across = scale === 'norm' ? byRows : unitRowsGradient(tf, unit, tf.mul(byRows, scale));
      return {
        embeddings:
          byNorm === undefined ? across : tf.add(across, tf.mul(unit.rows, tf.reshape(tf.mul(byNorm, share), [-1, 1]))),
        centres: { across: tf.matMul(byProduct, tf.mul(rows, shares), true, false), inward },
      };
    },
  };
}

interface Nearest {
  /** [batch, classes]. */
  readonly nearest: Tensor2D;
  /** The gradient of each class at its nearest centre, the first of equals, and 0 at the others: [batch, centres]. */
  readonly spread: (gradient: Tensor2D) => Tensor2D;
}

/** One centre of every class after the other: reductions over an axis as short as this take many times as long. */
function nearestCentres(tf: TensorLibrary, all: Tensor2D, perClass: number): Nearest {
  if (perClass === 1) return { nearest: all, spread: (gradient) => gradient };
  const [batch, centres] = all.shape;
  const classes = centres / perClass;
  const byClass: Tensor = tf.reshape(all, [batch, classes, perClass]);
  const each = Array.from({ length: perClass }, (_, centre): Tensor2D =>
    tf.reshape(tf.slice(byClass, [0, 0, centre], [batch, classes, 1]), [batch, classes]),
  );
  const nearest = each.reduce((greatest, cosines) => tf.maximum(greatest, cosines));
  return {
    nearest,
    spread(gradient) {
      let rest = gradient;
      const parts = each.map((cosines, centre) => {
        // What none of the others has taken is the last one's.
        if (centre === perClass - 1) return rest;
        const part: Tensor2D = tf.mul(rest, tf.cast(tf.equal(cosines, nearest), 'float32'));
        rest = tf.sub(rest, part);
        return part;
      });
      return tf.reshape(tf.stack(parts, 2), [batch, centres]);
    },
  };
}
