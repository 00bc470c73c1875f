import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../../src/core/random.ts';
import type { Backend, TensorLibrary } from '../../../../src/kit/net/backends/backend.ts';
import { required, valuesOf } from '../../../../src/kit/net/backends/tensors.ts';
import type { BoundLoss, Gradient } from '../../../../src/kit/net/losses/loss.ts';
import { caseSeed, caseStep } from './loss-cases.ts';
import { embeddingSize } from './loss-samples.ts';
import { type Matrix, rowsOf, type Sample } from './reference-losses.ts';

export interface Computed {
  readonly value: number;
  readonly correct: number | undefined;
  /** By the name of the array; `embeddings` first. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Next values, by the name of the array. */
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly figures: Readonly<Record<string, number>>;
}

/** A loss on one engine. */
export async function computeLoss(engine: Backend, loss: BoundLoss, sample: Sample): Promise<Computed> {
  const { tf } = engine;
  const matrix = (name: string) => tf.tensor2d(rowsOf(sample, name).map((row) => [...row]));
  tf.engine().startScope();
  const embeddings = matrix('embeddings');
  const declared = loss.arrays({ classes: sample.classes, embeddingSize });
  const given = Object.keys(sample.arrays).filter((name) => name !== 'embeddings');
  const shapes = new Map(declared.map(({ name, shape }) => [name, shape]));
  const arrays = given.map((name) => {
    const [rows] = rowsOf(sample, name);
    const shape = (shapes.get(name)?.length ?? 2) === 2 ? matrix(name).shape : shapes.get(name)?.length === 1 ? [rows?.length ?? 0] : []; // prettier-ignore
    return [name, tf.reshape(matrix(name), shape)] as const;
  });
  const tensors = Object.fromEntries(arrays);
  const { value, correct, embeddingGradient, gradients, state, figures } = await loss.compute({
    backend: engine,
    embeddings,
    labels: tf.tensor1d([...sample.labels], 'int32'),
    classes: sample.classes,
    arrays: tensors,
    step: caseStep,
    random: new Random(caseSeed),
  });
  const own = Object.entries(gradients).map(async ([name, gradient]) => {
    return [name, await valuesOf(wholeGradient(tf, gradient, required(tensors[name], name)))] as const;
  });
  const next = Object.entries(state ?? {}).map(async ([name, tensor]) => [name, await valuesOf(tensor)] as const);
  const computed = {
    value: (await valuesOf(value))[0] ?? NaN,
    correct: correct === undefined ? undefined : (await valuesOf(correct))[0],
    gradients: new Map([['embeddings', await valuesOf(embeddingGradient)], ...(await Promise.all(own))]),
    state: new Map(await Promise.all(next)),
    figures: Object.fromEntries(
      await Promise.all(
        Object.entries(figures ?? {}).map(
          async ([name, tensor]) => [name, (await valuesOf(tensor))[0] ?? NaN] as const,
        ),
      ),
    ),
  };
  tf.engine().endScope();
  return computed;
}

/** Differences beyond the tolerance, relative to the greatest of the row, or a twentieth of the greatest of all. */
export function wrongEntries(found: Float32Array | undefined, expected: Matrix, tolerance: number): string[] {
  const count = expected.flat().length;
  if (found?.length !== count) return [`${found?.length ?? 'no'} values instead of ${count}`];
  const greatestOfAll = Math.max(...expected.flat().map(Math.abs)) * 5e-2 + 1e-7;
  return expected.flatMap((row, at) => {
    const greatest = Math.max(...row.map(Math.abs), greatestOfAll);
    return row.flatMap((value, column) => {
      const actual = found[at * row.length + column] ?? NaN;
      return Math.abs(actual - value) <= tolerance * greatest
        ? []
        : [`${at}, ${column}: ${actual} instead of ${value}`];
    });
  });
}

/** The derivative in one tensor. */
function wholeGradient(tf: TensorLibrary, gradient: Gradient, array: Tensor): Tensor {
  if ('values' in gradient) return gradient.values;
  return tf.sub(gradient.across, tf.mul(array, tf.reshape(gradient.inward, [-1, 1])));
}
