import type { Graph } from '../graph/graph.ts';
import { type Backbone, embeddingSizeOption } from './backbone.ts';
import { NetworkBuilder } from './network-builder.ts';

export interface SphereNetOptions {
  readonly embeddingSize: number;
}

interface Architecture {
  /** Residual pairs per stage. */
  readonly pairs: readonly number[];
  /** Filters of the first stage; every further one has twice as many. */
  readonly width: number;
}

/** SphereNet (Liu et al. 2017): residual pairs of convolutions with PReLU and no normalisation at all. */
export function sphereNet(depth: number, pairs: readonly number[]): Backbone<SphereNetOptions> {
  return {
    family: 'SphereNet',
    summary: `SphereNet of depth ${depth}: residual pairs of convolutions without normalisation.`,
    options: { embeddingSize: embeddingSizeOption },
    weights: { distribution: 'uniform', fan: 'in' },
    build: (options, size) => buildSphereNet({ pairs, width: 64 }, options, { channels: 3, ...size }),
  };
}

/** A SphereNet of any number of pairs. */
export function buildSphereNet(
  { pairs, width }: Architecture,
  { embeddingSize }: SphereNetOptions,
  image: Graph['input'],
): Graph {
  const builder = new NetworkBuilder();
  let layer = builder.normalizeInput();
  for (const [stage, count] of pairs.entries()) {
    const filters = width * 2 ** stage;
    layer = activated(builder, { name: `${stage + 1}_1`, input: layer }, { filters, stride: 2, bias: true });
    for (let pair = 0; pair < count; pair += 1) {
      const first = activated(
        builder,
        { name: `${stage + 1}_${2 * pair + 2}`, input: layer },
        { filters, stride: 1, bias: false },
      );
      const second = activated(
        builder,
        { name: `${stage + 1}_${2 * pair + 3}`, input: first },
        { filters, stride: 1, bias: false },
      );
      layer = builder.add('add', builder.numbered('_plus'), [layer, second]);
    }
  }
  const embedding = builder.add('fully-connected', 'fc1', layer, { units: embeddingSize, bias: true });
  return builder.build(image, embedding);
}

function activated(
  builder: NetworkBuilder,
  { name, input }: { readonly name: string; readonly input: string },
  window: { readonly filters: number; readonly stride: number; readonly bias: boolean },
): string {
  return builder.add('prelu', `relu${name}`, builder.convolve(`conv${name}`, input, { kernel: 3, pad: 1, ...window }));
}
