import type { Graph, ImageSize } from '../graph/graph.ts';
import { NetworkBuilder } from '../backbones/network-builder.ts';

/** The networks of the cascade, one after the other. */
export type CascadeNetwork = 'pnet' | 'rnet' | 'onet';

/** The same and LNet, which refines points, beside them. */
export type MtcnnNetwork = CascadeNetwork | 'lnet';

/** A square window of `kernel` cells. */
interface Convolution {
  readonly filters: number;
  readonly kernel: number;
}

/*
 * The four networks of MTCNN (Zhang et al. 2016) with the layer names of the authors' Caffe files, hyphens as underscores.
 * They take (v - 127.5) / 128, not 0..255: the pyramid of the detector is normalised once, and not per network. The order
 * and the orientation of the planes are those of the weights.
 */

/** The graph of a network, PNet's for a single window. */
export function cascadeGraph(network: MtcnnNetwork): Graph {
  switch (network) {
    case 'pnet':
      return proposalNetwork({ height: 12, width: 12 });
    case 'rnet':
      return refinementNetwork();
    case 'onet':
      return outputNetwork();
    case 'lnet':
      return landmarkNetwork();
  }
}

/** PNet: boxes [4, rows, columns] and probabilities [2, rows, columns] for every 12 x 12 window, two pixels apart. */
export function proposalNetwork(size: ImageSize): Graph {
  const net = new MtcnnBuilder();
  let x = net.convolution('1', net.data, { filters: 10, kernel: 3 });
  x = net.pooling('pool1', x, 2);
  x = net.convolution('2', x, { filters: 16, kernel: 3 });
  x = net.convolution('3', x, { filters: 32, kernel: 3 });
  const box = net.plain('conv4_2', x, { filters: 4, kernel: 1 });
  const probability = net.softmax(net.plain('conv4_1', x, { filters: 2, kernel: 1 }));
  return net.build({ channels: 3, ...size }, box, probability);
}

/** RNet: box [4] and probability [2] for a window resized to 24 x 24. */
export function refinementNetwork(): Graph {
  const net = new MtcnnBuilder();
  let x = net.convolution('1', net.data, { filters: 28, kernel: 3 });
  x = net.pooling('pool1', x, 3);
  x = net.convolution('2', x, { filters: 48, kernel: 3 });
  x = net.pooling('pool2', x, 3);
  x = net.convolution('3', x, { filters: 64, kernel: 2 });
  x = net.prelu('prelu4', net.dense('conv4', x, 128));
  const box = net.dense('conv5_2', x, 4);
  return net.build({ channels: 3, height: 24, width: 24 }, box, net.softmax(net.dense('conv5_1', x, 2)));
}

/** ONet: points [10] (all x, then all y), box [4] and probability [2] for a window resized to 48 x 48. */
export function outputNetwork(): Graph {
  const net = new MtcnnBuilder();
  let x = net.convolution('1', net.data, { filters: 32, kernel: 3 });
  x = net.pooling('pool1', x, 3);
  x = net.convolution('2', x, { filters: 64, kernel: 3 });
  x = net.pooling('pool2', x, 3);
  x = net.convolution('3', x, { filters: 64, kernel: 3 });
  x = net.pooling('pool3', x, 2);
  x = net.convolution('4', x, { filters: 128, kernel: 2 });
  x = net.prelu('prelu5', net.dense('conv5', x, 256));
  const points = net.dense('conv6_3', x, 10);
  const box = net.dense('conv6_2', x, 4);
  return net.build({ channels: 3, height: 48, width: 48 }, points, box, net.softmax(net.dense('conv6_1', x, 2)));
}

/** LNet: a correction [2] for each of five points, from a 24 x 24 patch around each; 15 planes, three for each patch. */
export function landmarkNetwork(): Graph {
  const net = new MtcnnBuilder();
  const points = [1, 2, 3, 4, 5];
  const branches = points.map((point) => {
    const planes = net.slice(`slice_${point}`, 3 * (point - 1), 3 * point);
    let x = net.convolution(`1_${point}`, planes, { filters: 28, kernel: 3 });
    x = net.pooling(`pool1_${point}`, x, 3);
    x = net.convolution(`2_${point}`, x, { filters: 48, kernel: 3 });
    x = net.pooling(`pool2_${point}`, x, 3);
    return net.convolution(`3_${point}`, x, { filters: 64, kernel: 2 });
  });
  const shared = net.prelu('prelu4', net.dense('fc4', net.concat('concat', branches), 256));
  const corrections = points.map((point) => {
    const own = net.prelu(`prelu4_${point}`, net.dense(`fc4_${point}`, shared, 64));
    return net.dense(`fc5_${point}`, own, 2);
  });
  return net.build({ channels: 15, height: 24, width: 24 }, ...corrections);
}

class MtcnnBuilder {
  readonly #builder = new NetworkBuilder();
  readonly data = this.#builder.data;

  /** `conv<name>` and `prelu<name>`. */
  convolution(name: string, input: string, window: Convolution): string {
    return this.prelu(`prelu${name}`, this.plain(`conv${name}`, input, window));
  }

  plain(name: string, input: string, window: Convolution): string {
    return this.#builder.convolve(name, input, { ...window, bias: true });
  }

  prelu(name: string, input: string): string {
    return this.#builder.add('prelu', name, input);
  }

  /** The greatest value of windows two apart; the last ones are cut at the border. */
  pooling(name: string, input: string, kernel: number): string {
    return this.#builder.pool(name, input, { function: 'max', kernel, stride: 2, convention: 'full' });
  }

  dense(name: string, input: string, units: number): string {
    return this.#builder.add('fully-connected', name, input, { units, bias: true });
  }

  softmax(input: string): string {
    return this.#builder.add('softmax', 'prob1', input);
  }

  slice(name: string, begin: number, end: number): string {
    return this.#builder.add('slice', name, this.data, { begin, end });
  }

  concat(name: string, inputs: readonly string[]): string {
    return this.#builder.add('concat', name, inputs);
  }

  build(input: Graph['input'], ...outputs: readonly string[]): Graph {
    return this.#builder.build(input, ...outputs);
  }
}
