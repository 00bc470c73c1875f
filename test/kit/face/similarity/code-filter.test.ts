import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import { stripRows } from '../../../../src/kit/face/similarity/block-plan.ts';
import {
  areExact,
  type CodeProducts,
  codeShift,
  openCodeProducts,
} from '../../../../src/kit/face/similarity/code-products.ts';
import { exactCloseness, exactScore, scoreError } from '../../../../src/kit/face/similarity/exact-score.ts';
import type { BinRange } from '../../../../src/kit/face/similarity/impostor-tail.ts';
import { type CountingTask, PairCounter } from '../../../../src/kit/face/similarity/pair-counter.ts';
import { mostOfRow } from '../../../../src/kit/face/similarity/quantized.ts';
import { PersonRows } from '../../../../src/kit/face/similarity/person-rows.ts';
import { openProducts, type Products } from '../../../../src/kit/face/similarity/products.ts';
import { binBelow, offsetsOf } from '../../../../src/kit/face/similarity/score-bins.ts';
import { installedOnnxruntime, trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { quantized } from './quantized-vector.ts';

const cpu = trainingEngine('cpu').identity;
const onnxruntime = installedOnnxruntime();

/** Whole numbers multiplied one by one, two products at a time: `add` adds them to a sum. */
function plainCodes(
  columns: number,
  add = (sum: number, one: number, other: number) => sum + one + other,
): CodeProducts {
  return {
    prepare({ codes, count: width }) {
      const right = codes.slice();
      const productOf = (left: Uint8Array, one: number, other: number): number => {
        let [sum, shifted] = [0, 0];
        for (let column = 0; column < columns; column += 2) {
          const [a = 0, b = 0] = [right[other + column], column + 1 < columns ? right[other + column + 1] : 0];
          sum = add(sum, (left[one + column] ?? 0) * a, (left[one + column + 1] ?? 0) * b);
          shifted += a + b;
        }
        return sum - codeShift * shifted;
      };
      return Promise.resolve({
        multiply({ codes: left, count }, target) {
          for (let pair = 0; pair < count * width; pair += 1) {
            target[pair] = productOf(left, Math.floor(pair / width) * columns, (pair % width) * columns);
          }
          return Promise.resolve();
        },
        dispose: () => Promise.resolve(),
      });
    },
  };
}

interface Vectors {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Two strips, and columns of which the last are no group. */
const [leftRows, rightRows] = [stripRows + 40, 333];

/** `length` of each row, from a number of 0 to 1. */
function drawn(
  rows: number,
  columns: number,
  { seed, spread = 1, length = () => 1 }: { seed: number; spread?: number; length?: (drawn: number) => number },
): Float32Array {
  const random = Random.derive(seed, 'vectors of a filter');
  const centres = Array.from({ length: 5 }, () => Array.from({ length: columns }, () => random.normal()));
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const vector = (centres[row % 5] ?? []).map((centre) => (spread === 1 ? 0 : centre) + spread * random.normal());
    const scale = length(random.uniform()) / Math.hypot(...vector);
    values.set(
      vector.map((value) => value * scale),
      row * columns,
    );
  }
  return values;
}

const kinds: Readonly<Record<string, (columns: number) => Vectors>> = {
  random: (columns) => ({ left: drawn(leftRows, columns, { seed: 1 }), right: drawn(rightRows, columns, { seed: 2 }) }),
  clustered: (columns) => ({
    left: drawn(leftRows, columns, { seed: 3, spread: 0.1 }),
    right: drawn(rightRows, columns, { seed: 3, spread: 0.2 }),
  }),
  tied(columns) {
    const right = drawn(rightRows, columns, { seed: 4 });
    const left = drawn(leftRows, columns, { seed: 5 });
    for (let row = 0; row < leftRows; row += 2)
      left.set(right.subarray((row % 50) * columns, ((row % 50) + 1) * columns), row * columns);
    right.copyWithin(100 * columns, 0, 100 * columns);
    return { left, right };
  },
  'of lengths from a millionth to a million': (columns) => ({
    left: drawn(leftRows, columns, { seed: 6, length: (share) => 1e-6 * 10 ** (share < 0.5 ? 0 : -3 * share) }),
    right: drawn(rightRows, columns, { seed: 7, length: (share) => 1e6 * 10 ** (-2 * share) }),
  }),
  'of one large number each, or of none': (columns) => {
    const peaked = (rows: number, seed: number): Float32Array => {
      const values = drawn(rows, columns, { seed, length: () => 1e-3 });
      for (let row = 0; row < rows; row += 1) {
        if (row % 9 === 8) values.fill(0, row * columns, (row + 1) * columns);
        else values[row * columns + (row % columns)] = row % 2 === 0 ? 1 : -1;
      }
      return values;
    };
    return { left: peaked(leftRows, 8), right: peaked(rightRows, 9) };
  },
  'too short for float32 to quantize': (columns) => ({
    left: drawn(leftRows, columns, { seed: 10, length: (share) => (share < 0.1 ? 1 : 1e-44 * share) }),
    right: drawn(rightRows, columns, { seed: 11, length: (share) => (share < 0.1 ? 1 : 1e-42) }),
  }),
};

const at = (values: Float32Array, row: number, columns: number) => ({ values, at: row * columns });

/** Some scores, rising. */
function someScores({ left, right }: Vectors, columns: number): Float64Array {
  const random = Random.derive(12, 'some scores');
  return Float64Array.from({ length: 4000 }, () => {
    return exactScore(
      at(left, random.integer(leftRows), columns),
      at(right, random.integer(rightRows), columns),
      columns,
    );
  }).sort();
}

/** Counts the scores above all but a share, keeps some of them, and ranks by mates that are as close as few are. */
function taskOf(vectors: Vectors, columns: number, share: number): CountingTask {
  const rising = someScores(vectors, columns);
  const scoreAt = (place: number): number => rising[Math.floor(Math.max(0, 1 - place) * (rising.length - 1))] ?? 1;
  const first = binBelow(scoreAt(share / 2));
  const ranges: readonly BinRange[] = [[first, first + 200]];
  const mates = Array.from({ length: rightRows }, (_, row) =>
    Float64Array.from({ length: row % 4 }, (_mate, mate) => {
      if (row % 50 >= 25) return scoreAt((share * (1 + mate)) / 4) + 1e-5 * row - 1;
      return exactCloseness(
        at(vectors.left, (row % 50) + 50 * mate, columns),
        at(vectors.right, row, columns),
        columns,
      );
    })
      .filter((closeness) => closeness >= scoreAt(2 * share) - 1)
      .sort(),
  );
  const error = scoreError(columns) + 1e-5;
  return {
    columns,
    measure: 'distance',
    error,
    mates,
    tail: { ranges, least: binBelow(scoreAt(share)) },
    countsFew: true,
  };
}

async function counted(
  products: Products,
  codes: CodeProducts | undefined,
  { task, left, right }: Vectors & { task: CountingTask },
) {
  const { columns } = task;
  const counter = new PairCounter({ products, codes, computesWith: 'test' }, task);
  const panel = { start: 0, count: right.length / columns, values: right };
  for (let start = 0; start < left.length / columns; start += stripRows) {
    const values = left.slice(start * columns, (start + stripRows) * columns);
    await counter.add({ left: { start, count: values.length / columns, values }, panel });
  }
  const counts = counter.counts();
  await counter.dispose();
  // How many pass no threshold is not told by those that are looked at.
  for (const start of offsetsOf(task.mates).subarray(0, -1)) counts.ranks[start] = 0;
  return counts;
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);

describe.each(Object.entries(kinds))('vectors that are %s', (_, vectorsOf) => {
  it.each([40, 37])(
    'of %i numbers are counted, kept and ranked the same with the filter as without it',
    async (columns) => {
      const vectors = vectorsOf(columns);
      const products = await openProducts({ engine: cpu, threads: 1, columns });
      const codes = plainCodes(columns);
      const [few, many] = [taskOf(vectors, columns, 0.01), taskOf(vectors, columns, 0.6)];
      for (const task of [few, many]) {
        const { ruledOut, ...found } = await counted(products, codes, { task, ...vectors });
        const { ruledOut: none, ...expected } = await counted(products, undefined, { task, ...vectors });
        expect(found).toEqual(expected);
        expect(none).toBe(0);
        expect(sum(expected.ranks)).toBeGreaterThan(0);
        expect(sum(expected.kept[0]?.counts ?? [])).toBeGreaterThan(0);
        if (task === many) expect(ruledOut).toBe(0);
      }
      await products.dispose();
    },
  );
});

/** A vector near `direction` that is exactly its whole numbers, times a power of two. */
function wholeNear(direction: Float64Array): Float32Array {
  const scale = mostOfRow / Math.max(...direction.map(Math.abs));
  return Float32Array.from(direction, (value) => Math.round(value * scale) / 2 ** 9);
}

/** Vectors, and for each one of whole numbers that is as far along what quantizing takes from it as it is along the vector itself. */
function takenFrom(rows: number, columns: number): { readonly whole: Float32Array; readonly taken: Float32Array } {
  const taken = drawn(rows, columns, { seed: 14 });
  const whole = new Float32Array(taken.length);
  for (let row = 0; row < rows; row += 1) {
    const vector = taken.subarray(row * columns, (row + 1) * columns);
    const { scale, error, codes } = quantized(vector, mostOfRow);
    const direction = Float64Array.from(vector, (value, column) => {
      return 0.3 * value + (value - scale * (codes[column] ?? 0)) / error;
    });
    whole.set(wholeNear(direction), row * columns);
  }
  return { whole, taken };
}

it.each(['left', 'right'] as const)(
  'scores that the products are wrong about by nearly the bound are counted: %s vectors',
  async (side) => {
    const columns = 64;
    const { whole, taken } = takenFrom(200, columns);
    const [left, right] = side === 'left' ? [taken, whole] : [whole, taken];
    const mates = Array.from({ length: 200 }, (_, row) => {
      return Float64Array.of(exactScore(at(left, row, columns), at(right, row, columns), columns) - 1e-7);
    });
    const error = scoreError(columns, Math.sqrt(10));
    const task = {
      columns,
      measure: 'cosine',
      error,
      mates,
      tail: { ranges: [], least: 69_000 },
      countsFew: true,
    } as const;
    const products = await openProducts({ engine: cpu, threads: 1, columns });
    const { ranks, ruledOut } = await counted(products, plainCodes(columns), { task, left, right });
    await products.dispose();
    const closer = mates.map(([mate = NaN], row) => {
      return mates.filter(
        (_mate, other) => exactScore(at(left, other, columns), at(right, row, columns), columns) > mate,
      ).length;
    });
    expect(Array.from(mates, (_mate, row) => ranks[2 * row + 1])).toEqual(closer);
    expect(ruledOut).toBeGreaterThan(30_000);
  },
);

/** Of drawn vectors of length 1, each pair once. */
function pairsWithin(columns: number): { readonly values: Float32Array; readonly task: CountingTask } {
  const values = drawn(700, columns, { seed: 13, spread: 0.6 });
  const people = new PersonRows(Array.from({ length: 700 }, (_, row) => row % 140)).index;
  const rising = someScores({ left: values, right: values }, columns);
  const closest = rising[Math.floor(0.995 * rising.length)] ?? 1;
  const tail = { ranges: [[binBelow(closest), binBelow(closest) + 300] as const], least: binBelow(closest - 0.02) };
  const task = {
    columns,
    measure: 'cosine',
    error: scoreError(columns),
    mates: [],
    people,
    tail,
    countsFew: true,
  } as const;
  return { values, task: { ...task, accepting: [closest + 0.01, closest + 0.03] } };
}

it('pairs of one matrix are accepted the same with the filter as without it, those of one person left out', async () => {
  const columns = 48;
  const { values, task } = pairsWithin(columns);
  const products = await openProducts({ engine: cpu, threads: 1, columns });
  const { ruledOut, ...found } = await counted(products, plainCodes(columns), { task, left: values, right: values });
  const { ruledOut: none, ...expected } = await counted(products, undefined, { task, left: values, right: values });
  await products.dispose();
  expect(found).toEqual(expected);
  expect([ruledOut > 300_000, none]).toEqual([true, 0]);
  const pairs = (least: number): number => {
    let count = 0;
    for (let one = 0; one < 700; one += 1) {
      for (let other = one + 1; other < 700; other += 1) {
        const isClose = exactScore(at(values, one, columns), at(values, other, columns), columns) > least;
        if (isClose && one % 140 !== other % 140) count += 1;
      }
    }
    return count;
  };
  const [first = NaN, second = NaN] = task.accepting ?? [];
  expect(sum(found.acceptedOfRows)).toBe(2 * (pairs(first) + pairs(second)));
});

describe('openCodeProducts', () => {
  it.runIf(onnxruntime.installed)('opens what is exact, and counts with it what is counted without', async () => {
    if (!onnxruntime.installed) throw new Error('not installed');
    const columns = 48;
    const options = { engine: onnxruntime.identity, threads: 1, columns };
    const codes = await openCodeProducts(options);
    const { values, task } = pairsWithin(columns);
    const products = await openProducts(options);
    const { ruledOut, ...found } = await counted(products, codes, { task, left: values, right: values });
    const { ruledOut: none, ...expected } = await counted(products, undefined, { task, left: values, right: values });
    await products.dispose();
    expect(found).toEqual(expected);
    expect([ruledOut > 0, none]).toEqual([codes !== undefined, 0]);
  });

  it('opens none on other engines, and for vectors whose products might not fit into 32 bits', async () => {
    expect(await openCodeProducts({ engine: cpu, threads: 1, columns: 48 })).toBeUndefined();
    expect(
      await openCodeProducts({ engine: { name: 'onnxruntime', version: '1-cuda' }, threads: 1, columns: 48 }),
    ).toBeUndefined();
    expect(
      await openCodeProducts({ engine: { name: 'onnxruntime', version: '1-cpu' }, threads: 1, columns: 66_000 }),
    ).toBeUndefined();
  });

  it('does not take products for exact that are added in 16 bits, two at a time', async () => {
    const saturating = (sum: number, one: number, other: number): number => {
      return sum + Math.max(-32_768, Math.min(32_767, one + other));
    };
    for (const columns of [1, 2, 37, 512]) {
      expect(await areExact(plainCodes(columns), columns)).toBe(true);
      expect(await areExact(plainCodes(columns, saturating), columns)).toBe(columns === 1);
    }
  });
});
