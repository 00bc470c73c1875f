import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../../src/core/random.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { arcfaceTarget } from '../../../../src/kit/net/losses/arcface.ts';
import { type LossChoice, lossOf, losses } from '../../../../src/kit/net/losses/index.ts';
import { bindLoss, type BoundLoss } from '../../../../src/kit/net/losses/loss.ts';
import { triplet } from '../../../../src/kit/net/losses/triplet.ts';
import { otherEngines } from '../backends/engines.ts';
import {
  arcfaceCosine,
  marginReference,
  type Matrix,
  type Reference,
  type Sample,
  softmaxReference,
  tripletReference,
} from './reference-losses.ts';

/** A loss with its options, and its formula in float64. */
interface Case {
  readonly title: string;
  readonly loss: BoundLoss;
  readonly reference: Reference;
  readonly choice?: LossChoice;
}

const arcfaceCase = (margin: number, scale: number, easyMargin: boolean): Case => {
  const choice = { name: 'arcface', margin, scale, easyMargin } as const;
  const reference = marginReference(scale, (cosine) => arcfaceCosine(cosine, margin, easyMargin));
  return { title: JSON.stringify(choice), choice, loss: lossOf(choice), reference };
};

const cosfaceCase = (margin: number, scale: number): Case => {
  const choice = { name: 'cosface', margin, scale } as const;
  const reference = marginReference(scale, (cosine) => cosine - margin);
  return { title: JSON.stringify(choice), choice, loss: lossOf(choice), reference };
};

const tripletCase = (margin: number): Case => ({
  title: `triplet, margin ${margin}`,
  loss: bindLoss(triplet, { margin, imagesPerIdentity: 5, poolSize: 30, maxPositiveDistance: 0 }),
  reference: tripletReference(margin),
});

const classifications: readonly Case[] = [
  { title: 'softmax', choice: { name: 'softmax' }, loss: lossOf({ name: 'softmax' }), reference: softmaxReference },
  arcfaceCase(0.5, 64, false),
  arcfaceCase(0.5, 64, true),
  arcfaceCase(0.3, 32, false),
  arcfaceCase(0.3, 32, true),
  arcfaceCase(0, 16, false),
  arcfaceCase(1.5, 1, false),
  arcfaceCase(1.5, 1, true),
  cosfaceCase(0.35, 64),
  cosfaceCase(0.5, 30),
  cosfaceCase(0.1, 1),
];

const rowOf = (random: Random, size: number, scale = 1): number[] =>
  Array.from({ length: size }, () => Math.fround(scale * random.normal()));

const rowsOf = (random: Random, [rows, size]: readonly [number, number], scale = 1): number[][] =>
  Array.from({ length: rows }, () => rowOf(random, size, scale));

const size = 6;

function drawn(seed: number, labels: readonly number[], classes = 5): Sample {
  const random = new Random(seed);
  return {
    embeddings: rowsOf(random, [labels.length, size]),
    labels,
    weight: rowsOf(random, [classes, size]),
    bias: rowOf(random, classes),
  };
}

/** `sample`, its first embeddings replaced. */
function withEmbeddings(sample: Sample, ...embeddings: Matrix): Sample {
  return { ...sample, embeddings: [...embeddings, ...sample.embeddings.slice(embeddings.length)] };
}

const scaled = (row: readonly number[] | undefined, factor: number): number[] =>
  (row ?? []).map((value) => Math.fround(value * factor));

/** A row at about `angle` from another. */
function turned(row: readonly number[] | undefined, angle: number, seed: number): number[] {
  const from = row ?? [];
  const other = rowOf(new Random(seed), size);
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  const across = other.map((value, index) => value - ((from[index] ?? 0) * product(other, from)) / product(from, from));
  const length = Math.sqrt(product(from, from) / product(across, across));
  return from.map((value, index) =>
    Math.fround(Math.cos(angle) * value + Math.sin(angle) * length * (across[index] ?? 0)),
  );
}

const zeros = 'an embedding of zeros';
/** The sine of an angle of 0.02 has a relative error of 1e-4 where the cosine is rounded to float32. */
const hardToRound = 'angles near 0 and a half turn';

const plain = drawn(1, [0, 3, 4, 3]);

