import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { vectorOf } from '../backends/tensors.ts';
import { classCosines, type CosineScale } from './class-cosines.ts';
import { boundedSoftmaxObjective, logitBound, type Objective, softmaxObjective } from './cross-entropy.ts';
import { labelEntries, ofEntries } from './class-shard.ts';
import { type ColumnValues, exchanged, replaced } from './label-entries.ts';
import { shardedSoftmax } from './sharded-softmax.ts';
import type { LossCall, LossResult } from './loss.ts';
import type { MarginOptions } from './margin-options.ts';

/** The labels' side of a batch, as margins are applied to it. */
export interface MarginBatch {
  /** Between each embedding and the centre of its label. */
  readonly cosines: readonly number[];
  /** Of the embeddings. */
  readonly norms: readonly number[];
}

/** What the label's cosine is replaced by. */
export interface MarginTarget {
  readonly value: number;
  /** Derivative of `value` with respect to the cosine; absent: 1. */
  readonly slope?: number;
  /** Derivative of `value` with respect to the norm of the embedding; absent: 0. */
  readonly normSlope?: number;
}

/** The logits of all classes changed; entries of labels are ignored. */
export interface Negatives {
  readonly values: Tensor2D;
  /** From the gradient with respect to `values` to that with respect to what they were made of. */
  readonly backward: (gradient: Tensor2D) => Tensor2D;
}

/** What a margin makes of a batch. */
export interface MarginOutcome {
  /** One of each sample. */
  readonly targets: readonly MarginTarget[];
  /** Where all targets depend on the cosine of one sample as well: which, and their derivatives. */
  readonly shared?: { readonly sample: number; readonly slopes: readonly number[] };
  /** Added to the loss of each sample, with its derivative with respect to the norm of the embedding. */
  readonly penalties?: readonly { readonly value: number; readonly normSlope: number }[];
  /** What becomes of scale * cosine with other classes, [batch, classes]. */
  readonly negatives?: (scaled: Tensor2D) => Negatives;
  /** Next values of `state` arrays of one number. */
  readonly state?: Readonly<Record<string, number>>;
  readonly figures?: Readonly<Record<string, number>>;
}

export interface MarginForm extends CosineScale, MarginOptions {
  readonly margin: (batch: MarginBatch) => MarginOutcome;
  /** Absent: softmax and cross-entropy. */
  readonly objective?: Objective;
}

/**
 * Softmax over scale * cosine between normalized embeddings and normalized class centres, in which the cosine of the
 * label is replaced by a target: the common form of ArcFace, CosineFace and their kin. What there is one of a sample is
 * computed in float64 from the cosines of the labels, what there is one of a class by the engine.
 */
export function marginLoss(call: LossCall, form: MarginForm): LossResult {
  const { labels, backend, shard } = call;
  const { tf } = backend;
  const cosines = classCosines(call, form);
  const { own, norms } = cosines;
  const scales = norms.map((norm) => (form.scale === 'norm' ? norm : form.scale));
  const outcome = form.margin({ cosines: own, norms });
  const kept = filtered(tf, cosines.scaled, { threshold: form.interclassFilter, scales });
  const others = outcome.negatives?.(kept.values) ?? unchanged(kept.values);

  const targets = outcome.targets.map(({ value }, at) => value * (scales[at] ?? NaN));
  const targetLogits = vectorOf(tf, targets);
  const entries = labelEntries(tf, labels, shard);
  const at = (values: Tensor1D): ColumnValues => ({ ...entries, values: ofEntries(tf, values, entries) });
  const logits = exchanged(backend, others.values, at(targetLogits));
  const isBounded =
    outcome.negatives === undefined && [...scales, ...targets].every((each) => Math.abs(each) <= logitBound);
  const objective = form.objective ?? (isBounded ? boundedSoftmaxObjective : softmaxObjective);
  const judged =
    shard === undefined
      ? objective(backend, logits.matrix, labels)
      : shardedSoftmax({ tf, shard }, logits.matrix, { own: targetLogits, isBounded });
  logits.putBack();

  const chained = chainedThroughMargin(tf, judged.ownGradient, { form, outcome, cosines: own, scales });
  const byScaled = replaced(backend, kept.backward(others.backward(judged.gradient)), {
    ...at(judged.sums === undefined ? chained.byScaled : tf.mul(chained.byScaled, judged.sums)),
  });
  const gradients = cosines.backward({ byScaled, sums: judged.sums, byNorm: chained.byNorm });
  const penalty = (outcome.penalties ?? []).reduce((sum, { value }) => sum + value, 0) / labels.size;
  const scalars = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.scalar(value)]));
  return {
    value: tf.add(tf.mean(judged.losses), penalty),
    embeddingGradient: gradients.embeddings,
    gradients: { fc7_weight: gradients.centres, ...judged.gradients },
    correct: judged.correct,
    ...(outcome.state && { state: scalars(outcome.state) }),
    ...(outcome.figures && { figures: scalars(outcome.figures) }),
  };
}

