import type { NamedAttrMap, Tensor, backend_util } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/core/random.ts';
import type { TensorLibrary } from '../../../../../src/kit/net/backends/backend.ts';
import { trainingEngine } from '../../../../../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../../../../../src/kit/net/backends/load-backend.ts';

type Shape = [number, number, number, number];
type Padding = backend_util.ExplicitPadding;

interface Case {
  readonly input: Shape;
  /** Height, width and filters; for a depthwise convolution the channel multiplier. */
  readonly filter: readonly [number, number, number];
  readonly strides: [number, number];
  /** Top, bottom, left, right, or a scheme of TensorFlow. */
  readonly pad: readonly [number, number, number, number] | 'same' | 'valid';
}

const cases: readonly Case[] = [
  { input: [2, 5, 5, 3], filter: [3, 3, 4], strides: [1, 1], pad: [1, 1, 1, 1] },
  { input: [2, 6, 6, 3], filter: [3, 3, 2], strides: [2, 2], pad: [1, 1, 1, 1] },
  { input: [1, 7, 7, 2], filter: [3, 3, 3], strides: [2, 2], pad: [1, 1, 1, 1] },
  { input: [3, 4, 6, 2], filter: [1, 1, 5], strides: [1, 1], pad: [0, 0, 0, 0] },
  { input: [2, 6, 5, 3], filter: [1, 1, 4], strides: [2, 2], pad: [0, 0, 0, 0] },
  { input: [2, 7, 7, 4], filter: [7, 7, 1], strides: [1, 1], pad: [0, 0, 0, 0] },
  { input: [2, 8, 9, 2], filter: [2, 3, 2], strides: [2, 1], pad: [0, 0, 1, 1] },
  { input: [1, 9, 8, 2], filter: [3, 2, 3], strides: [1, 3], pad: [2, 0, 0, 1] },
  { input: [2, 8, 8, 2], filter: [5, 5, 2], strides: [3, 3], pad: [2, 2, 2, 2] },
  { input: [2, 8, 8, 1], filter: [3, 3, 1], strides: [4, 4], pad: [0, 0, 0, 0] },
  { input: [1, 3, 3, 2], filter: [3, 3, 2], strides: [1, 1], pad: [2, 2, 2, 2] },
  { input: [2, 7, 6, 3], filter: [3, 3, 2], strides: [2, 2], pad: 'same' },
  { input: [2, 7, 6, 3], filter: [3, 2, 2], strides: [2, 1], pad: 'valid' },
];

function title({ input, filter, strides, pad }: Case): string {
  return `input ${input.join('x')}, window ${filter.join('x')}, stride ${strides.join('x')}, pad ${String(pad)}`;
}

let tf: TensorLibrary;

/** Both backends live in the one tfjs-core; the tests go to and fro between them. */
beforeAll(async () => {
  await loadBackend(trainingEngine('cpu').identity, { threads: 1 });
  ({ tf } = await loadBackend(trainingEngine('wasm').identity, { threads: 1 }));
});

async function onBackend(name: 'cpu' | 'wasm', compute: () => Tensor): Promise<number[]> {
  await tf.setBackend(name);
  const tensors = tf.memory().numTensors;
  const result = compute();
  const values = [...(await result.data())];
  result.dispose();
  expect(tf.memory().numTensors, `${name} leaves no tensor behind`).toBe(tensors);
  return [...result.shape, ...values];
}

async function expectEqualOnBoth(compute: () => Tensor): Promise<void> {
  const expected = await onBackend('cpu', compute);
  const found = await onBackend('wasm', compute);
  expect(found).toHaveLength(expected.length);
  const difference = Math.max(...found.map((value, index) => Math.abs(value - (expected[index] ?? NaN))));
  expect(difference).toBeLessThan(1e-4);
}

function normal(seed: number, shape: readonly number[]): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal());
}

/** Runs a kernel on fresh tensors of the current backend. */
function kernel(
  name: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  attributes: NamedAttrMap,
): () => Tensor {
  return () =>
    tf.tidy(() => {
      const tensors = Object.entries(inputs).map(([key, shape], seed) => [
        key,
        tf.tensor(normal(seed, shape), [...shape]),
      ]);
      return tf.engine().runKernel(name, Object.fromEntries(tensors) as Record<string, Tensor>, attributes);
    });
}

