import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import { writeModel } from '../../src/kit/net/model/model-folder.ts';
import { randomParameters } from '../kit/net/backends/small-networks.ts';

export const side = 8;
export const embeddingSize = 6;

export interface LinearModelOptions {
  /** The weights are multiplied by it. */
  readonly factor?: number;
  /** Side of the images it takes. */
  readonly size?: number;
}

/** One fully connected layer: embeddings that a few lines can compute a second time. */
export function linearModel(
  folder: string,
  seed = 4,
  { factor = 1, size = side }: LinearModelOptions = {},
): Float32Array {
  const builder = new GraphBuilder();
  const output = builder.add('fully-connected', 'fc1', builder.data, { units: embeddingSize, bias: false });
  const graph = builder.build({ channels: 3, height: size, width: size }, output);
  const parameters = randomParameters(graph, seed);
  const weights = parameters.get('fc1_weight')?.values ?? new Float32Array();
  if (factor !== 1) weights.set(weights.map((value) => factor * value));
  writeModel(folder, { graph, parameters: parameters.values(), origin: {} });
  return weights;
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
