import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorLibrary } from '../../../../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../../../src/kit/net/backends/load-backend.ts';

let tf: TensorLibrary;

beforeAll(async () => {
  await loadBackend(trainingEngine('cpu').identity, { threads: 1 });
  ({ tf } = await loadBackend(trainingEngine('wasm').identity, { threads: 1 }));
});

/** Shape and values on the plain backend, and on wasm. */
async function onBoth(compute: () => Tensor): Promise<{ cpu: number[][]; wasm: number[][] }> {
  const on = async (name: string): Promise<number[][]> => {
    await tf.setBackend(name);
    const result = tf.tidy(compute);
    const values = [...(await result.data())];
    result.dispose();
    return [result.shape, values];
  };
  return { cpu: await on('cpu'), wasm: await on('wasm') };
}

/** Whole numbers, so that every order of adding has the same sum. */
function counting(...shape: number[]): Tensor {
  const size = shape.reduce((product, each) => product * each, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, index) => (index * 7) % 11),
    shape,
  );
}

describe('sums and means on wasm equal the reference', () => {
  const axesOf: Record<string, number[] | undefined> = {
    'the first axis': [0],
    'all but the last': [0, 1, 2],
    'all but the last, in another order and from behind': [1, -4, 2],
    'two in the middle': [1, 2],
    'the last': [3],
    all: undefined,
    none: [],
  };
  it.each(Object.keys(axesOf))('over %s', async (which) => {
    for (const keepDims of [false, true]) {
      for (const reduce of [tf.sum, tf.mean]) {
        const { cpu, wasm } = await onBoth(() => reduce(counting(2, 3, 4, 5), axesOf[which], keepDims));
        expect(wasm[0]).toEqual(cpu[0]);
        wasm[1]?.forEach((value, index) => {
          expect(value).toBeCloseTo(cpu[1]?.[index] ?? NaN, 5);
        });
      }
    }
  });

  it('of whole numbers as of others', async () => {
    const { cpu, wasm } = await onBoth(() => tf.sum(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2], 'int32'), 0));
    expect(wasm).toEqual(cpu);
    expect(wasm[1]).toEqual([9, 12]);
  });
});

describe('tiles on wasm equal the reference', () => {
  const tilings: readonly [number[], number[]][] = [
    [[1], [6]],
    [
      [1, 1, 1],
      [2, 3, 4],
    ],
    [[4], [3]],
    [
      [2, 3],
      [1, 1],
    ],
    [
      [2, 3],
      [2, 1],
    ],
    [
      [2, 3],
      [1, 4],
    ],
    [
      [2, 1, 3],
      [2, 5, 2],
    ],
    [
      [3, 2, 1, 2],
      [1, 3, 2, 3],
    ],
  ];
  it.each(tilings)('of %j times %j', async (shape, repetitions) => {
    const { cpu, wasm } = await onBoth(() => tf.tile(counting(...shape), repetitions));
    expect(wasm).toEqual(cpu);
  });

  it('of whole numbers and truth values', async () => {
    for (const dtype of ['int32', 'bool'] as const) {
      const { cpu, wasm } = await onBoth(() => tf.tile(tf.tensor2d([1, 0, 1, 1], [2, 2], dtype), [2, 3]));
      expect(wasm).toEqual(cpu);
    }
  });

  it('where a scalar is broadcast to an image', async () => {
    const { cpu, wasm } = await onBoth(() => tf.where(tf.greater(counting(2, 3, 3, 2), 5), counting(2, 3, 3, 2), -1));
    expect(wasm).toEqual(cpu);
  });
});
