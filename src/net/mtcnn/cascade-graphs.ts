import { convolve, pool } from '../backbones/square-windows.ts';
import type { Graph } from '../graph.ts';
import { GraphBuilder } from '../graph-builder.ts';

/*
 * The three networks of MTCNN (Zhang et al. 2016, figure 2), with the names of the MXNet files: convolutions without
 * padding, each with a PReLU; poolings that cut windows at the border. They take (BGR - 127.5) / 128, as the MXNet files.
 */
export type CascadeNetwork = 'pnet' | 'rnet' | 'onet';

/** Size of the picture a network judges; PNet slides over larger ones with a stride of 2. */
export const cascadeSizes = { pnet: 12, rnet: 24, onet: 48 } as const satisfies Record<CascadeNetwork, number>;

/** The graph for pictures of a size; the outputs in the order of the MXNet files: (points,) box, probability. */
export function cascadeGraph(
  network: CascadeNetwork,
  size?: { readonly height: number; readonly width: number },
): Graph {
  const side = cascadeSizes[network];
  const { height, width } = size ?? { height: side, width: side };
  const layers = new CascadeLayers();
  return layers.builder.build({ channels: 3, height, width }, ...builders[network](layers));
}

const builders = {
  pnet(layers) {
    let value = layers.convolve(1, layers.builder.data, { filters: 10, kernel: 3 });
    value = layers.pool(1, value, 2);
    value = layers.convolve(2, value, { filters: 16, kernel: 3 });
    value = layers.convolve(3, value, { filters: 32, kernel: 3 });
    const box = convolve(layers.builder, 'conv4_2', value, { filters: 4, kernel: 1, bias: true });
    const scores = convolve(layers.builder, 'conv4_1', value, { filters: 2, kernel: 1, bias: true });
    return [box, layers.probabilities(scores)];
  },
  rnet(layers) {
    let value = layers.convolve(1, layers.builder.data, { filters: 28, kernel: 3 });
    value = layers.pool(1, value, 3);
    value = layers.convolve(2, value, { filters: 48, kernel: 3 });
    value = layers.pool(2, value, 3);
    value = layers.convolve(3, value, { filters: 64, kernel: 2 });
    const features = layers.slope(4, layers.dense('conv4', value, 128));
    const box = layers.dense('conv5_2', features, 4);
    return [box, layers.probabilities(layers.dense('conv5_1', features, 2))];
  },
  onet(layers) {
    let value = layers.convolve(1, layers.builder.data, { filters: 32, kernel: 3 });
    value = layers.pool(1, value, 3);
    value = layers.convolve(2, value, { filters: 64, kernel: 3 });
    value = layers.pool(2, value, 3);
    value = layers.convolve(3, value, { filters: 64, kernel: 3 });
    value = layers.pool(3, value, 2);
    value = layers.convolve(4, value, { filters: 128, kernel: 2 });
    const features = layers.slope(5, layers.dense('conv5', value, 256));
    const points = layers.dense('conv6_3', features, 10);
    const box = layers.dense('conv6_2', features, 4);
    return [points, box, layers.probabilities(layers.dense('conv6_1', features, 2))];
  },
} satisfies Record<CascadeNetwork, (layers: CascadeLayers) => readonly string[]>;

class CascadeLayers {
  readonly builder = new GraphBuilder();

  convolve(number: number, input: string, window: { readonly filters: number; readonly kernel: number }): string {
    return this.slope(number, convolve(this.builder, `conv${number}`, input, { ...window, bias: true }));
  }

  slope(number: number, input: string): string {
    return this.builder.add('prelu', `prelu${number}`, input);
  }

  pool(number: number, input: string, kernel: number): string {
    return pool(this.builder, `pool${number}`, input, { function: 'max', kernel, stride: 2, convention: 'full' });
  }

  dense(name: string, input: string, units: number): string {
    return this.builder.add('fully-connected', name, input, { units, bias: true });
  }

  /** Number 1 is the probability of a face. */
  probabilities(scores: string): string {
    return this.builder.add('softmax', 'prob1', scores);
  }
}
