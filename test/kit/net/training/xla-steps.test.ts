import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { otherEngines } from '../backends/engines.ts';
import { smallFamilies } from '../backends/small-families.ts';
import { floatsOf, train } from './short-training.ts';

const identity = otherEngines().find(({ name }) => name === 'tensorflow');

describe.runIf(identity !== undefined)('A step that XLA compiles', () => {
  const before = process.env['XLA_FLAGS'];
  let dump: string;

  beforeAll(() => {
    dump = mkdtempSync(join(tmpdir(), 'faceflow-xla-'));
    // XLA reads it once, before it compiles for the first time, and writes there what it compiles.
    process.env['XLA_FLAGS'] = `--xla_dump_to=${dump}`;
  });

  afterAll(() => {
    if (before === undefined) delete process.env['XLA_FLAGS'];
    else process.env['XLA_FLAGS'] = before;
    rmSync(dump, { recursive: true, force: true });
  });

  const load = (recordAfter: number): Promise<Backend> => {
    if (identity === undefined) throw new Error('TensorFlow is not installed');
    return loadBackend(identity, { threads: 1, recordAfter, xla: true });
  };
  const compiled = (): string[] => readdirSync(dump).filter((file) => /^module_\d+\.cluster_.*before_opt/.test(file));

  it('is that of the kernels one by one within rounding', { timeout: 120_000 }, async () => {
    const { resnet } = smallFamilies;
    if (resnet === undefined) throw new Error('the families have other names');
    const wanted = await train(await load(Infinity), resnet, {});
    // Nothing is compiled but graphs.
    expect(compiled()).toEqual([]);
    const found = await train(await load(1), resnet, {});
    expect(compiled().length).toBeGreaterThan(10);
    expect(found.results).toHaveLength(wanted.results.length);
    for (const [index, { loss }] of wanted.results.entries())
      expect(Math.abs((found.results[index]?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-5);
    for (const [name, bytes] of wanted.state) {
      const [own, theirs] = [floatsOf(found.state.get(name)), floatsOf(bytes)];
      const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // What has to be zero, such as the mean of what was normalised before, is all rounding.
      const allowed = 1e-4 * largest + 1e-6;
      expect(own.length, name).toBe(theirs.length);
      expect(
        own.every((value, at) => Math.abs(value - (theirs[at] ?? NaN)) <= allowed),
        name,
      ).toBe(true);
    }
    // Otherwise it is not known whether what was compiled was executed.
    expect([...wanted.state].every(([name, bytes]) => found.state.get(name)?.equals(bytes))).toBe(false);
  });

  it('leaves what is not a number, or infinite, as it is', async () => {
    const { tf, recorder } = await load(0);
    if (recorder === undefined) throw new Error('TensorFlow records on processors');
    const compute = (x: Tensor): Tensor[] =>
      tf.tidy(() => {
        const moved = tf.add(tf.mul(x, 2), 1);
        return [tf.relu(moved), tf.minimum(moved, 3), tf.maximum(moved, -3), tf.relu6(moved), tf.exp(tf.neg(moved))];
      });
    const values = [NaN, Infinity, -Infinity, 3e38, -3e38, 2, -2, 0];
    const x = tf.tensor1d(values);
    const wanted = compute(x).map((tensor) => [...tensor.dataSync()]);
    const seen = compiled().length;
    const graph = recorder.record([x], () => compute(x));
    const found = graph.run([x]).map((tensor) => [...tensor.dataSync()]);
    expect(compiled().length).toBeGreaterThan(seen);
    expect(wanted[0]?.[0]).toBeNaN();
    for (const [index, row] of wanted.entries())
      for (const [at, value] of row.entries()) {
        const own = found[index]?.[at] ?? 0;
        const isSame = Object.is(own, value) || Math.abs(own - value) <= 1e-6 * Math.abs(value);
        expect(isSame, `operation ${index} of ${String(values[at])}: ${own} for ${value}`).toBe(true);
      }
    graph.dispose();
  });
});
