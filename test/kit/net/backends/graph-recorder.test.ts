import { describe, expect, it } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { otherEngines } from './engines.ts';

const identity = otherEngines().find(({ name }) => name === 'tensorflow');

describe.runIf(identity !== undefined)('A recording with values from outside', () => {
  it('takes for them what was made before another of them, or what was taken before', async () => {
    if (identity === undefined) throw new Error('TensorFlow is not installed');
    const { tf, recorder } = await loadBackend(identity, { threads: 1, recordAfter: 0 });
    if (recorder === undefined) throw new Error('TensorFlow records on processors');
    const before = tf.memory().numTensors;
    const doubled = (values: Float32Array): Float32Array => values.map((value) => 2 * value);
    const compute = (x: Tensor): Tensor[] =>
      tf.tidy(() => {
        const early = tf.add(x, 1);
        const given = tf.add(x, 10);
        const first = recorder.outside(given, doubled);
        const ofEarly = recorder.outside(early, doubled);
        const again = recorder.outside(given, doubled);
        return [tf.add(first, ofEarly), again, tf.add(again, x)];
      });
    const [three, four] = [tf.tensor1d([3]), tf.tensor1d([4])];
    const valuesOf = (tensors: readonly Tensor[]): number[] => tensors.map((tensor) => tensor.dataSync()[0] ?? NaN);
    let made: Tensor[] = [];
    const graph = recorder.record([three], () => (made = compute(three)));
    const run = graph.run([four]);
    expect(valuesOf(made)).toEqual([34, 26, 29]);
    expect(valuesOf(run)).toEqual([38, 28, 32]);
    tf.dispose([three, four, ...made, ...run]);
    graph.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