const unchanged = (values: Tensor2D): Negatives => ({ values, backward: (gradient) => gradient });

/** Cosines of other classes above a threshold become 0, and have no gradient. */
function filtered(
  tf: TensorLibrary,
  scaled: Tensor2D,
  { threshold, scales }: { readonly threshold: number | undefined; readonly scales: readonly number[] },
): Negatives {
  if (threshold === undefined) return unchanged(scaled);
  const limits = tf.reshape(vectorOf(tf, scales.map((scale) => scale * threshold)), [-1, 1]); // prettier-ignore
  const isKept = tf.cast(tf.lessEqual(scaled, limits), 'float32');
  return { values: tf.mul(scaled, isKept), backward: (gradient) => tf.mul(gradient, isKept) };
}

interface MarginChain {
  readonly form: MarginForm;
  readonly outcome: MarginOutcome;
  readonly cosines: readonly number[];
  readonly scales: readonly number[];
}

/**
 * From the derivatives of the losses with respect to the labels' logits, [batch], to those with respect to the scaled
 * cosines of the labels, and to the norms of the embeddings where they matter. A logit is scale * value; where the scale
 * is the norm n, that is n value(z / n) of the scaled cosine z, whose derivative by n at a fixed z is value - cosine slope.
 */
function chainedThroughMargin(
  tf: TensorLibrary,
  byLogit: Tensor1D,
  { form, outcome: { targets, shared, penalties }, cosines, scales }: MarginChain,
): { readonly byScaled: Tensor1D; readonly byNorm: Tensor1D | undefined } {
  const isExact = form.gradient !== 'straight-through';
  const slopes = targets.map(({ slope = 1 }) => (isExact ? slope : 1));
  const normSlopes = targets.map(({ value, normSlope = 0 }, at) => {
    const [scale = NaN, slope = NaN, cosine = NaN] = [scales[at], slopes[at], cosines[at]];
    return (isExact ? scale * normSlope : 0) + (form.scale === 'norm' ? value - cosine * slope : 0);
  });
  const own: Tensor1D = tf.mul(byLogit, vectorOf(tf, slopes));
  const hasNorm = penalties !== undefined || normSlopes.some((slope) => slope !== 0);
  const penaltySlopes = targets.map((_, at) => penalties?.[at]?.normSlope ?? 0);
  const byMargin: Tensor1D = tf.mul(byLogit, vectorOf(tf, normSlopes));
  const byNorm: Tensor1D = tf.add(byMargin, vectorOf(tf, penaltySlopes));
  return {
    byScaled: shared === undefined || !isExact ? own : tf.add(own, sharedPart(tf, byLogit, { shared, scales })),
    byNorm: hasNorm ? byNorm : undefined,
  };
}

/** What all samples together have by the cosine of one: [batch], 0 at all others. */
function sharedPart(
  tf: TensorLibrary,
  byLogit: Tensor1D,
  { shared, scales }: { readonly shared: Required<MarginOutcome>['shared']; readonly scales: readonly number[] },
): Tensor1D {
  const { sample, slopes } = shared;
  const ratios = slopes.map((slope, at) => (slope * (scales[at] ?? NaN)) / (scales[sample] ?? NaN));
  const sum = tf.sum(tf.mul(byLogit, vectorOf(tf, ratios)));
  return tf.mul(vectorOf(tf, slopes.map((_, at) => (at === sample ? 1 : 0))), sum); // prettier-ignore
}
