import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { arcfaceTarget } from '../../../../src/kit/net/losses/arcface.ts';
import { type LossName, losses } from '../../../../src/kit/net/losses/index.ts';
import type { Loss } from '../../../../src/kit/net/losses/loss.ts';
import { randomValues } from '../backends/small-networks.ts';
import { referenceEngine } from '../backends/engines.ts';

let engine: Backend;

beforeAll(async () => {
  engine = await referenceEngine();
});

const batch = 4;
const classes = 5;
const embeddingSize = 6;

function defaultOptions(loss: Loss<object>): object {
  const schemas = new Map<string, Readonly<Record<string, unknown>>>(Object.entries(loss.options));
  return Object.fromEntries([...schemas].map(([name, schema]) => [name, schema['default']]));
}

/** A loss on drawn values, seen as a function of its arrays. */
class Probe {
  readonly loss: Loss<object>;
  readonly options: object;
  readonly arrays: Float32Array[];
  readonly shapes: readonly (readonly number[])[];

  constructor(name: LossName) {
    this.loss = losses[name];
    this.options = defaultOptions(this.loss);
    this.shapes = [[batch, embeddingSize], ...this.loss.parameters(classes, embeddingSize).map(({ shape }) => shape)];
    this.arrays = this.shapes.map((shape, index) => this.#draw(shape, index));
  }

  #draw(shape: readonly number[], index: number): Float32Array {
    return randomValues(
      shape.reduce((product, size) => product * size, 1),
      index + 3,
    );
  }

  /** The mean loss, and the gradient by each array. */
  compute(): { readonly mean: number; readonly gradients: readonly Float32Array[] } {
    const { tf } = engine;
    return tf.tidy(() => {
      const [embeddings, ...parameters] = this.arrays.map((array, index) =>
        tf.tensor(array, [...(this.shapes[index] ?? [])]),
      );
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d([0, 3, 4, 3], 'int32'), classes), 'float32') as Tensor2D;
      const call = { embeddings: embeddings as Tensor2D, oneHot, parameters };
      const result = this.loss.compute(tf, call, this.options);
      const values = Array.from(result.losses.dataSync());
      return {
        mean: values.reduce((sum, value) => sum + value, 0) / batch,
        gradients: [result.embeddingGradient, ...result.parameterGradients].map((tensor) =>
          Float32Array.from(tensor.dataSync()),
        ),
      };
    });
  }

  /** The derivative of the mean by one value, by central differences. */
  numericalSlope(array: number, index: number): number {
    const values = this.arrays[array] ?? new Float32Array();
    const [value = 0, step] = [values[index], 1e-2];
    values[index] = value + step;
    const above = this.compute().mean;
    values[index] = value - step;
    const below = this.compute().mean;
    values[index] = value;
    return (above - below) / (2 * step);
  }
}

describe.each(Object.keys(losses) as LossName[])('loss %s', (name) => {
  it('has the gradients that its values have', () => {
    const probe = new Probe(name);
    for (const [array, gradient] of probe.compute().gradients.entries()) {
      const scale = Math.max(...gradient.map(Math.abs));
      for (const index of [0, 3, gradient.length - 1]) {
        expect((gradient[index] ?? NaN) / scale).toBeCloseTo(probe.numericalSlope(array, index) / scale, 2);
      }
    }
  });
});

describe('arcface', () => {
  const target = (cosine: number, easyMargin: boolean): number =>
    engine.tf.tidy(
      () => arcfaceTarget(engine.tf, engine.tf.scalar(cosine), { margin: 0.5, easyMargin }).value.dataSync()[0] ?? NaN,
    );

  // Check values of the specification, section 3.2.
  it.each([
    [0.9, 0.580847],
    [0.5, 0.023597],
    [0, -0.479426],
    [-0.5, -0.853986],
    [-0.87, -0.999878],
    [-0.88, -1.119713],
  ])('turns the cosine %d into %d', (cosine, wanted) => {
    expect(target(cosine, false)).toBeCloseTo(wanted, 6);
  });

  it('leaves angles beyond a right angle alone with the easy margin', () => {
    expect(target(0, true)).toBe(0);
    expect(target(-0.5, true)).toBeCloseTo(-0.5, 6);
    expect(target(0.9, true)).toBeCloseTo(0.580847, 6);
  });

  it('stays finite where embedding and centre point the same or the opposite way', () => {
    const { tf } = engine;
    for (const direction of [1, -1]) {
      const weight = tf.tensor2d([[3, 4], [4, -3]]); // prettier-ignore
      const embeddings = tf.tensor2d([[3 * direction, 4 * direction]]);
      const oneHot = tf.tensor2d([[1, 0]]);
      const options = { margin: 0.5, scale: 64, easyMargin: false };
      const result = losses.arcface.compute(tf, { embeddings, oneHot, parameters: [weight] }, options);
      const values = [result.losses, result.embeddingGradient, ...result.parameterGradients].flatMap((tensor) =>
        Array.from(tensor.dataSync()),
      );
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });
});