const samples: Readonly<Record<string, Sample>> = {
  'drawn values': plain,
  'other drawn values': drawn(2, [4, 1, 0, 2, 2, 1, 3]),
  'a batch of one': drawn(3, [2]),
  'one class': drawn(4, [0, 0, 0], 1),
  // Beyond pi - m for every margin here but 0; and around a right angle, where the easy margin begins.
  'angles beyond the margin': withEmbeddings(
    plain,
    turned(plain.weight[0], 3.13, 5),
    turned(plain.weight[3], 2.9, 6),
    turned(plain.weight[4], 1.7, 7),
    turned(plain.weight[3], 1.4, 8),
  ),
  'small angles': withEmbeddings(plain, turned(plain.weight[0], 0.25, 9), turned(plain.weight[3], 0.5, 10)),
  [hardToRound]: withEmbeddings(plain, turned(plain.weight[0], 0.02, 9), turned(plain.weight[3], 3.139, 10)),
  [zeros]: withEmbeddings(plain, scaled(plain.embeddings[0], 0)),
  'short and long embeddings': withEmbeddings(
    plain,
    scaled(plain.embeddings[0], 1e-2),
    scaled(plain.embeddings[1], 1e2),
  ),
};

const tripletSamples: Readonly<Record<string, Sample>> = {
  'drawn values': drawn(11, [0, 1, 2, 0, 1, 2, 3, 3, 3]),
  'one triplet': drawn(12, [0, 0, 1]),
  'an anchor of zeros': withEmbeddings(drawn(13, [0, 1, 0, 1, 2, 2]), scaled(plain.embeddings[0], 0)),
};

