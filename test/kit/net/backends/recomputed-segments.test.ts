import { describe, expect, it } from 'vitest';
import { buildNetwork, chooseNetwork } from '../../../../src/kit/net/backbones/index.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { cutsToRecompute } from '../../../../src/kit/net/backends/recomputed-segments.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { otherEngines } from './engines.ts';
import { familyParameters, type SmallFamily, smallFamilies } from './small-families.ts';

const batch = 4;

/** Gradients by parameter, and all parameters (moving statistics among them), after one pass; and the most bytes that were in use. */
async function passOf(
  engine: Backend,
  family: SmallFamily,
  recompute: boolean,
): Promise<{ gradients: Map<string, Float32Array>; parameters: NamedArray[]; heldBytes: number }> {
  const { graph } = family;
  const { tf } = engine;
  const shaped = inferShapes(graph);
  const network = new GraphExecutor(engine, shaped, familyParameters(family));
  network.trainWith({ frozen: new Set(), recompute });
  const { channels, height, width } = graph.input;
  const count = batch * height * width * channels;
  const images = tf.tensor4d(
    Float32Array.from({ length: count }, (_, at) => (at * 37) % 256),
    [batch, height, width, channels],
  );
  const before = tf.memory().numTensors;
  const pass = network.forward(images, 3);
  const heldBytes = tf.memory().numBytes;
  const given = pass.outputs.map((output) => tf.cos(output));
  const gradients = new Map<string, Float32Array>();
  network.backward(pass, given, {
    take(name, gradient) {
      // A copy: some engines hand out their own memory.
      gradients.set(name, Float32Array.from(gradient.dataSync()));
      gradient.dispose();
    },
  });
  tf.dispose(given);
  // Moving statistics were replaced one for one: nothing is left of the pass.
  expect(tf.memory().numTensors).toBe(before);
  const parameters = await Promise.all(shaped.parameters.map(({ name }) => network.read(name)));
  network.dispose();
  images.dispose();
  return { gradients, parameters, heldBytes };
}

describe('values that are computed once more in the backward pass', () => {
  it.each(otherEngines())(
    'give the same gradients and moving statistics bit for bit, and hold less: every family, $name',
    async (identity) => {
      const engine = await loadBackend(identity, { threads: 2 });
      for (const [name, family] of Object.entries(smallFamilies)) {
        const [all, few] = [await passOf(engine, family, false), await passOf(engine, family, true)];
        expect(few.gradients.size, name).toBeGreaterThan(0);
        expect(few.gradients, name).toEqual(all.gradients);
        expect(few.parameters, name).toEqual(all.parameters);
        expect(few.heldBytes, name).toBeLessThan(all.heldBytes);
      }
    },
    120_000,
  );

  it.each([
    ['r100', 0.2],
    ['y1', 0.35],
    ['p92', 0.3],
    ['d121', 0.3],
  ] as const)('hold of %s less than %f of all values, by where it is cut', (name, share) => {
    const shaped = inferShapes(buildNetwork(chooseNetwork(name), { height: 112, width: 112 }));
    const layers = shaped.graph.layers.map((node) => ({ node }));
    const cuts = cutsToRecompute(shaped, layers);
    const size = (at: number): number =>
      (shaped.shapes.get(layers[at]?.node.name ?? '') ?? []).reduce((product, each) => product * each, 1);
    const all = layers.reduce((sum, _, at) => sum + size(at), 0);
    const starts = [0, ...cuts.map((cut) => cut + 1)];
    const segments = starts.map((start, index) => {
      const end = starts[index + 1] ?? layers.length;
      return layers.slice(start, end).reduce((sum, _, at) => sum + size(start + at), 0);
    });
    const kept = cuts.reduce((sum, cut) => sum + size(cut), 0);
    expect((kept + Math.max(...segments)) / all).toBeLessThan(share);
  });
});
