import { Random } from '../../../../src/core/random.ts';
import { type LossChoice, lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { Matrix, Sample } from './reference-losses.ts';

export const embeddingSize = 6;

const rowOf = (random: Random, size: number): number[] =>
  Array.from({ length: size }, () => Math.fround(random.normal()));

const scaled = (row: readonly number[] | undefined, factor: number): number[] =>
  (row ?? []).map((value) => Math.fround(value * factor));

/** A row at about `angle` from another. */
function turned(row: readonly number[] | undefined, angle: number, seed: number): number[] {
  const from = row ?? [];
  const other = rowOf(new Random(seed), from.length);
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((total, value, index) => total + value * (b[index] ?? 0), 0);
  const across = other.map((value, index) => value - ((from[index] ?? 0) * product(other, from)) / product(from, from));
  const length = Math.sqrt(product(from, from) / product(across, across));
  return from.map((value, index) =>
    Math.fround(Math.cos(angle) * value + Math.sin(angle) * length * (across[index] ?? 0)),
  );
}

/** State of a loss that is one number, in the middle of a training. */
const numbers: Readonly<Record<string, number>> = {
  cosine_mean: 0.25,
  norm_mean: 2.5,
  norm_deviation: 0.75,
  threshold_bias: 1.5,
};

interface Drawing {
  readonly choice: LossChoice;
  readonly seed: number;
  readonly labels: readonly number[];
  readonly classes?: number;
}

/** Embeddings, and an array for each that the loss has. */
function drawn({ choice, seed, labels, classes = 5 }: Drawing): Sample {
  const random = new Random(seed);
  const matrix = (rows: number, width: number): number[][] => Array.from({ length: rows }, () => rowOf(random, width));
  const own = lossOf(choice).arrays({ classes, embeddingSize }).map(({ name, shape }) => {
    const [rows, width] = shape;
    const single: Matrix = [[numbers[name] ?? NaN]];
      if (rows === undefined) return [name, single] as const;
    return [name, width === undefined ? matrix(1, rows) : matrix(rows, width)] as const;
  }); // prettier-ignore
  return {
    labels,
    classes,
    arrays: { embeddings: matrix(labels.length, embeddingSize), ...Object.fromEntries<Matrix>(own) },
  };
}

/** `sample`, its first embeddings replaced. */
function withEmbeddings(sample: Sample, ...first: Matrix): Sample {
  const embeddings = [...first, ...(sample.arrays['embeddings'] ?? []).slice(first.length)];
  return { ...sample, arrays: { ...sample.arrays, embeddings } };
}

export const zeros = 'an embedding of zeros';
export const parallel = 'the same and the opposite direction as the centre';
/** The sine of an angle of 0.02 has a relative error of 1e-4 where the cosine is rounded to float32. */
export const hardToRound = 'angles near 0 and a half turn';

/** Batches for a loss, drawn and at its borders. */
export function samplesOf(choice: LossChoice): Readonly<Record<string, Sample>> {
  const draw = (seed: number, labels: readonly number[], classes?: number): Sample =>
    drawn({ choice, seed, labels, ...(classes === undefined ? {} : { classes }) });
  const zeroed = (sample: Sample): Sample => withEmbeddings(sample, scaled(sample.arrays['embeddings']?.[0], 0));
  if (choice.name === 'triplet' || choice.name === 'triplet-angular') {
    return {
      'drawn values': draw(11, [0, 1, 2, 0, 1, 2, 3, 3, 3]),
      'one triplet': draw(12, [0, 0, 1]),
      [zeros]: zeroed(draw(13, [0, 1, 0, 1, 2, 2])),
    };
  }
  if (choice.name === 'n-pair' || choice.name === 'coco' || choice.name === 'marginal') {
    return {
      'drawn values': draw(21, [0, 0, 3, 3, 1, 1, 4, 4]),
      'identities that are not adjacent': draw(22, [2, 1, 2, 1, 3, 3]),
      'one identity': draw(23, [0, 0], 1),
      [zeros]: zeroed(draw(24, [0, 0, 1, 1])),
      ...(choice.name === 'n-pair' ? {} : { 'a batch of one': draw(25, [1]) }),
    };
  }
  return classifierSamples(draw, choice.name === 'sub-centre-arcface' ? choice.centres : 1);
}

function classifierSamples(
  draw: (seed: number, labels: readonly number[], classes?: number) => Sample,
  centresPerClass: number,
): Readonly<Record<string, Sample>> {
  const plain = draw(1, [0, 3, 4, 3]);
  const near = (label: number, angle: number, seed: number): number[] =>
    turned(plain.arrays['fc7_weight']?.[label * centresPerClass], angle, seed);
  const factor = (at: number, by: number): number[] => scaled(plain.arrays['embeddings']?.[at], by);
  return {
    'drawn values': plain,
    'other drawn values': draw(2, [4, 1, 0, 2, 2, 1, 3]),
    'a batch of one': draw(3, [2]),
    'one class': draw(4, [0, 0, 0], 1),
    // Beyond pi - m for every margin here but 0; and around a right angle, where the easy margin begins.
    'angles beyond the margin': withEmbeddings(
      plain,
      near(0, 3.1, 5),
      near(3, 2.9, 6),
      near(4, 1.7, 7),
      near(3, 1.4, 8),
    ),
    'small angles': withEmbeddings(plain, near(0, 0.5, 9), near(3, 0.25, 10), near(4, 0.8, 11)),
    [hardToRound]: withEmbeddings(plain, near(0, 0.02, 9), near(3, 3.139, 10)),
    [zeros]: withEmbeddings(plain, factor(0, 0)),
    [parallel]: withEmbeddings(plain, near(0, 0, 5), scaled(near(3, 0, 6), -2)),
    'short and long embeddings': withEmbeddings(plain, factor(0, 1e-2), factor(1, 1e2)),
  };
}