function attributesOf({ strides, pad }: Case): NamedAttrMap {
  const common = { strides, dataFormat: 'NHWC', dilations: [1, 1] };
  return typeof pad === 'string' ? { ...common, pad } : { ...common, pad: explicit(pad), dimRoundingMode: 'floor' };
}

function explicit([top, bottom, left, right]: readonly [number, number, number, number]): Padding {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

function outputShape({ input, strides, pad }: Case, filter: Shape, depthwise: boolean): number[] {
  const [padding, rounding] = typeof pad === 'string' ? ([pad] as const) : ([explicit(pad), 'floor'] as const);
  return tf.backend_util.computeConv2DInfo(input, filter, strides, 1, padding, rounding, depthwise).outShape;
}

describe('the gradient of a convolution on wasm equals the reference', () => {
  it.each(cases.map((one) => ({ one, name: title(one) })))('for the filter: $name', async ({ one }) => {
    const filterShape: Shape = [one.filter[0], one.filter[1], one.input[3], one.filter[2]];
    const dy = outputShape(one, filterShape, false);
    await expectEqualOnBoth(
      kernel('Conv2DBackpropFilter', { x: one.input, dy }, { ...attributesOf(one), filterShape }),
    );
  });

  it.each(cases.map((one) => ({ one, name: title(one) })))('for the input: $name', async ({ one }) => {
    const filter: Shape = [one.filter[0], one.filter[1], one.input[3], one.filter[2]];
    const dy = outputShape(one, filter, false);
    await expectEqualOnBoth(
      kernel('Conv2DBackpropInput', { dy, filter }, { ...attributesOf(one), inputShape: one.input }),
    );
  });
});

describe('the gradient of a depthwise convolution on wasm equals the reference', () => {
  it.each(cases.map((one) => ({ one, name: title(one) })))('for the filter: $name', async ({ one }) => {
    const filterShape: Shape = [one.filter[0], one.filter[1], one.input[3], one.filter[2]];
    const dy = outputShape(one, filterShape, true);
    await expectEqualOnBoth(
      kernel('DepthwiseConv2dNativeBackpropFilter', { x: one.input, dy }, { ...attributesOf(one), filterShape }),
    );
  });

  it.each(cases.map((one) => ({ one, name: title(one) })))('for the input: $name', async ({ one }) => {
    const filter: Shape = [one.filter[0], one.filter[1], one.input[3], one.filter[2]];
    const dy = outputShape(one, filter, true);
    await expectEqualOnBoth(
      kernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attributesOf(one), inputShape: one.input }),
    );
  });
});

describe('the sum over unsorted segments on wasm equals the reference', () => {
  const sum = (ids: readonly number[], shape: readonly number[], numSegments: number) => () =>
    tf.tidy(() => {
      const x = tf.tensor(normal(9, shape), [...shape]);
      const segmentIds = tf.tensor1d([...ids], 'int32');
      return tf.engine().runKernel<Tensor>('UnsortedSegmentSum', { x, segmentIds }, { numSegments });
    });

  it('where segments are hit several times or never', () => expectEqualOnBoth(sum([3, 0, 3, 3, 1], [5, 4], 6)));

  it('where a segment does not exist', () => expectEqualOnBoth(sum([3, -1, 1, 7], [4, 2], 3)));

  it('for vectors and for tensors of three axes', async () => {
    await expectEqualOnBoth(sum([1, 1, 0], [3], 2));
    await expectEqualOnBoth(sum([1, 1, 0], [3, 2, 4], 2));
  });
});

it('refuses a window with dilation, which no network here has', async () => {
  await tf.setBackend('wasm');
  const attributes = { strides: [1, 1], pad: 'valid', dilations: [2, 2], inputShape: [1, 5, 5, 1] };
  const run = kernel('DepthwiseConv2dNativeBackpropInput', { dy: [1, 1, 1, 1], filter: [3, 3, 1, 1] }, attributes);
  expect(run).toThrow('only NHWC without dilation');
});
