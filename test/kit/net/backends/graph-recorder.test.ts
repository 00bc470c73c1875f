import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import type { GraphRecorder, TensorLibrary } from '../../../../src/kit/net/backends/backend.ts';
import { otherEngines } from './engines.ts';
import { WatchedBinding } from './watched-binding.ts';

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

describe.runIf(identity !== undefined)('A recording that fails', () => {
  let tf: TensorLibrary;
  let recorder: GraphRecorder;
  let watch: WatchedBinding;
  let x: Tensor;
  let other: Tensor;

  beforeEach(async () => {
    if (identity === undefined) throw new Error('TensorFlow is not installed');
    const backend = await loadBackend(identity, { threads: 1, recordAfter: 0 });
    if (backend.recorder === undefined) throw new Error('TensorFlow records on processors');
    [tf, recorder] = [backend.tf, backend.recorder];
    [x, other] = [tf.tensor1d([3]), tf.tensor1d([4])];
    // From now on the library has them.
    tf.dispose(tf.add(x, other));
    watch = new WatchedBinding(tf);
  });

  afterEach(() => {
    watch.end();
    tf.dispose([x, other]);
  });

  const opposite = (values: Float32Array): Float32Array => values.map((value) => -value);

  const recordAlone = (compute: () => Tensor): void => {
    tf.tidy(() => {
      recorder.record([x], () => [compute()]);
    });
  };

  it.each<[string, string, () => Tensor]>([
    [
      'in its computation',
      'the computation has failed',
      () => {
        tf.add(tf.mul(x, 2), recorder.outside(tf.add(x, 7), opposite));
        throw new Error('the computation has failed');
      },
    ],
    [
      'by a tensor that it was not given',
      'among the inputs of a recorded computation',
      () => tf.mul(tf.add(x, 2), other),
    ],
    [
      'by a tensor that it was not given, as its result',
      'among the inputs',
      () => (tf.add(x, 2), tf.reshape(other, [1])),
    ],
    [
      'by a constant that is too large',
      'a recorded computation made a constant of 1048577 values itself',
      () => tf.add(tf.mul(x, 2), tf.zeros([2 ** 20 + 1])),
    ],
  ])('leaves nothing behind: %s', (_, message, compute) => {
    const before = tf.memory().numTensors;
    expect(() => {
      recordAlone(compute);
    }).toThrow(message);
    expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
    expect(tf.memory().numTensors).toBe(before);
    // And the next one is recorded.
    tf.tidy(() => {
      const graph = recorder.record([x], () => [tf.add(x, 1)]);
      expect(graph.run([other])[0]?.dataSync()[0]).toBe(5);
      graph.dispose();
    });
    expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
  });

  it('leaves nothing behind where the second of its graphs cannot be loaded', () => {
    watch.failsToLoad = 2;
    expect(() => {
      recordAlone(() => tf.mul(recorder.outside(tf.add(x, 7), opposite), 3));
    }).toThrow('there is no room for it');
    expect(watch.loaded).toBe(1);
    expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
  });

  it('leaves nothing behind of a run in which what comes from outside fails', () => {
    let fails = false;
    const compute = (): Tensor[] =>
      tf.tidy(() => {
        const given = tf.add(x, 7);
        const made = recorder.outside(given, (values) => {
          if (fails) throw new Error('a rank has ended');
          return opposite(values);
        });
        return [tf.mul(made, given)];
      });
    let made: Tensor[] = [];
    const graph = recorder.record([x], () => (made = compute()));
    tf.dispose(made);
    const { tensors } = watch.held;
    fails = true;
    expect(() => graph.run([other])).toThrow('a rank has ended');
    expect(watch.held.tensors).toBe(tensors);
    graph.dispose();
    expect(watch.held).toEqual({ tensors: 0, graphs: 0 });
  });
});