interface Computed {
  readonly value: number;
  readonly correct: number | undefined;
  /** By the name of the array; `embeddings` among them. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

function compute(engine: Backend, loss: BoundLoss, { embeddings, labels, weight, bias }: Sample): Computed {
  const { tf } = engine;
  const read = (tensor: Tensor): Float32Array => tensor.dataSync<'float32'>().slice();
  tf.engine().startScope();
  const { value, correct, embeddingGradient, gradients } = loss.compute({
    backend: engine,
    embeddings: tf.tensor2d(embeddings.map((row) => [...row])),
    labels: tf.tensor1d([...labels], 'int32'),
    arrays: { fc7_weight: tf.tensor2d(weight.map((row) => [...row])), fc7_bias: tf.tensor1d([...bias]) },
    step: 1,
    random: new Random(1),
  });
  const own = Object.entries(gradients).map(([name, { values }]) => [name, read(values)] as const);
  const computed = {
    value: read(value)[0] ?? NaN,
    correct: correct === undefined ? undefined : read(correct)[0],
    gradients: new Map([['embeddings', read(embeddingGradient)], ...own]),
  };
  tf.engine().endScope();
  return computed;
}

/** Derivatives of the formula with respect to every value of one array, by central differences in float64. */
function derivatives(reference: Reference, sample: Sample, array: string): number[] {
  const field = ({ embeddings: 'embeddings', fc7_weight: 'weight', fc7_bias: 'bias' } as const)[array];
  if (field === undefined) throw new Error(`the sample has no ${array}`);
  const values = sample[field].flat();
  const changed = (index: number, by: number): number => {
    const flat = values.map((value, at) => (at === index ? value + by : value));
    const rows = Array.from({ length: flat.length / size }, (_, row) => flat.slice(row * size, (row + 1) * size));
    return reference({ ...sample, [field]: field === 'bias' ? flat : rows });
  };
  return values.map((_, index) => {
    const row = field === 'bias' ? [1] : (sample[field][Math.floor(index / size)] ?? []);
    // The norm of zeros is the root of 1e-10.
    const step = 1e-4 * Math.max(1e-5, Math.hypot(...row) / size);
    // Error of the order step^4: Richardson's extrapolation of two central differences.
    const central = (by: number): number => (changed(index, by) - changed(index, -by)) / (2 * by);
    return (4 * central(step) - central(2 * step)) / 3;
  });
}

/** Differences beyond the tolerance, relative to the greatest of the row, or a twentieth of the greatest of all. */
function wrongEntries(found: Float32Array, expected: readonly number[], tolerance: number): string[] {
  const width = expected.length % size === 0 ? size : expected.length;
  return expected.flatMap((value, index) => {
    const start = index - (index % width);
    const greatest = Math.max(...expected.slice(start, start + width).map(Math.abs), smallest(expected));
    const actual = found[index] ?? NaN;
    return Math.abs(actual - value) <= tolerance * greatest ? [] : [`${index}: ${actual} instead of ${value}`];
  });
}

/** Gradients that are this much smaller than the greatest of their array are rounding. */
function smallest(expected: readonly number[]): number {
  return Math.max(...expected.map(Math.abs)) * 5e-2 + 1e-7;
}

describe.each([trainingEngine('cpu').identity, ...otherEngines()])('losses on $name', (identity) => {
  let engine: Backend;
  beforeAll(async () => {
    engine = await loadBackend(identity, { threads: 1 });
  });

  const checked = [
    ...classifications.map((each) => ({ ...each, all: samples })),
    ...[tripletCase(0.3), tripletCase(2)].map((each) => ({ ...each, all: tripletSamples })),
  ];
  describe.each(checked)('$title', ({ title, loss, reference, all }) => {
    // With the easy margin the right angle that zeros have with everything is a kink.
    const smooth = Object.entries(all).filter(([name]) => name !== zeros || !title.includes('"easyMargin":true'));
    it.each(smooth)('has value and gradients of its formula: %s', (name, sample) => {
      const tolerance = name === hardToRound ? 1e-3 : 1e-5;
      const { value, gradients } = compute(engine, loss, sample);
      const expected = reference(sample);
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(tolerance * Math.max(0.1, expected));
      const trained = loss.arrays({ classes: sample.weight.length, embeddingSize: size }).map(({ name }) => name);
      expect([...gradients.keys()]).toEqual(['embeddings', ...trained]);
      for (const [array, gradient] of gradients) {
        const wrong = wrongEntries(gradient, derivatives(reference, sample, array), tolerance);
        expect([array, wrong]).toEqual([array, []]);
      }
    });
  });

  it.each(classifications)(
    'stays finite where embedding and centre point the same or the opposite way: $title',
    ({ loss, reference }) => {
      for (const direction of [1, -1]) {
        const sample = {
          embeddings: [[3, 4].map((value) => value * direction)],
          labels: [0],
          weight: [[3, 4], [4, -3]], // prettier-ignore
          bias: [0, 0],
        };
        const { value, gradients } = compute(engine, loss, sample);
        // At cosine 1 the slope of a margin is infinite: the cosine is kept 1e-7 below it.
        expect(Math.abs(value - reference(sample))).toBeLessThanOrEqual(1e-3 * Math.max(0.1, reference(sample)));
        for (const gradient of gradients.values()) expect(gradient.every((each) => Math.abs(each) < 100)).toBe(true);
      }
    },
  );

  it('counts the samples whose greatest logit, margin included, is the label', () => {
    // Cosines with the centres (1, 0) and (0, 1): 0.8 and 0.6; 0.6 and 0.8.
    const sample = { embeddings: [[4, 3], [3, 4], [4, 3]], labels: [0, 0, 1], weight: [[1, 0], [0, 1]], bias: [0, 0] }; // prettier-ignore
    expect(compute(engine, lossOf({ name: 'softmax' }), sample).correct).toBe(1);
    expect(compute(engine, lossOf({ name: 'cosface', margin: 0.1, scale: 64 }), sample).correct).toBe(1);
    expect(compute(engine, lossOf({ name: 'cosface', margin: 0.3, scale: 64 }), sample).correct).toBe(0);
  });

  it('does not underflow at logits of a thousand', () => {
    const sample = { embeddings: [[1000, 0]], labels: [1], weight: [[1, 0], [-1, 0]], bias: [0, 0] }; // prettier-ignore
    expect(compute(engine, lossOf({ name: 'softmax' }), sample).value).toBe(2000);
  });

  // Check values of the specification, section 3.2.
  it.each([
    [0.9, 0.580847],
    [0.5, 0.023597],
    [0, -0.479426],
    [-0.5, -0.853986],
    [-0.87, -0.999878],
    [-0.88, -1.119713],
  ])('turns the cosine %d into %d by ArcFace, margin 0.5', (cosine, expected) => {
    expect(arcfaceOf(engine, cosine, false)).toBeCloseTo(expected, 6);
  });

  it('leaves angles beyond a right angle alone with the easy margin', () => {
    expect(arcfaceOf(engine, 0, true)).toBe(0);
    expect(arcfaceOf(engine, -0.5, true)).toBeCloseTo(-0.5, 6);
    expect(arcfaceOf(engine, 0.9, true)).toBeCloseTo(0.580847, 6);
  });
});

function arcfaceOf({ tf }: Backend, cosine: number, easyMargin: boolean): number {
  const target = arcfaceTarget(tf, tf.tensor1d([cosine]), { margin: 0.5, easyMargin });
  return target.value.dataSync()[0] ?? NaN;
}

describe('the check of losses', () => {
  it('covers every registered loss, and every option with more than one value', () => {
    const choices = classifications.flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
    expect(new Set(choices.map(({ name }) => name))).toEqual(new Set(Object.keys(losses)));
    for (const [name, { options }] of Object.entries(losses)) {
      const own = choices
        .filter((choice) => choice.name === name)
        .map((choice) => new Map<string, unknown>(Object.entries(choice)));
      for (const option of Object.keys(options)) {
        const values = new Set(own.map((choice) => choice.get(option)));
        expect([name, option, values.size > 1]).toEqual([name, option, true]);
      }
    }
  });
});
