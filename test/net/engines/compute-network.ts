import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { Network } from '../../../src/net/engines/network.ts';
import { required } from '../../../src/net/engines/required.ts';
import type { Graph } from '../../../src/net/graph.ts';
import { inferGraph } from '../../../src/net/infer-graph.ts';
import { randomParameters, randomValues } from './small-networks.ts';

/** Every value a network gives, by name, as plain arrays in MXNet's layout. */
export type Computed = ReadonlyMap<string, Float32Array>;

const batch = 3;

/** Values, gradients and moving statistics of a graph with drawn parameters, on one engine. */
export function computeNetwork(engine: EngineHandle, graph: Graph, seed = 1): Computed {
  const { tf } = engine;
  const inferred = inferGraph(graph);
  const { height, width, channels } = graph.input;
  const network = new Network(engine, inferred, randomParameters(graph, seed));
  const shape: [number, number, number, number] = [batch, height, width, channels];
  const pictures = tf.tensor4d(randomValues(batch * height * width * channels, seed + 1), shape);
  const computed = new Map<string, Float32Array>();

  const inferredOutputs = network.infer(pictures);
  const pass = network.forward(pictures, 7);
  for (const [index, name] of graph.outputs.entries()) {
    computed.set(`${name} in inference`, Float32Array.from(required(inferredOutputs[index]).dataSync()));
    computed.set(`${name} in training`, Float32Array.from(required(pass.outputs[index]).dataSync()));
  }
  const gradients = pass.outputs.map((output) => tf.tensor(randomValues(output.size, seed + 2), output.shape));
  network.backward(pass, gradients, (name, tensor) => {
    computed.set(`gradient of ${name}`, network.read(name, tensor).values);
    tensor.dispose();
  });
  for (const { name, role } of inferred.parameters) {
    if (role === 'auxiliary') computed.set(name, network.read(name).values);
  }
  tf.dispose([pictures, ...inferredOutputs, ...gradients]);
  network.dispose();
  return computed;
}

/** Greatest difference, relative to the greatest value of `wanted`. */
export function relativeDifference(found: Float32Array, wanted: Float32Array): number {
  if (found.length !== wanted.length) return Infinity;
  const scale = wanted.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1e-12);
  return wanted.reduce((greatest, value, index) => {
    const difference = Math.abs(value - (found[index] ?? NaN)) / scale;
    return Number.isNaN(difference) ? Infinity : Math.max(greatest, difference);
  }, 0);
}
