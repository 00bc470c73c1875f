import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import { randomParameters } from '../kit/net/backends/small-networks.ts';

export const side = 8;
export const embeddingSize = 6;

/** One fully connected layer: embeddings that a few lines can compute a second time. Its weights may be multiplied by `factor`. */
export function linearModel(folder: string, seed = 4, factor = 1): Float32Array {
  const builder = new GraphBuilder();
  const output = builder.add('fully-connected', 'fc1', builder.data, { units: embeddingSize, bias: false });
  const graph = builder.build({ channels: 3, height: side, width: side }, output);
  const parameters = randomParameters(graph, seed);
  for (const { values } of parameters.values())
    for (let at = 0; factor !== 1 && at < values.length; at += 1) values[at] = factor * (values[at] ?? 0);
  writeModel(folder, { graph, parameters: parameters.values(), origin: {} });
  return parameters.get('fc1_weight')?.values ?? new Float32Array();
}

/** The layer by hand: weights are (units, channel x row x column). */
export function embed(pixels: Uint8Array, weights: Float32Array, isMirrored: boolean): number[] {
  return Array.from({ length: embeddingSize }, (_, unit) => {
    let sum = 0;
    for (let at = 0; at < pixels.length; at += 1) {
      const channel = at % 3;
      const row = Math.floor(at / 3 / side);
      const column = Math.floor(at / 3) % side;
      const place = channel * side * side + row * side + (isMirrored ? side - 1 - column : column);
      sum += (pixels[at] ?? 0) * (weights[unit * pixels.length + place] ?? 0);
    }
    return sum;
  });
}
