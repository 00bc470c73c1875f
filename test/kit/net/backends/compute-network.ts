import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { required, valuesOf } from '../../../../src/kit/net/backends/tensors.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { randomParameters, randomValues } from './small-networks.ts';

/** Every value a network computes, by name, as plain arrays in MXNet's layout. */
export type Computed = ReadonlyMap<string, Float32Array>;

export interface ComputeOptions {
  readonly parameters?: ReadonlyMap<string, NamedArray>;
  /** Images. */
  readonly batch?: number;
  /** What they hold: small numbers around 0, unless given. Called with how many, and a seed. */
  readonly drawPixels?: (count: number, seed: number) => Float32Array;
}

/** Values, gradients and moving statistics of a graph with drawn parameters, on one engine. */
export async function computeNetwork(
  engine: Backend,
  graph: Graph,
  { parameters = randomParameters(graph, 1), batch = 3, drawPixels = randomValues }: ComputeOptions = {},
): Promise<Computed> {
  const seed = 1;
  const { tf } = engine;
  const shaped = inferShapes(graph);
  const { height, width, channels } = graph.input;
  const network = new GraphExecutor(engine, shaped, parameters);
  const shape: [number, number, number, number] = [batch, height, width, channels];
  const images = tf.tensor4d(drawPixels(batch * height * width * channels, seed + 1), shape);
  const computed = new Map<string, Float32Array>();

  const inferredOutputs = network.infer(images);
  const pass = network.forward(images, 7);
  for (const [index, name] of graph.outputs.entries()) {
    computed.set(`${name} in inference`, await valuesOf(required(inferredOutputs[index], name)));
    computed.set(`${name} in training`, await valuesOf(required(pass.outputs[index], name)));
  }
  const gradients = pass.outputs.map((output) => tf.tensor(randomValues(output.size, seed + 2), output.shape));
  const found = new Map<string, Tensor>();
  network.backward(pass, gradients, {
    take: (name, tensor) => found.set(name, tensor),
  });
  for (const [name, tensor] of found) {
    computed.set(`gradient of ${name}`, (await network.read(name, tensor)).values);
    tensor.dispose();
  }
  for (const { name, role } of shaped.parameters) {
    if (role === 'auxiliary') computed.set(name, (await network.read(name)).values);
  }
  tf.dispose([images, ...inferredOutputs, ...gradients]);
  network.dispose();
  return computed;
}

/** The arrays that differ by more than `limit`, with the difference as {@link relativeDifference} counts it. */
export function differencesAbove(
  limit: number,
  found: Computed,
  wanted: Computed,
): { readonly key: string; readonly difference: number }[] {
  const gradients = [...wanted].filter(([key]) => isGradient(key)).map(([, values]) => greatestOf(values));
  const greatest = Math.max(0, ...gradients);
  return [...wanted]
    .map(([key, values]) => ({
      key,
      difference: relativeDifference(
        found.get(key) ?? new Float32Array(),
        values,
        isGradient(key) ? leastScale(values, greatest) : 0,
      ),
    }))
    .filter(({ difference }) => difference > limit);
}

/** Greatest difference, relative to the greatest value of `wanted`, which counts as `floor` at least. */
export function relativeDifference(found: Float32Array, wanted: Float32Array, floor = 0): number {
  if (found.length !== wanted.length) return Infinity;
  const scale = Math.max(greatestOf(wanted), floor, 1e-12);
  return wanted.reduce((greatest, value, index) => {
    const difference = Math.abs(value - (found[index] ?? NaN)) / scale;
    return Number.isNaN(difference) ? Infinity : Math.max(greatest, difference);
  }, 0);
}

/**
 * What the values of a gradient are at least measured by, beside the greatest of all the network's gradients. In front of
 * a batch normalisation the gradient of a bias is 0 but for the rounding of a long sum.
 */
function leastScale(values: Float32Array, greatest: number): number {
  return (greatestOf(values) < 1e-5 * greatest ? 0.2 : 0.05) * greatest;
}

function isGradient(key: string): boolean {
  return key.startsWith('gradient of ');
}

function greatestOf(values: Float32Array): number {
  return values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
}
